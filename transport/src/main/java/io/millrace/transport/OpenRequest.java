package io.millrace.transport;

import io.aeron.logbuffer.LogBufferDescriptor;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.SessionOpenDecoder;
import java.nio.charset.StandardCharsets;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A SessionOpen frame, read: lengths are cut or refused before anything is allocated.
 *
 * <p><b>Threading</b>: the duty cycle's thread only; reused for every request.
 */
final class OpenRequest {
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final SessionOpenDecoder decoder = new SessionOpenDecoder();
    private final byte[] bytes = new byte[SessionFrames.NAME_LENGTH_MAX];
    private final UnsafeBuffer credentials = new UnsafeBuffer(0, 0);
    private int protocolVersion;
    private int replyStreamId;
    private long correlationId;
    private long clientIdHigh;
    private long clientIdLow;
    private int replyTermLength;
    private String clientName = "";
    private @Nullable ReplyChannel replyChannel;

    /** One per acceptor. */
    OpenRequest() {}

    /**
     * Reads a request that passed the bounds checks.
     *
     * @param buffer of the frame.
     * @param offset of the SBE header.
     */
    void read(final DirectBuffer buffer, final int offset) {
        decoder.wrapAndApplyHeader(buffer, offset, header);
        protocolVersion = (int) decoder.protocolVersion();
        replyStreamId = decoder.replyStreamId();
        correlationId = decoder.correlationId();
        clientIdHigh = decoder.clientIdHigh();
        clientIdLow = decoder.clientIdLow();
        replyTermLength = decoder.replyTermLength();
        final int channelLength = decoder.replyChannelLength();
        if (channelLength > SessionFrames.CHANNEL_LENGTH_MAX) {
            decoder.skipReplyChannel();
            replyChannel = null;
        } else {
            decoder.getReplyChannel(bytes, 0, channelLength);
            replyChannel = ReplyChannel.parse(new String(bytes, 0, channelLength, StandardCharsets.US_ASCII));
        }
        final int nameLength = Math.min(decoder.clientNameLength(), bytes.length);
        decoder.getClientName(bytes, 0, bytes.length);
        clientName = printable(new String(bytes, 0, nameLength, StandardCharsets.UTF_8));
        decoder.wrapCredentials(credentials);
    }

    /** Returns the client's protocol version. */
    int protocolVersion() {
        return protocolVersion;
    }

    /** Returns the stream of the client's subscription. */
    int replyStreamId() {
        return replyStreamId;
    }

    /** Returns the number of the request. */
    long correlationId() {
        return correlationId;
    }

    /** Returns the upper half of the client's id. */
    long clientIdHigh() {
        return clientIdHigh;
    }

    /** Returns the lower half of the client's id. */
    long clientIdLow() {
        return clientIdLow;
    }

    /**
     * Returns the term length of the publication to the client, in bytes.
     *
     * @param limit of the node, also what a client gets that names none; a power of two.
     * @return at most the limit; -1 when what the client asks for is no term length.
     */
    int replyTermLength(final int limit) {
        if (replyTermLength == 0) {
            return limit;
        }
        final boolean isTerm = replyTermLength >= LogBufferDescriptor.TERM_MIN_LENGTH
                && replyTermLength <= LogBufferDescriptor.TERM_MAX_LENGTH
                && BitUtil.isPowerOfTwo(replyTermLength);
        return isTerm ? Math.min(replyTermLength, limit) : -1;
    }

    /** Returns the client's name without control characters. */
    String clientName() {
        return clientName;
    }

    /** Returns the channel for answers, or {@code null} when it is refused. */
    @Nullable
    ReplyChannel replyChannel() {
        return replyChannel;
    }

    /** Returns the credentials, valid until the next frame. */
    DirectBuffer credentials() {
        return credentials;
    }

    // The name ends up in logs: control characters would let a client write lines of its own.
    private static String printable(final String text) {
        final StringBuilder result = new StringBuilder(text.length());
        text.codePoints().forEach(c -> result.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return result.toString();
    }
}
