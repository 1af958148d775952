package io.millrace.simulation;

import java.util.HashSet;
import java.util.Set;

/**
 * Who reaches whom, how fast, and what gets lost on the way. Places are numbers: nodes from 1, the control plane 0,
 * clients from {@link #FIRST_CLIENT}.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class Wires {
    /** Place of the control plane. */
    static final int CONTROL = 0;

    /** Place of the first client. */
    static final int FIRST_CLIENT = 1_000;

    private static final double TAIL = 0.01;

    private final Scheduler scheduler;
    private final Randomness.Stream random;
    private final long typicalNs;
    private final long longestNs;
    private final Set<Long> cuts = new HashSet<>();
    private double loss;
    private double duplication;
    private double reordering;

    /** Takes the times of a healthy network. */
    Wires(final Scheduler scheduler, final Randomness.Stream random, final long typicalNs, final long longestNs) {
        this.scheduler = scheduler;
        this.random = random;
        this.typicalNs = typicalNs;
        this.longestNs = longestNs;
    }

    /** Sets what happens to datagrams. */
    void weather(final double newLoss, final double newDuplication, final double newReordering) {
        loss = newLoss;
        duplication = newDuplication;
        reordering = newReordering;
    }

    /** Cuts one direction. */
    void cut(final int from, final int to) {
        cuts.add(pair(from, to));
    }

    /** Mends one direction. */
    void mend(final int from, final int to) {
        cuts.remove(pair(from, to));
    }

    /** Mends everything and makes the weather fine. */
    void heal() {
        cuts.clear();
        weather(0, 0, 0);
    }

    /** Tells whether nothing gets through. */
    boolean isCut(final int from, final int to) {
        return !cuts.isEmpty() && cuts.contains(pair(from, to));
    }

    /** Draws how long something takes. */
    long delayNs() {
        return random.durationNs(typicalNs, longestNs, TAIL);
    }

    /** Draws what a loss costs a reliable stream. */
    long retransmitNs() {
        return random.hits(loss) ? random.between(typicalNs, 20 * typicalNs) : 0;
    }

    /**
     * Sends a datagram: it may be lost, doubled, late and out of order.
     *
     * @param deliver run at arrival, each time
     */
    void send(final int from, final int to, final Runnable deliver) {
        if (isCut(from, to) || random.hits(loss)) {
            return;
        }
        final int copies = random.hits(duplication) ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            final long extraNs = random.hits(reordering) ? random.between(typicalNs, 50 * longestNs) : 0;
            scheduler.after(delayNs() + extraNs, () -> {
                if (!isCut(from, to)) {
                    deliver.run();
                }
            });
        }
    }

    private static long pair(final int from, final int to) {
        return (long) from << 32 | to;
    }
}
