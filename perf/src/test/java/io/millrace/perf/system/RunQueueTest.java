package io.millrace.perf.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client's thread puts in, the rig's takes out: everything, in order, with its time. */
@Timeout(60)
final class RunQueueTest {
    private long nowNs = 100;
    private long expected;
    private long atNs;

    @Test
    void shouldCarryTheTimeItWasPutWhenItIsTakenLater() {
        final RunQueue queue = new RunQueue(4, () -> nowNs);
        queue.put(7, 9);
        nowNs = 500;
        queue.put(10, 10, 450);
        final StringBuilder taken = new StringBuilder();
        assertEquals(2, queue.drain((first, last, at) -> taken.append(first + "-" + last + "@" + at + " ")));
        assertEquals("7-9@100 10-10@450 ", taken.toString());
        assertEquals(0, queue.drain((first, last, at) -> taken.append("again")));
    }

    @Test
    void shouldLoseNothingWhenTheProducerIsFaster() throws InterruptedException {
        final RunQueue queue = new RunQueue(8, () -> 0);
        final int count = 100_000;
        final Thread producer = new Thread(() -> {
            for (int i = 0; i < count; i++) {
                queue.put(i, i, i);
            }
        });
        producer.start();
        while (expected < count) {
            queue.drain((first, last, at) -> {
                assertEquals(expected, first);
                expected++;
                atNs = at;
            });
            Thread.onSpinWait();
        }
        producer.join();
        assertEquals(count - 1, atNs);
    }

    @Test
    void shouldKeepTheFirstReasonWhenItFailsTwice() {
        final RunQueue queue = new RunQueue(2, () -> 0);
        assertNull(queue.failure());
        queue.fail("first");
        queue.fail("second");
        assertEquals("first", queue.failure());
        assertThrows(IllegalArgumentException.class, () -> new RunQueue(3, () -> 0));
    }
}
