/**
 * The command line {@code millrace}: one class per command, picocli parses, {@link io.millrace.server.cli.Console}
 * prints.
 *
 * <p>Threads: the one that was started. Messages: words on standard error, results on standard output; with
 * {@code --output json} exactly one object on standard output. Not here: protocols or files; a command calls the client
 * module or the node. Start reading at {@link io.millrace.server.cli.MillraceCli}.
 */
@NullMarked
package io.millrace.server.cli;

import org.jspecify.annotations.NullMarked;
