package io.millrace.perf.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The kernel's slack of timed sleeps, 50 us for ordinary threads: far more than what is measured here.
 *
 * <p><b>Threading:</b> concerns the calling thread.
 */
public final class TimerSlack {
    private TimerSlack() {}

    /**
     * Makes the calling thread's timed sleeps end on time.
     *
     * @return whether the kernel took it; without it a sleeping rig sends up to 50 us late.
     */
    public static boolean least() {
        try {
            // The file exists for a thread's id too, but only at the top level of proc.
            final Path thread = Files.readSymbolicLink(Path.of("/proc/thread-self"));
            Files.writeString(Path.of("/proc", String.valueOf(thread.getFileName()), "timerslack_ns"), "1");
            return true;
        } catch (final IOException e) {
            return false;
        }
    }
}
