package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.AckHandler;
import io.millrace.client.EventHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Result;
import io.millrace.client.StreamPosition;
import io.millrace.codec.KeyHash;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Whatever the node and the way to it do (cut, restart, refuse, repeat, forget answers, change the chain), the log
 * holds each event once, in order per key; each is acknowledged once, after it is committed; a reader sees exactly the
 * log. A list is stored whole, at once.
 */
class ExactlyOncePropertyTest {
    private static final int KEYS = 5;

    @Property(tries = 400)
    void shouldStoreEachEventOnceInOrderWhenFaultsStrike(
            @ForAll final long seed, @ForAll @IntRange(min = 0, max = 30) final int perMille) {
        new Run(seed, perMille, false).run();
    }

    @Property(tries = 40)
    void shouldStoreLargeEventsOnceWhenFaultsStrike(
            @ForAll final long seed, @ForAll @IntRange(min = 0, max = 10) final int perMille) {
        new Run(seed, perMille, true).run();
    }

    private static final class Run implements AckHandler, EventHandler {
        private final ClientFixture fixture;
        private final Random random;
        private final boolean isLarge;
        private final int perMille;
        private final int eventCount;
        private final EventWriter writer;
        private final EventReader reader;
        private final Map<Long, String> sent = new HashMap<>();
        private final Set<Long> acknowledged = new HashSet<>();
        private final Map<Long, List<String>> read = new HashMap<>();
        private final Map<Long, Long> lastNumbers = new HashMap<>();
        private final List<Integer> listSizes = new ArrayList<>();
        private final int[] nextOfKey = new int[KEYS];

        Run(final long seed, final int perMille, final boolean isLarge) {
            this.random = new Random(seed);
            this.perMille = perMille;
            this.isLarge = isLarge;
            this.eventCount = isLarge ? 20 : 300;
            // Small rings, so that they wrap many times.
            this.fixture = new ClientFixture(seed, 1 + random.nextInt(3), 64, isLarge ? 16 * 1024 : 512);
            this.writer = fixture.writer();
            this.reader = fixture.reader(StreamPosition.HEAD);
        }

        void run() {
            fixture.node.faults = Faults.all(perMille);
            int offered = 0;
            for (int turn = 0; turn < 4_000 && offered < eventCount; turn++) {
                final int burst = random.nextInt(8);
                for (int i = 0; i < burst && offered < eventCount; i++) {
                    offered += offer();
                }
                work();
            }
            fixture.node.faults = Faults.NONE;
            int turn = 0;
            while (offered < eventCount) {
                offered += offer();
                work();
                assertTrue(++turn < 200_000, "cannot offer any more");
            }
            while (writer.pendingCount() > 0 || acknowledged.size() < sent.size() || readCount() < sent.size()) {
                fixture.clock.advanceNs(1_000_000);
                work();
                assertTrue(++turn < 200_000, this::stuck);
            }
            check();
        }

        private String stuck() {
            return "stuck: " + writer.pendingCount() + " pending, " + acknowledged.size() + " acknowledged, "
                    + readCount() + " read of " + eventCount;
        }

        private int offer() {
            final int count = random.nextInt(6) == 0 ? 2 + random.nextInt(4) : 1;
            return count == 1 ? offerOne() : offerList(count);
        }

        private int offerList(final int count) {
            final int key = random.nextInt(KEYS);
            final List<byte[]> payloads = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                final int fill = random.nextInt(isLarge ? 3_000 : 20);
                payloads.add(ClientFixture.bytes(key + " " + (nextOfKey[key] + i) + " " + "x".repeat(fill)));
            }
            final long sequence = writer.offer("key " + key, payloads);
            if (sequence < 0) {
                assertTrue(Result.isRetryable(sequence), () -> Result.name(sequence));
                return 0;
            }
            assertEquals(sent.size() + count, sequence);
            payloads.forEach(payload -> sent.put(sent.size() + 1L, ClientFixture.text(payload)));
            nextOfKey[key] += count;
            listSizes.add(count);
            return count;
        }

        private int offerOne() {
            final int key = random.nextInt(KEYS);
            final StringBuilder text =
                    new StringBuilder().append(key).append(' ').append(nextOfKey[key]);
            final int longest = random.nextInt(10) == 0 ? 40_000 : 6_000; // the longer ones make the ring grow
            final int fill = isLarge ? random.nextInt(longest) : random.nextInt(20);
            text.append(' ').append("x".repeat(fill));
            final UnsafeBuffer payload = ClientFixture.buffer(text.toString());
            final long sequence = writer.offer(KeyHash.of("key " + key), payload, 0, payload.capacity());
            if (sequence < 0) {
                assertTrue(Result.isRetryable(sequence), () -> Result.name(sequence));
                return 0;
            }
            assertEquals(sent.size() + 1, sequence);
            sent.put(sequence, text.toString());
            nextOfKey[key]++;
            return 1;
        }

        private void work() {
            writer.poll(this, 1 + random.nextInt(20));
            reader.poll(this, 1 + random.nextInt(20));
        }

        private int readCount() {
            return read.values().stream().mapToInt(List::size).sum();
        }

        @Override
        public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
            assertTrue(acknowledged.add(sequence), "acknowledged twice: " + sequence);
            assertEquals(lastNumbers.getOrDefault(segmentId, 0L) + 1, eventNumber);
            lastNumbers.put(segmentId, eventNumber);
            final FakeNode.Segment segment = fixture.node.segments[(int) segmentId];
            assertTrue(endOffset <= segment.bytes.size(), "acknowledged before it was committed");
            assertEquals(
                    sent.get(sequence), ClientFixture.text(segment.payloads().get((int) eventNumber - 1)));
        }

        @Override
        public void onEvent(
                final org.agrona.DirectBuffer buffer,
                final int offset,
                final int length,
                final long keyHash,
                final long segmentId,
                final long eventOffset) {
            read.computeIfAbsent(segmentId, id -> new ArrayList<>())
                    .add(buffer.getStringWithoutLengthAscii(offset, length));
        }

        private void check() {
            final int[] seen = new int[KEYS];
            for (final FakeNode.Segment segment : fixture.node.segments) {
                final List<String> log = new ArrayList<>();
                for (final byte[] payload : segment.payloads()) {
                    final String text = ClientFixture.text(payload);
                    log.add(text);
                    final String[] parts = text.split(" ", -1);
                    final int key = Integer.parseInt(parts[0]);
                    assertEquals(seen[key], Integer.parseInt(parts[1]), "order of key " + key);
                    seen[key]++;
                }
                assertEquals(log, read.getOrDefault(segment.id, List.of()));
            }
            for (int key = 0; key < KEYS; key++) {
                assertEquals(nextOfKey[key], seen[key], "events of key " + key);
            }
            assertEquals(writer.lastSequence(), writer.acknowledgedSequence());
            Collections.sort(listSizes);
            Collections.sort(fixture.node.listSizes);
            assertEquals(listSizes, fixture.node.listSizes, "lists are stored as they were offered");
        }
    }
}
