package io.millrace.testsupport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.net.DatagramSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Runs a test class that leaves a socket open, as a test would be run. */
@Timeout(60)
class LeakWatchTest {
    static @Nullable DatagramSocket leaked;

    @Test
    void shouldFailAClassThatLeavesASocketOpen() {
        final SummaryGeneratingListener listener = new SummaryGeneratingListener();
        try {
            LauncherFactory.create()
                    .execute(
                            LauncherDiscoveryRequestBuilder.request()
                                    .selectors(selectClass(LeavesASocketOpen.class))
                                    .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
                                    .build(),
                            listener);
            assertEquals(1, listener.getSummary().getTestsSucceededCount());
            assertEquals(1, listener.getSummary().getFailures().size());
            final String said = String.valueOf(
                    listener.getSummary().getFailures().get(0).getException().getMessage());
            assertTrue(said.startsWith("LeavesASocketOpen left open:\n  1 x descriptor of socket:"), said);
        } finally {
            final DatagramSocket socket = leaked;
            assertNotNull(socket);
            socket.close();
        }
    }
}
