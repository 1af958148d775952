package io.millrace.server.cli;

import io.millrace.client.Millrace;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C and SIGTERM end a command in order: its loops see {@link #isAsked()} and close the client, whose media
 * driver would leave a directory behind otherwise.
 *
 * <p><b>Threading:</b> the command's thread; the hook runs on one of the JVM's.
 */
final class Interruption implements AutoCloseable {
    private static final long PATIENCE_MS = 1_000;

    private final Millrace millrace;
    private final Thread hook = new Thread(this::onShutdown, "millrace-interruption");
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile boolean asked;

    private Interruption(final Millrace millrace) {
        this.millrace = millrace;
    }

    /**
     * Begins to listen.
     *
     * @param millrace is closed by the hook when the command does not do it within a second.
     * @return to be closed after the client.
     */
    static Interruption of(final Millrace millrace) {
        final Interruption interruption = new Interruption(millrace);
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        return interruption;
    }

    /**
     * Tells whether the command is to end.
     *
     * @return true after the signal.
     */
    boolean isAsked() {
        return asked;
    }

    private void onShutdown() {
        asked = true;
        try {
            if (!closed.await(PATIENCE_MS, TimeUnit.MILLISECONDS)) {
                millrace.close(); // the command waits for its input
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stops listening, or lets the process end. */
    @Override
    public void close() {
        closed.countDown();
        if (!asked) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (final IllegalStateException e) {
                asked = true; // the signal came just now
            }
        }
    }
}
