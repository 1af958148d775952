package io.millrace.control;

import org.jspecify.annotations.Nullable;

/**
 * What a request must know of a stream's segments before it can be answered, and what is known of it so far.
 *
 * <p><b>Threading:</b> the device thread of chain 0.
 *
 * @param <S> the carrier's session.
 */
final class SegmentQuery<S> {
    private final long id;
    private final Stream stream;
    private final Segment[] segments;
    private final S session;
    private final long requestId;
    private final @Nullable RequestKey command;
    private final boolean[] known;
    private final boolean[] sealed;
    private final long[] chainEpochs;
    private final long[] lengths;
    private final long[] startOffsets;
    private int missingCount;
    private long lateNs;
    private long askAgainNs;

    /**
     * Asks nobody yet.
     *
     * @param id never used before.
     * @param stream committed.
     * @param segments of the stream, those that matter.
     * @param session who asks.
     * @param requestId of the request.
     * @param command that waits for it, null when it is a description.
     */
    SegmentQuery(
            final long id,
            final Stream stream,
            final Segment[] segments,
            final S session,
            final long requestId,
            final @Nullable RequestKey command) {
        this.id = id;
        this.stream = stream;
        this.segments = segments;
        this.session = session;
        this.requestId = requestId;
        this.command = command;
        known = new boolean[segments.length];
        sealed = new boolean[segments.length];
        chainEpochs = new long[segments.length];
        lengths = new long[segments.length];
        startOffsets = new long[segments.length];
        missingCount = segments.length;
    }

    /** Sets until when answers are waited for. */
    void begin(final long lateAtNs, final long askAgainAtNs) {
        lateNs = lateAtNs;
        askAgainNs = askAgainAtNs;
    }

    /**
     * Asks for what is not known.
     *
     * @param port of the chains.
     * @return false when one was not taken.
     */
    boolean ask(final SegmentLengths port) {
        for (int i = 0; i < segments.length; i++) {
            if (!known[i] && !port.ask(id, i, segments[i].chain(), stream.id(), segments[i].id())) {
                return false;
            }
        }
        return true;
    }

    /** Takes one answer; one that is known is not counted twice. */
    void onAnswer(
            final int index,
            final long chainEpoch,
            final long length,
            final long startOffset,
            final boolean isSegmentSealed) {
        if (index < 0 || index >= segments.length) {
            throw new IllegalArgumentException("answer " + index + " to " + segments.length + " questions");
        }
        if (!known[index]) {
            known[index] = true;
            missingCount--;
        }
        chainEpochs[index] = chainEpoch;
        lengths[index] = length;
        startOffsets[index] = startOffset;
        sealed[index] = isSegmentSealed;
    }

    /** Tells whether everything is known. */
    boolean isComplete() {
        return missingCount == 0;
    }

    /** Returns the chain of a question that has no answer, 0 when all have. */
    int silentChain() {
        for (int i = 0; i < segments.length; i++) {
            if (!known[i]) {
                return segments[i].chain();
            }
        }
        return 0;
    }

    /** Tells whether the time is up. */
    boolean isLate(final long nowNs) {
        return nowNs - lateNs >= 0;
    }

    /** Tells whether it is time to ask again. */
    boolean isAskDue(final long nowNs) {
        return nowNs - askAgainNs >= 0;
    }

    /** Sets when to ask again. */
    void askAgainAt(final long atNs) {
        askAgainNs = atNs;
    }

    /** Returns its id. */
    long id() {
        return id;
    }

    /** Returns the stream. */
    Stream stream() {
        return stream;
    }

    /** Returns the segments asked for. */
    Segment[] segments() {
        return segments;
    }

    /** Returns who asks. */
    S session() {
        return session;
    }

    /** Returns the id of the request. */
    long requestId() {
        return requestId;
    }

    /** Returns the command that waits, null when it is a description. */
    @Nullable
    RequestKey command() {
        return command;
    }

    /** Returns the committed length of a segment, or {@link SegmentLengths#ABSENT}. */
    long length(final int index) {
        return lengths[index];
    }

    /** Returns where the readable part of a segment starts. */
    long startOffset(final int index) {
        return startOffsets[index];
    }

    /** Tells whether the seal of a segment is committed. */
    boolean isSealed(final int index) {
        return sealed[index];
    }

    /** Returns the epoch of a segment's chain. */
    long chainEpoch(final int index) {
        return chainEpochs[index];
    }

    /**
     * Finds a segment that ends before a cut of TruncateStream. Lengths only grow, so a cut that is within them once
     * stays so.
     *
     * @param segmentIds of the cut.
     * @param cutOffsets of each.
     * @return its length in bytes, or -1 when there is none.
     */
    long lengthBelowCut(final long[] segmentIds, final long[] cutOffsets) {
        for (int i = 0; i < segments.length; i++) {
            final long length = Math.max(0, length(i));
            for (int cut = 0; cut < segmentIds.length; cut++) {
                if (segmentIds[cut] == segments[i].id() && cutOffsets[cut] > length) {
                    return length;
                }
            }
        }
        return -1;
    }
}
