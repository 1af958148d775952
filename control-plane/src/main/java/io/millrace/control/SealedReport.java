package io.millrace.control;

import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.SealedDecoder;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a replica answered to Seal.
 *
 * <p><b>Threading:</b> immutable.
 */
final class SealedReport {
    private final byte[] bytes;
    private final ReplicaId replica;
    private final EpochHistory history;
    private final int chain;
    private final long chainEpoch;
    private final long incarnation;
    private final long sinceEpoch;
    private final long basePosition;
    private final long baseEpoch;
    private final long lastPosition;
    private final long commitPosition;
    private final boolean isAmnesiac;
    private final boolean isComplete;
    private final boolean isDamaged;
    private final boolean isUncertain;

    private SealedReport(final SealedDecoder sealed, final EpochHistory history, final byte[] bytes) {
        this.bytes = bytes;
        this.history = history;
        replica = new ReplicaId(
                new UUID(sealed.nodeIdHigh(), sealed.nodeIdLow()),
                new UUID(sealed.deviceUuidHigh(), sealed.deviceUuidLow()));
        chain = sealed.chain();
        chainEpoch = sealed.chainEpoch();
        incarnation = sealed.incarnation();
        sinceEpoch = sealed.sinceEpoch();
        basePosition = sealed.basePosition();
        baseEpoch = sealed.baseEpoch();
        lastPosition = sealed.lastPosition();
        commitPosition = sealed.commitPosition();
        isAmnesiac = sealed.amnesia() != 0;
        isComplete = sealed.complete() != 0;
        isDamaged = sealed.damaged() != 0;
        isUncertain = sealed.uncertainTail() != 0;
    }

    /**
     * Reads a Sealed message that {@code ChainFrames} has found well-formed.
     *
     * @param buffer with the message.
     * @param offset of its SBE header.
     * @param length in bytes.
     * @param maxHistory epochs its history may have.
     * @return the report, or null when its numbers contradict each other: no replica sends that.
     */
    static @Nullable SealedReport read(
            final DirectBuffer buffer, final int offset, final int length, final int maxHistory) {
        final SealedDecoder sealed = new SealedDecoder();
        sealed.wrapAndApplyHeader(buffer, offset, new MessageHeaderDecoder());
        final long base = sealed.basePosition();
        final long last = sealed.lastPosition();
        if (base < 0 || last < base || sealed.commitPosition() < 0 || sealed.sinceEpoch() < 0) {
            return null;
        }
        final SealedDecoder.HistoryDecoder entries = sealed.history();
        if (entries.count() > maxHistory || (entries.count() == 0 && last > base)) {
            return null;
        }
        final EpochHistory history = new EpochHistory();
        while (entries.hasNext()) {
            entries.next();
            final long epoch = entries.epoch();
            final long start = entries.startPosition();
            final int count = history.count();
            final boolean follows = count == 0
                    ? start <= base + 1 && start > 0
                    : epoch > history.epoch(count - 1) && start > history.start(count - 1);
            if (!follows || epoch < 1 || start > last) {
                return null;
            }
            history.add(epoch, start);
        }
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        sealed.wrapAndApplyHeader(buffer, offset, new MessageHeaderDecoder());
        return new SealedReport(sealed, history, bytes);
    }

    /** Returns the message as it came; not to be changed. */
    byte[] bytes() {
        return bytes;
    }

    /** Returns who answered. */
    ReplicaId replica() {
        return replica;
    }

    /** Returns the data chain. */
    int chain() {
        return chain;
    }

    /** Returns the epoch that was promised. */
    long chainEpoch() {
        return chainEpoch;
    }

    /** Returns the start of the node that answered. */
    long incarnation() {
        return incarnation;
    }

    /** Returns the epoch of its record of membership, 0: none. */
    long sinceEpoch() {
        return sinceEpoch;
    }

    /** Returns the position of its checkpoint, 0: none. */
    long basePosition() {
        return basePosition;
    }

    /** Returns the last position of its log. */
    long lastPosition() {
        return lastPosition;
    }

    /** Returns the commit position it knew. */
    long commitPosition() {
        return commitPosition;
    }

    /** Tells whether it has lost its record of membership. */
    boolean isAmnesiac() {
        return isAmnesiac;
    }

    /** Tells whether it holds all that its snapshot lists, and all above its base. */
    boolean isComplete() {
        return isComplete;
    }

    /** Tells whether there are damaged ranges in its log. */
    boolean isDamaged() {
        return isDamaged;
    }

    /** Tells whether something torn or rotted followed behind its last record. */
    boolean isUncertain() {
        return isUncertain;
    }

    /**
     * Judges its log.
     *
     * @param chainHistory of the chain.
     * @return last position of its longest valid prefix, or -1 when its base is not valid.
     */
    long validPosition(final EpochHistory chainHistory) {
        return chainHistory.validPosition(history, basePosition, baseEpoch, lastPosition);
    }
}
