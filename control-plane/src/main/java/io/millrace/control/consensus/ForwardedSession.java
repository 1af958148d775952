package io.millrace.control.consensus;

/**
 * Whom an answer goes to: a request that a node has forwarded. Compared by identity, as the service wants it.
 *
 * <p><b>Threading:</b> immutable.
 */
final class ForwardedSession {
    final long clusterSessionId;
    final long token;

    /**
     * Names a request.
     *
     * @param clusterSessionId of the node's session with the group.
     * @param token the node's number of the request.
     */
    ForwardedSession(final long clusterSessionId, final long token) {
        this.clusterSessionId = clusterSessionId;
        this.token = token;
    }
}
