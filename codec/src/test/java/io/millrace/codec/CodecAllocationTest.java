package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.function.IntUnaryOperator;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What runs for every frame, event, record and batch allocates nothing. */
@Timeout(30)
final class CodecAllocationTest {
    private static final int TURNS = 20_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private long sink;

    @Test
    void shouldAllocateNothingWhenFrameIsChecked() {
        final byte[] append = Golden.read("wire/Append");
        final byte[] list = Golden.read("wire/StreamList");
        final byte[] effect = Golden.read("control/SegmentEffect");
        final UnsafeBuffer appendBuffer = new UnsafeBuffer(append);
        final UnsafeBuffer listBuffer = new UnsafeBuffer(list);
        final UnsafeBuffer effectBuffer = new UnsafeBuffer(effect);
        assertNothingAllocated(i -> WireFrames.check(appendBuffer, 0, append.length)
                + WireFrames.check(listBuffer, 0, list.length - (i & 1))
                + ControlFrames.check(effectBuffer, 0, effect.length));
    }

    @Test
    void shouldAllocateNothingWhenRecordIsCheckedAndHashed() {
        final byte[] batch = LogSamples.batch();
        final UnsafeBuffer buffer = new UnsafeBuffer(batch);
        assertNothingAllocated(i -> {
            final int length = LogRecords.check(buffer, 96, batch.length);
            return length + (int) RecordHash.next(i, length, length);
        });
    }

    @Test
    void shouldAllocateNothingWhenCrcIsComputed() {
        final Crc32c direct = new Crc32c(ByteBuffer.allocateDirect(8192));
        final Crc32c heap = new Crc32c(ByteBuffer.allocate(8192));
        assertNothingAllocated(i -> direct.compute(i & 1023, 4096) + heap.compute(i & 1023, 4096));
    }

    @Test
    void shouldAllocateNothingWhenKeyInABufferIsHashed() {
        final byte[] key = new byte[100];
        final UnsafeBuffer heap = new UnsafeBuffer(key);
        final UnsafeBuffer direct = new UnsafeBuffer(ByteBuffer.allocateDirect(100));
        assertNothingAllocated(i ->
                (int) (KeyHash.of(key, 0, i % 100) + KeyHash.of(heap, i % 50, 40) + KeyHash.of(direct, i % 50, 40)));
    }

    @Test
    void shouldAllocateNothingWhenEventsAreFramed() {
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(1024));
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[100]);
        assertNothingAllocated(i -> {
            final int length = EventFrame.put(buffer, 0, i, payload, 0, i % 100);
            EventFrame.put(buffer, length, i, payload, 0, 100);
            return EventFrame.validateAll(buffer, 0, length + 112, 2) + KeyRange.indexOf(i, 7);
        });
    }

    private void assertNothingAllocated(final IntUnaryOperator operation) {
        final long thread = Thread.currentThread().getId();
        // Warm up the code and the bean; then one of a few rounds must be free of the compiler's own leftovers.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            final long before = THREADS.getThreadAllocatedBytes(thread);
            for (int i = 0; i < TURNS; i++) {
                sink += operation.applyAsInt(i);
            }
            least = Math.min(least, THREADS.getThreadAllocatedBytes(thread) - before);
        }
        assertEquals(0, least, "bytes in " + TURNS + " turns; " + sink);
    }
}
