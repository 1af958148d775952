package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Echoes of a writer whose head and tail are different nodes. */
@Timeout(20)
final class AckEchoProxyTest {
    private final ClientFixture fixture = new ClientFixture(1, 1);
    private final Connection head = new Connection(fixture.conductor, fixture.network, "head:1");
    private final FakeNetwork.FakeLink headLink = lastLink();
    private final Connection tail = new Connection(fixture.conductor, fixture.network, "tail:1");
    private final FakeNetwork.FakeLink tailLink = lastLink();
    private final AckEchoProxy echo = new AckEchoProxy(1, 2, 3, 4);

    private FakeNetwork.FakeLink lastLink() {
        return fixture.network.links.get(fixture.network.links.size() - 1);
    }

    @Test
    void shouldEchoOnceToTheTailWhenTheHeadTakesNothing() {
        open(tail);
        tailLink.toNode.clear();
        echo.onAcknowledged(0, 0);
        for (int turn = 0; turn < 1_000; turn++) {
            echo.doWork(5, 1_000_000_000L + turn, head, tail);
        }
        assertEquals(1, tailLink.toNode.size());

        open(head);
        headLink.toNode.clear();
        echo.ask(); // the head missed the echo, and said again what it knows
        for (int turn = 0; turn < 1_000; turn++) {
            echo.doWork(5, 2_000_000_000L + turn, head, tail);
        }
        assertEquals(1, headLink.toNode.size());
        assertEquals(2, tailLink.toNode.size());
    }

    @Test
    void shouldWaitWhenTheTailTakesNothing() {
        open(head);
        headLink.toNode.clear();
        echo.onAcknowledged(0, 0);
        assertEquals(0, echo.doWork(5, 1_000_000_000L, head, tail));
        assertEquals(0, headLink.toNode.size(), "the head must not rely on a tail that nobody hears");
        open(tail);
        tailLink.toNode.clear();
        assertEquals(2, echo.doWork(5, 1_000_000_001L, head, tail));
        assertEquals(1, headLink.toNode.size());
    }

    private static void open(final Connection connection) {
        connection.doWork(0);
    }
}
