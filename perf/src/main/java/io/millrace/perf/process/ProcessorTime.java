package io.millrace.perf.process;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How long the threads of processes ran, and how long they could have run but waited for a processor, from
 * {@code /proc/PID/task/TID/schedstat}. Where the second is much, the number of processors bounds what was measured. A
 * thread that has ended is not counted.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param runNs on a processor.
 * @param waitNs ready to run, on none.
 */
public record ProcessorTime(long runNs, long waitNs) {
    /**
     * Reads what there is since the threads began.
     *
     * @param proc {@code /proc} but in tests.
     * @param pids of the processes; one that is gone counts nothing.
     * @return the sum.
     */
    public static ProcessorTime of(final Path proc, final Iterable<Long> pids) {
        long runNs = 0;
        long waitNs = 0;
        for (final long pid : pids) {
            final long[] times = ofProcess(proc.resolve(Long.toString(pid)).resolve("task"));
            runNs += times[0];
            waitNs += times[1];
        }
        return new ProcessorTime(runNs, waitNs);
    }

    /**
     * Gives the share of processors between two moments.
     *
     * @param before the earlier one.
     * @param elapsedNs between them.
     * @return processors that were used: 1 is one processor all the time.
     */
    public double runningSince(final ProcessorTime before, final long elapsedNs) {
        return Math.max(0, (double) (runNs - before.runNs) / elapsedNs);
    }

    /**
     * Gives how many threads waited for a processor between two moments.
     *
     * @param before the earlier one.
     * @param elapsedNs between them.
     * @return threads: 1 is one thread all the time.
     */
    public double waitingSince(final ProcessorTime before, final long elapsedNs) {
        return Math.max(0, (double) (waitNs - before.waitNs) / elapsedNs);
    }

    private static long[] ofProcess(final Path tasks) {
        final long[] sum = new long[2];
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
            for (final Path thread : threads) {
                final long[] times = read(thread.resolve("schedstat"));
                sum[0] += times[0];
                sum[1] += times[1];
            }
            return sum;
        } catch (final IOException e) {
            return new long[2]; // it has ended
        }
    }

    private static long[] read(final Path file) {
        try {
            final String[] fields = Files.readString(file).trim().split(" ", -1);
            return new long[] {Long.parseLong(fields[0]), Long.parseLong(fields[1])};
        } catch (final IOException | RuntimeException e) {
            return new long[2]; // the thread has ended, or this kernel keeps no such times
        }
    }
}
