package io.millrace.journal;

import io.millrace.codec.MillraceException;
import java.nio.file.Path;

/** A process that opens a journal under the limits it was started with and prints the outcome. */
final class MemoryLockMain {
    private MemoryLockMain() {}

    public static void main(final String[] arguments) {
        final JournalContext context =
                TestJournals.context().file(Path.of(arguments[0])).backend(Backend.URING);
        if (arguments.length > 1) {
            context.memoryLockLimit(() -> Long.MAX_VALUE); // let the kernel refuse
        }
        String outcome = "opened";
        try {
            Journal.open(context).close();
        } catch (final MillraceException e) {
            outcome = e.code().id();
        }
        System.out.print(outcome);
        System.out.flush();
    }
}
