package io.millrace.server.cluster;

import io.millrace.codec.WireFrames;
import io.millrace.codec.chain.EffectCommittedDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.SegmentAnswerDecoder;
import io.millrace.codec.chain.SegmentQuestionEncoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.GroupSettingsEncoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.TickEncoder;
import io.millrace.control.ChainPlaces;
import io.millrace.control.ChainView;
import io.millrace.control.ControlLimits;
import io.millrace.control.ControlLog;
import io.millrace.control.ControlPlaneLink;
import io.millrace.control.ControlRules;
import io.millrace.control.ControlService;
import io.millrace.control.EffectSink;
import io.millrace.control.ReconfigurationLimits;
import io.millrace.control.Reply;
import io.millrace.control.SegmentLengths;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The real control state and service over a log in memory, for tests: what is proposed is applied in the next turn.
 *
 * <p><b>Threading</b>: the test's thread steps everything.
 */
final class MemoryControlPlane
        implements ControlLog, EffectSink, Reply<MemoryControlPlane.Forwarded>, SegmentLengths, ChainPlaces {
    private static final long TICK_NS = 50_000_000L;

    private final ControlService<Forwarded> service;
    private final Map<UUID, Way> ways = new HashMap<>();
    private final ArrayDeque<Proposal> proposals = new ArrayDeque<>();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final EffectCommittedDecoder effectCommitted = new EffectCommittedDecoder();
    private final SegmentAnswerDecoder answer = new SegmentAnswerDecoder();
    private long position;
    private long nextTickNs;
    private boolean isSilent;

    /** A command, and the session that it came by; null: the control plane's own. */
    private record Proposal(@Nullable Way way, UnsafeBuffer command) {}

    /** A client's request at a node. */
    record Forwarded(Way way, long token) {}

    /** A node's session. */
    final class Way implements ControlPlaneLink {
        private final UUID node;
        private final ArrayDeque<byte[]> messages = new ArrayDeque<>();
        private final ArrayDeque<Map.Entry<Long, byte[]>> replies = new ArrayDeque<>();

        private Way(final UUID node) {
            this.node = node;
        }

        @Override
        public boolean report(final DirectBuffer buffer, final int offset, final int length) {
            if (!isSilent) {
                onReport(this, buffer, offset, length);
            }
            return !isSilent;
        }

        @Override
        public boolean request(
                final long token,
                final long clientIdHigh,
                final long clientIdLow,
                final DirectBuffer frame,
                final int offset,
                final int length) {
            if (!isSilent) {
                service.onFrame(
                        new Forwarded(this, token),
                        clientIdHigh,
                        clientIdLow,
                        WireFrames.check(frame, offset, length),
                        frame,
                        offset,
                        length);
            }
            return !isSilent;
        }

        @Override
        public int poll(final Inbox inbox, final int limit) {
            int count = 0;
            while (count < limit && !isSilent && !messages.isEmpty()) {
                final byte[] message = messages.remove();
                inbox.onMessage(new UnsafeBuffer(message), 0, message.length);
                count++;
            }
            while (count < limit && !isSilent && !replies.isEmpty()) {
                final Map.Entry<Long, byte[]> reply = replies.remove();
                inbox.onReply(reply.getKey(), new UnsafeBuffer(reply.getValue()), 0, reply.getValue().length);
                count++;
            }
            return count;
        }

        @Override
        public boolean isConnected() {
            return !isSilent;
        }

        @Override
        public long leaderTerm() {
            return 1;
        }

        @Override
        public int leaderMember() {
            return isSilent ? -1 : 0;
        }

        @Override
        public long sessionCount() {
            return 1;
        }

        @Override
        public long droppedCount() {
            return 0;
        }

        @Override
        public void close() {
            messages.clear();
            replies.clear();
        }
    }

    /** Starts without nodes. */
    MemoryControlPlane() {
        service = new ControlService<>(
                ControlLimits.DEFAULT, ReconfigurationLimits.DEFAULT, ControlRules.ALL, this, this, this, this, this);
        service.lead(1, 0);
        service.nodeMessages((high, low, endpoint, buffer, offset, length) -> {
            final Way way = ways.get(new UUID(high, low));
            if (way != null) {
                way.messages.add(copy(buffer, offset, length));
            }
            return way != null;
        });
        propose(UUID.randomUUID());
    }

    /** Proposes what the cluster is called. */
    private void propose(final UUID clusterId) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(64);
        new GroupSettingsEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .clusterIdHigh(clusterId.getMostSignificantBits())
                .clusterIdLow(clusterId.getLeastSignificantBits())
                .settingsHash(1);
        tryAppend(buffer, MessageHeaderEncoder.ENCODED_LENGTH + GroupSettingsEncoder.BLOCK_LENGTH);
    }

    /** Makes a node's session in the place of the one it had. */
    Way wayOf(final UUID node) {
        final Way way = new Way(node);
        ways.put(node, way);
        return way;
    }

    /** Loses its majority, or has it again. */
    void silent(final boolean isSilentNow) {
        isSilent = isSilentNow;
    }

    /** Runs a turn. */
    void turn(final long nowNs) {
        if (isSilent) {
            return;
        }
        if (nowNs - nextTickNs >= 0) {
            nextTickNs = nowNs + TICK_NS;
            final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(64);
            new TickEncoder()
                    .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                    .timeNs(nowNs);
            tryAppend(buffer, MessageHeaderEncoder.ENCODED_LENGTH + TickEncoder.BLOCK_LENGTH);
        }
        for (Proposal next = proposals.poll(); next != null; next = proposals.poll()) {
            final Way way = next.way;
            if (way != null) {
                ways.put(way.node, way); // who spoke last, in the log's order, is answered
            }
            service.onCommitted(++position, nowNs, next.command, 0, next.command.capacity());
        }
        service.doWork(nowNs);
    }

    private void onReport(final Way way, final DirectBuffer buffer, final int offset, final int length) {
        header.wrap(buffer, offset);
        switch (header.templateId()) {
            case EffectCommittedDecoder.TEMPLATE_ID -> {
                effectCommitted.wrapAndApplyHeader(buffer, offset, header);
                service.onEffectCommitted(
                        effectCommitted.chain(),
                        effectCommitted.effectNumber(),
                        EffectAction.get(effectCommitted.action()),
                        effectCommitted.streamId(),
                        effectCommitted.segmentId(),
                        effectCommitted.finalLength());
            }
            case SegmentAnswerDecoder.TEMPLATE_ID -> {
                answer.wrapAndApplyHeader(buffer, offset, header);
                service.onSegmentLength(
                        answer.queryId(),
                        answer.index(),
                        answer.chainEpoch(),
                        answer.length(),
                        answer.startOffset(),
                        answer.isSealed() != 0);
            }
            default -> proposals.add(new Proposal(way, new UnsafeBuffer(copy(buffer, offset, length))));
        }
    }

    private static byte[] copy(final DirectBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return bytes;
    }

    private @Nullable Way headWay(final int chain) {
        final ChainView view = service.state().chainView(chain);
        return view == null || view.members().isEmpty()
                ? null
                : ways.get(view.members().get(0).replica().node());
    }

    @Override
    public long tryAppend(final DirectBuffer command, final int length) {
        proposals.add(new Proposal(null, new UnsafeBuffer(copy(command, 0, length))));
        return position + proposals.size();
    }

    @Override
    public boolean trySend(
            final int chain,
            final long effectNumber,
            final DirectBuffer segmentEffect,
            final int offset,
            final int length) {
        final Way way = headWay(chain);
        if (way != null) {
            final ExpandableArrayBuffer order = new ExpandableArrayBuffer(512);
            final int orderLength =
                    service.state().encodeEffectOrder(chain, effectNumber, segmentEffect, offset, length, order);
            way.messages.add(copy(order, 0, orderLength));
        }
        return true;
    }

    @Override
    public int tryReply(final Forwarded session, final DirectBuffer buffer, final int offset, final int length) {
        session.way().replies.add(Map.entry(session.token(), copy(buffer, offset, length)));
        return Reply.SENT;
    }

    @Override
    public boolean ask(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        final Way way = headWay(chain);
        if (way != null) {
            final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(128);
            new SegmentQuestionEncoder()
                    .wrapAndApplyHeader(buffer, 0, new io.millrace.codec.chain.MessageHeaderEncoder())
                    .queryId(queryId)
                    .streamId(streamId)
                    .segmentId(segmentId)
                    .index(index)
                    .chain(chain);
            way.messages.add(
                    copy(buffer, 0, MessageHeaderDecoder.ENCODED_LENGTH + SegmentQuestionEncoder.BLOCK_LENGTH));
        }
        return true;
    }

    @Override
    public String head(final int chain) {
        final ChainView view = service.state().chainView(chain);
        return view == null || view.members().isEmpty()
                ? ""
                : view.members().get(0).endpoint();
    }

    @Override
    public String tail(final int chain) {
        final ChainView view = service.state().chainView(chain);
        return view == null || view.members().isEmpty()
                ? ""
                : view.members().get(view.members().size() - 1).endpoint();
    }
}
