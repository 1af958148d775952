package io.millrace.server.cli;

import picocli.CommandLine.Command;

/** {@code millrace cluster}: groups what makes, shows and changes a cluster. <b>Threading:</b> none. */
@Command(
        name = "cluster",
        description = "Make a cluster of nodes, show it, add, drain, remove, replace and upgrade its nodes.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
final class ClusterCommands {
    /** Creates the group. */
    ClusterCommands() {}
}
