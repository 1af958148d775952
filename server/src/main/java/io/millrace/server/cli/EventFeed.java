package io.millrace.server.cli;

import io.millrace.client.AckHandler;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.Result;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Feeds events to a writer: waits while its window is full, counts acknowledgements, and gives up when nothing moves
 * for the time-out, at once when the node says that waiting is no use.
 *
 * <p><b>Threading:</b> one thread.
 */
final class EventFeed implements AckHandler {
    private static final int POLL_LIMIT = 1_024;
    private static final int POLL_EVERY = 256;
    private static final long HOPELESS_NS = 1_000_000_000L;

    private final Millrace millrace;
    private final EventWriter writer;
    private final NanoClock clock;
    private final long timeoutNs;
    private final Interruption interruption;
    private final IdleStrategy idle = new BackoffIdleStrategy(20, 20, 10_000, 500_000);
    private long acknowledgedCount;
    private long failedCode;
    private long lastSequence;
    private long lastSegmentId = -1;
    private long lastEndOffset = -1;

    /** The first offer polls: a writer that was never polled may forget what it has acknowledged. */
    private int sincePoll = POLL_EVERY;

    /**
     * Creates the feed.
     *
     * @param millrace of the writer.
     * @param writer to feed.
     * @param clock for the time-out.
     * @param timeoutNs longest standstill.
     * @param interruption ends waiting.
     */
    EventFeed(
            final Millrace millrace,
            final EventWriter writer,
            final NanoClock clock,
            final long timeoutNs,
            final Interruption interruption) {
        this.millrace = millrace;
        this.writer = writer;
        this.clock = clock;
        this.timeoutNs = timeoutNs;
        this.interruption = interruption;
    }

    /**
     * Offers one event until it is taken.
     *
     * @param hasKey false: to a random segment.
     * @param keyHash of its key.
     * @param buffer holds the payload.
     * @param offset of the payload.
     * @param length of the payload.
     * @throws MillraceException when the writer takes no more, or nothing moves.
     */
    void offer(
            final boolean hasKey, final long keyHash, final DirectBuffer buffer, final int offset, final int length) {
        if (++sincePoll >= POLL_EVERY) {
            poll();
        }
        long sinceNs = -1;
        while (true) {
            final long result =
                    hasKey ? writer.offer(keyHash, buffer, offset, length) : writer.offer(buffer, offset, length);
            if (result > 0) {
                lastSequence = result;
                return;
            }
            if (!Result.isRetryable(result)) {
                throw failure(Result.error(result));
            }
            sinceNs = await(sinceNs);
        }
    }

    /**
     * Waits until every event is durable.
     *
     * @throws MillraceException as {@link #offer}.
     */
    void drain() {
        long sinceNs = -1;
        while (writer.pendingCount() > 0 || acknowledgedCount < lastSequence) {
            if (writer.failure() != 0) {
                poll();
                throw failure(Result.error(writer.failure()));
            }
            sinceNs = await(sinceNs);
        }
    }

    /** Polls and waits a little; returns since when nothing moves. */
    private long await(final long sinceNs) {
        if (interruption.isAsked()) {
            throw failure(ErrorCode.INTERRUPTED);
        }
        final int work = poll();
        idle.idle(work);
        final long nowNs = clock.nanoTime();
        if (work > 0 || sinceNs == -1) {
            return nowNs == -1 ? 0 : nowNs;
        }
        final ErrorCode refusal = writer.lastRefusal();
        final long stillNs = nowNs - sinceNs;
        if (stillNs >= HOPELESS_NS && isHopeless(refusal)) {
            throw failure(refusal);
        }
        if (stillNs >= timeoutNs) {
            throw failure(
                    refusal != null ? refusal : millrace.isConnected() ? ErrorCode.TIMED_OUT : ErrorCode.UNREACHABLE);
        }
        return sinceNs;
    }

    private static boolean isHopeless(final @Nullable ErrorCode refusal) {
        return refusal == ErrorCode.JOURNAL_FULL
                || refusal == ErrorCode.DEVICE_FENCED
                || refusal == ErrorCode.INDEX_FULL
                || refusal == ErrorCode.WRITER_LIMIT
                || refusal == ErrorCode.UNAUTHORIZED;
    }

    private int poll() {
        sincePoll = 0;
        final int count = writer.poll(this, POLL_LIMIT);
        if (failedCode != 0) {
            throw failure(Result.error(failedCode));
        }
        return count;
    }

    private MillraceException failure(final @Nullable ErrorCode code) {
        final ErrorCode named = code == null ? ErrorCode.UNKNOWN : code;
        return new MillraceException(
                named,
                "writing to " + writer.stream().name() + " ended: " + named.summary() + "; " + acknowledgedCount
                        + " of the " + lastSequence + " events offered are known to be durable");
    }

    @Override
    public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
        acknowledgedCount++;
        if (sequence == lastSequence) {
            lastSegmentId = segmentId;
            lastEndOffset = endOffset;
        }
    }

    @Override
    public void onFailed(final long sequence, final long segmentId, final long eventNumber, final long code) {
        if (failedCode == 0) {
            failedCode = code;
        }
    }

    /**
     * Tells how many events are durable.
     *
     * @return count.
     */
    long acknowledgedCount() {
        return acknowledgedCount;
    }

    /**
     * Tells how many events were taken.
     *
     * @return count.
     */
    long offeredCount() {
        return lastSequence;
    }

    /**
     * Tells where the last event lies; after {@link #drain()}.
     *
     * @return segment id, -1 when there is no event.
     */
    long lastSegmentId() {
        return lastSegmentId;
    }

    /**
     * Tells where the last event ends; after {@link #drain()}.
     *
     * @return byte offset behind it.
     */
    long lastEndOffset() {
        return lastEndOffset;
    }
}
