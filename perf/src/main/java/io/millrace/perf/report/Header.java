package io.millrace.perf.report;

/**
 * The lines above every result: the machine, and what is wrong with it.
 *
 * <p><b>Threading:</b> stateless.
 */
public final class Header {
    private Header() {}

    /**
     * Says it.
     *
     * @param terminal prints.
     * @param environment of the run.
     */
    public static void say(final Terminal terminal, final Environment environment) {
        terminal.say("host: " + environment);
        if (environment.starvesKernelWorkers()) {
            terminal.warn("this kernel may starve the workers that complete durable writes (stalls of 0.1 to 9 s):"
                    + " sysctl -w kernel.sched_autogroup_enabled=0, and run in the root cpu group");
        }
    }
}
