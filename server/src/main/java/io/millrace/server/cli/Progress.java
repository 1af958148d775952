package io.millrace.server.cli;

import java.util.Locale;

/**
 * One line on a terminal that says how far a command is, how fast it goes and when it will be done; nothing where there
 * is no terminal.
 *
 * <p><b>Threading:</b> one thread.
 */
final class Progress {
    private static final long INTERVAL_NS = 200_000_000L;
    private static final double NANOS = 1e9;
    private static final int MINUTE_SECONDS = 60;

    private final Console console;
    private final boolean isShown;
    private final String verb;
    private final String noun;
    private final long totalBytes;
    private final long startNs;
    private long shownNs;
    private boolean isLineOpen;

    /**
     * Creates the line.
     *
     * @param console to print to.
     * @param isShown false for silence.
     * @param verb what is done, for example {@code writing plant/sensors}.
     * @param noun what is counted, for example {@code events}.
     * @param totalBytes to be done, or -1 when nobody knows.
     */
    Progress(
            final Console console, final boolean isShown, final String verb, final String noun, final long totalBytes) {
        this.console = console;
        this.isShown = isShown;
        this.verb = verb;
        this.noun = noun;
        this.totalBytes = totalBytes;
        this.startNs = console.clock().nanoTime();
        this.shownNs = startNs;
    }

    /**
     * Shows how far it is, at most five times a second.
     *
     * @param count of what is done.
     * @param bytes done, of the same kind as the total.
     */
    void update(final long count, final long bytes) {
        if (!isShown) {
            return;
        }
        final long nowNs = console.clock().nanoTime();
        if (nowNs - shownNs >= INTERVAL_NS) {
            shownNs = nowNs;
            isLineOpen = true;
            console.err().print("\r\u001b[K" + line(count, bytes, (nowNs - startNs) / NANOS));
            console.err().flush();
        }
    }

    /** Removes the line. */
    void end() {
        if (isLineOpen) {
            isLineOpen = false;
            console.err().print("\r\u001b[K");
            console.err().flush();
        }
    }

    /**
     * Tells how long it has taken.
     *
     * @return seconds, above 0.
     */
    double seconds() {
        return Math.max(1, console.clock().nanoTime() - startNs) / NANOS;
    }

    private String line(final long count, final long bytes, final double seconds) {
        final StringBuilder text = new StringBuilder(verb).append(": ");
        if (totalBytes > 0) {
            text.append(String.format(Locale.ROOT, "%3.0f %%, ", Math.min(100.0, 100.0 * bytes / totalBytes)));
        }
        text.append(String.format(
                Locale.ROOT,
                "%,d %s, %,.0f %s/s, %s/s",
                count,
                noun,
                count / seconds,
                noun,
                Words.bytes(bytes / seconds)));
        if (totalBytes > 0 && bytes > 0) {
            final long left = Math.round(Math.max(0, totalBytes - bytes) * (seconds / bytes));
            text.append(", ").append(left >= MINUTE_SECONDS ? left / MINUTE_SECONDS + " min " : "");
            text.append(left % MINUTE_SECONDS).append(" s left");
        }
        return text.toString();
    }
}
