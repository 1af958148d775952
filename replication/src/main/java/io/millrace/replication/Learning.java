package io.millrace.replication;

import io.millrace.codec.LogFormat;
import io.millrace.codec.LogRecords;
import io.millrace.codec.RecordHash;
import io.millrace.codec.chain.FetchRangeEncoder;
import io.millrace.codec.chain.LearnDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.RangeDataDecoder;
import io.millrace.codec.chain.RetireDecoder;
import io.millrace.codec.chain.SnapshotPartDecoder;
import io.millrace.codec.chain.SnapshotRequestEncoder;
import io.millrace.codec.log.FillBodyEncoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.TruncateBodyEncoder;
import io.millrace.journal.Journal;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Fetches what a replica lacks: the whole log of a learner, record by record behind the last it has, and the records of
 * damaged ranges, which go into the journal as fills (P4). Everything is checked by CRC and by the hash chain; a fill,
 * in addition, by the hash that the record behind the hole names.
 *
 * <p>A learner takes committed records only and applies them. It is complete when it holds, durably, everything that
 * its source had committed, without a hole; until then it is of no use to anybody (P8).
 *
 * <p><b>Threading</b>: the device thread.
 */
final class Learning {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int HASH_OFFSET = RecordHeaderDecoder.previousHashEncodingOffset();
    private static final int POSITION_OFFSET = RecordHeaderDecoder.positionEncodingOffset();
    private static final int CHAIN_OFFSET = RecordHeaderDecoder.chainEncodingOffset();

    /** Asked again when no answer has come: the link may have lost it, or the source was reading. */
    private static final int RETRY_INTERVALS = 4;

    /** Answers that bring a learner to what was committed, when it is near enough to become a member. */
    private static final int NEAR_ANSWERS = 4;

    private final Journal journal;
    private final RecordSource source;
    private final ChainRules rules;
    private final ChainLimits limits;
    private final PeerLinks links;
    private final ControlMessages control;
    private final Reconfiguration reconfiguration;
    private final ChainCounters counters;
    private final Checkpointer checkpointer;
    private final SnapshotRequestEncoder snapshotRequest = new SnapshotRequestEncoder();
    private final SnapshotPartDecoder part = new SnapshotPartDecoder();
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[256]);
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final LearnDecoder learn = new LearnDecoder();
    private final RetireDecoder retire = new RetireDecoder();
    private final FetchRangeEncoder fetch = new FetchRangeEncoder();
    private final RangeDataDecoder data = new RangeDataDecoder();
    private final FillBodyEncoder fill = new FillBodyEncoder();
    private final TruncateBodyEncoder truncate = new TruncateBodyEncoder();
    private long requestCount;

    /** Serves all chains of a device. */
    Learning(
            final Journal journal,
            final RecordSource source,
            final ChainCluster cluster,
            final ControlMessages control,
            final Reconfiguration reconfiguration,
            final ChainCounters counters,
            final Checkpointer checkpointer) {
        this.checkpointer = checkpointer;
        this.journal = journal;
        this.source = source;
        this.control = control;
        this.reconfiguration = reconfiguration;
        this.counters = counters;
        rules = cluster.rules();
        limits = cluster.limits();
        links = cluster.links();
    }

    /** Becomes a learner, or goes on being one. */
    void onLearn(final ChainReplica replica, final DirectBuffer buffer, final int offset, final long nowNs) {
        learn.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final ChainOrders orders = replica.orders();
        if (!control.isForDevice(learn.nodeIdHigh(), learn.nodeIdLow(), learn.deviceUuidHigh(), learn.deviceUuidLow())
                || learn.incarnation() != control.incarnation()
                || replica.membership().isHalted()
                || learn.chainEpoch() < orders.promisedEpoch
                || learn.chainEpoch() <= replica.chainEpoch()
                || orders.stage != ChainOrders.Stage.NONE) {
            return;
        }
        final LearnOrder running = orders.learn;
        if (running != null && running.epoch == learn.chainEpoch() && running.orderNumber == learn.orderNumber()) {
            running.nextReportNs = nowNs;
            return;
        }
        final EpochHistory history = new EpochHistory();
        boolean rises = true;
        for (final LearnDecoder.HistoryDecoder pair : learn.history()) {
            rises &= history.add(pair.epoch(), pair.startPosition());
        }
        if (!rises) {
            counters.malformedCount++;
            return;
        }
        final ReplicaAddress from = new ReplicaAddress(
                learn.sourceNodeIdHigh(),
                learn.sourceNodeIdLow(),
                learn.sourceDeviceUuidHigh(),
                learn.sourceDeviceUuidLow(),
                learn.sourceIncarnation(),
                learn.sourceEndpoint());
        replica.membership().seal();
        replica.dropSpeculation();
        // Who learns in an epoch has left all below it: an Install of one that comes late is no order any more.
        orders.promisedEpoch = learn.chainEpoch();
        orders.sealedDue = false;
        orders.learn = new LearnOrder(learn.chainEpoch(), learn.sinceEpoch(), learn.orderNumber(), from, history);
        orders.learn.nextRequestNs = nowNs;
        orders.learn.nextReportNs = nowNs;
    }

    /** Forgets that this device belongs to a chain, and the log with it. */
    void onRetire(final ChainReplica replica, final DirectBuffer buffer, final int offset) {
        retire.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final ChainOrders orders = replica.orders();
        if (!control.isForDevice(
                        retire.nodeIdHigh(), retire.nodeIdLow(), retire.deviceUuidHigh(), retire.deviceUuidLow())
                || retire.incarnation() != control.incarnation()
                || retire.chainEpoch() < orders.promisedEpoch // late: it has been asked for its log since
                || (replica.chainEpoch() >= retire.chainEpoch()
                        && !replica.membership().isSealed())) {
            return;
        }
        if (replica.state().memberSinceEpoch() == 0 && !orders.retiring) {
            control.retired(replica.chain(), retire.chainEpoch(), retire.sinceEpoch(), retire.orderNumber());
            return;
        }
        if (retire.sinceEpoch() != replica.state().memberSinceEpoch()
                || orders.stage != ChainOrders.Stage.NONE
                || orders.retiring) {
            return;
        }
        replica.membership().seal();
        replica.dropSpeculation();
        orders.learn = null;
        // Answered when it is durable: the control plane asks again. An uncommitted end must not hold up checkpoints.
        orders.retiring = replica.durablePosition() == replica.sequencedPosition() && recordLoss(replica);
    }

    /** Fetches what is missing, as far as something is. */
    int doWork(final ChainReplica replica, final long nowNs) {
        final LearnOrder order = replica.orders().learn;
        if (order != null) {
            return learn(replica, order, nowNs);
        }
        if (replica.log().holes().isEmpty() || nowNs - replica.flow().fetchedNs < retryNs()) {
            return 0;
        }
        final PeerLink from = neighbour(replica);
        if (from == null) {
            return 0;
        }
        replica.flow().fetchedNs = nowNs;
        return requestHole(replica, from, ++requestCount) ? 1 : 0;
    }

    private long retryNs() {
        return RETRY_INTERVALS * limits.nakIntervalNs();
    }

    /** A member asks the one before it, and the head the one behind it. */
    private static @Nullable PeerLink neighbour(final ChainReplica replica) {
        final Membership membership = replica.membership();
        if (!membership.isActive()) {
            return null;
        }
        final PeerLink predecessor = membership.predecessor();
        return predecessor == null ? membership.successor() : predecessor;
    }

    private int learn(final ChainReplica replica, final LearnOrder order, final long nowNs) {
        if (!order.begun) {
            return begin(replica, order) ? 1 : 0;
        }
        int work = 0;
        final SnapshotFetch snapshot = order.snapshot;
        if (snapshot != null) {
            return fetch(replica, order, snapshot, nowNs);
        }
        if (order.complete && nowNs - order.nextReportNs >= 0 && control.learnerComplete(replica, order)) {
            order.nextReportNs = nowNs + retryNs();
            work++;
        }
        if (nowNs - order.nextRequestNs < 0 || replica.orders().promisedEpoch > order.epoch) {
            return work; // what was told in Sealed stays what it was
        }
        final PeerLink from = links.link(order.source);
        order.requestId = ++requestCount;
        final boolean sent = replica.log().holes().isEmpty()
                ? request(
                        replica,
                        from,
                        order.requestId,
                        replica.sequencedPosition() + 1,
                        Long.MAX_VALUE,
                        replica.log().lastHash(),
                        1)
                : requestHole(replica, from, order.requestId);
        order.nextRequestNs = nowNs + (sent ? retryNs() : limits.nakIntervalNs());
        return work + 1;
    }

    /** Cuts the log to what is valid, or drops it where it belongs to another membership, and records the new one. */
    private boolean begin(final ChainReplica replica, final LearnOrder order) {
        if (replica.durablePosition() < replica.sequencedPosition()) {
            return false;
        }
        final long since = replica.state().memberSinceEpoch();
        // what another order left half fetched is worth nothing: its source may have freed the rest
        final boolean isKept = since == order.sinceEpoch && !replica.orders().lacksRecords;
        if (!isKept && (replica.sequencedPosition() > 0 || since != 0)) {
            if (!recordReset(replica, order, 0)) {
                return false;
            }
        } else if (isKept) {
            final ChainLog log = replica.log();
            final long last = log.lastPosition();
            final long valid = log.lastPresent(order.history.validPrefix(log.epochs(), last));
            if (valid < replica.appliedPosition()) {
                replica.halt("the chain's history ends the log at position " + valid + ", with position "
                        + replica.appliedPosition() + " applied here");
                return true;
            }
            if (valid < last && !cut(replica, order, valid)) {
                return false;
            }
        }
        replica.uncertainTail(false); // it is trusted again when it has fetched everything
        if (!reconfiguration.recordMembership(
                replica,
                order.sinceEpoch,
                Math.max(replica.orders().promisedEpoch, replica.state().promisedEpoch()))) {
            return false;
        }
        order.begun = true;
        order.complete = !rules.learnerComplete;
        return true;
    }

    private boolean cut(final ChainReplica replica, final LearnOrder order, final long valid) {
        return reconfiguration.findHash(replica, valid)
                && reconfiguration.recordTruncation(
                        replica, order.history.lastEpoch(), valid, reconfiguration.foundHash(), order.history);
    }

    private boolean recordReset(final ChainReplica replica, final LearnOrder order, final long snapshotPosition) {
        final int index = replica.beginReset(TruncateBodyEncoder.BLOCK_LENGTH, order.sinceEpoch, snapshotPosition);
        if (index < 0) {
            return false;
        }
        final int body = index + LogFormat.RECORD_HEADER_LENGTH;
        replica.buffer().setMemory(body, TruncateBodyEncoder.BLOCK_LENGTH, (byte) 0);
        truncate.wrap(replica.buffer(), body)
                .newEpoch(order.history.lastEpoch())
                .toPosition(0)
                .historyCount(0);
        replica.sequenceLocal(index, TruncateBodyEncoder.BLOCK_LENGTH);
        replica.cuts().onRecorded();
        replica.reset();
        replica.orders().recordedPromise = 0; // it went with the log: a Seal records it again
        return true;
    }

    /**
     * Empties the log of a replica that is none any more, or whose membership was lost with damaged batches: for every
     * later recovery, too.
     *
     * @return false when the journal takes nothing now.
     */
    boolean recordLoss(final ChainReplica replica) {
        return recordReset(replica, new LearnOrder(0, 0, 0, control.own(), new EpochHistory()), 0);
    }

    private boolean requestHole(final ChainReplica replica, final PeerLink from, final long requestId) {
        final PositionRanges holes = replica.log().holes();
        // not committed perhaps: the record behind the hole names what is in it
        return request(replica, from, requestId, holes.first(0), holes.last(0), 0, 0);
    }

    private boolean request(
            final ChainReplica replica,
            final PeerLink from,
            final long requestId,
            final long fromPosition,
            final long toPosition,
            final long previousHash,
            final int committedOnly) {
        fetch.wrapAndApplyHeader(scratch, 0, headerEncoder)
                .requestId(requestId)
                .fromPosition(fromPosition)
                .toPosition(toPosition)
                .previousHash(previousHash)
                .chain(replica.chain())
                .committedOnly((short) committedOnly);
        return from.offer(scratch, 0, HEADER + FetchRangeEncoder.BLOCK_LENGTH) > 0;
    }

    /** Takes records that were asked for. */
    void onRangeData(final ChainReplica replica, final DirectBuffer buffer, final int offset, final long nowNs) {
        data.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final LearnOrder order = replica.orders().learn;
        final boolean holes = !replica.log().holes().isEmpty();
        final boolean isLate = order != null && replica.orders().promisedEpoch > order.epoch;
        if (isLate || (order != null ? data.requestId() != order.requestId : !holes)) {
            return; // an answer to an earlier question
        }
        final SnapshotFetch snapshot = order == null ? null : order.snapshot;
        if (order != null && snapshot != null) {
            if (snapshot.stage == SnapshotFetch.Stage.RECORDS) {
                keep(replica, snapshot, buffer);
                order.nextRequestNs = nowNs;
            }
            return;
        }
        final int first = data.limit() + RangeDataDecoder.recordsHeaderLength();
        final int limit = first + data.recordsLength();
        int index = first;
        long position = data.firstPosition();
        boolean whole = true;
        for (int i = 0; i < data.recordCount() && index < limit && whole; i++) {
            final int length = LogRecords.check(buffer, index, limit);
            if (length < 0
                    || buffer.getInt(index + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN) != replica.chain()
                    || buffer.getLong(index + POSITION_OFFSET, ByteOrder.LITTLE_ENDIAN) != position
                    || !ReplicaProtocol.isChainKind(LogRecords.kindOf(buffer, index))) {
                counters.malformedCount++;
                return;
            }
            whole = holes
                    ? fill(replica, buffer, index, length, position)
                    : order != null && take(replica, order, buffer, index, length, position);
            index += LogFormat.align(length);
            position++;
        }
        replica.flow().fetchedNs = nowNs - retryNs(); // the next question goes out at once
        if (order == null) {
            return;
        }
        if (data.status() == RangeServer.SNAPSHOT_NEEDED) {
            counters.snapshotNeededCount++;
            order.complete = !rules.learnerComplete;
            order.goal = -1;
            order.snapshot = new SnapshotFetch(control.own().hashCode() + (++requestCount << 32));
            order.nextRequestNs = nowNs;
            return;
        }
        order.sourceCommit = Math.max(order.sourceCommit, data.commitPosition());
        order.nextRequestNs = data.status() == RangeServer.RECORDS ? nowNs : nowNs + limits.syncIntervalNs();
        final long proven = Math.min(order.provenPosition, replica.log().wholePrefix());
        replica.commitTo(Math.min(order.sourceCommit, proven));
        if (order.goal < 0 || (replica.sequencedPosition() < order.goal && ++order.goalAnswers > NEAR_ANSWERS)) {
            order.goal = order.sourceCommit;
            order.goalAnswers = 0;
        }
        judge(replica, order);
    }

    /**
     * Complete is who has, durably, what the source had committed a few answers ago. Judged by the commit position of
     * the very answer nobody would ever be complete under load; judged by one long past, the chain would wait for the
     * rest once the learner is a member.
     */
    private static void judge(final ChainReplica replica, final LearnOrder order) {
        final boolean isReached = order.goal >= 0 && replica.durablePosition() >= order.goal;
        order.complete |= isReached && replica.log().holes().isEmpty();
    }

    /** Goes on with a snapshot: its bytes, its state, the records it lists, the checkpoint that makes it last. */
    private int fetch(
            final ChainReplica replica, final LearnOrder order, final SnapshotFetch snapshot, final long nowNs) {
        if (snapshot.stage == SnapshotFetch.Stage.RESTORE) {
            return restore(replica, order, snapshot) ? 1 : 0;
        }
        if (snapshot.stage == SnapshotFetch.Stage.CHECKPOINT) {
            if (replica.checkpointPosition() < snapshot.basePosition) {
                return 0;
            }
            order.snapshot = null;
            order.nextRequestNs = nowNs;
            return 1;
        }
        if (snapshot.stage == SnapshotFetch.Stage.RECORDS && snapshot.nextPosition() == 0) {
            if (journal.settleFills() > 0) {
                return 0; // a checkpoint names what is durable only
            }
            snapshot.stage = SnapshotFetch.Stage.CHECKPOINT;
            replica.orders().lacksRecords = false;
            checkpointer.request();
            return 1;
        }
        if (nowNs - order.nextRequestNs < 0 || replica.orders().promisedEpoch > order.epoch) {
            return 0;
        }
        final PeerLink from = links.link(order.source);
        final boolean sent;
        if (snapshot.stage == SnapshotFetch.Stage.BYTES) {
            snapshotRequest
                    .wrapAndApplyHeader(scratch, 0, headerEncoder)
                    .requestId(snapshot.requestId)
                    .fromByte(snapshot.received)
                    .chain(replica.chain());
            sent = from.offer(scratch, 0, HEADER + SnapshotRequestEncoder.BLOCK_LENGTH) > 0;
        } else {
            order.requestId = ++requestCount;
            sent = request(
                    replica,
                    from,
                    order.requestId,
                    snapshot.nextPosition(),
                    snapshot.lastPosition(),
                    0,
                    RangeServer.LEFT_ONLY);
        }
        order.nextRequestNs = nowNs + (sent ? retryNs() : limits.nakIntervalNs());
        return 1;
    }

    /** Takes the next bytes of a snapshot. */
    void onSnapshotPart(final ChainReplica replica, final DirectBuffer buffer, final int offset, final long nowNs) {
        part.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final LearnOrder order = replica.orders().learn;
        final SnapshotFetch snapshot = order == null ? null : order.snapshot;
        if (order == null
                || snapshot == null
                || snapshot.stage != SnapshotFetch.Stage.BYTES
                || part.requestId() != snapshot.requestId) {
            return;
        }
        final int bytes = part.bytesLength();
        final int at = part.limit() + SnapshotPartDecoder.bytesHeaderLength();
        final boolean isAnother = snapshot.basePosition >= 0 && part.basePosition() != snapshot.basePosition;
        if (isAnother) {
            order.snapshot = null; // the source has let go of it: from the beginning
        } else if (snapshot.take(part.basePosition(), part.fromByte(), part.snapshotLength(), buffer, at, bytes)) {
            order.nextRequestNs = nowNs;
        }
    }

    private boolean restore(final ChainReplica replica, final LearnOrder order, final SnapshotFetch snapshot) {
        if (!snapshot.emptied) {
            final boolean isEmpty = replica.sequencedPosition() == 0;
            if (replica.durablePosition() < replica.sequencedPosition()
                    || (!isEmpty && !recordReset(replica, order, snapshot.basePosition))) {
                return false;
            }
            if (isEmpty) {
                replica.reset();
            }
            snapshot.emptied = true;
            try {
                final int stateLength = snapshot.stateLength();
                final int ranges =
                        stateLength < 0 ? -1 : replica.restoreSnapshot(snapshot.bytes, stateLength, snapshot.received);
                if (ranges < 0 || !snapshot.ranges(ranges)) {
                    replica.halt("a snapshot that cannot be read");
                    return true;
                }
            } catch (final IllegalStateException | IndexOutOfBoundsException e) {
                replica.halt("a snapshot that is none of the chain: " + e.getMessage());
                return true;
            }
        }
        final long promised =
                Math.max(replica.orders().promisedEpoch, replica.state().promisedEpoch());
        if (!reconfiguration.recordMembership(replica, order.sinceEpoch, promised)) {
            return false;
        }
        snapshot.stage = SnapshotFetch.Stage.RECORDS;
        return true;
    }

    /** Keeps records that a snapshot lists, as copies: their positions lie before the log begins. */
    private void keep(final ChainReplica replica, final SnapshotFetch snapshot, final DirectBuffer buffer) {
        final int first = data.limit() + RangeDataDecoder.recordsHeaderLength();
        final int limit = first + data.recordsLength();
        int index = first;
        for (int i = 0; i < data.recordCount() && index < limit; i++) {
            final int length = LogRecords.check(buffer, index, limit);
            final long position = length < 0 ? 0 : buffer.getLong(index + POSITION_OFFSET, ByteOrder.LITTLE_ENDIAN);
            if (length < 0
                    || position > snapshot.basePosition
                    || buffer.getInt(index + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN) != replica.chain()) {
                counters.malformedCount++;
                return;
            }
            final int kind = LogRecords.kindOf(buffer, index);
            final boolean isWanted = kind == RecordKind.APPEND.value() || kind == RecordKind.APPEND_FRAGMENT.value();
            if (isWanted && !copy(replica, buffer, index, length)) {
                snapshot.fetchedTo(position - 1);
                return;
            }
            index += LogFormat.align(length);
        }
        snapshot.fetchedTo(data.lastPosition());
    }

    private boolean copy(final ChainReplica replica, final DirectBuffer buffer, final int index, final int length) {
        if (!journal.hasRoomForFill() || checkpointer.isWaiting() || !replica.takesForeign()) {
            return false;
        }
        final int at = replica.beginLocal(RecordKind.REMNANT, length);
        if (at < 0) {
            return false;
        }
        final int body = at + LogFormat.RECORD_HEADER_LENGTH;
        replica.buffer().putBytes(body, buffer, index, length);
        if (!journal.isWhole(body, length)) {
            counters.malformedCount++;
            return false;
        }
        replica.sequenceLocal(at, length);
        return true;
    }

    /**
     * Takes the next record. That it follows the last one by its hash proves that up to here the log is the source's;
     * until then an uncommitted end may be another one, in an epoch that the source has come to since.
     */
    private boolean take(
            final ChainReplica replica,
            final LearnOrder order,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final long position) {
        if (position <= replica.sequencedPosition()) {
            return true;
        }
        if (position > replica.sequencedPosition() + 1) {
            return false;
        }
        if (buffer.getLong(index + HASH_OFFSET, ByteOrder.LITTLE_ENDIAN)
                != replica.log().lastHash()) {
            counters.divergenceCount++;
            return false;
        }
        if (replica.accept(buffer, index, length) < 0) {
            return false;
        }
        order.provenPosition = position;
        return true;
    }

    /** Repairs one record, if it is the one that the records around it name. */
    private boolean fill(
            final ChainReplica replica,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final long position) {
        final PositionRanges holes = replica.log().holes();
        if (!holes.holds(position) || position <= replica.flow().filledPosition) {
            return true; // whole, or filled in and not durable yet
        }
        if (!journal.hasRoomForFill()) {
            return false;
        }
        final long hash = ChainReplica.recordHash(buffer, index);
        final boolean endsHole = !holes.holds(position + 1);
        if (endsHole && source.find(replica, position + 1) == RecordSource.PENDING) {
            return false;
        }
        if (endsHole
                && source.find(replica, position + 1) == RecordSource.READY
                && source.buffer().getLong(source.index() + HASH_OFFSET, ByteOrder.LITTLE_ENDIAN) != hash) {
            counters.divergenceCount++;
            return false;
        }
        if (!follows(replica, buffer, index, position)) {
            counters.divergenceCount++;
            return false;
        }
        final int bodyLength = FillBodyEncoder.BLOCK_LENGTH + length;
        final int at = replica.beginLocal(RecordKind.FILL, bodyLength);
        if (at < 0) {
            return false;
        }
        final int body = at + LogFormat.RECORD_HEADER_LENGTH;
        fill.wrap(replica.buffer(), body).filledPosition(position).filledHash(hash);
        replica.buffer().putBytes(body + FillBodyEncoder.BLOCK_LENGTH, buffer, index, length);
        replica.sequenceLocal(at, bodyLength);
        replica.flow().filledPosition = position;
        replica.flow().filledHash = hash;
        return true;
    }

    /** The record before it is here, or was filled in just now, and names it by its hash. */
    private boolean follows(
            final ChainReplica replica, final DirectBuffer buffer, final int index, final long position) {
        final long named = buffer.getLong(index + HASH_OFFSET, ByteOrder.LITTLE_ENDIAN);
        final ChainFlow flow = replica.flow();
        if (position == 1) {
            return named == RecordHash.START;
        }
        if (flow.filledPosition == position - 1) {
            return named == flow.filledHash;
        }
        if (position - 1 == replica.appliedPosition()) {
            return named == replica.state().lastHash();
        }
        return source.find(replica, position - 1) == RecordSource.READY
                && named == ChainReplica.recordHash(source.buffer(), source.index());
    }
}
