package io.millrace.client;

/**
 * One line of a list of streams.
 *
 * @param name scope/stream
 * @param streamId identity
 * @param state where in its life it is
 * @param segmentCount of its current epoch
 */
public record StreamSummary(String name, long streamId, StreamState state, int segmentCount) {}
