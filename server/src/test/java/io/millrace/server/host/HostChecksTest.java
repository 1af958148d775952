package io.millrace.server.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.server.configuration.NodeConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link HostChecks} over made-up {@code /proc} and {@code /sys} trees. */
@Timeout(20)
final class HostChecksTest {
    private static final long PLENTY = 1L << 40;

    @TempDir
    Path root = Path.of("");

    @Test
    void shouldFindNothingWhenTheHostIsFit() throws IOException {
        healthy();

        assertEquals(List.of(), check(NodeConfiguration.builder().conclude()));
    }

    @Test
    void shouldFindNothingWhenNothingCanBeRead() {
        assertEquals(List.of(), check(NodeConfiguration.builder().conclude()));
    }

    @ParameterizedTest
    @CsvSource({
        "6.18.44-fc-v669, PRESENT",
        "6.18.45, ABSENT",
        "6.18.0, PRESENT",
        "6.18, PRESENT",
        "6.20.1, ABSENT",
        "7.0.0, ABSENT",
        "6.12.9+deb13-amd64, POSSIBLE",
        "6.1.0-18-amd64, ABSENT",
        "5.15.0, ABSENT",
        "nonsense, ABSENT",
    })
    void shouldKnowWhichKernelsStarveTheirWorkers(final String release, final KernelVersion.SchedulerFault fault) {
        assertEquals(fault, KernelVersion.parse(release).schedulerFault());
    }

    @Test
    void shouldWarnWithTheCommandWhenAutogroupsMeetAnAffectedKernel() throws IOException {
        healthy();
        write("proc/sys/kernel/osrelease", "6.18.44-fc-v669\n");
        write("proc/sys/kernel/sched_autogroup_enabled", "1\n");

        final Finding finding = only(NodeConfiguration.builder().conclude());

        assertEquals(Finding.Severity.WARN, finding.severity());
        assertEquals(ErrorCode.SCHEDULER_FAULT, finding.code());
        assertTrue(finding.text().contains("sysctl -w kernel.sched_autogroup_enabled=0"), finding.text());
    }

    @Test
    void shouldWarnWhenTheCpuControlGroupIsNotTheRoot() throws IOException {
        healthy();
        write("proc/sys/kernel/osrelease", "6.18.3");
        write("proc/sys/kernel/sched_autogroup_enabled", "0\n");
        write("proc/self/cgroup", "3:cpuset:/\n2:cpu,cpuacct:/docker/abc\n0::/\n");

        assertTrue(only(NodeConfiguration.builder().conclude()).what().contains("/docker/abc"));
    }

    @Test
    void shouldRefuseWhenLockedMemoryIsTooSmallAndNotPrivileged() throws IOException {
        healthy();
        write("proc/self/status", "CapEff:\t0000000000000000\n");
        write("proc/self/limits", "Max locked memory         8388608              8388608              bytes\n");

        final Finding finding = only(NodeConfiguration.builder().conclude());

        assertEquals(Finding.Severity.REFUSE, finding.severity());
        assertEquals(ErrorCode.MEMLOCK_TOO_SMALL, finding.code());
        assertTrue(finding.mend().contains("ulimit -l"), finding.mend());
        assertEquals(
                List.of(),
                check(NodeConfiguration.builder()
                        .set("journal.backend", "channel", "test")
                        .conclude()));
    }

    @Test
    void shouldRefuseWhenOpenFilesAreTooFew() throws IOException {
        healthy();
        write("proc/self/limits", "Max open files            300                  1048576              files\n");

        assertEquals(
                ErrorCode.DESCRIPTOR_LIMIT,
                only(NodeConfiguration.builder().conclude()).code());
    }

    @Test
    void shouldRefuseOrFallBackWhenIoUringIsForbidden() throws IOException {
        healthy();
        write("proc/sys/kernel/io_uring_disabled", "2\n");

        assertEquals(
                Finding.Severity.WARN,
                only(NodeConfiguration.builder().conclude()).severity());
        assertEquals(
                Finding.Severity.REFUSE,
                only(NodeConfiguration.builder()
                                .set("journal.backend", "uring", "test")
                                .conclude())
                        .severity());
    }

    @Test
    void shouldRefuseWhenTheControlGroupHasLessMemoryThanTheBudget() throws IOException {
        healthy();
        write("sys/fs/cgroup/memory.max", "268435456\n");

        assertEquals(
                ErrorCode.MEMORY_TOO_SMALL,
                only(NodeConfiguration.builder().conclude()).code());
    }

    @Test
    void shouldRefuseWhenSharedMemoryOrDiskIsTooSmall() throws IOException {
        healthy();
        final NodeConfiguration configuration = NodeConfiguration.builder().conclude();
        final HostFacts facts = HostFacts.read(root, 4);
        final Budget budget = Budget.of(configuration, 256 << 20);

        final List<Finding> findings = HostChecks.check(configuration, facts, budget, 64 << 20, 1 << 30, true);

        assertEquals(
                List.of(ErrorCode.SHARED_MEMORY_TOO_SMALL, ErrorCode.DISK_FULL),
                findings.stream().map(Finding::code).toList());
        assertEquals(
                1,
                HostChecks.check(configuration, facts, budget, 64 << 20, 1 << 30, false)
                        .size());
    }

    @Test
    void shouldWarnWhenReceiveBuffersCutTheWindow() throws IOException {
        healthy();
        write("proc/sys/net/core/rmem_max", "212992\n");

        assertTrue(only(NodeConfiguration.builder().conclude()).mend().contains("net.core.rmem_max="));
    }

    @Test
    void shouldWarnWhenSpinningOnTwoCpus() throws IOException {
        healthy();
        final NodeConfiguration configuration =
                NodeConfiguration.builder().set("idle.policy", "spin", "test").conclude();

        assertEquals(
                1,
                HostChecks.check(
                                configuration,
                                HostFacts.read(root, 2),
                                Budget.of(configuration, 1 << 28),
                                PLENTY,
                                PLENTY,
                                true)
                        .size());
    }

    @Test
    void shouldPrintTheBudget() {
        final Budget budget = Budget.of(NodeConfiguration.builder().conclude(), 256L << 20);

        assertTrue(budget.text().startsWith("memory at most "), budget.text());
        assertTrue(budget.memoryBytes() < 640L << 20, budget.text());
        assertTrue(budget.text().contains("(heap 256.0 MiB with segment indexes up to 64.0 MiB, "), budget.text());
    }

    @Test
    void shouldPrintTheLengthOfAJournalThatIsThere() throws IOException {
        write("journal", "j".repeat(3 << 20));
        final NodeConfiguration there = NodeConfiguration.builder()
                .set("journal.path", root.resolve("journal").toString(), "test")
                .conclude();
        final NodeConfiguration missing = NodeConfiguration.builder()
                .set("journal.path", root.resolve("none").toString(), "test")
                .conclude();

        assertTrue(Budget.of(there, 256L << 20).text().endsWith("; disk 3.0 MiB"));
        assertTrue(Budget.of(missing, 256L << 20).text().endsWith("; disk 4.0 GiB"));
    }

    @Test
    void shouldCountEverySessionAndEverySenderWithoutOne() {
        final NodeConfiguration large = NodeConfiguration.builder()
                .set("limits.sessions", "100", "test")
                .set("transport.term-length", "4MiB", "test")
                .set("limits.session-memory", "1TiB", "test")
                .conclude();

        assertEquals(125, Budget.imageLimit(large));
        assertEquals(4 << 20, Budget.imageTermBytes(large));
        final long bytes = Budget.of(large, 256L << 20).sharedBytes();
        assertTrue(bytes > (100 + 112) * 3L * (4 << 20) && bytes < (100 + 125) * 3L * (5 << 20), "" + bytes);

        final NodeConfiguration small = NodeConfiguration.builder()
                .set("transport.window", "64KiB", "test")
                .set("transport.term-length", "128KiB", "test")
                .conclude();
        assertEquals(1 << 20, Budget.imageTermBytes(small), "a client's own terms");
        assertEquals(320, Budget.imageLimit(small));
        assertEquals(192L << 20, Budget.sessionBytes(small), "however many sessions: bytes are what is limited");
        final long spare = Budget.logBytesLimit(small) - Budget.sessionBytes(small);
        assertTrue(spare >= 24L << 20 && spare < 25L << 20, "eight images of senders without a session: " + spare);
        assertTrue(Budget.of(small, 256L << 20).sharedBytes() < 256L << 20);
    }

    private void healthy() throws IOException {
        write("proc/sys/kernel/osrelease", "6.18.45\n");
        write("proc/sys/kernel/sched_autogroup_enabled", "1\n");
        write("proc/sys/kernel/io_uring_disabled", "0\n");
        write("proc/sys/net/core/rmem_max", "4194304\n");
        write("proc/self/cgroup", "0::/\n");
        write("proc/self/status", "CapEff:\t000001ffffffffff\n");
        write(
                "proc/self/limits",
                "Max locked memory         8388608 8388608 bytes\nMax open files            20000 20000 files\n");
        write("proc/meminfo", "MemTotal:       24683448 kB\nMemAvailable:   23000000 kB\n");
    }

    private void write(final String path, final String text) throws IOException {
        final Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private List<Finding> check(final NodeConfiguration configuration) {
        return HostChecks.check(
                configuration, HostFacts.read(root, 4), Budget.of(configuration, 256 << 20), PLENTY, PLENTY, true);
    }

    private Finding only(final NodeConfiguration configuration) {
        final List<Finding> findings = check(configuration);
        assertEquals(1, findings.size(), findings.toString());
        return findings.get(0);
    }
}
