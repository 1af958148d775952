package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a replica takes for the silence of a neighbour, and how it tells it. */
@Timeout(60)
final class SilenceTest {
    private static final long MILLIS = 1_000_000;
    private static final ChainLimits LIMITS = ChainLimits.defaults();

    private static void pass(final ChainBed bed, final long millis) {
        for (long passed = 0; passed < millis; passed += 20) {
            bed.nowNs += 20 * MILLIS;
            bed.deliver();
            bed.turns(1);
        }
    }

    private static boolean suspectEachOther(final ChainBed bed) {
        final boolean first = bed.nodes[0].view().successorSilenceNs() > LIMITS.suspicionNs();
        assertEquals(
                first, bed.nodes[1].view().predecessorSilenceNs() > LIMITS.suspicionNs(), "one suspects the other");
        return first;
    }

    /** A link that has to be made first is no silence: both neighbours are alive, and one of them would be dropped. */
    @Test
    void shouldSuspectNobodyUntilTheLinksHaveHadTimeToBeMade() {
        try (ChainBed bed = new ChainBed(2).begin(2)) {
            bed.isolate(1);
            bed.seal(0, 2);
            bed.seal(1, 2);
            bed.settle();
            ChainTest.nextEpoch(bed, 2, 3, 0, 1);
            pass(bed, 1_500);
            assertTrue(!suspectEachOther(bed), "suspected before it was met");
            pass(bed, 1_500);
            assertTrue(suspectEachOther(bed), "never met, and not suspected");
            bed.heal();
            bed.settle();
            assertTrue(!suspectEachOther(bed), "heard, and suspected");
            bed.isolate(1);
            pass(bed, 300);
            assertTrue(suspectEachOther(bed), "met, silent, and not suspected");
        }
    }

    /** A machine that stands still for a second hears nobody, and nobody is silent for it. */
    @Test
    void shouldSuspectNobodyForATimeInWhichItStoodStillItself() {
        try (ChainBed bed = new ChainBed(2).begin(2)) {
            pass(bed, 500);
            bed.isolate(1);
            bed.nowNs += 10_000 * MILLIS;
            bed.turns(1);
            assertTrue(!suspectEachOther(bed), "its own pause taken for a silence");
            pass(bed, 300);
            assertTrue(suspectEachOther(bed), "silent, and not suspected");
            final long silenceNs = bed.nodes[0].view().successorSilenceNs();
            assertTrue(silenceNs < 1_000 * MILLIS, "its own pause was added: " + silenceNs);
        }
    }

    @Test
    void shouldTellSilenceInTenthsOfASecond() {
        assertEquals(0, LIMITS.silenceTenths(0));
        assertEquals(0, LIMITS.silenceTenths(LIMITS.suspicionNs()));
        assertEquals(1, LIMITS.silenceTenths(LIMITS.suspicionNs() + 1));
        assertEquals(12, LIMITS.silenceTenths(1_299 * MILLIS));
        assertEquals(255, LIMITS.silenceTenths(3_600_000 * MILLIS));
    }
}
