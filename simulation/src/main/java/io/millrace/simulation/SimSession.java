package io.millrace.simulation;

import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalEncoder;
import io.millrace.transport.Session;
import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A client's session, at the node: what {@code SessionAcceptor} gives in a real one.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class SimSession implements Session {
    private static final byte[] SIGN_OF_LIFE = new byte[0];
    private static final int MAX_OFFER_LENGTH = 128 << 10;
    private static final int MAX_TEXT_LENGTH = 200;

    private final long id;
    private final SimLink link;
    private final long attempt;
    private final SimNode node;
    private final World world;
    private final FrameStream toNode;
    private final FrameStream toClient;
    private final ArrayDeque<byte[]> inbound = new ArrayDeque<>();
    private final Outbox outbox = new Outbox();
    private boolean isOpen = true;
    private boolean isCloseRequested;
    private long lastReceivedNs;
    private long nextHeartbeatNs;
    private @Nullable Object attachment;

    /** Opens a session between a link and a node. */
    SimSession(final long id, final SimLink link, final long attempt, final SimNode node, final World world) {
        this.id = id;
        this.link = link;
        this.attempt = attempt;
        this.node = node;
        this.world = world;
        lastReceivedNs = world.scheduler().nowNs();
        nextHeartbeatNs = lastReceivedNs;
        toNode = new FrameStream(world.scheduler(), world.wires(), link.place(), node.place(), this::onArrival);
        toClient = new FrameStream(
                world.scheduler(), world.wires(), node.place(), link.place(), frame -> link.onArrival(this, frame));
    }

    private void onArrival(final byte[] frame) {
        if (!isOpen) {
            return;
        }
        lastReceivedNs = world.scheduler().nowNs();
        if (frame.length > 0) {
            inbound.add(frame);
            node.wake(world.turnDelayNs());
        }
    }

    /** Returns frames that have arrived and were not taken. */
    ArrayDeque<byte[]> inbound() {
        return inbound;
    }

    /** Returns the way from the client. */
    FrameStream toNode() {
        return toNode;
    }

    /** Returns whose session it is. */
    SimLink link() {
        return link;
    }

    /** Tells whether a request is the one that opened this session. */
    boolean isOf(final SimLink asking, final long number) {
        return link == asking && attempt == number;
    }

    /** Tells whether the node must give it up. */
    boolean isOver(final long nowNs) {
        return isCloseRequested || nowNs - lastReceivedNs >= world.scenario().sessionTimeoutNs();
    }

    /** Tells whether a heartbeat is due, and sends it. */
    boolean heartbeat(final long nowNs) {
        if (nowNs < nextHeartbeatNs) {
            return false;
        }
        nextHeartbeatNs = nowNs + world.scenario().heartbeatNs();
        toClient.send(SIGN_OF_LIFE);
        return true;
    }

    /** Sends what the node has said in its turn. */
    void flush() {
        outbox.drain(frame -> {
            world.watch().onNodeFrame(node, this, frame);
            toClient.send(frame);
        });
    }

    /** Ends it at the node; the client finds out by itself. */
    void end() {
        isOpen = false;
        inbound.clear();
        outbox.clear();
        toNode.end();
    }

    /** Loses it at both ends, and what is under way. */
    void sever() {
        isCloseRequested = true;
        toNode.end();
        toClient.end();
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public long clientIdHigh() {
        return link.clientIdHigh();
    }

    @Override
    public long clientIdLow() {
        return link.clientIdLow();
    }

    @Override
    public String clientName() {
        return "client " + link.place();
    }

    @Override
    public boolean isOpen() {
        return isOpen && !isCloseRequested;
    }

    @Override
    public boolean isIpc() {
        return false;
    }

    @Override
    public int maxFrameLength() {
        return world.scenario().maxFrameLength();
    }

    @Override
    public int maxOfferLength() {
        return MAX_OFFER_LENGTH;
    }

    @Override
    public long tryClaim(final int length, final BufferClaim claim) {
        if (!isOpen) {
            return Publication.CLOSED;
        }
        if (length > maxFrameLength()) {
            throw new IllegalArgumentException("a frame of " + length + " bytes");
        }
        if (isBackPressured(length)) {
            return Publication.BACK_PRESSURED;
        }
        outbox.claim(length, claim);
        return 1;
    }

    @Override
    public long offer(final DirectBuffer buffer, final int offset, final int length) {
        if (!isOpen) {
            return Publication.CLOSED;
        }
        if (length > MAX_OFFER_LENGTH) {
            throw new IllegalArgumentException("an offer of " + length + " bytes");
        }
        if (isBackPressured(length)) {
            return Publication.BACK_PRESSURED;
        }
        outbox.offer(buffer, offset, length);
        return 1;
    }

    private boolean isBackPressured(final int length) {
        return !toClient.hasRoom(outbox.byteCount() + length) || world.isBackPressured();
    }

    @Override
    public boolean refuse(
            final RefusalCode code,
            final int requestTemplateId,
            final long requestId,
            final long streamId,
            final long segmentId,
            final long detail,
            final long writerIdHigh,
            final long writerIdLow,
            final String text) {
        if (!isOpen) {
            return true;
        }
        if (world.isBackPressured()) {
            return false;
        }
        final ExpandableArrayBuffer frame = new ExpandableArrayBuffer(512);
        final RefusalEncoder refusal = new RefusalEncoder()
                .wrapAndApplyHeader(frame, 0, new MessageHeaderEncoder())
                .code(code)
                .requestTemplateId(requestTemplateId)
                .correlationId(requestId)
                .streamId(streamId)
                .segmentId(segmentId)
                .detail(detail)
                .writerIdHigh(writerIdHigh)
                .writerIdLow(writerIdLow)
                .text(text.substring(0, Math.min(MAX_TEXT_LENGTH, text.length())));
        outbox.offer(frame, 0, MessageHeaderEncoder.ENCODED_LENGTH + refusal.encodedLength());
        return true;
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public void attach(final @Nullable Object object) {
        attachment = object;
    }

    @Override
    public void close() {
        isCloseRequested = true;
    }
}
