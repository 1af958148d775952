package io.millrace.control;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.StreamState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One stream: its segments, how far its effects have come, and which requests wait for them.
 *
 * <p><b>Threading:</b> one thread. <b>Invariants:</b> the state only moves forward, CREATING → ACTIVE → SEALING →
 * SEALED → DELETING → gone, and follows from what was ordered and how much of it is done: never from the order in which
 * the chains answer.
 */
final class Stream {
    /** What is ordered of segments. */
    static final List<EffectAction> ACTIONS = List.of(
            EffectAction.CREATE_SEGMENT,
            EffectAction.SEAL_SEGMENT,
            EffectAction.DELETE_SEGMENT,
            EffectAction.TRUNCATE_SEGMENT);

    private final long id;
    private final String scopeName;
    private final String name;
    private final long createdNs;
    private final Segment[] segments;
    private final List<RequestTable.Request> waitingForCreate = new ArrayList<>();
    private final List<RequestTable.Request> waitingForSeal = new ArrayList<>();
    private final List<RequestTable.Request> waitingForDelete = new ArrayList<>();
    private final List<RequestTable.Request> waitingForTruncate = new ArrayList<>();
    private byte[] header;
    private int pendingCreates;
    private int pendingSeals;
    private int pendingDeletes;
    private int pendingTruncates;
    private boolean sealOrdered;
    private boolean deleteOrdered;

    /**
     * Describes a new stream whose segments are still to be created.
     *
     * @param id never used before.
     * @param scopeName of its scope.
     * @param name unique in the scope.
     * @param createdNs nanoseconds since 1970.
     * @param segments in the order of their key ranges.
     * @param header note kept with the stream, may be empty.
     */
    Stream(
            final long id,
            final String scopeName,
            final String name,
            final long createdNs,
            final Segment[] segments,
            final byte[] header) {
        this.id = id;
        this.scopeName = scopeName;
        this.name = name;
        this.createdNs = createdNs;
        this.segments = segments;
        this.header = header;
    }

    /** Returns its id. */
    long id() {
        return id;
    }

    /** Returns the name of its scope. */
    String scopeName() {
        return scopeName;
    }

    /** Returns its name in the scope. */
    String name() {
        return name;
    }

    /** Returns when it was created, nanoseconds since 1970. */
    long createdNs() {
        return createdNs;
    }

    /** Returns its segments in the order of their key ranges; not to be changed. */
    Segment[] segments() {
        return segments;
    }

    /**
     * Finds a segment.
     *
     * @param segmentId in this stream.
     * @return the segment, or null.
     */
    @Nullable
    Segment findSegment(final long segmentId) {
        for (final Segment segment : segments) {
            if (segment.id() == segmentId) {
                return segment;
            }
        }
        return null;
    }

    /** Returns the note kept with it, not to be changed. */
    byte[] header() {
        return header;
    }

    /**
     * Replaces the note.
     *
     * @param bytes the new one.
     */
    void header(final byte[] bytes) {
        header = bytes;
    }

    /** Returns how far it has come. */
    StreamState state() {
        if (deleteOrdered) {
            return StreamState.DELETING;
        }
        if (sealOrdered) {
            return pendingCreates + pendingSeals > 0 ? StreamState.SEALING : StreamState.SEALED;
        }
        return pendingCreates > 0 ? StreamState.CREATING : StreamState.ACTIVE;
    }

    /** Tells whether its seal was ordered. */
    boolean isSealOrdered() {
        return sealOrdered;
    }

    /** Tells whether its deletion was ordered. */
    boolean isDeleteOrdered() {
        return deleteOrdered;
    }

    /**
     * Sets what was ordered, of a stream of a snapshot; which of it is not done comes by {@link #restorePending}.
     *
     * @param isSealOrdered whether the seal was.
     * @param isDeleteOrdered whether the deletion was.
     */
    void restoreOrdered(final boolean isSealOrdered, final boolean isDeleteOrdered) {
        sealOrdered = isSealOrdered;
        deleteOrdered = isDeleteOrdered;
    }

    /**
     * Notes, of a stream of a snapshot, that an effect of one segment is not done.
     *
     * @param action what it does.
     */
    void restorePending(final EffectAction action) {
        switch (action) {
            case CREATE_SEGMENT -> pendingCreates++;
            case SEAL_SEGMENT -> pendingSeals++;
            case DELETE_SEGMENT -> pendingDeletes++;
            case TRUNCATE_SEGMENT -> pendingTruncates++;
            default -> throw new IllegalStateException("action " + action);
        }
    }

    /** Tells whether it is deleted, all its segments are gone, and nothing else that was ordered for them is open. */
    boolean isGone() {
        return deleteOrdered && pendingDeletes + pendingTruncates == 0;
    }

    /**
     * Notes that an action was ordered for every segment.
     *
     * @param action which.
     */
    void onOrdered(final EffectAction action) {
        switch (action) {
            case CREATE_SEGMENT -> pendingCreates = segments.length;
            case SEAL_SEGMENT -> {
                sealOrdered = true;
                pendingSeals = segments.length;
            }
            case DELETE_SEGMENT -> {
                deleteOrdered = true;
                pendingDeletes = segments.length;
            }
            default -> throw new IllegalStateException("action " + action);
        }
    }

    /**
     * Notes that the bytes of one segment below an offset were ordered to go.
     *
     * @param segment of this stream.
     * @param startOffset first byte that stays.
     */
    void onTruncationOrdered(final Segment segment, final long startOffset) {
        segment.startOffset(startOffset);
        pendingTruncates++;
    }

    /**
     * Notes that an action is done for one segment. The caller sees to it that this is told once.
     *
     * @param action which.
     * @param segment on which.
     * @param finalLength committed length of the segment in bytes after it.
     */
    void onDone(final EffectAction action, final Segment segment, final long finalLength) {
        switch (action) {
            case CREATE_SEGMENT -> pendingCreates--;
            case SEAL_SEGMENT -> {
                pendingSeals--;
                segment.finalLength(finalLength);
            }
            case DELETE_SEGMENT -> pendingDeletes--;
            case TRUNCATE_SEGMENT -> pendingTruncates--;
            default -> throw new IllegalStateException("action " + action);
        }
    }

    /**
     * Returns the requests that wait until an action is done for all segments.
     *
     * @param action which.
     * @return list to add to.
     */
    List<RequestTable.Request> waitingFor(final EffectAction action) {
        return switch (action) {
            case CREATE_SEGMENT -> waitingForCreate;
            case SEAL_SEGMENT -> waitingForSeal;
            case DELETE_SEGMENT -> waitingForDelete;
            case TRUNCATE_SEGMENT -> waitingForTruncate;
            default -> throw new IllegalStateException("action " + action);
        };
    }

    /**
     * Tells whether the requests that wait for an action may be answered: it, and what comes before it, is done.
     *
     * @param action which.
     * @return true when all its effects are done.
     */
    boolean isReached(final EffectAction action) {
        return switch (action) {
            case CREATE_SEGMENT -> pendingCreates == 0;
            case SEAL_SEGMENT -> sealOrdered && pendingCreates + pendingSeals == 0;
            case DELETE_SEGMENT -> isGone();
            case TRUNCATE_SEGMENT -> pendingTruncates == 0;
            default -> throw new IllegalStateException("action " + action);
        };
    }

    /**
     * Adds this stream to a hash.
     *
     * @param hash to add to.
     */
    void addTo(final StateHash hash) {
        hash.add(id).add(name).add(createdNs).add(header);
        hash.add(pendingCreates).add(pendingSeals).add(pendingDeletes).add(pendingTruncates);
        hash.add(waitingForCreate.size()).add(waitingForSeal.size()).add(waitingForDelete.size());
        hash.add(waitingForTruncate.size());
        hash.add(sealOrdered ? 1 : 0).add(deleteOrdered ? 1 : 0).add(segments.length);
        for (final Segment segment : segments) {
            hash.add(segment.id())
                    .add(segment.keyLow())
                    .add(segment.keyHigh())
                    .add(segment.chain())
                    .add(segment.finalLength())
                    .add(segment.startOffset());
        }
    }
}
