package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.agrona.concurrent.UnsafeBuffer;

/** Random writers, duplicates, fragments, seals and lost tails against {@link LogOracle}. */
final class ChainStatePropertyTest {
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    @Property(tries = 60)
    void shouldKeepEveryEventOnceAndInOrderWhenWritersInterleave(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> {
            final RandomHistory run = new RandomHistory(seed);
            run.steps(RandomHistory.STEP_COUNT);
            run.log.commit();
            run.checkContent();
            run.checkEventsOnceAndInOrder();
        });
    }

    @Property(tries = 30)
    void shouldHashTheSameWhenLogIsReplayed(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> {
            final RandomHistory run = new RandomHistory(seed);
            run.steps(RandomHistory.STEP_COUNT);
            run.log.commit();
            final ChainState replayed = new ChainState(ChainLog.CHAIN, StoreLimits.defaults());
            for (final UnsafeBuffer record : run.log.records) {
                replayed.apply(record, 0, record.capacity());
            }
            assertEquals("", replayed.difference(run.log.state));
            assertEquals(run.log.state.stateHash(), replayed.stateHash());
            assertEquals("", run.log.overlay.pendingState().difference(replayed), "nothing is pending");
        });
    }

    @Property(tries = 60)
    void shouldEqualTheIncrementalOverlayWhenDiscardedAndSequencedAgain(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> {
            final RandomHistory run = new RandomHistory(seed);
            for (int i = 0; i < 12; i++) {
                run.steps(RandomHistory.STEP_COUNT / 12);
                final PendingOverlay overlay = run.log.overlay;
                final long before = overlay.pendingState().stateHash(false);
                final long lastPosition = overlay.lastPosition();
                overlay.discard();
                assertEquals("", overlay.pendingState().difference(run.log.state));
                assertEquals(run.log.state.lastPosition(), overlay.lastPosition());
                final int committed = (int) run.log.state.lastPosition();
                for (final UnsafeBuffer record : run.log.records.subList(committed, run.log.records.size())) {
                    overlay.onSequenced(record, 0, record.capacity());
                }
                assertEquals(lastPosition, overlay.lastPosition());
                assertEquals(before, overlay.pendingState().stateHash(false));
            }
        });
    }

    @Property(tries = 40)
    void shouldReadTheSameBytesWhenIndexIsFollowed(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> {
            final RandomHistory run = new RandomHistory(seed);
            run.steps(RandomHistory.STEP_COUNT);
            run.log.commit();
            final SplittableRandom random = new SplittableRandom(seed);
            run.oracle.segments.forEach((segmentId, expected) -> {
                final byte[] bytes = expected.bytes.toByteArray();
                final int start = (int) expected.start;
                for (int i = 0; !expected.deleted && bytes.length > start && i < 20; i++) {
                    final int from = i == 0 ? start : start + random.nextInt(bytes.length - start);
                    assertEquals(-1, run.log.segment(segmentId).find(start - 1));
                    assertArrayEquals(
                            Arrays.copyOfRange(bytes, from, bytes.length),
                            read(run.log, segmentId, from),
                            "segment " + segmentId + " from " + from);
                }
            });
        });
    }

    /** Reads as the documentation of {@link SegmentIndex} tells a reader to. */
    private static byte[] read(final ChainLog log, final long segmentId, final long from) {
        final Segment segment = log.segment(segmentId);
        final SegmentIndex index = segment.index();
        final ByteBuffer result = ByteBuffer.allocate((int) (segment.length() - from));
        long offset = from;
        long walkFrom = 0;
        while (offset < segment.length()) {
            final int entry = segment.find(offset);
            assertTrue(entry >= 0);
            UnsafeBuffer record;
            long start;
            if (index.isFragment(entry)) {
                record = log.records.get((int) index.position(entry) - 1);
                start = index.offset(entry);
                walkFrom = 0;
            } else {
                long position = Math.max(index.position(entry), walkFrom);
                record = log.records.get((int) position - 1);
                while (!isAppend(record, segmentId) || endOffset(record) <= offset) {
                    record = log.records.get((int) ++position - 1);
                }
                start = body(record).segmentOffset();
                assertTrue(position - index.position(entry) < SegmentIndex.SPACING_POSITIONS, "walked too far");
                walkFrom = position + 1;
            }
            assertTrue(start <= offset, "damage at " + offset);
            final int skip = (int) (offset - start);
            final int length = record.capacity() - ChainLog.PREFIX - skip;
            assertTrue(length > 0, "no byte at " + offset);
            final byte[] bytes = new byte[length];
            record.getBytes(ChainLog.PREFIX + skip, bytes);
            result.put(bytes);
            offset += length;
        }
        return result.array();
    }

    private static boolean isAppend(final UnsafeBuffer record, final long segmentId) {
        final RecordHeaderDecoder header = new RecordHeaderDecoder().wrap(record, 0, ChainLog.HEADER, 0);
        return header.kind() == RecordKind.APPEND && body(record).segmentId() == segmentId;
    }

    private static long endOffset(final UnsafeBuffer record) {
        return body(record).segmentOffset() + record.capacity() - ChainLog.PREFIX;
    }

    private static AppendBodyDecoder body(final UnsafeBuffer record) {
        return new AppendBodyDecoder().wrap(record, ChainLog.HEADER, AppendBodyDecoder.BLOCK_LENGTH, 0);
    }
}
