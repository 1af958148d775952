package io.millrace.perf.system;

import java.io.IOException;

/**
 * Transactions, one at a time: begin, write, commit, wait until they are known to be committed.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
public interface Transactions {
    /**
     * Runs one transaction to its end.
     *
     * @param firstIndex index of its first event.
     * @param eventCount number of its events.
     * @throws IOException when it was not committed.
     */
    void run(long firstIndex, int eventCount) throws IOException;
}
