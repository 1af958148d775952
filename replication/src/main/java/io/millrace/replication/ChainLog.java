package io.millrace.replication;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.RecordHash;
import io.millrace.codec.log.FillBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.TruncateBodyDecoder;

/**
 * What a replica knows of the end of its chain log: the last record, which epoch wrote which positions, what is
 * missing, and the base that the newest checkpoint holds. The same rules in service and when recovery folds the records
 * of the device in the order in which they were written (P1).
 *
 * <p><b>Threading</b>: the device thread. <b>Invariants</b>: every record is exactly the one behind the last, or behind
 * a hole that recovery has marked; a truncation goes to no position below the base.
 */
final class ChainLog {
    private final int chain;
    private final EpochHistory epochs = new EpochHistory();
    private final PositionRanges holes = new PositionRanges();
    private long lastPosition;
    private long lastHash = RecordHash.START;
    private long lastTimestampNs;
    private long basePosition;
    private long baseEpoch;
    private long baseHash = RecordHash.START;
    private long knownCommit;
    private long truncatedEpoch;

    /** Starts before position 1. */
    ChainLog(final int chain) {
        this.chain = chain;
    }

    /** Starts at a base: what a checkpoint or a snapshot holds. */
    void startAt(final long position, final long epoch, final long hash, final long timestampNs) {
        base(position, epoch, hash);
        lastPosition = position;
        lastHash = hash;
        lastTimestampNs = timestampNs;
        knownCommit = position;
        epochs.clear();
        holes.truncate(0);
        if (position > 0) {
            epochs.add(epoch, position);
        }
    }

    /** Notes what the newest durable checkpoint holds. */
    void base(final long position, final long epoch, final long hash) {
        basePosition = position;
        baseEpoch = epoch;
        baseHash = hash;
    }

    /**
     * Takes a record behind the last one.
     *
     * @param header of the record.
     * @param length header and body in bytes.
     */
    void append(final RecordHeaderDecoder header, final int length) {
        append(
                header.chainEpoch(),
                header.position(),
                RecordHash.next(header.previousHash(), (int) header.crc32c(), length),
                header.timestampNs());
    }

    /** Takes a record behind the last one. */
    void append(final long epoch, final long position, final long hash, final long timestampNs) {
        lastPosition = position;
        lastHash = hash;
        lastTimestampNs = Math.max(lastTimestampNs, timestampNs);
        epochs.note(epoch, position);
    }

    /**
     * Cuts off what lies behind a position.
     *
     * @param newEpoch that the cut belongs to.
     * @param toPosition that remains.
     * @param hash of the record there.
     */
    void truncate(final long newEpoch, final long toPosition, final long hash) {
        truncatedEpoch = newEpoch;
        if (toPosition < lastPosition) {
            lastPosition = toPosition;
            lastHash = hash;
            epochs.truncate(toPosition);
            holes.truncate(toPosition);
        }
    }

    /**
     * Folds a record of the chain log at recovery.
     *
     * @param header of the record.
     * @param length header and body in bytes.
     * @throws MillraceException MR-6005 when it does not follow.
     */
    void fold(final RecordHeaderDecoder header, final int length) {
        final long position = header.position();
        if (position <= basePosition || isSuperseded(header.chainEpoch())) {
            return;
        }
        if (position <= lastPosition) {
            throw corrupt("position " + position + " stands behind position " + lastPosition);
        }
        if (position > lastPosition + 1) {
            holes.add(lastPosition + 1, position - 1);
        } else if (header.previousHash() != lastHash) {
            throw corrupt("position " + position + " follows another record than position " + lastPosition);
        }
        append(header, length);
        knownCommit = Math.max(knownCommit, header.commitMark());
    }

    /**
     * Folds a truncation at recovery.
     *
     * @param header of the record; its previous hash is that of the record that remains.
     * @param body of the record.
     * @throws MillraceException MR-6005 when it does not follow.
     */
    void fold(final RecordHeaderDecoder header, final TruncateBodyDecoder body) {
        final long toPosition = body.toPosition();
        // Only what is committed is in a checkpoint, and nothing committed is ever cut off: a cut below the base lies
        // before
        // the checkpoint, though what was fetched since may be of an older epoch than the cut.
        if (toPosition < basePosition || (body.newEpoch() <= baseEpoch && toPosition == basePosition)) {
            return; // the checkpoint was taken behind it
        }
        // A hole may have swallowed a whole epoch: a learner then cuts off the hole and what lies behind it, committed
        // or not, and fetches it.
        final boolean isCutAtHole = !holes.isEmpty() && toPosition >= basePosition && toPosition + 1 >= holes.first(0);
        if (toPosition > lastPosition || toPosition < basePosition || (toPosition < knownCommit && !isCutAtHole)) {
            throw corrupt("a cut to position " + toPosition + ", with a last position of " + lastPosition
                    + " and position " + Math.max(basePosition, knownCommit) + " committed");
        }
        knownCommit = Math.min(knownCommit, toPosition);
        truncate(body.newEpoch(), toPosition, header.previousHash());
    }

    /** Folds a repaired record at recovery. */
    void fold(final FillBodyDecoder body) {
        holes.remove(body.filledPosition());
    }

    /** A record of before the base whose position was taken again: cut off before the checkpoint was taken. */
    private boolean isSuperseded(final long epoch) {
        return epoch < baseEpoch;
    }

    private MillraceException corrupt(final String what) {
        return new MillraceException(ErrorCode.JOURNAL_CORRUPT, "chain " + chain + ": " + what);
    }

    /** Gives the position of the last record. */
    long lastPosition() {
        return lastPosition;
    }

    /** Gives the hash of the last record. */
    long lastHash() {
        return lastHash;
    }

    /** Gives the greatest timestamp in the log. */
    long lastTimestampNs() {
        return lastTimestampNs;
    }

    /** Gives what the records say of their epochs, from the base on. */
    EpochHistory epochs() {
        return epochs;
    }

    /** Gives what is missing below the last position. */
    PositionRanges holes() {
        return holes;
    }

    /** Gives the position up to which the log is whole. */
    long wholePrefix() {
        return holes.isEmpty() ? lastPosition : holes.first(0) - 1;
    }

    /** Gives the last position up to another one that is no hole: a log does not end with what is missing. */
    long lastPresent(final long position) {
        for (int i = 0; i < holes.size(); i++) {
            if (holes.first(i) <= position && position <= holes.last(i)) {
                return holes.first(i) - 1;
            }
        }
        return position;
    }

    /** Gives the last position that the newest durable checkpoint holds. */
    long basePosition() {
        return basePosition;
    }

    /** Gives the epoch of the record at the base. */
    long baseEpoch() {
        return baseEpoch;
    }

    /** Gives the hash of the record at the base. */
    long baseHash() {
        return baseHash;
    }

    /** Gives the highest commit mark that recovery has found, at most the last position. */
    long knownCommit() {
        return Math.min(knownCommit, lastPosition);
    }

    /** Gives the epoch of the last truncation record, installed once, 0 when there is none. */
    long truncatedEpoch() {
        return truncatedEpoch;
    }
}
