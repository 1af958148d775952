package io.millrace.perf.process;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The share of the machine's processors that <em>other</em> processes used between two moments, from {@code /proc}. The
 * system under test, its clients and the kernel's own threads (which complete our I/O) do not count; time stolen by the
 * hypervisor does.
 *
 * <p><b>Threading:</b> immutable snapshots.
 */
public final class ProcessorShare {
    /** More than this and a run is disturbed. */
    public static final double DISTURBED_ABOVE = 0.05;

    private static final long KERNEL_THREAD = 0x0020_0000L; // PF_KTHREAD in the flags field
    private static final int FLAGS = 6;
    private static final int USER = 11;
    private static final int CHILDREN_USER = 13;
    private static final int CHILDREN_SYSTEM = 14;

    private final Map<Long, Times> processes = new HashMap<>();
    private long totalTicks;
    private long userTicks;
    private long stolenTicks;

    /** Times of one process in clock ticks, those of its ended children (fio is one) among them. */
    private record Times(long userTicks, long allTicks, boolean kernel) {}

    private ProcessorShare() {}

    /**
     * Reads the times of all processes.
     *
     * @param proc {@code /proc} but in tests.
     * @return the snapshot.
     */
    public static ProcessorShare read(final Path proc) {
        final ProcessorShare share = new ProcessorShare();
        share.readMachine(proc.resolve("stat"));
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(proc, "[0-9]*")) {
            for (final Path entry : entries) {
                share.readProcess(entry);
            }
        } catch (final IOException e) {
            share.processes.clear(); // no process list: the machine's totals still tell
        }
        return share;
    }

    /**
     * The share of others since an earlier snapshot: the greater of what the visible processes used and of the
     * machine's user time that is not ours (which sees other containers too).
     *
     * @param before the earlier snapshot.
     * @param ours process ids of the system under test, its clients and this process.
     * @return 0 … 1 of all processors.
     */
    public double othersSince(final ProcessorShare before, final Set<Long> ours) {
        final long total = totalTicks - before.totalTicks;
        if (total <= 0) {
            return 0;
        }
        long visible = 0;
        long ownUser = 0;
        for (final Map.Entry<Long, Times> entry : processes.entrySet()) {
            final Times now = entry.getValue();
            final Times then = before.processes.getOrDefault(entry.getKey(), new Times(0, 0, now.kernel()));
            if (ours.contains(entry.getKey())) {
                ownUser += now.userTicks() - then.userTicks();
            } else if (!now.kernel()) {
                visible += Math.max(0, now.allTicks() - then.allTicks());
            }
        }
        for (final Map.Entry<Long, Times> entry : before.processes.entrySet()) {
            if (!processes.containsKey(entry.getKey()) && !ours.contains(entry.getKey())) {
                visible -= entry.getValue().allTicks(); // its parent has taken over all of its time, the old part too
            }
        }
        final long stolen = stolenTicks - before.stolenTicks;
        final long foreignUser = userTicks - before.userTicks - ownUser;
        return Math.min(1, (double) (Math.max(0, Math.max(visible, foreignUser)) + stolen) / total);
    }

    private void readMachine(final Path file) {
        try {
            final String[] fields = Files.readAllLines(file).get(0).trim().split(" +", -1);
            for (int i = 1; i < fields.length && i <= 8; i++) {
                totalTicks += Long.parseLong(fields[i]);
            }
            userTicks = Long.parseLong(fields[1]) + Long.parseLong(fields[2]);
            stolenTicks = fields.length > 8 ? Long.parseLong(fields[8]) : 0;
        } catch (final IOException | RuntimeException e) {
            totalTicks = 0; // unknown: othersSince answers 0
        }
    }

    private void readProcess(final Path directory) {
        try {
            final String text = Files.readString(directory.resolve("stat"));
            final String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
            long all = 0;
            for (int i = USER; i <= CHILDREN_SYSTEM; i++) {
                all += Long.parseLong(fields[i]);
            }
            processes.put(
                    Long.parseLong(String.valueOf(directory.getFileName())),
                    new Times(
                            Long.parseLong(fields[USER]) + Long.parseLong(fields[CHILDREN_USER]),
                            all,
                            (Long.parseLong(fields[FLAGS]) & KERNEL_THREAD) != 0));
        } catch (final IOException | RuntimeException e) {
            return; // it ended while we looked
        }
    }
}
