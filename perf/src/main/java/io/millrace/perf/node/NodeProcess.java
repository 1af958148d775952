package io.millrace.perf.node;

import io.millrace.perf.process.ChildProcess;
import io.millrace.perf.report.JsonFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * A node in a process of its own: started, killed and started again on the same data directory and the same endpoint.
 *
 * <p>The command is the launcher script below {@code millrace.root} when it has been built there (so that a node has
 * the flags every node has), else a JVM on the class path in {@code millrace.node.classpath}, else on this JVM's own.
 *
 * <p><b>Threading:</b> the owner's thread. <b>Invariants:</b> at most one process at a time.
 */
public final class NodeProcess implements AutoCloseable {
    /** How long a node may take to be ready, formatting a device included. */
    public static final long READY_TIMEOUT_NS = TimeUnit.MINUTES.toNanos(5);

    private static final String MAIN_CLASS = "io.millrace.server.cli.MillraceCli";
    private static final List<String> FLAGS =
            List.of("-Xms64m", "-Xmx256m", "-XX:MaxDirectMemorySize=256m", "-XX:ReservedCodeCacheSize=64m");

    private final Path dataDirectory;
    private final List<String> arguments;
    private final NanoClock clock;
    private String listen = "127.0.0.1:0";
    private String javaOptions = "";
    private List<String> prefix = List.of();
    private @Nullable ChildProcess process;
    private @Nullable JsonFields ready;
    private long startedNs;
    private long readyNs;

    /**
     * Prepares a node; nothing is started.
     *
     * @param dataDirectory of the node; made by it.
     * @param arguments of {@code start} beyond data, endpoint and output.
     * @param clock for the time it takes to get ready.
     */
    public NodeProcess(final Path dataDirectory, final List<String> arguments, final NanoClock clock) {
        this.dataDirectory = dataDirectory;
        this.arguments = arguments;
        this.clock = clock;
    }

    /**
     * Sets options of its JVM beyond those every node has.
     *
     * @param options separated by blanks, none with a blank inside; empty for none.
     */
    void javaOptions(final String options) {
        javaOptions = options;
    }

    /**
     * Chooses where it listens the first time; afterwards it is where it was.
     *
     * @param endpoint host:port, port 0 for a free one.
     */
    public void listenAt(final String endpoint) {
        listen = endpoint;
    }

    /**
     * Sets what its command begins with: a program that runs the rest somewhere else, in the same process.
     *
     * @param command program and arguments; empty for none.
     */
    public void prefix(final List<String> command) {
        prefix = List.copyOf(command);
    }

    /**
     * Starts the process without waiting for it: {@link #isReady()} tells.
     *
     * @throws IOException when it cannot be started.
     * @throws IllegalStateException when it runs.
     */
    public void start() throws IOException {
        start(List.of());
    }

    /**
     * Starts the process with a new, empty journal, without waiting for it.
     *
     * @throws IOException when it cannot be started.
     * @throws IllegalStateException when it runs.
     */
    public void startFormatted() throws IOException {
        start(List.of("--format"));
    }

    private void start(final List<String> further) throws IOException {
        if (process != null && process.isAlive()) {
            throw new IllegalStateException("the node runs, process " + process.pid());
        }
        final List<String> options = new ArrayList<>(
                List.of("start", "--data", dataDirectory.toString(), "--listen", listen, "--output", "json"));
        options.addAll(List.of("--set", "http.endpoint=127.0.0.1:0"));
        options.addAll(arguments);
        options.addAll(further);
        ready = null;
        startedNs = clock.nanoTime();
        final List<String> environment = new ArrayList<>(List.of("MILLRACE_NO_BUILD=1"));
        if (!javaOptions.isEmpty()) {
            environment.add("MILLRACE_JAVA_OPTIONS=" + javaOptions);
        }
        final List<String> whole = new ArrayList<>(prefix);
        whole.addAll(command(options, javaOptions));
        process = new ChildProcess("node", whole, environment);
    }

    /**
     * Starts the process and waits until it is ready.
     *
     * @throws IOException when it ends instead, or takes longer than {@link #READY_TIMEOUT_NS}.
     */
    public void startAndAwait() throws IOException {
        start();
        while (!isReady()) {
            YieldingIdleStrategy.INSTANCE.idle();
        }
    }

    /**
     * Whether the node has said that it is ready since its last start.
     *
     * @throws IOException when it has ended, or takes too long.
     */
    public boolean isReady() throws IOException {
        if (ready != null) {
            return true;
        }
        final ChildProcess running = running();
        final boolean alive = running.isAlive();
        String line = running.pollLine();
        while (line != null) {
            if (line.startsWith("{") && acceptReady(JsonFields.parse(line))) {
                return true;
            }
            line = running.pollLine();
        }
        if (!alive) {
            throw new IOException(
                    "the node ended with code " + running.exitCode() + " before it was ready: " + running.errors());
        }
        if (clock.nanoTime() - startedNs > READY_TIMEOUT_NS) {
            throw new IOException(
                    "the node is not ready after " + READY_TIMEOUT_NS / 1_000_000_000L + " s: " + running.errors());
        }
        return false;
    }

    /** From the start of the process to its ready line, in nanoseconds. */
    public long readyAfterNs() {
        return readyNs - startedNs;
    }

    /** The node's ready line. */
    public JsonFields ready() {
        if (ready == null) {
            throw new IllegalStateException("the node is not ready");
        }
        return ready;
    }

    /** Where it listens, host:port. */
    public String endpoint() {
        return ready().get("endpoint", listen);
    }

    /** Where it listens, or did when it was ready last, host:port. */
    public String lastEndpoint() {
        return listen;
    }

    /** Its data directory. */
    public Path dataDirectory() {
        return dataDirectory;
    }

    /** Its process id. */
    public long pid() {
        return running().pid();
    }

    /** Whether its process runs. */
    public boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** What it wrote to standard error. */
    public String errors() {
        return running().errors();
    }

    /** Ends it with SIGKILL; the next start listens on the same endpoint. */
    public void kill() {
        running().kill();
        ready = null;
    }

    /**
     * Asks it to end (SIGTERM) and waits.
     *
     * @return the last JSON line it printed, its closing counters, or null when there was none.
     */
    @Nullable
    public JsonFields stop() {
        final ChildProcess running = running();
        running.stop();
        JsonFields last = null;
        String line = running.pollLine();
        while (line != null) {
            if (line.startsWith("{")) {
                last = JsonFields.parse(line);
            }
            line = running.pollLine();
        }
        return last;
    }

    @Override
    public void close() {
        final ChildProcess running = process;
        if (running != null) {
            running.close();
        }
    }

    private boolean acceptReady(final JsonFields line) {
        final String endpoint = line.get("endpoint");
        if (endpoint == null) {
            return false;
        }
        readyNs = clock.nanoTime();
        listen = endpoint;
        ready = line;
        return true;
    }

    private ChildProcess running() {
        if (process == null) {
            throw new IllegalStateException("the node was not started");
        }
        return process;
    }

    /**
     * Returns how a command of {@code millrace} is run in a process of its own: by the launcher of a checkout, else by
     * a JVM with this one's classes.
     *
     * @param options command and its options.
     * @param javaOptions further ones of the JVM, separated by blanks; empty for none.
     * @return program and arguments.
     */
    public static List<String> command(final List<String> options, final String javaOptions) {
        final String root = System.getProperty("millrace.root");
        final String classPath = System.getProperty("millrace.node.classpath");
        if (classPath == null && root != null) {
            final Path script = Path.of(root, "millrace");
            if (Files.isExecutable(script) && Files.isDirectory(Path.of(root, "target", "dist"))) {
                final List<String> command = new ArrayList<>(List.of(script.toString()));
                command.addAll(options);
                return command;
            }
        }
        final List<String> flags = new ArrayList<>(FLAGS);
        if (!javaOptions.isEmpty()) {
            flags.addAll(List.of(javaOptions.split(" ", -1)));
        }
        return ChildProcess.java(
                classPath == null ? System.getProperty("java.class.path") : classPath, flags, MAIN_CLASS, options);
    }
}
