package io.millrace.journal;

import java.nio.file.Path;

/** A process that locks a journal, says so, and waits to be ended. */
final class LockHolder {
    private LockHolder() {}

    public static void main(final String[] arguments) throws Exception {
        final JournalLock lock = JournalLock.take(Path.of(arguments[0]), ResourceLedger.create());
        System.out.write('L');
        System.out.flush();
        System.in.read(); // until the test ends this process
        lock.close();
    }
}
