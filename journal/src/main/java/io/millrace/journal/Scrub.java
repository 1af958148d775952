package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.BatchHeaderDecoder;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads what lies on the device again, slowly and in order, and verifies it: header, CRCs, and that each batch follows
 * the one before. So damage is found while a copy may still exist, not when somebody reads. It names damage and changes
 * nothing.
 *
 * <p>A pass goes through the zones of the log that are mapped, as far as they are durable, from the oldest to the
 * newest; the next one begins an hour after it began, at the earliest. A zone that is freed meanwhile is left where the
 * pass stands: nothing is ever held for the scrub, and what a read brought is looked at only if its zone still holds
 * the same zone of the log.
 *
 * <p><b>Threading</b>: device thread. At most one read is under way; it goes out when no write is in flight, or when it
 * has waited for such a moment for a while. Allocates only to name damage.
 */
public final class Scrub {
    /** Bytes of one read. */
    static final int CHUNK_LENGTH = 128 * 1024;

    /** Shortest time between the beginnings of two passes. */
    static final long PASS_INTERVAL_NS = 3_600_000_000_000L;

    /** Longest wait for a moment without a write in flight. */
    static final long PATIENCE_NS = 50_000_000L;

    private static final int HEADER = LogFormat.BATCH_HEADER_LENGTH;
    private static final int EAGAIN = 11;
    private static final int REMEMBERED_DAMAGES = 1024;
    private static final int NAMED_CHAINS = 8;
    private static final long NS_PER_SECOND = 1_000_000_000L;

    private final Journal journal;
    private final BlockDevice device;
    private final UnsafeBuffer arena;
    private final Crc32c crc;
    private final Superblock superblock;
    private final ZoneMap zones;
    private final JournalCounters counters;
    private final PositionIndex index;
    private final ByteBuffer view;
    private final int slotIndex;
    private final String name;
    private final long bytesPerSecond;
    private final CRC32C payloadCrc = new CRC32C();
    private final BatchHeaderDecoder header = new BatchHeaderDecoder();
    private final LongHashSet reported = new LongHashSet();

    private State state = State.PAUSED;
    private boolean stopped;
    private long passBeganNs;
    private long dueNs;
    private int damagedInPass;
    private @Nullable String damage;

    private long zone = ZoneMap.ABSENT;
    private int place;
    private long batchAddress;
    private long readAddress;
    private int readLength;
    private boolean reading;
    private int result;
    private boolean again;

    private boolean followsKnown;
    private long sequence;
    private long recoveryEpoch;
    private long previousCrc;

    private long batchSequence;
    private long batchEpoch;
    private long batchCrc;
    private long batchEnd;
    private int payloadLeft;
    private int payloadWanted;
    private String fault = "";

    private enum State {
        /** Between two passes. */
        PAUSED,
        /** A header is expected at the batch's address. */
        HEADER,
        /** The payload of a batch goes through the CRC. */
        PAYLOAD,
        /** Behind damage, a whole header is looked for. */
        SEEK
    }

    /**
     * Made by the journal only.
     *
     * @param journal that is read
     * @param shared device, arena and geometry
     * @param index of positions, to say what is damaged
     * @param bytes of the arena
     * @param slotIndex of {@link #CHUNK_LENGTH} bytes in the arena for the scrub alone
     * @param name of the device, for messages
     * @param bytesPerSecond longest run of reads; 0: no scrub
     */
    Scrub(
            final Journal journal,
            final JournalReader.Shared shared,
            final PositionIndex index,
            final ByteBuffer bytes,
            final int slotIndex,
            final String name,
            final long bytesPerSecond) {
        this.journal = journal;
        device = shared.device();
        arena = shared.arena();
        crc = shared.crc();
        superblock = shared.superblock();
        zones = shared.zones();
        counters = shared.counters();
        this.index = index;
        view = bytes.duplicate();
        this.slotIndex = slotIndex;
        this.name = name;
        this.bytesPerSecond = bytesPerSecond;
        dueNs = Long.MIN_VALUE;
    }

    /**
     * Returns the damage found last, in words, with its code.
     *
     * @return null while the last pass found none
     */
    public @Nullable String damage() {
        return damage;
    }

    /** Ends the scrub for good; a read under way may still come back. */
    void stop() {
        stopped = true;
    }

    /** Tells whether a read is under way. */
    boolean isReading() {
        return reading;
    }

    /**
     * Goes on by one read at most. Its work is not told to the idle policy: a node that only scrubs is idle.
     *
     * @param nowNs the journal's clock
     * @param token of the read
     */
    void doWork(final long nowNs, final long token) {
        if (reading || stopped || bytesPerSecond == 0) {
            return;
        }
        if (state == State.PAUSED) {
            final boolean due = dueNs == Long.MIN_VALUE || nowNs - dueNs >= 0;
            if (!due || journal.durableAddress() == superblock.dataAddress()) {
                return; // or nothing was ever written
            }
            begin(nowNs);
        } else if (nowNs - dueNs < 0 || (journal.inFlightCount() > 0 && nowNs - dueNs < PATIENCE_NS)) {
            return;
        }
        if (state != State.PAUSED && !isZoneHeld()) {
            followsKnown = false; // its rest was not read
            nextZone(nowNs);
        }
        if (state != State.PAUSED) {
            read(nowNs, token);
        }
    }

    private void begin(final long nowNs) {
        passBeganNs = nowNs;
        dueNs = nowNs;
        damagedInPass = 0;
        zone = ZoneMap.ABSENT;
        followsKnown = false;
        nextZone(nowNs);
    }

    private boolean isZoneHeld() {
        return zones.placeOf(zone) == place;
    }

    /** Steps to the next zone of the log with durable batches, or ends the pass. */
    private void nextZone(final long nowNs) {
        final long before = zone;
        zone = zones.next(before);
        if (zone == ZoneMap.ABSENT || zones.addressOf(zone) >= journal.durableAddress()) {
            state = State.PAUSED;
            dueNs = Math.max(nowNs, passBeganNs + PASS_INTERVAL_NS);
            if (before != ZoneMap.ABSENT) {
                counters.scrubPassCount++;
            }
            if (damagedInPass == 0) {
                damage = null; // what was damaged has been freed
            }
            return;
        }
        followsKnown = followsKnown && zone == before + 1;
        place = zones.placeOf(zone);
        expectHeaderAt(zones.addressOf(zone));
    }

    private void expectHeaderAt(final long address) {
        batchAddress = address;
        readAddress = address;
        again = false;
        state = State.HEADER;
    }

    private long end() {
        return Math.min(journal.durableAddress(), zones.zoneEnd(zones.addressOf(zone)));
    }

    private void read(final long nowNs, final long token) {
        final long rest = end() - readAddress;
        if (rest <= 0) {
            if (state == State.SEEK) {
                named(readAddress);
                followsKnown = false;
            }
            nextZone(nowNs);
            return;
        }
        readLength = (int) Math.min(CHUNK_LENGTH, rest);
        final long at =
                superblock.dataAddress() + place * superblock.zoneLength() + (readAddress - zones.addressOf(zone));
        if (device.submitRead(slotIndex, readLength, at, token)) {
            reading = true;
            dueNs = nowNs + readLength * NS_PER_SECOND / bytesPerSecond;
        }
    }

    /**
     * Takes the completion of the read.
     *
     * @param bytes read, or negative errno
     */
    void onRead(final int bytes) {
        reading = false;
        result = bytes;
        if (stopped || !isZoneHeld() || result == -EAGAIN) {
            return; // freed meanwhile: the next turn steps on; or to be read again
        }
        if (result != readLength) {
            unreadable();
            return;
        }
        counters.scrubbedBytes += readLength;
        int at = 0;
        while (at < readLength && state != State.PAUSED) {
            final int next =
                    switch (state) {
                        case HEADER -> takeHeader(at);
                        case PAYLOAD -> takePayload(at);
                        default -> seek(at);
                    };
            if (next < 0) {
                return; // where to read on is set
            }
            at = next;
        }
        readAddress = state == State.HEADER ? batchAddress : readAddress + readLength;
    }

    private void unreadable() {
        if (state != State.SEEK && failed("reading gave " + (result < 0 ? "errno " + -result : result + " bytes"))) {
            return;
        }
        state = State.SEEK;
        followsKnown = false;
        readAddress += readLength;
    }

    private int takeHeader(final int at) {
        header.wrap(arena, slotIndex + at, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
        final int length = header.batchLength();
        final int payload = header.payloadLength();
        if (!isOwnHeader(slotIndex + at, batchAddress)
                || length < superblock.granule()
                || length % superblock.granule() != 0
                || length > zones.zoneEnd(batchAddress) - batchAddress
                || payload < 0
                || payload > length - HEADER) {
            if (!failed("its header is not whole")) {
                state = State.SEEK;
                readAddress = batchAddress + superblock.granule();
            }
            return -1;
        }
        batchEnd = batchAddress + length;
        final boolean follows = !followsKnown
                || (header.batchSequence() == sequence + 1
                        && header.previousBatchCrc() == previousCrc
                        && header.recoveryEpoch() >= recoveryEpoch);
        if (!follows && failed("batch " + header.batchSequence() + " does not follow batch " + sequence)) {
            return -1;
        }
        batchSequence = header.batchSequence();
        batchEpoch = header.recoveryEpoch();
        batchCrc = header.headerCrc32c();
        if (!follows) {
            named(batchEnd);
            stepOver();
            return -1;
        }
        payloadLeft = payload;
        payloadWanted = (int) header.payloadCrc32c();
        payloadCrc.reset();
        state = State.PAYLOAD;
        return takePayload(at + HEADER);
    }

    /** Takes as much of the payload as was read. Returns where the next batch begins in what was read. */
    private int takePayload(final int at) {
        final int taken = Math.min(payloadLeft, readLength - at);
        view.limit(slotIndex + at + taken).position(slotIndex + at);
        payloadCrc.update(view);
        payloadLeft -= taken;
        if (payloadLeft > 0) {
            return readLength;
        }
        if ((int) payloadCrc.getValue() != payloadWanted) {
            if (!failed("its payload has another CRC")) {
                named(batchEnd);
                stepOver();
            }
            return -1;
        }
        final int next = (int) Math.min(readLength, batchEnd - readAddress);
        final long from = readAddress;
        stepOver();
        readAddress = from;
        return next;
    }

    /** The header of the batch is whole, so the next one must follow it. */
    private void stepOver() {
        sequence = batchSequence;
        recoveryEpoch = batchEpoch;
        previousCrc = batchCrc;
        followsKnown = true;
        expectHeaderAt(batchEnd);
    }

    /** Looks for a whole header behind damage, granule by granule. */
    private int seek(final int at) {
        final long address = readAddress + at;
        header.wrap(arena, slotIndex + at, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
        if (!isOwnHeader(slotIndex + at, address)) {
            return at + superblock.granule();
        }
        named(address);
        followsKnown = false;
        expectHeaderAt(address);
        return -1;
    }

    private boolean isOwnHeader(final int at, final long address) {
        return LogWalker.isWholeHeader(header, at, crc)
                && LogWalker.isOfDevice(header, superblock)
                && header.address() == address;
    }

    /** Says what is wrong with the batch; the first time it is read again: a read may fail for other reasons. */
    private boolean failed(final String what) {
        fault = what;
        if (again) {
            again = false;
            return false;
        }
        again = true;
        readAddress = batchAddress;
        state = State.HEADER;
        return true;
    }

    /** Names the batch as damaged, once for each batch. */
    private void named(final long damagedEnd) {
        damagedInPass++;
        if (reported.size() < REMEMBERED_DAMAGES && reported.add(batchAddress)) {
            counters.scrubDamageCount++;
            damage = ErrorCode.BATCH_DAMAGED.id() + ": " + name + ": zone " + place + ", addresses " + batchAddress
                    + " to " + damagedEnd + ": " + fault + "; it holds " + positions(batchAddress, damagedEnd) + ". "
                    + ErrorCode.BATCH_DAMAGED.remedy();
        }
    }

    private String positions(final long from, final long to) {
        final StringBuilder text = new StringBuilder();
        int named = 0;
        for (int chain = 0; chain < index.chainCount(); chain++) {
            long first = -1;
            long last = index.lastPositionAt(chain);
            boolean done = false;
            for (int chunk = 0; chunk < index.chunkCount(chain) && !done; chunk++) {
                if (chunk + 1 < index.chunkCount(chain) && index.addressAt(chain, chunk + 1, 0) < from) {
                    continue;
                }
                for (int entry = 0; entry < index.entryCount(chain, chunk) && !done; entry++) {
                    final long address = index.addressAt(chain, chunk, entry);
                    if (address >= to) {
                        last = index.positionAt(chain, chunk, entry) - 1;
                        done = true;
                    } else if (address >= from && first < 0) {
                        first = index.positionAt(chain, chunk, entry);
                    }
                }
            }
            if (first >= 0 && named++ < NAMED_CHAINS) {
                text.append(text.length() == 0 ? "" : ", ")
                        .append("chain ")
                        .append(index.chainAt(chain))
                        .append(" positions ")
                        .append(first)
                        .append(" to ")
                        .append(last);
            }
        }
        return text.length() == 0 ? "no position that is still known" : text.toString();
    }
}
