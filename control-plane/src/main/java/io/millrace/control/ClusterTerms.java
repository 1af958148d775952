package io.millrace.control;

/**
 * What holds for every chain of a cluster.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param replicationFactor members a chain should have.
 * @param minimum members below which nothing is installed (P3).
 */
record ClusterTerms(int replicationFactor, int minimum) {
    /** Of chains of one replica each, as a node that was alone brings them along. */
    static final ClusterTerms ALONE = new ClusterTerms(1, 1);

    /** Members from which on a chain of one has grown: more at once would leave it blocked on the way. */
    private static final int GROWN = 2;

    /**
     * Tells whether chains with these terms may be given others.
     *
     * @param asked the others.
     * @return true only for chains of one, and a minimum that the first learner reaches.
     */
    boolean mayGrowTo(final ClusterTerms asked) {
        return equals(ALONE) && asked.minimum == GROWN && asked.replicationFactor >= GROWN;
    }
}
