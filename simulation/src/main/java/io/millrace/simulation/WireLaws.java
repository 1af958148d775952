package io.millrace.simulation;

import io.millrace.codec.LogFormat;
import io.millrace.codec.chain.EffectCommittedDecoder;
import io.millrace.codec.chain.InstallDecoder;
import io.millrace.codec.chain.LearnDecoder;
import io.millrace.codec.chain.LearnerCompleteDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.ReplicateDecoder;
import io.millrace.codec.chain.SealedDecoder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What directed schedules check of every frame besides {@link Watch}: promises that chance breaks so seldom that their
 * breach must be seen in the act.
 *
 * <p><b>Threading</b>: the simulation's thread.
 *
 * <p><b>Invariants</b> checked here: I3 (one record for each epoch and position, committed or not), I4 (a promise
 * outlives the process), I7 (no replica ever finds that its log contradicts another's), P2 (of effects), P3, P4, P5,
 * P8.
 */
final class WireLaws {
    private final World world;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final Map<EpochPosition, Long> hashes = new HashMap<>();
    private final Map<Integer, Long> promises = new HashMap<>();
    private final Map<Integer, Long> committedAtLearn = new HashMap<>();
    private final Map<Integer, Boolean> complete = new HashMap<>();
    private final Map<Integer, Boolean> damaged = new HashMap<>();
    private final Set<Integer> forgetful = new HashSet<>();
    private final Set<Integer> mayHalt = new HashSet<>();

    private record EpochPosition(long epoch, long position) {}

    /** Watches a world of one chain. */
    WireLaws(final World world) {
        this.world = world;
    }

    /** Notes that a node's device holds nothing of what it had promised to keep. */
    void onWiped(final int place) {
        forgetful.add(place);
        promises.remove(place);
    }

    /** Notes that a node has another device: its promises are gone with the old one. */
    void onReplaced(final int place) {
        promises.remove(place);
    }

    /** Allows a node to stop because its log contradicts another's: the schedule has seen to it. */
    void mayHalt(final int place) {
        mayHalt.add(place);
    }

    /** Checks a frame, whether it gets through or not. */
    void onFrame(final int from, final int to, final int templateId, final byte[] frame) {
        final UnsafeBuffer buffer = new UnsafeBuffer(frame);
        switch (templateId) {
            case ReplicateDecoder.TEMPLATE_ID -> onReplicate(from, buffer);
            case SealedDecoder.TEMPLATE_ID -> onSealed(from, new SealedDecoder().wrapAndApplyHeader(buffer, 0, header));
            case InstallDecoder.TEMPLATE_ID -> onInstall(new InstallDecoder().wrapAndApplyHeader(buffer, 0, header));
            case LearnDecoder.TEMPLATE_ID -> {
                forgetful.remove(to); // it is taken in anew
                complete.remove(to);
                damaged.remove(to);
                committedAtLearn.putIfAbsent(to, world.watch().truth(1).lastPosition());
            }
            case LearnerCompleteDecoder.TEMPLATE_ID -> requireComplete(from);
            case EffectCommittedDecoder.TEMPLATE_ID ->
                requireCommitted(from, new EffectCommittedDecoder().wrapAndApplyHeader(buffer, 0, header));
            default -> {
                // nothing that Watch does not check
            }
        }
    }

    private void onReplicate(final int from, final UnsafeBuffer buffer) {
        final ReplicateDecoder replicate = new ReplicateDecoder().wrapAndApplyHeader(buffer, 0, header);
        int index = replicate.limit() + ReplicateDecoder.recordsHeaderLength();
        for (int i = 0; i < replicate.recordCount(); i++) {
            final LogRecord record = new LogRecord(buffer, index);
            final Long known = hashes.putIfAbsent(new EpochPosition(record.epoch, record.position), record.hash);
            if (known != null && known != record.hash) {
                throw new Violation(
                        "I3",
                        "node " + from + " sends " + record + ", but another record of that epoch and position is "
                                + Long.toHexString(known));
            }
            index += LogFormat.align(record.length);
        }
    }

    private void onSealed(final int from, final SealedDecoder sealed) {
        promises.merge(from, sealed.chainEpoch(), Math::max);
        complete.put(from, sealed.complete() > 0);
        damaged.put(from, sealed.damaged() > 0);
        if (forgetful.contains(from) && sealed.amnesia() == 0) {
            throw new Violation("P5", "node " + from + " has lost its device's memory and does not say so");
        }
        if (sealed.learner() > 0 && sealed.complete() > 0) {
            requireComplete(from);
        }
    }

    /** P2: the control plane hears of an effect when it is committed. */
    private void requireCommitted(final int from, final EffectCommittedDecoder effect) {
        final List<LogRecord> records = world.watch().truth(1).records();
        for (int i = records.size() - 1; i >= 0; i--) {
            if (records.get(i).effectNumber >= effect.effectNumber()) {
                return;
            }
        }
        throw new Violation(
                "P2", "node " + from + " reports effect " + effect.effectNumber() + ", which is not committed");
    }

    private void requireComplete(final int from) {
        final SimNode node = world.nodeOf(from);
        final io.millrace.replication.ChainView view = node.view(1);
        final long base = view == null ? 0 : view.basePosition(); // of a checkpoint, that of a snapshot as well
        final long holds = Math.max(base, node.disk().chain(1).lastPosition());
        final long wanted = committedAtLearn.getOrDefault(from, 0L);
        if (holds < wanted) {
            throw new Violation(
                    "P8",
                    "node " + from + " says that it has learnt everything, holds " + holds + " of " + wanted
                            + " positions");
        }
    }

    private void onInstall(final InstallDecoder install) {
        int count = 0;
        for (final InstallDecoder.MembersDecoder member : install.members()) {
            final int place = (int) member.nodeIdHigh();
            if (++count == 1 && install.chainEpoch() > 1 && damaged.getOrDefault(place, false)) {
                throw new Violation(
                        "P4",
                        "epoch " + install.chainEpoch() + " has node " + place + " as its head, which is damaged");
            }
            if (install.chainEpoch() > 1 && !complete.getOrDefault(place, true)) {
                throw new Violation(
                        "P8",
                        "epoch " + install.chainEpoch() + " has node " + place
                                + " as a member, which said that it is not complete");
            }
            member.skipEndpoint();
        }
        if (count < install.minimum() && install.forced() == 0) {
            throw new Violation(
                    "P3",
                    "epoch " + install.chainEpoch() + " is installed with " + count + " members of at least "
                            + install.minimum());
        }
    }

    /** Looks at a node that runs: what it has said in an earlier run holds, and nothing contradicts its log. */
    void observe(final SimNode node) {
        final io.millrace.replication.ChainView view = node.view(1);
        if (view == null) {
            return;
        }
        if (!view.haltReason().isEmpty() && !mayHalt.contains(node.place())) {
            throw new Violation("I7", "node " + node.place() + " has stopped: " + view.haltReason());
        }
        final long promised = promises.getOrDefault(node.place(), 0L);
        if (view.promisedEpoch() < promised) {
            throw new Violation(
                    "I4",
                    "node " + node.place() + " has promised epoch " + promised + " and knows of "
                            + view.promisedEpoch());
        }
    }
}
