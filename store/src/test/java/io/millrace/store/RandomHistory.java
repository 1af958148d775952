package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.EffectAction;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** One random history. Records are sequenced when, and only when, the overlay and the oracle agree on them. */
final class RandomHistory {
    static final int STEP_COUNT = 600;

    private static final int WRITERS = 4;
    private static final int SEGMENTS = 3;
    private static final StoreLimits LIMITS = new StoreLimits(8, 16, 8, 3, 6, 4096, 100_000);

    private final SplittableRandom random;
    final ChainLog log = new ChainLog(ChainLog.CHAIN, LIMITS);
    LogOracle oracle = new LogOracle();
    private int told;

    RandomHistory(final long seed) {
        random = new SplittableRandom(seed);
        for (int segment = 1; segment <= SEGMENTS; segment++) {
            log.effect(EffectAction.CREATE_SEGMENT, segment);
        }
    }

    void steps(final int count) {
        for (int i = 0; i < count; i++) {
            tellOracle();
            final long writer = 1L + random.nextInt(WRITERS);
            final long segment = 1L + random.nextInt(SEGMENTS + 1);
            final int dice = random.nextInt(100);
            if (dice < 45) {
                events(writer, segment);
            } else if (dice < 75) {
                fragment(writer, segment);
            } else if (dice < 84) {
                setUp(writer, segment);
            } else if (dice < 86) {
                expire(writer, segment);
            } else if (dice < 88) {
                effect(segment);
            } else if (dice < 97) {
                final long pending = log.overlay.lastPosition() - log.state.lastPosition();
                log.commitTo(log.state.lastPosition() + random.nextLong(pending + 1));
            } else {
                lose();
            }
        }
        tellOracle();
    }

    void tellOracle() {
        while (told < log.records.size()) {
            oracle.add(log.records.get(told++));
        }
    }

    private void lose() {
        log.lose();
        oracle = new LogOracle();
        told = 0;
    }

    private void events(final long writer, final long segment) {
        final LogOracle.Entry entry = oracle.writers.get(new LogOracle.Key(writer, segment));
        final long last = entry == null ? 0 : entry.last;
        final long first = Math.max(1, last + 1 + (random.nextInt(2) == 0 ? 0 : random.nextInt(6) - 4));
        final int count = 1 + random.nextInt(4);
        final boolean atomic = random.nextInt(4) == 0;
        final LogOracle.Log content = oracle.segments.get(segment);
        final int length = content == null ? 0 : content.bytes.size();
        final long expectedOffset = random.nextInt(6) > 0 ? -1 : random.nextBoolean() ? length : length + 1;
        final int epoch = entry == null || random.nextInt(8) == 0 ? 1 + random.nextInt(3) : entry.epoch;
        final int skip = (int) Math.max(0, last + 1 - first);
        final int status = log.overlay.checkAppend(log.who(writer, segment, epoch, expectedOffset)
                .events(first, count, list(writer, segment, first, count).length, atomic));
        assertEquals(expected(entry, content, writer, first, count, atomic, expectedOffset, epoch), status);
        assertEquals(log.records.size(), log.overlay.holdPosition());
        if (status == StoreStatus.DUPLICATE) {
            assertEquals(last, log.overlay.answerDetail());
        }
        if (status == StoreStatus.APPEND || status == StoreStatus.APPEND_SUFFIX) {
            assertEquals(skip, log.overlay.answerDetail());
            assertEquals(length, log.overlay.appendOffset());
            final byte[] bytes = list(writer, segment, first + skip, count - skip);
            log.sequence(log.appendRecord(writer, segment, epoch, length, first + skip, count - skip, bytes));
        }
    }

    private static int expected(
            final LogOracle.@Nullable Entry entry,
            final LogOracle.@Nullable Log segment,
            final long writer,
            final long first,
            final int count,
            final boolean atomic,
            final long expectedOffset,
            final int epoch) {
        if (entry == null) {
            final int status = segmentStatus(segment);
            return status == StoreStatus.APPEND ? StoreStatus.WRITER_UNKNOWN : status;
        }
        if (epoch > entry.epoch) {
            return StoreStatus.WRITER_UNKNOWN;
        }
        if (epoch < entry.epoch || ChainLog.secret(writer, epoch) != entry.secret) {
            return StoreStatus.WRITER_FENCED;
        }
        if (first + count - 1 <= entry.last) {
            return StoreStatus.DUPLICATE;
        }
        if (segment == null || segment.sealed) {
            return segmentStatus(segment);
        }
        if (first > entry.last + 1) {
            return StoreStatus.EVENT_NUMBER_GAP;
        }
        if (first <= entry.last && (atomic || expectedOffset >= 0)) {
            return StoreStatus.ATOMIC_STRADDLE;
        }
        if (expectedOffset >= 0 && expectedOffset != segment.bytes.size()) {
            return StoreStatus.OFFSET_MISMATCH;
        }
        return first <= entry.last ? StoreStatus.APPEND_SUFFIX : StoreStatus.APPEND;
    }

    private static int segmentStatus(final LogOracle.@Nullable Log segment) {
        if (segment == null) {
            return StoreStatus.SEGMENT_NOT_FOUND;
        }
        if (segment.deleted) {
            return StoreStatus.SEGMENT_DELETED;
        }
        return segment.sealed ? StoreStatus.SEGMENT_SEALED : StoreStatus.APPEND;
    }

    private void fragment(final long writer, final long segment) {
        final LogOracle.Entry entry = oracle.writers.get(new LogOracle.Key(writer, segment));
        final LogOracle.Log content = oracle.segments.get(segment);
        if (entry == null || content == null || entry.secret != ChainLog.secret(writer, entry.epoch)) {
            return;
        }
        final LogOracle.Open open = random.nextInt(8) > 0 ? entry.open : null;
        final long number = open != null ? open.number : Math.max(1, entry.last + 1 + random.nextInt(3) - 1);
        final byte[] event = event(writer, segment, oracle.life(writer, segment), number);
        final int offset = open != null ? open.bytes.size() : random.nextInt(6) == 0 ? 7 : 0;
        final int length = Math.min(event.length - offset, 10 + random.nextInt(40));
        final int session = open != null && random.nextInt(10) > 0 ? open.session : random.nextInt(3);
        final int status = log.overlay.checkAppend(log.who(writer, segment, entry.epoch, -1)
                .fragment(number, offset, length, event.length, offset + length == event.length, session));
        assertEquals(expectedFragment(entry, content, number, offset, event.length, session), status);
        if (status == StoreStatus.APPEND) {
            log.sequence(log.fragmentRecord(
                    writer,
                    segment,
                    entry.epoch,
                    number,
                    offset,
                    event.length,
                    session,
                    Arrays.copyOfRange(event, offset, offset + length)));
        }
    }

    private int expectedFragment(
            final LogOracle.Entry entry,
            final LogOracle.Log segment,
            final long number,
            final int offset,
            final int total,
            final int session) {
        if (number <= entry.last) {
            return StoreStatus.DUPLICATE;
        }
        if (segment.sealed) {
            return segmentStatus(segment);
        }
        if (number > entry.last + 1) {
            return StoreStatus.EVENT_NUMBER_GAP;
        }
        final LogOracle.Open open = entry.open;
        if (offset == 0) {
            final boolean full = open == null && oracle.openCount() >= LIMITS.maxOpenFragmentedEvents();
            return full ? StoreStatus.FRAGMENT_LIMIT : StoreStatus.APPEND;
        }
        if (open == null
                || open.number != number
                || open.total != total
                || open.session != session
                || open.bytes.size() != offset) {
            return StoreStatus.FRAGMENT_ORDER;
        }
        return open.count >= LIMITS.maxFragmentsPerEvent() ? StoreStatus.FRAGMENT_LIMIT : StoreStatus.APPEND;
    }

    private void setUp(final long writer, final long segment) {
        final LogOracle.Entry entry = oracle.writers.get(new LogOracle.Key(writer, segment));
        final int epoch = (entry == null ? 1 : entry.epoch) + (random.nextInt(4) == 0 ? 1 : 0);
        final int status =
                log.overlay.checkWriterSetup(-writer, writer, ChainLog.STREAM, segment, epoch, entry != null);
        assertEquals(segmentStatus(oracle.segments.get(segment)), status);
        if (status == StoreStatus.APPEND) {
            final long secret = random.nextInt(10) == 0 ? -1 : ChainLog.secret(writer, epoch);
            log.sequence(log.setUpRecord(writer, segment, epoch, secret));
        }
    }

    /** Expires one writer when the records say that it is idle; what it left open goes with it. */
    private void expire(final long writer, final long segment) {
        final LogOracle.Entry entry = oracle.writers.get(new LogOracle.Key(writer, segment));
        final int slot = log.overlay.writers().find(-writer, writer, ChainLog.STREAM, segment);
        final long idleSinceNs = log.timestampNs - random.nextInt(60);
        final int status = log.overlay.checkWriterExpiry(slot, idleSinceNs);
        if (entry == null) {
            assertEquals(StoreStatus.WRITER_UNKNOWN, status);
        } else if (entry.changedNs > idleSinceNs) {
            assertEquals(StoreStatus.WRITER_ACTIVE, status);
            assertEquals(entry.changedNs, log.overlay.answerDetail());
        } else {
            assertEquals(StoreStatus.APPEND, status);
            final int open = log.overlay.pendingState().openFragmentedEventCount();
            log.expire(writer, segment);
            assertEquals(
                    open - (entry.open == null ? 0 : 1),
                    log.overlay.pendingState().openFragmentedEventCount());
            assertTrue(
                    log.check(writer, segment, entry.epoch, 1, 1) < 0,
                    "an expired writer's resend must not look like a new writer's");
        }
    }

    /** Mostly repeats and creations, seldom a seal or a deletion: a sealed segment takes no more events. */
    private void effect(final long segment) {
        final int dice = random.nextInt(16);
        if (dice >= 10) {
            final LogOracle.Log known = oracle.segments.get(segment);
            log.truncate(segment, known == null ? 0 : random.nextInt(known.bytes.size() + 2));
            return;
        }
        final EffectAction action = dice == 0
                ? EffectAction.DELETE_SEGMENT
                : dice < 3 ? EffectAction.SEAL_SEGMENT : EffectAction.CREATE_SEGMENT;
        final long last = log.overlay.lastEffectNumber();
        final long number = last + 1 - random.nextInt(3) + random.nextInt(2);
        final int status = log.overlay.checkEffect(number, action, ChainLog.STREAM, segment);
        assertEquals(
                number <= last
                        ? StoreStatus.EFFECT_REPEATED
                        : number == last + 1 ? StoreStatus.APPEND : StoreStatus.EFFECT_GAP,
                status);
        if (status == StoreStatus.APPEND) {
            log.effect(number, action, segment);
        }
    }

    private byte[] list(final long writer, final long segment, final long first, final int count) {
        final int life = oracle.life(writer, segment);
        final ByteBuffer bytes = ByteBuffer.allocate(count * 256);
        for (int i = 0; i < count; i++) {
            bytes.put(event(writer, segment, life, first + i));
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    /** An event that says whose it is, and is 28 to 155 bytes long, by its name alone. */
    private static byte[] event(final long writer, final long segment, final int life, final long number) {
        final int length = 28 + (int) ((number * 31 + writer * 7 + segment) & 127);
        final byte[] bytes = new byte[length];
        ByteBuffer.wrap(bytes).putInt(length).putLong(writer).putInt(life).putLong(number);
        Arrays.fill(bytes, 24, length, (byte) (writer + number));
        return bytes;
    }

    void checkContent() {
        tellOracle();
        oracle.segments.forEach((segmentId, expected) -> {
            final Segment segment = log.segment(segmentId);
            assertEquals(expected.bytes.size(), segment.length());
            assertEquals(expected.start, segment.startOffset());
            assertEquals(expected.sealed, segment.isSealed());
            assertEquals(expected.deleted, segment.isDeleted());
        });
        assertEquals(oracle.writers.size(), log.state.writers().size());
        assertEquals(oracle.openCount(), log.state.openFragmentedEventCount());
        oracle.writers.forEach((key, entry) -> {
            final int slot = log.slot(key.writer(), key.segment());
            assertEquals(entry.last, log.state.writers().lastEventNumber(slot));
            assertEquals(entry.epoch, log.state.writers().writerEpoch(slot));
            assertEquals(entry.secret, log.state.writers().bindSecret(slot));
        });
    }

    void checkEventsOnceAndInOrder() {
        oracle.segments.forEach((segmentId, content) -> {
            final Map<List<Long>, Long> lastNumbers = new HashMap<>();
            final ByteBuffer bytes = ByteBuffer.wrap(content.bytes.toByteArray());
            while (bytes.hasRemaining()) {
                final int start = bytes.position();
                final byte[] event = new byte[bytes.getInt()];
                final long writer = bytes.getLong();
                final int life = bytes.getInt();
                final long number = bytes.getLong();
                bytes.position(start);
                bytes.get(event);
                final Long last = lastNumbers.put(new ArrayList<>(List.of(writer, (long) life)), number);
                assertEquals(last == null ? 1 : last + 1, number, "writer " + writer + ", segment " + segmentId);
                assertArrayEquals(event(writer, segmentId, life, number), event, "no byte of another event");
            }
            oracle.writers.forEach((key, entry) -> {
                if (key.segment() == segmentId && entry.last > 0) {
                    final long life = oracle.life(key.writer(), segmentId);
                    final Long last = lastNumbers.get(List.of(key.writer(), life));
                    assertNotNull(last, "every event that was accepted is there");
                    assertEquals(entry.last, last);
                }
            });
        });
    }
}
