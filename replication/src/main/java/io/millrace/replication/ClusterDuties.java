package io.millrace.replication;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.chain.CommitDecoder;
import io.millrace.codec.chain.DigestDecoder;
import io.millrace.codec.chain.DurablePrefixDecoder;
import io.millrace.codec.chain.FetchRangeDecoder;
import io.millrace.codec.chain.InstallDecoder;
import io.millrace.codec.chain.LearnDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.NakDecoder;
import io.millrace.codec.chain.RangeDataDecoder;
import io.millrace.codec.chain.ReadBarrierDecoder;
import io.millrace.codec.chain.ReadBarrierPassedDecoder;
import io.millrace.codec.chain.ReplicateDecoder;
import io.millrace.codec.chain.RetireDecoder;
import io.millrace.codec.chain.SealDecoder;
import io.millrace.codec.chain.SnapshotNeededDecoder;
import io.millrace.codec.chain.SnapshotPartDecoder;
import io.millrace.codec.chain.SnapshotRequestDecoder;
import io.millrace.codec.log.FillBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.TruncateBodyDecoder;
import io.millrace.journal.Journal;
import io.millrace.journal.RecoveryReport;
import io.millrace.journal.TailState;
import io.millrace.store.ChainCheckException;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a device does besides its own work as a member of longer chains: hears its neighbours and the control plane,
 * passes records on, applies what the chain has committed.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ClusterDuties {
    /** A turn that comes so late shows that this thread stood still. */
    private static final long PAUSE_NS = 50_000_000;

    private final Journal journal;
    private final DeviceChains chains;
    private final ChainReplica[] replicas;
    private final ChainRules rules;
    private final ChainLimits limits;
    private final PeerLinks links;
    private final Committer committer;
    private final RecordSource source;
    private final ChainCounters counters = new ChainCounters();
    private final ControlMessages control;
    private final ReplicaProtocol protocol;
    private final Reconfiguration reconfiguration;
    private final ReadBarriers barriers;
    private final RangeServer ranges;
    private final Digests digests;
    private final SnapshotServer snapshots;
    private final ChainNews news = new ChainNews();
    private final Learning learning;
    private final Isolation isolation;
    private final FillBodyDecoder fill = new FillBodyDecoder();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final RecordHeaderDecoder record = new RecordHeaderDecoder();
    private final TruncateBodyDecoder truncate = new TruncateBodyDecoder();
    private long turnNs;

    /**
     * Takes over the duties of a device.
     *
     * @param journal of the device.
     * @param chains of the device.
     * @param cluster who and where the others are.
     * @param committer takes what is committed.
     * @param checkpointer of the device.
     * @param reads who serves readers.
     */
    ClusterDuties(
            final Journal journal,
            final DeviceChains chains,
            final ChainCluster cluster,
            final Committer committer,
            final Checkpointer checkpointer,
            final ReadAdapter reads) {
        this.journal = journal;
        this.chains = chains;
        this.committer = committer;
        replicas = chains.heldData();
        rules = cluster.rules();
        limits = cluster.limits();
        links = cluster.links();
        source = new RecordSource(journal, limits.sourceReaders());
        control = new ControlMessages(cluster, journal.deviceUuid());
        protocol = new ReplicaProtocol(source, rules, limits, counters);
        reconfiguration = new Reconfiguration(source, cluster, control, counters);
        barriers = new ReadBarriers(limits);
        ranges = new RangeServer(source, limits);
        digests = new Digests(source, counters);
        learning = new Learning(journal, source, cluster, control, reconfiguration, counters, checkpointer);
        isolation = new Isolation(reads, limits);
        snapshots = new SnapshotServer(limits);
        committer.controlMessages(control);
    }

    /** Gives what is counted. */
    ChainCounters counters() {
        return counters;
    }

    /** Gives who speaks to the control plane. */
    ControlMessages control() {
        return control;
    }

    /** Gives the ways to the other devices. */
    PeerLinks links() {
        return links;
    }

    /** Gives who asks for read barriers. */
    ReadBarriers barriers() {
        return barriers;
    }

    /** Gives the rules that hold. */
    ChainRules rules() {
        return rules;
    }

    /** Takes over what recovery found: what was promised stays promised, nothing is installed. */
    void onRecovered(final RecoveryReport report) {
        for (final ChainReplica replica : replicas) {
            replica.orders().promisedEpoch = replica.state().promisedEpoch();
            if (replica.isLost()) {
                learning.recordLoss(replica);
            }
            final boolean isTorn = report.tail() == TailState.UNCERTAIN && rules.corruptionIsNotTorn;
            if ((isTorn || replica.mayLackTail()) && replica.state().memberSinceEpoch() > 0) {
                replica.uncertainTail(true);
                // over the next restart, too: what is torn now is overwritten by then (P4)
                reconfiguration.recordMembership(
                        replica,
                        replica.state().memberSinceEpoch(),
                        replica.state().promisedEpoch());
            }
        }
    }

    /**
     * Takes a frame of another device of this node or another one.
     *
     * @param sender answers go there.
     * @param buffer holds the frame.
     * @param offset of its SBE header.
     * @param length in bytes.
     * @param nowNs monotonic time of this turn.
     */
    void onPeerFrame(
            final PeerLink sender, final DirectBuffer buffer, final int offset, final int length, final long nowNs) {
        final int templateId = ChainFrames.check(buffer, offset, length);
        if (templateId < ReplicateDecoder.TEMPLATE_ID) {
            counters.malformedCount++;
            return;
        }
        final ChainReplica replica = find(buffer, offset, templateId);
        if (replica == null) {
            counters.malformedCount++;
            return;
        }
        switch (templateId) {
            case ReplicateDecoder.TEMPLATE_ID -> protocol.onReplicate(replica, buffer, offset, nowNs);
            case DurablePrefixDecoder.TEMPLATE_ID -> protocol.onDurablePrefix(replica, buffer, offset, nowNs);
            case CommitDecoder.TEMPLATE_ID -> protocol.onCommit(replica, buffer, offset, nowNs);
            case NakDecoder.TEMPLATE_ID -> protocol.onNak(replica, buffer, offset, nowNs);
            case SnapshotNeededDecoder.TEMPLATE_ID -> protocol.onSnapshotNeeded(replica, buffer, offset);
            case ReadBarrierDecoder.TEMPLATE_ID -> barriers.onBarrier(replica, buffer, offset);
            case ReadBarrierPassedDecoder.TEMPLATE_ID -> barriers.onPassed(replica, buffer, offset);
            case DigestDecoder.TEMPLATE_ID -> digests.onDigest(replica, buffer, offset);
            case FetchRangeDecoder.TEMPLATE_ID -> ranges.onFetchRange(replica, sender, buffer, offset, nowNs);
            case RangeDataDecoder.TEMPLATE_ID -> learning.onRangeData(replica, buffer, offset, nowNs);
            case SnapshotRequestDecoder.TEMPLATE_ID -> snapshots.onRequest(replica, sender, buffer, offset, nowNs);
            case SnapshotPartDecoder.TEMPLATE_ID -> learning.onSnapshotPart(replica, buffer, offset, nowNs);
            default -> counters.malformedCount++;
        }
    }

    /** Reads the chain that a frame is about: each message has it at a place of its own. */
    private @Nullable ChainReplica find(final DirectBuffer buffer, final int offset, final int templateId) {
        header.wrap(buffer, offset);
        final int body = offset + MessageHeaderDecoder.ENCODED_LENGTH;
        final int at =
                switch (templateId) {
                    case ReplicateDecoder.TEMPLATE_ID -> ReplicateDecoder.chainEncodingOffset();
                    case DurablePrefixDecoder.TEMPLATE_ID -> DurablePrefixDecoder.chainEncodingOffset();
                    case CommitDecoder.TEMPLATE_ID -> CommitDecoder.chainEncodingOffset();
                    case NakDecoder.TEMPLATE_ID -> NakDecoder.chainEncodingOffset();
                    case SnapshotNeededDecoder.TEMPLATE_ID -> SnapshotNeededDecoder.chainEncodingOffset();
                    case ReadBarrierDecoder.TEMPLATE_ID -> ReadBarrierDecoder.chainEncodingOffset();
                    case ReadBarrierPassedDecoder.TEMPLATE_ID -> ReadBarrierPassedDecoder.chainEncodingOffset();
                    case DigestDecoder.TEMPLATE_ID -> DigestDecoder.chainEncodingOffset();
                    case FetchRangeDecoder.TEMPLATE_ID -> FetchRangeDecoder.chainEncodingOffset();
                    case RangeDataDecoder.TEMPLATE_ID -> RangeDataDecoder.chainEncodingOffset();
                    case SnapshotRequestDecoder.TEMPLATE_ID -> SnapshotRequestDecoder.chainEncodingOffset();
                    case SnapshotPartDecoder.TEMPLATE_ID -> SnapshotPartDecoder.chainEncodingOffset();
                    case SealDecoder.TEMPLATE_ID -> SealDecoder.chainEncodingOffset();
                    case InstallDecoder.TEMPLATE_ID -> InstallDecoder.chainEncodingOffset();
                    case LearnDecoder.TEMPLATE_ID -> LearnDecoder.chainEncodingOffset();
                    case RetireDecoder.TEMPLATE_ID -> RetireDecoder.chainEncodingOffset();
                    default -> -1;
                };
        return at < 0 ? null : chains.findData(buffer.getInt(body + at, java.nio.ByteOrder.LITTLE_ENDIAN));
    }

    /**
     * Takes an order of the control plane.
     *
     * @param buffer holds the message.
     * @param offset of its SBE header.
     * @param length in bytes.
     * @param nowNs monotonic time of this turn.
     * @return whether it was one for replicas.
     */
    boolean onControlFrame(final DirectBuffer buffer, final int offset, final int length, final long nowNs) {
        final int templateId = ChainFrames.check(buffer, offset, length);
        if (templateId < 0) {
            counters.malformedCount++;
            return false;
        }
        final ChainReplica replica = find(buffer, offset, templateId);
        if (replica == null) {
            return false;
        }
        switch (templateId) {
            case SealDecoder.TEMPLATE_ID -> reconfiguration.onSeal(replica, buffer, offset);
            case InstallDecoder.TEMPLATE_ID -> reconfiguration.onInstall(replica, buffer, offset);
            case LearnDecoder.TEMPLATE_ID -> learning.onLearn(replica, buffer, offset, nowNs);
            case RetireDecoder.TEMPLATE_ID -> learning.onRetire(replica, buffer, offset);
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Sends what was sequenced in this turn before its write begins. */
    int forward(final long nowNs) {
        source.turn(nowNs);
        if (turnNs != 0 && nowNs - turnNs > PAUSE_NS) {
            for (final ChainReplica replica : replicas) {
                replica.flow().pause(nowNs - turnNs);
            }
        }
        turnNs = nowNs;
        int work = links.doWork(nowNs);
        for (final ChainReplica replica : replicas) {
            work += protocol.forward(replica, nowNs);
        }
        return work;
    }

    /** Goes on with everything else, behind the journal's turn. */
    int doWork(final long nowNs) {
        int work = 0;
        snapshots.doWork(nowNs);
        work += ranges.doWork(nowNs);
        for (final ChainReplica replica : replicas) {
            if (replica.orders().isBusy()) {
                work += reconfiguration.doWork(replica, nowNs);
            }
            final Membership membership = replica.membership();
            if (membership.isHead() && membership.isActive() && !replica.isOverlayReady()) {
                work += rebuild(replica);
            }
            work += protocol.tell(replica, nowNs);
            work += apply(replica, nowNs);
            work += barriers.doWork(replica);
            work += learning.doWork(replica, nowNs);
            work += digests.doWork(replica, nowNs);
            work += isolation.doWork(replica, nowNs);
            if (replica.orders().changeDue) {
                work += rules.epochChangeTold ? news.tell(replica) : 0;
            }
        }
        return work;
    }

    private int rebuild(final ChainReplica replica) {
        try {
            return replica.rebuildOverlay(source, limits.applyRecordsPerTurn()) ? 1 : 0;
        } catch (final ChainCheckException e) {
            counters.divergenceCount++;
            replica.halt(String.valueOf(e.getMessage()));
            return 1;
        }
    }

    /** Applies what is committed, in order, as far as it is at hand. */
    private int apply(final ChainReplica replica, final long nowNs) {
        final Membership membership = replica.membership();
        if (membership.isHead() && membership.isActive() && !replica.isOverlayReady()) {
            return 0; // the overlay begins at what is applied now
        }
        final long limit = replica.applicablePosition();
        int count = 0;
        try {
            while (replica.appliedPosition() < limit && count < limits.applyRecordsPerTurn()) {
                final long position = replica.appliedPosition() + 1;
                if (source.find(replica, position) != RecordSource.READY) {
                    break;
                }
                final long arrivedNs = replica.arrivedNs(position);
                committer.commit(
                        replica,
                        source.buffer(),
                        source.index(),
                        ChainReplica.recordLength(source.buffer(), source.index()),
                        position,
                        0,
                        0,
                        arrivedNs == 0 ? 0 : Math.max(0, nowNs - arrivedNs));
                count++;
            }
        } catch (final ChainCheckException e) {
            counters.divergenceCount++;
            replica.halt(String.valueOf(e.getMessage()));
        }
        return count;
    }

    /**
     * Takes note that a record about this device alone is durable.
     *
     * @param replica of its chain.
     * @param buffer holds it.
     * @param index of its header.
     * @param length in bytes.
     * @param nowNs monotonic time.
     */
    void onLocalDurable(
            final ChainReplica replica,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final long nowNs) {
        record.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
        final int body = index + RecordHeaderDecoder.BLOCK_LENGTH;
        switch (record.kind()) {
            case CHAIN_MEMBERSHIP -> replica.applyLocal(buffer, index, length);
            case FILL -> {
                journal.settleFills();
                replica.log().fold(fill.wrap(buffer, body, FillBodyDecoder.BLOCK_LENGTH, 0));
                counters.filledRecordCount++;
            }
            case TRUNCATE -> {
                replica.orders().retiring = false;
                replica.cuts().onDurable();
                reconfiguration.onTruncateDurable(
                        replica,
                        truncate.wrap(buffer, body, TruncateBodyDecoder.BLOCK_LENGTH, 0)
                                .newEpoch(),
                        nowNs);
            }
            default -> counters.malformedCount++;
        }
    }

    /** Describes a replica. */
    static ChainView view(final ChainReplica replica, final long nowNs) {
        final Membership membership = replica.membership();
        final ChainFlow flow = replica.flow();
        final LearnOrder learn = replica.orders().learn;
        final ChainLog log = replica.log();
        final String reason = replica.haltReason();
        return new ChainView(
                replica.chain(),
                membership.epoch(),
                replica.orders().promisedEpoch,
                membership.isSealed(),
                membership.index(),
                Math.max(1, membership.members().length),
                replica.state().memberSinceEpoch(),
                log.lastPosition(),
                log.lastHash(),
                replica.durablePosition(),
                replica.commitPosition(),
                replica.appliedPosition(),
                log.basePosition(),
                flow.receivedByAll,
                !log.holes().isEmpty() || reason != null,
                replica.isUncertain(),
                learn != null,
                learn != null && learn.complete,
                age(replica, replica.durablePosition(), nowNs),
                age(replica, replica.commitPosition(), nowNs),
                membership.predecessor() == null ? 0 : flow.predecessorSilenceNs(nowNs),
                membership.successor() == null ? 0 : flow.successorSilenceNs(nowNs),
                flow.successorLast,
                reason == null ? "" : reason);
    }

    private static long age(final ChainReplica replica, final long position, final long nowNs) {
        final long arrivedNs = position < replica.sequencedPosition() ? replica.arrivedNs(position + 1) : 0;
        return arrivedNs == 0 ? 0 : Math.max(0, nowNs - arrivedNs);
    }

    /** Gives how long no write has been completed though some are in flight: a stall of the device, no lag. */
    long stallNs(final long nowNs) {
        return journal.oldestInFlightNs(nowNs);
    }
}
