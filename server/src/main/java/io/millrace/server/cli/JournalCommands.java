package io.millrace.server.cli;

import picocli.CommandLine.Command;

/** {@code millrace journal}: groups what is done with journal files without a node. <b>Threading:</b> none. */
@Command(
        name = "journal",
        description = "Make a journal, or look into one without changing it.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
final class JournalCommands {
    /** Creates the group. */
    JournalCommands() {}
}
