package io.millrace.perf.load;

import org.HdrHistogram.Histogram;

/**
 * Where a node says that the time of its acknowledgements went, counted once for each event. What is left of an event's
 * latency is the network, both clients of it and the rig.
 *
 * <p><b>Threading:</b> the rig's thread; the histograms go on changing while events are acknowledged.
 *
 * @param queue from reading the frame to submitting its batch, in nanoseconds.
 * @param journal from there until the batch was durable.
 * @param chain from there until its records were committed.
 */
public record AckShares(Histogram queue, Histogram journal, Histogram chain) {
    /** Empty shares, to add others to. */
    public static AckShares empty() {
        return new AckShares(OpenLoop.newHistogram(), OpenLoop.newHistogram(), OpenLoop.newHistogram());
    }

    /**
     * Adds the events of another writer.
     *
     * @param other its shares.
     */
    public void add(final AckShares other) {
        queue.add(other.queue);
        journal.add(other.journal);
        chain.add(other.chain);
    }
}
