package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.CountersFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A node between a hostile client and a good one: the good one writes and reads without an error, a gap or a double,
 * and the node neither grows nor logs. {@code -Dhostile.seconds=60} for a minute of it, {@code -Dhostile.seed=} another
 * sequence.
 */
final class HostileClientSystemTest {
    private static final String STREAM = "good/events";
    private static final long SECONDS = Long.getLong("hostile.seconds", 4);
    private static final long SEED = Long.getLong("hostile.seed", 20_261_124L);
    /** More than the good client fills, a granule a write; it truncates nothing. */
    private static final long MEBIBYTES_PER_SECOND = 100;

    private static final long MOST_GROWTH_KIB = 256 << 10;

    @Test
    @Timeout(300)
    void shouldNotBeNoticedByAGoodClientWhenAHostileOneSendsMutatedFrames() throws Exception {
        System.out.println("seed " + SEED + ": repeat with -Dhostile.seed=" + SEED);
        try (NodeProcess node = NodeProcess.create()
                        .with("journal.size=" + Math.max(512, SECONDS * MEBIBYTES_PER_SECOND) + "MiB")
                        .with("journal.zone-size=16MiB")
                        .start();
                Millrace millrace = NodeSystemTest.connect(node)) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(2));
            millrace.streams().createStream("good/probe", StreamConfiguration.fixed(1));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            final long descriptors = descriptors(node);
            final long residentKib = residentKib(node);
            final long[] latencies;
            try (EventWriter probe = millrace.openWriter("good/probe");
                    HostileClient hostile = new HostileClient(node, SEED)) {
                final Thread thread = new Thread(hostile, "hostile");
                thread.start();
                latencies = goodTraffic(load, probe);
                hostile.end();
                thread.join(10_000);
                assertTrue(hostile.sentMessages() > 100 && hostile.sentDatagrams() > 1_000, "it did not do much");
                System.out.printf(
                        "hostile: %d messages, %d datagrams, %d refusals; good: %d events, p50 %d us, p99 %d us%n",
                        hostile.sentMessages(),
                        hostile.sentDatagrams(),
                        hostile.refusals(),
                        load.acknowledgedCount(),
                        latencies[latencies.length / 2] / 1_000,
                        latencies[latencies.length * 99 / 100] / 1_000);
            }
            load.finish();
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            assertEquals(
                    latencies.length,
                    NodeSystemTest.readTexts(millrace, "good/probe").size());
            assertEquals(0, millrace.counters().reconnects(), "the good client's session was lost");
            assertTrue(node.isAlive());
            try (CountersFile counters = CountersFile.open(node.data())) {
                assertTrue(counters.value("sessions") <= 8, () -> "sessions: " + counters.value("sessions"));
                assertEquals(0, counters.value("transport.rebuilds"));
            }
            final long grown = residentKib(node) - residentKib;
            assertTrue(grown < MOST_GROWTH_KIB, () -> "the node grew by " + grown + " KiB");
            final long more = descriptors(node) - descriptors;
            assertTrue(more < 64, () -> more + " more open descriptors");
            node.assertNoErrors();
        }
    }

    /** Writes as fast as acknowledgements come, and single events whose time is taken; sorted. */
    private static long[] goodTraffic(final KeyedLoad load, final EventWriter probe) {
        final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        final long[] latencies = new long[1_000_000];
        int count = 0;
        while (System.nanoTime() < endNs && count < latencies.length) {
            for (int i = 0; i < 20; i++) {
                load.step(200);
            }
            final long startNs = System.nanoTime();
            probe.append("k", Long.toString(count).getBytes(UTF_8));
            latencies[count++] = System.nanoTime() - startNs;
        }
        final long[] sorted = Arrays.copyOf(latencies, count);
        Arrays.sort(sorted);
        return sorted;
    }

    private static long descriptors(final NodeProcess node) throws IOException {
        try (var files = Files.list(Path.of("/proc", Long.toString(node.processId()), "fd"))) {
            return files.count();
        }
    }

    private static long residentKib(final NodeProcess node) throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc", Long.toString(node.processId()), "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new AssertionError("no VmRSS");
    }
}
