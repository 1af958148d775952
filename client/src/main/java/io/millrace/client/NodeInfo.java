package io.millrace.client;

/**
 * What the node said of itself when the session was opened.
 *
 * @param name of the node
 * @param incarnation grows at each start of the node
 * @param durabilityMode how it makes bytes durable, for people
 * @param maxEventLength greatest payload it takes, in bytes
 */
public record NodeInfo(String name, long incarnation, String durabilityMode, int maxEventLength) {}
