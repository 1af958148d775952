package io.millrace.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.process.Autogroup;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.ProcessorShare;
import io.millrace.perf.process.TemporaryDirectory;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Quantity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.TypeConversionException;

/** What the rig reads of the host, from a made-up {@code /proc}. */
@Timeout(20)
final class HostTest {
    @TempDir
    private Path root = Path.of("");

    @Test
    void shouldSeeOthersWhenAnotherProcessBurns() throws IOException {
        stat(100, 0, 100, 800, 0);
        process(10, 0, 100, 50, 0, 0);
        process(20, 0, 7, 3, 0, 0);
        final ProcessorShare before = ProcessorShare.read(proc());
        stat(250, 0, 250, 1500, 0); // 1000 ticks passed
        process(10, 0, 200, 100, 0, 0); // ours
        process(20, 0, 57, 53, 0, 0); // 100 ticks of another
        assertEquals(0.1, ProcessorShare.read(proc()).othersSince(before, Set.of(10L)), 1e-9);
    }

    @Test
    void shouldNotCountKernelThreadsWhenTheyCompleteOurWrites() throws IOException {
        stat(100, 0, 100, 800, 0);
        process(10, 0, 100, 50, 0, 0);
        process(2, 0x0020_0000, 0, 5, 0, 0);
        final ProcessorShare before = ProcessorShare.read(proc());
        stat(200, 0, 200, 1600, 0);
        process(10, 0, 200, 100, 0, 0);
        process(2, 0x0420_8060, 0, 300, 0, 0);
        assertEquals(0, ProcessorShare.read(proc()).othersSince(before, Set.of(10L)), 1e-9);
    }

    @Test
    void shouldCountShortLivedChildrenWhenTheyHaveEnded() throws IOException {
        stat(100, 0, 100, 800, 0);
        process(10, 0, 0, 0, 0, 0);
        process(30, 0, 1, 1, 0, 0);
        process(31, 0, 20, 20, 0, 0);
        final ProcessorShare before = ProcessorShare.read(proc());
        stat(100, 0, 300, 1600, 0);
        Files.delete(proc().resolve("31/stat"));
        Files.delete(proc().resolve("31"));
        process(30, 0, 1, 1, 45, 45); // reaped 31, which had 40 ticks before
        assertEquals(0.05, ProcessorShare.read(proc()).othersSince(before, Set.of(10L)), 1e-9);
    }

    @Test
    void shouldCountUnseenProcessesWhenTheMachineWasBusierThanTheVisible() throws IOException {
        stat(100, 0, 100, 800, 0);
        process(10, 0, 100, 50, 0, 0);
        final ProcessorShare before = ProcessorShare.read(proc());
        stat(400, 0, 100, 1500, 10); // 300 ticks of user time, 200 of them ours; 10 stolen
        process(10, 0, 300, 50, 0, 0);
        assertEquals(110.0 / 1010, ProcessorShare.read(proc()).othersSince(before, Set.of(10L)), 1e-9);
    }

    @Test
    void shouldTellGroupWhenAutogroupIsOn() throws IOException {
        write("proc/sys/kernel/sched_autogroup_enabled", "1\n");
        write("proc/sys/kernel/osrelease", "6.18.44\n");
        write("proc/loadavg", "0.10 0.20 0.30 1/100 5\n");
        write("proc/self/cgroup", "1:cpu,cpuacct:/work\n0::/\n");
        final Environment environment = Environment.read(root);
        assertEquals("on", environment.autogroup());
        assertEquals("/work", environment.cpuGroup());
        assertEquals("0.10 0.20 0.30", environment.load());
        assertTrue(environment.starvesKernelWorkers());
        assertTrue(environment.toJson().toString().contains("\"kernel\":\"Linux 6.18.44\""));
    }

    @Test
    void shouldSwitchAutogroupsOffAndBackWhenTheyWereOn() throws IOException {
        final Path setting = write("proc/sys/kernel/sched_autogroup_enabled", "1\n");
        try (Autogroup autogroup = Autogroup.off(root)) {
            assertTrue(autogroup.isChanged());
            assertEquals("off", Environment.read(root).autogroup());
        }
        assertEquals("1", Files.readString(setting).trim());
    }

    @Test
    void shouldLeaveAutogroupsAloneWhenTheyWereOffOrAbsent() throws IOException {
        try (Autogroup autogroup = Autogroup.off(root)) {
            assertFalse(autogroup.isChanged());
        }
        final Path setting = write("proc/sys/kernel/sched_autogroup_enabled", "0\n");
        Autogroup.off(root).close();
        assertEquals("0", Files.readString(setting).trim());
    }

    @Test
    void shouldRemoveEverythingWhenTemporaryDirectoryIsClosed() throws IOException {
        final TemporaryDirectory directory = TemporaryDirectory.create(root);
        Files.createDirectories(directory.path().resolve("a/b"));
        Files.writeString(directory.path().resolve("a/b/c"), "x");
        directory.close();
        assertFalse(Files.exists(directory.path()));
        directory.close();
    }

    @Test
    void shouldCloseInReverseOrderWhenOneFails() {
        final StringBuilder order = new StringBuilder();
        try (Cleanup cleanup = new Cleanup()) {
            cleanup.add(() -> order.append('a'));
            cleanup.add(() -> {
                throw new IOException("b");
            });
            cleanup.add(() -> order.append('c'));
        }
        assertEquals("ca", order.toString());
    }

    @Test
    void shouldReadUnitsWhenTyped() {
        assertEquals(20_000_000_000L, new Quantity.Duration().convert("20s"));
        assertEquals(250_000L, new Quantity.Duration().convert("250us"));
        assertEquals(1024L, new Quantity.Size().convert("1KiB"));
        assertEquals(1_500_000L, new Quantity.Rate().convert("1.5M"));
        assertEquals(10_000L, new Quantity.Rate().convert("10_000"));
        for (final String wrong : List.of("", "s", "-1", "0", "1x", "1.2.3")) {
            assertThrows(TypeConversionException.class, () -> new Quantity.Rate().convert(wrong), wrong);
        }
    }

    private Path proc() {
        return root.resolve("proc");
    }

    private void stat(final long user, final long nice, final long system, final long idle, final long stolen)
            throws IOException {
        write("proc/stat", "cpu  %d %d %d %d 0 0 0 %d 0 0%ncpu0 1 1 1 1%n".formatted(user, nice, system, idle, stolen));
    }

    private void process(
            final long pid,
            final long flags,
            final long user,
            final long system,
            final long childrenUser,
            final long childrenSystem)
            throws IOException {
        write(
                "proc/" + pid + "/stat",
                "%d (a) b c) S 1 1 1 0 -1 %d 0 0 0 0 %d %d %d %d 20 0 1 0 5 0 0"
                        .formatted(pid, flags, user, system, childrenUser, childrenSystem));
    }

    private Path write(final String name, final String text) throws IOException {
        final Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }
}
