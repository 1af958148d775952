package io.millrace.simulation;

import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamInfo;
import io.millrace.codec.ChainFrames;
import io.millrace.codec.MillraceException;
import io.millrace.control.ChainView;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Everything of one run: machines, wires, clients, faults and those who watch.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class World {
    /** The stream that clients write and read. */
    static final String STREAM = "simulated/stream";

    private static final long COMPARE_INTERVAL_NS = 300_000_000;
    private static final long NEIGHBOUR_INTERVAL_NS = 10_000_000;
    private static final long HEALED_LIMIT_NS = 60_000_000_000L;
    private static final long BEGIN_LIMIT_NS = 20_000_000_000L;
    private static final long STEP_NS = 50_000_000;

    private final Randomness randomness;
    private final Scenario scenario;
    private final Rules rules;
    private final Trace trace;
    private final Scheduler scheduler;
    private final Wires wires;
    private final Randomness.Stream pace;
    private final History history = new History();
    private final Watch watch;
    private final List<SimNode> nodes = new ArrayList<>();
    private final List<SimClient> clients = new ArrayList<>();
    private final Chaos chaos;
    private final @Nullable ClusterControl control;
    private boolean isQuiet = true;
    private Interception interception = Interception.NONE;

    /** Builds a world; {@link #run} brings it to life. */
    World(final Randomness randomness, final Scenario scenario, final Rules rules, final int traceLines) {
        this.randomness = randomness;
        this.scenario = scenario;
        this.rules = rules;
        trace = new Trace(traceLines);
        scheduler = new Scheduler(trace);
        wires = new Wires(
                scheduler, randomness.stream("wires"), scenario.wireNs(), Math.max(2_000_000, 10 * scenario.wireNs()));
        pace = randomness.stream("pace");
        watch = new Watch(this, scenario.chainCount());
        for (int i = 1; i <= scenario.nodeCount(); i++) {
            nodes.add(new SimNode(this, i));
        }
        control = scenario.isCluster() ? new ClusterControl(this) : null;
        for (int i = 0; i < scenario.clientCount(); i++) {
            clients.add(new SimClient(this, Wires.FIRST_CLIENT + i));
        }
        chaos = new Chaos(this);
    }

    /**
     * Lives through it all: a quiet beginning, faults, healing, and the last checks.
     *
     * @throws Violation when a promise was broken
     */
    void run() {
        try {
            try {
                begin();
            } catch (final MillraceException e) {
                throw new Violation("I20", "no quiet beginning, " + progress(), e);
            }
            isQuiet = false;
            chaos.begin();
            scheduler.after(COMPARE_INTERVAL_NS, this::compare);
            scheduler.after(NEIGHBOUR_INTERVAL_NS, this::compareNeighbours);
            runWhile(scheduler.nowNs() + scenario.chaosNs(), () -> true);
            heal();
            final boolean isDone =
                    !runWhile(scheduler.nowNs() + HEALED_LIMIT_NS, () -> !isAllWritten() || !isAllRead());
            if (!isDone) {
                throw new Violation("I20", "healed and still not done: " + progress());
            }
            end();
        } finally {
            close();
        }
    }

    /** Starts everything, without a fault. */
    void begin() {
        for (final SimNode node : nodes) {
            node.start(Long.MAX_VALUE);
        }
        final ClusterControl controlling = control;
        if (controlling != null) {
            controlling.begin();
            if (runWhile(BEGIN_LIMIT_NS, () -> !controlling.isReady() || !isInstalled(controlling))) {
                throw new Violation("I20", "the cluster does not begin: " + progress());
            }
        }
        final SimClient admin = new SimClient(this, Wires.FIRST_CLIENT - 1);
        admin.block(conductor -> {
            note(() -> "the stream is made");
            conductor.requests().createStream(STREAM, StreamConfiguration.fixed(scenario.segmentCount()));
            final StreamInfo info = conductor.requests().describe(STREAM);
            final Randomness.Stream random = randomness.stream("roles");
            for (int i = 0; i < clients.size(); i++) {
                final boolean isReader = i == 0 || random.hits(0.5);
                clients.get(i).begin(info, scenario.eventsPerClient(), isReader);
            }
            conductor.close();
        });
    }

    private boolean isInstalled(final ClusterControl controlling) {
        for (int chain = 1; chain <= scenario.chainCount(); chain++) {
            final ChainView view = controlling.state().chainView(chain);
            if (view == null || !view.members().stream().allMatch(ChainView.Member::isInstalled)) {
                return false;
            }
        }
        return true;
    }

    /** Runs until a time, or until a condition does not hold; tells whether it still does. */
    boolean runWhile(final long limitNs, final java.util.function.BooleanSupplier condition) {
        while (scheduler.nowNs() < limitNs) {
            if (!condition.getAsBoolean()) {
                return false;
            }
            scheduler.runUntil(Math.min(limitNs, scheduler.nowNs() + STEP_NS));
        }
        return condition.getAsBoolean();
    }

    /** Takes every fault away and starts what is down. */
    void heal() {
        note(() -> "healed");
        chaos.end();
        isQuiet = true;
        wires.heal();
        for (final SimNode node : nodes) {
            node.behaviour().heal();
            if (node.agent() != null && node.agent().fencedReason() != null) {
                node.die();
            }
            node.medium().flushCache();
            chaos.restart(node);
        }
    }

    /** Tells whether every event of every client is acknowledged. */
    boolean isAllWritten() {
        return clients.stream().allMatch(SimClient::isWritten);
    }

    /** Tells whether every reader has read what is committed. */
    boolean isAllRead() {
        return clients.stream().allMatch(client -> client.isRead(watch));
    }

    /** Describes how far everybody is. */
    String progress() {
        final StringBuilder text = new StringBuilder();
        for (final SimClient client : clients) {
            text.append(client.progress()).append("; ");
        }
        final ClusterControl controlling = control;
        for (int chain = 1; controlling != null && chain <= scenario.chainCount(); chain++) {
            text.append(controlling.state().chainView(chain)).append("; ");
            for (final SimNode node : nodes) {
                text.append("node ")
                        .append(node.place())
                        .append(": ")
                        .append(node.view(chain))
                        .append("; ");
            }
        }
        for (final SimNode node : nodes) {
            text.append("node ")
                    .append(node.place())
                    .append(node.isReady() ? " serves, " : " does not serve, ")
                    .append(node.deviceProgress())
                    .append("; ");
        }
        return text.toString();
    }

    /** Makes the last checks: states, histories, and what a power cut of all leaves. */
    void end() {
        compareNow();
        history.check(watch);
        for (final SimNode node : nodes) {
            node.cutPower();
        }
        for (final SimNode node : nodes) {
            node.start(Long.MAX_VALUE);
        }
        compareNow();
    }

    private void compare() {
        compareNow();
        scheduler.after(COMPARE_INTERVAL_NS, this::compare);
    }

    private void compareNeighbours() {
        for (final SimNode node : nodes) {
            if (node.disk().isExempt()
                    && isWhole(node)
                    && node.disk().reinstate(chain -> durablePosition(node, chain))) {
                note(() -> "node " + node.place() + ": lacks nothing any more");
            }
        }
        watch.compareNeighbours();
        scheduler.after(NEIGHBOUR_INTERVAL_NS, this::compareNeighbours);
    }

    private void compareNow() {
        for (final SimNode node : nodes) {
            if (node.isUp()) {
                watch.compareStates(node);
            }
        }
    }

    /** Ends every node. */
    void close() {
        for (final SimNode node : nodes) {
            node.die();
        }
    }

    /** Lets a directed schedule decide what gets through. */
    void intercept(final Interception decision) {
        interception = decision;
    }

    /** Tells whether a frame between nodes, or between a node and the control plane, gets through. */
    boolean passes(final int from, final int to, final byte[] frame) {
        return interception == Interception.NONE
                || interception.passes(from, to, ChainFrames.check(new UnsafeBuffer(frame), 0, frame.length), frame);
    }

    /** Notes a line for people. */
    void note(final Supplier<String> text) {
        trace.line(scheduler.nowNs(), text);
    }

    /** Finds the devices that must hold, or have held, what a node declares committed. */
    List<DiskWatch> membersOf(final SimNode node, final int chain) {
        final io.millrace.replication.ChainView view = node.view(chain);
        if (!scenario.isCluster() || chain == 0 || view == null) {
            return List.of(node.disk());
        }
        if (view.isSealed()) {
            throw new Violation("I5", "node " + node.place() + " declares a commit on chain " + chain + ": " + view);
        }
        return watch.membersOf(chain, view.chainEpoch()).stream()
                .map(member -> nodeOf(member.place()).disk(member.device()))
                .toList();
    }

    /**
     * Tells whether a node may lose its device or something on it: of every chain enough members are whole and take
     * part for the chain to go on without it (the schedule never takes the last good copies).
     */
    boolean mayLose(final SimNode victim) {
        for (int chain = 1; chain <= scenario.chainCount(); chain++) {
            int left = 0;
            for (final SimNode node : nodes) {
                left += node != victim && isWholeMember(node, chain) ? 1 : 0;
            }
            if (left < Math.max(1, scenario.cluster().minimum())) {
                return false;
            }
        }
        return true;
    }

    /**
     * Tells whether the end of a node's log may be torn: where another member has lost something, or there is none, it
     * alone must tell what there was, and a replica that is not certain of its end never decides alone (P4).
     */
    boolean mayTear(final SimNode victim) {
        for (int chain = 1; scenario.isCluster() && chain <= scenario.chainCount(); chain++) {
            final ChainView view = control().state().chainView(chain);
            final boolean isAlone = view != null && view.members().size() == 1;
            for (final ChainView.Member member : view == null ? List.<ChainView.Member>of() : view.members()) {
                final SimNode node = nodeOf((int) member.replica().node().getMostSignificantBits());
                if (isAlone && node == victim) {
                    return false;
                }
                final boolean isLost =
                        !node.medium().uuid().equals(member.replica().device())
                                || (node.disk().isExempt() && !isWholeMember(node, chain));
                if (node != victim && isLost) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Tells whether a node takes part in the newest epoch of a chain, with a log that lacks nothing: rot that nobody
     * has noticed counts as well. Else a schedule would lose the last good copy, and no protocol brings that back.
     */
    private boolean isWholeMember(final SimNode node, final int chain) {
        return !node.isRotten(chain) && takesPart(node, chain);
    }

    /**
     * Tells whether a node takes part in the newest epoch of a chain, and knows of nothing that its log lacks. One that
     * is cut off, or whose chain is being changed, may be left out of the next epoch: its copy does not count.
     */
    private boolean takesPart(final SimNode node, final int chain) {
        final ChainView control = control().state().chainView(chain);
        final io.millrace.replication.ChainView view = node.view(chain);
        return control != null
                && view != null
                && !node.behaviour().isFailing()
                && view.chainEpoch() == control.epoch()
                && !"SEALING".equals(control.phase())
                && !wires.isCut(node.place(), Wires.CONTROL)
                && !wires.isCut(Wires.CONTROL, node.place())
                && !view.isSealed()
                && !view.isDamaged()
                && !view.isUncertain();
    }

    /** Tells whether a node serves and lacks nothing of any chain that it has something of. */
    private boolean isWhole(final SimNode node) {
        boolean isWhole = node.isReady();
        for (int chain = 1; isWhole && chain <= scenario.chainCount(); chain++) {
            final io.millrace.replication.ChainView view = node.view(chain);
            isWhole = view != null && !view.isDamaged() && !view.isUncertain() && !node.isRotten(chain);
        }
        return isWhole;
    }

    private static long durablePosition(final SimNode node, final int chain) {
        final io.millrace.replication.ChainView view = node.view(chain);
        return chain == 0 || view == null ? 0 : view.durablePosition();
    }

    /** Tells whether every node runs and every chain has as many members as it should, whole as far as they know. */
    boolean isWell() {
        for (int chain = 1; chain <= scenario.chainCount(); chain++) {
            int members = 0;
            for (final SimNode node : nodes) {
                members += takesPart(node, chain) ? 1 : 0;
            }
            if (members < scenario.cluster().replicationFactor()) {
                return false;
            }
        }
        return nodes.stream().allMatch(SimNode::isReady);
    }

    /** Finds the node at a place. */
    SimNode nodeOf(final int place) {
        return nodes.get(place - 1);
    }

    /** Returns the control plane of a cluster. */
    ClusterControl control() {
        final ClusterControl controlling = control;
        if (controlling == null) {
            throw new IllegalStateException("no cluster");
        }
        return controlling;
    }

    /** Returns the rules that hold. */
    Rules rules() {
        return rules;
    }

    /** Tells whether a node that starts must know everything that was committed. */
    boolean mustRecoverAll() {
        return scenario.nodeCount() == 1;
    }

    /** Tells whether no faults strike. */
    boolean isQuiet() {
        return isQuiet;
    }

    /** Draws how long it takes until a process has its next turn. */
    long turnDelayNs() {
        return pace.between(1_000, 20_000);
    }

    /** Draws whether a send is refused for no other reason. */
    boolean isBackPressured() {
        return !isQuiet && pace.hits(scenario.backPressure());
    }

    /** Finds the node at an address. */
    @Nullable
    SimNode nodeAt(final String endpoint) {
        for (final SimNode node : nodes) {
            if (node.endpoint().equals(endpoint)) {
                return node;
            }
        }
        return null;
    }

    /** Chooses the address a client is given. */
    String bootstrapEndpoint(final Randomness.Stream random) {
        final int drawn = random.below(nodes.size());
        return nodes.get(scenario.isDirected() ? nodes.size() - 1 : drawn).endpoint();
    }

    /** Returns the choices of the seed. */
    Scenario scenario() {
        return scenario;
    }

    /** Returns the random numbers. */
    Randomness randomness() {
        return randomness;
    }

    /** Returns the trace. */
    Trace trace() {
        return trace;
    }

    /** Returns the time. */
    Scheduler scheduler() {
        return scheduler;
    }

    /** Returns the network. */
    Wires wires() {
        return wires;
    }

    /** Returns what clients did. */
    History history() {
        return history;
    }

    /** Returns the checkers. */
    Watch watch() {
        return watch;
    }

    /** Returns the machines. */
    List<SimNode> nodes() {
        return nodes;
    }

    /** Returns the clients. */
    List<SimClient> clients() {
        return clients;
    }

    /** Returns the faults that struck. */
    long faultCount() {
        return chaos.faultCount();
    }
}
