package io.millrace.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * How often each kind of fault strikes.
 *
 * <p><b>Threading</b>: immutable.
 */
final class FaultMix {
    /** No fault at all: a schedule is directed. */
    static final FaultMix NONE = new FaultMix(List.of());

    private final List<Fault> tickets;

    private FaultMix(final List<Fault> tickets) {
        this.tickets = List.copyOf(tickets);
    }

    /** Mixes some of the kinds, each with a weight of its own. */
    static FaultMix draw(final Randomness.Stream random, final Set<Fault> kinds) {
        final List<Fault> tickets = new ArrayList<>();
        final double share = 0.3 + 0.7 * random.share();
        for (final Fault kind : kinds) {
            final boolean isIn = random.hits(share);
            final int weight = 1 + random.below(4);
            for (int i = 0; isIn && i < weight; i++) {
                tickets.add(kind);
            }
        }
        if (tickets.isEmpty()) {
            tickets.add(Fault.POWER_CUT);
        }
        return new FaultMix(tickets);
    }

    /** Draws the next one. */
    Fault next(final Randomness.Stream random) {
        return tickets.get(random.below(tickets.size()));
    }

    @Override
    public String toString() {
        return tickets.toString();
    }
}
