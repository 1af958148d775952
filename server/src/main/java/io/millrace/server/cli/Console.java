package io.millrace.server.cli;

import io.millrace.codec.AllowedHere;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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
                new PrintStream(out, false, StandardCharsets.UTF_8),
                System.err,
                Boolean.getBoolean("millrace.terminal"),
                SystemNanoClock.INSTANCE);
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
