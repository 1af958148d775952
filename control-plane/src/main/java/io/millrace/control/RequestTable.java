package io.millrace.control;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Remembers requests, so that a repeated one changes nothing and gets the same answer: open ones until their effects
 * are done, answered ones until newer ones take their place.
 *
 * <p><b>Threading:</b> one thread. <b>Invariants:</b> the answered ones kept are the newest by the order of their
 * commands in the log, whatever the order in which they were answered.
 */
final class RequestTable {
    private final int maxKept;
    private final TreeMap<RequestKey, Request> requests = new TreeMap<>();
    private final TreeMap<Long, Request> answeredByOrder = new TreeMap<>();
    private long lastOrder;

    /** A request that is in the log. */
    static final class Request {
        private final RequestKey key;
        private final long order;
        private final long commandHash;
        private final int outcome;
        private final long streamId;
        private final long detail;
        private boolean answered;

        private Request(
                final RequestKey key,
                final long order,
                final long commandHash,
                final int outcome,
                final long streamId,
                final long detail) {
            this.key = key;
            this.order = order;
            this.commandHash = commandHash;
            this.outcome = outcome;
            this.streamId = streamId;
            this.detail = detail;
        }

        /** Returns whose it is. */
        RequestKey key() {
            return key;
        }

        /** Returns the hash of the command's bytes: a request is repeated only when they are the same. */
        long commandHash() {
            return commandHash;
        }

        /** Returns the answer, once {@link #isAnswered}: a code of {@link ControlStatus} or a negated refusal. */
        int outcome() {
            return outcome;
        }

        /** Returns the stream it was about, 0: none. */
        long streamId() {
            return streamId;
        }

        /** Returns the number that helps to understand a refusal, 0: none. */
        long detail() {
            return detail;
        }

        /** Tells whether the answer may be given. */
        boolean isAnswered() {
            return answered;
        }
    }

    /**
     * Starts empty.
     *
     * @param maxKept answered requests that are remembered.
     */
    RequestTable(final int maxKept) {
        this.maxKept = maxKept;
    }

    /**
     * Finds a request.
     *
     * @param key whose.
     * @return the request, or null when it never came or was forgotten.
     */
    @Nullable
    Request find(final RequestKey key) {
        return requests.get(key);
    }

    /**
     * Remembers a new request as open.
     *
     * @param key not in the table.
     * @param commandHash hash of the command's bytes.
     * @param outcome what will be answered.
     * @param streamId the stream it is about, 0: none.
     * @param detail of a refusal, 0: none.
     * @return the request.
     */
    Request open(
            final RequestKey key, final long commandHash, final int outcome, final long streamId, final long detail) {
        final Request request = new Request(key, ++lastOrder, commandHash, outcome, streamId, detail);
        requests.put(key, request);
        return request;
    }

    /**
     * Marks an open request as answered, and forgets the oldest answered one when there are too many.
     *
     * @param request open.
     */
    void answer(final Request request) {
        request.answered = true;
        answeredByOrder.put(request.order, request);
        if (answeredByOrder.size() > maxKept) {
            requests.remove(answeredByOrder.pollFirstEntry().getValue().key);
        }
    }

    /** Returns the number of requests whose effects are not done. */
    int openCount() {
        return requests.size() - answeredByOrder.size();
    }

    /**
     * Adds the table to a hash.
     *
     * @param hash to add to.
     */
    void addTo(final StateHash hash) {
        hash.add(lastOrder).add(requests.size());
        for (final Request request : requests.values()) {
            hash.add(request.key.clientIdHigh())
                    .add(request.key.clientIdLow())
                    .add(request.key.requestId())
                    .add(request.order)
                    .add(request.commandHash)
                    .add(request.outcome)
                    .add(request.streamId)
                    .add(request.detail)
                    .add(request.answered ? 1 : 0);
        }
    }
}
