package io.millrace.transport;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.protocol.DataHeaderFlyweight;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A publication that comes into being without blocking the duty cycle; also the client's way to a node.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 */
final class ReplyPath {
    private static final byte[] NOTHING = new byte[0];
    private static final int BEGIN = FrameDescriptor.BEGIN_FRAG_FLAG & 0xFF;
    private static final int END = FrameDescriptor.END_FRAG_FLAG & 0xFF;

    private final Transport transport;
    private final long registrationId;
    private final BufferClaim piece = new BufferClaim();
    private @Nullable ExclusivePublication publication;
    private @Nullable String failure;
    private boolean isClosed;
    private byte[] waiting = NOTHING;
    private int waitingLength;
    private int waitingOffset;

    /**
     * Asks Aeron for the publication.
     *
     * @param transport the media.
     * @param uri of the channel.
     * @param streamId of the stream.
     */
    ReplyPath(final Transport transport, final String uri, final int streamId) {
        this.transport = transport;
        long id = Aeron.NULL_VALUE;
        try {
            id = transport.aeron().asyncAddExclusivePublication(uri, streamId);
        } catch (final AeronException e) {
            fail(e);
        }
        this.registrationId = id;
    }

    /** Returns whether the publication exists and its receiver is there; asks Aeron when it did not so far. */
    boolean isConnected() {
        if (publication == null && failure == null && !isClosed) {
            try {
                publication = transport.aeron().getExclusivePublication(registrationId);
            } catch (final AeronException e) {
                fail(e);
            }
        }
        final boolean isConnected = publication != null && publication.isConnected();
        if (!isConnected && registrationId != Aeron.NULL_VALUE) {
            transport.touchPublication(registrationId);
        }
        return isConnected;
    }

    /** Returns why there will be no publication, or {@code null}. */
    @Nullable
    String failure() {
        return failure;
    }

    /** Returns the longest frame that travels in one piece, in bytes; 0 before the publication exists. */
    int maxPayloadLength() {
        return publication == null ? 0 : publication.maxPayloadLength();
    }

    /**
     * Tells whether the receiver's window has room for a frame.
     *
     * @param length of the frame.
     * @return false when {@link #tryClaim} would fail now.
     */
    boolean hasRoom(final int length) {
        transport.touchPublication(registrationId);
        return publication != null
                && publication.availableWindow()
                        >= BitUtil.align(length + DataHeaderFlyweight.HEADER_LENGTH, FrameDescriptor.FRAME_ALIGNMENT);
    }

    /**
     * Claims room for one frame.
     *
     * @param length of the frame, ≤ {@link #maxPayloadLength()}.
     * @param claim to be committed or aborted.
     * @return &gt; 0, or a negative code of {@link Publication}.
     */
    long tryClaim(final int length, final BufferClaim claim) {
        transport.touchPublication(registrationId);
        return publication == null ? Publication.NOT_CONNECTED : publication.tryClaim(length, claim);
    }

    /**
     * Sends one frame. Where it is longer than an eighth of a term, which is the most Aeron takes, it is copied and
     * goes out in pieces as there is room; shorter frames may pass it by.
     *
     * @param buffer of the frame.
     * @param offset of the frame.
     * @param length of the frame, ≤ {@link AcceptedSession#OFFER_LENGTH_MAX}.
     * @return &gt; 0, or a negative code of {@link Publication}; {@code BACK_PRESSURED} while an earlier long frame is
     *     under way.
     */
    long offer(final DirectBuffer buffer, final int offset, final int length) {
        final ExclusivePublication current = publication;
        if (current == null) {
            return Publication.NOT_CONNECTED;
        }
        transport.touchPublication(registrationId);
        if (length <= current.maxPayloadLength()) {
            return current.offer(buffer, offset, length);
        }
        if (isFrameWaiting()) {
            return Publication.BACK_PRESSURED; // pieces of two frames would be put together as one
        }
        if (length <= current.maxMessageLength()) {
            return current.offer(buffer, offset, length);
        }
        if (!current.isConnected()) {
            return Publication.NOT_CONNECTED;
        }
        waiting = new byte[length];
        buffer.getBytes(offset, waiting);
        waitingLength = length;
        waitingOffset = 0;
        sendWaiting();
        return 1;
    }

    /** Returns whether a long frame is not sent to its end; {@link #sendWaiting()} goes on with it. */
    boolean isFrameWaiting() {
        return waitingOffset < waitingLength;
    }

    /** Sends as many pieces of the long frame as there is room for. */
    void sendWaiting() {
        final ExclusivePublication current = publication;
        while (current != null && waitingOffset < waitingLength) {
            final int length = Math.min(current.maxPayloadLength(), waitingLength - waitingOffset);
            if (tryClaim(length, piece) <= 0) {
                return;
            }
            piece.buffer().putBytes(piece.offset(), waiting, waitingOffset, length);
            int flags = waitingOffset == 0 ? BEGIN : 0;
            waitingOffset += length;
            flags |= waitingOffset == waitingLength ? END : 0;
            piece.flags((byte) flags).commit();
        }
        if (waitingOffset == waitingLength && waitingLength > 0) {
            waiting = NOTHING;
            waitingOffset = 0;
            waitingLength = 0;
        }
    }

    /** Closes the publication; what was sent still reaches the receiver. Idempotent. */
    void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            if (publication != null) {
                publication.close();
            } else if (registrationId != Aeron.NULL_VALUE && failure == null && !transport.isClosed()) {
                transport.aeron().asyncRemovePublication(registrationId);
            }
        } catch (final AeronException e) {
            transport.onError(e);
        }
    }

    private void fail(final AeronException cause) {
        failure = String.valueOf(cause.getMessage());
        transport.onError(cause);
    }
}
