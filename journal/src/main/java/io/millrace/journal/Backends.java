package io.millrace.journal;

/**
 * The only class that knows the backends.
 *
 * <p><b>Threading</b>: any thread.
 */
final class Backends {
    private Backends() {}

    /**
     * Makes the probe of this process.
     *
     * @return probe
     */
    static IoUringProbe systemProbe() {
        return () -> -1;
    }
}
