package io.millrace.control;

/**
 * What holds for every chain of a cluster.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param replicationFactor members a chain should have.
 * @param minimum members below which nothing is installed (P3).
 */
record ClusterTerms(int replicationFactor, int minimum) {}
