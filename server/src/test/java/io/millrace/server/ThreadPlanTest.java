package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.configuration.NodeConfiguration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which threads run where, by settings and CPUs. */
@Timeout(20)
final class ThreadPlanTest {
    private static ThreadPlan plan(final int cpuCount, final String... settings) {
        return plan(cpuCount, cpuCount, settings);
    }

    private static ThreadPlan plan(final int cpuCount, final int cores, final String... settings) {
        final NodeConfiguration.Builder builder = NodeConfiguration.builder();
        for (int i = 0; i < settings.length; i += 2) {
            builder.set(settings[i], settings[i + 1], "test");
        }
        return ThreadPlan.of(
                builder.conclude(), IntStream.range(0, cpuCount).boxed().toList(), cores);
    }

    private static List<Integer> cpus(final ThreadPlan plan) {
        return plan.threads().stream().map(ThreadPlan.Planned::cpu).toList();
    }

    @Test
    void shouldRunOneThreadWhenThereAreFewCpusAndOneDevice() {
        final ThreadPlan plan = plan(4);
        assertFalse(plan.isDedicated());
        assertEquals(List.of(ThreadPlan.ANY_CPU), cpus(plan));
        assertTrue(plan(5).isDedicated());
        assertFalse(plan(64, 4).isDedicated(), "a quota of 4 is no more than 4 CPUs");
    }

    @Test
    void shouldBindNothingWhenThereAreFewCpusAndNoList() {
        assertEquals(List.of(-1, -1), cpus(plan(4, "threading", "dedicated")));
        assertEquals(List.of(-1, -1, -1, -1), cpus(plan(2, "journal.paths", "/a,/b,/c")));
    }

    @Test
    void shouldBindToTheLastCpusAndLeaveTwoWhenThereAreMany() {
        assertEquals(List.of(4, 3, 2), cpus(plan(5)), "conductor and network");
        assertEquals(List.of(15, 14, 13, 12), cpus(plan(16)));
        assertEquals(List.of(-1, -1, -1, -1), cpus(plan(16, "cpus", "none")));
        assertEquals(List.of(-1, -1, -1, -1), cpus(plan(64, 16)), "under a quota CPUs are not ours");
        assertEquals(List.of(7, 6, 5, 4, 3, 2), cpus(plan(8, "journal.paths", "/a,/b,/c")));
    }

    @Test
    void shouldGiveTheDriverWhatTheDevicesLeaveOfAList() {
        assertEquals(List.of(2, 3), cpus(plan(4, "threading", "dedicated", "cpus", "2-3")));
        assertEquals(List.of(3, 1, 2), cpus(plan(4, "threading", "dedicated", "cpus", "3,1,2")));
        assertEquals(List.of(0, 1, 2, 3), cpus(plan(8, "threading", "dedicated", "cpus", "0-7")));
        assertEquals(List.of(3), cpus(plan(4, "threading", "single", "cpus", "3,1")));
    }

    @Test
    void shouldRefuseWhenTheListIsTooShortOrNamesOthersCpus() {
        final MillraceException shortList =
                assertThrows(MillraceException.class, () -> plan(4, "journal.paths", "/a,/b", "cpus", "2-3"));
        assertEquals(ErrorCode.CONFIGURATION_CONFLICT, shortList.code());
        final MillraceException foreign =
                assertThrows(MillraceException.class, () -> plan(4, "threading", "dedicated", "cpus", "3-4"));
        assertEquals(ErrorCode.CPU_AFFINITY, foreign.code());
        assertTrue(String.valueOf(foreign.getMessage()).contains("allowed are 0-3"), foreign::getMessage);
    }

    @Test
    void shouldSayWhichThreadIsWhere() {
        assertEquals("threading single: millrace-dev-0 on any CPU", plan(2).text());
        assertEquals(
                "threading dedicated: millrace-dev-0 on CPU 2, millrace-media on CPU 3",
                plan(4, "threading", "dedicated", "cpus", "2-3").text());
    }
}
