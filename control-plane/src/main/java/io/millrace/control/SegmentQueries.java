package io.millrace.control;

import java.util.List;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Questions about segments whose answers have not all come: asked again, given up after a while, handed back when they
 * are complete. Chains of this device answer at once and leave nothing here.
 *
 * <p><b>Threading:</b> the device thread of chain 0. <b>Invariants:</b> its owner bounds how many there are.
 *
 * @param <S> the carrier's session.
 */
final class SegmentQueries<S> {
    /** What is not answered is asked again after this time. */
    static final long ASK_AGAIN_NS = 100_000_000;

    /**
     * A request is refused when a chain has been silent for so long: longer than every stall seen on a sound device.
     */
    static final long LATE_NS = 5_000_000_000L;

    /** A device's queue was full, or a session did not take the answer. */
    private static final long RETRY_NS = 1_000_000;

    private final SegmentLengths port;
    private final Owner<S> owner;
    private final TreeMap<Long, SegmentQuery<S>> queries = new TreeMap<>();
    private @Nullable SegmentQuery<S> asking;
    private long lastId;
    private long dueNs;
    private boolean isUrgent;

    /** Who asked. */
    interface Owner<S> {
        /**
         * Takes a query that is complete.
         *
         * @param query with all answers.
         * @return false to be given it again a little later.
         */
        boolean onAnswered(SegmentQuery<S> query);

        /**
         * Takes a query whose time is up.
         *
         * @param query without all answers.
         * @return false to be given it again a little later.
         */
        boolean onLate(SegmentQuery<S> query);
    }

    /**
     * Starts without questions.
     *
     * @param port to the chains.
     * @param owner takes what is complete.
     */
    SegmentQueries(final SegmentLengths port, final Owner<S> owner) {
        this.port = port;
        this.owner = owner;
    }

    /**
     * Asks, and forgets unless {@link #keep} follows.
     *
     * @param stream committed.
     * @param segments of it.
     * @param session who asks.
     * @param requestId of the request.
     * @param command that waits for it, null when it is a description.
     * @return complete when all chains lie on this device.
     */
    SegmentQuery<S> ask(
            final Stream stream,
            final Segment[] segments,
            final S session,
            final long requestId,
            final @Nullable RequestKey command) {
        final SegmentQuery<S> query = new SegmentQuery<>(++lastId, stream, segments, session, requestId, command);
        asking = query;
        query.ask(port);
        asking = null;
        return query;
    }

    /**
     * Keeps a query until its answers have come.
     *
     * @param query just asked, not complete.
     * @param nowNs of a clock that never goes back.
     */
    void keep(final SegmentQuery<S> query, final long nowNs) {
        query.begin(nowNs + LATE_NS, nowNs + ASK_AGAIN_NS);
        queries.put(query.id(), query);
        dueNs = nowNs;
    }

    /** Takes an answer; one that nobody waits for is old news. */
    void onAnswer(
            final long queryId,
            final int index,
            final long chainEpoch,
            final long length,
            final long startOffset,
            final boolean isSealed) {
        final SegmentQuery<S> current = asking;
        final SegmentQuery<S> query = current != null && current.id() == queryId ? current : queries.get(queryId);
        if (query != null) {
            query.onAnswer(index, chainEpoch, length, startOffset, isSealed);
            if (query != current && query.isComplete()) {
                isUrgent = true;
            }
        }
    }

    /**
     * Hands back what is complete or late, and asks again.
     *
     * @param nowNs of a clock that never goes back.
     * @return work done.
     */
    int doWork(final long nowNs) {
        if (queries.isEmpty() || (!isUrgent && nowNs - dueNs < 0)) {
            return 0;
        }
        isUrgent = false;
        dueNs = nowNs + RETRY_NS;
        int work = 0;
        for (final SegmentQuery<S> query : List.copyOf(queries.values())) {
            if (query.isComplete() ? owner.onAnswered(query) : query.isLate(nowNs) && owner.onLate(query)) {
                queries.remove(query.id());
                work++;
            } else if (!query.isComplete() && query.isAskDue(nowNs)) {
                query.askAgainAt(nowNs + (query.ask(port) ? ASK_AGAIN_NS : RETRY_NS));
                work++;
            }
        }
        return work;
    }

    /** Forgets those that nobody waits for any more. */
    void removeIf(final Predicate<SegmentQuery<S>> isVoid) {
        queries.values().removeIf(isVoid);
    }

    /** Returns the descriptions that are held. */
    int descriptionCount() {
        int count = 0;
        for (final SegmentQuery<S> query : queries.values()) {
            count += query.command() == null ? 1 : 0;
        }
        return count;
    }
}
