package io.millrace.peers.pravega;

import io.pravega.client.stream.Serializer;
import java.nio.ByteBuffer;

/**
 * Bytes as they are.
 *
 * <p><b>Threading:</b> immutable.
 */
final class RawSerializer implements Serializer<ByteBuffer> {
    /** The one that is needed. */
    static final RawSerializer INSTANCE = new RawSerializer();

    private RawSerializer() {}

    @Override
    public ByteBuffer serialize(final ByteBuffer value) {
        return value.duplicate();
    }

    @Override
    public ByteBuffer deserialize(final ByteBuffer serializedValue) {
        return serializedValue;
    }
}
