package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;

/**
 * Reads and writes a device and waits: for opening, recovery and tools, never on the data path. Large ranges go out in
 * pieces, several in flight.
 *
 * <p><b>Threading</b>: the thread that owns the device, while nothing else is in flight.
 */
final class BlockingIo implements CompletionHandler {
    private static final int PIECE_LENGTH = 1 << 20;
    private static final int PIECES_IN_FLIGHT = 8;
    private static final int EAGAIN = 11;
    private static final int RETRY_LIMIT = 3;
    private static final long WAIT_NS = 100_000_000L;
    private static final int WAIT_LIMIT = 600;

    private final BlockDevice device;
    private final String name;
    private final int[] results = new int[PIECES_IN_FLIGHT];
    private int completed;

    /**
     * Makes a helper for one device.
     *
     * @param device with a registered buffer
     * @param name of the device, for messages
     */
    BlockingIo(final BlockDevice device, final String name) {
        this.device = device;
        this.name = name;
    }

    /**
     * Reads a range.
     *
     * @param arenaIndex where to
     * @param length bytes, a multiple of the granule
     * @param address on the device
     * @throws MillraceException MR-6011 naming the address when it cannot be read
     */
    void read(final int arenaIndex, final int length, final long address) {
        int done = 0;
        while (done < length) {
            int pieces = 0;
            int next = done;
            while (pieces < PIECES_IN_FLIGHT && next < length) {
                final int piece = Math.min(PIECE_LENGTH, length - next);
                if (!device.submitRead(arenaIndex + next, piece, address + next, pieces)) {
                    break;
                }
                next += piece;
                pieces++;
            }
            awaitAll(pieces, address + done);
            for (int i = 0; i < pieces; i++) {
                final int piece = Math.min(PIECE_LENGTH, length - done);
                readAgainIfNeeded(results[i], arenaIndex + done, piece, address + done);
                done += piece;
            }
        }
    }

    private void readAgainIfNeeded(final int result, final int arenaIndex, final int piece, final long address) {
        int seen = result;
        for (int i = 0; i < RETRY_LIMIT && seen == -EAGAIN; i++) {
            device.submitRead(arenaIndex, piece, address, 0);
            awaitAll(1, address);
            seen = results[0];
        }
        if (seen != piece) {
            throw new MillraceException(
                    ErrorCode.DEVICE_IO,
                    name + ": reading " + piece + " bytes at address " + address + " gave "
                            + (seen < 0 ? "errno " + -seen : seen + " bytes") + "; nothing was changed");
        }
    }

    /**
     * Writes a range durably.
     *
     * @param arenaIndex where from
     * @param length bytes, a multiple of the granule, at most 1 MiB
     * @param address on the device
     * @throws MillraceException MR-6011 when the write failed
     */
    void write(final int arenaIndex, final int length, final long address) {
        device.submitWrite(arenaIndex, length, address, 0);
        awaitAll(1, address);
        if (results[0] != length) {
            throw new MillraceException(
                    ErrorCode.DEVICE_IO,
                    name + ": writing " + length + " bytes at address " + address + " gave "
                            + (results[0] < 0 ? "errno " + -results[0] : results[0] + " bytes"));
        }
    }

    /**
     * Returns the device.
     *
     * @return as given
     */
    BlockDevice device() {
        return device;
    }

    private void awaitAll(final int count, final long address) {
        completed = 0;
        device.flush();
        for (int i = 0; i < WAIT_LIMIT && completed < count; i++) {
            if (device.poll(this, PIECES_IN_FLIGHT) == 0) {
                device.await(WAIT_NS);
            }
        }
        if (completed < count) {
            throw new MillraceException(
                    ErrorCode.DEVICE_IO, name + ": no answer of the device at address " + address + " for 60 s");
        }
    }

    @Override
    public void onCompletion(final long token, final int result) {
        results[(int) token] = result;
        completed++;
    }
}
