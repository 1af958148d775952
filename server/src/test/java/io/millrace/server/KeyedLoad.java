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
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamPosition;
import io.millrace.codec.KeyHash;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Numbered events of one key per segment, written pipelined, with what was acknowledged of each key; and the check of
 * what is read back.
 *
 * <p>An event's text is {@code writer/key/number/padding}; numbers of a writer and key are dense from 1.
 *
 * <p><b>Threading</b>: one thread.
 */
final class KeyedLoad implements AckHandler {
    private static final String PADDING = "x".repeat(48);

    private final String name;
    private final EventWriter writer;
    private final List<String> keys;
    private final long[] offered;
    private final long[] acknowledged;
    private final List<Integer> keyOfSequence = new ArrayList<>();

    KeyedLoad(final String name, final EventWriter writer) {
        this.name = name;
        this.writer = writer;
        keys = keyPerSegment(writer.stream());
        offered = new long[keys.size()];
        acknowledged = new long[keys.size()];
    }

    /** Finds a key for each segment. */
    static List<String> keyPerSegment(final StreamInfo stream) {
        final List<String> keys = new ArrayList<>();
        for (final SegmentInfo segment : stream.segments()) {
            for (int i = 0; keys.size() <= stream.segments().indexOf(segment); i++) {
                final long hash = KeyHash.of("key" + i);
                if (Long.compareUnsigned(hash, segment.keyLow()) >= 0
                        && Long.compareUnsigned(hash, segment.keyHigh()) <= 0) {
                    keys.add("key" + i);
                }
            }
        }
        return keys;
    }

    /** Offers one event of each key, at most until the writer's window is full, and takes acknowledgements. */
    void step(final int maxPending) {
        for (int k = 0; k < keys.size() && writer.pendingCount() < maxPending; k++) {
            final String text = name + "/" + keys.get(k) + "/" + (offered[k] + 1) + "/" + PADDING;
            final long sequence = writer.offer(keys.get(k), text.getBytes(UTF_8));
            if (sequence > 0) {
                offered[k]++;
                keyOfSequence.add(k);
                assertEquals(keyOfSequence.size(), sequence, "sequences are dense");
            } else {
                assertTrue(Result.isRetryable(sequence), () -> Result.name(sequence));
            }
        }
        writer.poll(this, 1_000);
    }

    /** Waits until everything is acknowledged. */
    void finish() {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
        while (acknowledgedCount() < keyOfSequence.size()) {
            if (writer.poll(this, 1_000) == 0) {
                assertTrue(System.nanoTime() < deadlineNs, () -> "not acknowledged: " + this);
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
        final int key = keyOfSequence.get((int) sequence - 1);
        acknowledged[key]++;
    }

    @Override
    public void onFailed(final long sequence, final long segmentId, final long eventNumber, final long code) {
        throw new AssertionError("event " + sequence + " failed: " + Result.name(code));
    }

    /** Counts what was acknowledged. */
    long acknowledgedCount() {
        long sum = 0;
        for (final long count : acknowledged) {
            sum += count;
        }
        return sum;
    }

    /** Counts what was offered. */
    long offeredCount() {
        return keyOfSequence.size();
    }

    /** Fails unless of each key at least the acknowledged and at most the offered events were read. */
    void assertIn(final Map<String, Long> lastNumbers) {
        for (int k = 0; k < keys.size(); k++) {
            final long read = lastNumbers.getOrDefault(name + "/" + keys.get(k), 0L);
            assertTrue(
                    read >= acknowledged[k] && read <= offered[k],
                    name + "/" + keys.get(k) + ": read " + read + ", acknowledged " + acknowledged[k] + ", offered "
                            + offered[k]);
        }
    }

    /**
     * Reads a stream from its head to where it ends now, and fails when the numbers of a writer and key are not dense
     * and in order.
     *
     * @return writer/key → last number
     */
    static Map<String, Long> readAll(final Millrace millrace, final String stream) {
        final long end = millrace.streams().describe(stream).readableBytes();
        final Map<String, Long> last = new TreeMap<>();
        final long[] bytes = {0};
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
        try (EventReader reader = millrace.openReader(stream, StreamPosition.HEAD)) {
            while (bytes[0] < end) {
                final int count = reader.poll(
                        (buffer, offset, length, keyHash, segmentId, eventOffset) -> {
                            bytes[0] += length + 12;
                            final String text = buffer.getStringWithoutLengthUtf8(offset, length);
                            final String[] parts = text.split("/", -1);
                            assertEquals(PADDING, parts[3], "payload");
                            assertEquals(KeyHash.of(parts[1]), keyHash, "key hash");
                            final String writerAndKey = parts[0] + "/" + parts[1];
                            final long number = Long.parseLong(parts[2]);
                            assertEquals(last.getOrDefault(writerAndKey, 0L) + 1, number, writerAndKey);
                            last.put(writerAndKey, number);
                        },
                        1_000);
                if (count == 0) {
                    assertTrue(System.nanoTime() < deadlineNs, () -> "read " + bytes[0] + " of " + end + " bytes");
                    Thread.onSpinWait();
                }
            }
        }
        return last;
    }

    @Override
    public String toString() {
        return name + ": offered " + offeredCount() + ", acknowledged " + acknowledgedCount() + ", refusal "
                + writer.lastRefusal() + ", failure " + writer.failure();
    }
}
