package io.millrace.perf.guard;

import io.millrace.perf.process.Cleanup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The build of an earlier commit below {@code target/guard}: its launcher and its jars, made once in a worktree that is
 * removed afterwards. A build of the same commit is used again.
 *
 * <p><b>Threading:</b> the command's thread.
 *
 * <p><b>Invariants:</b> a directory named by a commit is complete: it is renamed to that when it is.
 */
final class BaseBuild {
    private static final String LAUNCHER = "millrace";
    private static final List<String> BUILT = List.of("target/dist", "target/benchmarks");

    private final Path root;
    private final Tool tool;

    /**
     * Prepares builds.
     *
     * @param root of the checkout.
     * @param tool runs git and the launcher.
     */
    BaseBuild(final Path root, final Tool tool) {
        this.root = root;
        this.tool = tool;
    }

    /**
     * Finds a commit.
     *
     * @param name as git understands it.
     * @return its full id.
     * @throws IOException when there is none.
     */
    String commit(final String name) throws IOException {
        try {
            return tool.run(
                    root, List.of("git", "rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"));
        } catch (final IOException e) {
            throw new IOException("git knows no commit '" + name + "'", e);
        }
    }

    /**
     * Builds a commit, unless it was built before.
     *
     * @param commit full id.
     * @param withBenchmarks whether those of the pieces are needed, where the commit has them.
     * @param cleanup told of the worktree before it can be left behind.
     * @return directory with the launcher and its jars.
     * @throws IOException when it cannot be built.
     */
    Path build(final String commit, final boolean withBenchmarks, final Cleanup cleanup) throws IOException {
        final Path guard = root.resolve("target").resolve("guard");
        final Path kept = guard.resolve(commit.substring(0, 12) + (withBenchmarks ? "-jmh" : ""));
        if (Files.isExecutable(kept.resolve(LAUNCHER))) {
            return kept;
        }
        Files.createDirectories(guard);
        final Path tree = guard.resolve(
                String.format(Locale.ROOT, "tree-%d", ProcessHandle.current().pid()));
        final AutoCloseable removal = cleanup.add(() -> remove(tree));
        try {
            tool.run(root, List.of("git", "worktree", "add", "--quiet", "--detach", tree.toString(), commit));
            tool.run(tree, List.of(tree.resolve(LAUNCHER).toString(), "build"));
            if (withBenchmarks && Files.isDirectory(tree.resolve("benchmarks"))) {
                tool.run(tree, List.of(tree.resolve(LAUNCHER).toString(), "bench", "jmh", "--list"));
            }
            final Path fresh = guard.resolve(tree.getFileName() + "-built");
            for (final String part : BUILT) {
                if (Files.isDirectory(tree.resolve(part))) {
                    copy(tree.resolve(part), fresh.resolve(part));
                }
            }
            Files.copy(tree.resolve(LAUNCHER), fresh.resolve(LAUNCHER), StandardCopyOption.COPY_ATTRIBUTES);
            Files.move(fresh, kept, StandardCopyOption.ATOMIC_MOVE);
            return kept;
        } finally {
            close(removal);
        }
    }

    private void remove(final Path tree) throws IOException {
        if (Files.exists(tree)) {
            tool.run(root, List.of("git", "worktree", "remove", "--force", tree.toString()));
        }
    }

    private static void close(final AutoCloseable removal) throws IOException {
        try {
            removal.close();
        } catch (final IOException e) {
            throw e;
        } catch (final Exception e) {
            throw new IOException(e);
        }
    }

    private static void copy(final Path from, final Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (final Path file : (Iterable<Path>) files::iterator) {
                final Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
    }
}
