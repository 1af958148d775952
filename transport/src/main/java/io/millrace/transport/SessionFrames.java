package io.millrace.transport;

import io.millrace.codec.ProtocolVersion;
import io.millrace.codec.wire.KeepAliveEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalEncoder;
import io.millrace.codec.wire.SessionCloseEncoder;
import io.millrace.codec.wire.SessionOpenEncoder;
import io.millrace.codec.wire.SessionOpenedEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes the session's own messages; every method returns the frame's length in bytes, SBE header included.
 *
 * <p><b>Threading</b>: the duty cycle's thread only. Allocation-free but for the opening of a session.
 */
final class SessionFrames {
    /** Length of a KeepAlive frame. */
    static final int KEEP_ALIVE_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + KeepAliveEncoder.BLOCK_LENGTH;

    /** Length of a SessionClose frame. */
    static final int SESSION_CLOSE_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + SessionCloseEncoder.BLOCK_LENGTH;

    /** Longest text of a refusal, in bytes. */
    static final int REFUSAL_TEXT_LENGTH_MAX = 200;

    /** Longest Refusal frame. */
    static final int REFUSAL_LENGTH_MAX = MessageHeaderEncoder.ENCODED_LENGTH
            + RefusalEncoder.BLOCK_LENGTH
            + RefusalEncoder.textHeaderLength()
            + REFUSAL_TEXT_LENGTH_MAX;

    /** Longest name of a client or node, in bytes. */
    static final int NAME_LENGTH_MAX = 128;

    /** Longest description of a durability mode, in bytes. */
    static final int DURABILITY_LENGTH_MAX = 256;

    /** Longest credentials, in bytes. */
    static final int CREDENTIALS_LENGTH_MAX = 512;

    /** Longest text of a reply channel, in bytes. */
    static final int CHANNEL_LENGTH_MAX = 80;

    /** Room for any frame of this class. */
    static final int FRAME_LENGTH_MAX = 1024;

    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final SessionOpenEncoder sessionOpen = new SessionOpenEncoder();
    private final SessionOpenedEncoder sessionOpened = new SessionOpenedEncoder();
    private final KeepAliveEncoder keepAlive = new KeepAliveEncoder();
    private final SessionCloseEncoder sessionClose = new SessionCloseEncoder();
    private final RefusalEncoder refusal = new RefusalEncoder();
    private final UnsafeBuffer text = new UnsafeBuffer(new byte[REFUSAL_TEXT_LENGTH_MAX]);

    /** One per acceptor or link. */
    SessionFrames() {}

    /**
     * Cuts text to a number of bytes.
     *
     * @param value to encode.
     * @param lengthMax in bytes.
     * @return UTF-8.
     */
    static byte[] bytes(final String value, final int lengthMax) {
        final byte[] all = value.getBytes(StandardCharsets.UTF_8);
        if (all.length <= lengthMax) {
            return all;
        }
        int end = lengthMax;
        while (end > 0 && (all[end] & 0xC0) == 0x80) {
            end--;
        }
        return Arrays.copyOf(all, end);
    }

    /**
     * Writes SessionOpen.
     *
     * @param buffer to write to.
     * @param protocolVersion as on the wire.
     * @param replyStreamId of the client's subscription.
     * @param correlationId of this attempt.
     * @param context with client and credentials.
     * @param replyChannel of the client's subscription.
     * @return length.
     */
    int sessionOpen(
            final MutableDirectBuffer buffer,
            final int protocolVersion,
            final int replyStreamId,
            final long correlationId,
            final LinkContext context,
            final String replyChannel) {
        final byte[] channel = bytes(replyChannel, CHANNEL_LENGTH_MAX);
        final byte[] name = bytes(context.clientName(), NAME_LENGTH_MAX);
        final byte[] credentials = context.credentials();
        sessionOpen
                .wrapAndApplyHeader(buffer, 0, header)
                .protocolVersion(Integer.toUnsignedLong(protocolVersion))
                .replyStreamId(replyStreamId)
                .correlationId(correlationId)
                .clientIdHigh(context.clientIdHigh())
                .clientIdLow(context.clientIdLow())
                .replyTermLength(context.replyTermLength())
                .putReplyChannel(channel, 0, channel.length)
                .putClientName(name, 0, name.length)
                .putCredentials(credentials, 0, credentials.length);
        return MessageHeaderEncoder.ENCODED_LENGTH + sessionOpen.encodedLength();
    }

    /**
     * Writes SessionOpened.
     *
     * @param buffer to write to.
     * @param correlationId of the client's attempt.
     * @param sessionId of the new session.
     * @param context with what the node says of itself.
     * @return length.
     */
    int sessionOpened(
            final MutableDirectBuffer buffer,
            final long correlationId,
            final long sessionId,
            final AcceptorContext context) {
        final byte[] name = bytes(context.nodeName(), NAME_LENGTH_MAX);
        final byte[] durability = bytes(context.durabilityMode(), DURABILITY_LENGTH_MAX);
        sessionOpened
                .wrapAndApplyHeader(buffer, 0, header)
                .correlationId(correlationId)
                .sessionId(sessionId)
                .nodeIncarnation(context.incarnation())
                .heartbeatIntervalNs(context.heartbeatIntervalNs())
                .sessionTimeoutNs(context.sessionTimeoutNs())
                .maxEventLength(context.maxEventLength())
                .protocolVersion(Integer.toUnsignedLong(ProtocolVersion.CURRENT))
                .putNodeName(name, 0, name.length)
                .putDurabilityMode(durability, 0, durability.length);
        return MessageHeaderEncoder.ENCODED_LENGTH + sessionOpened.encodedLength();
    }

    /**
     * Writes KeepAlive.
     *
     * @param buffer to write to.
     * @param offset in the buffer.
     * @param sessionId of the session.
     * @param timeNs of the client's clock.
     * @param isEchoWanted whether the node is to answer at once.
     * @return length.
     */
    int keepAlive(
            final MutableDirectBuffer buffer,
            final int offset,
            final long sessionId,
            final long timeNs,
            final boolean isEchoWanted) {
        keepAlive
                .wrapAndApplyHeader(buffer, offset, header)
                .sessionId(sessionId)
                .timeNs(timeNs)
                .echo((short) (isEchoWanted ? 1 : 0));
        return KEEP_ALIVE_LENGTH;
    }

    /**
     * Writes SessionClose.
     *
     * @param buffer to write to.
     * @param offset in the buffer.
     * @param sessionId of the session.
     * @return length.
     */
    int sessionClose(final MutableDirectBuffer buffer, final int offset, final long sessionId) {
        sessionClose.wrapAndApplyHeader(buffer, offset, header).sessionId(sessionId);
        return SESSION_CLOSE_LENGTH;
    }

    /**
     * Begins a Refusal: wraps the encoder, writes code, request and text; the caller sets the other numbers.
     *
     * @param buffer to write to.
     * @param offset in the buffer.
     * @param code why.
     * @param requestTemplateId of what is refused.
     * @param words for people; ASCII, cut at {@link #REFUSAL_TEXT_LENGTH_MAX}.
     * @return the encoder, with every other number 0.
     */
    RefusalEncoder refusal(
            final MutableDirectBuffer buffer,
            final int offset,
            final RefusalCode code,
            final int requestTemplateId,
            final String words) {
        final int length = Math.min(words.length(), REFUSAL_TEXT_LENGTH_MAX);
        text.putStringWithoutLengthAscii(0, words, 0, length);
        return refusal.wrapAndApplyHeader(buffer, offset, header)
                .correlationId(0)
                .streamId(0)
                .segmentId(0)
                .detail(0)
                .writerIdHigh(0)
                .writerIdLow(0)
                .code(code)
                .requestTemplateId(requestTemplateId)
                .putText(text, 0, length);
    }

    /** Returns the length of the refusal just written, in bytes, SBE header included. */
    int refusalLength() {
        return MessageHeaderEncoder.ENCODED_LENGTH + refusal.encodedLength();
    }
}
