package io.millrace.server.cli;

import io.millrace.codec.AllowedHere;
import io.millrace.server.NodeVersion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/**
 * The command line {@code millrace}: knows its commands and turns failures into words and exit codes (0 done, 1 failed,
 * 2 wrong usage, 3 unreachable, 4 refused by authorization, 5 not found or conflict).
 *
 * <p><b>Threading:</b> the main thread.
 */
@Command(
        name = "millrace",
        description = "A durable, elastic stream store at a trading system's latency.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
public final class MillraceCli {
    /** The exit code for wrong usage. */
    static final int EXIT_USAGE = 2;

    private MillraceCli() {}

    /**
     * Runs one command and exits the process with its code.
     *
     * @param arguments of the command line.
     */
    @AllowedHere("the entry of the process")
    public static void main(final String[] arguments) {
        System.exit(execute(Console.system(), arguments));
    }

    /**
     * Runs one command.
     *
     * @param console to read from and print to.
     * @param arguments of the command line.
     * @return the exit code.
     */
    public static int execute(final Console console, final String... arguments) {
        return console.finish(commandLine(console).execute(arguments));
    }

    /**
     * Builds the tree of commands.
     *
     * @param console of the commands.
     * @return picocli's root.
     */
    static CommandLine commandLine(final Console console) {
        final CommandLine root = new CommandLine(new MillraceCli())
                .addSubcommand(new StartCommand(console))
                .addSubcommand(cluster(console))
                .addSubcommand(streams(console))
                .addSubcommand(new WriteCommand(console))
                .addSubcommand(new ReadCommand(console))
                .addSubcommand(journal(console))
                .addSubcommand(config(console))
                .addSubcommand(new StatCommand(console))
                .addSubcommand(new ErrorsCommand(console))
                .addSubcommand(new CommandLine(new HwCommands()).addSubcommand(new HwCalibrateCommand(console)))
                .addSubcommand(new VersionCommand(console))
                .addSubcommand(new HelpCommand());
        printVersions(root);
        final Failures failures = new Failures(console);
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setExecutionExceptionHandler(failures);
        root.setParameterExceptionHandler(failures);
        root.setOut(new java.io.PrintWriter(console.out(), true, java.nio.charset.StandardCharsets.UTF_8));
        root.setErr(new java.io.PrintWriter(console.err(), true, java.nio.charset.StandardCharsets.UTF_8));
        return root;
    }

    /** Each command has -V; without a provider it would print nothing. */
    private static void printVersions(final CommandLine command) {
        command.getCommandSpec().versionProvider(() -> new String[] {"millrace " + NodeVersion.get()});
        command.getSubcommands().values().forEach(MillraceCli::printVersions);
    }

    private static CommandLine streams(final Console console) {
        return new CommandLine(new StreamCommands())
                .addSubcommand(new StreamCreateCommand(console))
                .addSubcommand(new StreamListCommand(console))
                .addSubcommand(new StreamDescribeCommand(console))
                .addSubcommand(new StreamTruncateCommand(console))
                .addSubcommand(StreamEndCommand.seal(console))
                .addSubcommand(StreamEndCommand.delete(console));
    }

    private static CommandLine cluster(final Console console) {
        return new CommandLine(new ClusterCommands())
                .addSubcommand(new ClusterInitCommand(console))
                .addSubcommand(new ClusterStatusCommand(console))
                .addSubcommand(ClusterNodeCommand.add(console))
                .addSubcommand(ClusterNodeCommand.drain(console))
                .addSubcommand(ClusterNodeCommand.remove(console))
                .addSubcommand(new ClusterReplaceCommand(console))
                .addSubcommand(new ClusterUpgradeCommand(console));
    }

    private static CommandLine config(final Console console) {
        return new CommandLine(new ConfigCommands())
                .addSubcommand(new ConfigCheckCommand(console))
                .addSubcommand(new ConfigShowCommand(console));
    }

    private static CommandLine journal(final Console console) {
        return new CommandLine(new JournalCommands())
                .addSubcommand(new JournalFormatCommand(console))
                .addSubcommand(new JournalDumpCommand(console))
                .addSubcommand(new JournalVerifyCommand(console))
                .addSubcommand(new JournalRepairCommand(console));
    }
}
