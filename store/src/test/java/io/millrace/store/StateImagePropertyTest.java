package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.agrona.concurrent.UnsafeBuffer;

/** Images taken out of random histories, streamed while these go on, restored, and damaged. */
final class StateImagePropertyTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final int[] BOUNDARIES = {
        0, 1, 2, 3, -1, -2, 0xFF, 0x100, Integer.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE - 15, 0x1000_0000
    };

    @Property(tries = 150)
    void shouldEqualTheLiveStateWhenRestoredAndTheRestIsReplayed(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> {
            final SplittableRandom random = new SplittableRandom(seed);
            final RandomHistory run = history(seed, random);
            final ImageCapture image = new ImageCapture(run.log.state);
            streamWhileTheHistoryGoesOn(run, random, image);
            final ChainState restored = image.restore();
            replay(run, restored, run.log.state.lastPosition());
            assertSame(run.log.state, restored);

            goOn(run, random, 100);
            run.log.commit();
            replay(run, restored, run.log.state.lastPosition());
            assertSame(run.log.state, restored);

            deleteAll(run);
            replay(run, restored, run.log.state.lastPosition());
            assertSame(run.log.state, restored);
            assertEquals(0, restored.indexEntryCount());
            assertEquals(0, restored.arena().blockCount(), "blocks of the restored indexes");
            assertEquals(0, run.log.state.arena().blockCount(), "blocks of the live indexes");
        });
    }

    @Property(tries = 60)
    void shouldEqualTheLiveStateWhenAStateThatStillReplaysIsCaptured(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> {
            final SplittableRandom random = new SplittableRandom(seed);
            final RandomHistory run = history(seed, random);
            final ImageCapture image = new ImageCapture(run.log.state);
            streamWhileTheHistoryGoesOn(run, random, image);
            final long last = run.log.state.lastPosition();
            final ChainState first = image.restore();
            replay(run, first, image.position + random.nextLong(last - image.position + 1));
            final ImageCapture second = new ImageCapture(first);
            while (second.stream(48 + random.nextInt(300))) {
                replay(run, first, Math.min(last, first.lastPosition() + random.nextInt(10)));
            }
            replay(run, first, last);
            final ChainState restored = second.restore();
            replay(run, restored, last);
            assertSame(run.log.state, restored);
        });
    }

    @Property(tries = 150)
    void shouldVisitTheRecordOfEveryByteThatCanBeReadWhenItLiesBeforeTheCapture(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> {
            final SplittableRandom random = new SplittableRandom(seed);
            final RandomHistory run = history(seed, random);
            final ImageCapture image = new ImageCapture(run.log.state);
            final Map<Long, Long> captured = new HashMap<>();
            for (long segmentId = 1; segmentId <= 4; segmentId++) {
                final Segment segment = run.log.state.segment(ChainLog.STREAM, segmentId);
                captured.put(segmentId, segment == null ? 0 : segment.length());
            }
            streamWhileTheHistoryGoesOn(run, random, image);
            for (final Extent extent : extents(run)) {
                final Segment segment = run.log.segment(extent.segmentId);
                if (!segment.isDeleted() && extent.end > segment.startOffset() && extent.position <= image.position) {
                    // Bytes behind the captured length were fragments of an event that was open then.
                    final boolean wasOpen = extent.start >= Objects.requireNonNull(captured.get(extent.segmentId));
                    final BitSet visited = image.visitedOf.get(wasOpen ? 0 : extent.segmentId);
                    assertTrue(
                            visited != null && visited.get((int) extent.position),
                            () -> "bytes " + extent + ", captured at " + image.position);
                }
            }
            assertTrue(image.visited.length() <= run.log.state.lastPosition() + 1, "no range beyond the last position");
        });
    }

    @Property(tries = 300)
    void shouldRefuseOrRestoreButNeverFailOtherwiseWhenBytesAreDamaged(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> {
            final SplittableRandom random = new SplittableRandom(seed);
            final RandomHistory run = history(seed, random);
            final ImageCapture image = new ImageCapture(run.log.state);
            final int capacity = 48 + random.nextInt(random.nextBoolean() ? 100 : 4000);
            while (image.stream(capacity)) {
                goOn(run, random, random.nextInt(2));
            }
            final byte[] whole = new byte[image.length];
            image.fixed.getBytes(ImageCapture.OFFSET, whole);
            for (int i = 0; i < 40; i++) {
                final List<UnsafeBuffer> pieces = new ArrayList<>();
                image.pieces.forEach(piece -> pieces.add(copyOf(piece, piece.capacity())));
                UnsafeBuffer fixed = new UnsafeBuffer(whole.clone());
                final int kind = random.nextInt(6);
                if (kind < 3) {
                    damage(fixed, random);
                } else if (kind == 3) {
                    fixed = copyOf(fixed, random.nextInt(fixed.capacity()));
                } else if (!pieces.isEmpty()) {
                    damagePieces(pieces, random);
                }
                restoreOrRefuse(fixed, pieces);
            }
        });
    }

    private static void restoreOrRefuse(final UnsafeBuffer fixed, final List<UnsafeBuffer> pieces) {
        final long thread = Thread.currentThread().getId();
        final long before = THREADS.getThreadAllocatedBytes(thread);
        long bytes = fixed.capacity();
        final ChainState state = new ChainState(ChainLog.CHAIN, StoreLimits.defaults());
        try {
            state.restore(fixed, 0, fixed.capacity());
            for (final UnsafeBuffer piece : pieces) {
                bytes += piece.capacity();
                state.restoreIndex(piece, 0, piece.capacity());
            }
            state.restored();
            state.stateHash();
            state.encode(new UnsafeBuffer(new byte[fixed.capacity()]), 0);
        } catch (final ChainCheckException e) {
            assertTrue(String.valueOf(e.getMessage()).contains("image"), e.getMessage());
        }
        // A slab of the index takes 1 MiB; a run of 48 bytes takes up to 6 blocks of 512.
        final long allocated = THREADS.getThreadAllocatedBytes(thread) - before;
        assertTrue(allocated <= (4L << 20) + 128 * bytes, () -> allocated + " bytes allocated");
    }

    private static void damagePieces(final List<UnsafeBuffer> pieces, final SplittableRandom random) {
        final int at = random.nextInt(pieces.size());
        switch (random.nextInt(5)) {
            case 0 -> pieces.remove(at);
            case 1 -> pieces.add(at, pieces.get(random.nextInt(pieces.size())));
            case 2 ->
                pieces.set(
                        at, copyOf(pieces.get(at), random.nextInt(pieces.get(at).capacity())));
            default -> damage(pieces.get(at), random);
        }
    }

    private static void damage(final UnsafeBuffer buffer, final SplittableRandom random) {
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            // The header's counts matter most: half of the damage goes there.
            final int bound = Math.min(buffer.capacity(), random.nextBoolean() ? 96 : Integer.MAX_VALUE);
            final int at = random.nextInt(bound - 3) & (random.nextBoolean() ? ~3 : ~0);
            if (random.nextBoolean()) {
                buffer.putInt(at, BOUNDARIES[random.nextInt(BOUNDARIES.length)]);
            } else if (random.nextBoolean()) {
                buffer.putInt(at, buffer.getInt(at) + random.nextInt(5) - 2);
            } else {
                buffer.putByte(at, (byte) (buffer.getByte(at) ^ (1 << random.nextInt(8))));
            }
        }
    }

    private static UnsafeBuffer copyOf(final UnsafeBuffer from, final int length) {
        final byte[] bytes = new byte[length];
        from.getBytes(0, bytes);
        return new UnsafeBuffer(bytes);
    }

    private static RandomHistory history(final long seed, final SplittableRandom random) {
        final RandomHistory run = new RandomHistory(seed);
        // Mostly calm, so that there is an index to stream; some with many truncations behind them.
        run.steps(random.nextInt(2 * RandomHistory.STEP_COUNT));
        goOn(run, random, random.nextInt(4) == 0 ? random.nextInt(RandomHistory.STEP_COUNT) : 0);
        run.log.commitTo(random.nextBoolean() ? run.log.overlay.lastPosition() : run.log.state.lastPosition());
        if (random.nextBoolean()) {
            final UnsafeBuffer record = run.log.membershipRecord(1, 2);
            run.log.state.apply(record, 0, record.capacity());
        }
        return run;
    }

    private static void streamWhileTheHistoryGoesOn(
            final RandomHistory run, final SplittableRandom random, final ImageCapture image) {
        final int capacity = random.nextInt(4) == 0 ? IndexImage.MAX_PIECE_LENGTH : 48 + random.nextInt(400);
        final int pace = random.nextInt(60);
        goOn(run, random, pace);
        while (image.stream(capacity)) {
            goOn(run, random, random.nextInt(pace + 1));
            if (random.nextInt(4) == 0) {
                run.log.commit();
            }
        }
        run.log.commit();
    }

    /** Like the history's own steps, with more truncations, deletions and new segments. */
    private static void goOn(final RandomHistory run, final SplittableRandom random, final int steps) {
        for (int done = 0; done < steps; done += 5) {
            run.steps(Math.min(5, steps - done));
            final long segmentId = 1L + random.nextInt(4);
            final Segment segment = run.log.overlay.pendingState().segment(ChainLog.STREAM, segmentId);
            final int dice = random.nextInt(100);
            if (segment == null) {
                run.log.effect(EffectAction.CREATE_SEGMENT, segmentId);
            } else if (dice < 12) {
                run.log.truncate(segmentId, random.nextLong(segment.length() + 1));
            } else if (dice < 17) {
                run.log.truncate(segmentId, segment.length());
            } else if (dice == 17) {
                run.log.effect(EffectAction.DELETE_SEGMENT, segmentId);
            } else if (dice == 18) {
                run.log.effect(EffectAction.CREATE_SEGMENT, 10L + random.nextInt(20));
            } else if (dice == 19) {
                run.log.effect(EffectAction.DELETE_SEGMENT, 10L + random.nextInt(20));
            }
            run.tellOracle();
        }
    }

    private static void deleteAll(final RandomHistory run) {
        for (long segmentId = 1; segmentId < 30; segmentId++) {
            run.log.effect(EffectAction.DELETE_SEGMENT, segmentId);
        }
        run.log.commit();
    }

    private static void replay(final RandomHistory run, final ChainState state, final long lastPosition) {
        while (state.lastPosition() < lastPosition) {
            final UnsafeBuffer record = run.log.records.get((int) state.lastPosition());
            state.apply(record, 0, record.capacity());
        }
    }

    private static void assertSame(final ChainState live, final ChainState restored) {
        assertEquals("", restored.difference(live));
        assertEquals(live.stateHash(), restored.stateHash());
        assertEquals(live.memberSinceEpoch(), restored.memberSinceEpoch());
        assertEquals(live.promisedEpoch(), restored.promisedEpoch());
        for (int bucket = 0; bucket < live.segments().bucketCount(); bucket++) {
            final Segment segment = live.segments().at(bucket);
            if (segment == null) {
                continue;
            }
            final Segment other = Objects.requireNonNull(restored.segment(segment.streamId(), segment.segmentId()));
            assertEquals(segment.index().first(), other.index().first());
            for (long offset = segment.startOffset() - 1; offset <= segment.length(); offset += 13) {
                assertEquals(segment.find(offset), other.find(offset));
            }
        }
    }

    /** Bytes of a segment and the position of the record that holds them. */
    private record Extent(long segmentId, long start, long end, long position) {}

    /** Tells where the bytes of all records that are committed lie, from the records alone. */
    private static List<Extent> extents(final RandomHistory run) {
        final List<Extent> extents = new ArrayList<>();
        final Map<Long, Long> lengths = new HashMap<>();
        final Map<List<Long>, List<UnsafeBuffer>> open = new HashMap<>();
        for (final UnsafeBuffer record : run.log.records.subList(0, (int) run.log.state.lastPosition())) {
            final RecordHeaderDecoder header = new RecordHeaderDecoder().wrap(record, 0, ChainLog.HEADER, 0);
            if (header.kind() != RecordKind.APPEND && header.kind() != RecordKind.APPEND_FRAGMENT) {
                continue;
            }
            final AppendBodyDecoder body =
                    new AppendBodyDecoder().wrap(record, ChainLog.HEADER, AppendBodyDecoder.BLOCK_LENGTH, 0);
            final List<UnsafeBuffer> complete = new ArrayList<>();
            if (header.kind() == RecordKind.APPEND) {
                complete.add(record);
            } else {
                final List<Long> key = List.of(body.writerIdLow(), body.segmentId());
                final List<UnsafeBuffer> event = open.computeIfAbsent(key, k -> new ArrayList<>());
                if (body.fragmentOffset() == 0) {
                    event.clear();
                }
                event.add(record);
                if ((body.flags() & AppendRequest.FLAG_LAST_FRAGMENT) != 0) {
                    complete.addAll(event);
                    event.clear();
                }
            }
            for (final UnsafeBuffer part : complete) {
                final long start = lengths.getOrDefault(body.segmentId(), 0L);
                final long end = start + part.capacity() - ChainLog.PREFIX;
                final long position = new RecordHeaderDecoder()
                        .wrap(part, 0, ChainLog.HEADER, 0)
                        .position();
                extents.add(new Extent(body.segmentId(), start, end, position));
                lengths.put(body.segmentId(), end);
            }
        }
        return extents;
    }
}
