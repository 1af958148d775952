package io.millrace.replication;

import io.millrace.store.Segment;
import io.millrace.transport.Session;
import org.jspecify.annotations.Nullable;

/**
 * One reader of one segment: how far it was sent, how far it may be sent, and where in the chain log the next byte
 * lies.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ReadSession {
    final Session session;
    final long subscriptionId;
    final ChainReplica replica;
    final Segment segment;

    /** Offset of the next byte to send. */
    long nextOffset;

    /** Where the next bytes were looked up again because the zone behind them was freed, once for each offset. */
    long foundAgainOffset = -1;

    /** Offset below which bytes may be sent; only grows. */
    long creditOffset;

    /** Position of the record to look at next; 0: find it by the index. */
    long cursorPosition;

    /** The record at the cursor is read from its copy, wherever that lies. */
    boolean copied;

    /** Offset of the fragment at the cursor; -1: walk to the next append of the segment. */
    long fragmentOffset = -1;

    /** Whether the offset that it was started at is known to be the beginning of an event. */
    boolean isAtEvent;

    /** In the list of those that may have something to send. */
    boolean active;

    /** Its replica was out of touch with the chain while it waited: it is to look the chain up again. */
    boolean isToldOff;

    boolean closed;

    /** Next reader of the same segment. */
    @Nullable
    ReadSession nextOfSegment;

    /** Starts a reader; offsets and credit are set next. */
    ReadSession(final Session session, final long subscriptionId, final ChainReplica replica, final Segment segment) {
        this.session = session;
        this.subscriptionId = subscriptionId;
        this.replica = replica;
        this.segment = segment;
    }

    /** Forgets where in the chain log the next bytes lie: they are found again by the index. */
    void forgetCursor() {
        cursorPosition = 0;
        fragmentOffset = -1;
    }

    /** Returns whether committed bytes wait that the reader's credit covers. */
    boolean hasBytesToSend() {
        return nextOffset < Math.min(segment.length(), creditOffset);
    }

    /** Returns whether it has everything there is at a replica where nothing new comes. */
    boolean isStranded() {
        return isToldOff && nextOffset >= segment.length();
    }

    /** Returns whether the next bytes are gone: deleted with their segment, or truncated. */
    boolean isCutOff() {
        return segment.isDeleted() || nextOffset < segment.startOffset();
    }

    /** Returns whether the end of a sealed segment is reached, or the next bytes are gone. */
    boolean isAtEnd() {
        return isCutOff() || (segment.isSealed() && nextOffset >= segment.length());
    }
}
