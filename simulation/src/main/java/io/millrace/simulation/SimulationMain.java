package io.millrace.simulation;

import io.millrace.codec.AllowedHere;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.SystemNanoClock;
import picocli.CommandLine;

/**
 * {@code millrace simulate}: the main class the launcher starts for it.
 *
 * <p><b>Threading</b>: the main thread.
 */
@AllowedHere("composition root of the simulation's command line")
public final class SimulationMain {
    private SimulationMain() {}

    /**
     * Runs the command and ends the process with its exit code: 0 nothing broken, 1 a promise was broken, 2 usage.
     *
     * @param arguments the command line, {@code simulate} first
     */
    public static void main(final String[] arguments) {
        final PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        final PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        final int exitCode = new CommandLine(new SimulateCommand(out, err, SystemNanoClock.INSTANCE))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(out)
                .setErr(err)
                .execute(java.util.Arrays.copyOfRange(arguments, Math.min(1, arguments.length), arguments.length));
        System.exit(exitCode);
    }
}
