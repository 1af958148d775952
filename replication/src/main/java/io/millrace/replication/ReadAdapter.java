package io.millrace.replication;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.ReadCreditDecoder;
import io.millrace.codec.wire.ReadDataEncoder;
import io.millrace.codec.wire.ReadEndEncoder;
import io.millrace.codec.wire.ReadStartedEncoder;
import io.millrace.codec.wire.ReadSubscribeDecoder;
import io.millrace.codec.wire.ReadUnsubscribeDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalReader;
import io.millrace.store.Segment;
import io.millrace.store.SegmentIndex;
import io.millrace.transport.Session;
import java.util.ArrayList;
import org.agrona.DirectBuffer;
import org.agrona.collections.Object2ObjectHashMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Sends committed bytes to readers: pushed when they commit, from the journal's buffers while they are there, else from
 * the device. A reader costs nothing while it has nothing to send.
 *
 * <p><b>Threading</b>: the device thread.
 *
 * <p><b>Invariants</b>: only bytes below a segment's committed length are sent (F06); at most
 * {@link ReplicationLimits#readFramesPerTurn()} frames a turn, so readers never hold up writers.
 */
final class ReadAdapter {
    private static final int DATA_PREFIX_LENGTH =
            MessageHeaderEncoder.ENCODED_LENGTH + ReadDataEncoder.BLOCK_LENGTH + ReadDataEncoder.bytesHeaderLength();
    private static final int STARTED_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + ReadStartedEncoder.BLOCK_LENGTH;
    private static final int END_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + ReadEndEncoder.BLOCK_LENGTH;
    private static final int MAX_STAGED_LENGTH = 64 * 1024;

    /** What one step of a reader came to. */
    private enum Step {
        /** Bytes were taken; go on. */
        PROGRESS,
        /** Nothing more until a device read, credit, room in the session or a commit. */
        WAIT,
        /** The batch at hand is used up; ask for the next. */
        NEXT_BATCH
    }

    private final AppendAdapter lookup;
    private final ReplicationLimits limits;
    private final ReadSlot[] slots;
    private final ArrayList<ReadSession> active = new ArrayList<>();
    private final Object2ObjectHashMap<Segment, ReadSession> bySegment = new Object2ObjectHashMap<>();
    private final UnsafeBuffer staged = new UnsafeBuffer(new byte[MAX_STAGED_LENGTH]);
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final ReadSubscribeDecoder subscribe = new ReadSubscribeDecoder();
    private final ReadCreditDecoder credit = new ReadCreditDecoder();
    private final ReadUnsubscribeDecoder unsubscribe = new ReadUnsubscribeDecoder();
    private final ReadStartedEncoder started = new ReadStartedEncoder();
    private final ReadDataEncoder data = new ReadDataEncoder();
    private final ReadEndEncoder end = new ReadEndEncoder();
    private final RecordHeaderDecoder record = new RecordHeaderDecoder();
    private final AppendBodyDecoder body = new AppendBodyDecoder();
    private final Journal journal;
    private int readerCount;
    private int nextTurn;
    private boolean starved;
    private long stagedOffset;
    private int stagedLength;
    private long sentBytes;

    /** One batch that can be read at a time, and the reader that holds it. */
    private static final class ReadSlot {
        final JournalReader reader;

        @Nullable
        ReadSession owner;

        /** Where its owner stood when it took the slot. */
        long takenAtOffset;

        int consumed;

        /** Where the batch was begun to be searched for the copy at the cursor. */
        int searchedFrom;

        ReadSlot(final JournalReader reader) {
            this.reader = reader;
        }
    }

    /** Takes its batch readers from the journal. */
    ReadAdapter(final Journal journal, final AppendAdapter lookup, final ReplicationLimits limits) {
        this.journal = journal;
        this.lookup = lookup;
        this.limits = limits;
        slots = new ReadSlot[limits.journalReaders()];
        for (int i = 0; i < slots.length; i++) {
            final JournalReader reader = journal.newReader();
            if (reader == null) {
                throw new IllegalStateException("the journal has fewer readers than replication wants: " + i);
            }
            slots[i] = new ReadSlot(reader);
        }
    }

    /**
     * Tells whether what is not here is nowhere: of a member among others, of one that was sealed or one that learns,
     * it is not known.
     */
    private static boolean knowsAll(final ChainReplica replica) {
        return replica.membership().isAlone() && replica.membership().isActive() && replica.isSettled();
    }

    /**
     * Starts a reader; one with the same subscription id is replaced. Returns false when the frame is to come again.
     */
    boolean onSubscribe(final Session session, final DirectBuffer buffer, final int offset) {
        subscribe.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final ClientSession client = AppendAdapter.client(session);
        final ReadSession old = find(client, subscribe.subscriptionId());
        if (old != null) {
            close(client, old);
        }
        final ChainReplica replica = lookup.chains().findData(subscribe.chain());
        if (replica == null && lookup.chains().isElsewhere(subscribe.chain())) {
            return refuse(session, RefusalCode.WRONG_NODE, subscribe.chain());
        }
        final Segment segment =
                replica == null ? null : replica.state().segment(subscribe.streamId(), subscribe.segmentId());
        if (replica != null && (replica.orders().learn != null || (segment == null && !knowsAll(replica)))) {
            // P14: it may not have heard of it yet; and nobody knows when a learner will have heard of anything
            return refuse(session, RefusalCode.WRONG_NODE, subscribe.chain());
        }
        if (replica == null || segment == null) {
            return refuse(session, RefusalCode.SEGMENT_NOT_FOUND, 0);
        }
        if (segment.isDeleted()) {
            return refuse(session, RefusalCode.SEGMENT_DELETED, 0);
        }
        if (readerCount >= limits.maxReaders() || client.readers.size() >= limits.maxReadersPerSession()) {
            return refuse(session, RefusalCode.READER_LIMIT, limits.maxReaders());
        }
        final long startOffset =
                switch (subscribe.startAt()) {
                    case HEAD -> segment.startOffset();
                    case TAIL -> segment.length();
                    case OFFSET -> subscribe.startOffset();
                    case NULL_VAL -> -1;
                };
        if (startOffset >= 0 && startOffset < segment.startOffset()) {
            return refuse(
                    session, RefusalCode.SEGMENT_TRUNCATED, segment.startOffset(), startsAt(segment.startOffset()));
        }
        // P14: what another member has committed and this one has not heard of is waited for
        if (startOffset < 0 || (startOffset > segment.length() && knowsAll(replica))) {
            return refuse(session, RefusalCode.OFFSET_OUT_OF_RANGE, segment.length());
        }
        if (session.tryClaim(STARTED_LENGTH, claim) < 0) {
            return !session.isOpen();
        }
        started.wrapAndApplyHeader(claim.buffer(), claim.offset(), headerEncoder)
                .subscriptionId(subscribe.subscriptionId())
                .segmentOffset(startOffset)
                .committedLength(segment.length());
        claim.commit();
        final ReadSession reader = new ReadSession(session, subscribe.subscriptionId(), replica, segment);
        reader.nextOffset = startOffset;
        reader.isAtEvent = startOffset == segment.startOffset() || startOffset == segment.length();
        reader.creditOffset = startOffset + boundedCredit(subscribe.creditBytes());
        reader.nextOfSegment = bySegment.get(segment);
        bySegment.put(segment, reader);
        client.readers.add(reader);
        readerCount++;
        activate(reader);
        return true;
    }

    /** Lets a reader be sent further. */
    boolean onCredit(final Session session, final DirectBuffer buffer, final int offset) {
        credit.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final ReadSession reader = find(AppendAdapter.client(session), credit.subscriptionId());
        if (reader != null) {
            final long most = reader.nextOffset + limits.maxCreditBytes();
            reader.creditOffset = Math.max(reader.creditOffset, Math.min(most, credit.creditOffset()));
            activate(reader);
        }
        return true;
    }

    /** Ends a reader. */
    boolean onUnsubscribe(final Session session, final DirectBuffer buffer, final int offset) {
        unsubscribe.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final ClientSession client = AppendAdapter.client(session);
        final ReadSession reader = find(client, unsubscribe.subscriptionId());
        if (reader != null) {
            close(client, reader);
        }
        return true;
    }

    /** Ends all readers of a session. */
    void onClose(final ClientSession client) {
        for (int i = client.readers.size() - 1; i >= 0; i--) {
            close(client, client.readers.get(i));
        }
    }

    /** Wakes the readers of a segment whose committed length or state has changed. */
    void onSegmentChanged(final Segment segment) {
        if (readerCount == 0) {
            return;
        }
        ReadSession reader = bySegment.get(segment);
        while (reader != null) {
            activate(reader);
            reader = reader.nextOfSegment;
        }
    }

    /** Gives the number of readers. */
    int readerCount() {
        return readerCount;
    }

    /** Gives the bytes of segments sent since start. */
    long sentBytes() {
        return sentBytes;
    }

    /**
     * Sends to readers in turn.
     *
     * @return frames sent and batches read.
     */
    int doWork() {
        int budget = limits.readFramesPerTurn();
        int work = 0;
        for (int remaining = active.size(); remaining > 0 && budget > 0; remaining--) {
            if (nextTurn >= active.size()) {
                nextTurn = 0;
            }
            final ReadSession reader = active.get(nextTurn);
            final int frames = reader.closed ? 0 : serve(reader, budget);
            budget -= frames;
            work += frames;
            if (reader.closed || !wantsMore(reader)) {
                deactivate(nextTurn, reader);
            } else {
                nextTurn++;
            }
        }
        return work;
    }

    private boolean wantsMore(final ReadSession reader) {
        return reader.hasBytesToSend() || reader.isAtEnd();
    }

    /** Sends as many frames as the budget, the credit, the session and the bytes at hand allow. */
    private int serve(final ReadSession reader, final int budget) {
        if (!reader.session.isOpen()) {
            return 0;
        }
        if (reader.isCutOff() || !reader.hasBytesToSend()) {
            return reader.isAtEnd() && finish(reader) ? 1 : 0;
        }
        final ReadSlot slot = slotOf(reader);
        if (slot == null) {
            return 0;
        }
        final int maxBytes = Math.min(MAX_STAGED_LENGTH, reader.session.maxFrameLength() - DATA_PREFIX_LENGTH);
        int frames = 0;
        stagedLength = 0;
        stagedOffset = reader.nextOffset;
        boolean going = true;
        while (going && frames < budget) {
            final Step step = step(reader, slot, maxBytes);
            if (step == Step.NEXT_BATCH) {
                // Yielding before its first byte a reader would begin at the index entry again, for ever.
                final boolean wasServed = reader.nextOffset != slot.takenAtOffset;
                going = !(wasServed && yieldSlot(slot)) && nextBatch(reader, slot);
            } else if (step == Step.WAIT) {
                going = false;
            }
            if (stagedLength == maxBytes) {
                if (!flush(reader)) {
                    yieldSlot(slot);
                    return frames;
                }
                frames++;
            }
        }
        if (stagedLength > 0 && flush(reader)) {
            frames++;
        }
        if (!reader.hasBytesToSend()) {
            releaseSlot(slot);
        }
        return frames;
    }

    /** Takes bytes of the next record that has some; never more than fit into the frame being filled. */
    private Step step(final ReadSession reader, final ReadSlot slot, final int maxBytes) {
        final long limit = Math.min(reader.segment.length(), reader.creditOffset);
        if (reader.nextOffset >= limit) {
            return Step.WAIT;
        }
        if (reader.cursorPosition == 0 && !locate(reader, slot)) {
            return Step.WAIT;
        }
        final JournalReader batch = slot.reader;
        switch (batch.state()) {
            case READY -> {}
            case FAILED -> {
                return onFailed(reader, slot);
            }
            case IDLE -> {
                if (!find(reader, slot, reader.cursorPosition)
                        || !batch.request(journal.addressOf(reader.replica.chain(), reader.cursorPosition))) {
                    return Step.WAIT;
                }
                return batch.state() == JournalReader.State.READY ? Step.PROGRESS : Step.WAIT;
            }
            default -> {
                return Step.WAIT;
            }
        }
        final DirectBuffer buffer = batch.buffer();
        final int payloadLength = batch.payloadLength();
        while (slot.consumed < payloadLength) {
            final int outer = batch.payloadIndex() + slot.consumed;
            record.wrap(buffer, outer, RecordHeaderDecoder.BLOCK_LENGTH, 0);
            final int outerLength = record.length();
            final int index = outer + RecordSource.prefixOf(record.kind());
            final boolean isCopy = index != outer;
            if (isCopy == reader.copied) {
                record.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
                if (isCutOff(reader, slot)) {
                    slot.consumed += LogFormat.align(outerLength);
                    continue;
                }
                if (isWanted(reader, buffer, index)) {
                    final long room = Math.min(maxBytes - stagedLength, limit - reader.nextOffset);
                    return take(reader, slot, buffer, index, LogFormat.align(outerLength), (int) room);
                }
                if (isAtCursor(reader)) {
                    if (isCopy) {
                        slot.consumed += LogFormat.align(outerLength);
                        return follow(reader, slot, reader.cursorPosition + 1);
                    }
                    reader.cursorPosition = record.position() + 1;
                }
            }
            slot.consumed += LogFormat.align(outerLength);
        }
        return Step.NEXT_BATCH;
    }

    /** P1: a record that was cut off lies where it was written; its position belongs to another batch now. */
    private boolean isCutOff(final ReadSession reader, final ReadSlot slot) {
        final int chain = reader.replica.chain();
        return !reader.copied
                && reader.replica.log().isRewritten()
                && record.chain() == chain
                && journal.addressOf(chain, record.position()) != slot.reader.batchAddress();
    }

    /**
     * Tells whether the walk from append to append has come to the record: of copies only the one looked for counts.
     */
    private boolean isAtCursor(final ReadSession reader) {
        return reader.fragmentOffset < 0
                && record.chain() == reader.replica.chain()
                && (reader.copied
                        ? record.position() == reader.cursorPosition
                        : record.position() >= reader.cursorPosition);
    }

    private Step onFailed(final ReadSession reader, final ReadSlot slot) {
        final JournalReader batch = slot.reader;
        final boolean isFreed = batch.failure() == ErrorCode.SEGMENT_TRUNCATED
                || slot.reader.isCopy(reader.replica.chain(), reader.cursorPosition); // repaired elsewhere (P4)
        if (isFreed && find(reader, slot, reader.cursorPosition)) {
            batch.release(); // the chain's next record lies behind freed zones, or was copied forward
            return Step.PROGRESS;
        }
        final boolean findAgain = isFreed && reader.foundAgainOffset != reader.nextOffset;
        if (batch.failure() == ErrorCode.THROTTLED || findAgain) {
            // The device's queue was full when an overtaken batch had to be read again; or the zones behind
            // the segment's last record were freed, and the index knows where it goes on.
            if (findAgain) {
                reader.foundAgainOffset = reader.nextOffset;
            }
            batch.release();
            reader.cursorPosition = 0;
            reader.fragmentOffset = -1;
        } else {
            fail(reader);
        }
        return Step.WAIT;
    }

    /**
     * Puts the cursor on the first record at or behind a position that lies anywhere, and finds out how it is read. A
     * fragment is at its position or nowhere.
     */
    private boolean find(final ReadSession reader, final ReadSlot slot, final long position) {
        final int chain = reader.replica.chain();
        final long found = slot.reader.seek(chain, position);
        if (found < 0 || (reader.fragmentOffset >= 0 && found != position)) {
            return false;
        }
        reader.cursorPosition = found;
        reader.copied = slot.reader.isCopy(chain, found);
        slot.consumed = 0;
        slot.searchedFrom = 0;
        return true;
    }

    /** Goes on behind a copy: the next record may lie anywhere, most often in the same batch. */
    private Step follow(final ReadSession reader, final ReadSlot slot, final long position) {
        final int consumed = slot.consumed;
        if (!find(reader, slot, position)) {
            reader.cursorPosition = position; // not there yet
            slot.reader.release();
            return Step.PROGRESS;
        }
        if (journal.addressOf(reader.replica.chain(), reader.cursorPosition) != slot.reader.batchAddress()) {
            slot.reader.release();
        } else if (reader.copied) {
            slot.consumed = consumed;
            slot.searchedFrom = consumed;
        }
        return Step.PROGRESS;
    }

    private boolean isWanted(final ReadSession reader, final DirectBuffer buffer, final int index) {
        if (record.chain() != reader.replica.chain() || record.position() < reader.cursorPosition) {
            return false;
        }
        final RecordKind kind = record.kind();
        if (reader.fragmentOffset >= 0) {
            return record.position() == reader.cursorPosition && kind == RecordKind.APPEND_FRAGMENT;
        }
        if (kind != RecordKind.APPEND || (reader.copied && record.position() != reader.cursorPosition)) {
            return false;
        }
        body.wrap(buffer, index + LogFormat.RECORD_HEADER_LENGTH, AppendBodyDecoder.BLOCK_LENGTH, 0);
        return body.streamId() == reader.segment.streamId() && body.segmentId() == reader.segment.segmentId();
    }

    private Step take(
            final ReadSession reader,
            final ReadSlot slot,
            final DirectBuffer buffer,
            final int index,
            final int outerLength,
            final int room) {
        final long position = record.position();
        final long recordOffset = reader.fragmentOffset >= 0 ? reader.fragmentOffset : body.segmentOffset();
        final int bytes = record.length() - LogFormat.APPEND_PREFIX_LENGTH;
        final long skip = reader.nextOffset - recordOffset;
        if (skip < 0) {
            throw new IllegalStateException("chain " + reader.replica.chain() + " position " + position
                    + ": a reader wants offset " + reader.nextOffset + " and finds " + recordOffset);
        }
        if (skip >= bytes) {
            slot.consumed += outerLength;
            if (reader.copied) {
                return follow(reader, slot, position + 1);
            }
            reader.cursorPosition = position + 1;
            return Step.PROGRESS;
        }
        if (!reader.isAtEvent) {
            if (isInsideEvent(reader, buffer, index, bytes, (int) skip)) {
                refuse(reader, RefusalCode.OFFSET_OUT_OF_RANGE, "it lies inside an event");
                return Step.WAIT;
            }
            reader.isAtEvent = true;
        }
        final int taken = (int) Math.min(room, bytes - skip);
        staged.putBytes(stagedLength, buffer, index + LogFormat.APPEND_PREFIX_LENGTH + (int) skip, taken);
        stagedLength += taken;
        reader.nextOffset += taken;
        if (skip + taken == bytes) {
            slot.consumed += outerLength;
            advanceCursor(reader, slot, position);
        }
        return Step.PROGRESS;
    }

    /**
     * Tells whether the bytes that a reader begins with are no event, which its client could not know. Within an atomic
     * list of several fragments only the first one can be judged.
     */
    private boolean isInsideEvent(
            final ReadSession reader, final DirectBuffer buffer, final int index, final int bytes, final int skip) {
        final int first = index + LogFormat.APPEND_PREFIX_LENGTH;
        if (reader.fragmentOffset >= 0) {
            body.wrap(buffer, index + LogFormat.RECORD_HEADER_LENGTH, AppendBodyDecoder.BLOCK_LENGTH, 0);
            if (body.fragmentOffset() > 0) {
                return body.eventCount() == 1;
            }
        }
        return !EventFrame.isBoundary(buffer, first, first + bytes, first + skip);
    }

    /** Goes on behind a record that was used up; {@link SegmentIndex} says how. */
    private void advanceCursor(final ReadSession reader, final ReadSlot slot, final long position) {
        final boolean wasFragment = reader.fragmentOffset >= 0;
        reader.cursorPosition = position + 1;
        if (!wasFragment && !reader.segment.index().hasFragments()) {
            if (reader.copied) {
                follow(reader, slot, position + 1);
            }
            return;
        }
        final SegmentIndex index = reader.segment.index();
        final int entry = index.find(reader.nextOffset);
        final boolean isFragment = entry >= 0 && index.offset(entry) == reader.nextOffset && index.isFragment(entry);
        if (isFragment && index.position(entry) > position) {
            // Further on, most often in this very batch: a large event is not read once for each of its fragments.
            reader.cursorPosition = index.position(entry);
            reader.fragmentOffset = reader.nextOffset;
            if (reader.copied) {
                follow(reader, slot, reader.cursorPosition);
            }
        } else if (wasFragment || isFragment) {
            // Before this record, or a record behind the last fragment: find the batch anew.
            reader.cursorPosition = 0;
            slot.reader.release();
        } else if (reader.copied) {
            follow(reader, slot, position + 1);
        }
    }

    /** Finds the record of the next offset by the index, and asks for its batch. */
    private boolean locate(final ReadSession reader, final ReadSlot slot) {
        final SegmentIndex index = reader.segment.index();
        final int entry = reader.segment.find(reader.nextOffset);
        if (entry < 0) {
            return false;
        }
        slot.reader.release();
        if (slot.reader.state() != JournalReader.State.IDLE) {
            return false;
        }
        reader.fragmentOffset = index.isFragment(entry) ? index.offset(entry) : -1;
        if (!find(reader, slot, index.position(entry))) {
            fail(reader);
            return false;
        }
        return true;
    }

    private boolean nextBatch(final ReadSession reader, final ReadSlot slot) {
        slot.consumed = 0;
        if (reader.copied) {
            // It lies before the copy that led here; or the batch is not what the index says.
            if (slot.searchedFrom == 0) {
                fail(reader);
            }
            slot.searchedFrom = 0;
            return !reader.closed;
        }
        if (reader.fragmentOffset >= 0) {
            // Other records may lie between fragments for many batches: go to the one that holds the next.
            final long address = journal.addressOf(reader.replica.chain(), reader.cursorPosition);
            if (address == slot.reader.batchAddress()) {
                fail(reader); // the index says that it is in this very batch
                return false;
            }
            if (address != slot.reader.nextBatchAddress()) {
                slot.reader.release();
                return true; // is looked up
            }
        }
        if (slot.reader.nextBatch()) {
            return true;
        }
        if (slot.reader.state() == JournalReader.State.FAILED) {
            return false;
        }
        return slot.reader.request(slot.reader.nextBatchAddress()) && slot.reader.state() == JournalReader.State.READY;
    }

    private boolean flush(final ReadSession reader) {
        if (reader.session.tryClaim(DATA_PREFIX_LENGTH + stagedLength, claim) < 0) {
            // The session takes nothing now: these bytes are found again by the index.
            reader.nextOffset = stagedOffset;
            reader.cursorPosition = 0;
            reader.fragmentOffset = -1;
            stagedLength = 0;
            return false;
        }
        data.wrapAndApplyHeader(claim.buffer(), claim.offset(), headerEncoder)
                .subscriptionId(reader.subscriptionId)
                .segmentId(reader.segment.segmentId())
                .segmentOffset(stagedOffset)
                .putBytes(staged, 0, stagedLength);
        claim.commit();
        sentBytes += stagedLength;
        stagedOffset += stagedLength;
        stagedLength = 0;
        return true;
    }

    private boolean finish(final ReadSession reader) {
        if (reader.isCutOff()) {
            if (!reader.session.refuse(
                    reader.segment.isDeleted() ? RefusalCode.SEGMENT_DELETED : RefusalCode.SEGMENT_TRUNCATED,
                    ReadSubscribeDecoder.TEMPLATE_ID,
                    reader.subscriptionId,
                    reader.segment.streamId(),
                    reader.segment.segmentId(),
                    reader.segment.startOffset(),
                    0,
                    0,
                    reader.segment.isDeleted() ? "" : startsAt(reader.segment.startOffset()))) {
                return false;
            }
        } else {
            if (reader.session.tryClaim(END_LENGTH, claim) < 0) {
                return false;
            }
            end.wrapAndApplyHeader(claim.buffer(), claim.offset(), headerEncoder)
                    .subscriptionId(reader.subscriptionId)
                    .segmentId(reader.segment.segmentId())
                    .finalOffset(reader.segment.length());
            claim.commit();
        }
        close(AppendAdapter.client(reader.session), reader);
        return true;
    }

    private void fail(final ReadSession reader) {
        final Segment held = reader.replica.state().segment(reader.segment.streamId(), reader.segment.segmentId());
        if (held != reader.segment) {
            refuse(reader, RefusalCode.WRONG_NODE, "the chain's log was dropped here"); // others have it
            return;
        }
        if (!reader.replica.membership().isAlone()) {
            Unreadable.mark(reader.replica, journal, reader.cursorPosition);
            refuse(reader, RefusalCode.WRONG_NODE, "the device could not be read here, others have it");
            return;
        }
        refuse(reader, RefusalCode.DEVICE_FENCED, "the device could not be read here");
    }

    private void refuse(final ReadSession reader, final RefusalCode code, final String text) {
        reader.session.refuse(
                code,
                ReadSubscribeDecoder.TEMPLATE_ID,
                reader.subscriptionId,
                reader.segment.streamId(),
                reader.segment.segmentId(),
                reader.nextOffset,
                0,
                0,
                text);
        close(AppendAdapter.client(reader.session), reader);
    }

    private @Nullable ReadSlot slotOf(final ReadSession reader) {
        ReadSlot free = null;
        for (final ReadSlot slot : slots) {
            if (slot.owner == reader) {
                return slot;
            }
            final ReadSession owner = slot.owner;
            if (owner == null || owner.closed || !owner.hasBytesToSend()) {
                free = slot;
            }
        }
        starved |= free == null;
        if (free != null) {
            releaseSlot(free);
            if (free.reader.state() != JournalReader.State.IDLE) {
                return null;
            }
            free.owner = reader;
            free.takenAtOffset = reader.nextOffset;
            reader.cursorPosition = 0;
            reader.fragmentOffset = -1;
        }
        return free;
    }

    private static void releaseSlot(final ReadSlot slot) {
        final ReadSession owner = slot.owner;
        if (owner != null) {
            owner.cursorPosition = 0;
            owner.fragmentOffset = -1;
            slot.owner = null;
        }
        slot.reader.release();
        slot.consumed = 0;
    }

    /** Gives the slot up when another reader found none: everybody behind the tail gets a batch in turn. */
    private boolean yieldSlot(final ReadSlot slot) {
        if (!starved) {
            return false;
        }
        starved = false;
        releaseSlot(slot);
        return true;
    }

    private void activate(final ReadSession reader) {
        if (!reader.active && !reader.closed) {
            reader.active = true;
            active.add(reader);
        }
    }

    private void deactivate(final int at, final ReadSession reader) {
        reader.active = false;
        final ReadSession last = active.remove(active.size() - 1);
        if (at < active.size()) {
            active.set(at, last);
        }
        for (final ReadSlot slot : slots) {
            if (slot.owner == reader) {
                releaseSlot(slot);
            }
        }
    }

    private void close(final ClientSession client, final ReadSession reader) {
        if (reader.closed) {
            return;
        }
        reader.closed = true;
        client.readers.remove(reader);
        readerCount--;
        final ReadSession first = bySegment.get(reader.segment);
        if (first == reader) {
            final ReadSession next = reader.nextOfSegment;
            if (next == null) {
                bySegment.remove(reader.segment);
            } else {
                bySegment.put(reader.segment, next);
            }
            return;
        }
        ReadSession before = first;
        while (before != null && before.nextOfSegment != reader) {
            before = before.nextOfSegment;
        }
        if (before != null) {
            before.nextOfSegment = reader.nextOfSegment;
        }
    }

    private static @Nullable ReadSession find(final ClientSession client, final long subscriptionId) {
        for (int i = client.readers.size() - 1; i >= 0; i--) {
            if (client.readers.get(i).subscriptionId == subscriptionId) {
                return client.readers.get(i);
            }
        }
        return null;
    }

    private long boundedCredit(final long creditBytes) {
        return Math.max(0, Math.min(creditBytes, limits.maxCreditBytes()));
    }

    private static String startsAt(final long startOffset) {
        return "the segment starts at offset " + startOffset;
    }

    private boolean refuse(final Session session, final RefusalCode code, final long detail) {
        return refuse(session, code, detail, "");
    }

    private boolean refuse(final Session session, final RefusalCode code, final long detail, final String text) {
        return session.refuse(
                code,
                ReadSubscribeDecoder.TEMPLATE_ID,
                subscribe.subscriptionId(),
                subscribe.streamId(),
                subscribe.segmentId(),
                detail,
                0,
                0,
                text);
    }
}
