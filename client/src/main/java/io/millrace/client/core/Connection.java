package io.millrace.client.core;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.NodeInfo;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.wire.AppendAckDecoder;
import io.millrace.codec.wire.ChainChangedDecoder;
import io.millrace.codec.wire.ClusterDescriptionDecoder;
import io.millrace.codec.wire.CommandDoneDecoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.ReadDataDecoder;
import io.millrace.codec.wire.ReadEndDecoder;
import io.millrace.codec.wire.ReadStartedDecoder;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.codec.wire.StreamDescriptionDecoder;
import io.millrace.codec.wire.StreamListDecoder;
import io.millrace.codec.wire.WriterBoundDecoder;
import io.millrace.codec.wire.WriterReadyDecoder;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one node: its link, the number of the session, and the way of each frame to whom it concerns.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard.
 */
final class Connection implements NodeLink.Handler {
    private final ClientConductor conductor;
    private final Counters counters;
    private final NodeLink link;
    private final String endpoint;
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final AppendAckDecoder appendAck = new AppendAckDecoder();
    private final WriterReadyDecoder writerReady = new WriterReadyDecoder();
    private final WriterBoundDecoder writerBound = new WriterBoundDecoder();
    private final ChainChangedDecoder chainChanged = new ChainChangedDecoder();
    private final RefusalDecoder refusal = new RefusalDecoder();
    private final ReadStartedDecoder readStarted = new ReadStartedDecoder();
    private final ReadDataDecoder readData = new ReadDataDecoder();
    private final ReadEndDecoder readEnd = new ReadEndDecoder();
    private final CommandDoneDecoder commandDone = new CommandDoneDecoder();
    private final StreamDescriptionDecoder streamDescription = new StreamDescriptionDecoder();
    private final StreamListDecoder streamList = new StreamListDecoder();
    private final ClusterDescriptionDecoder clusterDescription = new ClusterDescriptionDecoder();
    private long generation;
    private long openAtNs;
    private @Nullable NodeInfo nodeInfo;

    /**
     * Makes the connection; its link connects from the next duty cycle on.
     *
     * @param conductor owner
     * @param network media
     * @param endpoint host:port, or ipc
     */
    Connection(final ClientConductor conductor, final Network network, final String endpoint) {
        this.conductor = conductor;
        this.counters = conductor.counters();
        this.endpoint = endpoint;
        this.link = network.connect(endpoint, this);
        this.openAtNs = conductor.nowNs();
    }

    /**
     * Moves the session on and reads frames.
     *
     * @param nowNs the duty cycle's time
     * @return work count
     */
    int doWork(final long nowNs) {
        final int work = link.doWork(nowNs);
        if (link.isOpen()) {
            openAtNs = nowNs;
        }
        return work;
    }

    /**
     * Tells whether there has been no session for long.
     *
     * @param nowNs the duty cycle's time
     * @param durationNs how long
     * @return true when the last one ended before that, or none ever began
     */
    boolean isLostFor(final long nowNs, final long durationNs) {
        return !link.isOpen() && nowNs - openAtNs >= durationNs;
    }

    /**
     * Returns the address.
     *
     * @return host:port, or ipc
     */
    String endpoint() {
        return endpoint;
    }

    /**
     * Tells whether frames can be sent.
     *
     * @return true within a session
     */
    boolean isOpen() {
        return link.isOpen();
    }

    /**
     * Returns the number of the newest session.
     *
     * @return 0 before the first one
     */
    long generation() {
        return generation;
    }

    /**
     * Returns the link, for offers and limits.
     *
     * @return as connected
     */
    NodeLink link() {
        return link;
    }

    /**
     * Claims room for one message, header included.
     *
     * @param length of the message in bytes, header included
     * @return the claim to be filled and committed, null when there is no room or no session now
     */
    @Nullable
    BufferClaim tryClaim(final int length) {
        return link.isOpen() && link.tryClaim(length, claim) > 0 ? claim : null;
    }

    /**
     * Returns the encoder of message headers.
     *
     * @return shared, to be wrapped at once
     */
    MessageHeaderEncoder headerEncoder() {
        return headerEncoder;
    }

    /**
     * Returns what the node said of itself.
     *
     * @return null before the first session
     */
    @Nullable
    NodeInfo nodeInfo() {
        return nodeInfo;
    }

    /** Closes the session. */
    void close() {
        link.close();
    }

    @Override
    public void onOpened() {
        generation++;
        nodeInfo = link.nodeInfo();
        if (generation > 1) {
            counters.add(Counters.RECONNECTS, 1);
        }
    }

    @Override
    public void onLost(final String reason) {
        // Nothing to do: writers, readers and requests compare generations.
    }

    @Override
    public void onRefused(final ErrorCode code, final String text, final boolean isFinal) {
        counters.add(Counters.REFUSALS, 1);
        if (isFinal && conductor.addresses().isOnlyOne()) {
            conductor.onSessionRefused(code, text);
        }
    }

    @Override
    public void onFrame(final int templateId, final DirectBuffer buffer, final int offset, final int length) {
        header.wrap(buffer, offset);
        final int body = offset + MessageHeaderDecoder.ENCODED_LENGTH;
        final int block = header.blockLength();
        final int version = header.version();
        switch (templateId) {
            case AppendAckDecoder.TEMPLATE_ID -> onAppendAck(appendAck.wrap(buffer, body, block, version));
            case ReadDataDecoder.TEMPLATE_ID -> onReadData(readData.wrap(buffer, body, block, version));
            case WriterReadyDecoder.TEMPLATE_ID -> onWriterReady(writerReady.wrap(buffer, body, block, version));
            case WriterBoundDecoder.TEMPLATE_ID -> onWriterBound(writerBound.wrap(buffer, body, block, version));
            case ChainChangedDecoder.TEMPLATE_ID -> onChainChanged(chainChanged.wrap(buffer, body, block, version));
            case RefusalDecoder.TEMPLATE_ID -> onRefusal(refusal.wrap(buffer, body, block, version));
            case ReadStartedDecoder.TEMPLATE_ID -> onReadStarted(readStarted.wrap(buffer, body, block, version));
            case ReadEndDecoder.TEMPLATE_ID -> onReadEnd(readEnd.wrap(buffer, body, block, version));
            case CommandDoneDecoder.TEMPLATE_ID ->
                conductor.requests().onCommandDone(commandDone.wrap(buffer, body, block, version));
            case StreamDescriptionDecoder.TEMPLATE_ID ->
                conductor
                        .requests()
                        .onStreamDescription(streamDescription.wrap(buffer, body, block, version), endpoint);
            case StreamListDecoder.TEMPLATE_ID ->
                conductor.requests().onStreamList(streamList.wrap(buffer, body, block, version));
            case ClusterDescriptionDecoder.TEMPLATE_ID ->
                conductor.requests().onClusterDescription(clusterDescription.wrap(buffer, body, block, version));
            default -> counters.add(Counters.DROPPED_FRAMES, 1);
        }
    }

    private void onAppendAck(final AppendAckDecoder ack) {
        counters.add(Counters.ACKNOWLEDGEMENTS, 1);
        if (ack.durability() != Durability.MEDIA) {
            counters.add(Counters.MEMORY_ACKNOWLEDGEMENTS, 1);
        }
        final SegmentWriter writer =
                conductor.segmentWriter(ack.writerIdHigh(), ack.writerIdLow(), ack.streamId(), ack.segmentId());
        if (writer == null) {
            counters.add(Counters.DROPPED_FRAMES, 1);
            return;
        }
        writer.onAppendAck(ack.lastEventNumber(), ack.segmentOffset(), ack.queueNs(), ack.journalNs(), ack.chainNs());
    }

    private void onWriterReady(final WriterReadyDecoder ready) {
        final SegmentWriter writer =
                conductor.segmentWriter(ready.writerIdHigh(), ready.writerIdLow(), ready.streamId(), ready.segmentId());
        if (writer == null) {
            counters.add(Counters.DROPPED_FRAMES, 1);
            return;
        }
        final long correlationId = ready.correlationId();
        final long chainEpoch = ready.chainEpoch();
        final long bindSecret = ready.bindSecret();
        final long lastEventNumber = ready.lastEventNumber();
        final long segmentOffset = ready.segmentOffset();
        final int chain = ready.chain();
        final String head = ready.head();
        final String tail = ready.tail();
        final Connection tailConnection =
                tail.equals(head) ? this : conductor.connection(Places.resolve(tail, endpoint));
        writer.onWriterReady(
                correlationId, chain, chainEpoch, bindSecret, lastEventNumber, segmentOffset, tailConnection);
    }

    private void onChainChanged(final ChainChangedDecoder changed) {
        final int chain = changed.chain();
        final long chainEpoch = changed.chainEpoch();
        final String head = changed.head();
        // Empty is the one who tells; both are when there is nobody else, or when it does not know.
        final boolean isKnown = !head.isEmpty() || changed.tailLength() > 0;
        conductor.onChainChanged(chain, chainEpoch, isKnown ? Places.resolve(head, endpoint) : "");
    }

    private void onWriterBound(final WriterBoundDecoder bound) {
        final SegmentWriter writer = conductor.exchange(bound.correlationId());
        if (writer == null) {
            counters.add(Counters.DROPPED_FRAMES, 1);
        } else {
            writer.onWriterBound(bound.correlationId());
        }
    }

    private void onReadStarted(final ReadStartedDecoder started) {
        final SegmentReader reader = conductor.subscription(started.subscriptionId());
        if (reader == null) {
            counters.add(Counters.DROPPED_FRAMES, 1);
        } else {
            reader.onReadStarted(started.segmentOffset());
        }
    }

    private void onReadData(final ReadDataDecoder data) {
        final SegmentReader reader = conductor.subscription(data.subscriptionId());
        if (reader == null) {
            counters.add(Counters.DROPPED_FRAMES, 1);
            return;
        }
        final int bytesLength = data.bytesLength();
        reader.onReadData(
                data.segmentOffset(), data.buffer(), data.limit() + ReadDataDecoder.bytesHeaderLength(), bytesLength);
    }

    private void onReadEnd(final ReadEndDecoder end) {
        final SegmentReader reader = conductor.subscription(end.subscriptionId());
        if (reader == null) {
            counters.add(Counters.DROPPED_FRAMES, 1);
        } else {
            reader.onReadEnd(end.finalOffset());
        }
    }

    private void onRefusal(final RefusalDecoder refused) {
        counters.add(Counters.REFUSALS, 1);
        conductor.onRefusal(
                this,
                ErrorCode.of(refused.codeRaw()),
                refused.requestTemplateId(),
                refused.correlationId(),
                conductor.segmentWriter(
                        refused.writerIdHigh(), refused.writerIdLow(), refused.streamId(), refused.segmentId()),
                refused.text());
    }
}
