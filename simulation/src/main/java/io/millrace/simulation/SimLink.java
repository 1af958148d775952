package io.millrace.simulation;

import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.NodeInfo;
import io.millrace.client.core.NodeLink;
import io.millrace.codec.EventFrame;
import io.millrace.codec.WireFrames;
import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A client's link to one address: opens sessions by itself, for ever.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class SimLink implements NodeLink {
    private static final byte[] SIGN_OF_LIFE = new byte[0];
    private static final long RETRY_NS = 50_000_000;

    private final World world;
    private final SimClient client;
    private final String endpoint;
    private final Handler handler;
    private final ArrayDeque<byte[]> inbound = new ArrayDeque<>();
    private final Outbox outbox = new Outbox();
    private @Nullable SimSession session;
    private long attempt;
    private long nextAttemptNs;
    private long lastReceivedNs;
    private long nextHeartbeatNs;
    private boolean isToldOpened;
    private boolean isClosed;

    /** Makes a link that is not open yet. */
    SimLink(final World world, final SimClient client, final String endpoint, final Handler handler) {
        this.world = world;
        this.client = client;
        this.endpoint = endpoint;
        this.handler = handler;
    }

    /** Returns where the client is. */
    int place() {
        return client.place();
    }

    /** Returns the upper half of the client's identity. */
    long clientIdHigh() {
        return client.idHigh();
    }

    /** Returns the lower half of the client's identity. */
    long clientIdLow() {
        return client.idLow();
    }

    /** Takes the answer to a request. */
    void onSessionOpened(final SimSession opened) {
        if (session == null && !isClosed && opened.isOf(this, attempt)) {
            session = opened;
            isToldOpened = false;
            inbound.clear();
            outbox.clear();
            lastReceivedNs = nowNs();
            nextHeartbeatNs = lastReceivedNs;
            client.wake(world.turnDelayNs());
        }
    }

    /** Takes a frame from the node. */
    void onArrival(final SimSession from, final byte[] frame) {
        if (from != session) {
            return;
        }
        lastReceivedNs = nowNs();
        if (frame.length > 0) {
            inbound.add(frame);
            client.wake(world.turnDelayNs());
        }
    }

    private long nowNs() {
        return world.scheduler().nowNs();
    }

    @Override
    public int doWork(final long ignoredNs) {
        final long nowNs = nowNs();
        final SimSession current = session;
        if (current == null) {
            return isClosed ? 0 : open(nowNs);
        }
        if (!isToldOpened) {
            isToldOpened = true;
            handler.onOpened();
        }
        if (nowNs - lastReceivedNs >= world.scenario().sessionTimeoutNs()) {
            lose("silence of the node");
            return 1;
        }
        if (nowNs >= nextHeartbeatNs) {
            nextHeartbeatNs = nowNs + world.scenario().heartbeatNs();
            current.toNode().send(SIGN_OF_LIFE);
        }
        int work = 0;
        for (byte[] frame = inbound.poll(); frame != null && session == current; frame = inbound.poll()) {
            final UnsafeBuffer buffer = new UnsafeBuffer(frame);
            final int templateId = WireFrames.check(buffer, 0, frame.length);
            if (templateId < 0) {
                throw new Violation("wire", "the node sent a malformed frame: " + templateId);
            }
            handler.onFrame(templateId, buffer, 0, frame.length);
            work++;
        }
        return work;
    }

    private int open(final long nowNs) {
        if (nowNs < nextAttemptNs) {
            return 0;
        }
        nextAttemptNs = nowNs + RETRY_NS;
        final SimNode node = world.nodeAt(endpoint);
        if (node != null) {
            final long asked = attempt;
            world.wires().send(place(), node.place(), () -> node.onOpenRequest(this, asked));
        }
        return 1;
    }

    /** Gives the session up. */
    void lose(final String reason) {
        final SimSession lost = session;
        if (lost != null) {
            session = null;
            attempt++;
            inbound.clear();
            outbox.clear();
            lost.toNode().end();
            handler.onLost(reason);
        }
    }

    /** Sends what the client has said in its turn. */
    void flush() {
        final SimSession current = session;
        if (current == null) {
            outbox.clear();
        } else {
            outbox.drain(frame -> current.toNode().send(frame));
        }
    }

    /** Returns the session, when there is one. */
    @Nullable
    SimSession session() {
        return session;
    }

    @Override
    public boolean isOpen() {
        return session != null && isToldOpened;
    }

    @Override
    public long tryClaim(final int length, final BufferClaim claim) {
        final long refused = refused(length);
        if (refused == 0) {
            outbox.claim(length, claim);
        }
        return refused == 0 ? 1 : refused;
    }

    @Override
    public long offer(final DirectBuffer buffer, final int offset, final int length) {
        final long refused = refused(length);
        if (refused == 0) {
            outbox.offer(buffer, offset, length);
        }
        return refused == 0 ? 1 : refused;
    }

    private long refused(final int length) {
        final SimSession current = session;
        if (current == null) {
            return Publication.NOT_CONNECTED;
        }
        return !current.toNode().hasRoom(outbox.byteCount() + length) || world.isBackPressured()
                ? Publication.BACK_PRESSURED
                : 0;
    }

    @Override
    public int maxFrameLength() {
        return session == null ? 0 : world.scenario().maxFrameLength();
    }

    @Override
    public int maxEventLength() {
        return EventFrame.MAX_PAYLOAD;
    }

    @Override
    public NodeInfo nodeInfo() {
        return new NodeInfo(endpoint, attempt, "simulated", EventFrame.MAX_PAYLOAD);
    }

    @Override
    public String lastFailure() {
        return session == null ? "no session" : "";
    }

    @Override
    public void close() {
        isClosed = true;
        session = null;
        client.forget(this);
    }
}
