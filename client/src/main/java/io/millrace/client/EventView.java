package io.millrace.client;

import java.nio.charset.StandardCharsets;

/**
 * One event as an object of its own: what the blocking {@link EventReader#read} returns.
 *
 * <p><b>Threading</b>: immutable but for the bytes, which belong to the caller.
 */
public final class EventView {
    private final byte[] payload;
    private final long keyHash;
    private final long segmentId;
    private final long eventOffset;

    /**
     * Makes the view.
     *
     * @param payload bytes, not copied
     * @param keyHash XXH64 of the routing key
     * @param segmentId segment it was read from
     * @param eventOffset byte offset in the segment at which the event begins
     */
    public EventView(final byte[] payload, final long keyHash, final long segmentId, final long eventOffset) {
        this.payload = payload;
        this.keyHash = keyHash;
        this.segmentId = segmentId;
        this.eventOffset = eventOffset;
    }

    /**
     * Returns the payload.
     *
     * @return the bytes themselves, not a copy
     */
    public byte[] payload() {
        return payload;
    }

    /**
     * Returns the payload as text.
     *
     * @return decoded as UTF-8
     */
    public String asText() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /**
     * Returns the hash of the routing key.
     *
     * @return XXH64, unsigned; random for an event without a key
     */
    public long keyHash() {
        return keyHash;
    }

    /**
     * Returns the segment.
     *
     * @return segment id
     */
    public long segmentId() {
        return segmentId;
    }

    /**
     * Returns where the event begins.
     *
     * @return byte offset in the segment
     */
    public long eventOffset() {
        return eventOffset;
    }

    @Override
    public String toString() {
        return "EventView{segmentId=" + segmentId + ", eventOffset=" + eventOffset + ", keyHash="
                + Long.toUnsignedString(keyHash) + ", length=" + payload.length + "}";
    }
}
