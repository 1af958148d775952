package io.millrace.control.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.MillraceException;
import io.millrace.codec.WireFrames;
import io.millrace.codec.wire.ClusterAction;
import io.millrace.codec.wire.ClusterDescriptionDecoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.StreamDescriptionDecoder;
import java.nio.file.Path;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A group of one member: what a node has when it runs alone. */
@Timeout(120)
final class ControlMemberTest {
    @Test
    void shouldHaveTheSameStateWhenItIsStoppedWithoutSnapshotAndStartedAgain(@TempDir final Path root) {
        try (GroupBed bed = new GroupBed(root, 1, GroupBed.STILL).startAll();
                GroupNode node = new GroupNode(bed.clientContext(0, GroupNode.ID))) {
            node.setUp();
            assertTrue(node.clusterId.getMostSignificantBits() != 0, "cluster id");
            node.askDone(node.createStream(3, "one", 3));
            final long hash = bed.awaitSameState();
            final long applied = bed.member(0).status().appliedPosition();
            bed.stop(0);
            bed.start(0);
            bed.awaitLeader();
            assertEquals(hash, bed.awaitSameState());
            assertEquals(applied, bed.member(0).status().appliedPosition());
            // The same request gets the answer it got before, by a session that was made anew.
            node.askDone(node.createStream(3, "one", 3));
            assertEquals(hash, bed.awaitSameState());
            node.askDone(node.createStream(4, "two", 1));
            assertEquals(List.of(), bed.errors);
        }
    }

    @Test
    void shouldDescribeWhenAsked(@TempDir final Path root) {
        try (GroupBed bed = new GroupBed(root, 1, GroupBed.STILL).startAll();
                GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            node.setUp();
            node.askDone(node.createStream(3, "one", 2));
            final UnsafeBuffer stream = node.ask(node.describeStream(4, "one"));
            assertEquals(StreamDescriptionDecoder.TEMPLATE_ID, WireFrames.check(stream, 0, stream.capacity()));
            final StreamDescriptionDecoder.SegmentsDecoder segments = new StreamDescriptionDecoder()
                    .wrapAndApplyHeader(stream, 0, new MessageHeaderDecoder())
                    .segments();
            assertEquals(2, segments.count());
            assertEquals(4_711, segments.next().length());
            node.askDone(node.operate(5, ClusterAction.SET_FEATURE_LEVEL, 2, 0, 0));
            final UnsafeBuffer answer = node.ask(node.describeCluster(6));
            assertEquals(ClusterDescriptionDecoder.TEMPLATE_ID, WireFrames.check(answer, 0, answer.capacity()));
            final ClusterDescriptionDecoder cluster =
                    new ClusterDescriptionDecoder().wrapAndApplyHeader(answer, 0, new MessageHeaderDecoder());
            assertEquals(0, cluster.leaderMember());
            assertEquals(2, cluster.featureLevel());
            assertEquals(node.clusterId.getMostSignificantBits(), cluster.clusterIdHigh());
            assertEquals(1, cluster.nodes().count());
            assertEquals(List.of(), bed.errors);
        }
    }

    @Test
    void shouldRefuseWhenTheDirectoryIsInUseOrAnotherMembers(@TempDir final Path root) {
        try (GroupBed bed = new GroupBed(root, 2, GroupBed.STILL)) {
            bed.start(0);
            assertThrows(MillraceException.class, () -> new ControlMember(bed.context(0)));
            final GroupContext other = bed.context(1).directory(root.resolve("member-0"));
            assertThrows(MillraceException.class, () -> new ControlMember(other));
            bed.stop(0);
            assertThrows(MillraceException.class, () -> new ControlMember(other));
        }
    }
}
