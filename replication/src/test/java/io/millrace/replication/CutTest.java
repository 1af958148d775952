package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.chain.CommitDecoder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cuts beside a hole: the record behind the cut, which names the one that remains, is missing, or the one at it is. */
@Timeout(60)
final class CutTest {
    @ParameterizedTest
    @CsvSource({"10, false", "9, false", "10, true", "9, true"})
    void shouldCutWhenARecordAtTheCutIsMissing(final int hole, final boolean isLearner) {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            for (int i = 1; i <= 5; i++) {
                bed.nodes[0].append(i, "event " + i);
                bed.settle();
            }
            // the head does not hear that 8 and 9 are committed, so that no record says so: they are not applied
            bed.drops = frame -> frame.templateId() == CommitDecoder.TEMPLATE_ID;
            for (int i = 6; i <= 7; i++) {
                bed.nodes[0].append(i, "event " + i);
                bed.settle();
            }
            bed.isolate(2);
            for (int i = 8; i <= 18; i++) {
                bed.nodes[0].append(i, "event " + i);
                bed.settle();
            }
            final long address = bed.nodes[1].agent.journal().addressOf(ChainBed.CHAIN, hole);
            bed.nodes[1].crash();
            bed.nodes[1].medium[(int) address + 200] ^= 0x40;
            bed.nodes[1].start();
            assertTrue(bed.nodes[1].view().isDamaged(), "nothing was missed");
            assertEquals(7, bed.nodes[1].view().commitPosition());
            bed.heal();
            bed.drops = frame -> false;
            bed.nodes[0].crash();
            bed.seal(1, 2);
            bed.seal(2, 2);
            bed.settle();
            assertEquals(20, bed.nodes[1].sealedAnswer().lastPosition());
            assertEquals(9, bed.nodes[2].sealedAnswer().lastPosition());
            if (isLearner) {
                ChainTest.nextEpoch(bed, 2, 10, 2);
                bed.learn(1, 2, 1, 2);
            } else {
                ChainTest.nextEpoch(bed, 2, 10, 2, 1);
            }
            bed.nodes[2].append(8, "another one");
            bed.settle();

            assertEquals("", bed.nodes[1].view().haltReason());
            assertFalse(bed.nodes[1].view().isDamaged(), "the hole is still there");
            assertEquals(10, bed.nodes[2].view().commitPosition());
            assertEquals(bed.nodes[2].view().lastHash(), bed.nodes[1].view().lastHash());
        }
    }
}
