package io.millrace.benchmarks;

import io.millrace.codec.AllowedHere;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code millrace bench jmh}: runs the benchmarks of the pieces and prints each beside its baseline. JMH's own words go
 * to standard error.
 *
 * <p><b>Threading:</b> one thread here; each benchmark runs in a JVM of its own.
 */
@Command(
        name = "millrace bench jmh",
        mixinStandardHelpOptions = true,
        description = "Measures the pieces of the path with JMH, each beside a baseline.")
@AllowedHere("the command line prints")
public final class BenchmarkMain implements Callable<Integer> {
    @Option(
            names = "--include",
            paramLabel = "REGEX",
            defaultValue = ".*Benchmark.*",
            description = "Benchmarks whose full name has a match (default: all).")
    private String include = "";

    @Option(names = "--iterations", paramLabel = "N", description = "Measured iterations (default: as annotated).")
    private @Nullable Integer iterations;

    @Option(names = "--warmup", paramLabel = "N", description = "Iterations before them (default: as annotated).")
    private @Nullable Integer warmUp;

    @Option(names = "--time", paramLabel = "MS", description = "Milliseconds of an iteration (default: as annotated).")
    private @Nullable Integer timeMs;

    @Option(names = "--forks", paramLabel = "N", description = "JVMs a benchmark is run in, one after the other.")
    private @Nullable Integer forks;

    @Option(names = "--list", description = "Name the benchmarks, run none.")
    private boolean list;

    @Option(names = "--output", paramLabel = "text|json", defaultValue = "text", description = "json: one object.")
    private Form output = Form.text;

    private final PrintStream out;

    /** How a result is given; lower case, as it is typed. */
    private enum Form {
        /** A table. */
        text,
        /** One object on standard output. */
        json
    }

    private BenchmarkMain(final PrintStream out) {
        this.out = out;
    }

    /**
     * Runs what the command line says and ends the process: 0 done, 1 failed, 2 wrong usage.
     *
     * @param arguments the command line.
     */
    public static void main(final String[] arguments) {
        final PrintStream results = System.out;
        System.setOut(System.err); // JMH prints its progress to standard output
        System.exit(new CommandLine(new BenchmarkMain(results))
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    System.err.println("millrace: " + failure.getMessage());
                    return 1;
                })
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, RunnerException {
        if (list) {
            names().forEach(out::println);
            return 0;
        }
        final ChainedOptionsBuilder options = new OptionsBuilder()
                .include(include)
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true);
        if (iterations != null) {
            options.measurementIterations(iterations);
        }
        if (warmUp != null) {
            options.warmupIterations(warmUp);
        }
        if (timeMs != null) {
            options.measurementTime(TimeValue.milliseconds(timeMs)).warmupTime(TimeValue.milliseconds(timeMs));
        }
        if (forks != null) {
            options.forks(forks);
        }
        final Collection<RunResult> results = new Runner(options.build()).run();
        if (results.isEmpty()) {
            throw new IOException("no benchmark's name has a match of " + include);
        }
        final List<BenchmarkRow> rows = BenchmarkRow.of(results);
        out.println(output == Form.json ? BenchmarkRow.json(rows) : BenchmarkRow.table(rows));
        return 0;
    }

    /**
     * Names the benchmarks there are, from the list that JMH's generator wrote.
     *
     * @return full names.
     */
    static List<String> names() {
        try (var in = BenchmarkMain.class.getResourceAsStream("/META-INF/BenchmarkList")) {
            if (in == null) {
                throw new IllegalStateException("the benchmarks were not generated");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .map(BenchmarkMain::nameIn)
                    .sorted()
                    .toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A line begins "JMH S 33 io.millrace… S 40 …": the first text is the class, the third the method. */
    private static String nameIn(final String line) {
        final String[] words = line.split(" ", -1);
        return words.length > 9 ? words[3] + "." + words[9] : line;
    }
}
