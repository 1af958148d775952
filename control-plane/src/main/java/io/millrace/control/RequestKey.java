package io.millrace.control;

import io.millrace.codec.control.CreateScopeCommandDecoder;
import io.millrace.codec.control.MessageHeaderDecoder;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * Names a request for ever: a client that repeats one repeats its key, also over another session.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param clientIdHigh upper half of the client's id.
 * @param clientIdLow lower half.
 * @param requestId unique in the client.
 */
record RequestKey(long clientIdHigh, long clientIdLow, long requestId) implements Comparable<RequestKey> {
    /**
     * Reads the key of a client's command; all of them begin with the same three fields.
     *
     * @param command buffer with a command that {@code ControlFrames} has found well-formed.
     * @param offset of its SBE header.
     * @return the key.
     */
    static RequestKey of(final DirectBuffer command, final int offset) {
        final int block = offset + MessageHeaderDecoder.ENCODED_LENGTH;
        return new RequestKey(
                command.getLong(
                        block + CreateScopeCommandDecoder.clientIdHighEncodingOffset(), ByteOrder.LITTLE_ENDIAN),
                command.getLong(block + CreateScopeCommandDecoder.clientIdLowEncodingOffset(), ByteOrder.LITTLE_ENDIAN),
                command.getLong(block + CreateScopeCommandDecoder.requestIdEncodingOffset(), ByteOrder.LITTLE_ENDIAN));
    }

    @Override
    public int compareTo(final RequestKey other) {
        int order = Long.compare(clientIdHigh, other.clientIdHigh);
        if (order == 0) {
            order = Long.compare(clientIdLow, other.clientIdLow);
        }
        return order == 0 ? Long.compare(requestId, other.requestId) : order;
    }
}
