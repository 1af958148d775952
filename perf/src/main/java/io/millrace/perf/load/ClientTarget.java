package io.millrace.perf.load;

import io.millrace.client.AckHandler;
import io.millrace.client.EventWriter;
import io.millrace.client.Result;
import io.millrace.perf.system.Target;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A stream's writer as the system under test: the client's non-blocking core on the rig's thread.
 *
 * <p><b>Threading:</b> the rig's thread. <b>Invariants:</b> nothing is allocated per event; acknowledged sequences are
 * handed on as runs, because reading the clock for each of millions of events would measure the clock.
 */
public final class ClientTarget implements Target, AckHandler {
    private static final int POLL_LIMIT = 16 * 1024;
    private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

    private final EventWriter writer;
    private final int eventLength;
    private final UnsafeBuffer event;
    private final Listener nobody = (first, last) -> {};
    private Listener listener = nobody;
    /** An event's index is its sequence times the stride, plus this. */
    private long indexOffset;

    private final long stride;

    private final Histogram queue = OpenLoop.newHistogram();
    private final Histogram journal = OpenLoop.newHistogram();
    private final Histogram chain = OpenLoop.newHistogram();
    private boolean started;
    private long runFirst = 1;
    private long runLast;
    private long offeredCount;
    private long acknowledgedCount;
    private long lastTimed;
    private @Nullable String failure;

    /**
     * Takes over a writer.
     *
     * @param writer new: no event was offered yet.
     * @param eventLength bytes of every event, &ge; 8.
     */
    public ClientTarget(final EventWriter writer, final int eventLength) {
        this(writer, eventLength, 1);
    }

    /**
     * Takes over one writer of several that take turns.
     *
     * @param writer new: no event was offered yet.
     * @param eventLength bytes of every event, &ge; 8.
     * @param stride difference of the numbers of two events in a row, &ge; 1.
     */
    public ClientTarget(final EventWriter writer, final int eventLength, final int stride) {
        this.stride = stride;
        this.writer = writer;
        this.eventLength = eventLength;
        this.event = new UnsafeBuffer(new byte[Math.max(8, eventLength)]);
    }

    @Override
    public boolean offer(final long index) {
        event.putLong(0, index);
        final long sequence = writer.offer(index * SPREAD, event, 0, eventLength);
        if (sequence > 0) {
            if (!started) {
                started = true;
                indexOffset = index - sequence * stride;
            }
            offeredCount++;
            return true;
        }
        if (!Result.isRetryable(sequence)) {
            failure = "the writer refuses: " + Result.name(sequence);
        }
        return false;
    }

    @Override
    public int poll(final Listener newListener) {
        listener = newListener;
        final int work = writer.poll(this, POLL_LIMIT);
        endRun();
        listener = nobody;
        return work;
    }

    /** Events offered and not yet acknowledged. */
    public long pendingCount() {
        return offeredCount - acknowledgedCount;
    }

    /** Shares of the acknowledgements' time, as the node tells them. */
    public AckShares shares() {
        return new AckShares(queue, journal, chain);
    }

    @Override
    public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
        if (sequence != runLast + 1) {
            endRun();
            runFirst = sequence;
        }
        runLast = sequence;
    }

    @Override
    public void onAcknowledgement(
            final long segmentId,
            final long lastSequence,
            final long lastEventNumber,
            final long endOffset,
            final long queueNs,
            final long journalNs,
            final long chainNs) {
        // Each event of the acknowledgement counts: the shares are to be laid beside latencies of events.
        final long events = Math.max(1, lastSequence - lastTimed);
        lastTimed = Math.max(lastTimed, lastSequence);
        record(queue, queueNs, events);
        record(journal, journalNs, events);
        record(chain, chainNs, events);
    }

    /** Forgets the times of acknowledgements taken until now. */
    public void resetTimes() {
        queue.reset();
        journal.reset();
        chain.reset();
    }

    /** Where the node says the time went: one word each for p50 and p99 of its three shares. */
    public String times() {
        return String.format(
                Locale.ROOT,
                "node's share p50/p99: queue %.0f/%.0f, journal %.0f/%.0f, chain %.0f/%.0f us, %d events",
                queue.getValueAtPercentile(50) / 1e3,
                queue.getValueAtPercentile(99) / 1e3,
                journal.getValueAtPercentile(50) / 1e3,
                journal.getValueAtPercentile(99) / 1e3,
                chain.getValueAtPercentile(50) / 1e3,
                chain.getValueAtPercentile(99) / 1e3,
                queue.getTotalCount());
    }

    @Override
    public void onFailed(final long sequence, final long segmentId, final long eventNumber, final long code) {
        failure = "event " + sequence + " was refused: " + Result.name(code);
    }

    @Override
    public @Nullable String failure() {
        return failure;
    }

    private static void record(final Histogram histogram, final long valueNs, final long count) {
        histogram.recordValueWithCount(Math.min(OpenLoop.HIGHEST_NS, Math.max(0, valueNs)), count);
    }

    private void endRun() {
        if (runFirst > runLast) {
            return;
        }
        acknowledgedCount += runLast - runFirst + 1;
        if (stride == 1) {
            listener.onAcknowledged(runFirst + indexOffset, runLast + indexOffset);
        } else {
            for (long sequence = runFirst; sequence <= runLast; sequence++) {
                final long index = sequence * stride + indexOffset;
                listener.onAcknowledged(index, index);
            }
        }
        runFirst = runLast + 1;
    }
}
