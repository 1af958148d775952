package io.millrace.replication;

import io.millrace.codec.LogFormat;
import io.millrace.codec.LogRecords;
import io.millrace.codec.RecordHash;
import io.millrace.codec.chain.InstallDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.SealDecoder;
import io.millrace.codec.log.ChainMembershipBodyEncoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.TruncateBodyEncoder;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Takes a replica from one epoch to the next as the control plane orders it: Seal stops it, and is answered when the
 * promise and everything issued are durable; Install cuts off what is not valid, and is answered when the cut is
 * durable. Every order may come late, twice or never; each is answered again when it is repeated.
 *
 * <p><b>Threading</b>: the device thread.
 *
 * <p><b>Invariants</b>: an epoch at or below the installed one, or below the promised one, changes nothing; a promise
 * is durable before Sealed goes out; a truncation is durable before Installed goes out and before a record of the new
 * epoch is in the journal; no installation survives the end of the process.
 */
final class Reconfiguration {
    private final RecordSource source;
    private final ChainRules rules;
    private final PeerLinks links;
    private final ControlMessages control;
    private final ChainCounters counters;
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final SealDecoder seal = new SealDecoder();
    private final InstallDecoder install = new InstallDecoder();
    private final ChainMembershipBodyEncoder membershipBody = new ChainMembershipBodyEncoder();
    private final TruncateBodyEncoder truncateBody = new TruncateBodyEncoder();
    private long foundHash;

    /**
     * Serves all chains of a device.
     *
     * @param source of records.
     * @param cluster rules and links.
     * @param control to answer by.
     * @param counters to count in.
     */
    Reconfiguration(
            final RecordSource source,
            final ChainCluster cluster,
            final ControlMessages control,
            final ChainCounters counters) {
        this.source = source;
        this.rules = cluster.rules();
        this.links = cluster.links();
        this.control = control;
        this.counters = counters;
    }

    /** Promises an epoch and stops taking part in the lower ones. */
    void onSeal(final ChainReplica replica, final DirectBuffer buffer, final int offset) {
        seal.wrapAndApplyHeader(buffer, offset, headerDecoder);
        if (!control.isForDevice(seal.nodeIdHigh(), seal.nodeIdLow(), seal.deviceUuidHigh(), seal.deviceUuidLow())
                || seal.incarnation() != control.incarnation()) {
            return;
        }
        final ChainOrders orders = replica.orders();
        final Membership membership = replica.membership();
        final long epoch = seal.chainEpoch();
        final boolean late = epoch <= membership.epoch();
        if ((late && rules.lateSealIgnored) || epoch < orders.promisedEpoch) {
            return;
        }
        if (epoch > orders.promisedEpoch || !membership.isSealed()) {
            stop(replica);
            orders.promisedEpoch = epoch;
            counters.sealCount++;
        }
        orders.sealOrderNumber = seal.orderNumber();
        orders.sealSinceEpoch = seal.sinceEpoch();
        orders.sealedDue = true;
    }

    private void stop(final ChainReplica replica) {
        replica.membership().seal();
        replica.dropSpeculation();
        final ChainOrders orders = replica.orders();
        orders.install = null;
        orders.stage = ChainOrders.Stage.NONE;
        orders.installedDue = false;
    }

    /** Begins to install an epoch. */
    void onInstall(final ChainReplica replica, final DirectBuffer buffer, final int offset) {
        install.wrapAndApplyHeader(buffer, offset, headerDecoder);
        if (!control.isForDevice(
                install.nodeIdHigh(), install.nodeIdLow(), install.deviceUuidHigh(), install.deviceUuidLow())) {
            return;
        }
        final ChainOrders orders = replica.orders();
        final Membership membership = replica.membership();
        final long epoch = install.chainEpoch();
        final boolean isOtherRun = install.incarnation() != control.incarnation();
        if (isOtherRun && rules.installBoundToIncarnation && !resumes(replica, epoch)) {
            return;
        }
        if (epoch == membership.epoch() && !membership.isSealed()) {
            orders.installedOrderNumber = install.orderNumber();
            orders.installedDue = true;
            return;
        }
        if (epoch <= membership.epoch() || epoch < orders.promisedEpoch || membership.isHalted()) {
            return;
        }
        final InstallOrder running = orders.install;
        if (running != null && running.epoch == epoch) {
            return;
        }
        final InstallOrder order = new InstallOrder(install);
        final int index = order.indexOf(control.own());
        if (!order.isSound || index < 0 || !isTakenIn(replica, order, index)) {
            counters.malformedCount++;
            return;
        }
        stop(replica);
        orders.promisedEpoch = epoch;
        orders.sealedDue = false;
        orders.install = order;
        orders.installIndex = index;
        orders.membershipRecorded = false;
        orders.stage = ChainOrders.Stage.SETTLING;
    }

    /** A mutation: the epoch that was in force when the node ended is resumed by its new run. */
    private boolean resumes(final ChainReplica replica, final long epoch) {
        return !rules.restartForgetsEpoch && epoch == replica.log().truncatedEpoch();
    }

    /** P5: the device is the one that was taken in, or is taken in now and has nothing yet; P8: it lacks nothing. */
    private boolean isTakenIn(final ChainReplica replica, final InstallOrder order, final int index) {
        final long since = replica.state().memberSinceEpoch();
        final long wanted = order.sinceEpochs[index];
        final boolean isNew = since == 0 && wanted == order.epoch && replica.sequencedPosition() == 0;
        final boolean isWhole = !replica.orders().lacksRecords || !rules.learnerComplete;
        return isWhole && (since == wanted || isNew || !rules.amnesiaAnswered);
    }

    /**
     * Goes on with what was ordered of a replica, as far as it can now.
     *
     * @param replica to go on with.
     * @param nowNs monotonic time of this turn.
     * @return work done.
     */
    int doWork(final ChainReplica replica, final long nowNs) {
        final ChainOrders orders = replica.orders();
        int work = 0;
        if (orders.sealedDue) {
            work += answerSeal(replica);
        }
        if (orders.stage == ChainOrders.Stage.SETTLING) {
            work += record(replica);
        }
        if (orders.installedDue && control.installed(replica)) {
            orders.installedDue = false;
            work++;
        }
        return work;
    }

    private int answerSeal(final ChainReplica replica) {
        final ChainOrders orders = replica.orders();
        final long epoch = orders.promisedEpoch;
        if (rules.promiseDurableBeforeSealed) {
            if (orders.recordedPromise < epoch && replica.state().promisedEpoch() < epoch) {
                final long since = replica.state().memberSinceEpoch();
                if (!recordMembership(replica, since, epoch)) {
                    return 0;
                }
                orders.recordedPromise = epoch;
                return 1;
            }
            if (replica.state().promisedEpoch() < epoch) {
                return 0;
            }
        }
        if (replica.durablePosition() < replica.sequencedPosition()) {
            return 0;
        }
        final boolean amnesia = rules.amnesiaAnswered
                && orders.sealSinceEpoch != 0
                && replica.state().memberSinceEpoch() != orders.sealSinceEpoch;
        if (!control.sealed(replica, amnesia, isComplete(replica), epoch)) {
            return 0;
        }
        orders.sealedDue = false;
        return 1;
    }

    /** P8: a member has everything since it was installed; a learner says so itself. */
    private boolean isComplete(final ChainReplica replica) {
        final LearnOrder learn = replica.orders().learn;
        final boolean isWhole = replica.log().holes().isEmpty() && !replica.orders().lacksRecords;
        return learn == null ? isWhole : (learn.complete && isWhole) || !rules.learnerComplete;
    }

    /** Writes down membership and cut, once everything issued before is durable. */
    private int record(final ChainReplica replica) {
        final ChainOrders orders = replica.orders();
        final InstallOrder order = orders.install;
        if (order == null || replica.durablePosition() < replica.sequencedPosition()) {
            return 0;
        }
        final ChainLog log = replica.log();
        final long last = log.lastPosition();
        final long valid =
                rules.truncateOnRejoin ? log.lastPresent(order.history.validPrefix(log.epochs(), last)) : last;
        if (valid < replica.appliedPosition()) {
            replica.halt("epoch " + order.epoch + " ends the log at position " + valid + ", with position "
                    + replica.appliedPosition() + " applied here");
            orders.stage = ChainOrders.Stage.NONE;
            return 1;
        }
        if (!findHash(replica, valid)) {
            return 0;
        }
        if (!orders.membershipRecorded) {
            replica.uncertainTail(false);
            if (!recordMembership(replica, order.sinceEpochs[orders.installIndex], order.epoch)) {
                return 0;
            }
            orders.membershipRecorded = true;
        }
        if (!recordTruncation(replica, order.epoch, valid, foundHash, order.history)) {
            return 0;
        }
        counters.truncatedRecordCount += last - valid;
        orders.stage = ChainOrders.Stage.RECORDED;
        return 1;
    }

    /**
     * Finds the hash of a record that is to remain at a cut: the one behind it names it, or it is computed where that
     * one is missing.
     *
     * @return whether {@link #foundHash} has it; else it is being read.
     */
    boolean findHash(final ChainReplica replica, final long position) {
        if (position == replica.sequencedPosition()) {
            foundHash = replica.log().lastHash();
            return true;
        }
        if (position == replica.appliedPosition()) {
            foundHash = position == 0 ? RecordHash.START : replica.state().lastHash();
            return true;
        }
        final int status = source.find(replica, position + 1);
        if (status == RecordSource.READY) {
            final int at = source.index() + RecordHeaderDecoder.previousHashEncodingOffset();
            foundHash = source.buffer().getLong(at, ByteOrder.LITTLE_ENDIAN);
            return true;
        }
        if (status == RecordSource.PENDING || source.find(replica, position) != RecordSource.READY) {
            return false;
        }
        foundHash = ChainReplica.recordHash(source.buffer(), source.index());
        return true;
    }

    /** Gives the hash that was found last. */
    long foundHash() {
        return foundHash;
    }

    /**
     * Writes down what this device is of a chain and has promised (P5).
     *
     * @return false when the journal takes nothing now.
     */
    boolean recordMembership(final ChainReplica replica, final long sinceEpoch, final long promisedEpoch) {
        final int flags = (replica.isUncertain() ? ChainOrders.FLAG_UNCERTAIN_TAIL : 0)
                | (replica.orders().learn != null ? ChainOrders.FLAG_LEARNER : 0);
        final int index =
                replica.beginLocal(RecordKind.CHAIN_MEMBERSHIP, ChainMembershipBodyEncoder.BLOCK_LENGTH, 0, flags);
        if (index < 0) {
            return false;
        }
        final ReplicaAddress own = control.own();
        final ChainOrders orders = replica.orders();
        // A Seal may have been recorded since the Install was taken: what is written never falls, or recovery stops at
        // it.
        orders.recordedPromise = Math.max(
                promisedEpoch, Math.max(orders.recordedPromise, replica.state().promisedEpoch()));
        membershipBody
                .wrap(replica.buffer(), index + LogFormat.RECORD_HEADER_LENGTH)
                .sinceEpoch(sinceEpoch)
                .deviceUuidHigh(own.deviceUuidHigh())
                .deviceUuidLow(own.deviceUuidLow())
                .incarnation(own.incarnation())
                .promisedEpoch(orders.recordedPromise);
        replica.sequenceLocal(index, ChainMembershipBodyEncoder.BLOCK_LENGTH);
        return true;
    }

    /**
     * Writes down a cut, and cuts (P1).
     *
     * @return false when the journal takes nothing now.
     */
    boolean recordTruncation(
            final ChainReplica replica,
            final long epoch,
            final long toPosition,
            final long hash,
            final EpochHistory history) {
        final int pairs = history.size();
        final int bodyLength = TruncateBodyEncoder.BLOCK_LENGTH + pairs * LogRecords.HISTORY_ENTRY_LENGTH;
        final boolean isRecorded = rules.truncationRecorded; // else the record says that nothing was cut off
        final int index = replica.beginLocal(
                RecordKind.TRUNCATE,
                bodyLength,
                isRecorded ? hash : replica.log().lastHash(),
                0);
        if (index < 0) {
            return false;
        }
        final MutableDirectBuffer buffer = replica.buffer();
        final int body = index + LogFormat.RECORD_HEADER_LENGTH;
        buffer.setMemory(body, TruncateBodyEncoder.BLOCK_LENGTH, (byte) 0);
        truncateBody
                .wrap(buffer, body)
                .newEpoch(epoch)
                .toPosition(isRecorded ? toPosition : replica.log().lastPosition())
                .historyCount(pairs);
        int at = body + TruncateBodyEncoder.BLOCK_LENGTH;
        for (int i = 0; i < pairs; i++) {
            buffer.putLong(at, history.epoch(i), ByteOrder.LITTLE_ENDIAN);
            buffer.putLong(at + Long.BYTES, history.start(i), ByteOrder.LITTLE_ENDIAN);
            at += LogRecords.HISTORY_ENTRY_LENGTH;
        }
        replica.sequenceLocal(index, bodyLength);
        replica.cuts().onRecorded();
        replica.truncate(epoch, toPosition, hash);
        return true;
    }

    /** Takes note that a cut is durable: the epoch it belongs to is in force, if it is still wanted. */
    void onTruncateDurable(final ChainReplica replica, final long epoch, final long nowNs) {
        final ChainOrders orders = replica.orders();
        final InstallOrder order = orders.install;
        if (orders.stage != ChainOrders.Stage.RECORDED || order == null || order.epoch != epoch) {
            return;
        }
        replica.membership().install(epoch, order.members, orders.installIndex, order.minimum, links);
        replica.flow().reset(replica.sequencedPosition(), nowNs);
        orders.learn = null;
        orders.install = null;
        orders.stage = ChainOrders.Stage.NONE;
        orders.installedOrderNumber = order.orderNumber;
        orders.installedDue = true;
        orders.changeDue = true;
        counters.installCount++;
    }
}
