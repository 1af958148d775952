package io.millrace.server.cli;

import io.millrace.client.ClusterManager;
import io.millrace.client.Millrace;
import io.millrace.control.FeatureLevel;
import io.millrace.server.json.JsonWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace cluster upgrade}. <b>Threading:</b> one thread. */
@Command(
        name = "upgrade",
        description = {
            "Raise the feature level: the control plane behaves as this version from here on.",
            "Once every node runs it: a member that does not know the level stops. It never goes back."
        },
        mixinStandardHelpOptions = true)
final class ClusterUpgradeCommand implements Callable<Integer> {
    private final Console console;

    @Option(
            names = "--to",
            paramLabel = "LEVEL",
            description = "The level to rise to (default: the highest that this version knows).")
    private @Nullable Integer level;

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    ClusterUpgradeCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final int target = level == null ? FeatureLevel.KNOWN : level;
        final boolean changed;
        try (Millrace millrace = connect.connect()) {
            final ClusterManager cluster = millrace.cluster();
            changed = cluster.setFeatureLevel(target);
        }
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            new JsonWriter(text)
                    .beginObject()
                    .field("featureLevel", target)
                    .field("changed", changed)
                    .end();
            console.out().println(text);
        } else {
            console.out().println("the feature level is " + target + (changed ? " now" : " already"));
        }
        return 0;
    }
}
