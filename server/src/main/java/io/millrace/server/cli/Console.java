package io.millrace.server.cli;

import io.millrace.codec.AllowedHere;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Where a command reads, prints and takes its time from; tests give their own.
 *
 * @param in standard input.
 * @param out results, buffered: a command that ends flushes it.
 * @param err words for people.
 * @param terminal whether {@code err} is a terminal: only then progress is shown.
 * @param clock for rates.
 */
public record Console(InputStream in, PrintStream out, PrintStream err, boolean terminal, NanoClock clock) {
    private static final int OUT_BUFFER_LENGTH = 256 * 1024;

    /**
     * The process's own streams; the launcher says in {@code millrace.terminal} whether standard error is a terminal.
     *
     * @return a new console.
     */
    @AllowedHere("the command line prints")
    public static Console system() {
        final OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), OUT_BUFFER_LENGTH);
        return new Console(
                System.in,
                new ResultOutput(out, isTerminal()),
                System.err,
                Boolean.getBoolean("millrace.terminal"),
                SystemNanoClock.INSTANCE);
    }

    private static boolean isTerminal() {
        try {
            final String target =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (final IOException e) {
            return false;
        }
    }

    /**
     * Tells whether progress may be shown while results are printed, too.
     *
     * @return true when standard error is a terminal and standard output is not.
     */
    boolean showsProgressBesideResults() {
        return terminal && !(out instanceof ResultOutput results && results.isTerminal());
    }

    /**
     * Writes out everything.
     *
     * @param exitCode of the command.
     * @return the same, or 1 when results could not be written although somebody wants them.
     */
    int finish(final int exitCode) {
        out.flush();
        final IOException failure = out instanceof ResultOutput results ? results.failure() : null;
        if (failure != null) {
            say("millrace: cannot write to standard output: " + failure.getMessage());
        }
        err.flush();
        return failure != null && exitCode == 0 ? 1 : exitCode;
    }

    /**
     * Prints one line for people.
     *
     * @param line without its end.
     */
    public void say(final String line) {
        err.println(line);
        err.flush();
    }
}
