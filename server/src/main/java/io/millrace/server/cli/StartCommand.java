package io.millrace.server.cli;

import io.millrace.codec.AllowedHere;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.DataDirectory;
import io.millrace.server.Node;
import io.millrace.server.NodeReport;
import io.millrace.server.NodeRun;
import io.millrace.server.ThreadPlan;
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
 * <p><b>Threading:</b> the calling thread becomes the device thread, or waits for those of the devices.
 */
@Command(
        name = "start",
        description =
                "Run a node here until SIGTERM. With --output json the ready line is one object on standard output.",
        mixinStandardHelpOptions = true)
final class StartCommand implements Callable<Integer> {
    private static final Path ROOT = Path.of("/");
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    /**
     * Aeron's clients give a driver up that has not moved for ten seconds, also one that stood still together with
     * them; the member of the control plane then starts anew, which takes half a minute. Drivers wait for their clients
     * as long.
     */
    private static final String DRIVER_TIMEOUT = "aeron.driver.timeout";

    private static final String DRIVER_TIMEOUT_MS = "30000";

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
        if (System.getProperty(DRIVER_TIMEOUT) == null) {
            System.setProperty(DRIVER_TIMEOUT, DRIVER_TIMEOUT_MS); // Aeron reads it once, when it is loaded
        }
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
                diskFree(configuration),
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

    /** The least of all file systems; where several journals share one, each has a part of it. */
    private static long diskFree(final NodeConfiguration configuration) {
        final List<Path> journals = configuration.journalPaths();
        long least = HostFacts.UNKNOWN;
        for (final Path journal : journals) {
            final long free = HostFacts.freeSpace(journal);
            if (free != HostFacts.UNKNOWN) {
                final String store = HostFacts.fileStore(journal);
                final long sharing = journals.stream()
                        .filter(other -> HostFacts.fileStore(other).equals(store))
                        .count();
                final long share = free / sharing * journals.size();
                least = least == HostFacts.UNKNOWN ? share : Math.min(least, share);
            }
        }
        return least;
    }

    private static Path mediaDirectory(final NodeConfiguration configuration) {
        final String directory = configuration.text(Setting.AERON_DIRECTORY);
        return directory.isEmpty() ? SHARED_MEMORY : Path.of(directory);
    }

    private void report(final NodeReport report, final @Nullable String http) {
        final boolean isSeveral = report.devices().size() > 1;
        for (int i = 0; i < report.devices().size(); i++) {
            sayDevice(report.devices().get(i), isSeveral ? "device " + i + ": " : "", isSeveral, report.formatted());
        }
        console.say(report.threads().text());
        console.say(
                "ready: " + report.nodeName() + " listens at " + report.first().endpoint() + ", incarnation "
                        + report.first().incarnation() + ", after " + report.readyNs() / 1_000_000 + " ms; idle policy "
                        + report.idlePolicy()
                        + (http == null ? "" : "; health and metrics at http://" + http));
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            write(new JsonWriter(text), report, http);
            console.out().println(text);
            console.out().flush();
        }
    }

    private void sayDevice(
            final NodeReport.OfDevice device, final String prefix, final boolean isSeveral, final boolean formatted) {
        if (isSeveral) {
            console.say(prefix + device.journal() + " listens at " + device.endpoint());
        }
        console.say(prefix + "journal: " + device.durability() + ", " + device.durabilityMode() + ", backend "
                + device.backend() + ", " + device.writesInFlight() + " writes in flight"
                + (formatted ? ", newly formatted" : ""));
        console.say("  " + device.journal() + ": " + device.medium().describe());
        console.say("  "
                + (device.calibration().isDone()
                        ? device.calibration().describe()
                        : "not calibrated: RWF_DSYNC and defaults; stop the node and run: millrace hw calibrate"));
        final String notice = device.tailNotice();
        console.say(prefix + "recovered " + device.recovery().recordCount() + " records in "
                + device.recovery().batchCount() + " batches "
                + (device.recovery().checkpointBatchSequence() == 0 ? "" : "since the last checkpoint ") + "in "
                + device.recovery().elapsedNs() / 1_000_000 + " ms; end: "
                + device.recovery().tail()
                + (notice == null ? detail(device) : " (" + notice + ")"));
        if (notice != null) {
            console.say("  " + ErrorCode.JOURNAL_TORN.remedy());
        }
    }

    private static String detail(final NodeReport.OfDevice device) {
        final String detail = device.recovery().tailDetail();
        return detail.isEmpty() ? "" : " (" + detail + ")";
    }

    private static void write(final JsonWriter json, final NodeReport report, final @Nullable String http) {
        final NodeReport.OfDevice first = report.first();
        json.beginObject()
                .field("endpoint", first.endpoint())
                .field("http", http)
                .field("node", report.nodeName())
                .field("incarnation", first.incarnation())
                .field("durability", report.durability().name())
                .field("formatted", report.formatted())
                .field("readyMillis", report.readyNs() / 1_000_000)
                .field("recoveryMillis", first.recovery().elapsedNs() / 1_000_000)
                .field("recoveredBatches", first.recovery().batchCount())
                .field("recoveredRecords", first.recovery().recordCount())
                .field("tail", first.recovery().tail().name());
        writeNotice(json, first);
        json.field("idlePolicy", report.idlePolicy().name())
                .field("threading", report.threads().threading())
                .name("threads")
                .beginArray();
        for (final ThreadPlan.Planned thread : report.threads().threads()) {
            json.beginObject().field("name", thread.name());
            if (thread.isBound()) {
                json.field("cpu", thread.cpu());
            }
            json.end();
        }
        json.end().name("journal");
        writeJournal(json, first);
        json.name("devices").beginArray();
        for (final NodeReport.OfDevice device : report.devices()) {
            json.beginObject()
                    .field("endpoint", device.endpoint())
                    .field("file", device.journal().toString())
                    .field("incarnation", device.incarnation())
                    .field("durability", device.durability().name())
                    .field("recoveryMillis", device.recovery().elapsedNs() / 1_000_000)
                    .field("recoveredBatches", device.recovery().batchCount())
                    .field("recoveredRecords", device.recovery().recordCount())
                    .field("tail", device.recovery().tail().name());
            writeNotice(json, device);
            json.name("journal");
            writeJournal(json, device);
            json.end();
        }
        json.end().end();
    }

    private static void writeNotice(final JsonWriter json, final NodeReport.OfDevice device) {
        final String notice = device.tailNotice();
        if (notice != null) {
            json.name("notice")
                    .beginObject()
                    .field("code", ErrorCode.JOURNAL_TORN.id())
                    .field("message", notice)
                    .end();
        }
    }

    private static void writeJournal(final JsonWriter json, final NodeReport.OfDevice device) {
        json.beginObject()
                .field("backend", device.backend())
                .field("durabilityMode", device.durabilityMode())
                .field("device", device.device())
                .field("kind", device.medium().kind())
                .field("disk", device.medium().device())
                .field("serial", device.medium().serial())
                .field("model", device.medium().model())
                .field("writeCache", device.medium().writeCache())
                .field("writesInFlight", device.writesInFlight())
                .name("calibration");
        HwCalibrateCommand.write(json, device.calibration());
        json.end();
    }
}
