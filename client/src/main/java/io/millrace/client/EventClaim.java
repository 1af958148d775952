package io.millrace.client;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Space for one event in a writer's buffer, to be written in place: made once, filled by
 * {@link EventWriter#tryClaim(long, int, EventClaim)}, ended by {@link #commit()} or {@link #abort()}.
 *
 * <p><b>Threading</b>: the thread that claimed. Until the claim is ended, other threads wait at the client's lock, so
 * end it at once. <b>Invariants</b>: at most one claim of a writer is open.
 */
public final class EventClaim {
    /** The writer behind a claim; users do not call it. */
    public interface Owner {
        /**
         * Ends the open claim.
         *
         * @param isCommitted whether the event is to be sent
         */
        void onClaimEnd(boolean isCommitted);
    }

    private final UnsafeBuffer buffer = new UnsafeBuffer(0, 0);
    private @Nullable Owner owner;

    /** Makes an empty claim, to be used again and again. */
    public EventClaim() {}

    /**
     * Opens the claim; called by the writer.
     *
     * @param space buffer in which the claimed bytes lie
     * @param offset of the first claimed byte
     * @param length claimed, in bytes
     * @param newOwner told of the end
     */
    public void wrap(final MutableDirectBuffer space, final int offset, final int length, final Owner newOwner) {
        buffer.wrap(space, offset, length);
        owner = newOwner;
    }

    /**
     * Returns the claimed space: index 0 is the first byte of the payload, the capacity is the length claimed.
     *
     * @return to be written until the claim is ended
     */
    public MutableDirectBuffer buffer() {
        return buffer;
    }

    /**
     * Ends the claim; the event will be sent.
     *
     * @throws IllegalStateException if the claim is not open
     */
    public void commit() {
        end(true);
    }

    /**
     * Ends the claim; nothing is sent and the sequence is given to the next event.
     *
     * @throws IllegalStateException if the claim is not open
     */
    public void abort() {
        end(false);
    }

    private void end(final boolean isCommitted) {
        final Owner ended = owner;
        if (ended == null) {
            throw new IllegalStateException("the claim is not open");
        }
        owner = null;
        buffer.wrap(0, 0);
        ended.onClaimEnd(isCommitted);
    }
}
