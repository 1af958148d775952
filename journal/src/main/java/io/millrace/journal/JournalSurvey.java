package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Goes on where {@link JournalVerify} stops: looks behind the first damage for whole batches of this device, so that an
 * operator knows what is hurt and what a cut would lose. Reads only.
 *
 * <p><b>Threading</b>: the caller's thread; blocks. See {@link JournalDump} about running nodes.
 */
public final class JournalSurvey implements DumpSink {
    private static final int WINDOW_LENGTH = 8 << 20;

    private final TreeMap<Integer, ChainPositions> chains = new TreeMap<>();
    private final RecordHeaderDecoder record = new RecordHeaderDecoder();
    private final BatchHeaderDecoder header = new BatchHeaderDecoder();
    private final List<JournalDamage.Range> ranges = new ArrayList<>();
    private boolean isBehindDamage;
    private long recoveryEpoch;
    private long damagedAddress;
    private long expectedSequence;
    private long survivingBatchCount;
    private long survivingRecordCount;
    private long survivingBytes;

    private JournalSurvey() {}

    /**
     * Surveys a journal file.
     *
     * @param file to read
     * @return what is damaged, and what is not
     * @throws io.millrace.codec.MillraceException as {@link JournalDump#dump}
     */
    public static JournalDamage survey(final Path file) {
        final JournalSurvey survey = new JournalSurvey();
        final DumpSummary summary = JournalVerify.verify(file, survey);
        if (summary.fault() == ErrorCode.JOURNAL_CORRUPT) {
            survey.lookBehind(file, summary);
        }
        return new JournalDamage(
                summary,
                survey.ranges,
                survey.survivingBatchCount,
                survey.survivingRecordCount,
                survey.survivingBytes,
                survey.chainDamages());
    }

    private List<JournalDamage.ChainDamage> chainDamages() {
        final List<JournalDamage.ChainDamage> damages = new ArrayList<>();
        chains.forEach((chain, positions) -> {
            if (positions.last > positions.lastBefore) {
                damages.add(new JournalDamage.ChainDamage(
                        chain,
                        positions.lastBefore,
                        positions.last - positions.lastBefore - positions.survivingCount,
                        positions.last));
            }
        });
        return damages;
    }

    @Override
    public void onSuperblock(final String name, final @Nullable Superblock superblock, final boolean current) {}

    @Override
    public boolean onBatch(final BatchHeaderDecoder batch) {
        recoveryEpoch = batch.recoveryEpoch();
        return true;
    }

    @Override
    public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
        record.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, RecordHeaderDecoder.SCHEMA_VERSION);
        if (record.position() > 0) {
            final ChainPositions positions = chains.computeIfAbsent(record.chain(), chain -> new ChainPositions());
            positions.last = Math.max(positions.last, record.position());
            if (isBehindDamage) {
                positions.survivingCount++;
            } else {
                positions.lastBefore = record.position();
                positions.last = record.position(); // P1: a truncation takes positions again
            }
        }
    }

    private void lookBehind(final Path file, final DumpSummary summary) {
        isBehindDamage = true;
        final ResourceLedger ledger = ResourceLedger.process();
        Arena memory = null;
        BlockDevice device = null;
        try {
            memory = new Arena(WINDOW_LENGTH, ledger);
            device = Backends.openReadOnly(file, summary.superblock().deviceLength(), ledger);
            device.register(memory.bytes());
            scan(new BlockingIo(device, file.toString()), memory.buffer(), new Crc32c(memory.bytes()), summary);
        } finally {
            CloseHelper.quietCloseAll(device, memory);
        }
    }

    private void scan(final BlockingIo io, final UnsafeBuffer arena, final Crc32c crc, final DumpSummary summary) {
        final Superblock superblock = summary.superblock();
        final ZoneMap zones = new ZoneMap(superblock);
        zones.discover(io, arena, crc, 0, superblock);
        final long firstZone = zones.zoneOf(summary.endAddress());
        long lastZone = firstZone;
        for (int place = 0; place < zones.count(); place++) {
            lastZone = Math.max(lastZone, zones.zoneAt(place));
        }
        zones.assign(firstZone);
        damagedAddress = summary.endAddress();
        expectedSequence = summary.endSequence();
        for (long zone = firstZone; zone <= lastZone; zone++) {
            final long from = zone == firstZone ? summary.endAddress() : zones.addressOf(zone);
            if (zones.holds(from)) {
                scanZone(io, arena, crc, superblock, zones, from);
            }
        }
    }

    private void scanZone(
            final BlockingIo io,
            final UnsafeBuffer arena,
            final Crc32c crc,
            final Superblock superblock,
            final ZoneMap zones,
            final long from) {
        final long end = zones.zoneEnd(from);
        long windowAddress = from;
        int windowLength = 0;
        long at = from;
        while (at < end) {
            final int needed = (int) Math.min(LogFormat.MAX_BATCH_LENGTH, end - at);
            if (at + needed > windowAddress + windowLength) {
                windowAddress = at;
                windowLength = (int) Math.min(WINDOW_LENGTH, end - at);
                io.read(0, windowLength, zones.deviceAddress(at));
            }
            final int index = (int) (at - windowAddress);
            if (isWhole(arena, index, at, end - at, crc, superblock)) {
                if (at > damagedAddress) {
                    ranges.add(new JournalDamage.Range(
                            damagedAddress, at - damagedAddress, expectedSequence, header.batchSequence() - 1));
                }
                give(arena, index);
                expectedSequence = header.batchSequence() + 1;
                recoveryEpoch = header.recoveryEpoch();
                at += header.batchLength();
                damagedAddress = at;
            } else {
                at += superblock.granule();
            }
        }
    }

    private boolean isWhole(
            final UnsafeBuffer arena,
            final int index,
            final long address,
            final long room,
            final Crc32c crc,
            final Superblock superblock) {
        header.wrap(arena, index, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
        if (header.magic() != LogFormat.BATCH_MAGIC
                || header.headerCrc32c()
                        != Integer.toUnsignedLong(crc.compute(index, LogFormat.BATCH_HEADER_CRC_COVERAGE))
                || header.formatVersion() != LogFormat.FORMAT_VERSION
                || !LogWalker.isOfDevice(header, superblock)
                || header.address() != address
                || header.batchSequence() < expectedSequence
                || header.recoveryEpoch() < recoveryEpoch) {
            return false;
        }
        final int length = header.batchLength();
        final int payload = header.payloadLength();
        return length >= superblock.granule()
                && length % superblock.granule() == 0
                && length <= Math.min(room, LogFormat.MAX_BATCH_LENGTH)
                && payload >= 0
                && payload <= length - LogFormat.BATCH_HEADER_LENGTH
                && (int) header.payloadCrc32c() == crc.compute(index + LogFormat.BATCH_HEADER_LENGTH, payload);
    }

    private void give(final UnsafeBuffer arena, final int index) {
        survivingBatchCount++;
        survivingRecordCount += header.recordCount();
        survivingBytes += header.batchLength();
        int at = index + LogFormat.BATCH_HEADER_LENGTH;
        final int end = at + header.payloadLength();
        for (int i = 0; i < header.recordCount() && at + LogFormat.RECORD_HEADER_LENGTH <= end; i++) {
            final int length = arena.getInt(at, ByteOrder.LITTLE_ENDIAN);
            if (length < LogFormat.RECORD_HEADER_LENGTH || length > end - at) {
                return;
            }
            onRecord(arena, at, length, header.address());
            at += LogFormat.align(length);
        }
    }

    /** What is known of a chain's positions. */
    private static final class ChainPositions {
        private long lastBefore;
        private long last;
        private long survivingCount;
    }
}
