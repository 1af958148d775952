package io.millrace.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * The command line as a user runs it: a process for each command, as the script starts it.
 *
 * <p><b>Threading</b>: one thread.
 */
final class CliProcess {
    private static final long EXIT_TIMEOUT_S = 30;

    private final Path directory;
    private final String endpoint;
    private final Map<String, String> environment = new TreeMap<>();
    private int runs;

    /**
     * Makes commands for a node.
     *
     * @param directory for what commands print; existing
     * @param endpoint that commands connect to, when they do
     */
    CliProcess(final Path directory, final String endpoint) {
        this.directory = directory;
        this.endpoint = endpoint;
    }

    /** Gives all commands a variable of the environment. */
    CliProcess with(final String name, final String value) {
        environment.put(name, value);
        return this;
    }

    /** Runs a command without input. */
    Outcome run(final String... arguments) {
        return runWith(new byte[0], arguments);
    }

    /** Runs a command on input. */
    Outcome runWith(final byte[] input, final String... arguments) {
        runs++;
        final Path out = directory.resolve("cli-out-" + runs);
        final Path err = directory.resolve("cli-err-" + runs);
        final List<String> command = NodeProcess.javaCommand(List.of());
        command.addAll(List.of(arguments));
        try {
            final ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().put("MILLRACE_CONNECT", endpoint);
            builder.environment().putAll(environment);
            final Process process = builder.start();
            try (OutputStream in = process.getOutputStream()) {
                in.write(input);
            } catch (final IOException e) {
                assertTrue(process.onExit().join().exitValue() != 0, "a command that reads nothing fails: " + e);
            }
            if (!process.waitFor(EXIT_TIMEOUT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError("did not end: " + String.join(" ", arguments) + "\n" + Files.readString(err));
            }
            return new Outcome(
                    String.join(" ", arguments),
                    process.exitValue(),
                    Files.readString(out, ISO_8859_1),
                    Files.readString(err));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    /**
     * What a command did.
     *
     * @param command its arguments
     * @param exitCode of the process
     * @param output standard output, each byte a character
     * @param errorText standard error
     */
    record Outcome(String command, int exitCode, String output, String errorText) {
        /** Returns standard output as it was. */
        byte[] bytes() {
            return output.getBytes(ISO_8859_1);
        }

        /** Returns standard output as text. */
        String text() {
            return new String(bytes(), UTF_8);
        }

        /** Fails unless it succeeded. */
        Outcome assertDone() {
            assertEquals(0, exitCode, this::toString);
            return this;
        }

        /** Fails unless it was refused by this code, in words on standard error, and nothing else went to it. */
        Outcome assertRefused(final ErrorCode code) {
            assertEquals(code.exitCode(), exitCode, this::toString);
            assertTrue(errorText.contains("millrace: " + code.id() + ": "), this::toString);
            return this;
        }

        /** Reads standard output, which must be exactly one object. */
        Map<String, String> json() {
            return JsonText.object(text());
        }

        @Override
        public String toString() {
            return "millrace " + command + " ended with " + exitCode + "\n" + text() + errorText;
        }
    }
}
