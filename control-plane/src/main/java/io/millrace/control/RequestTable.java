package io.millrace.control;

import io.millrace.codec.control.EffectAction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
        private @Nullable EffectAction waitsFor;

        private Request(
                final RequestKey key,
                final long order,
                final long commandHash,
                final int outcome,
                final long streamId,
                final long detail,
                final @Nullable EffectAction waitsFor) {
            this.key = key;
            this.order = order;
            this.commandHash = commandHash;
            this.outcome = outcome;
            this.streamId = streamId;
            this.detail = detail;
            this.waitsFor = waitsFor;
        }

        /** Returns whose it is. */
        RequestKey key() {
            return key;
        }

        /** Returns its place in the log among the requests remembered, from 1. */
        long order() {
            return order;
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

        /** Returns what its stream must have done before the answer may be given, null once it may. */
        @Nullable
        EffectAction waitsFor() {
            return waitsFor;
        }

        /** Tells whether the answer may be given. */
        boolean isAnswered() {
            return waitsFor == null;
        }

        /**
         * Tells the answer.
         *
         * @param effects told.
         */
        void tell(final Effects effects) {
            effects.onAnswer(
                    key.clientIdHigh(), key.clientIdLow(), key.requestId(), commandHash, outcome, streamId, detail);
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
     * Remembers a new request; one that waits for nothing is to be {@link #answer answered} at once.
     *
     * @param key not in the table.
     * @param commandHash hash of the command's bytes.
     * @param outcome what will be answered.
     * @param streamId the stream it is about, 0: none.
     * @param detail of a refusal, 0: none.
     * @param waitsFor what the stream must have done first, null: nothing.
     * @return the request.
     */
    Request open(
            final RequestKey key,
            final long commandHash,
            final int outcome,
            final long streamId,
            final long detail,
            final @Nullable EffectAction waitsFor) {
        final Request request = new Request(key, ++lastOrder, commandHash, outcome, streamId, detail, waitsFor);
        requests.put(key, request);
        return request;
    }

    /**
     * Marks an open request as answered, and forgets the oldest answered one when there are too many.
     *
     * @param request open.
     */
    void answer(final Request request) {
        request.waitsFor = null;
        answeredByOrder.put(request.order, request);
        if (answeredByOrder.size() > maxKept) {
            requests.remove(answeredByOrder.pollFirstEntry().getValue().key);
        }
    }

    /**
     * Marks open requests as answered, tells their answers, and empties the list.
     *
     * @param open requests.
     * @param effects told.
     */
    void answerAll(final List<Request> open, final Effects effects) {
        for (final Request request : open) {
            answer(request);
            request.tell(effects);
        }
        open.clear();
    }

    /** Returns the number of requests whose effects are not done. */
    int openCount() {
        return requests.size() - answeredByOrder.size();
    }

    /** Returns the number of requests whose answers are kept. */
    int answeredCount() {
        return answeredByOrder.size();
    }

    /** Returns the order of the newest request ever remembered, 0: none. */
    long lastOrder() {
        return lastOrder;
    }

    /** Returns all requests in the order of their commands in the log. */
    List<Request> inOrder() {
        final List<Request> list = new ArrayList<>(requests.values());
        list.sort(Comparator.comparingLong(Request::order));
        return list;
    }

    /**
     * Sets the order of the newest request, of the table of a snapshot.
     *
     * @param order 0: none.
     */
    void lastOrder(final long order) {
        lastOrder = order;
    }

    /**
     * Keeps a request of a snapshot.
     *
     * @param key not in the table.
     * @param order not in the table.
     * @param commandHash hash of the command's bytes.
     * @param outcome what was or will be answered.
     * @param streamId the stream it is about, 0: none.
     * @param detail of a refusal, 0: none.
     * @param waitsFor what the stream must have done first, null: it is answered.
     * @return the request.
     */
    Request restore(
            final RequestKey key,
            final long order,
            final long commandHash,
            final int outcome,
            final long streamId,
            final long detail,
            final @Nullable EffectAction waitsFor) {
        final Request request = new Request(key, order, commandHash, outcome, streamId, detail, waitsFor);
        requests.put(key, request);
        if (waitsFor == null) {
            answeredByOrder.put(order, request);
        }
        return request;
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
                    .add(request.waitsFor == null ? 0 : request.waitsFor.value());
        }
    }
}
