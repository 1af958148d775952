package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.millrace.codec.control.EffectAction;
import java.lang.management.ManagementFactory;
import org.agrona.ExpandableDirectByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Capturing and streaming an image allocate nothing once the buffer has its size. */
@Timeout(60)
final class StateImageAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int SEGMENT_COUNT = 500;
    private static final int IMAGE_COUNT = 1000;
    private static final StoreLimits LIMITS = new StoreLimits(1000, 1000, 8, 4, 8, 4096, 1_000_000);

    private final ChainLog log = new ChainLog(ChainLog.CHAIN, LIMITS);
    private final ExpandableDirectByteBuffer fixed = new ExpandableDirectByteBuffer(128);
    private final UnsafeBuffer piece = new UnsafeBuffer(new byte[IndexImage.MAX_PIECE_LENGTH]);
    private final IndexImage image = new IndexImage();
    private final PositionRangeVisitor visitor = this::visit;
    private long rangeCount;

    @Test
    void shouldAllocateNothingWhenImagesAreCapturedAndStreamed() {
        for (int segment = 1; segment <= SEGMENT_COUNT; segment++) {
            log.effect(EffectAction.CREATE_SEGMENT, segment).setUp(5, segment, 1);
            for (int number = 1; number <= 5; number += 2) {
                log.append(5, segment, number, 1);
                log.fragment(5, segment, number + 1, 0, 10, 20, 1);
                log.fragment(5, segment, number + 1, 10, 10, 20, 1);
            }
        }
        log.fragment(5, 1, 7, 0, 10, 20, 1);
        log.effect(EffectAction.DELETE_SEGMENT, 2).commit();
        final long thread = Thread.currentThread().getId();
        for (int i = 0; i < 20; i++) {
            run(IMAGE_COUNT / 10);
            THREADS.getThreadAllocatedBytes(thread);
        }
        final long before = THREADS.getThreadAllocatedBytes(thread);
        run(IMAGE_COUNT);
        assertEquals(0, THREADS.getThreadAllocatedBytes(thread) - before, "bytes in " + IMAGE_COUNT + " images");
        assertTrue(rangeCount > 3L * IMAGE_COUNT * SEGMENT_COUNT);
    }

    private void run(final int count) {
        for (int i = 0; i < count; i++) {
            final int length = log.state.encode(fixed, 0);
            image.begin(log.state, fixed, 0, length);
            image.visitOpenEvents(visitor);
            int written;
            do {
                written = image.next(piece, 0, piece.capacity(), visitor);
            } while (written > 0);
        }
    }

    private void visit(final long firstPosition, final long lastPosition, final long bytes) {
        rangeCount += lastPosition >= firstPosition ? 1 : 0;
    }
}
