package io.millrace.control.consensus;

import io.millrace.codec.WireFrames;
import io.millrace.codec.chain.EffectCommittedEncoder;
import io.millrace.codec.chain.EffectOrderDecoder;
import io.millrace.codec.chain.InstallDecoder;
import io.millrace.codec.chain.InstalledEncoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.NodeHeartbeatEncoder;
import io.millrace.codec.chain.NodeHeartbeatSeenDecoder;
import io.millrace.codec.chain.NodeRegisterEncoder;
import io.millrace.codec.chain.NodeRegisteredDecoder;
import io.millrace.codec.chain.SegmentAnswerEncoder;
import io.millrace.codec.chain.SegmentQuestionDecoder;
import io.millrace.codec.chain.StateTakenDecoder;
import io.millrace.codec.control.ImportPartEncoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.wire.ClusterAction;
import io.millrace.codec.wire.CommandDoneDecoder;
import io.millrace.codec.wire.CreateStreamEncoder;
import io.millrace.codec.wire.DescribeClusterEncoder;
import io.millrace.codec.wire.DescribeStreamEncoder;
import io.millrace.codec.wire.OperateClusterEncoder;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.control.ControlPlaneLink;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/** A node as the control plane sees it: registers, answers what it is told, forwards a client's requests. */
final class GroupNode implements ControlPlaneLink.Inbox, AutoCloseable {
    static final UUID ID = new UUID(7, 77);
    static final UUID DEVICE = new UUID(8, 88);
    private static final int PART_LENGTH = 16 * 1024;
    private static final long REPEAT_NS = TimeUnit.MILLISECONDS.toNanos(100);

    final ControlClient client;
    final UUID id;
    long incarnation;
    UUID clusterId = new UUID(0, 0);
    long seenHeartbeat;
    long takenStart;
    int effectOrderCount;
    int replyCount;
    boolean answersEffects = true;
    private final ExpandableArrayBuffer out = new ExpandableArrayBuffer(1024);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final MessageHeaderDecoder in = new MessageHeaderDecoder();
    private final io.millrace.codec.wire.MessageHeaderEncoder wireHeader =
            new io.millrace.codec.wire.MessageHeaderEncoder();
    private long heartbeatNumber;
    private long lastToken;
    private long expectedToken;
    private byte @Nullable [] reply;

    GroupNode(final ControlClientContext context) {
        id = context.nodeId();
        client = new ControlClient(context);
    }

    void awaitConnected() {
        GroupBed.await("a session", client::isConnected);
    }

    void register(final long startId) {
        incarnation = 0;
        repeatUntil("an incarnation", () -> incarnation > 0, () -> sendRegister(startId));
    }

    private void sendRegister(final long startId) {
        final NodeRegisterEncoder encoder = new NodeRegisterEncoder().wrapAndApplyHeader(out, 0, header);
        encoder.nodeIdHigh(id.getMostSignificantBits())
                .nodeIdLow(id.getLeastSignificantBits())
                .startIdHigh(1)
                .startIdLow(startId)
                .previousIncarnation(0)
                .devicesCount(1)
                .next()
                .deviceUuidHigh(DEVICE.getMostSignificantBits())
                .deviceUuidLow(DEVICE.getLeastSignificantBits())
                .capacityBytes(1 << 20)
                .endpoint("localhost:1");
        report(encoder.encodedLength());
    }

    void heartbeat() {
        final long number = ++heartbeatNumber;
        repeatUntil("a heartbeat seen", () -> seenHeartbeat >= number, () -> {
            final NodeHeartbeatEncoder encoder = new NodeHeartbeatEncoder().wrapAndApplyHeader(out, 0, header);
            encoder.nodeIdHigh(id.getMostSignificantBits())
                    .nodeIdLow(id.getLeastSignificantBits())
                    .incarnation(incarnation)
                    .heartbeatNumber(number)
                    .replicasCount(0);
            report(encoder.encodedLength());
        });
    }

    private void report(final int encodedLength) {
        client.report(out, 0, MessageHeaderEncoder.ENCODED_LENGTH + encodedLength);
    }

    byte[] operate(final long requestId, final ClusterAction action, final int a, final int b, final int c) {
        final ExpandableArrayBuffer frame = new ExpandableArrayBuffer(256);
        final OperateClusterEncoder encoder = new OperateClusterEncoder().wrapAndApplyHeader(frame, 0, wireHeader);
        encoder.requestId(requestId)
                .nodeIdHigh(id.getMostSignificantBits())
                .nodeIdLow(id.getLeastSignificantBits())
                .deviceUuidHigh(0)
                .deviceUuidLow(0)
                .newDeviceUuidHigh(0)
                .newDeviceUuidLow(0)
                .chainEpoch(0)
                .chain(0)
                .chainCount(a)
                .replicationFactor(b)
                .minimum(c)
                .featureLevel(a)
                .action(action)
                .membersCount(0);
        encoder.reason("");
        return bytes(frame, encoder.encodedLength());
    }

    byte[] createStream(final long requestId, final String name, final int segmentCount) {
        final ExpandableArrayBuffer frame = new ExpandableArrayBuffer(256);
        final CreateStreamEncoder encoder = new CreateStreamEncoder().wrapAndApplyHeader(frame, 0, wireHeader);
        encoder.requestId(requestId)
                .segmentCount(segmentCount)
                .createScope((short) 1)
                .scopeName("scope")
                .streamName(name)
                .putHeader(new byte[0], 0, 0);
        return bytes(frame, encoder.encodedLength());
    }

    byte[] describeStream(final long requestId, final String name) {
        final ExpandableArrayBuffer frame = new ExpandableArrayBuffer(256);
        final DescribeStreamEncoder encoder = new DescribeStreamEncoder().wrapAndApplyHeader(frame, 0, wireHeader);
        encoder.requestId(requestId).scopeName("scope").streamName(name);
        return bytes(frame, encoder.encodedLength());
    }

    byte[] describeCluster(final long requestId) {
        final ExpandableArrayBuffer frame = new ExpandableArrayBuffer(256);
        final DescribeClusterEncoder encoder = new DescribeClusterEncoder().wrapAndApplyHeader(frame, 0, wireHeader);
        encoder.requestId(requestId).fromNode(0).fromChain(0);
        return bytes(frame, encoder.encodedLength());
    }

    private static byte[] bytes(final DirectBuffer frame, final int encodedLength) {
        final byte[] bytes = new byte[MessageHeaderEncoder.ENCODED_LENGTH + encodedLength];
        frame.getBytes(0, bytes);
        return bytes;
    }

    /** Forwards a request, again and again, until it is answered. */
    UnsafeBuffer ask(final byte[] frame) {
        begin(frame);
        return finish(frame);
    }

    /** Forwards a request once. */
    void begin(final byte[] frame) {
        expectedToken = ++lastToken;
        reply = null;
        client.request(expectedToken, 1, 2, new UnsafeBuffer(frame), 0, frame.length);
    }

    /** Repeats the request of {@link #begin} until it is answered. */
    UnsafeBuffer finish(final byte[] frame) {
        repeatUntil(
                "an answer",
                () -> reply != null,
                () -> client.request(expectedToken, 1, 2, new UnsafeBuffer(frame), 0, frame.length));
        return new UnsafeBuffer(reply);
    }

    /** Expects CommandDone. */
    void askDone(final byte[] frame) {
        requireDone(ask(frame));
    }

    static void requireDone(final UnsafeBuffer answer) {
        final int templateId = WireFrames.check(answer, 0, answer.capacity());
        if (templateId == RefusalDecoder.TEMPLATE_ID) {
            final RefusalDecoder refusal = new RefusalDecoder()
                    .wrapAndApplyHeader(answer, 0, new io.millrace.codec.wire.MessageHeaderDecoder());
            throw new AssertionError(refusal.code() + ": " + refusal.text());
        }
        if (templateId != CommandDoneDecoder.TEMPLATE_ID) {
            throw new AssertionError("template " + templateId);
        }
    }

    /** Offers the state of a node that was alone, in parts, once. */
    void offerState(final byte[] snapshot) {
        final io.millrace.codec.control.MessageHeaderEncoder controlHeader =
                new io.millrace.codec.control.MessageHeaderEncoder();
        final ExpandableArrayBuffer message = new ExpandableArrayBuffer(PART_LENGTH + 128);
        for (int from = 0; from < snapshot.length; from += PART_LENGTH) {
            final int count = Math.min(PART_LENGTH, snapshot.length - from);
            final int encoded = new ImportPartEncoder()
                    .wrapAndApplyHeader(message, 0, controlHeader)
                    .importIdHigh(1)
                    .importIdLow(snapshot.length)
                    .fromByte(from)
                    .snapshotLength(snapshot.length)
                    .putBytes(snapshot, from, count)
                    .encodedLength();
            client.report(message, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoded);
        }
    }

    /** Reports what the control plane ignores, but logs. */
    void fill(final byte[] bytes) {
        for (int i = 0; i < 8; i++) {
            client.report(new UnsafeBuffer(bytes), 0, bytes.length);
        }
    }

    /** Makes one replicated chain on this node: the group is ready for streams. */
    void setUp() {
        awaitConnected();
        register(1);
        askDone(operate(1, ClusterAction.ADD_NODE, 0, 0, 0));
        heartbeat();
        askDone(operate(2, ClusterAction.CONFIGURE_CHAINS, 1, 1, 1));
    }

    void repeatUntil(final String what, final java.util.function.BooleanSupplier done, final Runnable action) {
        final long[] next = {System.nanoTime()};
        GroupBed.await(what, () -> {
            if (System.nanoTime() - next[0] >= 0) {
                next[0] = System.nanoTime() + REPEAT_NS;
                action.run();
            }
            client.poll(this, 16);
            return done.getAsBoolean();
        });
    }

    @Override
    public void onMessage(final DirectBuffer buffer, final int offset, final int length) {
        in.wrap(buffer, offset);
        switch (in.templateId()) {
            case NodeRegisteredDecoder.TEMPLATE_ID -> {
                final NodeRegisteredDecoder decoder = new NodeRegisteredDecoder();
                decoder.wrapAndApplyHeader(buffer, offset, in);
                incarnation = decoder.incarnation();
                clusterId = new UUID(decoder.clusterIdHigh(), decoder.clusterIdLow());
            }
            case NodeHeartbeatSeenDecoder.TEMPLATE_ID ->
                seenHeartbeat = new NodeHeartbeatSeenDecoder()
                        .wrapAndApplyHeader(buffer, offset, in)
                        .heartbeatNumber();
            case StateTakenDecoder.TEMPLATE_ID ->
                takenStart = new StateTakenDecoder()
                        .wrapAndApplyHeader(buffer, offset, in)
                        .startNumber();
            case InstallDecoder.TEMPLATE_ID -> onInstall(buffer, offset);
            case EffectOrderDecoder.TEMPLATE_ID -> onEffectOrder(buffer, offset);
            case SegmentQuestionDecoder.TEMPLATE_ID -> onQuestion(buffer, offset);
            default -> throw new AssertionError("template " + in.templateId());
        }
    }

    private void onInstall(final DirectBuffer buffer, final int offset) {
        final InstallDecoder install = new InstallDecoder().wrapAndApplyHeader(buffer, offset, in);
        final InstalledEncoder encoder = new InstalledEncoder()
                .wrapAndApplyHeader(out, 0, header)
                .chainEpoch(install.chainEpoch())
                .nodeIdHigh(install.nodeIdHigh())
                .nodeIdLow(install.nodeIdLow())
                .deviceUuidHigh(install.deviceUuidHigh())
                .deviceUuidLow(install.deviceUuidLow())
                .incarnation(install.incarnation())
                .lastPosition(0)
                .orderNumber(install.orderNumber())
                .chain(install.chain());
        report(encoder.encodedLength());
    }

    private void onEffectOrder(final DirectBuffer buffer, final int offset) {
        effectOrderCount++;
        if (!answersEffects) {
            return;
        }
        final EffectOrderDecoder order = new EffectOrderDecoder().wrapAndApplyHeader(buffer, offset, in);
        final UnsafeBuffer effect = new UnsafeBuffer(0, 0);
        order.wrapEffect(effect);
        final SegmentEffectDecoder decoder = new SegmentEffectDecoder()
                .wrapAndApplyHeader(effect, 0, new io.millrace.codec.control.MessageHeaderDecoder());
        final EffectCommittedEncoder encoder = new EffectCommittedEncoder()
                .wrapAndApplyHeader(out, 0, header)
                .chainEpoch(order.chainEpoch())
                .nodeIdHigh(order.nodeIdHigh())
                .nodeIdLow(order.nodeIdLow())
                .deviceUuidHigh(order.deviceUuidHigh())
                .deviceUuidLow(order.deviceUuidLow())
                .incarnation(order.incarnation())
                .effectNumber(order.effectNumber())
                .streamId(decoder.streamId())
                .segmentId(decoder.segmentId())
                .finalLength(0)
                .chain(order.chain())
                .action(decoder.action().value());
        report(encoder.encodedLength());
    }

    private void onQuestion(final DirectBuffer buffer, final int offset) {
        final SegmentQuestionDecoder question = new SegmentQuestionDecoder().wrapAndApplyHeader(buffer, offset, in);
        final SegmentAnswerEncoder encoder = new SegmentAnswerEncoder()
                .wrapAndApplyHeader(out, 0, header)
                .nodeIdHigh(id.getMostSignificantBits())
                .nodeIdLow(id.getLeastSignificantBits())
                .queryId(question.queryId())
                .chainEpoch(1)
                .length(4_711)
                .startOffset(0)
                .index(question.index())
                .chain(question.chain())
                .isSealed((short) 0);
        report(encoder.encodedLength());
    }

    @Override
    public void onReply(final long token, final DirectBuffer buffer, final int offset, final int length) {
        if (token == expectedToken) {
            replyCount++;
            final byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            if (reply != null && !Arrays.equals(reply, bytes)) {
                throw new AssertionError("two answers to one request");
            }
            reply = bytes;
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
