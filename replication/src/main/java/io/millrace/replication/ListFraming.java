package io.millrace.replication;

import io.millrace.codec.EventFrame;
import io.millrace.codec.KeyRange;
import io.millrace.codec.wire.AppendDecoder;
import org.agrona.DirectBuffer;

/**
 * Follows the event frames of one atomic list through its fragments: every byte that gets into a segment was checked,
 * or its readers would stumble over it.
 *
 * <p>Use: {@link #check} each fragment, {@link #accept} when it was sequenced.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated.
 */
final class ListFraming {
    /** The fragment does not continue the list: send it again from its first one. */
    static final int OUT_OF_ORDER = -16;

    private long firstEventNumber;
    private int eventCount;
    private int totalLength;
    private int receivedLength;
    private int nextFrame;
    private int seenCount;
    private int checkedLength;
    private int checkedNextFrame;
    private int checkedSeenCount;
    private long badKeyHash;

    /** Follows no list. */
    ListFraming() {}

    /** Tells whether some but not all fragments of a list were accepted. */
    boolean isOpen() {
        return receivedLength > 0;
    }

    /** Forgets the list. */
    void reset() {
        receivedLength = 0;
    }

    /**
     * Checks a fragment.
     *
     * @param append frame, checked for bounds.
     * @param buffer of the frame.
     * @param index of the fragment's first byte.
     * @param length of the fragment.
     * @param keyLow lowest key hash of the segment.
     * @param keyHigh highest key hash of the segment.
     * @return 0, {@link #OUT_OF_ORDER} or a code of {@link EventFrame}.
     */
    int check(
            final AppendDecoder append,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final long keyLow,
            final long keyHigh) {
        final int begin = append.fragmentOffset();
        final int count = append.eventCount();
        final int total = append.fragmentedLength();
        final boolean continues = isOpen()
                && begin == receivedLength
                && total == totalLength
                && count == eventCount
                && append.firstEventNumber() == firstEventNumber;
        if (begin != 0 && !continues) {
            return OUT_OF_ORDER;
        }
        if (length < 1 || length > total - begin) {
            return EventFrame.BAD_LENGTH;
        }
        final int end = begin + length;
        int next = begin == 0 ? 0 : nextFrame;
        int seen = begin == 0 ? 0 : seenCount;
        while (next < end) {
            if (end - next < EventFrame.HEADER_LENGTH) {
                return EventFrame.INCOMPLETE;
            }
            final int at = index + next - begin;
            final int payloadLength = EventFrame.payloadLength(buffer, at);
            if (payloadLength < 0
                    || payloadLength > EventFrame.MAX_PAYLOAD
                    || EventFrame.frameLength(payloadLength) > total - next) {
                return EventFrame.BAD_LENGTH;
            }
            if (!KeyRange.contains(keyLow, keyHigh, EventFrame.keyHash(buffer, at))) {
                badKeyHash = EventFrame.keyHash(buffer, at);
                return EventFrame.BAD_KEY_HASH;
            }
            next += EventFrame.frameLength(payloadLength);
            seen++;
        }
        if (seen > count || (end == total && seen != count)) {
            return EventFrame.BAD_COUNT;
        }
        checkedLength = end;
        checkedNextFrame = next;
        checkedSeenCount = seen;
        return 0;
    }

    /**
     * Takes note that the fragment checked last was sequenced.
     *
     * @param append frame, as it was checked.
     */
    void accept(final AppendDecoder append) {
        firstEventNumber = append.firstEventNumber();
        eventCount = append.eventCount();
        totalLength = append.fragmentedLength();
        receivedLength = checkedLength == totalLength ? 0 : checkedLength;
        nextFrame = checkedNextFrame;
        seenCount = checkedSeenCount;
    }

    /** Gives the key hash of the last {@link EventFrame#BAD_KEY_HASH}. */
    long badKeyHash() {
        return badKeyHash;
    }
}
