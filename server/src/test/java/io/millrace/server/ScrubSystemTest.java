package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node under whose hands the device rots: it says so wherever an operator looks, and goes on. */
@Timeout(120)
final class ScrubSystemTest {
    private static final String STREAM = "rot/events";
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    @Test
    void shouldNameAFlippedBitAndGoOnWhenTheDeviceRots() throws Exception {
        final String code = ErrorCode.BATCH_DAMAGED.id();
        try (NodeProcess node = NodeProcess.create()
                .with("journal.scrub-rate=128KiB")
                .expectingError(code)
                .start()) {
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
                NodeSystemTest.appendAll(millrace, STREAM, 400, 2000);
            }
            assertEquals(0, node.terminate(), node::errorText);
            final long place = NodeSystemTest.find(node.journal(), "event-395 ");
            node.start(); // begins a pass, which will be there in ten seconds
            NodeSystemTest.flip(node.journal(), place);
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                final long deadlineNs = System.nanoTime() + PATIENCE_NS;
                HttpResponse<String> ready = OperatorSystemTest.ask(node, "/health/ready");
                while (!ready.body().contains(code) && System.nanoTime() < deadlineNs) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                    ready = OperatorSystemTest.ask(node, "/health/ready");
                }
                assertTrue(ready.body().contains(code), ready::body);
                assertTrue(ready.body().contains(node.journal() + ": zone 0, addresses "), ready::body);
                assertEquals(200, ready.statusCode(), "one damaged batch makes nothing unready");
                final String metrics = OperatorSystemTest.ask(node, "/metrics").body();
                assertTrue(metrics.contains("millrace_journal_scrub_damaged_total 1"), metrics);
                assertTrue(node.errorText().contains("its device is damaged: " + code), node::errorText);
                NodeSystemTest.appendAll(millrace, STREAM, 10, 100);
            }
        }
    }
}
