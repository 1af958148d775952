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
 * Keeps a number of durable writes under way through the journal's device port, front to back over the file and round
 * again: the load that {@link Fio} is given too.
 *
 * <p><b>Threading:</b> one thread. Nothing is allocated while it runs.
 */
public final class DeviceLoad implements CompletionHandler, AutoCloseable {
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);

    private final NanoClock clock;
    private final BlockDevice device;
    private final int blockLength;
    private final long fileLength;
    private final long[] startedNs;
    private final int[] free;
    private int freeCount;
    private Histogram histogram = OpenLoop.newHistogram();
    private long address;
    private long completedCount;
    private int failure;

    /**
     * Takes over an open device.
     *
     * @param device closed with this.
     * @param load what is to be written.
     * @param clock of the measurement.
     */
    public DeviceLoad(final BlockDevice device, final Load load, final NanoClock clock) {
        this.device = device;
        this.clock = clock;
        blockLength = load.blockLength();
        fileLength = load.fileLength();
        startedNs = new long[load.depth()];
        free = new int[load.depth()];
        for (int i = 0; i < load.depth(); i++) {
            free[i] = i;
        }
        freeCount = load.depth();
        final ByteBuffer arena = BufferUtil.allocateDirectAligned(load.arenaLength(), 4096);
        while (arena.hasRemaining()) {
            arena.put((byte) 0x5a);
        }
        arena.clear();
        device.register(arena);
    }

    /**
     * What is written.
     *
     * @param blockLength bytes of one write.
     * @param depth writes under way.
     * @param fileLength bytes of the file that are written over.
     */
    public record Load(int blockLength, int depth, long fileLength) {
        /** Bytes of memory that the writes come from. */
        public int arenaLength() {
            return blockLength * depth;
        }
    }

    /**
     * Writes for a while.
     *
     * @param durationNs how long.
     * @return times from submission to completion, and the rate.
     * @throws IOException when a write fails or takes twenty seconds.
     */
    public DeviceFigures run(final long durationNs) throws IOException {
        histogram = OpenLoop.newHistogram();
        completedCount = 0;
        final long beginNs = clock.nanoTime();
        final long endNs = beginNs + durationNs;
        long nowNs = beginNs;
        while (nowNs - endNs < 0 && failure == 0) {
            submit(nowNs);
            reap(nowNs);
            nowNs = clock.nanoTime();
        }
        final long elapsedNs = nowNs - beginNs;
        final long count = completedCount;
        while (freeCount < free.length && failure == 0) {
            reap(nowNs);
        }
        if (failure != 0) {
            throw new IOException(
                    "a write of " + blockLength + " bytes ended with " + failure + ": " + device.description());
        }
        return DeviceFigures.of(histogram, count, (double) blockLength, elapsedNs);
    }

    private void submit(final long nowNs) {
        while (freeCount > 0) {
            final int slot = free[freeCount - 1];
            startedNs[slot] = nowNs;
            if (!device.submitWrite(slot * blockLength, blockLength, address, slot)) {
                break;
            }
            freeCount--;
            address = address + 2L * blockLength > fileLength ? 0 : address + blockLength;
        }
        final int flushed = device.flush();
        if (flushed < 0) {
            failure = flushed;
        }
    }

    private void reap(final long sinceNs) throws IOException {
        while (device.poll(this, free.length) == 0 && failure == 0) {
            YieldingIdleStrategy.INSTANCE.idle();
            if (clock.nanoTime() - sinceNs > TIMEOUT_NS) {
                throw new IOException(
                        "a write of " + blockLength + " bytes takes more than 20 s: " + device.description());
            }
        }
    }

    @Override
    public void onCompletion(final long token, final int result) {
        final int slot = (int) token;
        histogram.recordValue(Math.min(OpenLoop.HIGHEST_NS, clock.nanoTime() - startedNs[slot]));
        completedCount++;
        free[freeCount++] = slot;
        if (result != blockLength) {
            failure = result == 0 ? -1 : result;
        }
    }

    @Override
    public void close() {
        device.close();
    }
}
