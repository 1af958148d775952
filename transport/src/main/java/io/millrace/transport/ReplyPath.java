package io.millrace.transport;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.BufferClaim;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A publication that comes into being without blocking the duty cycle; also the client's way to a node.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 */
final class ReplyPath {
    private final Transport transport;
    private final long registrationId;
    private @Nullable ExclusivePublication publication;
    private @Nullable String failure;
    private boolean isClosed;

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
        return publication != null && publication.isConnected();
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

    /** Returns the longest frame that can be sent, in bytes; 0 before the publication exists. */
    int maxMessageLength() {
        return publication == null ? 0 : publication.maxMessageLength();
    }

    /**
     * Claims room for one frame.
     *
     * @param length of the frame, ≤ {@link #maxPayloadLength()}.
     * @param claim to be committed or aborted.
     * @return &gt; 0, or a negative code of {@link Publication}.
     */
    long tryClaim(final int length, final BufferClaim claim) {
        return publication == null ? Publication.NOT_CONNECTED : publication.tryClaim(length, claim);
    }

    /**
     * Sends one frame.
     *
     * @param buffer of the frame.
     * @param offset of the frame.
     * @param length of the frame, ≤ {@link #maxMessageLength()}.
     * @return &gt; 0, or a negative code of {@link Publication}.
     */
    long offer(final DirectBuffer buffer, final int offset, final int length) {
        return publication == null ? Publication.NOT_CONNECTED : publication.offer(buffer, offset, length);
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
