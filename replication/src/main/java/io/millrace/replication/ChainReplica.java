package io.millrace.replication;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.RecordHash;
import io.millrace.codec.log.ChainMembershipBodyDecoder;
import io.millrace.codec.log.FillBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.TruncateBodyDecoder;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalStatus;
import io.millrace.store.ChainState;
import io.millrace.store.PendingOverlay;
import io.millrace.store.StoreLimits;
import io.millrace.transport.Session;
import java.nio.ByteOrder;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * One chain on this device: gives records their position and hash, or takes them from the predecessor, knows how far
 * they are durable and committed, and applies what is committed.
 *
 * <p>A chain of one is head and tail: what is durable here is committed. In a longer chain the tail commits what is
 * durable on all members; who tells whom is {@link ReplicaProtocol}'s, who is a member {@link Reconfiguration}'s.
 *
 * <p><b>Threading</b>: the device thread.
 *
 * <p><b>Invariants</b>: applied ≤ commit ≤ durable ≤ last; {@link #state()} holds exactly the records up to applied
 * (P6), the overlay, while this is the head, those above it.
 */
final class ChainReplica {
    /** Epoch of a chain that was never reconfigured. */
    static final long FIRST_EPOCH = 1;

    /** {@link #accept}: the record's CRC is wrong. */
    static final int BAD_CRC = -100;

    /**
     * What events leave of a journal: starts of the node, seals and deletes must still be recorded, or a full journal
     * could be neither read after a restart nor relieved. 1/16 of the smallest journal, some hundred small batches.
     */
    private static final long MAX_RESERVE_BYTES = 4L << 20;

    private static final int RESERVE_DIVISOR = 16;
    private static final int CONTROL_CHAIN = 0;
    private static final int CRC_OFFSET = RecordHeaderDecoder.crc32cEncodingOffset();

    private final int chain;
    private final Journal journal;
    private final ChainRules rules;
    private final long reserveBytes;
    private final NanoClock clock;
    private final EpochNanoClock epochClock;
    private final StoreLimits storeLimits;
    private final HeldAnswers heldAnswers;
    private final RecordHeaderEncoder headerEncoder = new RecordHeaderEncoder();
    private final RecordHeaderDecoder headerDecoder = new RecordHeaderDecoder();
    private final ChainMembershipBodyDecoder membershipBody = new ChainMembershipBodyDecoder();
    private final TruncateBodyDecoder truncateBody = new TruncateBodyDecoder();
    private final FillBodyDecoder fillBody = new FillBodyDecoder();
    private final ChainLog log;
    private final @Nullable RecentRecords recent;
    private final int maxUncommitted;
    private final Membership membership;
    private final ChainFlow flow = new ChainFlow();
    private final ChainOrders orders = new ChainOrders();
    private final LogCuts cuts;
    private ChainState state;
    private PendingOverlay overlay;
    private boolean overlayBegun;
    private boolean overlayReady;
    private final WriterBindings bindings = new WriterBindings(this);
    private long durablePosition;
    private long commitPosition;
    private long checkpointReserveBytes;
    private long checkpointFloorBytes;
    private long restoredPosition;
    private long capturedPosition;
    private long capturedEpoch;
    private long capturedHash;
    private long checkpointPosition;
    private boolean uncertainTail;
    private boolean damageSeen;
    private boolean isLost;
    private long lastBeforeDamage;
    private @Nullable String haltReason;
    private ReadBarriers.@Nullable Queue barriers;

    /** Starts an empty chain; {@link #recover} or {@link #fold} fills it. */
    ChainReplica(
            final int chain,
            final Journal journal,
            final NanoClock clock,
            final EpochNanoClock epochClock,
            final StoreLimits storeLimits,
            final ReplicationLimits limits,
            final @Nullable ChainCluster cluster) {
        this.chain = chain;
        this.journal = journal;
        this.clock = clock;
        this.epochClock = epochClock;
        this.storeLimits = storeLimits;
        rules = cluster == null ? ChainRules.ALL : cluster.rules();
        reserveBytes =
                chain == CONTROL_CHAIN ? 0 : Math.min(MAX_RESERVE_BYTES, journal.capacityBytes() / RESERVE_DIVISOR);
        log = new ChainLog(chain);
        cuts = new LogCuts(journal);
        state = new ChainState(chain, storeLimits);
        overlay = new PendingOverlay(state);
        heldAnswers = new HeldAnswers(limits.maxHeldAnswers());
        membership = new Membership(rules);
        if (cluster == null) {
            recent = null;
            maxUncommitted = Integer.MAX_VALUE;
            membership.alone(FIRST_EPOCH);
            overlayReady = true;
        } else {
            recent = new RecentRecords(journal, cluster.limits().recentRecords());
            maxUncommitted = cluster.limits().maxUncommittedRecords();
        }
    }

    /** Gives the chain's number. */
    int chain() {
        return chain;
    }

    /** Gives the configuration the chain is in, 0 when none is installed here. */
    long chainEpoch() {
        return membership.epoch();
    }

    /** Gives this replica's place in the configuration. */
    Membership membership() {
        return membership;
    }

    /** Gives what is on its way to and from the neighbours. */
    ChainFlow flow() {
        return flow;
    }

    /** Gives what the control plane has ordered. */
    ChainOrders orders() {
        return orders;
    }

    /** Gives the end of the chain log. */
    ChainLog log() {
        return log;
    }

    /** Gives the committed state; nothing else is ever shown. */
    ChainState state() {
        return state;
    }

    /** Gives what the head validates against. */
    PendingOverlay overlay() {
        return overlay;
    }

    /** Gives the answers that wait for commit. */
    HeldAnswers heldAnswers() {
        return heldAnswers;
    }

    /** Gives the last position given to a record, or taken. */
    long sequencedPosition() {
        return log.lastPosition();
    }

    /** Gives the position up to which all is durable here, holes or not. */
    long durablePosition() {
        return durablePosition;
    }

    /** Gives the position up to which this replica may say that all is durable here: no hole is below it. */
    long durablePrefix() {
        return rules.ackAfterOwnDurability ? Math.min(durablePosition, log.wholePrefix()) : log.lastPosition();
    }

    /** Gives the position up to which all is known to be committed. */
    long commitPosition() {
        return commitPosition;
    }

    /** Gives the position up to which all is committed and applied. */
    long appliedPosition() {
        return state.lastPosition();
    }

    /** Gives the position up to which records may be applied (P6). */
    long applicablePosition() {
        return rules.appliesCommittedOnly ? commitPosition : Math.max(commitPosition, durablePosition);
    }

    /** Learns that records are committed. */
    void commitTo(final long position) {
        commitPosition = Math.max(commitPosition, Math.min(position, log.lastPosition()));
    }

    /** Tells whether this is a chain of one, whose records commit when they are durable. */
    boolean commitsAlone() {
        return membership.isAlone() && overlayReady;
    }

    /** Tells whether clients may append here, now. */
    boolean takesRecords() {
        return membership.isHead()
                && membership.isActive()
                && membership.hasMinimum()
                && overlayReady
                && log.lastPosition() - commitPosition < maxUncommitted;
    }

    /**
     * Tells whether no epoch is in force here though this is a member, and has not been for long: most often too few
     * members are left.
     */
    boolean lacksMembers() {
        return membership.isSealed()
                && orders.isStranded
                && orders.learn == null
                && state.memberSinceEpoch() > 0
                && !membership.isHalted();
    }

    /** Tells whether everything taken is as far as it can get by this device alone. */
    boolean isSettled() {
        return membership.isAlone()
                ? state.lastPosition() == log.lastPosition()
                : durablePosition == log.lastPosition();
    }

    /** Tells whether the journal's last room is kept from this chain's events. */
    boolean isFull() {
        return spareBytes() < 0;
    }

    /** Gives the room that is left for this chain's events; negative when it is used up. */
    long spareBytes() {
        return journal.freeBytes() - reserveBytes - checkpointReserveBytes;
    }

    /**
     * Sets what events leave of the journal for checkpoints, and what every record leaves.
     *
     * @param bytes left by events: two checkpoints, and the copies that may precede one.
     * @param floorBytes left by effects and commands, too: the checkpoint that makes room again.
     */
    void checkpointReserve(final long bytes, final long floorBytes) {
        checkpointReserveBytes = chain == CONTROL_CHAIN ? 0 : Math.min(bytes, journal.capacityBytes() / 2);
        checkpointFloorBytes = Math.min(floorBytes, journal.capacityBytes() / 4);
    }

    /**
     * Starts the next record of the chain: claims its room in the open batch and writes all of the header but the CRC.
     * The caller fills the body and calls {@link #sequence}, or nothing at all: an unfinished claim is claimed again.
     *
     * @param kind of the record.
     * @param bodyLength in bytes.
     * @param effectNumber of an effect, else 0.
     * @return index of the header in {@link #buffer()}, or a negative code of {@link JournalStatus}.
     */
    int begin(final RecordKind kind, final int bodyLength, final long effectNumber) {
        if ((effectNumber == 0 && isFull()) || journal.freeBytes() < checkpointFloorBytes) {
            return JournalStatus.FULL;
        }
        return begin(kind, bodyLength, effectNumber, log.lastPosition() + 1, log.lastHash(), 0);
    }

    /**
     * Starts a record about this device alone: it has no place in the chain log (P5: membership).
     *
     * @param kind of the record.
     * @param bodyLength in bytes.
     * @return index as {@link #begin}; {@link #sequenceLocal} ends it.
     */
    int beginLocal(final RecordKind kind, final int bodyLength) {
        return begin(kind, bodyLength, 0, 0, 0, 0);
    }

    /**
     * Starts a record about this device alone that names a hash and flags: a truncation, a fill, a promise.
     *
     * @param kind of the record.
     * @param bodyLength in bytes.
     * @param hash that goes where others name the record before them.
     * @param flags of the record.
     * @return index as {@link #begin}; {@link #sequenceLocal} ends it.
     */
    int beginLocal(final RecordKind kind, final int bodyLength, final long hash, final int flags) {
        return begin(kind, bodyLength, 0, 0, hash, flags);
    }

    /**
     * Starts the record that empties the log for a new membership.
     *
     * @param bodyLength in bytes.
     * @param sinceEpoch of the membership that begins with it.
     * @param snapshotPosition of the snapshot that the log begins with, else 0.
     * @return index as {@link #begin}.
     */
    int beginReset(final int bodyLength, final long sinceEpoch, final long snapshotPosition) {
        final int index =
                begin(RecordKind.TRUNCATE, bodyLength, sinceEpoch, 0, RecordHash.START, ChainOrders.FLAG_RESET);
        if (index >= 0) {
            headerEncoder.commitMark(snapshotPosition);
        }
        return index;
    }

    private int begin(
            final RecordKind kind,
            final int bodyLength,
            final long effectNumber,
            final long position,
            final long previousHash,
            final int flags) {
        final int length = LogFormat.RECORD_HEADER_LENGTH + bodyLength;
        final int index = journal.tryClaim(length);
        if (index < 0) {
            return index;
        }
        headerEncoder
                .wrap(journal.buffer(), index)
                .length(length)
                .kind(kind)
                .flags((short) flags)
                .bodyVersion(0)
                .chain(chain)
                .chainEpoch(chainEpoch())
                .position(position)
                .previousHash(previousHash)
                .commitMark(commitPosition)
                .timestampNs(Math.max(log.lastTimestampNs(), epochClock.nanoTime()))
                .effectNumber(effectNumber);
        return index;
    }

    /** Tells whether a write failed: nothing sequenced since will ever commit here. */
    boolean isFenced() {
        return journal.isFenced();
    }

    /** Takes part in nothing any more: the log of this replica contradicts the chain's. */
    void halt(final String reason) {
        if (haltReason == null) {
            haltReason = reason;
        }
        membership.halt();
        overlayReady = false;
        heldAnswers.discard();
    }

    /** Gives why it takes part in nothing any more, or null. */
    @Nullable
    String haltReason() {
        return haltReason;
    }

    /** Gives the buffer that {@link #begin} gives an index into. */
    MutableDirectBuffer buffer() {
        return journal.buffer();
    }

    /**
     * Takes the record begun at an index into the chain log.
     *
     * @param index as {@link #begin} gave it.
     * @param bodyLength as it was told.
     * @return the record's position.
     */
    long sequence(final int index, final int bodyLength) {
        final int length = LogFormat.RECORD_HEADER_LENGTH + bodyLength;
        journal.commit(index, length);
        overlay.onSequenced(journal.buffer(), index, length);
        final long position = overlay.lastPosition();
        log.append(membership.epoch(), position, overlay.lastHash(), overlay.lastTimestampNs());
        if (recent != null) {
            recent.put(position, index, clock.nanoTime());
        }
        return position;
    }

    /**
     * Takes the next record of the chain as another replica wrote it.
     *
     * @param from holds it; bounds, position and previous hash are checked.
     * @param at index of its header.
     * @param length header and body in bytes.
     * @return 0, or {@link #BAD_CRC}, or a negative code of {@link JournalStatus}.
     */
    int accept(final DirectBuffer from, final int at, final int length) {
        if (!takesForeign()) {
            return JournalStatus.FULL;
        }
        final int index = journal.tryClaim(length);
        if (index < 0) {
            return index;
        }
        journal.buffer().putBytes(index, from, at, length);
        if (!journal.commitCopied(index, length)) {
            return BAD_CRC;
        }
        headerDecoder.wrap(journal.buffer(), index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
        log.append(headerDecoder, length);
        if (recent != null) {
            recent.put(headerDecoder.position(), index, clock.nanoTime());
        }
        return 0;
    }

    /** Tells whether there is room for what others have: promises and cuts must get in, whatever they have room for. */
    boolean takesForeign() {
        return journal.freeBytes() >= Math.max(checkpointFloorBytes, reserveBytes / 2);
    }

    /** Gives where a record lies in the write ring, negative when it is not there any more. */
    int recentIndex(final long position) {
        return recent == null ? RecentRecords.ABSENT : recent.find(position);
    }

    /** Gives when a record came to this replica, 0 when that is not known any more. */
    long arrivedNs(final long position) {
        return recent == null ? 0 : recent.arrivedNs(position);
    }

    /** Takes a record begun by {@link #beginLocal}. */
    void sequenceLocal(final int index, final int bodyLength) {
        journal.commit(index, LogFormat.RECORD_HEADER_LENGTH + bodyLength);
    }

    /** Applies a record about this device alone. */
    int applyLocal(final DirectBuffer buffer, final int index, final int length) {
        return state.apply(buffer, index, length);
    }

    /**
     * Notes that the chain's next record is durable here.
     *
     * @param position of it.
     * @return {@code true} when it is committed by that: {@link #apply} it.
     */
    boolean onDurable(final long position) {
        if (position != durablePosition + 1) {
            throw new IllegalStateException(
                    "chain " + chain + ": position " + position + " durable after " + durablePosition);
        }
        durablePosition = position;
        return commitsAlone() && state.lastPosition() == position - 1;
    }

    /**
     * Applies the next committed record.
     *
     * @return what it changed, as {@link ChainState#apply} says.
     */
    int apply(final DirectBuffer buffer, final int index, final int length, final long position) {
        final int change = state.apply(buffer, index, length);
        commitPosition = Math.max(commitPosition, position);
        if (overlayReady) {
            overlay.onCommitted(position);
        }
        return change;
    }

    /**
     * Takes a record found on the device at start: a chain of one has committed whatever lies there whole.
     *
     * @return what it changed, as {@link ChainState#apply} says.
     */
    int recover(final DirectBuffer buffer, final int index, final int length) {
        final int change = state.apply(buffer, index, length);
        durablePosition = state.lastPosition();
        commitPosition = durablePosition;
        return change;
    }

    /**
     * Takes note of a record found on the device at start. Nothing is applied: only the chain says what is committed.
     */
    void fold(final DirectBuffer buffer, final int index, final int length) {
        headerDecoder.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
        final boolean resets =
                headerDecoder.kind() == RecordKind.TRUNCATE && (headerDecoder.flags() & ChainOrders.FLAG_RESET) != 0;
        if (isLost && !resets) {
            return;
        }
        isLost = false;
        try {
            foldNext(buffer, index, length);
        } catch (final MillraceException e) {
            if (!damageSeen) {
                throw e;
            }
            isLost = true; // a cut was in what is damaged: nobody can tell by this device what its log is
            reset();
        }
    }

    /** Tells whether the log could not be folded because of damage: the membership is lost with it (P5). */
    boolean isLost() {
        return isLost;
    }

    private void foldNext(final DirectBuffer buffer, final int index, final int length) {
        final int body = index + LogFormat.RECORD_HEADER_LENGTH;
        switch (headerDecoder.kind()) {
            case CHAIN_MEMBERSHIP -> {
                final long promised = membershipBody
                        .wrap(buffer, body, ChainMembershipBodyDecoder.BLOCK_LENGTH, 0)
                        .promisedEpoch();
                if (promised < state.promisedEpoch()) {
                    return; // the checkpoint was taken behind it, though it began before it
                }
                state.apply(buffer, index, length);
                uncertainTail = (headerDecoder.flags() & ChainOrders.FLAG_UNCERTAIN_TAIL) != 0;
            }
            case TRUNCATE -> {
                truncateBody.wrap(buffer, body, TruncateBodyDecoder.BLOCK_LENGTH, 0);
                if ((headerDecoder.flags() & ChainOrders.FLAG_RESET) == 0) {
                    log.fold(headerDecoder, truncateBody);
                } else {
                    reset(); // no checkpoint begins before it and holds what came behind
                }
            }
            case FILL -> log.fold(fillBody.wrap(buffer, body, FillBodyDecoder.BLOCK_LENGTH, 0));
            default -> log.fold(headerDecoder, length);
        }
    }

    /** Tells whether a record is part of the checkpoint that the chain was restored from. */
    boolean isRestored(final long position) {
        return position > 0 && position <= restoredPosition;
    }

    /** Takes note that the chain's state came out of a checkpoint, as far as there is one. */
    void restored() {
        state.restored();
        startAtState();
    }

    private void startAtState() {
        restoredPosition = state.lastPosition();
        durablePosition = restoredPosition;
        commitPosition = restoredPosition;
        log.startAt(restoredPosition, state.chainEpoch(), state.lastHash(), state.lastTimestampNs());
    }

    /** Goes on behind what was recovered: a chain of one with all of it, another one with what is known committed. */
    void onRecovered() {
        if (recent == null) {
            log.startAt(state.lastPosition(), state.chainEpoch(), state.lastHash(), state.lastTimestampNs());
            overlay.discard();
        } else {
            if (!damageSeen && !log.holes().isEmpty()) {
                throw new MillraceException(
                        ErrorCode.JOURNAL_CORRUPT,
                        "chain " + chain + ": positions from " + log.holes().first(0) + " to "
                                + log.holes().last(0) + " are missing");
            }
            durablePosition = log.lastPosition();
            commitPosition = log.knownCommit();
        }
    }

    /** Notes that the end of the device is torn or rotted (P4). */
    void uncertainTail(final boolean uncertain) {
        uncertainTail = uncertain && rules.uncertainTailReported;
    }

    /** Tells whether nobody can tell by this device what stood behind the last position (P4). */
    boolean isUncertain() {
        return uncertainTail;
    }

    /** Notes what a checkpoint under way holds of the chain. */
    void onCaptured() {
        capturedPosition = state.lastPosition();
        capturedEpoch = state.chainEpoch();
        capturedHash = state.lastHash();
    }

    /** Gives what a chain is whose log was emptied for a snapshot that is not whole yet: its membership, no more. */
    ChainState emptyState() {
        capturedPosition = 0;
        capturedEpoch = 0;
        capturedHash = RecordHash.START;
        final ChainState empty = new ChainState(chain, storeLimits);
        empty.keepMembership(state.memberSinceEpoch(), state.promisedEpoch());
        return empty;
    }

    /** Notes that this checkpoint is the newest durable one. */
    void onCheckpointDurable() {
        if (capturedPosition >= log.basePosition()) {
            log.base(capturedPosition, capturedEpoch, capturedHash);
            checkpointPosition = capturedPosition;
        }
    }

    /** Gives what a checkpoint of this run holds durably, 0 before the first. */
    long checkpointPosition() {
        return checkpointPosition;
    }

    /** Gives how often the log was cut or emptied, and whether that is durable. */
    LogCuts cuts() {
        return cuts;
    }

    /**
     * Takes over the state of a snapshot; the log was emptied before.
     *
     * @param bytes of the snapshot, from its beginning.
     * @param stateLength of the image at byte 4.
     * @param limit end of the snapshot.
     * @return index of what follows the pieces of the index.
     * @throws io.millrace.store.ChainCheckException when it is no snapshot of this chain.
     */
    int restoreSnapshot(final DirectBuffer bytes, final int stateLength, final int limit) {
        final long sinceEpoch = state.memberSinceEpoch();
        final long promisedEpoch = state.promisedEpoch();
        state.restore(bytes, Integer.BYTES, stateLength);
        int at = Integer.BYTES + stateLength;
        int length = bytes.getInt(at, ByteOrder.LITTLE_ENDIAN);
        while (length > 0 && length <= limit - at - 2 * Integer.BYTES) {
            state.restoreIndex(bytes, at + Integer.BYTES, length);
            at += Integer.BYTES + length;
            length = bytes.getInt(at, ByteOrder.LITTLE_ENDIAN);
        }
        state.restored();
        state.keepMembership(sinceEpoch, promisedEpoch);
        startAtState();
        orders.lacksRecords = true;
        journal.startChainAt(chain, state.lastPosition());
        return length == 0 ? at + Integer.BYTES : limit;
    }

    /**
     * Cuts the log, in memory: the record that says so is in the journal (P1).
     *
     * @param newEpoch that is being installed.
     * @param toPosition that remains; everything applied remains.
     * @param hash of the record there.
     */
    void truncate(final long newEpoch, final long toPosition, final long hash) {
        if (toPosition < state.lastPosition()) {
            throw new IllegalStateException(
                    "chain " + chain + ": a cut to " + toPosition + " with " + state.lastPosition() + " applied");
        }
        cuts.onCut();
        log.truncate(newEpoch, toPosition, hash);
        durablePosition = Math.min(durablePosition, toPosition);
        commitPosition = Math.min(commitPosition, toPosition);
        if (recent != null) {
            recent.truncate(toPosition);
        }
    }

    /** Notes at recovery that batches are missing here: they may have held records of the chain (P4). */
    void onDamage() {
        damageSeen = true;
        lastBeforeDamage = log.lastPosition();
    }

    /** Tells whether records of the chain may be missing behind its last one, because damaged batches held them. */
    boolean mayLackTail() {
        return damageSeen && log.lastPosition() == lastBeforeDamage;
    }

    /** Starts anew with an empty log: what was here belongs to no membership any more (P5). */
    void reset() {
        state = new ChainState(chain, storeLimits);
        overlay = new PendingOverlay(state);
        overlayReady = false;
        overlayBegun = false;
        bindings.forgetAll();
        restoredPosition = 0;
        capturedPosition = 0;
        capturedEpoch = 0;
        capturedHash = RecordHash.START;
        orders.lacksRecords = false;
        cuts.onCut();
        checkpointPosition = 0;
        durablePosition = 0;
        commitPosition = 0;
        log.startAt(0, 0, RecordHash.START, 0);
        if (recent != null) {
            recent.truncate(0);
        }
    }

    /** Forgets what is not committed of the validation, and every answer that depends on it (P2, P6). */
    void dropSpeculation() {
        overlayReady = false;
        overlayBegun = false;
        if (rules.answersHeld) {
            heldAnswers.discard(bindings);
        }
        bindings.forgetAll();
    }

    /**
     * Rebuilds the overlay of a new head: the records that are not applied are sequenced again (P6).
     *
     * @param source of the records.
     * @param limit records at once.
     * @return whether it is complete.
     */
    boolean rebuildOverlay(final RecordSource source, final int limit) {
        if (!overlayBegun) {
            overlay.discard();
            overlayBegun = true;
        }
        if (!rules.overlayRebuilt) {
            overlayReady = true;
            return true;
        }
        int left = limit;
        while (overlay.lastPosition() < log.lastPosition() && left-- > 0) {
            if (source.find(this, overlay.lastPosition() + 1) != RecordSource.READY) {
                return false;
            }
            final int length = recordLength(source.buffer(), source.index());
            overlay.onSequenced(source.buffer(), source.index(), length);
        }
        overlayReady = overlay.lastPosition() == log.lastPosition();
        return overlayReady;
    }

    /** Tells whether the head can validate. */
    boolean isOverlayReady() {
        return overlayReady;
    }

    /** Reads the length of a record. */
    static int recordLength(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + RecordHeaderDecoder.lengthEncodingOffset(), ByteOrder.LITTLE_ENDIAN);
    }

    /** Computes the hash of a record. */
    static long recordHash(final DirectBuffer buffer, final int index) {
        return RecordHash.next(
                buffer.getLong(index + RecordHeaderDecoder.previousHashEncodingOffset(), ByteOrder.LITTLE_ENDIAN),
                buffer.getInt(index + CRC_OFFSET, ByteOrder.LITTLE_ENDIAN),
                recordLength(buffer, index));
    }

    /** Gives the sessions that wait to hear of the next epoch. */
    List<Session> formerSessions() {
        return bindings.formerSessions();
    }

    /** Gives the read barriers under way, null when there never was one. */
    ReadBarriers.@Nullable Queue barriers() {
        return barriers;
    }

    /** Takes the place for read barriers. */
    void barriers(final ReadBarriers.Queue queue) {
        barriers = queue;
    }

    /** Finds the binding of a writer's slot. */
    @Nullable
    WriterBinding binding(final int slot) {
        return bindings.find(slot);
    }

    /** Forgets the binding of a slot whose writer has expired: the next writer in the slot gets one of its own. */
    void unbind(final int slot) {
        bindings.forget(slot);
    }

    /** Finds or makes the binding of a writer's slot; set-up only, never per append. */
    WriterBinding bind(final int slot) {
        return bindings.bind(slot);
    }
}
