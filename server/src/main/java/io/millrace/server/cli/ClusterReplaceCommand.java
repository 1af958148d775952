package io.millrace.server.cli;

import io.millrace.client.ClusterInfo;
import io.millrace.client.ClusterManager;
import io.millrace.client.Millrace;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.json.JsonWriter;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace cluster replace}. <b>Threading:</b> one thread. */
@Command(
        name = "replace",
        description = {
            "Move the replicas of a node's lost device to the one that it has now.",
            "Without --device and --by the node must have lost one device and have one."
        },
        mixinStandardHelpOptions = true)
final class ClusterReplaceCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", paramLabel = "NODE", description = "The node's name (node.name), its id, or its address.")
    private String node = "";

    @Option(names = "--device", paramLabel = "UUID", description = "The device that is given up.")
    private @Nullable UUID device;

    @Option(names = "--by", paramLabel = "UUID", description = "The device that takes its place.")
    private @Nullable UUID replacement;

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    ClusterReplaceCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final boolean changed;
        final UUID id;
        final UUID old;
        final UUID next;
        try (Millrace millrace = connect.connect()) {
            final ClusterManager cluster = millrace.cluster();
            final ClusterInfo.Node found = ClusterNodes.find(cluster.describe(), node);
            id = found.nodeId();
            old = device == null ? only(found, false) : device;
            next = replacement == null ? only(found, true) : replacement;
            changed = cluster.replaceDevice(id, old, next);
        }
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            new JsonWriter(text)
                    .beginObject()
                    .field("node", id.toString())
                    .field("device", old.toString())
                    .field("replacement", next.toString())
                    .field("changed", changed)
                    .end();
            console.out().println(text);
        } else {
            console.out()
                    .println("device " + next + " of node " + node + (changed ? " takes" : " has taken")
                            + " the place of " + old);
        }
        return 0;
    }

    private UUID only(final ClusterInfo.Node found, final boolean isPresent) {
        final List<UUID> devices = found.devices().stream()
                .filter(known -> known.isPresent() == isPresent)
                .map(ClusterInfo.Device::device)
                .toList();
        if (devices.size() != 1) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "node " + node + " has " + devices.size() + " devices that are "
                            + (isPresent ? "there: name one with --by" : "missing: name one with --device") + " "
                            + devices);
        }
        return devices.get(0);
    }
}
