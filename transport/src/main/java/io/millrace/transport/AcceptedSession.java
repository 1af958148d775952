package io.millrace.transport;

import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.RefusalCode;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A session over Aeron.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 *
 * <p><b>Invariants</b>: opens once, closes once; {@link SessionAcceptor} alone changes its state.
 */
final class AcceptedSession implements Session {
    /** Longest frame to a client, in bytes; a client puts no more together. */
    static final int OFFER_LENGTH_MAX = 128 << 10;

    /**
     * Longest time between heartbeats of a session that is not used: the client waits two seconds for one, and the
     * media have their own in between.
     */
    static final long IDLE_HEARTBEAT_NS = 500_000_000;

    private static final int IDLE_PARTS = 4;

    private enum State {
        OPENING,
        OPEN,
        CLOSED
    }

    private final long id;
    private final long correlationId;
    private final long clientIdHigh;
    private final long clientIdLow;
    private final String clientName;
    private final ReplyPath path;
    private final ClientImage image;
    private final SessionFrames frames;
    private final RefusalQueue refusals;

    private State state = State.OPENING;
    private boolean isCloseRequested;
    private boolean isAnswerPending;
    private boolean isEchoPending;
    private long createdNs;
    private long lastReceivedNs;
    private long lastConnectedNs;
    private long nextHeartbeatNs;
    private long clientTimeNs;
    private long lastUsedNs;
    private boolean isMarkedUrgent;
    private @Nullable Object attachment;

    /**
     * Made by the acceptor for a client it will answer.
     *
     * @param id of the session.
     * @param open the client's request.
     * @param path to the client.
     * @param image from the client.
     * @param frames writes messages.
     * @param nowNs the turn's time.
     */
    AcceptedSession(
            final long id,
            final OpenRequest open,
            final ReplyPath path,
            final ClientImage image,
            final SessionFrames frames,
            final long nowNs) {
        this.id = id;
        this.correlationId = open.correlationId();
        this.clientIdHigh = open.clientIdHigh();
        this.clientIdLow = open.clientIdLow();
        this.clientName = open.clientName();
        this.path = path;
        this.image = image;
        this.frames = frames;
        this.refusals = new RefusalQueue(frames);
        this.createdNs = nowNs;
        this.lastReceivedNs = nowNs;
        this.lastConnectedNs = nowNs;
        this.lastUsedNs = nowNs;
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public long clientIdHigh() {
        return clientIdHigh;
    }

    @Override
    public long clientIdLow() {
        return clientIdLow;
    }

    @Override
    public String clientName() {
        return clientName;
    }

    @Override
    public boolean isOpen() {
        return state == State.OPEN && !isCloseRequested;
    }

    @Override
    public boolean isIpc() {
        return image.isIpc();
    }

    @Override
    public int maxFrameLength() {
        return path.maxPayloadLength();
    }

    @Override
    public int maxOfferLength() {
        return path.maxPayloadLength() == 0 ? 0 : OFFER_LENGTH_MAX;
    }

    @Override
    public boolean hasRoom(final int length) {
        return state == State.OPEN && path.hasRoom(length);
    }

    @Override
    public long tryClaim(final int length, final BufferClaim claim) {
        return state == State.OPEN ? path.tryClaim(length, claim) : Publication.CLOSED;
    }

    @Override
    public long offer(final DirectBuffer buffer, final int offset, final int length) {
        return state == State.OPEN ? path.offer(buffer, offset, length) : Publication.CLOSED;
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
        if (state != State.OPEN) {
            return true;
        }
        if (refusals.isFull()) {
            refusals.send(path);
            if (refusals.isFull()) {
                return false;
            }
        }
        refusals.begin(code, requestTemplateId, text)
                .correlationId(requestId)
                .streamId(streamId)
                .segmentId(segmentId)
                .detail(detail)
                .writerIdHigh(writerIdHigh)
                .writerIdLow(writerIdLow);
        refusals.end();
        refusals.send(path);
        return true;
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public void attach(final @Nullable Object object) {
        this.attachment = object;
    }

    @Override
    public void close() {
        isCloseRequested = true;
    }

    /** Returns the image the client's frames come by. */
    ClientImage image() {
        return image;
    }

    /** Returns whether SessionOpened was sent and the session not closed. */
    boolean isEstablished() {
        return state == State.OPEN;
    }

    /**
     * Returns whether a repeated request is that of this session.
     *
     * @param open the request.
     */
    boolean isAnswerTo(final OpenRequest open) {
        return correlationId == open.correlationId()
                && clientIdHigh == open.clientIdHigh()
                && clientIdLow == open.clientIdLow();
    }

    /**
     * Notes that a frame came.
     *
     * @param nowNs the turn's time.
     */
    void onReceived(final long nowNs) {
        lastReceivedNs = nowNs;
    }

    /**
     * Notes that a frame came that is more than a sign of life.
     *
     * @param nowNs the turn's time.
     */
    void onUsed(final long nowNs) {
        lastUsedNs = nowNs;
    }

    /** Returns whether the session must not wait for its round: it opens, closes, or has something to send. */
    boolean isUrgent() {
        return state == State.OPENING
                || (state == State.OPEN && (isAnswerPending || isEchoPending || isCloseRequested))
                || (state == State.OPEN && path.isFrameWaiting());
    }

    /** Returns whether the session was not marked urgent so far. */
    boolean markUrgent() {
        final boolean isNew = !isMarkedUrgent;
        isMarkedUrgent = true;
        return isNew;
    }

    /** Takes the mark away. */
    void unmarkUrgent() {
        isMarkedUrgent = false;
    }

    /** Answers the client's request again in the next turn. */
    void repeatAnswer() {
        isAnswerPending = true;
    }

    /**
     * Notes the client's heartbeat.
     *
     * @param timeNs of the client's clock.
     * @param isEchoWanted whether to answer at once.
     */
    void onKeepAlive(final long timeNs, final boolean isEchoWanted) {
        clientTimeNs = timeNs;
        isEchoPending |= isEchoWanted;
    }

    /**
     * Forgives the client the time in which this node itself did not run.
     *
     * @param pauseNs of the duty cycle.
     */
    void forgive(final long pauseNs) {
        createdNs += pauseNs;
        lastReceivedNs += pauseNs;
        lastConnectedNs += pauseNs;
    }

    /**
     * Sends SessionOpened once the client is reachable, or again when it asked again.
     *
     * @param answer the frame.
     * @param answerLength of the frame.
     * @param nowNs the turn's time.
     * @return whether the session has just become open.
     */
    boolean answer(final DirectBuffer answer, final int answerLength, final long nowNs) {
        if (!path.isConnected() || path.offer(answer, 0, answerLength) <= 0) {
            return false;
        }
        isAnswerPending = false;
        if (state != State.OPENING) {
            return false;
        }
        state = State.OPEN;
        nextHeartbeatNs = nowNs;
        lastReceivedNs = nowNs;
        return true;
    }

    /** Returns whether SessionOpened is to be sent. */
    boolean isAnswerDue() {
        return state == State.OPENING || isAnswerPending;
    }

    /** Returns the number of the client's request. */
    long correlationId() {
        return correlationId;
    }

    /**
     * Sends what waits: refusals, an echo, a heartbeat.
     *
     * @param claim to use.
     * @param intervalNs between heartbeats of a session in use.
     * @param nowNs the turn's time.
     * @return whether the heartbeat was due and is sent.
     */
    boolean sendDue(final BufferClaim claim, final long intervalNs, final long nowNs) {
        path.sendWaiting();
        refusals.send(path);
        final boolean isHeartbeatDue = nowNs - nextHeartbeatNs >= 0;
        if (!isHeartbeatDue && !isEchoPending) {
            return false;
        }
        if (path.tryClaim(SessionFrames.KEEP_ALIVE_LENGTH, claim) <= 0) {
            return false;
        }
        frames.keepAlive(claim.buffer(), claim.offset(), id, clientTimeNs, false);
        claim.commit();
        isEchoPending = false;
        if (isHeartbeatDue) {
            final long idleNs = Math.min(IDLE_HEARTBEAT_NS, (nowNs - lastUsedNs) / IDLE_PARTS);
            nextHeartbeatNs = nowNs + Math.max(intervalNs, idleNs);
        }
        return isHeartbeatDue;
    }

    /**
     * Judges whether the session is to be closed.
     *
     * @param timeoutNs of silence, of a client that cannot be reached, and of opening.
     * @param nowNs the turn's time.
     */
    boolean isOver(final long timeoutNs, final long nowNs) {
        if (isCloseRequested || image.isClosed() || path.failure() != null) {
            return true;
        }
        if (state == State.OPENING) {
            return nowNs - createdNs >= timeoutNs;
        }
        if (path.isConnected()) {
            lastConnectedNs = nowNs;
        }
        return nowNs - lastReceivedNs >= timeoutNs || nowNs - lastConnectedNs >= timeoutNs;
    }

    /**
     * Tells the client, if it can be told, and lets go of the publication.
     *
     * @param claim to use.
     * @return whether the session had been open.
     */
    boolean end(final BufferClaim claim) {
        final boolean wasOpen = state == State.OPEN;
        if (wasOpen && path.tryClaim(SessionFrames.SESSION_CLOSE_LENGTH, claim) > 0) {
            frames.sessionClose(claim.buffer(), claim.offset(), id);
            claim.commit();
        }
        state = State.CLOSED;
        path.close();
        return wasOpen;
    }
}
