package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Walks a journal file read-only, by the code that recovery uses, and gives everything to a sink. Takes no lock: beside
 * a running node it sees the batches written so far.
 *
 * <p><b>Threading</b>: the caller's thread; blocks. In the process of a running node its file is refused: closing any
 * descriptor would release the node's lock.
 */
public final class JournalDump {
    private static final int WINDOW_LENGTH = 8 << 20;
    private static final int HEAD_LENGTH = (int) LogFormat.DEFAULT_DATA_ADDRESS;
    private static final int RECHECK_LIMIT = 8;

    private final Path file;
    private final DumpSink sink;
    private final UnsafeBuffer arena;
    private final Crc32c crc;
    private final BlockDevice device;
    private final BlockingIo io;
    private long recordCount;

    private JournalDump(final Path file, final DumpSink sink, final BlockDevice device, final Arena memory) {
        this.file = file;
        this.sink = sink;
        this.device = device;
        arena = memory.buffer();
        crc = new Crc32c(memory.bytes());
        device.register(memory.bytes());
        io = new BlockingIo(device, file.toString());
    }

    /**
     * Dumps a journal file.
     *
     * @param file to read
     * @param sink takes what is found
     * @return what was found in the end
     * @throws MillraceException MR-6001 missing, MR-6002 too small, MR-6004 open in this process, MR-6007 both
     *     superblocks bad (the sink has seen them), MR-6008 unknown version, MR-6011 unreadable
     */
    public static DumpSummary dump(final Path file, final DumpSink sink) {
        final ResourceLedger ledger = ResourceLedger.process();
        final long length = lengthOf(file);
        Arena memory = null;
        BlockDevice device = null;
        try {
            memory = new Arena(WINDOW_LENGTH, ledger);
            device = Backends.openReadOnly(file, length, ledger);
            return new JournalDump(file, sink, device, memory).run();
        } finally {
            CloseHelper.quietCloseAll(device, memory);
        }
    }

    private static long lengthOf(final Path file) {
        if (!Files.exists(file)) {
            throw new MillraceException(
                    ErrorCode.DEVICE_NOT_FOUND, file + " does not exist. " + ErrorCode.DEVICE_NOT_FOUND.remedy());
        }
        JournalPlace.requireUsable(file);
        JournalLock.requireNotLockedHere(file);
        try {
            final long length = JournalPlace.lengthOf(file);
            if (length < HEAD_LENGTH) {
                throw new MillraceException(
                        ErrorCode.DEVICE_TOO_SMALL,
                        file + " has " + length + " bytes, a journal has more than " + HEAD_LENGTH);
            }
            return length;
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DEVICE_IO, file + ": " + e.getMessage(), e);
        }
    }

    private DumpSummary run() {
        io.read(0, HEAD_LENGTH, 0);
        final SuperblockPair pair = SuperblockPair.read(arena, 0, crc, file.toString());
        final Superblock first = pair.first();
        final Superblock second = pair.second();
        final boolean firstCounts = first != null && (second == null || first.sequence() >= second.sequence());
        sink.onSuperblock("A", first, firstCounts);
        sink.onSuperblock("B", second, second != null && !firstCounts);
        final Superblock superblock = pair.newest(file.toString());
        superblock.requireFits(null, device.length(), file.toString());
        final ZoneMap zones = new ZoneMap(superblock);
        zones.discover(io, arena, crc, 0, superblock);
        final LogWalker walker = new LogWalker(io, arena, crc, 0, WINDOW_LENGTH, superblock, zones, file.toString());
        final TailScan scan = new TailScan(io, arena, crc, 0, WINDOW_LENGTH, superblock, zones);
        TailState tail = TailState.UNCERTAIN;
        ErrorCode fault = null;
        String message = "";
        String detail;
        try {
            tail = walk(walker, scan);
            detail = walker.invalidReason();
            if (tail == TailState.CORRUPT) {
                fault = ErrorCode.JOURNAL_CORRUPT;
                message = scan.describeCorruption(walker, file.toString());
            } else if (tail == TailState.UNCERTAIN) {
                fault = ErrorCode.JOURNAL_TORN;
                message = file + ": batch " + walker.sequence() + " at address " + walker.address()
                        + " is incomplete and nothing proves that it was durable: " + detail;
            }
        } catch (final MillraceException e) {
            if (e.code() != ErrorCode.RECORD_INVALID && e.code() != ErrorCode.FORMAT_VERSION) {
                throw e;
            }
            tail = TailState.CORRUPT;
            fault = e.code();
            message = String.valueOf(e.getMessage());
            detail = message;
        }
        return summary(superblock, pair, walker, scan, new Verdict(tail, detail, fault, message));
    }

    /** How a dump ended. */
    private record Verdict(
            TailState tail, String detail, @Nullable ErrorCode fault, String message) {}

    private DumpSummary summary(
            final Superblock superblock,
            final SuperblockPair pair,
            final LogWalker walker,
            final TailScan scan,
            final Verdict verdict) {
        return new DumpSummary(
                device.durabilityMode().device(),
                superblock,
                pair.badCount(),
                walker.sequence() - Math.max(1, superblock.checkpointBatchSequence()),
                recordCount,
                walker.address(),
                walker.sequence(),
                verdict.tail(),
                verdict.detail(),
                scan.scannedBytes(),
                verdict.fault(),
                verdict.message());
    }

    private TailState walk(final LogWalker walker, final TailScan scan) {
        TailState tail = TailState.CORRUPT;
        for (int i = 0; i < RECHECK_LIMIT && tail == TailState.CORRUPT; i++) {
            while (walker.next()) {
                give(walker);
            }
            tail = scan.classify(walker);
            walker.forgetWindow(); // a running node may have written the batch meanwhile
        }
        return tail;
    }

    private void give(final LogWalker walker) {
        recordCount += walker.recordCount();
        if (!sink.onBatch(walker.header())) {
            return;
        }
        int at = walker.payloadIndex();
        for (int i = 0; i < walker.recordCount(); i++) {
            final int length = arena.getInt(at, ByteOrder.LITTLE_ENDIAN);
            sink.onRecord(arena, at, length, walker.address());
            at += LogFormat.align(length);
        }
    }
}
