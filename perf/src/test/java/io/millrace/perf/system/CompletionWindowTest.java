package io.millrace.perf.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bounds and deliveries of the window over a client's completions. */
@Timeout(20)
final class CompletionWindowTest {
    private long nowNs = 100;
    private final List<String> delivered = new ArrayList<>();
    private final Target.Listener listener = new Target.Listener() {
        @Override
        public void onAcknowledged(final long firstIndex, final long lastIndex) {
            delivered.add(firstIndex + "-" + lastIndex);
        }

        @Override
        public void onAcknowledged(final long firstIndex, final long lastIndex, final long acknowledgedNs) {
            delivered.add(firstIndex + "-" + lastIndex + "@" + acknowledgedNs);
        }
    };

    @Test
    void shouldHaveNoRoomWhenAsManyAreUnderWayAsItHolds() {
        final CompletionWindow window = new CompletionWindow(2, () -> nowNs);
        window.offered();
        assertTrue(window.hasRoom());
        window.offered();
        assertFalse(window.hasRoom());
        window.completed(1);
        assertFalse(window.hasRoom(), "known to the client's thread only");
        assertEquals(1, window.poll(listener));
        assertTrue(window.hasRoom());
    }

    @Test
    void shouldKeepTheMomentOfEachCompletionWhenTheRigLooksLater() {
        final CompletionWindow window = new CompletionWindow(4, () -> nowNs);
        window.offered();
        window.offered();
        window.completed(8);
        nowNs = 200;
        window.completed(7);
        nowNs = 999;
        window.poll(listener);
        assertEquals(List.of("8-8@100", "7-7@200"), delivered);
        assertEquals(0, window.poll(listener));
    }

    @Test
    void shouldKeepTheFirstReasonWhenTheClientFailsTwice() {
        final CompletionWindow window = new CompletionWindow(4, () -> nowNs);
        assertNull(window.failure());
        window.fail("first");
        window.fail("second");
        assertEquals("first", window.failure());
    }

    @Test
    void shouldBoundEventsAndBytesWhenTheCapacityIsChosen() {
        assertEquals(64 * 1024, CompletionWindow.capacityFor(load(100, 10_000)));
        assertEquals(256 * 1024, CompletionWindow.capacityFor(load(100, 0)));
        assertEquals(64, CompletionWindow.capacityFor(load(1 << 20, 10_000)));
    }

    private static SystemContext.Load load(final int eventLength, final double ratePerSecond) {
        return new SystemContext.Load(eventLength, 1, 1, ratePerSecond, 0, false);
    }
}
