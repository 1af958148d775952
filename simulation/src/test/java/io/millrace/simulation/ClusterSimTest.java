package io.millrace.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/**
 * A cluster of three to five nodes under faults, as {@code millrace simulate} runs it, on every processor.
 * {@code -Dsim.seed=} repeats one seed, {@code -Dsim.seeds=} runs more: 10,000 for a soak.
 */
@Timeout(7_200)
final class ClusterSimTest {
    private static final int SEEDS = Integer.getInteger("sim.seeds", 200);

    @Test
    void shouldKeepEveryPromiseWhenFaultsStrikeACluster() {
        final Long only = Long.getLong("sim.seed");
        final int count = only == null ? SEEDS : 1;
        final StringWriter json = new StringWriter();
        final StringWriter words = new StringWriter();
        final int exitCode = new CommandLine(new SimulateCommand(
                        new PrintWriter(json, true), new PrintWriter(words, true), SystemNanoClock.INSTANCE))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(
                        "--seed", Long.toString(only == null ? 1 : only),
                        "--seeds", Integer.toString(count),
                        "--output", "json");

        assertEquals("", only == null ? words.toString() : "", "seeds that failed, and how to repeat them");
        assertEquals(0, exitCode, words.toString());
        assertEquals(count, figure(json, "seeds"));
        assertEquals(0, figure(json, "violations"));
        assertEquals(0, figure(json, "mutations"));
        assertEquals(0, figure(json, "mutationsCaught"));
        assertTrue(figure(json, "virtualSeconds") >= count, json.toString());
        if (only == null) {
            assertTrue(figure(json, "acknowledged") >= 1_000L * count, json.toString());
            assertTrue(figure(json, "faults") >= 10L * count, json.toString());
            assertTrue(figure(json, "reconfigurations") >= 3L * count, json.toString());
        }
    }

    private static long figure(final StringWriter json, final String name) {
        final Matcher matcher = Pattern.compile("\"" + name + "\":(\\d+)").matcher(json.toString());
        assertTrue(matcher.find(), name + " is missing in " + json);
        return Long.parseLong(matcher.group(1));
    }

    @Test
    void shouldHaveTheSameTraceHashWhenTheSeedOfAClusterIsTheSame() {
        for (final long seed : new long[] {3, 149, 340}) {
            final long hash = Simulation.runCluster(seed, false).traceHash();
            assertEquals(hash, Simulation.runCluster(seed, true).traceHash(), "seed " + seed);
            assertNotEquals(hash, Simulation.runCluster(seed + 1, false).traceHash());
        }
    }

    /** Each broke a promise once, or the checkers were wrong about it. */
    @ParameterizedTest
    @ValueSource(
            longs = {
                76, 151, 177, 219, 277, 295, 340, 384, 450, 547, 758, 927, 1046, 1265, 1435, 1680, 1747, 1768, 2186,
                2914
            })
    void shouldKeepEveryPromiseWhenASeedThatFailedIsRepeated(final long seed) {
        assertEquals("", Simulation.runCluster(seed, false).violation());
    }

    /** Chance has to strike with everything there is, or a fault is survived on paper only. */
    @Test
    void shouldDrawEveryKindOfFaultWhenSeedsChoose() {
        final java.util.Set<Fault> drawn = java.util.EnumSet.noneOf(Fault.class);
        for (int seed = 1; seed <= SEEDS; seed++) {
            final Randomness randomness = new Randomness(seed);
            final FaultMix mix = Scenario.cluster(randomness).faults();
            final Randomness.Stream random = randomness.stream("chaos");
            for (int i = 0; i < 20; i++) {
                drawn.add(mix.next(random));
            }
        }
        assertEquals(Fault.CLUSTER, drawn);
    }
}
