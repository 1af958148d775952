package io.millrace.server.cli;

import io.millrace.client.ClusterInfo;
import io.millrace.client.Millrace;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code millrace cluster status}. <b>Threading:</b> one thread. */
@Command(
        name = "status",
        description = {
            "Show the control plane, the nodes, and each chain: its members from head to tail, who learns and how far.",
            "While replicas learn it takes a second, to tell when they will be whole."
        },
        mixinStandardHelpOptions = true)
final class ClusterStatusCommand implements Callable<Integer> {
    private static final long SAMPLE_NS = 1_000_000_000L;

    private final Console console;

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    ClusterStatusCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final ClusterInfo now;
        ClusterInfo earlier = null;
        try (Millrace millrace = connect.connect()) {
            final ClusterInfo first = millrace.cluster().describe();
            if (isLearning(first)) {
                ClusterNodes.pause(SAMPLE_NS);
                earlier = first;
                now = millrace.cluster().describe();
            } else {
                now = first;
            }
        }
        print(new ClusterReport(now, earlier, SAMPLE_NS));
        return 0;
    }

    private static boolean isLearning(final ClusterInfo info) {
        return info.chains().stream()
                .flatMap(chain -> chain.replicas().stream())
                .anyMatch(replica -> replica.role() == ClusterInfo.Role.LEARNER);
    }

    private void print(final ClusterReport report) {
        console.out().println(output.isJson() ? report.json() : report.text());
    }
}
