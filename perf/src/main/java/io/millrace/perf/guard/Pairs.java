package io.millrace.perf.guard;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs both sides in turns: base, new, new, base, base, new … so that what drifts on the machine, and what comes from
 * being second, hits both alike. A pair of which a run was disturbed is made again, at most as often as there are
 * pairs.
 *
 * <p><b>Threading:</b> one thread.
 */
final class Pairs {
    private final int wanted;

    /** Does a run of one side. */
    interface Run {
        /**
         * Does one run.
         *
         * @return what it gave.
         * @throws IOException when it fails.
         */
        Sample run() throws IOException;
    }

    /** Is told of each pair. */
    interface Told {
        /**
         * A pair was made.
         *
         * @param attempt from 1.
         * @param pair what it gave.
         */
        void onPair(int attempt, Verdict.Pair pair);
    }

    /**
     * Prepares the turns.
     *
     * @param wanted undisturbed pairs, &ge; 1.
     */
    Pairs(final int wanted) {
        this.wanted = wanted;
    }

    /**
     * Runs both sides.
     *
     * @param base of the earlier commit.
     * @param fresh of the working tree.
     * @param told of each pair.
     * @return the pairs to judge: undisturbed ones as far as there are enough, then disturbed ones in their order.
     * @throws IOException when a run fails.
     */
    List<Verdict.Pair> run(final Run base, final Run fresh, final Told told) throws IOException {
        final List<Verdict.Pair> clean = new ArrayList<>();
        final List<Verdict.Pair> disturbed = new ArrayList<>();
        int attempt = 0;
        while (clean.size() < wanted && attempt < 2 * wanted) {
            final Verdict.Pair pair;
            if (attempt % 2 == 0) {
                final Sample first = base.run();
                pair = new Verdict.Pair(first, fresh.run());
            } else {
                final Sample first = fresh.run();
                pair = new Verdict.Pair(base.run(), first);
            }
            attempt++;
            told.onPair(attempt, pair);
            (pair.isDisturbed() ? disturbed : clean).add(pair);
        }
        final List<Verdict.Pair> judged = new ArrayList<>(clean);
        disturbed.stream().limit(wanted - clean.size()).forEach(judged::add);
        return List.copyOf(judged);
    }
}
