package io.millrace.server.cli;

import io.millrace.codec.AllowedHere;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.DataDirectory;
import io.millrace.server.Node;
import io.millrace.server.NodeReport;
import io.millrace.server.NodeRun;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.configuration.Units;
import io.millrace.server.host.Budget;
import io.millrace.server.host.Finding;
import io.millrace.server.host.HostChecks;
import io.millrace.server.host.HostFacts;
import io.millrace.server.json.JsonWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code millrace start}: runs a node until SIGTERM.
 *
 * <p><b>Threading:</b> the calling thread becomes the device thread.
 */
@Command(
        name = "start",
        description =
                "Run a node here until SIGTERM. With --output json the ready line is one object on standard output.",
        mixinStandardHelpOptions = true)
final class StartCommand implements Callable<Integer> {
    private static final Path ROOT = Path.of("/");
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private final Console console;

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description = "Where clients connect; port 0 takes a free one.")
    private @Nullable String listen;

    @Option(
            names = "--format",
            description = "Make the journal of a new node also where journal.path is set; nothing is overwritten.")
    private boolean format;

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    StartCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final NodeConfiguration configuration = configuration();
        final boolean mustFormat = new DataDirectory(configuration).mustFormat(format);
        final List<String> hostWarnings = checkHost(configuration, mustFormat);
        final CountDownLatch ended = new CountDownLatch(1);
        final AtomicBoolean isDrained = new AtomicBoolean();
        try {
            try (NodeRun run = new NodeRun(configuration, mustFormat, hostWarnings, console::say)) {
                final Node node = run.node();
                final Thread hook = new Thread(() -> stop(node, ended, isDrained), "millrace-stop");
                Runtime.getRuntime().addShutdownHook(hook);
                report(node.report(), run.httpEndpoint());
                run.run();
            }
            isDrained.set(true);
        } finally {
            ended.countDown();
        }
        return 0;
    }

    /** A drained node is a success, whatever signal asked for it: the runtime alone would exit with 128 + signal. */
    @AllowedHere("the hook keeps the process alive until the node has drained")
    private static void stop(final Node node, final CountDownLatch ended, final AtomicBoolean isDrained) {
        if (ended.getCount() == 0) {
            return; // the command has ended by itself and exits with its own code
        }
        node.stop();
        try {
            ended.await();
        } catch (final InterruptedException exception) {
            Thread.currentThread().interrupt();
        }
        if (isDrained.get()) {
            Runtime.getRuntime().halt(0);
        }
    }

    private NodeConfiguration configuration() {
        final NodeConfiguration.Builder builder = options.builder();
        if (listen != null) {
            builder.set("listen.endpoint", listen, "--listen");
        }
        final NodeConfiguration wanted = builder.conclude();
        final Budget budget = Budget.of(wanted, Runtime.getRuntime().maxMemory());
        final long sharedFreeBytes = HostFacts.freeSpace(SHARED_MEMORY);
        if (!wanted.text(Setting.AERON_DIRECTORY).isEmpty()
                || sharedFreeBytes == HostFacts.UNKNOWN
                || sharedFreeBytes >= budget.sharedBytes()) {
            return wanted;
        }
        final Path instead = wanted.dataDirectory().resolve("aeron");
        console.say("warning: " + ErrorCode.SHARED_MEMORY_TOO_SMALL.id() + ": /dev/shm has "
                + Units.roundSize(sharedFreeBytes) + ", " + Units.roundSize(budget.sharedBytes())
                + " are needed: the media driver's files go to " + instead
                + " and the disk may add to latencies; run 'mount -o remount,size=1g /dev/shm'");
        return builder.set(Setting.AERON_DIRECTORY.key(), instead.toString(), "fallback")
                .conclude();
    }

    private List<String> checkHost(final NodeConfiguration configuration, final boolean mustFormat) {
        final Budget budget = Budget.of(configuration, Runtime.getRuntime().maxMemory());
        final List<Finding> findings = HostChecks.check(
                configuration,
                HostFacts.read(ROOT, Runtime.getRuntime().availableProcessors()),
                budget,
                HostFacts.freeSpace(mediaDirectory(configuration)),
                HostFacts.freeSpace(configuration.journalPath()),
                mustFormat);
        console.say("budget: " + budget.text());
        final List<String> warnings = new ArrayList<>();
        MillraceException refusal = null;
        for (final Finding finding : findings) {
            if (finding.severity() == Finding.Severity.REFUSE && refusal == null) {
                refusal = new MillraceException(finding.code(), finding.text());
            } else {
                warnings.add(finding.code().id() + ": " + finding.text());
                console.say("warning: " + finding.code().id() + ": " + finding.text());
            }
        }
        if (refusal != null) {
            throw refusal;
        }
        return warnings;
    }

    private static Path mediaDirectory(final NodeConfiguration configuration) {
        final String directory = configuration.text(Setting.AERON_DIRECTORY);
        return directory.isEmpty() ? SHARED_MEMORY : Path.of(directory);
    }

    private void report(final NodeReport report, final @Nullable String http) {
        console.say("journal: " + report.durability() + ", " + report.durabilityMode() + ", backend " + report.backend()
                + ", " + report.writesInFlight() + " writes in flight"
                + (report.formatted() ? ", newly formatted" : ""));
        console.say("  " + report.journal() + ": " + report.medium().describe());
        console.say("  "
                + (report.calibration().isDone()
                        ? report.calibration().describe()
                        : "not calibrated: RWF_DSYNC and defaults; stop the node and run: millrace hw calibrate"));
        final String notice = report.tailNotice();
        console.say("recovered " + report.recovery().recordCount() + " records in "
                + report.recovery().batchCount() + " batches "
                + (report.recovery().checkpointBatchSequence() == 0 ? "" : "since the last checkpoint ") + "in "
                + report.recovery().elapsedNs() / 1_000_000 + " ms; end: "
                + report.recovery().tail()
                + (notice == null ? detail(report) : " (" + notice + ")"));
        if (notice != null) {
            console.say("  " + ErrorCode.JOURNAL_TORN.remedy());
        }
        console.say("ready: " + report.nodeName() + " listens at " + report.endpoint() + ", incarnation "
                + report.incarnation() + ", after " + report.readyNs() / 1_000_000 + " ms; idle policy "
                + report.idlePolicy()
                + (http == null ? "" : "; health and metrics at http://" + http));
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            write(new JsonWriter(text), report, http);
            console.out().println(text);
            console.out().flush();
        }
    }

    private static String detail(final NodeReport report) {
        final String detail = report.recovery().tailDetail();
        return detail.isEmpty() ? "" : " (" + detail + ")";
    }

    private static void write(final JsonWriter json, final NodeReport report, final @Nullable String http) {
        json.beginObject()
                .field("endpoint", report.endpoint())
                .field("http", http)
                .field("node", report.nodeName())
                .field("incarnation", report.incarnation())
                .field("durability", report.durability().name())
                .field("formatted", report.formatted())
                .field("readyMillis", report.readyNs() / 1_000_000)
                .field("recoveryMillis", report.recovery().elapsedNs() / 1_000_000)
                .field("recoveredBatches", report.recovery().batchCount())
                .field("recoveredRecords", report.recovery().recordCount())
                .field("tail", report.recovery().tail().name());
        final String notice = report.tailNotice();
        if (notice != null) {
            json.name("notice")
                    .beginObject()
                    .field("code", ErrorCode.JOURNAL_TORN.id())
                    .field("message", notice)
                    .end();
        }
        json.field("idlePolicy", report.idlePolicy().name())
                .name("journal")
                .beginObject()
                .field("backend", report.backend())
                .field("durabilityMode", report.durabilityMode())
                .field("device", report.device())
                .field("kind", report.medium().kind())
                .field("disk", report.medium().device())
                .field("serial", report.medium().serial())
                .field("model", report.medium().model())
                .field("writeCache", report.medium().writeCache())
                .field("writesInFlight", report.writesInFlight())
                .name("calibration");
        HwCalibrateCommand.write(json, report.calibration());
        json.end().end();
    }
}
