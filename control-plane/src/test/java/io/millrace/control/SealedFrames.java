package io.millrace.control;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.SealedEncoder;
import java.util.UUID;
import org.agrona.ExpandableArrayBuffer;

/** Sealed messages of replicas with logs of one epoch, field by field. */
final class SealedFrames {
    final long node;
    private long lastPosition;
    private long epoch = 1;
    private boolean isAmnesiac;
    private boolean isComplete = true;
    private boolean isDamaged;
    private boolean isUncertain;

    private SealedFrames(final long node) {
        this.node = node;
    }

    static SealedFrames of(final long node, final long lastPosition) {
        final SealedFrames frames = new SealedFrames(node);
        frames.lastPosition = lastPosition;
        return frames;
    }

    SealedFrames epoch(final long value) {
        epoch = value;
        return this;
    }

    SealedFrames amnesiac() {
        isAmnesiac = true;
        return this;
    }

    SealedFrames incomplete() {
        isComplete = false;
        return this;
    }

    SealedFrames damaged() {
        isDamaged = true;
        return this;
    }

    SealedFrames uncertain() {
        isUncertain = true;
        return this;
    }

    static ReplicaId id(final long node) {
        return new ReplicaId(new UUID(0, node), new UUID(1, node));
    }

    SealedReport report() {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final SealedEncoder sealed = new SealedEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .chainEpoch(2)
                .nodeIdHigh(0)
                .nodeIdLow(node)
                .deviceUuidHigh(1)
                .deviceUuidLow(node)
                .incarnation(1)
                .sinceEpoch(1)
                .lastPosition(lastPosition)
                .durablePosition(lastPosition)
                .chain(1)
                .amnesia((short) (isAmnesiac ? 1 : 0))
                .complete((short) (isComplete ? 1 : 0))
                .damaged((short) (isDamaged ? 1 : 0))
                .uncertainTail((short) (isUncertain ? 1 : 0));
        final SealedEncoder.HistoryEncoder history = sealed.historyCount(lastPosition > 0 ? 1 : 0);
        if (lastPosition > 0) {
            history.next().epoch(epoch).startPosition(1);
        }
        sealed.damagedRangesCount(0);
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + sealed.encodedLength();
        if (ChainFrames.check(buffer, 0, length) < 0) {
            throw new AssertionError("no Sealed");
        }
        final SealedReport report = SealedReport.read(buffer, 0, length, 16);
        if (report == null) {
            throw new AssertionError("contradicts itself");
        }
        return report;
    }

    /** As a candidate; memberIndex -1: no member. */
    ReplicaChoice.Candidate candidate(final int memberIndex) {
        final EpochHistory history = new EpochHistory();
        history.add(1, 1);
        final SealedReport report = report();
        return new ReplicaChoice.Candidate(
                id(node), report, report.validPosition(history), memberIndex, true, (int) node - 1, false, false, true);
    }
}
