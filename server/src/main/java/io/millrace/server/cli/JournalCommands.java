package io.millrace.server.cli;

import picocli.CommandLine.Command;

/** {@code millrace journal}: groups what looks into journal files. <b>Threading:</b> none. */
@Command(
        name = "journal",
        description = "Look into a journal file, read-only.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
final class JournalCommands {
    /** Creates the group. */
    JournalCommands() {}
}
