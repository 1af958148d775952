package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.EffectAction;
import io.millrace.replication.ChainRules.Rule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules of the protocol switched off one by one: each shows what it is there for. */
@Timeout(120)
final class ChainRulesTest {
    /** P12: without its number, an effect that comes again gets another record. */
    @Test
    void shouldJournalAnEffectTwiceWhenItsNumberIsNotLookedAt() {
        try (ChainBed bed = new ChainBed(1, ChainRules.ALL.without(Rule.EFFECTS_NUMBERED)).begin(1)) {
            final long last = bed.nodes[0].view().lastPosition();
            bed.effect(0, 1, EffectAction.CREATE_SEGMENT);
            bed.settle();
            // the state has it: reported again only; one that waits for another before it is taken, and breaks the
            // state
            assertEquals(last, bed.nodes[0].view().lastPosition());
            assertThrows(IllegalStateException.class, () -> bed.effect(0, 3, EffectAction.SEAL_SEGMENT));
        }
    }

    /** P5: a wiped device that does not say so looks like an empty member. */
    @Test
    void shouldLookLikeAMemberWhenAmnesiaIsNotAnswered() {
        try (ChainBed bed = new ChainBed(2, ChainRules.ALL.without(Rule.AMNESIA_ANSWERED)).begin(2)) {
            bed.nodes[1].crash();
            bed.nodes[1].format();
            bed.nodes[1].start();
            bed.seal(1, 2);
            bed.settle();
            assertEquals(0, bed.nodes[1].sealedAnswer().amnesia());
            assertEquals(0, bed.nodes[1].sealedAnswer().lastPosition());
            assertEquals(1, bed.nodes[1].sealedAnswer().complete());
        }
    }

    /** P4: a torn end that is not reported looks like the whole log. */
    @Test
    void shouldLookWholeWhenATornEndIsNotReported() {
        try (ChainBed bed = new ChainBed(2, ChainRules.ALL.without(Rule.UNCERTAIN_TAIL_REPORTED)).begin(2)) {
            bed.nodes[1].device.hold(true);
            for (int i = 1; i <= 20; i++) {
                bed.nodes[0].append(i, "an event that is long enough to fill more than a sector of the batch " + i);
            }
            bed.settle();
            bed.nodes[1].isUp = false;
            bed.nodes[1].device.crash(2);
            bed.nodes[1].agent.close();
            bed.nodes[1].start();
            assertFalse(bed.nodes[1].view().isUncertain());
        }
    }

    /** P8: a learner that says so before it has everything. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldBeCompleteOnlyWhenEverythingIsHere(final boolean holds) {
        final ChainRules rules = holds ? ChainRules.ALL : ChainRules.ALL.without(Rule.LEARNER_COMPLETE);
        try (ChainBed bed = new ChainBed(2, rules).begin(1)) {
            bed.nodes[0].append(1, "one");
            bed.settle();
            bed.isolate(0);
            bed.learn(1, 1, 1, 0);
            bed.settle();
            assertEquals(holds, bed.nodes[1].complete.length == 0);
            bed.heal();
            bed.settle();
            assertTrue(bed.nodes[1].complete.length > 0);
        }
    }

    /** Two logs that became one go unnoticed when the hashes are not compared. */
    @Test
    void shouldTakeAnotherLogsRecordWhenHashesAreNotChecked() {
        final ChainRules rules = ChainRules.ALL.without(Rule.TRUNCATE_ON_REJOIN).without(Rule.HASH_CHECKED);
        try (ChainBed bed = new ChainBed(2, rules).begin(2)) {
            bed.isolate(0);
            bed.nodes[0].append(1, "lost");
            bed.settle();
            bed.seal(1, 2);
            bed.settle();
            ChainTest.nextEpoch(bed, 2, 3, 1);
            bed.nodes[1].append(1, "kept");
            bed.settle();
            bed.heal();
            bed.seal(0, 3);
            bed.seal(1, 3);
            bed.settle();
            ChainTest.nextEpoch(bed, 3, 4, 1, 0);
            bed.nodes[1].append(2, "after");
            bed.turns(1);
            bed.deliver();
            assertEquals(4, bed.nodes[0].view().lastPosition(), "taken behind another record");
            assertEquals(0, bed.nodes[0].counters().divergenceCount());
        }
    }
}
