package io.millrace.perf.flame;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Sampled stacks folded into one tree: frames that have the same callers are one node, with the number of samples that
 * went through it.
 *
 * <p><b>Threading:</b> one thread. <b>Invariants:</b> a node's samples are those of its children and its own; children
 * stand in the order of their names, so that two pages of the same code look alike.
 */
public final class FlameTree {
    private final Node root = new Node();

    /** One frame under its callers. */
    static final class Node {
        private final Map<String, Node> children = new TreeMap<>();
        private long total;
        private long self;

        /** Samples in this frame and in what it called. */
        long total() {
            return total;
        }

        /** Samples in this frame itself. */
        long self() {
            return self;
        }

        /** What it called, by name. */
        Map<String, Node> children() {
            return children;
        }
    }

    /**
     * A frame's part of some samples.
     *
     * @param frame class and method.
     * @param share 0 … 1.
     */
    public record Share(String frame, double share) {}

    /** Makes an empty tree. */
    public FlameTree() {}

    /**
     * Adds a stack.
     *
     * @param stack frames, the outermost caller first; not empty.
     * @param samples that had exactly this stack, &gt; 0.
     */
    void add(final List<String> stack, final long samples) {
        Node node = root;
        node.total += samples;
        for (final String frame : stack) {
            node = node.children.computeIfAbsent(frame, name -> new Node());
            node.total += samples;
        }
        node.self += samples;
    }

    /** The node above all others. */
    Node root() {
        return root;
    }

    /** All samples. */
    public long sampleCount() {
        return root.total;
    }

    /**
     * The outermost frames.
     *
     * @return names in order.
     */
    public List<String> roots() {
        return List.copyOf(root.children.keySet());
    }

    /**
     * Samples below one of the outermost frames.
     *
     * @param name of the frame.
     * @return count, 0 when there is no such frame.
     */
    public long sampleCount(final String name) {
        final Node node = root.children.get(name);
        return node == null ? 0 : node.total;
    }

    /**
     * The frames that the processor was in most, below one of the outermost frames.
     *
     * @param name of the outermost frame.
     * @param limit how many.
     * @return by falling share of the samples below {@code name}.
     */
    public List<Share> hottest(final String name, final int limit) {
        final Map<String, Long> counts = new HashMap<>();
        final Node top = root.children.get(name);
        if (top != null) {
            countSelf(top, counts);
        }
        return ranked(counts, name, limit);
    }

    /**
     * The frames that most samples went through, below one of the outermost frames; a frame that calls itself counts a
     * sample once.
     *
     * @param name of the outermost frame.
     * @param limit how many.
     * @return by falling share of the samples below {@code name}.
     */
    public List<Share> broadest(final String name, final int limit) {
        final Map<String, Long> counts = new HashMap<>();
        final Node top = root.children.get(name);
        if (top != null) {
            countTotal(top, new ArrayDeque<>(), counts);
        }
        return ranked(counts, name, limit);
    }

    private List<Share> ranked(final Map<String, Long> counts, final String name, final int limit) {
        final double all = Math.max(1, sampleCount(name));
        final List<Share> shares = new ArrayList<>();
        counts.forEach((frame, count) -> shares.add(new Share(frame, count / all)));
        shares.sort(Comparator.comparingDouble(Share::share).reversed().thenComparing(Share::frame));
        return List.copyOf(shares.subList(0, Math.min(limit, shares.size())));
    }

    private static void countSelf(final Node node, final Map<String, Long> counts) {
        node.children.forEach((name, child) -> {
            if (child.self > 0) {
                counts.merge(name, child.self, Long::sum);
            }
            countSelf(child, counts);
        });
    }

    private static void countTotal(final Node node, final Deque<String> path, final Map<String, Long> counts) {
        node.children.forEach((name, child) -> {
            if (!path.contains(name)) {
                counts.merge(name, child.total, Long::sum);
            }
            path.push(name);
            countTotal(child, path, counts);
            path.pop();
        });
    }
}
