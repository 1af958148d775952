package io.millrace.perf.compare;

import io.millrace.perf.cluster.MillraceClusterSystem;
import io.millrace.perf.system.BenchSystem;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The systems beside the single node: three nodes of ours, and those of others: each directory below
 * {@code target/peers} holds the jars of one family, which is asked by {@link java.util.ServiceLoader} for its systems.
 * The product knows none of them; here stand only the names that are expected, so that a missing one can be told.
 *
 * <p><b>Threading:</b> the command's thread.
 */
final class Peers {
    /** Expected names in the order of a report. */
    static final List<String> EXPECTED = List.of(
            MillraceClusterSystem.NAME,
            "aeron-archive-udp",
            "aeron-archive-ipc",
            "redis-always",
            "kafka-flush",
            "pravega",
            "kafka",
            "chronicle-queue",
            "nats",
            "redis");

    private static final String OPTIONS = "jvm.options";

    private final Map<String, Path> families = new LinkedHashMap<>();
    private final Map<String, String> broken = new LinkedHashMap<>();
    private final Path directory;

    private Peers(final Path directory) {
        this.directory = directory;
    }

    /**
     * Looks what was built.
     *
     * @param root of the source tree.
     * @return the systems there are.
     * @throws IOException when a directory cannot be read.
     */
    static Peers find(final Path root) throws IOException {
        final Peers peers = new Peers(root.resolve("target").resolve("peers"));
        if (!Files.isDirectory(peers.directory)) {
            return peers;
        }
        final List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(peers.directory, Files::isDirectory)) {
            entries.forEach(found::add);
        }
        found.sort(Comparator.naturalOrder());
        for (final Path family : found) {
            peers.ask(family);
        }
        return peers;
    }

    /**
     * Chooses systems.
     *
     * @param wanted {@code all}, {@code none}, or names with commas.
     * @return their names in the order of a report; expected ones that were not built among them when all are wanted.
     * @throws IllegalArgumentException when a name is neither expected nor there.
     */
    List<String> choose(final String wanted) {
        if (wanted.equals("none")) {
            return List.of();
        }
        final Set<String> all =
                new TreeSet<>(Comparator.comparingInt(Peers::rank).thenComparing(name -> name));
        all.addAll(EXPECTED);
        all.addAll(families.keySet());
        if (wanted.equals("all")) {
            return List.copyOf(all);
        }
        final List<String> chosen = new ArrayList<>();
        for (final String name : wanted.split(",", -1)) {
            if (!all.contains(name.strip())) {
                throw new IllegalArgumentException(
                        "unknown peer '" + name.strip() + "', there are: all, none, " + String.join(", ", all));
            }
            chosen.add(name.strip());
        }
        return chosen;
    }

    /**
     * The class path of a peer's run, behind our own.
     *
     * @param system its name.
     * @return entries, or null when it was not built.
     */
    @Nullable
    String classPath(final String system) {
        final Path family = families.get(system);
        return family == null ? null : family.resolve("*").toString();
    }

    /**
     * Flags that the JVM of a peer's run needs besides.
     *
     * @param system its name.
     * @return one each.
     * @throws IOException when its file of them cannot be read.
     */
    List<String> flags(final String system) throws IOException {
        final Path family = families.get(system);
        if (family == null || !Files.exists(family.resolve(OPTIONS))) {
            return List.of();
        }
        return Files.readAllLines(family.resolve(OPTIONS)).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
    }

    /**
     * Why there is no such system here.
     *
     * @param system its name.
     * @return one line.
     */
    String whyMissing(final String system) {
        return broken.isEmpty()
                ? "not built: mvn -Pfast,peers -DskipTests package makes " + "target/peers"
                : "not found; could not be loaded: " + broken;
    }

    private static int rank(final String name) {
        final int index = EXPECTED.indexOf(name);
        return index < 0 ? EXPECTED.size() : index;
    }

    private void ask(final Path family) throws IOException {
        final List<URL> jars = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(family, "*.jar")) {
            for (final Path jar : entries) {
                jars.add(url(jar));
            }
        }
        final Set<String> own = new TreeSet<>();
        DriveCommand.systems(BenchSystem.class.getClassLoader()).forEach(system -> own.add(system.name()));
        try (URLClassLoader loader = new URLClassLoader(jars.toArray(new URL[0]), BenchSystem.class.getClassLoader())) {
            for (final BenchSystem system : DriveCommand.systems(loader)) {
                if (!own.contains(system.name())) {
                    families.put(system.name(), family);
                }
            }
        } catch (final ServiceConfigurationError | LinkageError e) {
            broken.put(String.valueOf(family.getFileName()), String.valueOf(e.getMessage()));
        }
    }

    private static URL url(final Path jar) throws MalformedURLException {
        return jar.toUri().toURL();
    }
}
