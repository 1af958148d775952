package io.millrace.perf.compare;

import io.millrace.perf.cluster.MillraceClusterSystem;
import io.millrace.perf.load.NullSystem;
import io.millrace.perf.node.MillraceSystem;
import io.millrace.perf.process.ChildProcess;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.TemporaryDirectory;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Has all systems do the cells in turns, each run in a process of its own, and keeps what they told.
 *
 * <p><b>Threading:</b> the command's thread, which sleeps while a run is measured.
 */
final class Comparison {
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long GRACE_NS = TimeUnit.MINUTES.toNanos(12);
    private static final int MANY_STREAMS = 100;
    private static final int LONGEST_REASON = 200;

    private final Options options;
    private final Peers peers;
    private final Machine machine;
    private final Cleanup cleanup;
    private final Terminal terminal;
    private final NanoClock clock;
    private final Class<?> mainClass;
    private final Map<String, Map<String, String>> descriptions = new LinkedHashMap<>();
    private final List<Result> results = new ArrayList<>();

    /**
     * What is asked for.
     *
     * @param cells what is done.
     * @param peers beside ours, the limit and nothing.
     * @param runs undisturbed ones of each.
     * @param directory on the device under test, or null for a temporary one.
     * @param report directory for the files.
     */
    record Options(
            List<Workload.Cell> cells,
            List<String> peers,
            int runs,
            @Nullable Path directory,
            Path report) {}

    /**
     * Prepares it.
     *
     * @param options what is asked for.
     * @param peers the systems of others.
     * @param machine it runs on.
     * @param cleanup ends what is left behind.
     * @param terminal prints.
     * @param clock for time-outs.
     * @param mainClass of a run's JVM: it knows the command {@code bench drive}.
     */
    Comparison(
            final Options options,
            final Peers peers,
            final Machine machine,
            final Cleanup cleanup,
            final Terminal terminal,
            final NanoClock clock,
            final Class<?> mainClass) {
        this.mainClass = mainClass;
        this.options = options;
        this.peers = peers;
        this.machine = machine;
        this.cleanup = cleanup;
        this.terminal = terminal;
        this.clock = clock;
    }

    /** Does all of it; a cell's rows are printed as soon as they are there. */
    void go() {
        for (final Workload.Cell cell : options.cells()) {
            terminal.say("");
            terminal.say(cell + ": " + cell.workload().words());
            final List<String> systems = systems(cell);
            final Rounds<Run> rounds =
                    new Rounds<>(systems, options.runs(), Run::isDisturbed, run -> run.figure("othersShare"));
            rounds.go((system, attempt) -> attempt(cell, system, attempt));
            for (final String system : systems) {
                results.add(new Result(
                        cell, system, rounds.judged(system), rounds.attempts(system), rounds.skipped(system)));
            }
            rows(cell).forEach(row -> terminal.say(Table.line(row)));
        }
    }

    /** What was measured, cell by cell. */
    List<Result> results() {
        return results;
    }

    /** What each system says of itself. */
    Map<String, Map<String, String>> descriptions() {
        return descriptions;
    }

    /** All rows, with their ratios. */
    List<Row> rows() {
        final List<Row> rows = new ArrayList<>();
        options.cells().forEach(cell -> rows.addAll(rows(cell)));
        return rows;
    }

    private List<Row> rows(final Workload.Cell cell) {
        final Map<String, Row> ours = new LinkedHashMap<>();
        final List<Row> rows = new ArrayList<>();
        for (final Result result : results) {
            if (result.cell().equals(cell)) {
                for (final Result.Part part : result.parts()) {
                    final Row row = result.row(part);
                    if (result.system().equals(MillraceSystem.NAME)) {
                        ours.put(part.name(), row);
                    }
                    rows.add(row);
                }
            }
        }
        return rows.stream().map(row -> row.beside(ours.get(row.workload()))).toList();
    }

    private List<String> systems(final Workload.Cell cell) {
        final List<String> systems = new ArrayList<>(List.of(MillraceSystem.NAME));
        final boolean isOneAppend =
                List.of(Workload.W1, Workload.W2, Workload.CLOSED).contains(cell.workload());
        if (isOneAppend) {
            systems.add(LimitDrive.NAME);
        }
        systems.addAll(options.peers());
        if (isOneAppend) {
            systems.add(NullSystem.NAME);
        }
        return systems;
    }

    private Rounds.Outcome<Run> attempt(final Workload.Cell cell, final String system, final int attempt) {
        terminal.progress(cell + ", run " + attempt + ": " + system + " …");
        try {
            final Rounds.Outcome<Run> outcome = drive(cell, system, attempt);
            final Run run = outcome.run();
            terminal.say(String.format(
                    Locale.ROOT,
                    "  run %d  %-18s %s",
                    attempt,
                    system,
                    run == null ? "skipped: " + outcome.why() : said(cell, run)));
            return outcome;
        } catch (final IOException e) {
            final String why = String.valueOf(e.getMessage()).strip();
            terminal.say(String.format(Locale.ROOT, "  run %d  %-18s FAILED: %s", attempt, system, why));
            return new Rounds.Outcome<>(null, "failed: " + firstLine(why), true);
        }
    }

    private static String said(final Workload.Cell cell, final Run run) {
        final String rate = String.format(Locale.ROOT, "%,.0f events/s", run.figure("eventsPerSecond"));
        final String tag =
                switch (cell.plan().mode()) {
                    case TAIL -> "seen";
                    case BESIDE -> "beside";
                    default -> "ack";
                };
        return (run.totals().containsKey(tag) ? run.percentiles(tag) + ", " + rate : rate)
                + String.format(Locale.ROOT, ", others used %.1f %%", run.figure("othersShare") * 100)
                + (run.isDisturbed() ? " (disturbed)" : "")
                + (run.isComplete() ? "" : " (NOT ALL CAME THROUGH)");
    }

    private Rounds.Outcome<Run> drive(final Workload.Cell cell, final String system, final int attempt)
            throws IOException {
        final boolean isOurs = List.of(
                        MillraceSystem.NAME, MillraceClusterSystem.NAME, LimitDrive.NAME, NullSystem.NAME)
                .contains(system);
        final String further = peers.classPath(system);
        if (!isOurs && further == null) {
            return new Rounds.Outcome<>(null, peers.whyMissing(system), false);
        }
        final String name = (cell.name() + "-" + (long) cell.plan().ratePerSecond() + "-" + system + "-" + attempt)
                .toLowerCase(Locale.ROOT);
        final Path log = options.report().resolve(name + ".hlog");
        try (TemporaryDirectory directory = cleanup.add(TemporaryDirectory.create(options.directory()))) {
            final Path data = Files.createDirectory(directory.path().resolve("data"));
            final Path result = directory.path().resolve("result.json");
            final List<String> arguments = new ArrayList<>(List.of("bench", "drive", "--system=" + system));
            arguments.addAll(cell.plan().arguments());
            arguments.addAll(List.of("--directory=" + data, "--result=" + result, "--log=" + log));
            final ChildProcess child = new ChildProcess(
                    "drive",
                    ChildProcess.java(
                            System.getProperty("java.class.path") + (further == null ? "" : ":" + further),
                            flags(cell, system),
                            mainClass.getName(),
                            arguments),
                    List.of());
            // Asked to end and given time for it, whatever happens: it has servers to end.
            final AutoCloseable end = child::stop;
            cleanup.add(end);
            try {
                await(child, cell.plan());
            } finally {
                child.stop();
            }
            final Run run = Run.read(result, log, machine.hasWriteCache());
            final String skipped = run.told().get("skipped");
            if (skipped != null) {
                Files.deleteIfExists(log);
                return new Rounds.Outcome<>(null, skipped, false);
            }
            descriptions.computeIfAbsent(system, key -> run.told().under("description."));
            return new Rounds.Outcome<>(run, "", false);
        }
    }

    private List<String> flags(final Workload.Cell cell, final String system) throws IOException {
        final boolean isWide = cell.plan().streams() >= MANY_STREAMS;
        final List<String> flags = new ArrayList<>(
                List.of("-Xms256m", isWide ? "-Xmx4g" : "-Xmx1g", "-XX:+PerfDisableSharedMem", "-XX:-UsePerfData"));
        for (final String property : List.of("millrace.root", "jffi.extract.dir", "millrace.node.classpath")) {
            final String value = System.getProperty(property);
            if (value != null) {
                flags.add("-D" + property + "=" + value);
            }
        }
        flags.addAll(peers.flags(system));
        return flags;
    }

    private void await(final ChildProcess child, final Plan plan) throws IOException {
        final long deadlineNs = clock.nanoTime() + GRACE_NS + 4 * (plan.warmUpNs() + plan.durationNs());
        while (child.isAlive()) {
            String line = child.pollLine();
            while (line != null) {
                terminal.progress(line.strip());
                line = child.pollLine();
            }
            if (clock.nanoTime() - deadlineNs > 0) {
                throw new IOException("the run does not end: " + lastLine(child.errors()));
            }
            LockSupport.parkNanos(POLL_NS);
        }
        if (child.stop() != 0) {
            throw new IOException(child.errors().isBlank() ? "it ended without a word" : child.errors());
        }
    }

    /** A failure in a table: the rest of it stands in the words above. */
    private static String firstLine(final String text) {
        final String line = text.strip().split("\n", 2)[0].strip();
        return line.length() > LONGEST_REASON ? line.substring(0, LONGEST_REASON) + "…" : line;
    }

    private static String lastLine(final String text) {
        final String[] lines = text.strip().split("\n", -1);
        return lines[lines.length - 1].strip();
    }
}
