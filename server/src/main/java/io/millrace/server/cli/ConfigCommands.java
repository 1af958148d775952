package io.millrace.server.cli;

import picocli.CommandLine.Command;

/** {@code millrace config}: groups what is done with settings without a node. <b>Threading:</b> none. */
@Command(
        name = "config",
        description = "Check the settings of a node, or show them with their origins.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
final class ConfigCommands {
    /** Creates the group. */
    ConfigCommands() {}
}
