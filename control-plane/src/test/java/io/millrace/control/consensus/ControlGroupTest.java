package io.millrace.control.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three members on loopback: who leads dies, who was away comes back, snapshots and pruning by themselves. */
@Timeout(180)
final class ControlGroupTest {
    @Test
    void shouldAnswerARepeatedRequestOnceWhenTheLeaderDies(@TempDir final Path root) {
        try (GroupBed bed = new GroupBed(root, 3, GroupBed.STILL).startAll();
                GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            node.setUp();
            final int leader = bed.awaitLeader();
            // The effect is ordered and not answered when the leader dies: the next one orders it again.
            node.answersEffects = false;
            final byte[] request = node.createStream(3, "one", 1);
            node.begin(request);
            node.repeatUntil("an effect", () -> node.effectOrderCount > 0, () -> {});
            bed.stop(leader);
            node.answersEffects = true;
            final int before = node.effectOrderCount;
            GroupNode.requireDone(node.finish(request));
            assertTrue(node.effectOrderCount > before, "the effect was ordered again");
            final int next = bed.awaitLeader();
            assertNotEquals(leader, next);
            bed.awaitSameState();
            // The member that was away catches up.
            node.askDone(node.createStream(4, "two", 1));
            bed.start(leader);
            bed.awaitSameState();
            assertEquals(List.of(), bed.errors);
        }
    }

    @Test
    void shouldSayThatAllHoldTheSameWhenTheLeaderHasChanged(@TempDir final Path root) {
        try (GroupBed bed = new GroupBed(root, 3, GroupBed.STILL).startAll();
                GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            node.setUp();
            int requestId = 3;
            final int leader = bed.awaitLeader();
            requestId = createUntilCompared(bed, node, requestId);
            bed.stop(leader);
            bed.awaitLeader();
            bed.start(leader);
            createUntilCompared(bed, node, requestId);
            for (int i = 0; i < 3; i++) {
                assertEquals(0, bed.member(i).status().divergenceCount());
            }
            assertEquals(List.of(), bed.errors);
        }
    }

    /** Creates streams until every member has seen all at a position that lies ahead now. */
    private static int createUntilCompared(final GroupBed bed, final GroupNode node, final int firstRequestId) {
        int requestId = firstRequestId;
        node.askDone(node.createStream(requestId, "s" + requestId % 8, 1));
        long from = 0;
        for (int i = 0; i < 3; i++) {
            from = Math.max(from, bed.member(i).status().appliedPosition());
        }
        final ReplicaStatus[] status = new ReplicaStatus[3];
        do {
            requestId++;
            node.askDone(node.createStream(requestId, "s" + requestId % 8, 1));
            for (int i = 0; i < 3; i++) {
                status[i] = bed.member(i).status();
            }
        } while (status[0].comparedPosition() <= from
                || status[1].comparedPosition() != status[0].comparedPosition()
                || status[2].comparedPosition() != status[0].comparedPosition());
        assertEquals(status[0].comparedState(), status[1].comparedState());
        assertEquals(status[0].comparedState(), status[2].comparedState());
        return requestId + 1;
    }

    @Test
    void shouldPruneAndRestartWhenAllHaveASnapshot(@TempDir final Path root) {
        try (GroupBed bed = new GroupBed(root, 3, GroupBed.STILL)
                        .snapshotAfterBytes(6L << 20)
                        .startAll();
                GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            node.setUp();
            bed.awaitLeader();
            final byte[] filler = new byte[32 * 1024];
            int requestId = 3;
            while (bed.member(0).prunedPosition() == 0
                    || bed.member(1).prunedPosition() == 0
                    || bed.member(2).prunedPosition() == 0) {
                node.fill(filler);
                node.askDone(node.createStream(requestId, "s" + requestId % 8, 1));
                requestId++;
            }
            final long hash = bed.awaitSameState();
            for (int i = 0; i < 3; i++) {
                final Path first = root.resolve("member-" + i + "/archive/0-0.rec");
                GroupBed.await("a shorter log of " + i, () -> !Files.exists(first));
            }
            for (int i = 0; i < 3; i++) {
                bed.stop(i);
            }
            bed.startAll();
            bed.awaitLeader();
            assertEquals(hash, bed.awaitSameState());
            node.askDone(node.createStream(requestId, "last", 1));
            bed.awaitSameState();
            assertEquals(List.of(), bed.errors);
        }
    }

    @Test
    void shouldSayNothingWhenTheMajorityIsGoneAndGoOnWhenItIsBack(@TempDir final Path root) {
        try (GroupBed bed = new GroupBed(root, 3, GroupBed.STILL).startAll();
                GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            node.setUp();
            final int leader = bed.awaitLeader();
            final int other = (leader + 1) % 3;
            bed.stop(leader);
            bed.stop(other);
            GroupBed.await("no session", () -> !node.client.isConnected());
            final byte[] request = node.createStream(3, "one", 1);
            node.begin(request);
            assertFalse(node.client.report(new UnsafeBuffer(request), 0, request.length), "nothing is taken");
            bed.start(other);
            bed.awaitLeader();
            GroupNode.requireDone(node.finish(request));
            bed.start(leader);
            bed.awaitSameState();
            assertEquals(List.of(), bed.errors);
        }
    }

    @Test
    void shouldKeepTheLogWhenAMemberIsAway(@TempDir final Path root) {
        try (GroupBed bed = new GroupBed(root, 3, GroupBed.STILL).startAll();
                GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            node.setUp();
            final int leader = bed.awaitLeader();
            final int away = (leader + 1) % 3;
            bed.stop(away);
            node.askDone(node.createStream(3, "one", 1));
            GroupBed.await("a snapshot is asked for", () -> bed.member(leader).askForSnapshot());
            GroupBed.await("a snapshot", () -> bed.member(leader).lastSnapshotPosition() > 0);
            node.askDone(node.createStream(4, "two", 1));
            assertEquals(0, bed.member(leader).prunedPosition());
            bed.start(away);
            bed.awaitSameState();
            GroupBed.await("a snapshot is asked for", () -> bed.member(leader).askForSnapshot());
            GroupBed.await("all have it", () -> bed.member(away).prunedPosition() > 0);
            assertEquals(List.of(), bed.errors);
        }
    }

    @Test
    void shouldWaitForALeaderWhenAMemberHasLostItsDirectory(@TempDir final Path root) {
        try (GroupBed bed = new GroupBed(root, 3, GroupBed.STILL).startAll();
                GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            node.setUp();
            final int leader = bed.awaitLeader();
            final int wiped = (leader + 1) % 3;
            bed.stop(0);
            bed.stop(1);
            bed.stop(2);
            IoUtil.delete(root.resolve("member-" + wiped).toFile(), false);
            bed.mayFound(false);
            bed.start(wiped);
            bed.start((leader + 2) % 3);
            GroupBed.await("it waits", () -> bed.member(wiped).isWaiting());
            // One that lags and one that has forgotten are no majority.
            GroupBed.await("no session", () -> !node.client.isConnected());
            bed.start(leader);
            bed.awaitSameState();
            GroupBed.await("it takes part", () -> !bed.member(wiped).isWaiting());
            node.askDone(node.createStream(3, "one", 1));
            bed.awaitSameState();
            assertEquals(List.of(), bed.errors);
        }
    }
}
