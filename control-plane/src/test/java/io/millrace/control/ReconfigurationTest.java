package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.wire.RefusalCode;
import io.millrace.control.ClusterBed.FakeNode;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Directed schedules of nodes, leases and chains. */
@Timeout(30)
final class ReconfigurationTest {
    private static final long MS = ClusterBed.MS;

    private static ClusterBed three() {
        return ClusterBed.configured(3, 1, 3, 2, ControlRules.ALL);
    }

    private static void write(final ClusterBed bed, final int count) {
        final long epoch = bed.view(1).epoch();
        for (final long member : bed.members(1)) {
            final ClusterBed.FakeReplica replica = bed.replica(member, 1);
            for (int i = 0; i < count; i++) {
                replica.log.add(new ClusterBed.Entry(epoch, replica.log.size()));
            }
            replica.durable = replica.log.size();
        }
    }

    @Test
    void shouldInstallTheFirstEpochWhenChainsAreConfigured() {
        final ClusterBed bed = ClusterBed.configured(3, 6, 3, 2, ControlRules.ALL);
        for (int chain = 1; chain <= 6; chain++) {
            final ChainView view = bed.view(chain);
            assertEquals("NORMAL", view.phase());
            assertEquals(1, view.epoch());
            assertEquals(Set.of(1L, 2L, 3L), Set.copyOf(bed.members(chain)));
        }
        assertEquals(6, bed.state.chainCount());
        assertEquals(0, bed.state.pendingOrderCount());
        bed.checkSnapshot();
    }

    /** Nobody has recorded its membership, so nobody remembers it; and nothing can have been acknowledged. */
    @Test
    void shouldBeginAnewWhenNobodyHasInstalledTheFirstEpoch() {
        final ClusterBed bed = new ClusterBed(3, ControlRules.ALL);
        assertEquals(ControlStatus.DONE, bed.configure(1, 3, 2));
        for (long node = 1; node <= 3; node++) {
            bed.crash(node);
        }
        bed.deliverAll();
        for (long node = 1; node <= 3; node++) {
            bed.start(node);
        }
        bed.run(3_000 * MS);
        final ChainView view = bed.view(1);
        assertEquals("NORMAL", view.phase(), view.toString());
        assertTrue(view.epoch() > 1);
        assertEquals(1, view.startPosition());
        assertEquals(3, bed.members(1).size());
        bed.checkSnapshot();
        write(bed, 4);
        bed.crash(bed.members(1).get(0));
        bed.run(1_500 * MS);
        assertEquals(5, bed.view(1).startPosition());
    }

    @Test
    void shouldNotBeginAnewWhenAMemberHasInstalled() {
        final ClusterBed bed = three();
        for (long node = 1; node <= 3; node++) {
            bed.crash(node);
            bed.replica(node, 1).since = 0;
        }
        for (long node = 1; node <= 3; node++) {
            bed.start(node);
        }
        bed.run(40_000 * MS);
        assertEquals("SEALING", bed.view(1).phase());
        assertEquals(ReplicaChoice.NOBODY_TO_TRUST, bed.view(1).block());
    }

    @Test
    void shouldIssueAnIncarnationOnceWhenStartsAreRepeated() {
        final ClusterBed bed = three();
        final FakeNode node = bed.node(1L);
        final long first = node.incarnation;
        assertEquals(ControlStatus.ALREADY, bed.register(node));
        bed.crash(1);
        bed.start(1);
        bed.deliverAll();
        assertTrue(node.incarnation > first);
        assertEquals(node.incarnation, bed.state.incarnation(node.id));
        // A repeat of the first start, which did not know of the second one, is late.
        final long now = node.incarnation;
        node.durableIncarnation = first - 1;
        node.startId = new UUID(9, 9);
        assertEquals(ControlStatus.IGNORED, bed.register(node));
        assertEquals(now, bed.state.incarnation(node.id));
        final ClusterBed careless = ClusterBed.configured(3, 1, 3, 2, ControlRules.without(11));
        final long before = careless.node(1L).incarnation;
        careless.crash(1);
        careless.start(1);
        careless.deliverAll();
        assertEquals(before, careless.node(1L).incarnation, "the rule is what makes them differ");
    }

    /**
     * Both have asked when the last start was the same one; the second one lives, and would be cut off from its node.
     */
    @Test
    void shouldTakeInOneStartWhenTwoKnowTheSameLastOne() {
        for (final int level : new int[] {FeatureLevel.FIRST, FeatureLevel.SILENCE_IS_TOLD}) {
            final ClusterBed bed = three();
            bed.setFeatureLevel(level);
            final FakeNode node = bed.node(1L);
            final long last = node.durableIncarnation;
            bed.crash(1);
            bed.start(1);
            bed.deliverAll();
            final long alive = bed.state.incarnation(node.id);
            node.durableIncarnation = last;
            node.startId = new UUID(9, 9);
            final boolean isCompared = level >= FeatureLevel.SILENCE_IS_TOLD;
            assertEquals(isCompared ? ControlStatus.IGNORED : ControlStatus.DONE, bed.register(node));
            assertEquals(isCompared, alive == bed.state.incarnation(node.id));
            bed.checkSnapshot();
        }
    }

    @Test
    void shouldDropMemberWhenItsLeaseEnds() {
        final ClusterBed bed = three();
        write(bed, 4);
        final long dead = bed.members(1).get(1);
        bed.crash(dead);
        bed.run(1_500 * MS);
        assertEquals("NORMAL", bed.view(1).phase());
        assertEquals(2, bed.members(1).size());
        assertFalse(bed.members(1).contains(dead));
        assertEquals(5, bed.view(1).startPosition());
        assertEquals(4, bed.view(1).floorPosition());
        bed.start(dead);
        bed.run(2_000 * MS);
        assertEquals(3, bed.members(1).size(), bed.view(1).toString());
        assertTrue(bed.members(1).contains(dead));
        bed.checkSnapshot();
    }

    @Test
    void shouldBlockAndNotGuessWhenBelowTheMinimum() {
        final ClusterBed bed = three();
        write(bed, 4);
        bed.crash(2);
        bed.crash(3);
        bed.run(3_000 * MS);
        final ChainView view = bed.view(1);
        assertEquals("SEALING", view.phase());
        assertEquals(ReplicaChoice.BELOW_MINIMUM, view.block());
        assertEquals(1, view.epoch());
        bed.checkSnapshot();
        bed.start(3);
        bed.run(500 * MS);
        assertEquals("NORMAL", bed.view(1).phase());
        assertEquals(Set.of(1L, 3L), Set.copyOf(bed.members(1)));
    }

    @Test
    void shouldInstallOneReplicaWhenAnOperatorForcesIt() {
        final ClusterBed bed = three();
        write(bed, 4);
        bed.crash(2);
        bed.crash(3);
        assertEquals(-RefusalCode.CHAIN_NOT_SEALED.value(), bed.forceInstall(1, 2, 1));
        bed.run(3_000 * MS);
        final long epoch = bed.view(1).sealEpoch();
        assertEquals(-RefusalCode.REPLICA_NOT_SEALED.value(), bed.forceInstall(1, epoch, 1, 2));
        assertEquals(ControlStatus.DONE, bed.forceInstall(1, epoch, 1));
        bed.deliverAll();
        assertEquals(List.of(1L), bed.members(1));
        assertEquals("NORMAL", bed.view(1).phase());
        bed.start(2);
        bed.start(3);
        bed.run(3_000 * MS);
        assertEquals(3, bed.members(1).size());
        bed.checkSnapshot();
    }

    @Test
    void shouldComeBackWholeWhenAllPowerIsLost() {
        final ClusterBed bed = three();
        write(bed, 4);
        for (long node = 1; node <= 3; node++) {
            bed.crash(node);
            bed.replica(node, 1).isUncertain = true;
        }
        bed.replica(2, 1).log.remove(3);
        bed.replica(2, 1).durable = 3;
        bed.run(2_000 * MS);
        for (long node = 1; node <= 3; node++) {
            bed.start(node);
            bed.run(300 * MS);
        }
        assertEquals("NORMAL", bed.view(1).phase());
        assertEquals(5, bed.view(1).startPosition(), "the fourth record is on two of three");
    }

    @Test
    void shouldReturnAsLearnerWhenTheDeviceIsEmpty() {
        final ClusterBed bed = three();
        write(bed, 4);
        bed.crash(2);
        final UUID old = bed.node(2L).device;
        bed.wipe(2);
        bed.start(2);
        bed.deliverAll();
        final UUID device = bed.node(2L).device;
        assertEquals(ControlStatus.DONE, bed.replaceDevice(2, old, device));
        assertEquals(ControlStatus.ALREADY, bed.replaceDevice(2, old, device));
        assertEquals(-RefusalCode.NODE_UNKNOWN.value(), bed.replaceDevice(2, device, old));
        bed.run(300 * MS);
        assertEquals(Set.of(1L, 3L), Set.copyOf(bed.members(1)));
        bed.run(2_000 * MS);
        assertEquals(3, bed.members(1).size());
        assertEquals(
                device,
                bed.view(1).targets().stream()
                        .filter(target -> target.node().getLeastSignificantBits() == 2)
                        .findFirst()
                        .orElseThrow()
                        .device());
        assertEquals(4, bed.replica(2, 1).log.size());
        bed.checkSnapshot();
    }

    @Test
    void shouldKeepTimeWhenClocksAreSet() {
        final ClusterBed bed = three();
        bed.tick(50 * MS);
        final long before = bed.state.timeNs();
        bed.tick(3_600_000 * MS);
        assertEquals(before + ClusterBed.LIMITS.maxTickStepNs(), bed.state.timeNs());
        bed.tick(-7_200_000 * MS);
        assertEquals(before + ClusterBed.LIMITS.maxTickStepNs(), bed.state.timeNs());
        bed.tick(50 * MS);
        assertEquals(before + ClusterBed.LIMITS.maxTickStepNs() + 50 * MS, bed.state.timeNs());
        assertEquals(1, bed.view(1).epoch(), "no lease has ended");
    }

    private static void lag(final ClusterBed bed, final long slow, final long stallNs, final long forNs) {
        for (long t = 0; t < forNs; t += 100 * MS) {
            for (final FakeNode node : bed.nodes.values()) {
                final boolean isSlow = node.number() == slow;
                bed.heartbeat(node, isSlow ? 500 * MS : 0, isSlow ? stallNs : 0, 0);
            }
            bed.tick(100 * MS);
            bed.deliverAll();
        }
    }

    @Test
    void shouldEvictWhenMemberLagsForLongAndNotWhenItsDeviceStalls() {
        final ClusterBed bed = three();
        lag(bed, 3, 1_000 * MS, 4_000 * MS);
        assertEquals(1, bed.view(1).epoch(), "a stall passes");
        lag(bed, 3, 0, 1_000 * MS);
        lag(bed, 0, 0, 600 * MS);
        lag(bed, 3, 0, 1_000 * MS);
        assertEquals(1, bed.view(1).epoch(), "it has recovered in between");
        lag(bed, 3, 0, 1_500 * MS);
        assertEquals(Set.of(1L, 2L), Set.copyOf(bed.members(1)));
        bed.run(6_000 * MS);
        assertEquals(3, bed.members(1).size(), "trusted again");
    }

    @Test
    void shouldKeepSlowMemberWhenThereAreNoMoreThanTheMinimum() {
        final ClusterBed bed = ClusterBed.configured(2, 1, 2, 2, ControlRules.ALL);
        lag(bed, 2, 0, 5_000 * MS);
        assertEquals(1, bed.view(1).epoch());
    }

    @Test
    void shouldDropTheOneNearerToTheTailWhenNeighboursSuspectEachOther() {
        final ClusterBed bed = three();
        final List<Long> members = bed.members(1);
        for (int i = 0; i < 8; i++) {
            for (final FakeNode node : bed.nodes.values()) {
                final int place = members.indexOf(node.number());
                bed.heartbeat(node, 0, 0, place == 0 ? Replica.SUCCESSOR : place == 1 ? Replica.PREDECESSOR : 0);
            }
            bed.tick(100 * MS);
            bed.deliverAll();
        }
        assertEquals(List.of(members.get(0), members.get(2)), bed.members(1));
    }

    @Test
    void shouldMoveReplicasWhenNodeIsDrainedAndThenForgetIt() {
        final ClusterBed bed = ClusterBed.configured(4, 4, 3, 2, ControlRules.ALL);
        assertEquals(-RefusalCode.NODE_IN_USE.value(), bed.removeNode(2));
        assertEquals(ControlStatus.DONE, bed.drainNode(2));
        bed.run(6_000 * MS);
        for (int chain = 1; chain <= 4; chain++) {
            assertEquals(
                    Set.of(1L, 3L, 4L),
                    Set.copyOf(bed.members(chain)),
                    bed.view(chain).toString());
            assertTrue(bed.view(chain).others().isEmpty());
        }
        assertEquals(ControlStatus.DONE, bed.removeNode(2));
        assertEquals(-RefusalCode.NODE_UNKNOWN.value(), bed.drainNode(2));
        bed.checkSnapshot();
        final long before = bed.node(2L).incarnation;
        bed.crash(2);
        bed.node(2L).durableIncarnation = 0;
        bed.start(2);
        bed.deliverAll();
        assertTrue(bed.node(2L).incarnation > before, "no incarnation twice, even of one that was forgotten");
    }

    @Test
    void shouldAnswerTheSameWhenARequestIsRepeated() {
        final ClusterBed bed = three();
        final byte[] configure = bed.commands.stream()
                .filter(command -> command[2] == 51)
                .findFirst()
                .orElseThrow();
        final int count = bed.answers.size();
        assertEquals(ControlStatus.REPEATED, bed.apply(configure));
        assertEquals(ControlStatus.DONE, bed.answers.get(count));
        assertEquals(-RefusalCode.CHAINS_CONFIGURED.value(), bed.configure(2, 3, 2));
        assertEquals(ControlStatus.ALREADY, bed.configure(1, 3, 2));
    }

    @Test
    void shouldRefuseWhenDevicesAreTooFew() {
        final ClusterBed bed = new ClusterBed(2, ControlRules.ALL);
        assertEquals(-RefusalCode.DEVICES_TOO_FEW.value(), bed.configure(4, 3, 2));
        assertEquals(0, bed.state.chainCount());
        assertEquals(ControlStatus.DONE, bed.configure(4, 2, 1));
    }

    /** D1: a member that has started anew may have lost what it forwarded; the configuration is not for it. */
    @Test
    void shouldNotInstallAgainWhenMemberHasStartedAnew() {
        final ClusterBed bed = three();
        final byte[] install = bed.commands.get(0);
        assertNotEquals(0, install.length);
        bed.crash(2);
        bed.start(2);
        bed.deliverAll();
        bed.run(600 * MS);
        assertTrue(bed.view(1).epoch() >= 2);
        final ClusterBed careless = ClusterBed.configured(3, 1, 3, 2, ControlRules.without(6));
        careless.crash(2);
        careless.start(2);
        careless.deliverAll();
        careless.run(600 * MS);
        assertEquals(1, careless.view(1).epoch(), "the rule is what makes them differ");
    }

    /** Ticks without delivering until the chain is being sealed; the Seals are in the outbox then. */
    private static void runUntilSealing(final ClusterBed bed) {
        for (int i = 0; i < 50 && !"SEALING".equals(bed.view(1).phase()); i++) {
            bed.outbox.clear();
            bed.nodes.values().forEach(node -> bed.heartbeat(node, 0, 0, 0));
            bed.tick(100 * MS);
        }
        assertEquals("SEALING", bed.view(1).phase());
    }

    private static long startAfterALateReport(final ControlRules rules) {
        final ClusterBed bed = ClusterBed.configured(3, 1, 3, 1, rules);
        bed.crash(3);
        runUntilSealing(bed);
        byte[] late = new byte[0];
        for (final byte[] message : List.copyOf(bed.outbox)) {
            final byte[] answer = bed.deliver(message);
            if (answer != null) {
                late = late.length == 0 ? answer : late;
                bed.apply(answer);
            }
        }
        bed.outbox.clear();
        bed.run(500 * MS);
        write(bed, 4);
        final long survivor = bed.members(1).get(0);
        bed.crash(bed.members(1).get(1));
        runUntilSealing(bed);
        bed.outbox.clear();
        final int result = bed.apply(late);
        assertEquals(rules.lateReportIgnored() ? ControlStatus.IGNORED : ControlStatus.DONE, result);
        bed.run(1_000 * MS);
        assertEquals(survivor, bed.members(1).get(0));
        return bed.view(1).startPosition();
    }

    /** A Sealed of an older seal tells of a log that has grown since. */
    @Test
    void shouldIgnoreReportWhenItAnswersAnOlderSeal() {
        assertEquals(5, startAfterALateReport(ControlRules.ALL));
        assertEquals(1, startAfterALateReport(ControlRules.without(7)), "four acknowledged records are lost");
    }

    private static List<Long> membersAfterAnotherEpochWroteTheSamePositions(final ControlRules rules) {
        final ClusterBed bed = ClusterBed.configured(3, 1, 3, 1, rules);
        write(bed, 2);
        final long head = bed.members(1).get(0);
        bed.replica(head, 1).log.add(new ClusterBed.Entry(1, 100));
        bed.replica(head, 1).log.add(new ClusterBed.Entry(1, 101));
        bed.replica(head, 1).durable = 4;
        bed.crash(head);
        bed.run(2_000 * MS);
        assertEquals(3, bed.view(1).startPosition());
        write(bed, 2);
        bed.crash(bed.members(1).get(1));
        runUntilSealing(bed);
        // The former head answers first; the member that is left is asked again at the next tick.
        bed.outbox.clear();
        bed.start(head);
        bed.deliverAll();
        bed.run(300 * MS);
        return bed.members(1);
    }

    /** What a head wrote and nobody else had is not what the next epoch wrote at the same positions. */
    @Test
    void shouldJudgeLogsByAllEpochsWhenPositionsWereWrittenTwice() {
        assertEquals(
                1,
                membersAfterAnotherEpochWroteTheSamePositions(ControlRules.ALL).size());
        assertEquals(
                2,
                membersAfterAnotherEpochWroteTheSamePositions(ControlRules.without(10))
                        .size(),
                "a log with other records is taken for whole");
    }
}
