package io.millrace.control.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A member that is killed: nothing that it has answered is gone, and it does not wait for its own shadow. */
@Timeout(120)
final class ControlMemberCrashTest {
    private static final int KILLS = 3;
    private static final long STAND_NS = TimeUnit.SECONDS.toNanos(12);

    /** Measured: 0.6 to 0.9 s; a machine that is busy with other tests takes longer. */
    private static final long MAX_START_MS = 10_000;

    @Test
    void shouldLeadWithWhatItHasAnsweredWhenItWasKilled(@TempDir final Path root) {
        final GroupBed bed = new GroupBed(root, 1, GroupBed.STILL);
        try (GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID))) {
            MemberProcess member = new MemberProcess(root, 0, bed.endpoints());
            try {
                member.awaitLeads();
                node.setUp();
                for (int i = 0; i < KILLS; i++) {
                    node.askDone(node.createStream(10 + i, "stream-" + i, 1));
                    member.kill();
                    member = new MemberProcess(root, 0, bed.endpoints());
                    final long startMs = member.awaitLeads();
                    assertTrue(startMs < MAX_START_MS, "leads after " + startMs + " ms");
                    for (int j = 0; j <= i; j++) {
                        node.askDone(node.createStream(10 + j, "stream-" + j, 1));
                    }
                }
                assertEquals(List.of(), bed.errors);
            } finally {
                member.close();
            }
        }
    }

    /**
     * Aeron's clients give a driver up that has not moved for ten seconds, also one that stood still together with
     * them: a node gives it more time, this process does not, and the member starts anew.
     */
    @Test
    void shouldLeadAgainWhenItsProcessStoodStillForLongerThanAeronWaits(@TempDir final Path root)
            throws IOException, InterruptedException {
        final GroupBed bed = new GroupBed(root, 1, GroupBed.STILL);
        try (GroupNode node = new GroupNode(bed.ownDriverContext(GroupNode.ID));
                MemberProcess member = new MemberProcess(root, 0, bed.endpoints())) {
            member.awaitLeads();
            node.setUp();
            node.askDone(node.createStream(10, "first", 1));
            member.stand(STAND_NS);
            node.askDone(node.createStream(20, "last", 1));
            assertEquals(List.of(), bed.errors);
        }
    }
}
