package io.millrace.server.cluster;

import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.control.ControlPlaneLink;
import io.millrace.transport.Session;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Clients' metadata requests on their way to the control plane: handed on again and again under one token until they
 * are answered, their session has ended, or their time is up. The control plane executes a repeated one once.
 *
 * <p><b>Threading</b>: the device thread.
 *
 * <p><b>Invariants</b>: at most {@value #LIMIT} requests; a client hears of each within the time-out, unless it has
 * gone.
 */
final class ForwardedRequests {
    /** Requests held at the same time; one more is refused with THROTTLED. */
    static final int LIMIT = 1_024;

    private static final long RETRY_NS = 100_000_000;

    /** Without a leader a request waits no longer than an election that goes well. */
    private static final long LEADERLESS_TIMEOUT_NS = 2_000_000_000L;

    private final ControlPlaneLink link;
    private final long timeoutNs;
    private final Long2ObjectHashMap<Request> waiting = new Long2ObjectHashMap<>();
    private long lastToken;

    /** A client's request that waits for its answer. */
    private static final class Request {
        private final Session session;
        private final int templateId;
        private final UnsafeBuffer frame;
        private final long sinceNs;
        private long nextTryNs;

        private Request(final Session session, final int templateId, final byte[] frame, final long nowNs) {
            this.session = session;
            this.templateId = templateId;
            this.frame = new UnsafeBuffer(frame);
            sinceNs = nowNs;
            nextTryNs = nowNs;
        }

        /** The first field of every request. */
        private long requestId() {
            return frame.getLong(MessageHeaderDecoder.ENCODED_LENGTH, ByteOrder.LITTLE_ENDIAN);
        }
    }

    /**
     * Begins without requests.
     *
     * @param link to the control plane.
     * @param timeoutNs after which a request is refused.
     */
    ForwardedRequests(final ControlPlaneLink link, final long timeoutNs) {
        this.link = link;
        this.timeoutNs = timeoutNs;
    }

    /** Returns how many requests wait. */
    int size() {
        return waiting.size();
    }

    /**
     * Takes a request.
     *
     * @param session that asks.
     * @param templateId of the frame.
     * @param buffer with the frame, checked.
     * @param offset of its SBE header.
     * @param length in bytes.
     * @param nowNs monotonic time of this turn.
     * @return false to have it delivered again.
     */
    boolean add(
            final Session session,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final long nowNs) {
        if (waiting.size() >= LIMIT) {
            final long requestId =
                    buffer.getLong(offset + MessageHeaderDecoder.ENCODED_LENGTH, ByteOrder.LITTLE_ENDIAN);
            return session.refuse(
                    RefusalCode.THROTTLED,
                    templateId,
                    requestId,
                    0,
                    0,
                    LIMIT,
                    0,
                    0,
                    "this node waits for the control plane's answer to as many requests as it may");
        }
        final byte[] frame = new byte[length];
        buffer.getBytes(offset, frame);
        final Request request = new Request(session, templateId, frame, nowNs);
        final long token = ++lastToken;
        waiting.put(token, request);
        forward(token, request, nowNs);
        return true;
    }

    private void forward(final long token, final Request request, final long nowNs) {
        final Session session = request.session;
        if (link.request(
                token, session.clientIdHigh(), session.clientIdLow(), request.frame, 0, request.frame.capacity())) {
            request.nextTryNs = nowNs + RETRY_NS;
        }
    }

    /**
     * Hands on again what has waited for long, and refuses what has waited for too long.
     *
     * @param nowNs monotonic time of this turn.
     * @return work done.
     */
    int doWork(final long nowNs) {
        if (waiting.isEmpty()) {
            return 0;
        }
        final boolean isConnected = link.isConnected();
        final long limitNs = isConnected ? timeoutNs : Math.min(timeoutNs, LEADERLESS_TIMEOUT_NS);
        int work = 0;
        final var entries = waiting.entrySet().iterator();
        while (entries.hasNext()) {
            final var entry = entries.next();
            final Request request = entry.getValue();
            if (!request.session.isOpen()) {
                entries.remove();
            } else if (nowNs - request.sinceNs >= limitNs) {
                if (refuse(request, isConnected)) {
                    entries.remove();
                }
                work++;
            } else if (nowNs - request.nextTryNs >= 0) {
                forward(entry.getKey(), request, nowNs);
                work++;
            }
        }
        return work;
    }

    private static boolean refuse(final Request request, final boolean isConnected) {
        return request.session.refuse(
                RefusalCode.NOT_READY,
                request.templateId,
                request.requestId(),
                0,
                0,
                0,
                0,
                0,
                isConnected
                        ? "the control plane has not answered in time"
                        : "the control plane has no leader that this node can reach: a majority of its members is"
                                + " needed; appends and reads go on");
    }

    /**
     * Takes an answer; one that cannot be sent now comes again with the next try.
     *
     * @param token of the request.
     * @param buffer with the frame.
     * @param offset of its SBE header.
     * @param length in bytes.
     */
    void onReply(final long token, final DirectBuffer buffer, final int offset, final int length) {
        final Request request = waiting.get(token);
        if (request != null && (!request.session.isOpen() || request.session.offer(buffer, offset, length) > 0)) {
            waiting.remove(token);
        }
    }

    /** Forgets the requests of a session. */
    void onSessionClosed(final Session session) {
        final var requests = waiting.values().iterator();
        while (requests.hasNext()) {
            if (requests.next().session == session) {
                requests.remove();
            }
        }
    }
}
