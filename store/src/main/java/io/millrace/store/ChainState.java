package io.millrace.store;

import io.millrace.codec.RecordHash;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.ChainMembershipBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.WriterExpiryBodyDecoder;
import io.millrace.codec.log.WriterSetupBodyDecoder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the committed records of one chain mean: its segments, writer entries and open fragmented events. Replaying the
 * same records gives the same state on every replica and after every restart, whatever the limits are.
 *
 * <p>Chain 0 takes {@code CONTROL_COMMAND} records, which only advance position and hash here (the control plane gives
 * them their meaning); every other chain takes every other kind.
 *
 * <p><b>Threading:</b> one thread owns it. Pure: no I/O, no clock. {@link #apply} allocates only when a table grows.
 *
 * <p><b>Invariants:</b> positions are dense from 1; each record names the hash of the one before; the chain epoch never
 * falls; a segment's appends are contiguous; event numbers are dense from 1 per (writer, segment); effects are dense
 * from 1. A record that breaks one is refused with {@link ChainCheckException} and changes nothing.
 */
public final class ChainState {
    /** Answer of {@link #apply}: the record changed no more than position and hash. */
    public static final int ADVANCED = 0;

    /** Answer of {@link #apply}: {@link #appliedSegment} grew and {@link #appliedWriterSlot} has a new last number. */
    public static final int APPENDED = 1;

    /** Answer of {@link #apply}: a fragment, not the last one, was taken note of; nothing is visible. */
    public static final int FRAGMENT_HELD = 2;

    /** Answer of {@link #apply}: {@link #appliedWriterSlot} was made, or got a new epoch and secret. */
    public static final int WRITER_SET_UP = 3;

    /** Answer of {@link #apply}: a writer entry is gone; {@link #appliedWriterSlot} was its slot. */
    public static final int WRITER_EXPIRED = 4;

    /** Answer of {@link #apply}: a new effect; {@link #appliedSegment} was created, sealed, deleted or truncated. */
    public static final int SEGMENT_CHANGED = 5;

    /**
     * Answer of {@link #apply}: an effect whose number is not new, or that would move a segment backwards: no change.
     */
    public static final int EFFECT_IGNORED = 6;

    /** Answer of {@link #apply}: a device-local membership record; it has no position in the chain log. */
    public static final int MEMBERSHIP_NOTED = 7;

    private static final int HEADER_LENGTH = RecordHeaderDecoder.BLOCK_LENGTH;

    private final int chain;
    private final StoreLimits limits;
    private final IndexArena arena;
    private final SegmentTable segments = new SegmentTable();
    private final WriterTable writers = new WriterTable();
    private final OpenEvents openEvents = new OpenEvents();

    private final RecordHeaderDecoder header = new RecordHeaderDecoder();
    private final AppendBodyDecoder append = new AppendBodyDecoder();
    private final WriterSetupBodyDecoder setup = new WriterSetupBodyDecoder();
    private final WriterExpiryBodyDecoder expiry = new WriterExpiryBodyDecoder();
    private final ChainMembershipBodyDecoder membership = new ChainMembershipBodyDecoder();
    private final MessageHeaderDecoder effectHeader = new MessageHeaderDecoder();
    private final SegmentEffectDecoder effect = new SegmentEffectDecoder();

    private long lastPosition;
    private long lastHash = RecordHash.START;
    private long chainEpoch;
    private long lastTimestampNs;
    private long lastEffectNumber;
    private long memberSinceEpoch;
    private long promisedEpoch;
    private @Nullable StateImageReader restoring;
    private @Nullable Segment appliedSegment;
    private boolean appliedTruncation;
    private int appliedWriterSlot = WriterTable.ABSENT;

    /**
     * Creates the state before position 1.
     *
     * @param chain number of the chain, from 0
     * @param limits what the head enforces through {@link PendingOverlay}
     */
    public ChainState(final int chain, final StoreLimits limits) {
        this(chain, limits, false);
    }

    private ChainState(final int chain, final StoreLimits limits, final boolean countingIndex) {
        if (chain < 0) {
            throw new IllegalArgumentException("chain " + chain + " is below 0");
        }
        this.chain = chain;
        this.limits = limits;
        this.arena = new IndexArena(countingIndex);
    }

    /** Creates a state that counts index entries without holding them, for the overlay. */
    static ChainState forPending(final ChainState committed) {
        final ChainState state = new ChainState(committed.chain, committed.limits, true);
        state.copyFrom(committed);
        return state;
    }

    /**
     * Applies the next record of the chain log.
     *
     * <p>{@code SEGMENT_EFFECT} (P12): a number at or below the last one changes nothing; so does an action that would
     * move a segment or its start backwards, or its start behind its end, or names an unknown one, except that its
     * number counts. {@code CHAIN_MEMBERSHIP} (P5) differs from device to device, so it has no place in the chain log:
     * its position and previous hash are 0, and {@link #stateHash} leaves it out. {@code TRUNCATE} and {@code FILL} are
     * reserved formats and refused by name.
     *
     * @param buffer holds the record; its CRC was verified (or just computed) by the journal
     * @param recordIndex where its header begins in the buffer
     * @param recordLength header and body in bytes, without alignment
     * @return what changed: one of the constants of this class
     * @throws ChainCheckException when the record does not follow from the state; the state is unchanged
     * @throws IllegalStateException between {@link #restore} and {@link #restored}
     */
    public int apply(final DirectBuffer buffer, final int recordIndex, final int recordLength) {
        checkRestored();
        appliedSegment = null;
        appliedTruncation = false;
        appliedWriterSlot = WriterTable.ABSENT;
        if (recordIndex < 0 || recordLength < HEADER_LENGTH || recordLength > buffer.capacity() - recordIndex) {
            throw new ChainCheckException(
                    chain, lastPosition + 1, "record outside its buffer", HEADER_LENGTH, recordLength);
        }
        header.wrap(buffer, recordIndex, HEADER_LENGTH, 0);
        final RecordKind kind = kind(header.kindRaw());
        final boolean local = kind == RecordKind.CHAIN_MEMBERSHIP;
        check("record length", recordLength, header.length());
        check("chain", chain, header.chain());
        check("body version", 0, header.bodyVersion());
        if (kind == RecordKind.TRUNCATE || kind == RecordKind.FILL) {
            throw refused(kind.name(), "is reserved and cannot be applied by this version");
        }
        check("position", local ? 0 : lastPosition + 1, header.position());
        check("previous hash", local ? 0 : lastHash, header.previousHash());
        if (local) {
            return applyMembership(buffer, recordIndex, recordLength);
        }
        if (header.chainEpoch() < chainEpoch) {
            throw failed("chain epoch fell", chainEpoch, header.chainEpoch());
        }
        final int applied = applyBody(kind, buffer, recordIndex, recordLength);
        lastPosition++;
        lastHash = RecordHash.next(lastHash, (int) header.crc32c(), recordLength);
        chainEpoch = header.chainEpoch();
        lastTimestampNs = Math.max(lastTimestampNs, header.timestampNs());
        return applied;
    }

    private int applyBody(
            final RecordKind kind, final DirectBuffer buffer, final int recordIndex, final int recordLength) {
        if (chain == 0 && kind != RecordKind.CONTROL_COMMAND) {
            throw refused(kind.name(), "has no place on chain 0");
        }
        final int bodyIndex = recordIndex + HEADER_LENGTH;
        final int bodyLength = recordLength - HEADER_LENGTH;
        return switch (kind) {
            case APPEND -> applyAppend(buffer, bodyIndex, bodyLength);
            case APPEND_FRAGMENT -> applyFragment(buffer, bodyIndex, bodyLength);
            case WRITER_SETUP -> applySetup(buffer, bodyIndex, bodyLength);
            case WRITER_EXPIRY -> applyExpiry(buffer, bodyIndex, bodyLength);
            case SEGMENT_EFFECT -> applyEffect(buffer, bodyIndex, bodyLength);
            case CONTROL_COMMAND -> applyCommand();
            default -> throw refused(kind.name(), "has no place in a chain log");
        };
    }

    private int applyCommand() {
        if (chain != 0) {
            throw refused(RecordKind.CONTROL_COMMAND.name(), "belongs on chain 0");
        }
        return ADVANCED;
    }

    private int applyAppend(final DirectBuffer buffer, final int bodyIndex, final int bodyLength) {
        final int byteCount = wrapAppend(buffer, bodyIndex, bodyLength);
        final Segment segment = openSegment(append.streamId(), append.segmentId());
        final int slot = appendingWriter();
        final int eventCount = append.eventCount();
        check("segment offset", segment.length(), append.segmentOffset());
        check("first event number", writers.lastEventNumber(slot) + 1, append.firstEventNumber());
        if ((append.flags() & AppendRequest.FLAG_FRAGMENT) != 0 || eventCount < 1) {
            throw failed("event count of an append", 1, eventCount);
        }
        dropOpenEvent(slot);
        segment.index().onAppend(segment.length(), header.position());
        appended(segment, slot, append.firstEventNumber() + eventCount - 1, byteCount);
        return APPENDED;
    }

    private int applyFragment(final DirectBuffer buffer, final int bodyIndex, final int bodyLength) {
        final int byteCount = wrapAppend(buffer, bodyIndex, bodyLength);
        final Segment segment = openSegment(append.streamId(), append.segmentId());
        final int slot = appendingWriter();
        final int fragmentOffset = append.fragmentOffset();
        final int totalLength = append.fragmentedLength();
        final boolean first = fragmentOffset == 0;
        final int open = writers.openEvent(slot);
        check("segment offset of a fragment", -1, append.segmentOffset());
        check("event number of a fragment", writers.lastEventNumber(slot) + 1, append.firstEventNumber());
        final int eventCount = append.eventCount();
        if (eventCount < 1 || (eventCount > 1 && (append.flags() & AppendRequest.FLAG_ATOMIC) == 0)) {
            throw failed("event count of a fragment", 1, eventCount);
        }
        if (!first) {
            if (open == OpenEvents.NONE
                    || !openEvents
                            .get(open)
                            .continues(append.firstEventNumber(), totalLength, append.fragmentSession())) {
                throw failed("fragment continues no open event", 0, fragmentOffset);
            }
            check("fragment offset", openEvents.get(open).receivedLength(), fragmentOffset);
        }
        if (fragmentOffset < 0 || totalLength < 1 || byteCount > totalLength - fragmentOffset) {
            throw failed("fragmented length", (long) fragmentOffset + byteCount, totalLength);
        }
        final boolean last = fragmentOffset + byteCount == totalLength;
        check(
                "flags of a fragment",
                last ? AppendRequest.FLAG_FRAGMENT | AppendRequest.FLAG_LAST_FRAGMENT : AppendRequest.FLAG_FRAGMENT,
                append.flags() & (AppendRequest.FLAG_FRAGMENT | AppendRequest.FLAG_LAST_FRAGMENT));

        final OpenEvent event = first ? beginEvent(slot, totalLength) : openEvents.get(open);
        event.add(header.position(), byteCount);
        appliedSegment = segment;
        appliedWriterSlot = slot;
        if (!last) {
            writers.touch(slot, header.position(), header.timestampNs());
            return FRAGMENT_HELD;
        }
        for (int i = 0; i < event.fragmentCount(); i++) {
            segment.index().onFragment(segment.length() + event.offset(i), event.position(i));
        }
        dropOpenEvent(slot);
        appended(segment, slot, append.firstEventNumber() + eventCount - 1, totalLength);
        return APPENDED;
    }

    private OpenEvent beginEvent(final int slot, final int totalLength) {
        dropOpenEvent(slot);
        final int handle = openEvents.open(slot, append.firstEventNumber(), totalLength, append.fragmentSession());
        writers.openEvent(slot, handle);
        return openEvents.get(handle);
    }

    private void appended(final Segment segment, final int slot, final long lastNumber, final int byteCount) {
        segment.grow(byteCount, header.position());
        writers.appended(slot, lastNumber, segment.length());
        writers.touch(slot, header.position(), header.timestampNs());
        appliedSegment = segment;
        appliedWriterSlot = slot;
    }

    private int applySetup(final DirectBuffer buffer, final int bodyIndex, final int bodyLength) {
        check("body length", WriterSetupBodyDecoder.BLOCK_LENGTH, bodyLength);
        setup.wrap(buffer, bodyIndex, WriterSetupBodyDecoder.BLOCK_LENGTH, 0);
        final Segment segment = openSegment(setup.streamId(), setup.segmentId());
        final int epoch = setup.writerEpoch();
        int slot = writers.find(setup.writerIdHigh(), setup.writerIdLow(), setup.streamId(), setup.segmentId());
        if (slot == WriterTable.ABSENT) {
            slot = writers.add(
                    setup.writerIdHigh(),
                    setup.writerIdLow(),
                    setup.streamId(),
                    setup.segmentId(),
                    header.position(),
                    header.timestampNs());
            segment.addWriters(1);
        } else if (epoch < writers.writerEpoch(slot)) {
            throw failed("writer epoch fell", writers.writerEpoch(slot), epoch);
        } else {
            dropOpenEvent(slot);
            writers.touch(slot, header.position(), header.timestampNs());
        }
        writers.setUp(slot, epoch, setup.bindSecret());
        appliedSegment = segment;
        appliedWriterSlot = slot;
        return WRITER_SET_UP;
    }

    private int applyExpiry(final DirectBuffer buffer, final int bodyIndex, final int bodyLength) {
        check("body length", WriterExpiryBodyDecoder.BLOCK_LENGTH, bodyLength);
        expiry.wrap(buffer, bodyIndex, WriterExpiryBodyDecoder.BLOCK_LENGTH, 0);
        final int slot =
                writers.find(expiry.writerIdHigh(), expiry.writerIdLow(), expiry.streamId(), expiry.segmentId());
        if (slot == WriterTable.ABSENT) {
            throw new ChainCheckException(chain, header.position(), "expiry of a writer that has no entry");
        }
        dropOpenEvent(slot);
        writers.remove(slot);
        final Segment segment = segments.find(expiry.streamId(), expiry.segmentId());
        if (segment != null) {
            segment.addWriters(-1);
        }
        appliedSegment = segment;
        appliedWriterSlot = slot;
        return WRITER_EXPIRED;
    }

    private int applyEffect(final DirectBuffer buffer, final int bodyIndex, final int bodyLength) {
        check("body length", MessageHeaderDecoder.ENCODED_LENGTH + SegmentEffectDecoder.BLOCK_LENGTH, bodyLength);
        effectHeader.wrap(buffer, bodyIndex);
        check("schema of an effect", SegmentEffectDecoder.SCHEMA_ID, effectHeader.schemaId());
        check("template of an effect", SegmentEffectDecoder.TEMPLATE_ID, effectHeader.templateId());
        check("block length of an effect", SegmentEffectDecoder.BLOCK_LENGTH, effectHeader.blockLength());
        effect.wrap(buffer, bodyIndex + MessageHeaderDecoder.ENCODED_LENGTH, SegmentEffectDecoder.BLOCK_LENGTH, 0);
        final long number = header.effectNumber();
        final int action = effect.actionRaw();
        if (number < 1 || number > lastEffectNumber + 1) {
            throw failed("effect number", lastEffectNumber + 1, number);
        }
        if (action < EffectAction.CREATE_SEGMENT.value() || action > EffectAction.TRUNCATE_SEGMENT.value()) {
            throw failed("effect action", EffectAction.TRUNCATE_SEGMENT.value(), action);
        }
        appliedSegment = segments.find(effect.streamId(), effect.segmentId());
        if (number <= lastEffectNumber) {
            return EFFECT_IGNORED;
        }
        lastEffectNumber = number;
        return act(action) ? SEGMENT_CHANGED : EFFECT_IGNORED;
    }

    private boolean act(final int action) {
        final Segment known = appliedSegment;
        if (action == EffectAction.CREATE_SEGMENT.value()) {
            if (known != null) {
                return false;
            }
            final Segment created = new Segment(
                    effect.streamId(), effect.segmentId(), effect.keyLow(), effect.keyHigh(), header.position(), arena);
            segments.add(created);
            appliedSegment = created;
            return true;
        }
        if (action == EffectAction.TRUNCATE_SEGMENT.value()) {
            return truncate(known, effect.startOffset());
        }
        final Segment.State target =
                action == EffectAction.SEAL_SEGMENT.value() ? Segment.State.SEALED : Segment.State.DELETED;
        if (known == null || known.state().compareTo(target) >= 0) {
            return false;
        }
        known.advance(target, header.position());
        dropOpenEventsOf(known);
        if (known.isDeleted()) {
            known.index().release();
            segments.onDeleted(known);
        }
        return true;
    }

    private boolean truncate(final @Nullable Segment segment, final long startOffset) {
        if (segment == null
                || segment.isDeleted()
                || startOffset <= segment.startOffset()
                || startOffset > segment.length()) {
            return false;
        }
        segment.truncate(startOffset);
        appliedTruncation = true;
        return true;
    }

    private int applyMembership(final DirectBuffer buffer, final int recordIndex, final int recordLength) {
        check("body length", ChainMembershipBodyDecoder.BLOCK_LENGTH, recordLength - HEADER_LENGTH);
        membership.wrap(buffer, recordIndex + HEADER_LENGTH, ChainMembershipBodyDecoder.BLOCK_LENGTH, 0);
        if (membership.promisedEpoch() < promisedEpoch) {
            throw failed("promised epoch fell", promisedEpoch, membership.promisedEpoch());
        }
        memberSinceEpoch = membership.sinceEpoch();
        promisedEpoch = membership.promisedEpoch();
        return MEMBERSHIP_NOTED;
    }

    private int wrapAppend(final DirectBuffer buffer, final int bodyIndex, final int bodyLength) {
        if (bodyLength <= AppendBodyDecoder.BLOCK_LENGTH) {
            throw failed("body length of an append is above", AppendBodyDecoder.BLOCK_LENGTH, bodyLength);
        }
        append.wrap(buffer, bodyIndex, AppendBodyDecoder.BLOCK_LENGTH, 0);
        return bodyLength - AppendBodyDecoder.BLOCK_LENGTH;
    }

    private Segment openSegment(final long streamId, final long segmentId) {
        final Segment segment = segments.find(streamId, segmentId);
        if (segment == null || segment.isSealed()) {
            throw new ChainCheckException(
                    chain,
                    header.position(),
                    "segment " + streamId + "/" + segmentId + " must be open but is "
                            + (segment == null ? "unknown" : segment.state()));
        }
        return segment;
    }

    private int appendingWriter() {
        final int slot =
                writers.find(append.writerIdHigh(), append.writerIdLow(), append.streamId(), append.segmentId());
        if (slot == WriterTable.ABSENT) {
            throw new ChainCheckException(chain, header.position(), "append of a writer that has no entry");
        }
        check("writer epoch", writers.writerEpoch(slot), append.writerEpoch());
        return slot;
    }

    private void dropOpenEvent(final int slot) {
        final int open = writers.openEvent(slot);
        if (open != OpenEvents.NONE) {
            openEvents.close(open);
            writers.openEvent(slot, OpenEvents.NONE);
        }
    }

    private void dropOpenEventsOf(final Segment segment) {
        for (int i = 0; openEvents.size() > 0 && i < openEvents.handleLimit(); i++) {
            final OpenEvent event = openEvents.get(i);
            if (event.inUse()
                    && writers.segmentId(event.writerSlot()) == segment.segmentId()
                    && writers.streamId(event.writerSlot()) == segment.streamId()) {
                dropOpenEvent(event.writerSlot());
            }
        }
    }

    private void check(final String what, final long expected, final long seen) {
        if (expected != seen) {
            throw failed(what, expected, seen);
        }
    }

    private ChainCheckException failed(final String what, final long expected, final long seen) {
        return new ChainCheckException(chain, header.position(), what, expected, seen);
    }

    private ChainCheckException refused(final String kind, final String why) {
        return new ChainCheckException(chain, header.position(), "record kind " + kind + " " + why);
    }

    private RecordKind kind(final short raw) {
        if (raw < RecordKind.APPEND.value() || raw > RecordKind.CHAIN_MEMBERSHIP.value()) {
            throw refused(Short.toString(raw), "is unknown");
        }
        return RecordKind.get(raw);
    }

    /**
     * Captures all of the state but the entries of the segment indexes, which {@link IndexImage} streams from here on,
     * while later records are applied. Costs a walk over all tables.
     *
     * @param buffer takes the fixed part of the image, growing when it can
     * @param offset where the fixed part begins
     * @return its length in bytes
     * @throws IndexOutOfBoundsException when the buffer is too small and cannot grow
     */
    public int encode(final MutableDirectBuffer buffer, final int offset) {
        checkRestored();
        return StateImage.encode(this, buffer, offset);
    }

    /**
     * Takes over the fixed part of an image. {@link #restoreIndex} must follow with every piece of the image, then
     * {@link #restored}, then {@link #apply} with every record behind {@link #lastPosition}. The state equals the one
     * that was captured once it has applied all that had been applied there when the last piece was written; see
     * {@link IndexImage}.
     *
     * @param buffer holds the fixed part; nothing in it is trusted
     * @param offset where the fixed part begins
     * @param length its length in bytes
     * @throws ChainCheckException when it is not an image of this chain, or contradicts itself; this state must not be
     *     used any more
     * @throws IllegalStateException when anything was applied to or restored into this state before
     */
    public void restore(final DirectBuffer buffer, final int offset, final int length) {
        if (restoring != null
                || arena.isCounting()
                || lastPosition != 0
                || promisedEpoch != 0
                || memberSinceEpoch != 0) {
            throw new IllegalStateException("chain " + chain + ": only a new state can be restored");
        }
        final StateImageReader reader = new StateImageReader(this);
        restoring = reader;
        reader.restore(buffer, offset, length);
    }

    /**
     * Takes over the next piece of an image, in the order in which they were written.
     *
     * @param buffer holds the piece; nothing in it is trusted
     * @param offset where the piece begins
     * @param length its length in bytes, as {@link IndexImage#next} returned it
     * @throws ChainCheckException when it does not follow from the fixed part and the pieces before; this state must
     *     not be used any more
     * @throws IllegalStateException when {@link #restore} was not called before, or {@link #restored} was
     */
    public void restoreIndex(final DirectBuffer buffer, final int offset, final int length) {
        restoring().restoreIndex(buffer, offset, length);
    }

    /**
     * Ends the restoring of an image. A {@link PendingOverlay} over this state must {@link PendingOverlay#discard()
     * discard} next.
     *
     * @throws ChainCheckException when a piece is missing; this state must not be used any more
     * @throws IllegalStateException when {@link #restore} was not called before
     */
    public void restored() {
        restoring().complete();
        restoring = null;
    }

    private StateImageReader restoring() {
        final StateImageReader reader = restoring;
        if (reader == null) {
            throw new IllegalStateException("chain " + chain + ": no image is being restored");
        }
        return reader;
    }

    private void checkRestored() {
        if (restoring != null) {
            throw new IllegalStateException("chain " + chain + ": an image is being restored, or could not be");
        }
    }

    /** Takes over the numbers of an image that belong to no table. */
    void restoreProgress(
            final long position,
            final long hash,
            final long epoch,
            final long timestampNs,
            final long effectNumber,
            final long memberSince,
            final long promised) {
        lastPosition = position;
        lastHash = hash;
        chainEpoch = epoch;
        lastTimestampNs = timestampNs;
        lastEffectNumber = effectNumber;
        memberSinceEpoch = memberSince;
        promisedEpoch = promised;
    }

    /** Sets what this device is of the chain: a snapshot carries what its source was (P5). */
    public void keepMembership(final long sinceEpoch, final long promised) {
        memberSinceEpoch = sinceEpoch;
        promisedEpoch = promised;
    }

    /** Takes over the whole state but the entries of the indexes; this state must count entries only. */
    void copyFrom(final ChainState other) {
        other.checkRestored();
        segments.copyFrom(other.segments, arena);
        writers.copyFrom(other.writers);
        openEvents.copyFrom(other.openEvents);
        arena.entryCount(other.arena.entryCount());
        lastPosition = other.lastPosition;
        lastHash = other.lastHash;
        chainEpoch = other.chainEpoch;
        lastTimestampNs = other.lastTimestampNs;
        lastEffectNumber = other.lastEffectNumber;
        memberSinceEpoch = other.memberSinceEpoch;
        promisedEpoch = other.promisedEpoch;
    }

    /**
     * Gives the chain's number.
     *
     * @return from 0
     */
    public int chain() {
        return chain;
    }

    /**
     * Gives the limits the head enforces.
     *
     * @return the limits
     */
    public StoreLimits limits() {
        return limits;
    }

    /**
     * Gives the position of the last record applied.
     *
     * @return record number in the chain log, 0 when there is none
     */
    public long lastPosition() {
        return lastPosition;
    }

    /**
     * Gives the hash of the last record applied: the next record's previous hash.
     *
     * @return the hash, {@link RecordHash#START} when there is none
     */
    public long lastHash() {
        return lastHash;
    }

    /**
     * Gives the chain epoch of the last record applied.
     *
     * @return chain epoch
     */
    public long chainEpoch() {
        return chainEpoch;
    }

    /**
     * Gives the greatest timestamp of all records applied; a head never writes a smaller one.
     *
     * @return nanoseconds since 1970
     */
    public long lastTimestampNs() {
        return lastTimestampNs;
    }

    /**
     * Gives the number of the last effect applied.
     *
     * @return from 1, 0 when there is none
     */
    public long lastEffectNumber() {
        return lastEffectNumber;
    }

    /**
     * Gives the chain epoch since which this device is a member.
     *
     * @return chain epoch, 0 when no membership record was applied
     */
    public long memberSinceEpoch() {
        return memberSinceEpoch;
    }

    /**
     * Gives the chain epoch this device has promised.
     *
     * @return chain epoch, 0 when no membership record was applied
     */
    public long promisedEpoch() {
        return promisedEpoch;
    }

    /**
     * Finds a segment; deleted ones are found as long as their tombstone is kept (the newest 65,536 of the chain).
     *
     * @param streamId stream id
     * @param segmentId segment id
     * @return the segment, which stays the same object, or null
     */
    public @Nullable Segment segment(final long streamId, final long segmentId) {
        return segments.find(streamId, segmentId);
    }

    /**
     * Gives the number of segments that are not deleted.
     *
     * @return segments
     */
    public int segmentCount() {
        return segments.liveCount();
    }

    /**
     * Gives the writer entries. Callers of other modules only read.
     *
     * @return the live table
     */
    public WriterTable writers() {
        return writers;
    }

    /**
     * Gives the number of index entries of all segments.
     *
     * @return entries
     */
    public long indexEntryCount() {
        return arena.entryCount();
    }

    /**
     * Gives the number of events of which some but not all fragments were applied.
     *
     * @return events
     */
    public int openFragmentedEventCount() {
        return openEvents.size();
    }

    /**
     * Gives the segment the last {@link #apply} was about.
     *
     * @return the segment, or null when it was about none or an unknown one
     */
    public @Nullable Segment appliedSegment() {
        return appliedSegment;
    }

    /**
     * Gives the writer entry the last {@link #apply} was about.
     *
     * @return slot of {@link #writers()}, or {@link WriterTable#ABSENT}
     */
    public int appliedWriterSlot() {
        return appliedWriterSlot;
    }

    /**
     * Computes a hash of the whole state of the chain (not of the device's membership). Costs a walk over everything:
     * for tests and for comparing replicas.
     *
     * @return the same on every replica that applied the same records
     */
    public long stateHash() {
        return stateHash(true);
    }

    /** Computes {@link #stateHash()} with or without the entries of the indexes, which an overlay does not hold. */
    long stateHash(final boolean withIndexEntries) {
        final long progress = StateHash.mix(lastPosition, lastHash, chainEpoch, lastTimestampNs);
        final long tables = StateHash.mix(
                segments.stateHash(withIndexEntries),
                writers.stateHash(),
                openEvents.stateHash(writers),
                arena.entryCount());
        return StateHash.mix(chain, lastEffectNumber, progress, tables);
    }

    /** Takes over which index entries of a segment another state, which holds them, has forgotten. */
    void followTruncation(final ChainState other) {
        final Segment truncated = other.appliedSegment;
        if (other.appliedTruncation && truncated != null) {
            final Segment mine = segments.find(truncated.streamId(), truncated.segmentId());
            if (mine != null && !mine.isDeleted()) {
                mine.index().truncateTo(truncated.index().first());
            }
        }
    }

    /** Gives the segments and tombstones. */
    SegmentTable segments() {
        return segments;
    }

    /** Gives the memory of the segment indexes. */
    IndexArena arena() {
        return arena;
    }

    /** Gives the open fragmented events. */
    OpenEvents openEvents() {
        return openEvents;
    }

    /** Tells what two states do not have in common. @return the names of the parts that differ; empty when equal */
    String difference(final ChainState other) {
        final boolean entries = !arena.isCounting() && !other.arena.isCounting();
        final StringBuilder text = new StringBuilder();
        note(text, "chain", chain, other.chain);
        note(text, "lastPosition", lastPosition, other.lastPosition);
        note(text, "lastHash", lastHash, other.lastHash);
        note(text, "chainEpoch", chainEpoch, other.chainEpoch);
        note(text, "lastTimestampNs", lastTimestampNs, other.lastTimestampNs);
        note(text, "lastEffectNumber", lastEffectNumber, other.lastEffectNumber);
        note(text, "indexEntryCount", arena.entryCount(), other.arena.entryCount());
        note(text, "segments", segments.stateHash(entries), other.segments.stateHash(entries));
        note(text, "writers", writers.stateHash(), other.writers.stateHash());
        note(text, "openEvents", openEvents.stateHash(writers), other.openEvents.stateHash(other.writers));
        return text.toString();
    }

    private static void note(final StringBuilder text, final String name, final long mine, final long theirs) {
        if (mine != theirs) {
            text.append(name)
                    .append(": ")
                    .append(mine)
                    .append(" / ")
                    .append(theirs)
                    .append("; ");
        }
    }
}
