package io.millrace.store;

import io.millrace.codec.control.EffectAction;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the head of a chain validates against: the committed state plus the records sequenced but not committed yet
 * (P6). It is a second state of the chain that is always applied to the last sequenced record by the very rules the
 * committed one follows, so the two are equal whenever nothing is pending; writer slots are the same in both.
 *
 * <p>Use: {@code check…} → write the record at {@link #nextPosition()} with {@link #lastHash()} as previous hash → when
 * its CRC is in its header, {@link #onSequenced} → when it is committed, {@link ChainState#apply} on the committed
 * state and then {@link #onCommitted}.
 *
 * <p><b>Answers wait (P2):</b> every answer of a {@code check…} depends on pending records. Whatever is not turned into
 * a record (duplicate, refusal) must be held until the commit position reaches {@link #holdPosition()}, and dropped
 * when the epoch changes before. For a duplicate, acknowledge the committed last number then.
 *
 * <p><b>Epoch change:</b> {@link #discard()} at Seal; at Install, {@link #discard()} again and {@link #onSequenced} for
 * each record of (commit, last]. The same after a recovery.
 *
 * <p><b>Threading:</b> the chain's thread. Checks allocate nothing; {@link #onSequenced} only when a table grows;
 * {@link #discard()} copies the committed tables.
 */
public final class PendingOverlay {
    private final ChainState committed;
    private final ChainState pending;
    private final StoreLimits limits;

    private long committedPosition;
    private long holdPosition;
    private long answerDetail;
    private long appendOffset;
    private int writerSlot = WriterTable.ABSENT;

    /**
     * Creates an overlay with nothing pending.
     *
     * @param committed state of the chain's committed records; it is never changed from here
     */
    public PendingOverlay(final ChainState committed) {
        this.committed = committed;
        this.pending = ChainState.forPending(committed);
        this.limits = committed.limits();
        this.committedPosition = committed.lastPosition();
    }

    /**
     * Checks an append or a fragment. The events of a list were walked before: the request's count and length are those
     * of well-formed event frames; of a fragmented event, the first fragment's length field was compared with the
     * fragmented length.
     *
     * @param request what is asked
     * @return {@link StoreStatus#APPEND}, {@link StoreStatus#DUPLICATE}, {@link StoreStatus#APPEND_SUFFIX} (write the
     *     record without the first {@link #answerDetail()} events), or a negative answer: {@code SEGMENT_NOT_FOUND},
     *     {@code SEGMENT_SEALED}, {@code SEGMENT_DELETED}, {@code WRITER_UNKNOWN}, {@code WRITER_FENCED},
     *     {@code EVENT_NUMBER_GAP}, {@code ATOMIC_STRADDLE}, {@code OFFSET_MISMATCH}, {@code FRAGMENT_ORDER},
     *     {@code FRAGMENT_LIMIT}, {@code EVENT_TOO_LARGE}, {@code INDEX_FULL}, {@code MALFORMED}
     */
    public int checkAppend(final AppendRequest request) {
        begin();
        final Segment segment = pending.segment(request.streamId, request.segmentId);
        final WriterTable writers = pending.writers();
        final int slot = writers.find(request.writerIdHigh, request.writerIdLow, request.streamId, request.segmentId);
        writerSlot = slot;
        if (slot == WriterTable.ABSENT) {
            final int status = segmentStatus(segment, 0);
            return status < 0 ? status : StoreStatus.WRITER_UNKNOWN;
        }
        final int epoch = writers.writerEpoch(slot);
        if (request.writerEpoch > epoch) {
            return StoreStatus.WRITER_UNKNOWN;
        }
        if (request.writerEpoch < epoch || request.bindSecret != writers.bindSecret(slot)) {
            return answer(StoreStatus.WRITER_FENCED, epoch);
        }
        if (isMalformed(request)) {
            return StoreStatus.MALFORMED;
        }
        final long last = writers.lastEventNumber(slot);
        if (request.firstEventNumber + (request.eventCount - 1) <= last) {
            return answer(StoreStatus.DUPLICATE, last);
        }
        final int status = segmentStatus(segment, last);
        if (status < 0 || segment == null) {
            return status;
        }
        return request.fragment ? checkFragment(request, segment, last) : checkEvents(request, segment, last);
    }

    private int checkEvents(final AppendRequest request, final Segment segment, final long last) {
        final long first = request.firstEventNumber;
        final boolean conditional = request.expectedOffset >= 0;
        if (first > last + 1) {
            return answer(StoreStatus.EVENT_NUMBER_GAP, last + 1);
        }
        if (first <= last && (request.atomic || conditional)) {
            return answer(StoreStatus.ATOMIC_STRADDLE, last + 1);
        }
        if (conditional && request.expectedOffset != segment.length()) {
            return answer(StoreStatus.OFFSET_MISMATCH, segment.length());
        }
        if (pending.indexEntryCount() + 1 > limits.maxIndexEntries()) {
            return answer(StoreStatus.INDEX_FULL, limits.maxIndexEntries());
        }
        appendOffset = segment.length();
        return first == last + 1 ? StoreStatus.APPEND : answer(StoreStatus.APPEND_SUFFIX, last + 1 - first);
    }

    private int checkFragment(final AppendRequest request, final Segment segment, final long last) {
        final int open = pending.writers().openEvent(writerSlot);
        final OpenEvent event =
                open == OpenEvents.NONE ? null : pending.openEvents().get(open);
        int fragmentCount = 0;
        if (request.fragmentedLength > limits.maxFragmentedLength()) {
            return answer(StoreStatus.EVENT_TOO_LARGE, limits.maxFragmentedLength());
        }
        if (request.firstEventNumber > last + 1) {
            return answer(StoreStatus.EVENT_NUMBER_GAP, last + 1);
        }
        if (request.firstEventNumber <= last) {
            return answer(StoreStatus.ATOMIC_STRADDLE, last + 1);
        }
        if (request.expectedOffset >= 0 && request.expectedOffset != segment.length()) {
            return answer(StoreStatus.OFFSET_MISMATCH, segment.length());
        }
        if (request.fragmentOffset > 0) {
            if (event == null
                    || !event.continues(request.firstEventNumber, request.fragmentedLength, request.fragmentSession)) {
                return StoreStatus.FRAGMENT_ORDER;
            }
            if (event.receivedLength() != request.fragmentOffset) {
                return answer(StoreStatus.FRAGMENT_ORDER, event.receivedLength());
            }
            fragmentCount = event.fragmentCount();
        } else if (event == null && pending.openFragmentedEventCount() >= limits.maxOpenFragmentedEvents()) {
            return answer(StoreStatus.FRAGMENT_LIMIT, limits.maxOpenFragmentedEvents());
        }
        if (fragmentCount >= limits.maxFragmentsPerEvent()) {
            return answer(StoreStatus.FRAGMENT_LIMIT, limits.maxFragmentsPerEvent());
        }
        if (pending.indexEntryCount() + fragmentCount + 1 > limits.maxIndexEntries()) {
            return answer(StoreStatus.INDEX_FULL, limits.maxIndexEntries());
        }
        appendOffset = -1;
        return StoreStatus.APPEND;
    }

    private static boolean isMalformed(final AppendRequest request) {
        if (request.firstEventNumber < 1
                || request.eventCount < 1
                || request.lengthBytes < 1
                || request.firstEventNumber > Long.MAX_VALUE - request.eventCount) {
            return true;
        }
        if (!request.fragment) {
            return false;
        }
        final long end = (long) request.fragmentOffset + request.lengthBytes;
        return (request.eventCount != 1 && !request.atomic)
                || request.fragmentOffset < 0
                || end > request.fragmentedLength
                || request.lastFragment != (end == request.fragmentedLength);
    }

    /**
     * Checks a writer's set-up. The record to write when it is accepted makes the entry or replaces its epoch and
     * secret; from its sequencing on, appends with another secret are refused.
     *
     * @param writerIdHigh writer id, high half
     * @param writerIdLow writer id, low half
     * @param streamId stream id
     * @param segmentId segment id
     * @param writerEpoch epoch the writer claims
     * @param resume true when the writer says that it has appended to the segment before: an absent entry is refused
     *     then, because a resend must never look like a new writer (P11)
     * @return {@link StoreStatus#APPEND}, or a negative answer: {@code SEGMENT_NOT_FOUND}; {@code SEGMENT_SEALED} or
     *     {@code SEGMENT_DELETED} with the writer's last number as detail, which once held is what a writer needs to
     *     re-route the rest; {@code WRITER_UNKNOWN}, {@code WRITER_FENCED}, {@code WRITER_LIMIT}
     */
    public int checkWriterSetup(
            final long writerIdHigh,
            final long writerIdLow,
            final long streamId,
            final long segmentId,
            final int writerEpoch,
            final boolean resume) {
        begin();
        final WriterTable writers = pending.writers();
        final Segment segment = pending.segment(streamId, segmentId);
        final int slot = writers.find(writerIdHigh, writerIdLow, streamId, segmentId);
        writerSlot = slot;
        if (slot != WriterTable.ABSENT && writerEpoch < writers.writerEpoch(slot)) {
            return answer(StoreStatus.WRITER_FENCED, writers.writerEpoch(slot));
        }
        final int status = segmentStatus(segment, slot == WriterTable.ABSENT ? 0 : writers.lastEventNumber(slot));
        if (status < 0 || segment == null) {
            return status;
        }
        if (slot == WriterTable.ABSENT) {
            if (resume) {
                return StoreStatus.WRITER_UNKNOWN;
            }
            if (writers.size() >= limits.maxWriters()) {
                return answer(StoreStatus.WRITER_LIMIT, limits.maxWriters());
            }
            if (segment.writerCount() >= limits.maxWritersPerSegment()) {
                return answer(StoreStatus.WRITER_LIMIT, limits.maxWritersPerSegment());
            }
        }
        return StoreStatus.APPEND;
    }

    /**
     * Checks the expiry of a writer entry. Time is that of the records: an entry is idle since the timestamp of the
     * last one that changed it, whether that is committed or not.
     *
     * @param slot any number; of the entry
     * @param idleSinceNs nanoseconds since 1970; an entry that changed later does not expire
     * @return {@link StoreStatus#APPEND}, {@link StoreStatus#WRITER_UNKNOWN} when the slot has no entry, or
     *     {@link StoreStatus#WRITER_ACTIVE}
     */
    public int checkWriterExpiry(final int slot, final long idleSinceNs) {
        begin();
        final WriterTable writers = pending.writers();
        if (!writers.isUsed(slot)) {
            return StoreStatus.WRITER_UNKNOWN;
        }
        writerSlot = slot;
        final long changedNs = writers.changeTimestampNs(slot);
        return changedNs > idleSinceNs ? answer(StoreStatus.WRITER_ACTIVE, changedNs) : StoreStatus.APPEND;
    }

    /**
     * Checks an effect of the control plane (P12).
     *
     * @param effectNumber its number, from 1
     * @param action what it does
     * @param streamId stream id
     * @param segmentId segment id
     * @return {@link StoreStatus#APPEND}; {@link StoreStatus#EFFECT_REPEATED}: it is sequenced already, report it as
     *     done at {@link #holdPosition()}; or a negative answer: {@code EFFECT_GAP}, {@code SEGMENT_LIMIT}
     */
    public int checkEffect(
            final long effectNumber, final EffectAction action, final long streamId, final long segmentId) {
        begin();
        final long last = pending.lastEffectNumber();
        if (effectNumber <= last) {
            return answer(StoreStatus.EFFECT_REPEATED, last);
        }
        if (effectNumber > last + 1) {
            return answer(StoreStatus.EFFECT_GAP, last + 1);
        }
        if (action == EffectAction.CREATE_SEGMENT
                && pending.segment(streamId, segmentId) == null
                && pending.segmentCount() >= limits.maxSegments()) {
            return answer(StoreStatus.SEGMENT_LIMIT, limits.maxSegments());
        }
        return StoreStatus.APPEND;
    }

    /**
     * Takes note of a record that got its place in the log.
     *
     * @param buffer holds the record, its CRC computed
     * @param recordIndex where its header begins in the buffer
     * @param recordLength header and body in bytes, without alignment
     * @throws ChainCheckException when the record does not follow from what was sequenced before
     */
    public void onSequenced(final DirectBuffer buffer, final int recordIndex, final int recordLength) {
        pending.apply(buffer, recordIndex, recordLength);
    }

    /**
     * Takes note that records are committed. The committed state has applied them already; of those that truncate a
     * segment, each must be told.
     *
     * @param position of the last committed record
     * @throws ChainCheckException when the position falls, was never sequenced, or is not the committed state's; or
     *     when nothing is pending any more and the two states differ in position or hash
     */
    public void onCommitted(final long position) {
        if (position < committedPosition || position > pending.lastPosition()) {
            throw new ChainCheckException(
                    pending.chain(), position, "commit position", pending.lastPosition(), position);
        }
        if (position != committed.lastPosition()) {
            throw new ChainCheckException(
                    pending.chain(), position, "committed state's position", position, committed.lastPosition());
        }
        if (position == pending.lastPosition() && committed.lastHash() != pending.lastHash()) {
            throw new ChainCheckException(
                    pending.chain(), position, "committed hash", pending.lastHash(), committed.lastHash());
        }
        committedPosition = position;
        pending.followTruncation(committed);
    }

    /** Forgets every record that is not committed: the overlay equals the committed state again. */
    public void discard() {
        pending.copyFrom(committed);
        committedPosition = committed.lastPosition();
        begin();
    }

    /**
     * Gives the position to which the last answer must be held: the last one sequenced when it was evaluated.
     *
     * @return record number in the chain log
     */
    public long holdPosition() {
        return holdPosition;
    }

    /**
     * Gives the number that belongs to the last answer; {@link StoreStatus} says which.
     *
     * @return the number
     */
    public long answerDetail() {
        return answerDetail;
    }

    /**
     * Gives the segment offset to write into the record the last {@link #checkAppend} accepted.
     *
     * @return byte offset; −1 for a fragment
     */
    public long appendOffset() {
        return appendOffset;
    }

    /**
     * Gives the writer entry the last check was about.
     *
     * @return slot of the committed and the pending writer table, or {@link WriterTable#ABSENT}
     */
    public int writerSlot() {
        return writerSlot;
    }

    /**
     * Gives the writer entries with everything pending. Callers of other modules only read, and tell nobody (P2).
     *
     * @return the live table
     */
    public WriterTable writers() {
        return pending.writers();
    }

    /**
     * Gives the position of the next record to write.
     *
     * @return record number in the chain log
     */
    public long nextPosition() {
        return pending.lastPosition() + 1;
    }

    /**
     * Gives the position of the last record sequenced.
     *
     * @return record number in the chain log
     */
    public long lastPosition() {
        return pending.lastPosition();
    }

    /**
     * Gives the hash of the last record sequenced: the next one's previous hash.
     *
     * @return the hash
     */
    public long lastHash() {
        return pending.lastHash();
    }

    /**
     * Gives the greatest timestamp sequenced: the next record's is not smaller.
     *
     * @return nanoseconds since 1970
     */
    public long lastTimestampNs() {
        return pending.lastTimestampNs();
    }

    /**
     * Gives the number of the last effect sequenced.
     *
     * @return from 1, 0 when there is none
     */
    public long lastEffectNumber() {
        return pending.lastEffectNumber();
    }

    /**
     * Gives the position of the last committed record: what goes into the next record's commit mark.
     *
     * @return record number in the chain log
     */
    public long committedPosition() {
        return committedPosition;
    }

    /**
     * Finds a segment with everything pending. Callers of other modules only read, and tell nobody (P2).
     *
     * @param streamId stream id
     * @param segmentId segment id
     * @return the segment or null
     */
    public @Nullable Segment pendingSegment(final long streamId, final long segmentId) {
        return pending.segment(streamId, segmentId);
    }

    /** Gives the state with everything pending, for tests. */
    ChainState pendingState() {
        return pending;
    }

    private void begin() {
        holdPosition = pending.lastPosition();
        answerDetail = 0;
        appendOffset = -1;
        writerSlot = WriterTable.ABSENT;
    }

    private int answer(final int status, final long detail) {
        answerDetail = detail;
        return status;
    }

    private int segmentStatus(final @Nullable Segment segment, final long lastEventNumber) {
        if (segment == null) {
            return StoreStatus.SEGMENT_NOT_FOUND;
        }
        if (segment.isDeleted()) {
            return answer(StoreStatus.SEGMENT_DELETED, lastEventNumber);
        }
        if (segment.isSealed()) {
            return answer(StoreStatus.SEGMENT_SEALED, lastEventNumber);
        }
        return StoreStatus.APPEND;
    }
}
