package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.control.ClusterBed.Entry;
import io.millrace.control.ClusterBed.FakeReplica;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A cluster takes over the chains of a node that was alone, each with one replica, and lets them grow. */
@Timeout(60)
final class TakeOverTest {
    private static final long MS = ClusterBed.MS;
    private static final int CHAINS = 2;

    /** The state of node 1 of a bed, with a stream, while it was alone. */
    private static StateBed aloneAs(final ClusterBed.FakeNode node) {
        final StateBed alone = new StateBed(ControlLimits.DEFAULT);
        assertEquals(ControlStatus.DONE, alone.startNode(node.id, node.device, 7, CHAINS));
        return alone;
    }

    /** As the devices of a node are that was alone: a member since the first epoch, which no cluster has installed. */
    private static void fill(final ClusterBed bed, final int records) {
        for (int chain = 1; chain <= CHAINS; chain++) {
            final FakeReplica replica = bed.replica(1, chain);
            replica.since = 1;
            replica.promised = 1;
            replica.isLearner = false;
            replica.isComplete = true;
            for (int i = 0; i < records; i++) {
                replica.log.add(new Entry(1, 1));
            }
            replica.durable = records;
        }
    }

    private static ClusterBed taken(final int nodes, final int records) {
        final ClusterBed bed = new ClusterBed(nodes, ControlRules.ALL);
        fill(bed, records);
        assertTrue(bed.takeOver(ClusterBed.snapshot(aloneAs(bed.node(1)).state)));
        bed.checkSnapshot();
        return bed;
    }

    @Test
    void shouldGoOnBehindTheLogWhenChainsAreTakenOver() {
        final ClusterBed bed = taken(1, 5);
        assertEquals(CHAINS, bed.state.chainCount());
        assertTrue(bed.state.group().isImported());
        bed.run(1_000 * MS);
        for (int chain = 1; chain <= CHAINS; chain++) {
            final ChainView view = bed.view(chain);
            assertEquals("NORMAL", view.phase(), view::toString);
            assertEquals(2, view.epoch());
            assertEquals(6, view.startPosition());
            assertEquals(List.of(1L), bed.members(chain));
            assertEquals(5, bed.replica(1, chain).log.size(), "nothing is cut");
        }
        bed.checkSnapshot();
    }

    @Test
    void shouldWaitForTheNodeWhenItIsDownAsItsChainsAreTakenOver() {
        final ClusterBed bed = new ClusterBed(1, ControlRules.ALL);
        fill(bed, 3);
        bed.crash(1);
        assertTrue(bed.takeOver(ClusterBed.snapshot(aloneAs(bed.node(1)).state)));
        bed.run(5_000 * MS);
        assertEquals("SEALING", bed.view(1).phase());
        bed.checkSnapshot();
        bed.replica(1, 1).isUncertain = true; // killed on the way
        bed.start(1);
        bed.run(2_000 * MS);
        assertEquals("NORMAL", bed.view(1).phase());
        assertEquals(4, bed.view(1).startPosition());
        bed.checkSnapshot();
    }

    @Test
    void shouldTakeOverNothingTwiceAndNothingBesideChains() {
        final ClusterBed bed = taken(2, 1);
        bed.run(1_000 * MS);
        final long hash = bed.state.stateHash();
        assertFalse(bed.takeOver(ClusterBed.snapshot(aloneAs(bed.node(1)).state)), "again");
        assertFalse(bed.takeOver(ClusterBed.snapshot(aloneAs(bed.node(2)).state)), "another one");
        assertFalse(new ClusterBed(1, ControlRules.ALL).takeOver(ClusterBed.snapshot(bed.state)), "of a cluster");
        assertFalse(
                new ClusterBed(1, ControlRules.ALL)
                        .takeOver(ClusterBed.snapshot(new StateBed(ControlLimits.DEFAULT).state)),
                "of a node that never started");
        final ClusterBed made = ClusterBed.configured(1, 1, 1, 1, ControlRules.ALL);
        assertFalse(made.takeOver(ClusterBed.snapshot(aloneAs(made.node(1)).state)), "beside chains");
        assertEquals(hash, bed.state.stateHash());
        final byte[] damaged = ClusterBed.snapshot(aloneAs(bed.node(1)).state);
        damaged[damaged.length - 1] ^= 1;
        final ClusterBed empty = new ClusterBed(1, ControlRules.ALL);
        assertThrows(MillraceException.class, () -> empty.takeOver(damaged));
        assertEquals(0, empty.state.chainCount());
        empty.checkSnapshot();
    }

    @Test
    void shouldGrowWhenChainsOfOneAreGivenMoreReplicas() {
        final ClusterBed bed = taken(3, 4);
        bed.run(1_000 * MS);
        assertEquals(-RefusalCode.CHAINS_CONFIGURED.value(), bed.configure(CHAINS, 3, 1), "with no minimum");
        assertEquals(-RefusalCode.CHAINS_CONFIGURED.value(), bed.configure(CHAINS, 3, 3), "blocked on the way");
        assertEquals(-RefusalCode.CHAINS_CONFIGURED.value(), bed.configure(CHAINS + 1, 3, 2), "other chains");
        assertEquals(-RefusalCode.DEVICES_TOO_FEW.value(), bed.configure(CHAINS, 4, 2));
        assertEquals(ControlStatus.DONE, bed.configure(CHAINS, 3, 2));
        assertEquals(ControlStatus.ALREADY, bed.configure(CHAINS, 3, 2));
        bed.checkSnapshot();
        bed.run(10_000 * MS);
        for (int chain = 1; chain <= CHAINS; chain++) {
            assertEquals("NORMAL", bed.view(chain).phase(), bed.view(chain)::toString);
            assertEquals(Set.of(1L, 2L, 3L), Set.copyOf(bed.members(chain)));
            assertEquals(4, bed.replica(3, chain).log.size());
        }
        assertEquals(-RefusalCode.CHAINS_CONFIGURED.value(), bed.configure(CHAINS, 1, 1), "never back");
        bed.crash(1);
        bed.run(3_000 * MS);
        assertEquals(Set.of(2L, 3L), Set.copyOf(bed.members(1)));
        bed.crash(2);
        bed.run(3_000 * MS);
        assertEquals("SEALING", bed.view(1).phase(), "one is below the minimum now");
        bed.checkSnapshot();
    }

    /** Nobody else has ever had a record of it, so there is nobody to ask, and it must not stay blocked. */
    @Test
    void shouldGoOnAloneWhenItCrashesWithATornEndBeforeAnybodyHasLearnt() {
        final ClusterBed bed = taken(3, 4);
        bed.run(1_000 * MS);
        bed.crash(2);
        bed.crash(3);
        assertEquals(-RefusalCode.DEVICES_TOO_FEW.value(), configureWhenDead(bed));
        bed.start(2);
        bed.start(3);
        bed.deliverAll();
        assertEquals(ControlStatus.DONE, bed.configure(CHAINS, 3, 2));
        bed.crash(1);
        bed.replica(1, 1).isUncertain = true;
        bed.start(1);
        bed.run(1_000 * MS);
        assertTrue(bed.members(1).contains(1L));
        bed.run(15_000 * MS);
        assertEquals("NORMAL", bed.view(1).phase(), bed.view(1)::toString);
        assertEquals(3, bed.members(1).size());
        bed.checkSnapshot();
    }

    private static int configureWhenDead(final ClusterBed bed) {
        bed.run(2_000 * MS);
        return bed.configure(CHAINS, 3, 2);
    }
}
