package io.millrace.perf.process;

import java.io.IOException;
import java.io.InputStream;

/**
 * Ends a server JVM of ours when the process that started it is gone, even killed: the server's standard input is a
 * pipe that {@link ChildProcess} holds open.
 *
 * <p><b>Threading:</b> a daemon thread that reads until the end and halts the JVM.
 */
public final class ParentWatch {
    private static final int EXIT_CODE = 1;

    private ParentWatch() {}

    /** Begins to watch. */
    public static void begin() {
        final Thread thread = new Thread(ParentWatch::watch, "parent-watch");
        thread.setDaemon(true);
        thread.start();
    }

    private static void watch() {
        final InputStream pipe = System.in;
        try {
            int read = pipe.read();
            while (read >= 0) { // nobody writes: the end is what is waited for
                read = pipe.read();
            }
        } catch (final IOException e) {
            Runtime.getRuntime().halt(EXIT_CODE);
        }
        Runtime.getRuntime().halt(EXIT_CODE);
    }
}
