package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code hw calibrate} on the journal of a real node, and what the node makes of it. */
@Timeout(120)
final class HwCalibrateSystemTest {
    @Test
    void shouldStartAsCalibratedWhenTheNodeWasStoppedForIt() {
        try (NodeProcess node = NodeProcess.create().start()) {
            assertEquals("false", node.ready("calibrated"));
            assertEquals("2", node.ready("writesInFlight"));
            assertTrue(node.errorText().contains("not calibrated"), node::errorText);
            final CliProcess cli = new CliProcess(node.directory(), "none");
            final String data = node.data().toString();
            cli.run("hw", "calibrate", "--seconds", "1", "--data", data).assertRefused(ErrorCode.DEVICE_LOCKED);
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                millrace.streams().createStream("calibrated/events", StreamConfiguration.fixed(1));
                NodeSystemTest.appendAll(millrace, "calibrated/events", 20, 100);
            }
            assertEquals(0, node.terminate());
            final Map<String, String> found = cli.run(
                            "hw", "calibrate", "--seconds", "1", "--data", data, "--output", "json")
                    .assertDone()
                    .json();
            assertEquals("true", found.get("calibration.calibrated"));
            assertNotEquals(null, found.get("candidates.3.mode"), found::toString);
            node.start();
            for (final String field : new String[] {"mode", "writesInFlight", "p50Micros", "p99Micros", "date"}) {
                assertEquals(found.get("calibration." + field), node.ready(field), field);
            }
            assertEquals(found.get("calibration.writesInFlight"), node.ready("writesInFlight"));
            assertTrue(node.errorText().contains("calibrated 20"), node::errorText);
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                NodeSystemTest.appendAll(millrace, "calibrated/events", 20, 100);
            }
            node.kill();
            node.start("--set", "journal.writes-in-flight=3");
            assertEquals("3", node.ready("writesInFlight"), "what the operator wants goes first");
        }
    }
}
