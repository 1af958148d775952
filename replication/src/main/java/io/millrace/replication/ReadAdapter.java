package io.millrace.replication;

import io.aeron.logbuffer.BufferClaim;
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
import io.millrace.store.Segment;
import io.millrace.transport.Session;
import java.util.ArrayList;
import org.agrona.DirectBuffer;
import org.agrona.collections.Object2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Sends committed bytes to readers: pushed when they commit, from the journal's buffers while they are there, else from
 * the device. A reader costs nothing while it has nothing to send.
 *
 * <p><b>Threading</b>: the device thread.
 *
 * <p><b>Invariants</b>: only bytes below a segment's committed length are sent (F06); at most
 * {@link ReplicationLimits#readFramesPerTurn()} frames a turn, and beside writers few more bytes than they write: a
 * long turn is waited for by each of their events, more than once (ADR 17).
 */
final class ReadAdapter {
    private static final int DATA_PREFIX_LENGTH =
            MessageHeaderEncoder.ENCODED_LENGTH + ReadDataEncoder.BLOCK_LENGTH + ReadDataEncoder.bytesHeaderLength();
    private static final int STARTED_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + ReadStartedEncoder.BLOCK_LENGTH;
    private static final int END_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + ReadEndEncoder.BLOCK_LENGTH;

    /** Bytes a turn beside writers, apart from what they write: two frames, so that the turn stays short. */
    private static final int CATCH_UP_BYTES = 16 * 1024;

    /** How long writers are taken for being at work after their last write. */
    private static final long WRITING_NS = 1_000_000L;

    private final AppendAdapter lookup;
    private final ReplicationLimits limits;
    private final ReadWalk walk;
    private final ArrayList<ReadSession> active = new ArrayList<>();
    private final Object2ObjectHashMap<Segment, ReadSession> bySegment = new Object2ObjectHashMap<>();
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final ReadSubscribeDecoder subscribe = new ReadSubscribeDecoder();
    private final ReadCreditDecoder credit = new ReadCreditDecoder();
    private final ReadUnsubscribeDecoder unsubscribe = new ReadUnsubscribeDecoder();
    private final ReadStartedEncoder started = new ReadStartedEncoder();
    private final ReadDataEncoder data = new ReadDataEncoder();
    private final ReadEndEncoder end = new ReadEndEncoder();
    private final Journal journal;
    private int readerCount;
    private int nextTurn;
    private long stagedOffset;
    private long sentBytes;
    private long turnEndBytes;
    private long durableAddress;
    private long lastWrittenNs;
    private boolean isWritten;

    /** Takes its batch readers from the journal. */
    ReadAdapter(final Journal journal, final AppendAdapter lookup, final ReplicationLimits limits) {
        this.journal = journal;
        this.lookup = lookup;
        this.limits = limits;
        walk = new ReadWalk(journal, limits.journalReaders());
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

    /** Lets the readers of a replica know that nothing new comes here, once they have what there is. */
    void onStranded(final ChainReplica replica) {
        if (readerCount > 0) {
            for (final ReadSession first : bySegment.values()) {
                for (ReadSession reader = first; reader != null; reader = reader.nextOfSegment) {
                    if (reader.replica == replica) {
                        reader.isToldOff = true;
                        activate(reader);
                    }
                }
            }
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
     * @param nowNs the turn's time.
     * @return frames sent and batches read.
     */
    int doWork(final long nowNs) {
        turnEndBytes = sentBytes + byteBudget(nowNs);
        int budget = limits.readFramesPerTurn();
        int work = 0;
        for (int remaining = active.size(); remaining > 0 && budget > 0 && sentBytes - turnEndBytes < 0; remaining--) {
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

    /** Readers at the tail are sent what was written in the turn, each of them, and those behind it a little more. */
    private long byteBudget(final long nowNs) {
        final long address = journal.durableAddress();
        final long written = address - durableAddress;
        durableAddress = address;
        if (written > 0 || journal.inFlightCount() > 0) {
            lastWrittenNs = nowNs;
            isWritten = true;
        } else if (isWritten && nowNs - lastWrittenNs >= WRITING_NS) {
            isWritten = false;
        }
        return isWritten ? CATCH_UP_BYTES + active.size() * written : Long.MAX_VALUE - sentBytes;
    }

    private boolean wantsMore(final ReadSession reader) {
        return reader.hasBytesToSend() || reader.isAtEnd() || reader.isStranded();
    }

    /** Sends as many frames as the budget, the credit, the session and the bytes at hand allow. */
    private int serve(final ReadSession reader, final int budget) {
        if (!reader.session.isOpen()) {
            return 0;
        }
        if (reader.isCutOff() || !reader.hasBytesToSend()) {
            if (reader.isAtEnd()) {
                return finish(reader) ? 1 : 0;
            }
            return reader.isStranded() && sendElsewhere(reader) ? 1 : 0;
        }
        final ReadWalk.ReadSlot slot = walk.slotOf(reader);
        if (slot == null) {
            return 0;
        }
        final int maxBytes = Math.min(ReadWalk.MAX_STAGED_LENGTH, reader.session.maxFrameLength() - DATA_PREFIX_LENGTH);
        int frames = 0;
        walk.clear();
        stagedOffset = reader.nextOffset;
        ReadWalk.Step step = ReadWalk.Step.PROGRESS;
        while (step == ReadWalk.Step.PROGRESS && frames < budget && sentBytes - turnEndBytes < 0) {
            if (walk.stagedLength() == 0 && !reader.session.hasRoom(DATA_PREFIX_LENGTH + maxBytes)) {
                walk.giveUp(slot);
                return frames;
            }
            step = walk.step(reader, slot, maxBytes);
            if (step == ReadWalk.Step.NEXT_BATCH) {
                step = walk.nextBatch(reader, slot);
            }
            if (walk.stagedLength() == maxBytes) {
                if (!flush(reader)) {
                    walk.giveUp(slot);
                    return frames;
                }
                frames++;
            }
        }
        if (walk.stagedLength() > 0 && flush(reader)) {
            frames++;
        }
        if (step == ReadWalk.Step.UNREADABLE) {
            fail(reader);
        } else if (step == ReadWalk.Step.INSIDE_EVENT) {
            refuse(reader, RefusalCode.OFFSET_OUT_OF_RANGE, "it lies inside an event");
        }
        if (!reader.hasBytesToSend()) {
            ReadWalk.release(slot);
        }
        return frames;
    }

    private boolean flush(final ReadSession reader) {
        final int stagedLength = walk.stagedLength();
        if (reader.session.tryClaim(DATA_PREFIX_LENGTH + stagedLength, claim) < 0) {
            // The session takes nothing now: these bytes are found again by the index.
            reader.nextOffset = stagedOffset;
            reader.forgetCursor();
            walk.clear();
            return false;
        }
        data.wrapAndApplyHeader(claim.buffer(), claim.offset(), headerEncoder)
                .subscriptionId(reader.subscriptionId)
                .segmentId(reader.segment.segmentId())
                .segmentOffset(stagedOffset)
                .putBytes(walk.staged(), 0, stagedLength);
        claim.commit();
        sentBytes += stagedLength;
        stagedOffset += stagedLength;
        walk.clear();
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

    private static boolean isDropped(final ReadSession reader) {
        final Segment held = reader.replica.state().segment(reader.segment.streamId(), reader.segment.segmentId());
        return held != reader.segment;
    }

    /** Refuses a reader that waits here, unless the replica is in touch with its chain again. */
    private boolean sendElsewhere(final ReadSession reader) {
        if (!reader.replica.orders().isStranded && !isDropped(reader)) {
            reader.isToldOff = false;
            return false;
        }
        return refuse(reader, RefusalCode.WRONG_NODE, "nothing new comes here: look the chain up again");
    }

    private void fail(final ReadSession reader) {
        if (isDropped(reader)) {
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

    /** Refuses and ends a reader; returns false when the session takes nothing now. */
    private boolean refuse(final ReadSession reader, final RefusalCode code, final String text) {
        final boolean isTold = reader.session.refuse(
                code,
                ReadSubscribeDecoder.TEMPLATE_ID,
                reader.subscriptionId,
                reader.segment.streamId(),
                reader.segment.segmentId(),
                reader.nextOffset,
                0,
                0,
                text);
        if (isTold || !reader.session.isOpen()) {
            close(AppendAdapter.client(reader.session), reader);
        }
        return isTold;
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
        walk.releaseOf(reader);
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
