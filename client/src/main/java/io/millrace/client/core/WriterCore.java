package io.millrace.client.core;

import io.millrace.client.AckHandler;
import io.millrace.client.EventClaim;
import io.millrace.client.EventPosition;
import io.millrace.client.EventWriter;
import io.millrace.client.Result;
import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamInfo;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.KeyHash;
import io.millrace.codec.MillraceException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The writer of one stream: routes each event by its key hash to a {@link SegmentWriter}, numbers events over all of
 * them, and hands over what became of them.
 *
 * <p><b>Threading</b>: methods of {@link EventWriter} take the guard; the others need it. An open claim holds the
 * guard.
 *
 * <p><b>Invariants</b>: a sequence is given only to an event that lies in a ring; a writer that failed never takes
 * another event.
 */
final class WriterCore implements EventWriter, EventClaim.Owner {
    private final ClientConductor conductor;
    private final Guard guard;
    private final Places places;
    private final StreamInfo stream;
    private final long idHigh;
    private final long idLow;
    private final boolean isFriendly;
    private final SplitMix random;
    private final SegmentWriter[] segments;
    private final long[] keyHighs;
    private final UnsafeBuffer array = new UnsafeBuffer(0, 0);
    private long lastSequence;
    private long failure;
    private String failureText = "";
    private @Nullable ErrorCode lastRefusal;
    private boolean isPolled;
    private int nextTold;
    private long seenTurn;
    private boolean isClosed;
    private @Nullable EventRing claimedRing;
    private int claimedLength;
    private long claimedKeyHash;

    /**
     * Makes the writer.
     *
     * @param conductor of the client
     * @param stream described just now
     * @param idHigh upper half of its identity
     * @param idLow lower half of its identity
     * @param seed of hashes for events without a key
     */
    WriterCore(
            final ClientConductor conductor,
            final StreamInfo stream,
            final long idHigh,
            final long idLow,
            final long seed) {
        this.conductor = conductor;
        this.guard = conductor.guard();
        this.places = new Places(conductor.requests(), stream, this::onPlaces);
        this.stream = stream;
        this.idHigh = idHigh;
        this.idLow = idLow;
        this.isFriendly = !conductor.context().invoker();
        this.random = new SplitMix(seed);
        final List<SegmentInfo> infos = stream.segments();
        this.segments = new SegmentWriter[infos.size()];
        this.keyHighs = new long[infos.size()];
        for (int i = 0; i < segments.length; i++) {
            segments[i] = new SegmentWriter(
                    this, conductor, conductor.connection(infos.get(i).head()), stream.streamId(), infos.get(i));
            keyHighs[i] = infos.get(i).keyHigh();
        }
    }

    @Override
    public long offer(final long keyHash, final DirectBuffer buffer, final int offset, final int length) {
        guard.lock();
        try {
            final long refused = check(length);
            if (refused < 0) {
                return refused;
            }
            final SegmentWriter segment = route(keyHash);
            final EventRing ring = segment.ringWithRoom(EventFrame.frameLength(length), 1);
            if (ring == null) {
                return segment.fullCode();
            }
            ring.append(keyHash, buffer, offset, length, lastSequence + 1);
            lastSequence++;
            sendIfQuiet(segment);
            return lastSequence;
        } finally {
            guard.unlock();
        }
    }

    @Override
    public long offer(final DirectBuffer buffer, final int offset, final int length) {
        guard.lock();
        try {
            return offer(random.next(), buffer, offset, length);
        } finally {
            guard.unlock();
        }
    }

    @Override
    public long offer(final @Nullable String key, final byte[] payload) {
        guard.lock();
        try {
            array.wrap(payload);
            return offer(key == null ? random.next() : KeyHash.of(key), array, 0, payload.length);
        } finally {
            array.wrap(0, 0);
            guard.unlock();
        }
    }

    @Override
    public long offer(final @Nullable String key, final List<byte[]> payloads) {
        guard.lock();
        try {
            return offer(key == null ? random.next() : KeyHash.of(key), payloads);
        } finally {
            guard.unlock();
        }
    }

    private long offer(final long keyHash, final List<byte[]> payloads) {
        if (payloads.isEmpty()) {
            throw new IllegalArgumentException("an empty list is no event");
        }
        long length = 0;
        for (final byte[] payload : payloads) {
            length += EventFrame.frameLength(payload.length);
        }
        final long refused = check((int) Math.min(length - EventFrame.HEADER_LENGTH, Integer.MAX_VALUE));
        if (refused < 0) {
            return refused;
        }
        if (payloads.size() > conductor.context().writerMaxPendingEvents()) {
            return Result.TOO_LARGE;
        }
        final SegmentWriter segment = route(keyHash);
        final EventRing ring = segment.ringWithRoom((int) length, payloads.size());
        if (ring == null) {
            return segment.fullCode();
        }
        ring.append(keyHash, payloads, lastSequence + 1);
        lastSequence += payloads.size();
        sendIfQuiet(segment);
        return lastSequence;
    }

    @Override
    public long tryClaim(final long keyHash, final int length, final EventClaim claim) {
        boolean isClaimed = false;
        guard.lock();
        try {
            final long refused = check(length);
            if (refused < 0) {
                return refused;
            }
            final SegmentWriter segment = route(keyHash);
            final EventRing ring = segment.ringWithRoom(EventFrame.frameLength(length), 1);
            if (ring == null) {
                return segment.fullCode();
            }
            claimedRing = ring;
            claimedLength = length;
            claimedKeyHash = keyHash;
            claim.wrap(ring.bytes(), ring.nextPayloadIndex(), length, this);
            isClaimed = true;
            return lastSequence + 1;
        } finally {
            if (!isClaimed) {
                guard.unlock();
            }
        }
    }

    @Override
    public void onClaimEnd(final boolean isCommitted) {
        final EventRing ring = claimedRing;
        if (ring == null) {
            throw new IllegalStateException("no claim is open");
        }
        claimedRing = null;
        try {
            if (isCommitted && !isClosed) {
                ring.append(claimedKeyHash, claimedLength, ++lastSequence);
                sendIfQuiet(route(claimedKeyHash));
            }
        } finally {
            guard.unlock();
        }
    }

    private long check(final int length) {
        if (claimedRing != null) {
            throw new IllegalStateException("a claim of this writer is open: commit or abort it first");
        }
        if (isClosed) {
            return Result.CLOSED;
        }
        if (failure != 0) {
            return failure;
        }
        if (length < 0 || length > EventFrame.MAX_PAYLOAD) {
            return Result.TOO_LARGE;
        }
        final int nodeLimit = conductor.requests().asked().link().maxEventLength();
        return nodeLimit > 0 && length > nodeLimit ? Result.TOO_LARGE : 0;
    }

    private SegmentWriter route(final long keyHash) {
        int low = 0;
        int high = keyHighs.length - 1;
        while (low < high) {
            final int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(keyHash, keyHighs[middle]) <= 0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return segments[low];
    }

    private void sendIfQuiet(final SegmentWriter segment) {
        segment.wake();
        // Without a duty cycle of the user's own nobody would come by at once; when something is on its way already,
        // its acknowledgement wakes the next turn and events gather meanwhile.
        if (isFriendly && segment.isQuiet()) {
            conductor.push(segment.doWork(conductor.nowNs()));
        }
    }

    @Override
    public int poll(final AckHandler handler, final int limit) {
        guard.lock();
        try {
            isPolled = true;
            if (!isClosed) {
                conductor.checkUsable();
                seenTurn = conductor.turnOnce(seenTurn);
            }
            int count = 0;
            for (int i = 0; i < segments.length && count < limit; i++) {
                nextTold = nextTold + 1 < segments.length ? nextTold + 1 : 0;
                count += segments[nextTold].tell(handler, limit - count);
            }
            return count;
        } finally {
            guard.unlock();
            conductor.completions().drain();
        }
    }

    @Override
    public int doWork() {
        return conductor.work();
    }

    @Override
    public long lastSequence() {
        guard.lock();
        try {
            return lastSequence;
        } finally {
            guard.unlock();
        }
    }

    @Override
    public long acknowledgedSequence() {
        guard.lock();
        try {
            long first = lastSequence + 1;
            for (final SegmentWriter segment : segments) {
                first = Math.min(first, segment.firstPendingSequence());
            }
            return first - 1;
        } finally {
            guard.unlock();
        }
    }

    @Override
    public long pendingCount() {
        guard.lock();
        try {
            long count = 0;
            for (final SegmentWriter segment : segments) {
                count += segment.pendingCount();
            }
            return count;
        } finally {
            guard.unlock();
        }
    }

    @Override
    public long failure() {
        guard.lock();
        try {
            return isClosed ? Result.CLOSED : failure;
        } finally {
            guard.unlock();
        }
    }

    @Override
    public @Nullable ErrorCode lastRefusal() {
        guard.lock();
        try {
            return lastRefusal;
        } finally {
            guard.unlock();
        }
    }

    @Override
    public EventPosition append(final @Nullable String key, final byte[] payload) {
        return append(new Append(key == null ? random() : KeyHash.of(key), payload, null));
    }

    @Override
    public EventPosition append(final @Nullable String key, final List<byte[]> payloads) {
        return append(new Append(key == null ? random() : KeyHash.of(key), new byte[0], payloads));
    }

    private EventPosition append(final Append append) {
        final long timeoutNs = conductor.context().requestTimeoutNs();
        if (!append.isEnded() && !conductor.await(append::isEnded, timeoutNs)) {
            throw late("append to " + stream.name(), timeoutNs);
        }
        guard.lock();
        try {
            final SegmentWriter segment = append.segment;
            if (segment == null || !segment.isAcknowledged(append.index)) {
                throw failed(append.code);
            }
            return new EventPosition(segment.segmentId(), segment.eventNumber(append.index), segment.endOffset());
        } finally {
            guard.unlock();
        }
    }

    @Override
    public CompletableFuture<EventPosition> appendAsync(final @Nullable String key, final byte[] payload) {
        return appendAsync(new AsyncAppend(new Append(key == null ? random() : KeyHash.of(key), payload, null)));
    }

    @Override
    public CompletableFuture<EventPosition> appendAsync(final @Nullable String key, final List<byte[]> payloads) {
        return appendAsync(
                new AsyncAppend(new Append(key == null ? random() : KeyHash.of(key), new byte[0], payloads)));
    }

    private CompletableFuture<EventPosition> appendAsync(final AsyncAppend append) {
        final long timeoutNs = conductor.context().requestTimeoutNs();
        try {
            if (!append.isTaken() && !conductor.await(append::isTaken, timeoutNs)) {
                throw notTaken(timeoutNs);
            }
        } catch (final MillraceException e) {
            return CompletableFuture.failedFuture(e);
        }
        final CompletableFuture<EventPosition> future = append.future;
        return future == null ? CompletableFuture.failedFuture(failed(append.append.code)) : future;
    }

    private MillraceException notTaken(final long timeoutNs) {
        guard.lock();
        try {
            final ErrorCode refusal = lastRefusal;
            return new MillraceException(
                    refusal != null
                            ? refusal
                            : Result.error(silent() == null ? Result.BACK_PRESSURED : Result.NOT_CONNECTED),
                    "writer of " + stream.name() + ": no room within " + timeoutNs / 1_000_000 + " ms, with "
                            + pendingCount() + " events and " + promiseCount() + " of at most "
                            + conductor.context().writerMaxInFlight() + " futures pending; the event was not taken"
                            + silence());
        } finally {
            guard.unlock();
        }
    }

    /** Finds an address that this writer waits for and that has no session. */
    private @Nullable Connection silent() {
        for (final SegmentWriter segment : segments) {
            if (segment.pendingCount() > 0 && !segment.head().isOpen()) {
                return segment.head();
            }
        }
        final Connection asked = conductor.requests().asked();
        return asked.isOpen() ? null : asked;
    }

    private String silence() {
        final Connection connection = silent();
        return connection == null
                ? ""
                : "; no session with " + connection.endpoint()
                        + ClientConductor.why(connection.link().lastFailure());
    }

    private int promiseCount() {
        guard.lock();
        try {
            int count = 0;
            for (final SegmentWriter segment : segments) {
                count += segment.promiseCount();
            }
            return count;
        } finally {
            guard.unlock();
        }
    }

    private long random() {
        guard.lock();
        try {
            return random.next();
        } finally {
            guard.unlock();
        }
    }

    @Override
    public void flush(final Duration timeout) {
        flush(timeout.toNanos());
    }

    @Override
    public void flush() {
        flush(conductor.context().requestTimeoutNs());
    }

    private void flush(final long timeoutNs) {
        final long target = lastSequence();
        if (!isFlushed(target) && !conductor.await(() -> isFlushed(target), timeoutNs)) {
            throw late("flush of " + stream.name(), timeoutNs);
        }
        if (!conductor.awaitCompletions(timeoutNs)) {
            throw late("flush of " + stream.name() + " (the code that depends on its futures)", timeoutNs);
        }
        if (acknowledgedSequence() < target) {
            throw failed(failure());
        }
    }

    private boolean isFlushed(final long target) {
        return acknowledgedSequence() >= target || failure() != 0;
    }

    private MillraceException late(final String what, final long timeoutNs) {
        guard.lock();
        try {
            final ErrorCode refusal = lastRefusal;
            final String text = what + " took more than " + timeoutNs / 1_000_000 + " ms; " + pendingCount()
                    + " events are pending and will be sent again while the writer is open";
            if (refusal != null) {
                return new MillraceException(refusal, text + ": " + refusal.summary());
            }
            return silent() == null
                    ? new MillraceException(ErrorCode.TIMED_OUT, text)
                    : new MillraceException(ErrorCode.UNREACHABLE, text + silence());
        } finally {
            guard.unlock();
        }
    }

    private MillraceException failed(final long code) {
        final ErrorCode error =
                switch ((int) code) {
                    case (int) Result.CLOSED -> ErrorCode.CLIENT_CLOSED;
                    case (int) Result.TOO_LARGE -> ErrorCode.PAYLOAD_TOO_LARGE;
                    case (int) Result.FENCED -> ErrorCode.CLIENT_FENCED;
                    case (int) Result.SEALED -> ErrorCode.CLIENT_SEALED;
                    default -> Result.error(code);
                };
        return new MillraceException(
                error,
                "writer of " + stream.name() + ": " + error.summary() + ClientConductor.why(failureText) + pending());
    }

    private String pending() {
        final long count = pendingCount();
        return count == 0
                ? ""
                : "; " + count + " events, from sequence " + (acknowledgedSequence() + 1)
                        + " on, are not known to be durable";
    }

    @Override
    public StreamInfo stream() {
        return stream;
    }

    @Override
    public void close() {
        guard.lock();
        try {
            if (isClosed) {
                return;
            }
        } finally {
            guard.unlock();
        }
        try {
            flush(conductor.context().requestTimeoutNs());
        } finally {
            guard.lock();
            try {
                release();
                conductor.remove(this);
            } finally {
                guard.unlock();
                conductor.completions().drain();
            }
        }
    }

    /** Closes without waiting. */
    void release() {
        isClosed = true;
        for (final SegmentWriter segment : segments) {
            segment.stop();
        }
    }

    /**
     * Moves all segments on.
     *
     * @param nowNs the duty cycle's time
     * @return number of frames sent
     */
    int doWork(final long nowNs) {
        int work = 0;
        boolean isPlaceDoubted = false;
        for (final SegmentWriter segment : segments) {
            work += segment.doWork(nowNs);
            isPlaceDoubted |= segment.isPlaceDoubted(nowNs);
        }
        if (isPlaceDoubted) {
            places.doubt(nowNs);
        }
        return work;
    }

    private void onPlaces(final StreamInfo info) {
        if (isClosed) {
            return;
        }
        for (final SegmentInfo segment : info.segments()) {
            final SegmentWriter writer = segment(idHigh, info.streamId(), segment.segmentId());
            if (writer != null) {
                writer.onPlace(segment.chainEpoch(), conductor.connection(segment.head()));
            }
        }
        conductor.closeUnused();
    }

    /**
     * Tells whether a connection is one of its segments'.
     *
     * @param connection any
     * @return true when it may be needed
     */
    boolean uses(final Connection connection) {
        for (final SegmentWriter segment : segments) {
            if (segment.uses(connection)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Finds one segment.
     *
     * @param high upper half of the writer's identity
     * @param streamId stream
     * @param segmentId segment
     * @return null when it is not this writer's
     */
    @Nullable
    SegmentWriter segment(final long high, final long streamId, final long segmentId) {
        if (high != idHigh || streamId != stream.streamId()) {
            return null;
        }
        for (final SegmentWriter segment : segments) {
            if (segment.segmentId() == segmentId) {
                return segment;
            }
        }
        return null;
    }

    /**
     * Ends this writer for good; what its other segments have is still sent and acknowledged.
     *
     * @param code of {@link Result}
     * @param text in words
     */
    void fail(final long code, final String text) {
        if (failure == 0) {
            failure = code;
            failureText = text;
        }
    }

    /**
     * Ends this writer with all its segments.
     *
     * @param code of {@link Result}
     * @param text in words
     */
    void failAll(final long code, final String text) {
        fail(code, text);
        for (final SegmentWriter segment : segments) {
            segment.stop();
        }
    }

    /**
     * Takes the tidings of a new chain epoch.
     *
     * @param chain that changed
     * @param chainEpoch of the chain now
     * @param head host:port of the chain's head, empty when the node did not say
     */
    void onChainChanged(final int chain, final long chainEpoch, final String head) {
        for (final SegmentWriter segment : segments) {
            segment.onChainChanged(chain, chainEpoch, head);
        }
    }

    /**
     * Remembers a refusal.
     *
     * @param code why
     */
    void onRefusal(final ErrorCode code) {
        lastRefusal = code;
    }

    /** Forgets the last refusal: acknowledgements come again. */
    void onProgress() {
        lastRefusal = null;
    }

    /**
     * Tells whether the user polls.
     *
     * @return true once polled
     */
    boolean isPolled() {
        return isPolled;
    }

    /**
     * Returns why this writer failed.
     *
     * @return 0 or a code of {@link Result}
     */
    long failureCode() {
        return failure;
    }

    /**
     * Returns why nothing is sent any more, for futures.
     *
     * @return with its code
     */
    MillraceException whyStopped() {
        return failed(isClosed ? Result.CLOSED : failure);
    }

    /**
     * Returns the upper half of the identity.
     *
     * @return bits
     */
    long idHigh() {
        return idHigh;
    }

    /**
     * Returns the lower half of the identity.
     *
     * @return bits
     */
    long idLow() {
        return idLow;
    }

    /** One append with a future: taken once there is room for it and for its future. */
    private final class AsyncAppend {
        private final Append append;
        private @Nullable CompletableFuture<EventPosition> future;

        private AsyncAppend(final Append append) {
            this.append = append;
        }

        private boolean isTaken() {
            guard.lock();
            try {
                if (promiseCount() >= conductor.context().writerMaxInFlight()) {
                    return failure() != 0 && append.isEnded();
                }
                final boolean isRefused = append.isEnded();
                final SegmentWriter segment = append.segment;
                if (segment != null) {
                    future = segment.promise();
                }
                return isRefused || segment != null;
            } finally {
                guard.unlock();
            }
        }
    }

    /** One blocking append: offered once there is room, then waited for. */
    private final class Append {
        private final long keyHash;
        private final UnsafeBuffer payload;
        private final @Nullable List<byte[]> payloads;
        private @Nullable SegmentWriter segment;
        private long index;
        private long code;

        private Append(final long keyHash, final byte[] payload, final @Nullable List<byte[]> payloads) {
            this.keyHash = keyHash;
            this.payload = new UnsafeBuffer(payload);
            this.payloads = payloads;
        }

        private boolean isEnded() {
            guard.lock();
            try {
                final SegmentWriter current = segment;
                if (current != null) {
                    code = failure();
                    return current.isAcknowledged(index) || code != 0;
                }
                final List<byte[]> list = payloads;
                code = list == null ? offer(keyHash, payload, 0, payload.capacity()) : offer(keyHash, list);
                if (code > 0) {
                    final SegmentWriter chosen = route(keyHash);
                    segment = chosen;
                    index = chosen.lastIndex();
                    return false;
                }
                return !Result.isRetryable(code);
            } finally {
                guard.unlock();
            }
        }
    }
}
