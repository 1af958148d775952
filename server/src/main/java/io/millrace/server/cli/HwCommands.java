package io.millrace.server.cli;

import picocli.CommandLine.Command;

/** {@code millrace hw}: groups what concerns the machine under a node. <b>Threading:</b> none. */
@Command(
        name = "hw",
        description = "Fit a node to the machine it runs on.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
final class HwCommands {
    /** Creates the group. */
    HwCommands() {}
}
