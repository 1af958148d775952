package io.millrace.perf.guard;

import io.millrace.perf.load.Percentiles;
import io.millrace.perf.report.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * New against base over some pairs. Each pair is its own comparison, because what it shares, the minute, is what moves
 * most on a machine; the median of the pairs' ratios is judged.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param name of what was measured.
 * @param pairs judged.
 * @param limit highest median of the pairs' ratios that passes.
 * @param isNoisy whether it takes nanoseconds: then slower means in every single pair, too.
 */
record Verdict(String name, List<Pair> pairs, double limit, boolean isNoisy) {
    /**
     * What more garbage an event may make: a late recompilation or a class loaded late spreads some bytes over the
     * events of a short run; an object is 16 at least.
     */
    static final double ALLOCATION_SLACK_BYTES = 8;

    /**
     * One run of each side, next to each other.
     *
     * @param base of the earlier commit.
     * @param fresh of the working tree.
     */
    record Pair(Sample base, Sample fresh) {
        /** Whether one of the two runs was disturbed. */
        boolean isDisturbed() {
            return base.disturbed() || fresh.disturbed();
        }
    }

    /**
     * A ratio over the pairs.
     *
     * @param median of them.
     * @param least of them.
     * @param greatest of them.
     */
    record Spread(double median, double least, double greatest) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", median, least, greatest);
        }
    }

    /** New over base at the median. */
    Spread p50() {
        return spread(pair -> pair.fresh().p50() / pair.base().p50());
    }

    /** New over base at the 99th percentile. */
    Spread p99() {
        return spread(pair -> pair.fresh().p99() / pair.base().p99());
    }

    /** Garbage of an event of the base, median; not a number when unknown. */
    double baseAllocatedBytes() {
        return Percentiles.median(pairs, pair -> pair.base().allocatedBytes());
    }

    /** Garbage of an event of the working tree, median; not a number when unknown. */
    double freshAllocatedBytes() {
        return Percentiles.median(pairs, pair -> pair.fresh().allocatedBytes());
    }

    /** Whether a pair was disturbed: then the verdict says little. */
    boolean isDisturbed() {
        return pairs.stream().anyMatch(Pair::isDisturbed);
    }

    /** Whether an event makes more garbage than before; false when it is not known of both. */
    boolean hasMoreGarbage() {
        return freshAllocatedBytes() > baseAllocatedBytes() + ALLOCATION_SLACK_BYTES;
    }

    /** Whether the median has become greater than the limit lets it. */
    boolean isSlower() {
        final Spread ratio = p50();
        return ratio.median() > limit && !(isNoisy && ratio.least() <= 1);
    }

    /** Whether the working tree is as good as the base. */
    boolean isPassed() {
        return !isSlower() && !hasMoreGarbage();
    }

    /** As JSON, one row. */
    JsonObject toJson() {
        final Spread p50 = p50();
        final Spread p99 = p99();
        return new JsonObject()
                .put("name", name)
                .put("ratio", new JsonObject().put("p50", p50.median()).put("p99", p99.median()))
                .put(
                        "spread",
                        new JsonObject()
                                .put("p50Least", p50.least())
                                .put("p50Greatest", p50.greatest())
                                .put("p99Least", p99.least())
                                .put("p99Greatest", p99.greatest()))
                .put("base", figures(Pair::base))
                .put("new", figures(Pair::fresh))
                .put("limit", limit)
                .put("pairs", pairs.size())
                .put("disturbed", isDisturbed())
                .put(
                        "allocatedBytesPerEvent",
                        new JsonObject().put("base", baseAllocatedBytes()).put("new", freshAllocatedBytes()))
                .put("pass", isPassed());
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s: new/base p50 %s, p99 %s; p50 %.1f -> %.1f; garbage %.1f -> %.1f B; %d pairs%s: %s",
                name,
                p50(),
                p99(),
                Percentiles.median(pairs, pair -> pair.base().p50()),
                Percentiles.median(pairs, pair -> pair.fresh().p50()),
                baseAllocatedBytes(),
                freshAllocatedBytes(),
                pairs.size(),
                isDisturbed() ? " (disturbed: do not quote)" : "",
                isPassed() ? "pass" : hasMoreGarbage() ? "FAIL, more garbage" : "FAIL, slower than " + limit);
    }

    private JsonObject figures(final Function<Pair, Sample> side) {
        return new JsonObject()
                .put("p50", Percentiles.median(pairs, pair -> side.apply(pair).p50()))
                .put("p99", Percentiles.median(pairs, pair -> side.apply(pair).p99()));
    }

    private Spread spread(final ToDoubleFunction<Pair> ratio) {
        return new Spread(
                Percentiles.median(pairs, ratio),
                pairs.stream().mapToDouble(ratio).min().orElse(Double.NaN),
                pairs.stream().mapToDouble(ratio).max().orElse(Double.NaN));
    }
}
