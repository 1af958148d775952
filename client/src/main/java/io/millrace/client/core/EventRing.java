package io.millrace.client.core;

import io.millrace.codec.EventFrame;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The events of one (writer, segment) from the offer to the acknowledgement, in the very form the wire wants, so that a
 * run of them is copied into a frame at once.
 *
 * <p><b>Layout</b>: byte position p lies at index p &amp; (capacity − 1). An event that begins before the end of the
 * ring is stored whole and continues beyond it, in the overhang; the next one begins at its own index at the front. So
 * every event is contiguous, and no padding is needed:
 *
 * <pre>
 *   0        k                          capacity     capacity + k
 *   +--------+--------------------------+------------+---- - - -+
 *   | unused | next event …        event begins here … ends here |
 *   +--------+--------------------------+------------+---- - - -+
 *                                        overhang
 * </pre>
 *
 * <p>It begins small, because a client may have thousands of them, and doubles, for good, when it is full: up to the
 * bytes and the events it was given. An event that is longer than capacity or overhang makes it grow, too, up to 16 MiB
 * and an overhang of 8 MiB.
 *
 * <p>A list is one unit: its events have indexes of their own, and their bytes lie behind each other as if they were
 * those of one event. Runs and fragments begin at units alone.
 *
 * <p><b>Invariants</b>: events have indexes 1, 2, 3 …; acknowledged ≤ appended; endPosition(i) − endPosition(i − 1) is
 * the length of event i; appended bytes − acknowledged bytes ≤ capacity.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard.
 */
final class EventRing {
    /** A frame of 1 MiB of payload. */
    static final int USUAL_LENGTH = EventFrame.HEADER_LENGTH + (1 << 20);

    private static final int FIRST_CAPACITY = 64 * 1024;
    private static final int FIRST_EVENTS = 256;

    private final int maxCapacity;
    private final int maxEvents;
    private UnsafeBuffer bytes;
    private int capacity;
    private int overhang;
    private int eventMask;
    private long[] endPositions;
    private long[] sequences;

    /** For the first event of a unit the number of its events; made with the first list. */
    private int @Nullable [] unitCounts;

    private long appendedIndex;
    private long appendedPosition;
    private long acknowledgedIndex;
    private long acknowledgedPosition;

    /**
     * Allocates the ring.
     *
     * @param maxCapacity most bytes of unacknowledged events, a power of two; more for a single larger event
     * @param maxEvents greatest number of events, a power of two
     */
    EventRing(final int maxCapacity, final int maxEvents) {
        if (!BitUtil.isPowerOfTwo(maxCapacity) || !BitUtil.isPowerOfTwo(maxEvents)) {
            throw new IllegalArgumentException("not powers of two: " + maxCapacity + ", " + maxEvents);
        }
        this.maxCapacity = maxCapacity;
        this.maxEvents = maxEvents;
        this.capacity = Math.min(maxCapacity, FIRST_CAPACITY);
        final int eventCount = Math.min(maxEvents, FIRST_EVENTS);
        this.eventMask = eventCount - 1;
        this.endPositions = new long[eventCount];
        this.sequences = new long[eventCount];
        this.overhang = capacity;
        this.bytes = new UnsafeBuffer(ByteBuffer.allocateDirect(capacity + overhang));
    }

    /**
     * Makes an event of a length possible; allocates only when it is longer than capacity or overhang.
     *
     * @param frameLength of the event, in bytes, header included
     */
    void fit(final int frameLength) {
        if (frameLength <= capacity && frameLength <= overhang) {
            return;
        }
        final int length = BitUtil.findNextPositivePowerOfTwo(frameLength);
        grow(Math.max(capacity, length), Math.max(overhang, Math.min(EventFrame.MAX_LENGTH, length)));
    }

    private void grow(final int newCapacity, final int newOverhang) {
        final UnsafeBuffer newBytes = new UnsafeBuffer(ByteBuffer.allocateDirect(newCapacity + newOverhang));
        long begin = acknowledgedPosition;
        for (long index = acknowledgedIndex; index < appendedIndex; index += unitCount(index)) {
            final long end = endPosition(index + unitCount(index));
            newBytes.putBytes((int) begin & (newCapacity - 1), bytes, index(begin), (int) (end - begin));
            begin = end;
        }
        bytes = newBytes;
        capacity = newCapacity;
        overhang = newOverhang;
    }

    /**
     * Tells whether one more unit fits; grows for it while the ring is smaller than it may be.
     *
     * @param length of its frames together, in bytes
     * @param eventCount number of its events
     * @param retainedIndex index up to which nobody needs the entry any more, ≤ acknowledged
     * @return true when it does
     */
    boolean hasRoom(final int length, final int eventCount, final long retainedIndex) {
        final long events = appendedIndex - retainedIndex + eventCount;
        final long pending = appendedPosition + length - acknowledgedPosition;
        if (events <= sequences.length && pending <= capacity) {
            return true;
        }
        if (events > maxEvents || pending > Math.max(capacity, maxCapacity)) {
            return false;
        }
        if (events > sequences.length) {
            growEvents((int) events, retainedIndex);
        }
        if (pending > capacity) {
            final int newCapacity = BitUtil.findNextPositivePowerOfTwo((int) pending);
            grow(newCapacity, Math.max(overhang, Math.min(USUAL_LENGTH, newCapacity)));
        }
        return true;
    }

    private void growEvents(final int eventCount, final long retainedIndex) {
        final int newCount = BitUtil.findNextPositivePowerOfTwo(eventCount);
        final long[] newEndPositions = new long[newCount];
        final long[] newSequences = new long[newCount];
        final int[] oldCounts = unitCounts;
        final int[] newCounts = oldCounts == null ? null : new int[newCount];
        if (newCounts != null) {
            Arrays.fill(newCounts, 1);
        }
        for (long index = retainedIndex + 1; index <= appendedIndex; index++) {
            final int from = (int) index & eventMask;
            final int to = (int) index & (newCount - 1);
            newEndPositions[to] = endPositions[from];
            newSequences[to] = sequences[from];
            if (oldCounts != null && newCounts != null) {
                newCounts[to] = oldCounts[from];
            }
        }
        endPositions = newEndPositions;
        sequences = newSequences;
        unitCounts = newCounts;
        eventMask = newCount - 1;
    }

    /**
     * Returns where the payload of the next event is to be written.
     *
     * @return index in {@link #bytes()}
     */
    int nextPayloadIndex() {
        return index(appendedPosition) + EventFrame.HEADER_LENGTH;
    }

    /**
     * Appends an event whose payload is in place.
     *
     * @param keyHash unsigned
     * @param payloadLength in bytes
     * @param sequence the writer's number of it
     * @return its index
     */
    long append(final long keyHash, final int payloadLength, final long sequence) {
        EventFrame.putHeader(bytes, index(appendedPosition), keyHash, payloadLength);
        note(payloadLength, sequence, 1);
        return appendedIndex;
    }

    /**
     * Writes and appends a list as one unit.
     *
     * @param keyHash unsigned, of all
     * @param payloads one or more
     * @param firstSequence the writer's number of the first
     */
    void append(final long keyHash, final List<byte[]> payloads, final long firstSequence) {
        if (unitCounts == null) {
            unitCounts = new int[sequences.length];
            Arrays.fill(unitCounts, 1);
        }
        int at = index(appendedPosition);
        int unitCount = payloads.size();
        long sequence = firstSequence;
        for (final byte[] payload : payloads) {
            EventFrame.putHeader(bytes, at, keyHash, payload.length);
            bytes.putBytes(EventFrame.payloadIndex(at), payload);
            at += EventFrame.frameLength(payload.length);
            note(payload.length, sequence++, unitCount);
            unitCount = 1;
        }
    }

    private void note(final int payloadLength, final long sequence, final int unitCount) {
        appendedPosition += EventFrame.frameLength(payloadLength);
        appendedIndex++;
        final int slot = (int) appendedIndex & eventMask;
        endPositions[slot] = appendedPosition;
        sequences[slot] = sequence;
        final int[] counts = unitCounts;
        if (counts != null) {
            counts[slot] = unitCount;
        }
    }

    /**
     * Returns the size of the unit behind an index.
     *
     * @param index last event before the unit
     * @return number of its events; 1 for an event that is in no list
     */
    int unitCount(final long index) {
        final int[] counts = unitCounts;
        return counts == null ? 1 : counts[(int) (index + 1) & eventMask];
    }

    /**
     * Tells by how much a fragment must be shorter so that it does not end inside the header of a list's event.
     *
     * @param index last event before the unit
     * @param position byte position of the cut, inside the unit
     * @return bytes, 0 to 11
     */
    int headerCut(final long index, final long position) {
        long low = index;
        long high = index + unitCount(index) - 1;
        while (low < high) {
            final long middle = (low + high + 1) >>> 1;
            if (endPosition(middle) <= position) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        final long cut = position - endPosition(low);
        return cut < EventFrame.HEADER_LENGTH ? (int) cut : 0;
    }

    /**
     * Writes and appends an event.
     *
     * @param keyHash unsigned
     * @param payload holds the payload
     * @param offset of the payload
     * @param payloadLength in bytes
     * @param sequence the writer's number of it
     * @return its index
     */
    long append(
            final long keyHash,
            final DirectBuffer payload,
            final int offset,
            final int payloadLength,
            final long sequence) {
        bytes.putBytes(nextPayloadIndex(), payload, offset, payloadLength);
        return append(keyHash, payloadLength, sequence);
    }

    /**
     * Frees events.
     *
     * @param lastIndex last one acknowledged, between acknowledged and appended
     */
    void acknowledge(final long lastIndex) {
        acknowledgedPosition = endPosition(lastIndex);
        acknowledgedIndex = lastIndex;
    }

    /**
     * Returns where an event ends.
     *
     * @param eventIndex between acknowledged and appended
     * @return byte position
     */
    long endPosition(final long eventIndex) {
        return eventIndex == acknowledgedIndex ? acknowledgedPosition : endPositions[(int) eventIndex & eventMask];
    }

    /**
     * Returns the writer's number of an event.
     *
     * @param eventIndex of the last {@code maxEvents}
     * @return sequence
     */
    long sequence(final long eventIndex) {
        return sequences[(int) eventIndex & eventMask];
    }

    /**
     * Returns where a byte position lies.
     *
     * @param position byte position at which an event begins
     * @return index in {@link #bytes()}
     */
    int index(final long position) {
        return (int) position & (capacity - 1);
    }

    /**
     * Returns the last of the events that fit into one frame together, begin at the one after {@code index} and lie one
     * behind the other; or the unit, whole, when it is a list.
     *
     * @param index last event before the run
     * @param maxBytes room in the frame
     * @return last event of the run, {@code index} itself when already the first is too long
     */
    long runEnd(final long index, final int maxBytes) {
        final long begin = endPosition(index);
        final int unitCount = unitCount(index);
        if (unitCount > 1) {
            return endPosition(index + unitCount) - begin <= maxBytes ? index + unitCount : index;
        }
        final long ringEnd = begin - index(begin) + capacity;
        long last = index;
        while (last < appendedIndex
                && unitCount(last) == 1
                && endPosition(last) < ringEnd
                && endPosition(last + 1) - begin <= maxBytes) {
            last++;
        }
        return last;
    }

    /**
     * Returns the bytes.
     *
     * @return ring and overhang
     */
    UnsafeBuffer bytes() {
        return bytes;
    }

    /**
     * Returns the last event appended.
     *
     * @return index, 0 for none
     */
    long appendedIndex() {
        return appendedIndex;
    }

    /**
     * Returns the last event acknowledged.
     *
     * @return index, 0 for none
     */
    long acknowledgedIndex() {
        return acknowledgedIndex;
    }
}
