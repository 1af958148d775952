package io.millrace.control;

/**
 * Every limit of the control plane. All but {@code maxWaitingRequests} and {@code maxReplyLength} decide what a command
 * does, so they must be the same at every replay of a log: change one only together with a new format.
 *
 * @param maxScopes scopes in the cluster; more are refused with LIMIT_REACHED.
 * @param maxStreams streams in the cluster, those being deleted included; more are refused with LIMIT_REACHED.
 * @param maxSegmentsPerStream segments a stream may be created with; more are refused with BAD_SEGMENT_COUNT.
 * @param maxSegments live segments in the cluster; more are refused with LIMIT_REACHED. The stores of the chains must
 *     have room for as many.
 * @param maxHeaderLength bytes of the note kept with a stream; longer ones are refused with LIMIT_REACHED.
 * @param maxNodes nodes ever announced; more are refused.
 * @param maxKeptReplies answers kept for repeated requests; the oldest by log order go first.
 * @param maxOpenRequests requests whose effects are not done yet; more are refused with THROTTLED.
 * @param maxWaitingRequests requests a carrier holds that are not answered yet; more are refused with THROTTLED.
 * @param maxReplyLength bytes of one reply; a list stops before it and says that there is more.
 */
public record ControlLimits(
        int maxScopes,
        int maxStreams,
        int maxSegmentsPerStream,
        int maxSegments,
        int maxHeaderLength,
        int maxNodes,
        int maxKeptReplies,
        int maxOpenRequests,
        int maxWaitingRequests,
        int maxReplyLength) {
    /** The limits of a node with default configuration. */
    public static final ControlLimits DEFAULT =
            new ControlLimits(1_000, 10_000, 1_024, 65_536, 4_096, 1_024, 4_096, 1_024, 1_024, 96 * 1024);
}
