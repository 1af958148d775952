package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * kill -9 in the middle of pipelined writing, again and again on one journal: what was acknowledged is read back,
 * dense, once, in order. A writer lives through several kills (it sends again what is missing), then it is dropped in
 * the middle and the next takes its place (what is missing then must not have been acknowledged).
 */
final class KillCrashTest {
    private static final String STREAM = "crash/events";
    private static final int WRITERS = 5;
    private static final int KILLS_PER_WRITER = 4;
    private static final int MAX_PENDING = 2_000;
    private static final int MAX_EVENTS_PER_ROUND = 20_000;

    @Test
    @Timeout(150)
    void shouldReadBackEveryAcknowledgedEventOnceWhenTheNodeIsKilledUnderLoad() {
        final long seed = Long.getLong("crash.seed", 20_261_123L);
        System.out.println("-Dcrash.seed=" + seed);
        final SplittableRandom random = new SplittableRandom(seed);
        final List<KeyedLoad> loads = new ArrayList<>();
        int kills = 0;
        try (NodeProcess node = NodeProcess.create().with("journal.size=256MiB").with("journal.zone-size=8MiB")) {
            node.start();
            for (int w = 0; w < WRITERS; w++) {
                try (Millrace millrace = connect(node)) {
                    millrace.streams().createStream(STREAM, StreamConfiguration.fixed(4));
                    final KeyedLoad load = new KeyedLoad("w" + w, millrace.openWriter(STREAM));
                    loads.add(load);
                    for (int k = 0; k < KILLS_PER_WRITER; k++) {
                        killUnderLoad(node, load, random.nextInt(20, 200));
                        kills++;
                        if (k < KILLS_PER_WRITER - 1) {
                            node.start(() -> load.step(MAX_PENDING));
                        }
                    }
                }
                // The client is gone with what was on its way; the node comes back without it.
                node.start();
                assertEquals(kills + 1, Integer.parseInt(node.ready("incarnation")));
                try (Millrace millrace = connect(node)) {
                    final Map<String, Long> read = KeyedLoad.readAll(millrace, STREAM);
                    loads.forEach(load -> load.assertIn(read));
                }
            }
            assertTrue(kills >= 20);
            try (Millrace millrace = connect(node)) {
                final KeyedLoad last = new KeyedLoad("last", millrace.openWriter(STREAM));
                for (int i = 0; i < 1_000; i++) {
                    last.step(MAX_PENDING);
                }
                last.finish();
                loads.add(last);
                final Map<String, Long> read = KeyedLoad.readAll(millrace, STREAM);
                loads.forEach(load -> load.assertIn(read));
            }
        }
    }

    private static void killUnderLoad(final NodeProcess node, final KeyedLoad load, final int afterMs) {
        final long acknowledgedBefore = load.acknowledgedCount();
        final long mostOffered = load.offeredCount() + MAX_EVENTS_PER_ROUND;
        final long deadlineNs = System.nanoTime() + 20_000_000_000L;
        // The client needs a moment to find the restarted node: the round begins when it is acknowledged again.
        while (load.acknowledgedCount() == acknowledgedBefore) {
            load.step(MAX_PENDING);
            assertTrue(System.nanoTime() < deadlineNs, () -> "nothing acknowledged after the restart: " + load);
        }
        final Thread killer = new Thread(() -> {
            LockSupport.parkNanos(afterMs * 1_000_000L);
            node.signalKill();
        });
        killer.start();
        while (killer.isAlive() || node.isAlive()) {
            load.step(load.offeredCount() < mostOffered ? MAX_PENDING : 0);
        }
        node.kill();
    }

    private static Millrace connect(final NodeProcess node) {
        return Millrace.connect(new Millrace.Context().endpoint(node.endpoint()).connectTimeoutNs(20_000_000_000L));
    }
}
