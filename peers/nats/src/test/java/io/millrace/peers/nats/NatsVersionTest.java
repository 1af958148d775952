package io.millrace.peers.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a server can do, by its version. */
@Timeout(20)
final class NatsVersionTest {
    @Test
    void shouldNotSyncEveryMessageWhenTheServerIsDebians() {
        final NatsVersion version = NatsVersion.parse("nats-server: v2.9.10");
        assertEquals(new NatsVersion(2, 9, "2.9.10"), version);
        assertFalse(version.syncsEveryMessage());
    }

    @Test
    void shouldSyncEveryMessageWhenTheServerIsNewEnough() {
        assertTrue(NatsVersion.parse("nats-server: v2.10.0").syncsEveryMessage());
        assertTrue(NatsVersion.parse("nats-server: v3.0.1-beta").syncsEveryMessage());
    }

    @Test
    void shouldSyncNothingWhenNoVersionIsPrinted() {
        assertFalse(NatsVersion.parse("command not found").syncsEveryMessage());
    }
}
