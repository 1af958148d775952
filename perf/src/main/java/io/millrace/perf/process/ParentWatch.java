package io.millrace.perf.process;

import io.millrace.codec.AllowedHere;
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

    /**
     * Begins to watch. From now on the JVM also ends when the calling thread, the server's main thread, is ended by an
     * exception: threads of a half-started server would keep it alive, and the rig waiting.
     */
    @AllowedHere("what ended the server goes to standard error, of which the rig quotes the end")
    public static void begin() {
        Thread.currentThread().setUncaughtExceptionHandler((thread, error) -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(EXIT_CODE);
        });
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
