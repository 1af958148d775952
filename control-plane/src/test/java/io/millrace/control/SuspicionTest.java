package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.control.ClusterBed.FakeNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the control plane makes of a silence that had begun before it could hear of it. */
@Timeout(30)
final class SuspicionTest {
    private static final long MS = ClusterBed.MS;
    private static final long STEP_NS = 20 * MS;
    private static final int TENTHS = 20;

    private final ClusterBed bed = ClusterBed.configured(3, 1, 3, 2, ControlRules.ALL);
    private final List<Long> members = bed.members(1);

    /** Each of the three speaks, unless it is the silent one; places count from the head. */
    private void round(final int silent, final int predecessorTenths, final int successorTenths) {
        for (final FakeNode node : bed.nodes.values()) {
            final int place = members.indexOf(node.number());
            if (place != silent) {
                bed.heartbeat(
                        node,
                        0,
                        0,
                        place == silent + 1 ? predecessorTenths : 0,
                        place == silent - 1 ? successorTenths : 0);
            }
        }
        bed.tick(STEP_NS);
        bed.deliverAll();
    }

    private int roundsUntilItIsSealed() {
        bed.tick(100 * MS); // the first one only sets the clock
        bed.crash(members.get(1));
        int rounds = 0;
        while (rounds < 50
                && bed.view(1).phase().equals("NORMAL")
                && bed.view(1).epoch() == 1) {
            round(1, TENTHS, TENTHS);
            bed.checkSnapshot();
            rounds++;
        }
        assertEquals(
                bed.state.group().featureLevel() >= FeatureLevel.SILENCE_IS_TOLD,
                bed.view(1).phase().equals("NORMAL"),
                "one that is given up is not waited for");
        bed.run(1_000 * MS);
        assertEquals(List.of(members.get(0), members.get(2)), bed.members(1));
        return rounds;
    }

    @Test
    void shouldCountFromTheFirstReportWhenTheFeatureLevelLeavesItOut() {
        assertEquals(ClusterBed.LIMITS.suspicionNs() / STEP_NS, roundsUntilItIsSealed());
    }

    /** A Tick's largest step after the Tick that follows the report is the chance of one that lives to say so. */
    @Test
    void shouldCountTheSilenceThatIsToldWhenTheFeatureLevelHasIt() {
        assertEquals(ControlStatus.DONE, bed.setFeatureLevel(FeatureLevel.SILENCE_IS_TOLD));
        assertEquals(1 + ClusterBed.LIMITS.maxTickStepNs() / STEP_NS, roundsUntilItIsSealed());
    }

    @Test
    void shouldTakeAShortSilenceForWhatItIsWhenItIsTold() {
        assertEquals(ControlStatus.DONE, bed.setFeatureLevel(FeatureLevel.SILENCE_IS_TOLD));
        round(1, 1, 1);
        round(1, 0, 0);
        round(1, 1, 1);
        assertEquals(members, bed.members(1));
    }

    /** The successor speaks first: without its chance the head, which has what the clients sent, would be dropped. */
    @Test
    void shouldDropTheOneNearerToTheTailWhenTwoThatLiveAreCutOff() {
        assertEquals(ControlStatus.DONE, bed.setFeatureLevel(FeatureLevel.SILENCE_IS_TOLD));
        final FakeNode head = bed.node(members.get(0));
        final FakeNode middle = bed.node(members.get(1));
        bed.heartbeat(middle, 0, 0, TENTHS, 0);
        bed.tick(100 * MS);
        bed.deliverAll();
        for (int i = 0; i < 3; i++) {
            bed.heartbeat(head, 0, 0, 0, TENTHS);
            bed.heartbeat(middle, 0, 0, TENTHS, 0);
            bed.heartbeat(bed.node(members.get(2)), 0, 0, 0, 0);
            bed.tick(100 * MS);
            bed.deliverAll();
        }
        assertEquals(List.of(members.get(0), members.get(2)), bed.members(1));
    }

    /** After an election the first Tick has the largest step, most of which was over before anybody was heard. */
    @Test
    void shouldHearTheHeadWhenALongTickFollowsTheReportOfItsSilence() {
        assertEquals(ControlStatus.DONE, bed.setFeatureLevel(FeatureLevel.SILENCE_IS_TOLD));
        final FakeNode head = bed.node(members.get(0));
        final FakeNode middle = bed.node(members.get(1));
        bed.tick(100 * MS);
        bed.heartbeat(middle, 0, 0, TENTHS, 0);
        bed.tick(ClusterBed.LIMITS.maxTickStepNs());
        bed.deliverAll();
        bed.checkSnapshot();
        assertEquals(members, bed.members(1));
        assertEquals("NORMAL", bed.view(1).phase());
        for (int i = 0; i < 30; i++) {
            bed.heartbeat(head, 0, 0, 0, TENTHS);
            bed.heartbeat(middle, 0, 0, TENTHS, 0);
            bed.heartbeat(bed.node(members.get(2)), 0, 0, 0, 0);
            bed.tick(STEP_NS);
            bed.deliverAll();
        }
        assertEquals(List.of(members.get(0), members.get(2)), bed.members(1));
    }
}
