package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.AckHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.Result;
import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamPosition;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A stream that is truncated while it is written sends many times the journal's length through it; kill -9 comes at any
 * moment, in the middle of checkpoints too. What was acknowledged and not truncated is read back, dense and in order;
 * so is a slow stream, whose few events lie far apart, with freed zones between them, and so are idle streams of one
 * event each. Together these would keep most zones for ever, so their events are copied forward.
 */
final class RecyclingCrashTest {
    private static final String STREAM = "recycling/events";
    private static final String OLD = "recycling/old";
    private static final String PADDING = "x".repeat(4_000);
    private static final int ROUNDS = 12;
    private static final int EVENTS_A_ROUND = 2_500;
    private static final int KEPT = 800;

    private static final String IDLE = "recycling/idle-";

    /** With the idle streams' events, each keeps a zone of sixteen. */
    private static final int OLD_EVENTS = 4;

    private static final int MAX_PENDING = 500;
    private static final int EVENT_HEADER_LENGTH = 12;

    @Test
    @Timeout(150)
    void shouldKeepWhatIsLiveWhenTheJournalIsWrittenManyTimesOver() {
        final SplittableRandom random = new SplittableRandom(Long.getLong("crash.seed", 20_261_124L));
        try (NodeProcess node = NodeProcess.create().with("journal.size=32MiB").with("journal.zone-size=2MiB")) {
            node.start();
            Load load = new Load(0);
            try (Millrace millrace = connect(node)) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
                millrace.streams().createStream(OLD, StreamConfiguration.fixed(1));
                try (EventWriter writer = millrace.openWriter(OLD)) {
                    writer.append("old", "old 0".getBytes(UTF_8));
                }
            }
            for (int round = 0; round < ROUNDS; round++) {
                try (Millrace millrace = connect(node)) {
                    final long killAt = load.acknowledged + random.nextInt(EVENTS_A_ROUND / 2, EVENTS_A_ROUND);
                    load = load.writeUntil(millrace, killAt);
                    node.kill();
                }
                node.start();
                final long folded = Long.parseLong(node.ready("recoveredBatches"));
                assertTrue(folded < 4_000, () -> "recovery folded " + folded + " batches");
                try (Millrace millrace = connect(node)) {
                    load.readBack(millrace);
                    final int expected = Math.min(round + 1, OLD_EVENTS);
                    assertEquals(expected, eventCountOf(millrace, OLD, expected));
                    for (int idle = 0; idle < round; idle++) {
                        assertEquals(1, eventCountOf(millrace, IDLE + idle, 1));
                    }
                    millrace.streams().createStream(IDLE + round, StreamConfiguration.fixed(1));
                    try (EventWriter writer = millrace.openWriter(IDLE + round)) {
                        writer.append("old", "old 0".getBytes(UTF_8));
                    }
                    if (expected < OLD_EVENTS) {
                        try (EventWriter writer = millrace.openWriter(OLD)) {
                            writer.append("old", ("old " + expected).getBytes(UTF_8));
                        }
                    }
                }
            }
            final long written = load.acknowledged * PADDING.length();
            assertTrue(written > 2 * (32L << 20), () -> "only " + written + " bytes went through the journal");
        }
    }

    private static int eventCountOf(final Millrace millrace, final String stream, final int expected) {
        final int[] count = {0};
        try (EventReader reader = millrace.openReader(stream, StreamPosition.HEAD)) {
            final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (count[0] < expected) {
                reader.poll(
                        (buffer, offset, length, keyHash, segmentId, eventOffset) ->
                                assertEquals("old " + count[0]++, buffer.getStringWithoutLengthUtf8(offset, length)),
                        1);
                assertTrue(System.nanoTime() < deadlineNs, () -> "only " + count[0] + " old events");
            }
        }
        return count[0];
    }

    private static Millrace connect(final NodeProcess node) {
        return Millrace.connect(new Millrace.Context().endpoint(node.endpoint()).connectTimeoutNs(20_000_000_000L));
    }

    /** Numbered events of one writer, and how far they were acknowledged and truncated. */
    private static final class Load implements AckHandler {
        private final long base;
        private long offered;
        private long acknowledged;
        private long truncated;
        private long nextTruncation;

        Load(final long lastNumber) {
            base = lastNumber;
            offered = lastNumber;
            acknowledged = lastNumber;
            truncated = lastNumber;
            nextTruncation = lastNumber + KEPT;
        }

        /** Writes with a new writer behind what is there already. */
        Load writeUntil(final Millrace millrace, final long killAt) {
            final Load load = new Load(offered);
            load.truncated = truncated;
            final StreamInfo stream = millrace.streams().describe(STREAM);
            final SegmentInfo segment = stream.segments().get(0);
            final EventWriter writer = millrace.openWriter(STREAM);
            final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (load.acknowledged < killAt) {
                while (writer.pendingCount() < MAX_PENDING && load.offer(writer)) {}
                writer.poll(load, 1_000);
                assertTrue(System.nanoTime() < deadlineNs, () -> "no progress: " + writer.lastRefusal());
                if (load.acknowledged >= load.nextTruncation) {
                    final long to = load.acknowledged - KEPT / 2;
                    final StreamPosition cut = StreamPosition.of(
                            stream.streamId(), new long[] {segment.segmentId()}, new long[] {endOffset(to)});
                    assertTrue(millrace.streams().truncate(STREAM, cut));
                    load.truncated = to;
                    load.nextTruncation = load.acknowledged + KEPT;
                }
            }
            return load;
        }

        private boolean offer(final EventWriter writer) {
            final long sequence = writer.offer("key", ((offered + 1) + "/" + PADDING).getBytes(UTF_8));
            if (sequence > 0) {
                offered++;
                return true;
            }
            assertTrue(Result.isRetryable(sequence), () -> Result.name(sequence) + " " + writer.lastRefusal());
            return false;
        }

        /** Events are dense from 1, so where one ends follows from its number. */
        private static long endOffset(final long number) {
            long offset = 0;
            for (long i = 1; i <= number; i++) {
                offset += EVENT_HEADER_LENGTH + (i + "/").length() + PADDING.length();
            }
            return offset;
        }

        @Override
        public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
            acknowledged = base + sequence;
        }

        @Override
        public void onFailed(final long sequence, final long segmentId, final long eventNumber, final long code) {
            throw new AssertionError("event " + sequence + " failed: " + Result.name(code));
        }

        /** Reads from the head; what was on its way when the node was killed may be there or not. */
        void readBack(final Millrace millrace) {
            final long end = millrace.streams().describe(STREAM).readableBytes();
            final long[] seen = {0, 0, 0};
            final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
            try (EventReader reader = millrace.openReader(STREAM, StreamPosition.HEAD)) {
                while (seen[2] < end) {
                    reader.poll(
                            (buffer, offset, length, keyHash, segmentId, eventOffset) -> {
                                final String text = buffer.getStringWithoutLengthUtf8(offset, length);
                                final int slash = text.indexOf('/');
                                assertEquals(PADDING, text.substring(slash + 1));
                                final long number = Long.parseLong(text.substring(0, slash));
                                if (seen[0] == 0) {
                                    seen[0] = number;
                                } else {
                                    assertEquals(seen[1] + 1, number, "in order, without a gap");
                                }
                                seen[1] = number;
                                seen[2] += length + EVENT_HEADER_LENGTH;
                            },
                            1_000);
                    assertTrue(System.nanoTime() < deadlineNs, () -> "read " + seen[2] + " of " + end + " bytes");
                }
            }
            assertTrue(seen[0] <= truncated + 1, () -> "starts with " + seen[0] + ", truncated to " + truncated);
            assertTrue(seen[1] >= acknowledged && seen[1] <= offered, () -> "ends with " + seen[1]);
            offered = seen[1];
            acknowledged = seen[1];
        }
    }
}
