package io.millrace.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.channels.DatagramChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What this process holds that the garbage collector does not see: sockets, rings of the kernel, files of a node,
 * shared memory that is mapped, and what the journal's resource ledger counts. The kernel's own lists, so that nothing
 * is forgotten; files and sockets of the Java runtime itself are left out.
 *
 * <p><b>Threading</b>: immutable.
 */
final class OpenResources {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final Path MAPPINGS = Path.of("/proc/self/maps");
    private static final Pattern OURS = Pattern.compile(
            "socket:.*|anon_inode:.*io_uring.*|/dev/shm/.*|.*/aeron-[^/]*/.*|.*journal[^/]*\\.(mrj|millrace).*");
    private static final String LEDGER = "io.millrace.journal.ResourceLedger";

    static {
        openWhatTheRuntimeKeeps();
    }

    private final Map<String, Integer> held;

    private OpenResources(final Map<String, Integer> held) {
        this.held = held;
    }

    /**
     * Looks now.
     *
     * @return what is held
     */
    static OpenResources now() {
        final Map<String, Integer> held = new TreeMap<>();
        try {
            addDescriptors(held);
            addMappings(held);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        addLedger(held);
        return new OpenResources(held);
    }

    /** Closing its first socket, the runtime makes one that it keeps (the one it puts in the place of closed ones). */
    private static void openWhatTheRuntimeKeeps() {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.bind(null);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void addDescriptors(final Map<String, Integer> held) throws IOException {
        if (Files.isDirectory(DESCRIPTORS)) {
            try (DirectoryStream<Path> links = Files.newDirectoryStream(DESCRIPTORS)) {
                for (final Path link : links) {
                    add(held, "descriptor of ", target(link));
                }
            }
        }
    }

    private static String target(final Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (final IOException e) {
            return ""; // the one of the directory itself, closed meanwhile
        }
    }

    private static void addMappings(final Map<String, Integer> held) throws IOException {
        if (Files.isReadable(MAPPINGS)) {
            for (final String line : Files.readAllLines(MAPPINGS)) {
                final int path = line.indexOf('/');
                final int kernel = line.indexOf("anon_inode:");
                final int at = kernel >= 0 ? kernel : path;
                if (at >= 0) {
                    add(held, "mapping of ", line.substring(at));
                }
            }
        }
    }

    private static void add(final Map<String, Integer> held, final String kind, final String what) {
        if (OURS.matcher(what).matches()) {
            held.merge(kind + what, 1, Integer::sum);
        }
    }

    /** The ledger's counts, where the journal is on the class path. */
    private static void addLedger(final Map<String, Integer> held) {
        try {
            final Class<?> type = Class.forName(LEDGER);
            final Object ledger = type.getMethod("process").invoke(null);
            if (!(boolean) type.getMethod("isEmpty").invoke(ledger)) {
                held.put("resource ledger: " + ledger, 1);
            }
        } catch (final ClassNotFoundException e) {
            return; // a module without a journal
        } catch (final NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Compares with what was held before.
     *
     * @param before an earlier look
     * @return what is held now and was not, one line each
     */
    List<String> since(final OpenResources before) {
        final List<String> more = new ArrayList<>();
        held.forEach((what, count) -> {
            final int known = before.held.getOrDefault(what, 0);
            if (count > known) {
                more.add((count - known) + " x " + what);
            }
        });
        return more;
    }
}
