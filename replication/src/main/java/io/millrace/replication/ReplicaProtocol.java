package io.millrace.replication;

import io.millrace.codec.LogFormat;
import io.millrace.codec.LogRecords;
import io.millrace.codec.chain.CommitDecoder;
import io.millrace.codec.chain.CommitEncoder;
import io.millrace.codec.chain.DurablePrefixDecoder;
import io.millrace.codec.chain.DurablePrefixEncoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.NakDecoder;
import io.millrace.codec.chain.NakEncoder;
import io.millrace.codec.chain.ReplicateDecoder;
import io.millrace.codec.chain.ReplicateEncoder;
import io.millrace.codec.chain.SnapshotNeededDecoder;
import io.millrace.codec.chain.SnapshotNeededEncoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the members of a chain say to each other while nothing changes: records and the durable prefix go from head to
 * tail, the commit position and requests for missing records from tail to head.
 *
 * <pre>
 *   head  --Replicate, DurablePrefix--&gt;  middle  --Replicate, DurablePrefix--&gt;  tail
 *   head  &lt;--Commit, Nak---------------  middle  &lt;--Commit, Nak---------------  tail: commit = min(own durable, told)
 * </pre>
 *
 * <p>Nothing here needs a reliable link: whatever is lost is found missing by the next message, at the latest by the
 * repetition of progress every sync interval; whatever comes twice or late is recognised by epoch, position and hash.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated.
 */
final class ReplicaProtocol {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int REPLICATE_PREFIX =
            HEADER + ReplicateEncoder.BLOCK_LENGTH + ReplicateEncoder.recordsHeaderLength();
    private static final int SCRATCH_LENGTH = 256 << 10;
    private static final int POSITION_OFFSET = RecordHeaderDecoder.positionEncodingOffset();
    private static final int HASH_OFFSET = RecordHeaderDecoder.previousHashEncodingOffset();
    private static final int CHAIN_OFFSET = RecordHeaderDecoder.chainEncodingOffset();
    private static final int CRC_OFFSET = RecordHeaderDecoder.crc32cEncodingOffset();

    private final RecordSource source;
    private final ChainRules rules;
    private final ChainLimits limits;
    private final ChainCounters counters;
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[SCRATCH_LENGTH]);
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final ReplicateEncoder replicateEncoder = new ReplicateEncoder();
    private final ReplicateDecoder replicate = new ReplicateDecoder();
    private final DurablePrefixEncoder prefixEncoder = new DurablePrefixEncoder();
    private final DurablePrefixDecoder prefix = new DurablePrefixDecoder();
    private final CommitEncoder commitEncoder = new CommitEncoder();
    private final CommitDecoder commit = new CommitDecoder();
    private final NakEncoder nakEncoder = new NakEncoder();
    private final NakDecoder nak = new NakDecoder();
    private final SnapshotNeededEncoder neededEncoder = new SnapshotNeededEncoder();
    private final SnapshotNeededDecoder needed = new SnapshotNeededDecoder();
    private int packedBytes;
    private int packedCount;

    /**
     * Serves all chains of a device.
     *
     * @param source of records.
     * @param rules that hold.
     * @param limits of each chain.
     * @param counters to count in.
     */
    ReplicaProtocol(
            final RecordSource source, final ChainRules rules, final ChainLimits limits, final ChainCounters counters) {
        this.source = source;
        this.rules = rules;
        this.limits = limits;
        this.counters = counters;
    }

    /**
     * Runs one turn of a chain before the journal's: records that came are on their way before their write begins.
     *
     * @param replica of the chain.
     * @param nowNs monotonic time of this turn.
     * @return frames sent.
     */
    int forward(final ChainReplica replica, final long nowNs) {
        final Membership membership = replica.membership();
        final PeerLink successor = membership.successor();
        if (successor == null || !membership.isActive()) {
            return 0;
        }
        final ChainFlow flow = replica.flow();
        final int room = Math.min(
                SCRATCH_LENGTH, Math.min(limits.maxFrameBytes(), Math.max(1, successor.preferredFrameLength())));
        int budget = limits.sendBytesPerTurn();
        int frames = 0;
        while (flow.sentPosition < replica.sequencedPosition() && budget > 0) {
            final int status = pack(replica, flow.sentPosition + 1, room);
            if (packedCount == 0) {
                if (status == RecordSource.GONE) {
                    sendSnapshotNeeded(replica, successor, flow.sentPosition + 1, nowNs);
                }
                break;
            }
            if (!sendPacked(replica, successor, flow.sentPosition + 1, nowNs)) {
                counters.linkBackPressureCount++;
                break;
            }
            flow.sentPosition += packedCount;
            budget -= packedBytes;
            frames++;
        }
        return frames;
    }

    /**
     * Runs one turn of a chain behind the journal's: what has become durable or committed is told, and what is due is
     * repeated.
     *
     * @param replica of the chain.
     * @param nowNs monotonic time of this turn.
     * @return messages sent.
     */
    int tell(final ChainReplica replica, final long nowNs) {
        final Membership membership = replica.membership();
        if (!membership.isActive()) {
            return 0;
        }
        if (membership.isTail()) {
            advanceCommit(replica);
        }
        int work = 0;
        final PeerLink successor = membership.successor();
        if (successor != null) {
            work += tellSuccessor(replica, successor, nowNs);
        }
        final PeerLink predecessor = membership.predecessor();
        if (predecessor != null) {
            work += tellPredecessor(replica, predecessor, nowNs);
        }
        return work;
    }

    /** The tail's rule: committed is what all members have durable, and their prefix of it comes by the predecessor. */
    private void advanceCommit(final ChainReplica replica) {
        final long own = replica.durablePrefix();
        final boolean waits = !replica.membership().isHead() && rules.tailWaitsForPredecessor;
        final long received = receivedPrefix(replica);
        final long durable = waits ? Math.min(own, replica.flow().predecessorDurable) : own;
        replica.commitTo(rules.receivedIsNoCommit ? durable : received);
        replica.flow().receivedByAll = received;
    }

    private static long durablePrefix(final ChainReplica replica) {
        final long own = replica.durablePrefix();
        return replica.membership().isHead() ? own : Math.min(own, replica.flow().predecessorDurable);
    }

    private static long receivedPrefix(final ChainReplica replica) {
        final long own = replica.log().wholePrefix();
        return replica.membership().isHead() ? own : Math.min(own, replica.flow().predecessorReceived);
    }

    private int tellSuccessor(final ChainReplica replica, final PeerLink successor, final long nowNs) {
        final ChainFlow flow = replica.flow();
        final long durable = durablePrefix(replica);
        if (durable == flow.toldDurable && nowNs - flow.nextDownstreamSyncNs < 0) {
            return 0;
        }
        prefixEncoder
                .wrapAndApplyHeader(scratch, 0, headerEncoder)
                .chainEpoch(replica.chainEpoch())
                .durablePosition(durable)
                .lastPosition(flow.sentPosition)
                .commitPosition(replica.commitPosition())
                .receivedPosition(receivedPrefix(replica))
                .chain(replica.chain())
                .member(replica.membership().index());
        if (successor.offer(scratch, 0, HEADER + DurablePrefixEncoder.BLOCK_LENGTH) < 0) {
            return 0;
        }
        flow.toldDurable = durable;
        flow.nextDownstreamSyncNs = nowNs + limits.syncIntervalNs();
        return 1;
    }

    private int tellPredecessor(final ChainReplica replica, final PeerLink predecessor, final long nowNs) {
        final ChainFlow flow = replica.flow();
        int work = 0;
        if (flow.predecessorLast > replica.sequencedPosition() && nowNs - flow.nextNakNs >= 0) {
            work += sendNak(replica, predecessor, nowNs);
        }
        final long committed = replica.commitPosition();
        if (committed == flow.toldCommit && nowNs - flow.nextUpstreamSyncNs < 0) {
            return work;
        }
        commitEncoder
                .wrapAndApplyHeader(scratch, 0, headerEncoder)
                .chainEpoch(replica.chainEpoch())
                .commitPosition(committed)
                .lastPosition(replica.sequencedPosition())
                .durablePosition(replica.durablePrefix())
                .receivedPosition(flow.receivedByAll)
                .chain(replica.chain())
                .member(replica.membership().index());
        if (predecessor.offer(scratch, 0, HEADER + CommitEncoder.BLOCK_LENGTH) < 0) {
            return work;
        }
        flow.toldCommit = committed;
        flow.nextUpstreamSyncNs = nowNs + limits.syncIntervalNs();
        return work + 1;
    }

    private int sendNak(final ChainReplica replica, final PeerLink predecessor, final long nowNs) {
        nakEncoder
                .wrapAndApplyHeader(scratch, 0, headerEncoder)
                .chainEpoch(replica.chainEpoch())
                .fromPosition(replica.sequencedPosition() + 1)
                .previousHash(replica.log().lastHash())
                .chain(replica.chain())
                .member(replica.membership().index());
        if (predecessor.offer(scratch, 0, HEADER + NakEncoder.BLOCK_LENGTH) < 0) {
            return 0;
        }
        counters.nakCount++;
        replica.flow().nextNakNs = nowNs + limits.nakIntervalNs();
        return 1;
    }

    private void sendSnapshotNeeded(
            final ChainReplica replica, final PeerLink successor, final long fromPosition, final long nowNs) {
        if (nowNs - replica.flow().nextDownstreamSyncNs < 0) {
            return; // once a sync interval: it is said with the next progress
        }
        neededEncoder
                .wrapAndApplyHeader(scratch, 0, headerEncoder)
                .chainEpoch(replica.chainEpoch())
                .fromPosition(fromPosition)
                .basePosition(replica.log().basePosition())
                .chain(replica.chain())
                .member(replica.membership().index());
        if (successor.offer(scratch, 0, HEADER + SnapshotNeededEncoder.BLOCK_LENGTH) >= 0) {
            counters.snapshotNeededCount++;
        }
    }

    /** Puts records together behind the room of the message's fixed part, as far as they are at hand and fit. */
    private int pack(final ChainReplica replica, final long fromPosition, final int room) {
        packedCount = 0;
        packedBytes = 0;
        long position = fromPosition;
        int status = RecordSource.READY;
        while (position <= replica.sequencedPosition()) {
            status = source.find(replica, position);
            if (status != RecordSource.READY) {
                break;
            }
            final DirectBuffer from = source.buffer();
            final int index = source.index();
            final int length = LogFormat.align(ChainReplica.recordLength(from, index));
            final int used = REPLICATE_PREFIX + packedBytes;
            if (used + length > (packedCount == 0 ? SCRATCH_LENGTH : room)) {
                break;
            }
            scratch.putBytes(used, from, index, length);
            packedBytes += length;
            packedCount++;
            position++;
        }
        return status;
    }

    private boolean sendPacked(
            final ChainReplica replica, final PeerLink successor, final long firstPosition, final long nowNs) {
        final long durable = durablePrefix(replica);
        final ChainFlow flow = replica.flow();
        replicateEncoder
                .wrapAndApplyHeader(scratch, 0, headerEncoder)
                .chainEpoch(replica.chainEpoch())
                .firstPosition(firstPosition)
                .commitPosition(replica.commitPosition())
                .durablePosition(durable)
                .lastPosition(firstPosition + packedCount - 1)
                .chain(replica.chain())
                .member(replica.membership().index())
                .recordCount(packedCount);
        scratch.putInt(HEADER + ReplicateEncoder.BLOCK_LENGTH, packedBytes, ByteOrder.LITTLE_ENDIAN);
        if (successor.offer(scratch, 0, REPLICATE_PREFIX + packedBytes) < 0) {
            return false;
        }
        flow.toldDurable = durable;
        flow.nextDownstreamSyncNs = nowNs + limits.syncIntervalNs();
        counters.replicatedRecordCount += packedCount;
        return true;
    }

    /** Takes records from the predecessor. */
    void onReplicate(final ChainReplica replica, final DirectBuffer buffer, final int offset, final long nowNs) {
        replicate.wrapAndApplyHeader(buffer, offset, headerDecoder);
        if (!isFromPredecessor(replica, replicate.chainEpoch(), replicate.member(), true)) {
            return;
        }
        final ChainFlow flow = replica.flow();
        flow.hearPredecessor(nowNs);
        final int bytes = replicate.recordsLength();
        final int first = replicate.limit() + ReplicateDecoder.recordsHeaderLength();
        final int limit = first + bytes;
        int index = first;
        long position = replicate.firstPosition();
        for (int i = 0; i < replicate.recordCount() && index < limit; i++) {
            final int length = LogRecords.check(buffer, index, limit);
            if (length < 0 || !isOfChain(replica, buffer, index, position)) {
                counters.malformedCount++;
                return;
            }
            if (!take(replica, buffer, index, length, position, nowNs)) {
                break;
            }
            index += LogFormat.align(length);
            position++;
        }
        flow.predecessorLast = Math.max(flow.predecessorLast, replicate.lastPosition());
        onPredecessorDurable(replica, replicate.durablePosition(), replicate.commitPosition());
    }

    /** Takes one record, or finds out why not. Returns whether the next one can follow. */
    private boolean take(
            final ChainReplica replica,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final long position,
            final long nowNs) {
        final long last = replica.sequencedPosition();
        if (position <= last) {
            return isSameAsOwn(replica, buffer, index, position);
        }
        if (position > last + 1) {
            replica.flow().predecessorLast = Math.max(replica.flow().predecessorLast, position);
            return false; // a gap: a Nak goes out with the next turn
        }
        final long previousHash = buffer.getLong(index + HASH_OFFSET, ByteOrder.LITTLE_ENDIAN);
        if (rules.hashChecked && previousHash != replica.log().lastHash()) {
            counters.divergenceCount++;
            replica.halt("position " + position + " of the predecessor follows another record than position " + last
                    + " here");
            return false;
        }
        final int status = replica.accept(buffer, index, length);
        if (status == ChainReplica.BAD_CRC) {
            counters.malformedCount++;
        } else if (status < 0) {
            counters.refusedRecordCount++;
            replica.flow().nextNakNs = nowNs + limits.nakIntervalNs();
        }
        return status >= 0;
    }

    private boolean isSameAsOwn(
            final ChainReplica replica, final DirectBuffer buffer, final int index, final long position) {
        counters.repeatedRecordCount++;
        final int own = replica.recentIndex(position);
        if (!rules.hashChecked || own < 0) {
            return true;
        }
        final DirectBuffer mine = replica.buffer();
        final boolean same = mine.getInt(own + CRC_OFFSET) == buffer.getInt(index + CRC_OFFSET)
                && mine.getLong(own + HASH_OFFSET) == buffer.getLong(index + HASH_OFFSET);
        if (!same) {
            counters.divergenceCount++;
            replica.halt("position " + position + " of the predecessor is another record than the one here");
        }
        return same;
    }

    private static boolean isOfChain(
            final ChainReplica replica, final DirectBuffer buffer, final int index, final long position) {
        final int kind = LogRecords.kindOf(buffer, index);
        return buffer.getInt(index + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN) == replica.chain()
                && buffer.getLong(index + POSITION_OFFSET, ByteOrder.LITTLE_ENDIAN) == position
                && isChainKind(kind);
    }

    /** Tells whether records of a kind have a place in the chain log, and are replicated. */
    static boolean isChainKind(final int kind) {
        return kind == RecordKind.APPEND.value()
                || kind == RecordKind.APPEND_FRAGMENT.value()
                || (kind >= RecordKind.WRITER_SETUP.value() && kind <= RecordKind.SEGMENT_EFFECT.value());
    }

    /** Takes progress from the predecessor. */
    void onDurablePrefix(final ChainReplica replica, final DirectBuffer buffer, final int offset, final long nowNs) {
        prefix.wrapAndApplyHeader(buffer, offset, headerDecoder);
        if (!isFromPredecessor(replica, prefix.chainEpoch(), prefix.member(), false)) {
            return;
        }
        final ChainFlow flow = replica.flow();
        flow.hearPredecessor(nowNs);
        flow.predecessorLast = Math.max(flow.predecessorLast, prefix.lastPosition());
        flow.predecessorReceived = Math.max(flow.predecessorReceived, prefix.receivedPosition());
        onPredecessorDurable(replica, prefix.durablePosition(), prefix.commitPosition());
    }

    private void onPredecessorDurable(final ChainReplica replica, final long durable, final long committed) {
        final ChainFlow flow = replica.flow();
        flow.predecessorDurable = Math.max(flow.predecessorDurable, durable);
        if (replica.membership().isTail()) {
            advanceCommit(replica);
        } else {
            replica.commitTo(Math.min(committed, replica.durablePrefix()));
        }
    }

    /** Takes progress from the successor. */
    void onCommit(final ChainReplica replica, final DirectBuffer buffer, final int offset, final long nowNs) {
        commit.wrapAndApplyHeader(buffer, offset, headerDecoder);
        if (!isFromSuccessor(replica, commit.chainEpoch(), commit.member())) {
            return;
        }
        final ChainFlow flow = replica.flow();
        flow.hearSuccessor(nowNs);
        flow.successorLast = commit.lastPosition();
        flow.receivedByAll = Math.max(flow.receivedByAll, Math.min(commit.receivedPosition(), receivedPrefix(replica)));
        replica.commitTo(Math.min(commit.commitPosition(), replica.durablePrefix()));
    }

    /** Sends again from where the successor lacks records. */
    void onNak(final ChainReplica replica, final DirectBuffer buffer, final int offset, final long nowNs) {
        nak.wrapAndApplyHeader(buffer, offset, headerDecoder);
        if (!isFromSuccessor(replica, nak.chainEpoch(), nak.member())) {
            return;
        }
        final ChainFlow flow = replica.flow();
        flow.hearSuccessor(nowNs);
        if (nak.fromPosition() < 1 || nak.fromPosition() > replica.sequencedPosition() + 1) {
            counters.malformedCount++;
            return;
        }
        counters.resendCount++;
        flow.sentPosition = nak.fromPosition() - 1;
        flow.nextDownstreamSyncNs = nowNs;
    }

    /** Notes that the predecessor has not got what is missing here. */
    void onSnapshotNeeded(final ChainReplica replica, final DirectBuffer buffer, final int offset) {
        needed.wrapAndApplyHeader(buffer, offset, headerDecoder);
        if (isFromPredecessor(replica, needed.chainEpoch(), needed.member(), true)
                && needed.fromPosition() == replica.sequencedPosition() + 1) {
            counters.snapshotNeededCount++; // the control plane makes a learner of a member that stays behind
        }
    }

    private boolean isFromPredecessor(
            final ChainReplica replica, final long epoch, final int member, final boolean records) {
        final Membership membership = replica.membership();
        final boolean takes = membership.isActive()
                || (!records && !rules.noAckAfterSealed && !membership.isHalted() && membership.isTail());
        if (epoch != membership.epoch() || !takes || member != membership.index() - 1 || member < 0) {
            counters.otherEpochCount++;
            return false;
        }
        return true;
    }

    private boolean isFromSuccessor(final ChainReplica replica, final long epoch, final int member) {
        final Membership membership = replica.membership();
        final @Nullable PeerLink successor = membership.successor();
        if (epoch != membership.epoch()
                || !membership.isActive()
                || successor == null
                || member != membership.index() + 1) {
            counters.otherEpochCount++;
            return false;
        }
        return true;
    }
}
