package io.millrace.perf.process;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a process holds at one moment.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param residentBytes its memory, shared pages included.
 * @param descriptors its open files and sockets.
 * @param threads its threads.
 */
public record ProcessUse(long residentBytes, long descriptors, long threads) {
    private static final Path PROC = Path.of("/proc");

    /**
     * Looks at a process.
     *
     * @param pid its id.
     * @return what it holds now.
     * @throws IOException when there is no such process, or it may not be looked at.
     */
    public static ProcessUse of(final long pid) throws IOException {
        final Path process = PROC.resolve(Long.toString(pid));
        long residentKib = 0;
        long threads = 0;
        final List<String> lines = Files.readAllLines(process.resolve("status"));
        for (final String line : lines) {
            if (line.startsWith("VmRSS:")) {
                residentKib = number(line);
            } else if (line.startsWith("Threads:")) {
                threads = number(line);
            }
        }
        long descriptors = 0;
        try (DirectoryStream<Path> open = Files.newDirectoryStream(process.resolve("fd"))) {
            for (final Path ignored : open) {
                descriptors++;
            }
        }
        return new ProcessUse(residentKib << 10, descriptors, threads);
    }

    private static long number(final String line) {
        final String[] words = line.trim().split("\\s+", -1);
        return Long.parseLong(words[1]);
    }
}
