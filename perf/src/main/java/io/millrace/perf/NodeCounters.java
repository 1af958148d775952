package io.millrace.perf;

/**
 * What a node has counted since its start.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param allocatedBytes by its device thread; -1 unknown.
 * @param naks frames it asked for again; -1 unknown.
 */
record NodeCounters(long allocatedBytes, long naks) {
    /** A node that does not tell. */
    static final NodeCounters UNKNOWN = new NodeCounters(-1, -1);

    /**
     * Reads the counters of a node process.
     *
     * @param process running.
     * @return its counters.
     */
    static NodeCounters read(final NodeProcess process) {
        return UNKNOWN;
    }

    /**
     * What was counted since an earlier moment.
     *
     * @param before the earlier counters.
     * @return the differences; -1 where either is unknown.
     */
    NodeCounters since(final NodeCounters before) {
        return new NodeCounters(
                allocatedBytes < 0 || before.allocatedBytes < 0 ? -1 : allocatedBytes - before.allocatedBytes,
                naks < 0 || before.naks < 0 ? -1 : naks - before.naks);
    }
}
