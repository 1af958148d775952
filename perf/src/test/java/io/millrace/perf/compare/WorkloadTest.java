package io.millrace.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Workloads have the cells that are promised, and peers are chosen by name. */
@Timeout(20)
final class WorkloadTest {
    @TempDir
    private Path root = Path.of("");

    @Test
    void shouldMeasureEveryRateWhenItIsAnAppend() {
        assertEquals(
                List.of(1_000.0, 10_000.0, 50_000.0, 100_000.0),
                Workload.W1.cells(List.of(), 1, 1).stream()
                        .map(cell -> cell.plan().ratePerSecond())
                        .toList());
        final List<Workload.Cell> cells = Workload.W2.cells(List.of(7_000L), 1, 1);
        assertEquals(1, cells.size());
        assertEquals(1024, cells.get(0).plan().eventLength());
        assertEquals("W2 at 7,000/s", cells.get(0).toString());
    }

    @Test
    void shouldGrowOneThingAtATimeWhenItIsW6() {
        final List<Workload.Cell> cells = Workload.W6.cells(List.of(), 1, 1);
        assertEquals(
                List.of(
                        "W6-writers-1",
                        "W6-writers-2",
                        "W6-writers-4",
                        "W6-writers-8",
                        "W6-writers-16",
                        "W6-streams-1",
                        "W6-streams-10",
                        "W6-streams-100",
                        "W6-streams-1000"),
                cells.stream().map(Workload.Cell::name).toList());
        assertTrue(cells.stream().allMatch(cell -> cell.plan().ratePerSecond() == 10_000));
        assertEquals(1000, cells.get(8).plan().streams());
        assertEquals(1, cells.get(8).plan().writers());
    }

    @Test
    void shouldMakeRoomForEveryEventWhenThePlanIsMade() {
        final Plan plan = Workload.W1
                .cells(List.of(50_000L), 2_000_000_000L, 3_000_000_000L)
                .get(0)
                .plan();
        assertTrue(plan.eventCount() >= 5 * 50_000);
        final Plan slow = Workload.W1
                .cells(List.of(1_000L), 2_000_000_000L, 3_000_000_000L)
                .get(0)
                .plan();
        assertTrue(slow.eventCount() >= 2 * Plan.WARM_UP_RATE, "compilers are warmed up faster than that");
    }

    @Test
    void shouldChooseByNameWhenPeersAreNamed() throws IOException {
        final Peers peers = Peers.find(root);
        assertEquals(List.of(), peers.choose("none"));
        assertEquals(Peers.EXPECTED, peers.choose("all"), "what was not built is told as skipped");
        assertEquals(List.of("nats", "kafka"), peers.choose("nats, kafka"));
        assertTrue(peers.whyMissing("nats").startsWith("not built"));
        assertThrows(IllegalArgumentException.class, () -> peers.choose("cassandra"));
    }
}
