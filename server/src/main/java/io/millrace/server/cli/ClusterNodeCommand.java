package io.millrace.server.cli;

import io.millrace.client.ClusterInfo;
import io.millrace.client.ClusterManager;
import io.millrace.client.Millrace;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.json.JsonWriter;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace cluster add}, {@code drain} and {@code remove}. <b>Threading:</b> one thread. */
@Command(mixinStandardHelpOptions = true)
final class ClusterNodeCommand implements Callable<Integer> {
    private final Console console;
    private final Order order;

    @Parameters(
            index = "0",
            paramLabel = "NODE",
            description = "The node's name (node.name), its id, or its address, as millrace cluster status shows them.")
    private String node = "";

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description = "Wait so long until what was ordered is carried out (default: not at all).")
    private int waitSeconds;

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /** What is ordered. */
    private enum Order {
        ADD("add", "added", "may carry replicas", "Let a node carry replicas; some move to it by themselves."),
        DRAIN("drain", "drained", "gives its replicas away", "Move the replicas of a node to other ones."),
        REMOVE("remove", "removed", "is forgotten", "Forget a node that has no replicas; its process ends.");

        private final String word;
        private final String done;
        private final String meaning;
        private final String description;

        Order(final String word, final String done, final String meaning, final String description) {
            this.word = word;
            this.done = done;
            this.meaning = meaning;
            this.description = description;
        }
    }

    private ClusterNodeCommand(final Console console, final Order order) {
        this.console = console;
        this.order = order;
    }

    /**
     * Makes the command that adds.
     *
     * @param console to print to.
     * @return for picocli.
     */
    static CommandLine add(final Console console) {
        return named(new ClusterNodeCommand(console, Order.ADD));
    }

    /**
     * Makes the command that drains.
     *
     * @param console to print to.
     * @return for picocli.
     */
    static CommandLine drain(final Console console) {
        return named(new ClusterNodeCommand(console, Order.DRAIN));
    }

    /**
     * Makes the command that removes.
     *
     * @param console to print to.
     * @return for picocli.
     */
    static CommandLine remove(final Console console) {
        return named(new ClusterNodeCommand(console, Order.REMOVE));
    }

    private static CommandLine named(final ClusterNodeCommand command) {
        final CommandLine line = new CommandLine(command).setCommandName(command.order.word);
        line.getCommandSpec().usageMessage().description(command.order.description);
        return line;
    }

    @Override
    public Integer call() {
        final boolean changed;
        final int replicas;
        final UUID id;
        try (Millrace millrace = connect.connect()) {
            final ClusterManager cluster = millrace.cluster();
            final ClusterInfo before = cluster.describe();
            id = order == Order.ADD
                    ? ClusterNodes.id(before, node)
                    : ClusterNodes.find(before, node).nodeId();
            if (order == Order.DRAIN) {
                requireRoom(before);
            }
            changed = switch (order) {
                case ADD -> cluster.addNode(id);
                case DRAIN -> cluster.drainNode(id);
                case REMOVE -> cluster.removeNode(id);
            };
            final ClusterInfo after =
                    ClusterNodes.await(console, cluster, info -> isDone(info, id), waitSeconds * 1_000_000_000L);
            replicas = ClusterNodes.replicaCount(after, id);
            if (waitSeconds > 0 && !isDone(after, id)) {
                throw new MillraceException(
                        ErrorCode.TIMED_OUT,
                        "node " + node + " is to be " + order.done + ", but that is not done after " + waitSeconds
                                + " s; it goes on. See millrace cluster status");
            }
        }
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            new JsonWriter(text)
                    .beginObject()
                    .field("node", id.toString())
                    .field("order", order.word)
                    .field("changed", changed)
                    .field("replicas", replicas)
                    .end();
            console.out().println(text);
        } else {
            console.out()
                    .println("node " + node + (changed ? " " : " already ") + order.meaning
                            + (order == Order.REMOVE ? "" : ", it has " + replicas + " of them now"));
        }
        return 0;
    }

    private boolean isDone(final ClusterInfo info, final UUID id) {
        return switch (order) {
            case ADD ->
                info.chains().stream().noneMatch(ClusterInfo.Chain::isUnderReplicated)
                        && ClusterNodes.replicaCount(info, id) > 0;
            case DRAIN -> ClusterNodes.replicaCount(info, id) == 0;
            case REMOVE ->
                info.nodes().stream().noneMatch(known -> known.nodeId().equals(id));
        };
    }

    /** Replicas of a drained node stay where they are while there is nowhere else: better said than waited for. */
    private void requireRoom(final ClusterInfo info) {
        final UUID drained = ClusterNodes.find(info, node).nodeId();
        final long others = info.nodes().stream()
                .filter(known -> !known.nodeId().equals(drained))
                .filter(known -> known.standing() == ClusterInfo.Standing.ADDED && known.isAlive())
                .count();
        if (others < info.replicationFactor()) {
            throw new MillraceException(
                    ErrorCode.DEVICES_TOO_FEW,
                    "without node " + node + " only " + others + " nodes could carry the " + info.replicationFactor()
                            + " replicas of each chain. Add another node first: millrace cluster add NODE");
        }
    }
}
