package io.millrace.server.cli;

import io.millrace.client.ClusterInfo;
import io.millrace.client.ClusterManager;
import io.millrace.client.Millrace;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.control.FeatureLevel;
import io.millrace.server.json.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace cluster init}. <b>Threading:</b> one thread. */
@Command(
        name = "init",
        description = {
            "Add the nodes that have come and make the chains: once in the life of a cluster.",
            "Waits until enough nodes are there. Repeating it with the same numbers changes nothing.",
            "Chains of one replica, as a node that was alone brings them along, grow by it: with --minimum 2."
        },
        mixinStandardHelpOptions = true)
final class ClusterInitCommand implements Callable<Integer> {
    private static final int DEFAULT_CHAINS = 8;

    private final Console console;

    @Option(
            names = "--chains",
            paramLabel = "N",
            description = "Chains that segments are spread over, for ever; no node's setting chains may be less"
                    + " (default 8, or as many as there are).")
    private @Nullable Integer chainCount;

    @Option(
            names = "--replication-factor",
            paramLabel = "N",
            defaultValue = "3",
            description = "Members of each chain, on as many nodes (default 3).")
    private int replicationFactor;

    @Option(
            names = "--minimum",
            paramLabel = "N",
            defaultValue = "2",
            description = "Members below which a chain takes no events (default 2).")
    private int minimum;

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "Wait so long for a node, and for as many as the replication factor (default 30).")
    private int waitSeconds;

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    ClusterInitCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final List<String> added = new ArrayList<>();
        final int chains;
        final boolean changed;
        final ClusterInfo made;
        final long waitNs = Math.max(1, waitSeconds) * 1_000_000_000L;
        try (Millrace millrace = connect.connect(waitNs, Math.max(waitNs, connect.timeoutNs()))) {
            final ClusterManager cluster = millrace.cluster();
            final ClusterInfo found = ClusterNodes.await(
                    console, cluster, info -> info.leaderMember() < 0 || alive(info) >= replicationFactor, waitNs);
            if (found.leaderMember() < 0) {
                throw new MillraceException(
                        ErrorCode.UNSUPPORTED,
                        connect.endpoint() + " is a node alone: its configuration has no cluster.members");
            }
            if (alive(found) < replicationFactor) {
                throw new MillraceException(
                        ErrorCode.DEVICES_TOO_FEW,
                        alive(found) + " of the " + replicationFactor + " nodes that --replication-factor needs have"
                                + " come within " + waitSeconds + " s: " + endpoints(found)
                                + ". Start the others, or see their /health/ready");
            }
            for (final ClusterInfo.Node node : found.nodes()) {
                if (node.isAlive() && cluster.addNode(node.nodeId())) {
                    added.add(node.endpoint());
                }
            }
            chains = chainCount != null ? chainCount : found.chainCount() > 0 ? found.chainCount() : DEFAULT_CHAINS;
            if (found.chainCount() == 0) {
                cluster.setFeatureLevel(FeatureLevel.KNOWN); // a new cluster has no older member to wait for
            }
            changed = cluster.configureChains(chains, replicationFactor, minimum);
            made = ClusterNodes.await(console, cluster, ClusterInitCommand::isNormal, waitNs);
        }
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            final JsonWriter json = new JsonWriter(text)
                    .beginObject()
                    .field("cluster", made.clusterId().toString())
                    .field("chains", chains)
                    .field("replicationFactor", replicationFactor)
                    .field("minimum", minimum)
                    .field("changed", changed)
                    .field("serving", isNormal(made))
                    .field("featureLevel", made.featureLevel())
                    .name("added")
                    .beginArray();
            added.forEach(json::value);
            json.end().end();
            console.out().println(text);
        } else {
            console.out()
                    .println((changed ? "made " : "there were ") + chains + " chains of " + replicationFactor
                            + " replicas, " + minimum + " at least, on " + endpoints(made)
                            + (isNormal(made) ? "" : "; not all of them serve yet, see millrace cluster status"));
            if (made.featureLevel() < FeatureLevel.KNOWN) {
                console.out()
                        .println("the feature level is " + made.featureLevel() + " of " + FeatureLevel.KNOWN
                                + ": once every node runs this version, raise it with millrace cluster upgrade");
            }
        }
        return 0;
    }

    private static boolean isNormal(final ClusterInfo info) {
        return info.chainCount() > 0
                && info.chains().stream().allMatch(chain -> chain.phase() == ClusterInfo.Phase.NORMAL);
    }

    private static long alive(final ClusterInfo info) {
        return info.nodes().stream().filter(ClusterInfo.Node::isAlive).count();
    }

    private static String endpoints(final ClusterInfo info) {
        final List<String> endpoints = new ArrayList<>();
        for (final ClusterInfo.Node node : info.nodes()) {
            if (node.isAlive()) {
                endpoints.add(node.endpoint());
            }
        }
        return endpoints.isEmpty() ? "none" : String.join(", ", endpoints);
    }
}
