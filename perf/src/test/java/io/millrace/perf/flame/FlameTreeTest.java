package io.millrace.perf.flame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Folding of stacks. */
@Timeout(30)
final class FlameTreeTest {
    private final FlameTree tree = new FlameTree();

    @Test
    void shouldCountOnceWhenStacksShareTheirCallers() {
        tree.add(List.of("node: main", "A.run", "B.poll"), 3);
        tree.add(List.of("node: main", "A.run", "C.write"), 2);
        tree.add(List.of("node: main", "A.run"), 1);
        final FlameTree.Node run = child(child(tree.root(), "node: main"), "A.run");
        assertEquals(6, tree.sampleCount());
        assertEquals(6, run.total());
        assertEquals(1, run.self());
        assertEquals(3, child(run, "B.poll").total());
        assertEquals(3, child(run, "B.poll").self());
        assertEquals(List.of("B.poll", "C.write"), List.copyOf(run.children().keySet()));
    }

    @Test
    void shouldKeepProcessesApartWhenTheyRunTheSameCode() {
        tree.add(List.of("client: perf", "A.run"), 1);
        tree.add(List.of("node: main", "A.run"), 4);
        assertEquals(List.of("client: perf", "node: main"), tree.roots());
        assertEquals(4, tree.sampleCount("node: main"));
        assertEquals(0, tree.sampleCount("node: other"));
    }

    @Test
    void shouldRankByOwnSamplesWhenAskedForTheHottest() {
        tree.add(List.of("node: main", "A.run", "B.poll"), 6);
        tree.add(List.of("node: main", "B.poll"), 1);
        tree.add(List.of("node: main", "A.run"), 3);
        tree.add(List.of("client: perf", "A.run"), 90);
        assertEquals(
                List.of(new FlameTree.Share("B.poll", 0.7), new FlameTree.Share("A.run", 0.3)),
                tree.hottest("node: main", 5));
        assertEquals(1, tree.hottest("node: main", 1).size());
        assertTrue(tree.hottest("absent", 5).isEmpty());
    }

    @Test
    void shouldCountASampleOnceWhenAFrameCallsItself() {
        tree.add(List.of("node: main", "A.run", "B.walk", "B.walk", "C.leaf"), 8);
        tree.add(List.of("node: main", "A.run"), 2);
        assertEquals(
                List.of(
                        new FlameTree.Share("A.run", 1.0),
                        new FlameTree.Share("B.walk", 0.8),
                        new FlameTree.Share("C.leaf", 0.8)),
                tree.broadest("node: main", 5));
    }

    private static FlameTree.Node child(final FlameTree.Node node, final String name) {
        final FlameTree.Node child = node.children().get(name);
        if (child == null) {
            throw new AssertionError("no " + name);
        }
        return child;
    }
}
