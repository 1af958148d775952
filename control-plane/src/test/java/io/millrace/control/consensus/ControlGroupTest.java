package io.millrace.control.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
}
