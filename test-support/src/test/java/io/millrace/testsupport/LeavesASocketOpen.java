package io.millrace.testsupport;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Run by {@link LeakWatchTest} only: no class that is found by its name. */
@Timeout(60)
class LeavesASocketOpen {
    @Test
    void shouldPassAndLeak() throws IOException {
        LeakWatchTest.leaked = new DatagramSocket();
        assertTrue(LeakWatchTest.leaked.isBound());
    }
}
