package io.millrace.perf.guard;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs programs: git, and the launchers of both sides. A port, so that tests need neither.
 *
 * <p><b>Threading:</b> one thread.
 */
interface Tool {
    /**
     * Runs a program to its end.
     *
     * @param directory to work in.
     * @param command program and arguments.
     * @return its standard output, without spaces at the end.
     * @throws IOException when it cannot be started, or ends with another code than 0; the message has its last words.
     */
    String run(Path directory, List<String> command) throws IOException;
}
