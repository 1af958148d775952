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
 * @param maxChains data chains; more are refused at the first start.
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
        int maxChains,
        int maxNodes,
        int maxKeptReplies,
        int maxOpenRequests,
        int maxWaitingRequests,
        int maxReplyLength) {
    /** The limits of a node with default configuration. */
    public static final ControlLimits DEFAULT =
            new ControlLimits(1_000, 10_000, 1_024, 65_536, 4_096, 64, 1_024, 4_096, 1_024, 1_024, 96 * 1024);

    /** What a description needs besides its segments: frame header, block, names and lengths of all fields. */
    private static final int REPLY_OVERHEAD_LENGTH = 1_024;

    private static final int SEGMENT_LENGTH = 64;

    /** A chain's number and epoch, and two places of {@link ChainPlaces#MAX_LENGTH} with their lengths. */
    private static final int CHAIN_LENGTH = 16 + 2 * (2 + ChainPlaces.MAX_LENGTH);

    /**
     * Checks that the limits fit together.
     *
     * @throws IllegalArgumentException when one is below 1, or a stream of most segments cannot be described in a
     *     reply.
     */
    public ControlLimits {
        final int smallest = Math.min(
                Math.min(Math.min(maxScopes, maxStreams), Math.min(maxSegmentsPerStream, maxSegments)),
                Math.min(
                        Math.min(Math.min(maxHeaderLength, maxChains), Math.min(maxNodes, maxKeptReplies)),
                        Math.min(maxOpenRequests, maxWaitingRequests)));
        if (smallest < 1) {
            throw new IllegalArgumentException("a limit of the control plane is below 1");
        }
        final long needed = REPLY_OVERHEAD_LENGTH
                + maxHeaderLength
                + (long) maxSegmentsPerStream * SEGMENT_LENGTH
                + (long) Math.min(maxChains, maxSegmentsPerStream) * CHAIN_LENGTH;
        if (maxReplyLength < needed) {
            throw new IllegalArgumentException("maxReplyLength " + maxReplyLength + " is below " + needed
                    + " bytes, which a stream with the most segments and the longest header needs");
        }
    }
}
