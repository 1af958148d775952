package io.millrace.perf.report;

import io.millrace.codec.AllowedHere;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where results and words go: with JSON one object on standard output and the words on standard error; else the words
 * on standard output. Progress is shown on a terminal only.
 *
 * <p><b>Threading:</b> one thread.
 */
public final class Terminal {
    private final PrintStream out;
    private final PrintStream err;
    private final boolean interactive;
    private boolean json;
    private boolean progressShown;

    /**
     * A terminal over two streams.
     *
     * @param out standard output.
     * @param err standard error.
     * @param interactive whether {@code err} is a terminal.
     */
    public Terminal(final PrintStream out, final PrintStream err, final boolean interactive) {
        this.out = out;
        this.err = err;
        this.interactive = interactive;
    }

    /** The process's own streams; the launcher says in {@code millrace.terminal} whether it is a terminal. */
    @AllowedHere("the command line prints")
    public static Terminal system() {
        return new Terminal(System.out, System.err, Boolean.getBoolean("millrace.terminal") || isErrorTerminal());
    }

    /**
     * Chooses the form of the result.
     *
     * @param asJson whether {@link #result} prints.
     */
    public void json(final boolean asJson) {
        json = asJson;
    }

    /**
     * Says one or more lines to people.
     *
     * @param text without the last line feed.
     */
    public void say(final String text) {
        clearProgress();
        final PrintStream stream = json ? err : out;
        stream.println(text);
        stream.flush();
    }

    /**
     * Complains to people, always on standard error.
     *
     * @param text without the last line feed.
     */
    public void warn(final String text) {
        clearProgress();
        err.println("millrace: " + text);
        err.flush();
    }

    /**
     * Shows where a long step stands; silent when piped.
     *
     * @param text one line, replaced by the next one.
     */
    public void progress(final String text) {
        if (interactive) {
            err.print("\r\u001b[K" + text);
            err.flush();
            progressShown = true;
        }
    }

    /**
     * Gives the result, when JSON was asked for.
     *
     * @param result the one object.
     */
    public void result(final JsonObject result) {
        clearProgress();
        if (json) {
            out.println(result);
            out.flush();
        }
    }

    private static boolean isErrorTerminal() {
        try {
            final String device =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty");
        } catch (final IOException e) {
            return false; // no /proc: no progress
        }
    }

    private void clearProgress() {
        if (progressShown) {
            err.print("\r\u001b[K");
            err.flush();
            progressShown = false;
        }
    }
}
