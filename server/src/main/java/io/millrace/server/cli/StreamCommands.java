package io.millrace.server.cli;

import picocli.CommandLine.Command;

/** {@code millrace stream}: groups what makes, shows and ends streams. <b>Threading:</b> none. */
@Command(
        name = "stream",
        description = "Make, list, describe, truncate, seal and delete streams.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
final class StreamCommands {
    /** Creates the group. */
    StreamCommands() {}
}
