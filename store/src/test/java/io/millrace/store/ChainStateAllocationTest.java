package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.log.AppendBodyEncoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checking, sequencing and applying allocate nothing once the tables have their size. */
@Timeout(60)
final class ChainStateAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int WARM_UP_COUNT = 300_000;
    private static final int APPEND_COUNT = 1_000_000;
    private static final int WRITER_COUNT = 4;
    private static final int BODY_INDEX = RecordHeaderEncoder.BLOCK_LENGTH;
    private static final int BYTES = 40;
    private static final int RECORD_LENGTH = BODY_INDEX + AppendBodyEncoder.BLOCK_LENGTH + BYTES;

    // One segment: its index stays inside the first slab of 65,536 entries, of which one in 32 records takes one.
    private final ChainLog log = new ChainLog(ChainLog.CHAIN, StoreLimits.defaults());
    private final UnsafeBuffer record = new UnsafeBuffer(ByteBuffer.allocateDirect(RECORD_LENGTH));
    private final RecordHeaderEncoder header = new RecordHeaderEncoder();
    private final AppendBodyEncoder body = new AppendBodyEncoder();
    private final long[] lastNumbers = new long[WRITER_COUNT + 1];
    private int wrongAnswers;

    @Test
    void shouldAllocateNothingWhenAMillionAppendsAreCheckedSequencedAndApplied() {
        log.effect(EffectAction.CREATE_SEGMENT, 1);
        for (int writer = 1; writer <= WRITER_COUNT; writer++) {
            log.setUp(writer, 1, 1);
        }
        log.commit();
        run(WARM_UP_COUNT);
        final long thread = Thread.currentThread().getId();
        THREADS.getThreadAllocatedBytes(thread);
        final long before = THREADS.getThreadAllocatedBytes(thread);
        run(APPEND_COUNT);
        assertEquals(0, THREADS.getThreadAllocatedBytes(thread) - before, "bytes in " + APPEND_COUNT + " appends");
        assertEquals(0, wrongAnswers);
        final long expected = (long) (WARM_UP_COUNT + APPEND_COUNT) * BYTES;
        assertEquals(expected, log.segment(1).length());
        assertEquals("", log.overlay.pendingState().difference(log.state));
    }

    private void run(final int count) {
        for (int i = 0; i < count; i++) {
            final int writer = 1 + i % WRITER_COUNT;
            final long number = lastNumbers[writer] + 1;
            if (i % 1000 == 0) {
                fragmented(writer, number);
            } else {
                expect(StoreStatus.APPEND, events(writer, number, 2, false));
                sequence(RecordKind.APPEND, writer, number, 2, 0);
                lastNumbers[writer] = number + 1;
                expect(StoreStatus.DUPLICATE, events(writer, number, 2, false));
                expect(StoreStatus.APPEND_SUFFIX, events(writer, number, 3, false));
                expect(StoreStatus.ATOMIC_STRADDLE, events(writer, number, 3, true));
                expect(StoreStatus.EVENT_NUMBER_GAP, events(writer, number + 5, 1, false));
            }
            commit();
        }
    }

    /** An event in two fragments, which counts as one append. */
    private void fragmented(final int writer, final long number) {
        log.who(writer, 1, 1, -1).fragment(number, 0, BYTES / 2, BYTES, false, 7);
        expect(StoreStatus.APPEND, log.overlay.checkAppend(log.request));
        sequence(RecordKind.APPEND_FRAGMENT, writer, number, 1, 0);
        commit();
        log.who(writer, 1, 1, -1).fragment(number, BYTES / 2, BYTES / 2, BYTES, true, 7);
        expect(StoreStatus.APPEND, log.overlay.checkAppend(log.request));
        sequence(RecordKind.APPEND_FRAGMENT, writer, number, 1, BYTES / 2);
        lastNumbers[writer] = number;
    }

    private int events(final int writer, final long first, final int count, final boolean atomic) {
        return log.overlay.checkAppend(log.who(writer, 1, 1, -1).events(first, count, BYTES, atomic));
    }

    private void sequence(
            final RecordKind kind, final int writer, final long number, final int count, final int fragmentOffset) {
        final boolean fragment = kind == RecordKind.APPEND_FRAGMENT;
        final int length = fragment ? RECORD_LENGTH - BYTES / 2 : RECORD_LENGTH;
        final long position = log.overlay.nextPosition();
        header.wrap(record, 0)
                .length(length)
                .crc32c(position & 0xFFFF_FFFFL)
                .kind(kind)
                .chain(ChainLog.CHAIN)
                .chainEpoch(log.chainEpoch)
                .position(position)
                .previousHash(log.overlay.lastHash())
                .commitMark(log.overlay.committedPosition())
                .timestampNs(log.timestampNs++);
        body.wrap(record, BODY_INDEX)
                .streamId(ChainLog.STREAM)
                .segmentId(1)
                .segmentOffset(fragment ? -1 : log.segment(1).length())
                .writerIdHigh(-writer)
                .writerIdLow(writer)
                .firstEventNumber(number)
                .writerEpoch(1)
                .eventCount(count)
                .flags((short) (fragment ? fragmentOffset == 0 ? 1 : 3 : 0))
                .fragmentOffset(fragmentOffset)
                .fragmentedLength(fragment ? BYTES : 0)
                .fragmentSession(fragment ? 7 : 0);
        log.overlay.onSequenced(record, 0, length);
        log.state.apply(record, 0, length);
    }

    private void commit() {
        log.overlay.onCommitted(log.state.lastPosition());
    }

    private void expect(final int expected, final int seen) {
        if (expected != seen) {
            wrongAnswers++;
        }
    }
}
