package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads the log from front to back, with as many large reads in flight as the window has pieces, so that the device
 * never waits for whoever looks at what was read. A piece is read anew as soon as it was passed; the walk goes from
 * zone to zone as far as zones are known.
 *
 * <p><b>Threading</b>: the thread that owns the device, while nothing else is in flight: {@link #stop} before any other
 * I/O.
 *
 * <p><b>Layout</b> of the window: {@code [carry][piece 0][piece 1] .. [piece n - 1]}. What begins in the last piece and
 * ends in the first one is made contiguous by copying its beginning to the end of the carry.
 */
final class ReadAhead implements CompletionHandler {
    private static final int LONGEST_PIECE = 512 * 1024;
    private static final int FEWEST_PIECES = 8;
    private static final int EAGAIN = 11;
    private static final long WAIT_NS = 100_000_000L;
    private static final int WAIT_LIMIT = 600;

    private final BlockingIo io;
    private final BlockDevice device;
    private final UnsafeBuffer arena;
    private final ZoneMap zones;
    private final String name;
    private final int windowIndex;
    private final int windowLength;
    private final int carryLength;
    private final int pieceLength;
    private final int pieceCount;
    private final int firstPieceIndex;
    private final long[] addresses;
    private final int[] lengths;
    private final int[] results;
    private final boolean[] arrived;

    private long first;
    private long behindLast;
    private long nextAddress = -1;

    /**
     * Prepares a walk.
     *
     * @param io of the device
     * @param arena registered buffer
     * @param windowIndex where the window is in the arena, a multiple of the granule
     * @param windowLength bytes, more than a longest batch
     * @param granule bytes
     * @param zones where the zones of the log lie
     * @param name of the device, for messages
     */
    ReadAhead(
            final BlockingIo io,
            final UnsafeBuffer arena,
            final int windowIndex,
            final int windowLength,
            final int granule,
            final ZoneMap zones,
            final String name) {
        this.io = io;
        this.arena = arena;
        this.zones = zones;
        this.name = name;
        this.windowIndex = windowIndex;
        this.windowLength = windowLength;
        device = io.device();
        carryLength = Math.min(LogFormat.MAX_BATCH_LENGTH, windowLength / 2) & -granule;
        final int room = windowLength - carryLength;
        pieceLength = Math.min(LONGEST_PIECE, Math.max(granule, room / FEWEST_PIECES & -granule));
        pieceCount = room / pieceLength;
        firstPieceIndex = windowIndex + carryLength;
        addresses = new long[pieceCount];
        lengths = new int[pieceCount];
        results = new int[pieceCount];
        arrived = new boolean[pieceCount];
    }

    /**
     * Waits until a range has arrived; what lies before it is given up.
     *
     * @param from address of the log, a multiple of the granule, whose zone is mapped
     * @param length bytes, a multiple of the granule, inside one zone
     * @return index in the arena where the whole range lies, until the next call
     * @throws MillraceException MR-6011 naming the address when it cannot be read, MR-6014 longer than the window
     */
    int load(final long from, final int length) {
        if (first == behindLast || from < addresses[slot(first)] || from >= nextAddress) {
            stop();
            nextAddress = from;
        }
        while (first < behindLast && from >= addresses[slot(first)] + lengths[slot(first)]) {
            awaitPiece(first); // its memory is the device's until then
            first++;
        }
        submit();
        final long begin = first;
        final int offset = (int) (from - addresses[slot(begin)]);
        final long end = begin + (offset + length - 1) / pieceLength;
        final int index = pieceIndex(begin) + offset;
        final int atEnd = firstPieceIndex + pieceCount * pieceLength - index;
        if (end - begin >= pieceCount || (length > atEnd && atEnd > carryLength)) {
            return readAtOnce(from, length);
        }
        for (long piece = begin; piece <= end; piece++) {
            awaitPiece(piece);
            requireRead(piece);
        }
        if (length <= atEnd) {
            return index;
        }
        arena.putBytes(firstPieceIndex - atEnd, arena, index, atEnd);
        return firstPieceIndex - atEnd;
    }

    /** Reads what the pieces cannot hold, which a journal with longer batches than this window was made for has. */
    private int readAtOnce(final long from, final int length) {
        stop();
        if (length > windowLength) {
            throw new MillraceException(
                    ErrorCode.RECORD_INVALID,
                    name + ": batch at address " + from + " has " + length + " bytes, more than the " + windowLength
                            + " bytes it is read into. Open it with a larger journal.buffer-size");
        }
        io.read(windowIndex, length, zones.deviceAddress(from));
        return windowIndex;
    }

    private int slot(final long piece) {
        return (int) (piece % pieceCount);
    }

    private int pieceIndex(final long piece) {
        return firstPieceIndex + slot(piece) * pieceLength;
    }

    /** Lets every free piece be read, as far as the zones are known. */
    private void submit() {
        boolean submitted = false;
        while (behindLast - first < pieceCount) {
            final long at = zones.deviceAddress(nextAddress);
            if (at == ZoneMap.ABSENT) {
                break;
            }
            final int slot = slot(behindLast);
            addresses[slot] = nextAddress;
            lengths[slot] = (int) Math.min(pieceLength, zones.zoneEnd(nextAddress) - nextAddress);
            arrived[slot] = false;
            if (!device.submitRead(pieceIndex(behindLast), lengths[slot], at, slot)) {
                break;
            }
            nextAddress += lengths[slot];
            behindLast++;
            submitted = true;
        }
        if (submitted) {
            device.flush();
        }
    }

    private void awaitPiece(final long piece) {
        final int slot = slot(piece);
        for (int i = 0; i < WAIT_LIMIT; i++) {
            if (piece < behindLast) {
                device.poll(this, pieceCount);
                if (arrived[slot]) {
                    return;
                }
            } else {
                submit();
            }
            device.await(WAIT_NS);
        }
        throw new MillraceException(
                ErrorCode.DEVICE_IO, name + ": no answer of the device at address " + addresses[slot] + " for 60 s");
    }

    private void requireRead(final long piece) {
        final int slot = slot(piece);
        if (results[slot] == lengths[slot]) {
            return;
        }
        if (results[slot] == -EAGAIN) {
            final long from = addresses[slot];
            awaitAll();
            io.read(pieceIndex(piece), lengths[slot], zones.deviceAddress(from));
            results[slot] = lengths[slot];
            return;
        }
        throw new MillraceException(
                ErrorCode.DEVICE_IO,
                name + ": reading " + lengths[slot] + " bytes at address " + addresses[slot] + " of the log gave "
                        + (results[slot] < 0 ? "errno " + -results[slot] : results[slot] + " bytes")
                        + "; nothing was changed");
    }

    private void awaitAll() {
        for (long piece = first; piece < behindLast; piece++) {
            awaitPiece(piece);
        }
    }

    /** Waits for what is in flight and forgets everything. */
    void stop() {
        awaitAll();
        first = behindLast;
    }

    @Override
    public void onCompletion(final long token, final int result) {
        results[(int) token] = result;
        arrived[(int) token] = true;
    }
}
