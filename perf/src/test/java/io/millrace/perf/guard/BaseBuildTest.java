package io.millrace.perf.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.process.Cleanup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.IoUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Builds of a base: made once, nothing left behind. */
@Timeout(30)
final class BaseBuildTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    @TempDir
    private Path root = Path.of("");

    private final List<String> commands = new ArrayList<>();
    private boolean buildFails;

    /** Git and the launcher, as far as their files go. */
    private String run(final Path directory, final List<String> command) throws IOException {
        commands.add(String.join(" ", command.subList(1, Math.min(3, command.size()))));
        if (command.contains("add")) {
            final Path tree = Path.of(command.get(command.size() - 2));
            Files.createDirectories(tree.resolve("benchmarks"));
            final Path launcher = Files.writeString(tree.resolve("millrace"), "launcher");
            assertTrue(launcher.toFile().setExecutable(true));
        } else if (command.contains("remove")) {
            IoUtil.delete(Path.of(command.get(command.size() - 1)).toFile(), false);
        } else if (command.contains("rev-parse")) {
            if (!command.get(command.size() - 1).equals("HEAD~1^{commit}")) {
                throw new IOException("code 128");
            }
            return COMMIT;
        } else if (buildFails) {
            throw new IOException("the build failed");
        } else if (command.contains("jmh")) {
            Files.createDirectories(directory.resolve("target/benchmarks"));
            Files.writeString(directory.resolve("target/benchmarks/a.jar"), "jar");
        } else {
            Files.createDirectories(directory.resolve("target/dist"));
            Files.writeString(directory.resolve("target/dist/a.jar"), "jar");
        }
        return "";
    }

    private List<String> left() throws IOException {
        try (var entries = Files.list(root.resolve("target/guard"))) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void shouldKeepLauncherAndJarsWhenACommitWasBuilt() throws IOException {
        final BaseBuild builds = new BaseBuild(root, this::run);
        try (Cleanup cleanup = new Cleanup()) {
            final Path built = builds.build(COMMIT, false, cleanup);
            assertEquals(root.resolve("target/guard/0123456789ab"), built);
            assertTrue(Files.isExecutable(built.resolve("millrace")));
            assertEquals("jar", Files.readString(built.resolve("target/dist/a.jar")));
        }
        assertEquals(List.of("0123456789ab"), left(), "the worktree is gone");
    }

    @Test
    void shouldBuildNothingWhenTheCommitWasBuiltBefore() throws IOException {
        final BaseBuild builds = new BaseBuild(root, this::run);
        try (Cleanup cleanup = new Cleanup()) {
            final Path built = builds.build(COMMIT, true, cleanup);
            assertTrue(new Side(built, this::run).hasBenchmarks());
            commands.clear();
            assertEquals(built, builds.build(COMMIT, true, cleanup));
            assertEquals(List.of(), commands);
        }
    }

    @Test
    void shouldLeaveNoWorktreeWhenTheBuildFails() throws IOException {
        buildFails = true;
        final BaseBuild builds = new BaseBuild(root, this::run);
        try (Cleanup cleanup = new Cleanup()) {
            assertThrows(IOException.class, () -> builds.build(COMMIT, false, cleanup));
        }
        assertEquals(List.of(), left());
        assertFalse(commands.isEmpty());
        assertEquals("worktree remove", commands.get(commands.size() - 1));
    }

    @Test
    void shouldNameTheCommitWhenGitKnowsNone() throws IOException {
        final BaseBuild builds = new BaseBuild(root, this::run);
        assertEquals(COMMIT, builds.commit("HEAD~1"));
        final IOException unknown = assertThrows(IOException.class, () -> builds.commit("nowhere"));
        assertTrue(String.valueOf(unknown.getMessage()).contains("nowhere"));
    }

    @Test
    void shouldAskForOneRunAndReadTheLastLineWhenASideRuns() throws IOException {
        final List<List<String>> asked = new ArrayList<>();
        final Side side = new Side(root, (directory, command) -> {
            asked.add(command);
            return command.contains("jmh")
                    ? "{\"rows\":[{\"benchmark\":\"A.b\",\"parameters\":\"n=1\",\"p50\":2,\"p99\":3,"
                            + "\"allocatedBytesPerOperation\":0}]}"
                    : "something\n{\"ackLatencyMicros\":{\"p50\":1,\"p99\":2},\"disturbed\":false}";
        });
        assertEquals(1, side.latency(List.of("--rate", "5")).p50());
        assertEquals(
                List.of("bench", "latency", "--runs", "1", "--rate", "5", "--output", "json"),
                asked.get(0).subList(1, asked.get(0).size()));
        assertEquals(List.of("A.b n=1"), List.copyOf(side.benchmarks(List.of()).keySet()));
        final Side silent = new Side(root, (directory, command) -> "");
        assertThrows(IOException.class, () -> silent.latency(List.of()));
    }
}
