package io.millrace.simulation;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.NanoClock;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code millrace simulate}: runs seeds of the simulated cluster and says what was broken and how to repeat it.
 *
 * <p><b>Threading</b>: the command line's thread; each world lives on one of as many threads as there are processors.
 */
@Command(
        name = "millrace simulate",
        description = "Run seeds of a simulated cluster, with faults and checkers; repeat one with --seed S --trace.",
        mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
    private static final int BROKEN = 1;
    private static final int LONGEST_WORDS = 160;
    private static final double NS_PER_SECOND = 1e9;

    private final PrintWriter out;
    private final PrintWriter err;
    private final NanoClock clock;

    @Option(names = "--seeds", paramLabel = "N", description = "How many seeds to run; 20 when it is not given.")
    private int seeds;

    @Option(names = "--seed", paramLabel = "S", description = "The first seed, 1; alone: only this one.")
    private long firstSeed = 1;

    @Option(names = "--trace", description = "Print what happened before a violation; with one seed, in any case.")
    private boolean isTraced;

    @Option(names = "--single", description = "A node that stands alone instead of a cluster.")
    private boolean isSingle;

    @Option(
            names = "--mutations",
            arity = "0..1",
            fallbackValue = "0",
            paramLabel = "N",
            description =
                    "Switch every safety rule off in turn: a directed schedule, or one of N seeds, must fail then.")
    private int mutationSeeds = -1;

    @Option(names = "--output", paramLabel = "text|json", description = "json: one object on standard output.")
    private Format format = Format.TEXT;

    /** Forms of the report. */
    enum Format {
        /** Words for people. */
        TEXT,
        /** One object on standard output, words on standard error. */
        JSON
    }

    /**
     * Creates the command.
     *
     * @param out for the report
     * @param err for words beside a report in JSON
     * @param clock for how long it took
     */
    SimulateCommand(final PrintWriter out, final PrintWriter err, final NanoClock clock) {
        this.out = out;
        this.err = err;
        this.clock = clock;
    }

    @Override
    public Integer call() throws InterruptedException {
        final long startNs = clock.nanoTime();
        final int count = seeds > 0 ? seeds : firstSeed == 1 ? 20 : 1;
        final Totals totals = runAll(count);
        if (mutationSeeds >= 0) {
            runMutations(totals);
        }
        final double seconds = (clock.nanoTime() - startNs) / NS_PER_SECOND;
        if (format == Format.JSON) {
            out.println(totals.toJson());
        } else {
            out.printf(
                    Locale.ROOT,
                    "%d seeds, %d violations; %d events acknowledged, %d reconfigurations, %d faults, "
                            + "%.0f virtual seconds in %.1f s%n",
                    totals.seedCount,
                    totals.violationCount,
                    totals.acknowledged,
                    totals.reconfigurations,
                    totals.faults,
                    totals.virtualSeconds,
                    seconds);
        }
        return totals.violationCount == 0 && totals.caughtCount == totals.mutationCount ? 0 : BROKEN;
    }

    private void runMutations(final Totals totals) throws InterruptedException {
        final List<MutationGate.Mutation> mutations = MutationGate.all();
        inParallel(mutations.size(), index -> {
            final MutationGate.Verdict verdict =
                    MutationGate.tryOut(mutations.get((int) index), firstSeed, mutationSeeds);
            synchronized (totals) {
                totals.mutationCount++;
                totals.caughtCount += verdict.isCaught() ? 1 : 0;
                final String violation = verdict.violation();
                words().println("without " + verdict.mutation().name() + ": "
                        + (verdict.isCaught()
                                ? verdict.by() + ", "
                                        + violation.substring(0, Math.min(LONGEST_WORDS, violation.length()))
                                : "NOT CAUGHT " + violation));
            }
        });
    }

    private PrintWriter words() {
        return format == Format.JSON ? err : out;
    }

    private static void inParallel(final long count, final java.util.function.LongConsumer work)
            throws InterruptedException {
        final AtomicLong next = new AtomicLong();
        final List<Thread> threads = new ArrayList<>();
        final long threadCount = Math.min(count, Runtime.getRuntime().availableProcessors());
        for (int i = 0; i < threadCount; i++) {
            final Thread thread = new Thread(
                    () -> {
                        for (long index = next.getAndIncrement(); index < count; index = next.getAndIncrement()) {
                            work.accept(index);
                        }
                    },
                    "simulation-" + i);
            threads.add(thread);
            thread.start();
        }
        for (final Thread thread : threads) {
            thread.join();
        }
    }

    private Totals runAll(final int count) throws InterruptedException {
        final Totals totals = new Totals();
        inParallel(count, index -> {
            final long seed = firstSeed + index;
            final Simulation.Outcome outcome =
                    isSingle ? Simulation.runSingle(seed, isTraced) : Simulation.runCluster(seed, isTraced);
            synchronized (totals) {
                totals.add(outcome);
                report(outcome, count == 1);
            }
        });
        return totals;
    }

    private void report(final Simulation.Outcome outcome, final boolean isOnly) {
        final PrintWriter words = words();
        if (isTraced && (isOnly || !outcome.violation().isEmpty())) {
            outcome.trace().forEach(words::println);
        }
        if (!outcome.violation().isEmpty()) {
            words.println("seed " + outcome.seed() + ": " + outcome.violation());
            words.println("  repeat it: ./millrace simulate " + (isSingle ? "--single " : "") + "--seed "
                    + outcome.seed() + " --seeds 1 --trace");
        } else if (isOnly) {
            words.println("seed " + outcome.seed() + ": nothing broken, trace hash "
                    + Long.toHexString(outcome.traceHash()) + ", " + outcome.events() + " steps");
        }
        words.flush();
    }

    /** Sums over seeds. */
    private static final class Totals {
        private int seedCount;
        private int violationCount;
        private int mutationCount;
        private int caughtCount;
        private long acknowledged;
        private long reconfigurations;
        private long faults;
        private double virtualSeconds;

        private void add(final Simulation.Outcome outcome) {
            seedCount++;
            violationCount += outcome.violation().isEmpty() ? 0 : 1;
            acknowledged += outcome.acknowledged();
            reconfigurations += outcome.reconfigurations();
            faults += outcome.faults();
            virtualSeconds += outcome.virtualSeconds();
        }

        private String toJson() {
            return String.format(
                    Locale.ROOT,
                    "{\"seeds\":%d,\"violations\":%d,\"mutations\":%d,\"mutationsCaught\":%d,\"acknowledged\":%d,"
                            + "\"reconfigurations\":%d,\"faults\":%d,\"virtualSeconds\":%.3f}",
                    seedCount,
                    violationCount,
                    mutationCount,
                    caughtCount,
                    acknowledged,
                    reconfigurations,
                    faults,
                    virtualSeconds);
        }
    }
}
