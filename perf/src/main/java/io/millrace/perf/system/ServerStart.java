package io.millrace.perf.system;

import io.millrace.codec.AllowedHere;
import io.millrace.perf.process.ChildProcess;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Waits until a server that was started serves, and says why it does not: what was asked last, and the end of what it
 * wrote to standard error.
 *
 * <p><b>Threading:</b> the rig's thread, before anything is measured.
 */
public final class ServerStart {
    private static final long POLL_MS = 20;
    private static final int QUOTED_LINES = 20;

    private final NanoClock clock;
    private final String name;
    private final ChildProcess process;

    /** Tells whether a server serves. */
    @FunctionalInterface
    public interface Check {
        /**
         * Asks once.
         *
         * @return whether it serves.
         * @throws Exception when it does not yet; the last reason is quoted when the time is over.
         */
        boolean isReady() throws Exception;
    }

    /**
     * Prepares to wait.
     *
     * @param name of the server, for messages.
     * @param process that was started.
     * @param clock the context's.
     */
    public ServerStart(final String name, final ChildProcess process, final NanoClock clock) {
        this.name = name;
        this.process = process;
        this.clock = clock;
    }

    /**
     * Waits for a line of its standard output.
     *
     * @param timeoutNs the longest wait, from now.
     * @param text that the line contains.
     * @throws IOException when the process ended or the time is over.
     */
    public void awaitLine(final long timeoutNs, final String text) throws IOException {
        await(timeoutNs, () -> {
            String line = process.pollLine();
            while (line != null && !line.contains(text)) {
                line = process.pollLine();
            }
            return line != null;
        });
    }

    /**
     * Waits.
     *
     * @param timeoutNs the longest wait, from now.
     * @param check asked until it says that the server serves.
     * @throws IOException when the process ended or the time is over.
     */
    public void await(final long timeoutNs, final Check check) throws IOException {
        final long deadlineNs = clock.nanoTime() + timeoutNs;
        @Nullable Exception reason = null;
        while (true) {
            if (!process.isAlive()) {
                throw failure("ended with code " + process.exitCode() + " before it was ready", reason);
            }
            try {
                if (check.isReady()) {
                    return;
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw failure("was waited for by an interrupted thread", e);
            } catch (final Exception e) {
                reason = e;
            }
            if (clock.nanoTime() - deadlineNs > 0) {
                throw failure("is not ready after " + TimeUnit.NANOSECONDS.toSeconds(timeoutNs) + " s", reason);
            }
            pause();
        }
    }

    @AllowedHere("waits for another process before anything is measured")
    private void pause() throws IOException {
        try {
            Thread.sleep(POLL_MS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure("was waited for by an interrupted thread", e);
        }
    }

    private IOException failure(final String what, final @Nullable Exception reason) {
        final String said = reason == null ? "" : " (" + reason + ")";
        return new IOException(name + " " + what + said + "; it wrote: " + lastOf(process.errors()));
    }

    /**
     * The end of a text.
     *
     * @param text lines.
     * @return its last {@value #QUOTED_LINES} lines.
     */
    static String lastOf(final String text) {
        final String[] lines = text.strip().split("\n", -1);
        final int from = Math.max(0, lines.length - QUOTED_LINES);
        return String.join("\n", List.of(lines).subList(from, lines.length));
    }
}
