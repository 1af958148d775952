package io.millrace.perf;

import io.millrace.codec.AllowedHere;
import io.millrace.codec.MillraceException;
import io.millrace.perf.cluster.ClusterDemoCommand;
import io.millrace.perf.compare.CompareCommand;
import io.millrace.perf.compare.DriveCommand;
import io.millrace.perf.guard.GuardCommand;
import io.millrace.perf.process.Autogroup;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Terminal;
import org.agrona.concurrent.SystemNanoClock;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * {@code millrace demo} and {@code millrace bench}: the main class the launcher starts for them.
 *
 * <p><b>Threading:</b> the command runs on a thread that is started after autogroups were switched off, because a
 * thread keeps the group it was started in.
 */
@Command(
        name = "millrace",
        mixinStandardHelpOptions = true,
        description = "Shows and measures Millrace.",
        synopsisSubcommandLabel = "demo|bench")
@AllowedHere("composition root of the rig")
public final class PerfMain {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private PerfMain() {}

    /**
     * Runs a command and ends the process with its exit code: 0 ok, 1 failed, 2 usage, 3 unreachable, 4 refused, 5 not
     * found or conflict.
     *
     * @param arguments the command line.
     * @throws InterruptedException when the wait for the command is interrupted.
     */
    public static void main(final String[] arguments) throws InterruptedException {
        final int[] exitCode = {FAILED};
        try (Autogroup autogroup = Autogroup.off(Environment.root())) {
            final Thread restore = new Thread(autogroup::close, "perf-autogroup");
            Runtime.getRuntime().addShutdownHook(restore);
            final Thread rig = new Thread(() -> exitCode[0] = run(Terminal.system(), arguments), "perf");
            rig.start();
            rig.join();
        }
        System.exit(exitCode[0]);
    }

    /**
     * Runs a command.
     *
     * @param terminal prints.
     * @param arguments the command line.
     * @return the exit code.
     */
    static int run(final Terminal terminal, final String... arguments) {
        final CommandLine bench = new CommandLine(new BenchCommand())
                .addSubcommand(new LatencyCommand(terminal, SystemNanoClock.INSTANCE))
                .addSubcommand(new ThroughputCommand(terminal, SystemNanoClock.INSTANCE))
                .addSubcommand(new ClientsCommand(terminal, SystemNanoClock.INSTANCE))
                .addSubcommand(new JournalCommand(terminal, SystemNanoClock.INSTANCE))
                .addSubcommand(new CompareCommand(terminal, SystemNanoClock.INSTANCE, PerfMain.class))
                .addSubcommand(new DriveCommand(terminal, SystemNanoClock.INSTANCE))
                .addSubcommand(new GuardCommand(terminal))
                .addSubcommand(new SoakCommand(terminal, SystemNanoClock.INSTANCE));
        return new CommandLine(new PerfMain())
                .addSubcommand(new DemoCommand(terminal, SystemNanoClock.INSTANCE))
                .addSubcommand(bench)
                .addSubcommand(new CommandLine(new ClusterCommand())
                        .addSubcommand(new ClusterDemoCommand(terminal, SystemNanoClock.INSTANCE)))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, command, parsed) -> failed(terminal, failure))
                .setParameterExceptionHandler((failure, given) -> usage(terminal, failure))
                .execute(arguments);
    }

    private static int failed(final Terminal terminal, final Exception failure) {
        terminal.warn(failure.getMessage() == null ? failure.toString() : failure.getMessage());
        return failure instanceof MillraceException millrace ? millrace.code().exitCode() : FAILED;
    }

    private static int usage(final Terminal terminal, final CommandLine.ParameterException failure) {
        terminal.warn(String.valueOf(failure.getMessage()));
        terminal.warn(failure.getCommandLine()
                .getUsageMessage(CommandLine.Help.Ansi.OFF)
                .strip());
        return USAGE;
    }

    /** Holds what the rig does with a cluster; its other commands are the server's. <b>Threading:</b> stateless. */
    @Command(name = "cluster", mixinStandardHelpOptions = true, description = "A cluster on this machine.")
    private static final class ClusterCommand {}

    /** Holds the benchmarks. <b>Threading:</b> stateless. */
    @Command(
            name = "bench",
            mixinStandardHelpOptions = true,
            description = "Measures.",
            footer = "  jmh         The pieces of the path with JMH: ./millrace bench jmh --help")
    private static final class BenchCommand {}
}
