package io.millrace.perf.report;

import io.millrace.perf.process.Autogroup;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The machine a figure was taken on: printed above every result and put into its JSON.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param cpus processors this JVM may use.
 * @param kernel name and release.
 * @param java version and vendor.
 * @param load the three load averages at the start.
 * @param governor of the first processor's frequency, or "unknown".
 * @param autogroup "off", "on" or "absent": on is the setting that starves kernel workers on some kernels.
 * @param cpuGroup this process's path in the cpu controller: anything but "/" has the same effect as autogroup on.
 */
public record Environment(
        int cpus, String kernel, String java, String load, String governor, String autogroup, String cpuGroup) {
    /** The directory that holds {@code proc} and {@code sys} on a real host. */
    public static Path root() {
        return FileSystems.getDefault().getRootDirectories().iterator().next();
    }

    /**
     * Reads the environment.
     *
     * @param root directory that holds {@code proc} and {@code sys}; {@link #root()} but in tests.
     * @return what is there; "unknown" where it cannot be read.
     */
    public static Environment read(final Path root) {
        final String autogroup = line(root.resolve(Autogroup.PATH), "absent");
        return new Environment(
                Runtime.getRuntime().availableProcessors(),
                "Linux " + line(root.resolve("proc/sys/kernel/osrelease"), System.getProperty("os.version", "unknown")),
                System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")",
                loadOf(line(root.resolve("proc/loadavg"), "unknown")),
                line(root.resolve("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"), "unknown"),
                autogroup.equals("0") ? "off" : autogroup.equals("1") ? "on" : autogroup,
                cpuGroupOf(root.resolve("proc/self/cgroup")));
    }

    /** Whether this machine may starve the workers that complete durable writes (see the start-up check of a node). */
    public boolean starvesKernelWorkers() {
        return kernel.startsWith("Linux 6.") && (autogroup.equals("on") || !cpuGroup.equals("/"));
    }

    /** As JSON, as part of a result. */
    public JsonObject toJson() {
        return new JsonObject()
                .put("cpus", cpus)
                .put("kernel", kernel)
                .put("java", java)
                .put("load", load)
                .put("governor", governor)
                .put("autogroup", autogroup)
                .put("cpuGroup", cpuGroup);
    }

    @Override
    public String toString() {
        return cpus + " cpus, " + kernel + ", java " + java + ", load " + load + ", governor " + governor
                + ", autogroup " + autogroup + ", cpu group " + cpuGroup;
    }

    private static String line(final Path file, final String otherwise) {
        try {
            final List<String> lines = Files.readAllLines(file);
            return lines.isEmpty() ? otherwise : lines.get(0).trim();
        } catch (final IOException e) {
            return otherwise;
        }
    }

    private static String loadOf(final String text) {
        final String[] fields = text.split(" ", -1);
        return fields.length < 3 ? text : fields[0] + " " + fields[1] + " " + fields[2];
    }

    private static String cpuGroupOf(final Path file) {
        try {
            String unified = "/";
            for (final String line : Files.readAllLines(file)) {
                final String[] fields = line.split(":", 3);
                if (fields.length == 3 && List.of(fields[1].split(",", -1)).contains("cpu")) {
                    return fields[2];
                }
                if (fields.length == 3 && fields[0].equals("0")) {
                    unified = fields[2];
                }
            }
            return unified;
        } catch (final IOException e) {
            return "unknown";
        }
    }
}
