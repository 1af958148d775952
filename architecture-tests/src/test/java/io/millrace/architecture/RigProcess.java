package io.millrace.architecture;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How the tests of the rig run it: as a process with their own class path, and nodes with the same. */
final class RigProcess {
    private RigProcess() {}

    /**
     * Returns the command line of the rig.
     *
     * @param arguments of it.
     */
    static List<String> command(final String... arguments) {
        final String classPath = System.getProperty("java.class.path");
        final List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "--add-opens",
                "java.base/jdk.internal.misc=ALL-UNNAMED",
                "--add-opens",
                "java.base/sun.nio.ch=ALL-UNNAMED",
                "-Xmx256m",
                "-Dmillrace.node.classpath=" + classPath,
                "-cp",
                classPath,
                "io.millrace.perf.PerfMain"));
        command.addAll(List.of(arguments));
        return command;
    }

    /**
     * Returns what a file holds, or why it cannot be read.
     *
     * @param file of text.
     */
    static String read(final Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (final IOException e) {
            return e.toString();
        }
    }
}
