package io.millrace.control.consensus;

import io.aeron.Publication;
import io.aeron.cluster.service.ClientSession;
import io.aeron.cluster.service.Cluster;
import io.millrace.codec.chain.ForwardedReplyEncoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.SegmentQuestionEncoder;
import io.millrace.control.ChainPlaces;
import io.millrace.control.ChainView;
import io.millrace.control.ControlLog;
import io.millrace.control.ControlService;
import io.millrace.control.EffectSink;
import io.millrace.control.NodeMessages;
import io.millrace.control.ReplicaId;
import io.millrace.control.Reply;
import io.millrace.control.SegmentLengths;
import java.util.TreeMap;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What only the leader does: proposes commands, sends orders, effects, questions and answers to the nodes. All of it
 * may be lost; the state says it again.
 *
 * <p><b>Threading:</b> the service's thread, from within callbacks of the log; never from its background work, where
 * Aeron Cluster forbids to send.
 *
 * <p><b>Invariant:</b> which session is a node's follows from the messages in the log, on every member alike.
 */
final class LeaderPorts
        implements ControlLog, EffectSink, Reply<ForwardedSession>, SegmentLengths, ChainPlaces, NodeMessages {
    /** Of a proposal that is on its way: its place in the log is known when it comes back. */
    private static final long PROPOSED = 1;

    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final ForwardedReplyEncoder forwardedReply = new ForwardedReplyEncoder();
    private final SegmentQuestionEncoder segmentQuestion = new SegmentQuestionEncoder();
    private final ExpandableArrayBuffer out = new ExpandableArrayBuffer(4 * 1024);
    private final TreeMap<UUID, Long> sessions = new TreeMap<>();
    private @Nullable Cluster cluster;
    private @Nullable GroupSession proposals;
    private @Nullable ControlService<ForwardedSession> service;
    private boolean isLeading;
    private long droppedCount;

    /**
     * Takes what it speaks through.
     *
     * @param group with the sessions of the nodes.
     * @param session for proposals.
     */
    void attach(final Cluster group, final GroupSession session) {
        cluster = group;
        proposals = session;
    }

    /**
     * Takes the service whose ports these are.
     *
     * @param owner of the state.
     */
    void service(final ControlService<ForwardedSession> owner) {
        service = owner;
    }

    /**
     * Begins to send, or ends.
     *
     * @param isLeader whether this member leads.
     */
    void lead(final boolean isLeader) {
        isLeading = isLeader;
    }

    /** Returns how many messages to nodes were not sent. */
    long droppedCount() {
        return droppedCount;
    }

    /**
     * Learns by which session a node is reached.
     *
     * @param nodeIdHigh upper half of its id.
     * @param nodeIdLow lower half.
     * @param clusterSessionId of the session that a message of the node came by.
     */
    void learn(final long nodeIdHigh, final long nodeIdLow, final long clusterSessionId) {
        sessions.put(new UUID(nodeIdHigh, nodeIdLow), clusterSessionId);
    }

    /**
     * Forgets a session that was closed.
     *
     * @param clusterSessionId of it.
     */
    void onSessionClosed(final long clusterSessionId) {
        sessions.values().removeIf(id -> id == clusterSessionId);
    }

    @Override
    public long tryAppend(final DirectBuffer command, final int length) {
        final GroupSession session = proposals;
        return isLeading && session != null && session.offer(command, 0, length) ? PROPOSED : ControlLog.BACK_PRESSURED;
    }

    @Override
    public boolean trySend(
            final long nodeIdHigh,
            final long nodeIdLow,
            final String endpoint,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        return isLeading && sendToNode(new UUID(nodeIdHigh, nodeIdLow), buffer, offset, length);
    }

    @Override
    public boolean trySend(
            final int chain,
            final long effectNumber,
            final DirectBuffer segmentEffect,
            final int offset,
            final int length) {
        final ReplicaId head = headOf(chain);
        final ControlService<ForwardedSession> owner = service;
        if (head != null && owner != null) {
            final int orderLength =
                    owner.state().encodeEffectOrder(chain, effectNumber, segmentEffect, offset, length, out);
            sendToNode(head.node(), out, 0, orderLength);
        }
        // What was not sent is sent again a little later, as what was lost.
        return true;
    }

    @Override
    public int tryReply(final ForwardedSession session, final DirectBuffer buffer, final int offset, final int length) {
        final ClientSession client = client(session.clusterSessionId);
        if (client == null) {
            return GONE;
        }
        final int encoded = forwardedReply
                .wrapAndApplyHeader(out, 0, messageHeader)
                .token(session.token)
                .putFrame(buffer, offset, length)
                .encodedLength();
        final long result = client.offer(out, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoded);
        if (result > 0) {
            return SENT;
        }
        return result == Publication.BACK_PRESSURED || result == Publication.ADMIN_ACTION ? Reply.BACK_PRESSURED : GONE;
    }

    @Override
    public boolean ask(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        final ChainView view = view(chain);
        final ChainView.Member asked = view == null ? null : view.head();
        if (asked == null) {
            return false;
        }
        final int encoded = segmentQuestion
                .wrapAndApplyHeader(out, 0, messageHeader)
                .queryId(queryId)
                .streamId(streamId)
                .segmentId(segmentId)
                .index(index)
                .chain(chain)
                .encodedLength();
        return sendToNode(asked.replica().node(), out, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoded);
    }

    @Override
    public String head(final int chain) {
        final ChainView view = view(chain);
        return view == null ? "" : endpointOf(view.head());
    }

    @Override
    public String tail(final int chain) {
        final ChainView view = view(chain);
        return view == null ? "" : endpointOf(view.tail());
    }

    private static String endpointOf(final ChainView.@Nullable Member member) {
        return member == null || member.endpoint().length() > ChainPlaces.MAX_LENGTH ? "" : member.endpoint();
    }

    private @Nullable ReplicaId headOf(final int chain) {
        final ChainView view = view(chain);
        return view == null || view.members().isEmpty()
                ? null
                : view.members().get(0).replica();
    }

    private @Nullable ChainView view(final int chain) {
        final ControlService<ForwardedSession> owner = service;
        return owner == null ? null : owner.state().chainView(chain);
    }

    private @Nullable ClientSession client(final @Nullable Long clusterSessionId) {
        final Cluster group = cluster;
        return group == null || clusterSessionId == null ? null : group.getClientSession(clusterSessionId);
    }

    private boolean sendToNode(final UUID node, final DirectBuffer buffer, final int offset, final int length) {
        final ClientSession session = client(sessions.get(node));
        if (session != null && session.offer(buffer, offset, length) > 0) {
            return true;
        }
        droppedCount++;
        return false;
    }
}
