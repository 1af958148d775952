package io.millrace.simulation;

import io.aeron.logbuffer.BufferClaim;
import io.aeron.protocol.DataHeaderFlyweight;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Frames that one side has claimed or offered in its turn and that leave at the turn's end.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class Outbox {
    private static final int HEADER = DataHeaderFlyweight.HEADER_LENGTH;

    private final List<UnsafeBuffer> frames = new ArrayList<>();
    private int byteCount;

    /** Makes an empty one. */
    Outbox() {}

    /** Claims room for a frame that is committed or aborted before the turn ends. */
    void claim(final int length, final BufferClaim claim) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[HEADER + length]);
        buffer.putShort(DataHeaderFlyweight.TYPE_FIELD_OFFSET, (short) DataHeaderFlyweight.HDR_TYPE_DATA);
        claim.wrap(buffer, 0, HEADER + length);
        frames.add(buffer);
        byteCount += length;
    }

    /** Adds a frame. */
    void offer(final DirectBuffer frame, final int offset, final int length) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[HEADER + length]);
        buffer.putShort(DataHeaderFlyweight.TYPE_FIELD_OFFSET, (short) DataHeaderFlyweight.HDR_TYPE_DATA);
        buffer.putBytes(HEADER, frame, offset, length);
        frames.add(buffer);
        byteCount += length;
    }

    /** Returns the bytes that wait. */
    int byteCount() {
        return byteCount;
    }

    /** Hands everything over in order. */
    void drain(final Consumer<byte[]> sender) {
        for (final UnsafeBuffer buffer : frames) {
            if (buffer.getShort(DataHeaderFlyweight.TYPE_FIELD_OFFSET) == DataHeaderFlyweight.HDR_TYPE_DATA) {
                final byte[] frame = new byte[buffer.capacity() - HEADER];
                buffer.getBytes(HEADER, frame);
                sender.accept(frame);
            }
        }
        clear();
    }

    /** Forgets everything. */
    void clear() {
        frames.clear();
        byteCount = 0;
    }
}
