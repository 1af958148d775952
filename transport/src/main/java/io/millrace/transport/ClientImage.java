package io.millrace.transport;

import io.aeron.Image;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import org.jspecify.annotations.Nullable;

/**
 * What a node knows of one sender: its session, if it has one, and how it behaves.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 */
final class ClientImage {
    /** Longest frame from a client, in bytes. */
    static final int FRAME_LENGTH_MAX = 16 << 10;

    /** What a frame of another device adds to that of a client whose events it passes on. */
    private static final int PEER_ROOM = 512;

    private static final long ANSWER_INTERVAL_NS = 100_000_000;

    private final Image image;
    private final boolean isIpc;
    private final FragmentAssembly assembly = new FragmentAssembly(FRAME_LENGTH_MAX + PEER_ROOM);
    private @Nullable Session session;
    private long sessionBytes;
    private boolean isActive;
    private boolean isAborted;
    private long withoutSessionSinceNs;
    private long nextAnswerNs;

    /**
     * Notes a sender.
     *
     * @param image of its frames.
     * @param isIpc whether it shares this node's driver.
     * @param nowNs the turn's time.
     */
    ClientImage(final Image image, final boolean isIpc, final long nowNs) {
        this.image = image;
        this.isIpc = isIpc;
        this.withoutSessionSinceNs = nowNs;
        this.nextAnswerNs = nowNs;
    }

    /** Returns whether the sender shares this node's driver. */
    boolean isIpc() {
        return isIpc;
    }

    /** Returns whether the sender is gone. */
    boolean isClosed() {
        return image.isClosed();
    }

    /** Returns the sender's number of the image: unique among those of a stream that are not over. */
    int sessionId() {
        return image.sessionId();
    }

    /**
     * Reads frames.
     *
     * @param frames to take them.
     * @param limit of fragments.
     * @return fragments taken.
     */
    int poll(final ControlledFragmentHandler frames, final int limit) {
        isAborted = false;
        return image.controlledPoll(frames, limit);
    }

    /**
     * Notes what became of a frame.
     *
     * @param action its handler answered.
     */
    void onAction(final Action action) {
        isAborted = action == Action.ABORT;
    }

    /** Returns whether the last frame is to come again. */
    boolean isAborted() {
        return isAborted;
    }

    /** Returns whether the image is asked for frames in every turn. */
    boolean isActive() {
        return isActive;
    }

    /**
     * Notes whether the image is asked for frames in every turn.
     *
     * @param active or only now and then.
     */
    void active(final boolean active) {
        isActive = active;
    }

    /**
     * Notes what a session of this sender takes.
     *
     * @param replyTermLength of the publication to it, in bytes.
     */
    void sessionTerms(final int replyTermLength) {
        sessionBytes = LogMemory.logBytes(image.termBufferLength()) + LogMemory.logBytes(replyTermLength);
    }

    /** Returns the shared memory that the terms of this sender's session take, in bytes. */
    long sessionBytes() {
        return sessionBytes;
    }

    /** Returns the number of the image, unique in its driver. */
    long imageId() {
        return image.correlationId();
    }

    /** Returns the fragments put together so far. */
    FragmentAssembly assembly() {
        return assembly;
    }

    /** Returns the sender's session. */
    @Nullable
    Session session() {
        return session;
    }

    /**
     * Binds a session to the sender.
     *
     * @param opened session.
     */
    void bind(final Session opened) {
        session = opened;
    }

    /**
     * Takes the session away.
     *
     * @param nowNs the turn's time.
     */
    void unbind(final long nowNs) {
        session = null;
        withoutSessionSinceNs = nowNs;
        assembly.reset();
    }

    /**
     * Limits how often a sender is answered: once in 100 ms.
     *
     * @param nowNs the turn's time.
     * @return whether it may be answered now.
     */
    boolean mayAnswer(final long nowNs) {
        if (nowNs - nextAnswerNs < 0) {
            return false;
        }
        nextAnswerNs = nowNs + ANSWER_INTERVAL_NS;
        return true;
    }

    /**
     * Returns whether the sender had time enough to open a session, and has none.
     *
     * @param timeoutNs the time it has.
     * @param nowNs the turn's time.
     */
    boolean isIdle(final long timeoutNs, final long nowNs) {
        return session == null && nowNs - withoutSessionSinceNs >= timeoutNs;
    }

    /**
     * Makes the driver drop the image, so that its memory is freed.
     *
     * @param transport to tell errors.
     * @param nowNs the turn's time.
     */
    void reject(final Transport transport, final long nowNs) {
        withoutSessionSinceNs = nowNs;
        try {
            image.reject("no session was opened");
        } catch (final AeronException e) {
            transport.onError(e);
        }
    }
}
