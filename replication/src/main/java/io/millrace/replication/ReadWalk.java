package io.millrace.replication;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalReader;
import io.millrace.store.SegmentIndex;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the bytes that readers want in the chain logs, batch by batch, and puts them together for a frame: out of the
 * journal's buffers while they are there, else from the device. {@link ReadAdapter} says who is served and sends.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated.
 *
 * <p><b>Invariants</b>: the bytes of one frame follow on each other in their segment; of a position that was written
 * twice only the last record counts (P1).
 */
final class ReadWalk {
    /** Most bytes put together for one frame. */
    static final int MAX_STAGED_LENGTH = 64 * 1024;

    private final Journal journal;
    private final ReadSlot[] slots;
    private final UnsafeBuffer staged = new UnsafeBuffer(new byte[MAX_STAGED_LENGTH]);
    private final RecordHeaderDecoder record = new RecordHeaderDecoder();
    private final AppendBodyDecoder body = new AppendBodyDecoder();
    private int stagedLength;
    private boolean starved;

    /** What one step of a reader came to. */
    enum Step {
        /** Bytes were taken, or a way to them was found; go on. */
        PROGRESS,
        /** Nothing more until a device read, credit, room in the session or a commit. */
        WAIT,
        /** The batch at hand is used up; ask for the next. */
        NEXT_BATCH,
        /** The device does not give the next bytes. */
        UNREADABLE,
        /** The reader was begun inside an event. */
        INSIDE_EVENT
    }

    /** One batch that can be read at a time, and the reader that holds it. */
    static final class ReadSlot {
        private final JournalReader reader;

        private @Nullable ReadSession owner;

        /** Where its owner stood when it took the slot. */
        private long takenAtOffset;

        private int consumed;

        /** Where the batch was begun to be searched for the copy at the cursor. */
        private int searchedFrom;

        /** Positions of the owner's chain that were written last into the batch at an address. */
        private long countedFirst;

        private long countedLast = -1;
        private long countedAddress;

        private ReadSlot(final JournalReader reader) {
            this.reader = reader;
        }
    }

    /**
     * Takes its batch readers from the journal.
     *
     * @param journal to read.
     * @param readerCount batches at a time.
     */
    ReadWalk(final Journal journal, final int readerCount) {
        this.journal = journal;
        slots = new ReadSlot[readerCount];
        for (int i = 0; i < slots.length; i++) {
            final JournalReader reader = journal.newReader();
            if (reader == null) {
                throw new IllegalStateException("the journal has fewer readers than replication wants: " + i);
            }
            slots[i] = new ReadSlot(reader);
        }
    }

    /** Gives the bytes put together, from 0. */
    DirectBuffer staged() {
        return staged;
    }

    /** Gives how many bytes were put together. */
    int stagedLength() {
        return stagedLength;
    }

    /** Begins the next frame. */
    void clear() {
        stagedLength = 0;
    }

    /**
     * Takes bytes of the next record that has some; never more than fit into the frame being filled.
     *
     * @param reader that wants them.
     * @param slot that it holds.
     * @param maxBytes of the frame.
     * @return what came of it.
     */
    Step step(final ReadSession reader, final ReadSlot slot, final int maxBytes) {
        final long limit = Math.min(reader.segment.length(), reader.creditOffset);
        if (reader.nextOffset >= limit) {
            return Step.WAIT;
        }
        if (reader.cursorPosition == 0) {
            final Step located = locate(reader, slot);
            if (located != Step.PROGRESS) {
                return located;
            }
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
                    if (!batch.isHeld()) {
                        return onFreed(reader, slot); // its entries went with the zone: nobody knows what counts in it
                    }
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

    /**
     * P1: a record that was cut off lies where it was written; its position was written again in another batch, or not
     * at all. The index alone tells, once for each batch: a cut that lies before the checkpoint leaves no other trace.
     */
    private boolean isCutOff(final ReadSession reader, final ReadSlot slot) {
        final long position = record.position();
        if (reader.copied || record.chain() != reader.replica.chain() || position == 0) {
            return false;
        }
        final long address = slot.reader.batchAddress();
        if (address == slot.countedAddress && position >= slot.countedFirst && position <= slot.countedLast) {
            return false;
        }
        final long last = slot.reader.lastWrittenHere(record.chain(), position);
        if (last < position) {
            return true;
        }
        slot.countedAddress = address;
        slot.countedFirst = position;
        slot.countedLast = last;
        return false;
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
        if (batch.failure() == ErrorCode.SEGMENT_TRUNCATED) {
            return onFreed(reader, slot);
        }
        if (batch.failure() != ErrorCode.THROTTLED) {
            // What comes next may have been repaired elsewhere (P4), or the batch may hold nothing of the chain.
            final boolean isHere =
                    journal.addressOf(reader.replica.chain(), reader.cursorPosition) == batch.batchAddress();
            return isHere ? Step.UNREADABLE : onFreed(reader, slot);
        }
        // The device's queue was full when an overtaken batch had to be read again.
        batch.release();
        reader.forgetCursor();
        return Step.WAIT;
    }

    /** Finds out where it goes on behind a batch that is not here any more. */
    private Step onFreed(final ReadSession reader, final ReadSlot slot) {
        if (find(reader, slot, reader.cursorPosition)) {
            slot.reader.release(); // the chain's next record lies behind freed zones, or was copied forward
            return Step.PROGRESS;
        }
        if (reader.foundAgainOffset == reader.nextOffset) {
            return Step.UNREADABLE;
        }
        // The zones behind the segment's last record were freed, and the index knows where it goes on.
        reader.foundAgainOffset = reader.nextOffset;
        slot.reader.release();
        reader.forgetCursor();
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
                return Step.INSIDE_EVENT;
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
    private Step locate(final ReadSession reader, final ReadSlot slot) {
        final SegmentIndex index = reader.segment.index();
        final int entry = reader.segment.find(reader.nextOffset);
        if (entry < 0) {
            return Step.WAIT;
        }
        slot.reader.release();
        if (slot.reader.state() != JournalReader.State.IDLE) {
            return Step.WAIT;
        }
        reader.fragmentOffset = index.isFragment(entry) ? index.offset(entry) : -1;
        return find(reader, slot, index.position(entry)) ? Step.PROGRESS : Step.UNREADABLE;
    }

    /**
     * Goes on to the next batch, unless another reader waits for this one's place.
     *
     * @param reader whose batch is used up.
     * @param slot that it holds.
     * @return PROGRESS when there is a batch, WAIT or UNREADABLE when there is none now, or never.
     */
    Step nextBatch(final ReadSession reader, final ReadSlot slot) {
        // Yielding before its first byte a reader would begin at the index entry again, for ever.
        if (reader.nextOffset != slot.takenAtOffset && giveUp(slot)) {
            return Step.WAIT;
        }
        slot.consumed = 0;
        if (reader.copied) {
            // It lies before the copy that led here; or the batch is not what the index says.
            final boolean isElsewhere = slot.searchedFrom == 0;
            slot.searchedFrom = 0;
            return isElsewhere ? Step.UNREADABLE : Step.PROGRESS;
        }
        if (reader.fragmentOffset >= 0) {
            // Other records may lie between fragments for many batches: go to the one that holds the next.
            final long address = journal.addressOf(reader.replica.chain(), reader.cursorPosition);
            if (address == slot.reader.batchAddress()) {
                return Step.UNREADABLE; // the index says that it is in this very batch
            }
            if (address != slot.reader.nextBatchAddress()) {
                slot.reader.release();
                return Step.PROGRESS; // is looked up
            }
        }
        if (slot.reader.nextBatch()) {
            return Step.PROGRESS;
        }
        if (slot.reader.state() == JournalReader.State.FAILED) {
            return Step.WAIT;
        }
        return slot.reader.request(slot.reader.nextBatchAddress()) && slot.reader.state() == JournalReader.State.READY
                ? Step.PROGRESS
                : Step.WAIT;
    }

    /**
     * Finds the slot that a reader holds, or gives it one.
     *
     * @param reader that is to be served.
     * @return slot, or null when there is none now.
     */
    @Nullable
    ReadSlot slotOf(final ReadSession reader) {
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
            release(free);
            if (free.reader.state() != JournalReader.State.IDLE) {
                return null;
            }
            free.owner = reader;
            free.takenAtOffset = reader.nextOffset;
            reader.forgetCursor();
        }
        return free;
    }

    /** Takes a slot from its owner, who begins at the index when it has one again. */
    static void release(final ReadSlot slot) {
        final ReadSession owner = slot.owner;
        if (owner != null) {
            owner.forgetCursor();
            slot.owner = null;
        }
        slot.reader.release();
        slot.consumed = 0;
        slot.countedLast = -1;
    }

    /** Gives the slot up when another reader found none: everybody behind the tail gets a batch in turn. */
    boolean giveUp(final ReadSlot slot) {
        if (!starved) {
            return false;
        }
        starved = false;
        release(slot);
        return true;
    }

    /** Takes what a reader holds: it wants nothing now. */
    void releaseOf(final ReadSession reader) {
        for (final ReadSlot slot : slots) {
            if (slot.owner == reader) {
                release(slot);
            }
        }
    }
}
