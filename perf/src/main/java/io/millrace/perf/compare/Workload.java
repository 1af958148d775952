package io.millrace.perf.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is compared: a workload is one or more cells, and a cell is what all systems do in turns.
 *
 * <p><b>Threading:</b> immutable.
 */
enum Workload {
    /** Durable append of small events. */
    W1("durable append, 100 B"),
    /** The same with one event under way: the path without any queue. */
    CLOSED("durable append, 100 B, one event under way at a time"),
    /** Durable append of larger events. */
    W2("durable append, 1 KiB"),
    /** How much a system takes. */
    W3("highest rate with p99 < 10 ms, 100 B"),
    /** Append until somebody who waits has read it. */
    W4("append until a tail reader sees it, 100 B"),
    /** Read everything. */
    W5("catch-up read, 100 B"),
    /** What it costs when there is more of everything at the same total rate. */
    W6("1 to 16 writers and 1 to 1,000 streams, 100 B"),
    /** Transactions of ten events. */
    TX("transactions of ten events of 100 B, begin to known as committed");

    /** Rates that are measured when none are named. */
    static final List<Long> RATES = List.of(1_000L, 10_000L, 50_000L, 100_000L);

    private static final long USUAL_RATE = 10_000;
    private static final int SMALL = 100;
    private static final int LARGE = 1024;
    private static final int[] WRITERS = {1, 2, 4, 8, 16};
    private static final int[] STREAMS = {1, 10, 100, 1000};
    private static final long WARM_BYTES = 48L << 20;
    private static final long COLD_BYTES = 512L << 20;

    private final String words;

    Workload(final String words) {
        this.words = words;
    }

    /** What it is, in words. */
    String words() {
        return words;
    }

    /**
     * One thing that all systems do in turns.
     *
     * @param workload it belongs to.
     * @param name in rows: the workload's name, and what is special where there are several kinds.
     * @param plan of each run.
     */
    record Cell(Workload workload, String name, Plan plan) {
        @Override
        public String toString() {
            return name
                    + (plan.mode().hasRate() ? String.format(Locale.ROOT, " at %,.0f/s", plan.ratePerSecond()) : "");
        }
    }

    /**
     * The workload's cells.
     *
     * @param rates that were asked for; empty: the workload's own.
     * @param warmUpNs of each run.
     * @param durationNs of each run.
     * @return in the order they are measured.
     */
    List<Cell> cells(final List<Long> rates, final long warmUpNs, final long durationNs) {
        final List<Cell> cells = new ArrayList<>();
        final List<Long> given = rates.isEmpty() ? List.of(USUAL_RATE) : rates;
        final Plan plan = new Plan(Mode.APPEND, SMALL, 1, 1, given.get(0), warmUpNs, durationNs, 0);
        switch (this) {
            case W1, W2 -> {
                for (final long rate : rates.isEmpty() ? RATES : rates) {
                    cells.add(cell("", with(plan, Mode.APPEND, this == W1 ? SMALL : LARGE, (double) rate, 0)));
                }
            }
            case CLOSED -> cells.add(new Cell(this, "W1-closed", with(plan, Mode.CLOSED, SMALL, 0, 0)));
            case W3 -> cells.add(cell("", with(plan, Mode.SEARCH, SMALL, 0, 0)));
            case W4 -> {
                for (final long rate : given) {
                    cells.add(cell("", with(plan, Mode.TAIL, SMALL, (double) rate, 0)));
                }
            }
            case W5 -> {
                cells.add(cell("-warm", with(plan, Mode.WARM, SMALL, 0, WARM_BYTES)));
                cells.add(cell("-cold", with(plan, Mode.COLD, SMALL, 0, COLD_BYTES)));
                cells.add(cell("-beside", with(plan, Mode.BESIDE, SMALL, given.get(0), COLD_BYTES)));
            }
            case W6 -> {
                for (final int writers : WRITERS) {
                    cells.add(cell("-writers-" + writers, wide(plan, writers, 1)));
                }
                for (final int streams : STREAMS) {
                    cells.add(cell("-streams-" + streams, wide(plan, 1, streams)));
                }
            }
            case TX -> cells.add(cell("", with(plan, Mode.TRANSACTIONS, SMALL, 0, 0)));
        }
        return cells;
    }

    private Cell cell(final String suffix, final Plan plan) {
        return new Cell(this, name() + suffix, plan);
    }

    private static Plan with(
            final Plan plan, final Mode mode, final int eventLength, final double rate, final long readBackBytes) {
        return new Plan(mode, eventLength, 1, 1, rate, plan.warmUpNs(), plan.durationNs(), readBackBytes);
    }

    private static Plan wide(final Plan plan, final int writers, final int streams) {
        return new Plan(
                plan.mode(),
                plan.eventLength(),
                writers,
                streams,
                plan.ratePerSecond(),
                plan.warmUpNs(),
                plan.durationNs(),
                0);
    }
}
