package io.millrace.perf.limit;

import io.millrace.journal.BlockDevice;
import io.millrace.journal.CompletionHandler;
import io.millrace.perf.load.OpenLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.agrona.BufferUtil;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * Measures one durable write of one granule at a time, through the journal's own port and in its durability mode, on a
 * file beside the journal: what no durable log on this device can undercut.
 *
 * <p><b>Threading:</b> one thread.
 */
public final class DeviceProbe implements AutoCloseable, CompletionHandler {
    /** Bytes of the registered buffer: room for the largest granule. */
    public static final int ARENA_LENGTH = 64 * 1024;

    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);
    private static final int COMPLETIONS_PER_POLL = 16;

    private final NanoClock clock;
    private final BlockDevice device;
    private final int granule;
    private long address;
    private boolean completed;
    private int result;

    /**
     * Takes over an open device.
     *
     * @param device closed with this.
     * @param clock of the measurement.
     */
    public DeviceProbe(final BlockDevice device, final NanoClock clock) {
        this.device = device;
        this.clock = clock;
        this.granule = device.granule();
        final ByteBuffer arena = BufferUtil.allocateDirectAligned(ARENA_LENGTH, 4096);
        while (arena.hasRemaining()) {
            arena.put((byte) 0x5a);
        }
        arena.clear();
        device.register(arena);
    }

    /**
     * Measures, front to back over the file and round again, as a journal writes.
     *
     * @param durationNs how long.
     * @param histogram takes the times from submission to completion in nanoseconds.
     * @throws IOException when a write fails or takes twenty seconds.
     */
    public void measure(final long durationNs, final Histogram histogram) throws IOException {
        final long endNs = clock.nanoTime() + durationNs;
        long startNs = clock.nanoTime();
        while (startNs - endNs < 0) {
            write(startNs);
            final long nowNs = clock.nanoTime();
            histogram.recordValue(Math.min(OpenLoop.HIGHEST_NS, nowNs - startNs));
            startNs = nowNs;
        }
    }

    @Override
    public void onCompletion(final long token, final int bytesOrError) {
        completed = true;
        result = bytesOrError;
    }

    @Override
    public void close() {
        device.close();
    }

    private void write(final long startNs) throws IOException {
        completed = false;
        if (!device.submitWrite(0, granule, address, 1)) {
            throw new IOException("the device takes no write although none is under way: " + device.description());
        }
        final int flushed = device.flush();
        if (flushed < 0) {
            throw new IOException("the write cannot be submitted, errno " + -flushed + ": " + device.description());
        }
        device.poll(this, COMPLETIONS_PER_POLL);
        while (!completed) {
            YieldingIdleStrategy.INSTANCE.idle();
            device.poll(this, COMPLETIONS_PER_POLL);
            if (!completed && clock.nanoTime() - startNs > TIMEOUT_NS) {
                throw new IOException("a write of " + granule + " bytes takes more than 20 s: " + device.description());
            }
        }
        if (result != granule) {
            throw new IOException(
                    "a write of " + granule + " bytes ended with " + result + ": " + device.description());
        }
        address = address + 2L * granule > device.length() ? 0 : address + granule;
    }
}
