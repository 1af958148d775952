package io.millrace.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.control.ChainView;
import io.millrace.control.ControlRules;
import io.millrace.replication.ChainRules;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Schedules that once broke the plan, each with its rule in force and with the rule switched off. */
@Timeout(120)
final class DirectedScheduleSimTest {
    private static final long MS = 1_000_000;

    /** P2: the head answers from an uncommitted record; its successors never hear of it. */
    @Test
    void shouldHoldItsAnswerWhenTheRecordBehindItIsNotCommitted() {
        final Consumer<World> schedule = world -> {
            world.begin();
            await(world, () -> world.history().acknowledgedCount() > 20);
            final int head = member(world, 0);
            world.intercept((from, to, templateId, frame) -> from != head || to == Wires.CONTROL);
            pass(world, 20);
            world.clients().get(0).links().forEach(link -> link.lose("the schedule wants it"));
            pass(world, 150);
        };
        assertEquals("", run(Rules.ALL, 3, 3, 2, schedule));
        assertTrue(run(without(ChainRules.Rule.ANSWERS_HELD), 3, 3, 2, schedule).startsWith("P2"));
    }

    /** P5: one of two members loses its device while the other is down. */
    @Test
    void shouldBlockWhenTheOnlyMemberLeftHasLostItsDevice() {
        final Consumer<World> schedule = world -> {
            world.begin();
            await(world, () -> world.history().acknowledgedCount() > 20);
            final SimNode wiped = world.nodeOf(member(world, 0));
            final SimNode other = world.nodeOf(member(world, 1));
            wiped.cutPower();
            other.cutPower();
            wiped.replaceDevice();
            wiped.start(Long.MAX_VALUE);
            pass(world, 3_000);
            assertEquals(1, view(world).epoch(), "installed without anybody who holds the log");
            finish(world);
        };
        assertEquals("", run(Rules.ALL, 3, 2, 1, schedule));
    }

    private static Rules without(final ChainRules.Rule rule) {
        return new Rules(ChainRules.ALL.without(rule), ControlRules.ALL);
    }

    private static String run(
            final Rules rules, final int nodes, final int factor, final int minimum, final Consumer<World> schedule) {
        final Randomness randomness = new Randomness(1);
        final World world =
                new World(randomness, Scenario.directed(randomness, nodes, factor, minimum, 2_000), rules, 1_000);
        try {
            schedule.accept(world);
            return "";
        } catch (final Violation violation) {
            return String.valueOf(violation.getMessage());
        } finally {
            world.close();
        }
    }

    private static void pass(final World world, final long milliseconds) {
        world.scheduler().runUntil(world.scheduler().nowNs() + milliseconds * MS);
    }

    private static void await(final World world, final java.util.function.BooleanSupplier condition) {
        for (int i = 0; i < 20_000 && !condition.getAsBoolean(); i++) {
            pass(world, 1);
        }
        assertTrue(condition.getAsBoolean(), "waited 20 virtual seconds");
    }

    private static void finish(final World world) {
        world.intercept(Interception.NONE);
        world.heal();
        assertFalse(
                world.runWhile(
                        world.scheduler().nowNs() + 30_000 * MS, () -> !world.isAllWritten() || !world.isAllRead()),
                "healed and still not done");
        world.end();
    }

    private static ChainView view(final World world) {
        final ChainView view = world.control().state().chainView(1);
        assertTrue(view != null, "the chain is configured");
        return view;
    }

    private static int member(final World world, final int index) {
        return (int) view(world).members().get(index).replica().node().getMostSignificantBits();
    }
}
