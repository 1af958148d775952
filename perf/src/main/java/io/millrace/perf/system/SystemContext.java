package io.millrace.perf.system;

import io.millrace.perf.process.ChildProcess;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.DebianPackages;
import io.millrace.perf.process.TemporaryDirectory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.agrona.concurrent.NanoClock;

/**
 * What a {@link BenchSystem} is given: where to put its data, how much will come, and the means to start processes that
 * end with the run whatever happens.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
public final class SystemContext {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private final Path directory;
    private final Load load;
    private final NanoClock clock;
    private final Cleanup cleanup;
    private final Consumer<String> log;
    private final ConcurrentLinkedQueue<ChildProcess> children = new ConcurrentLinkedQueue<>();

    /**
     * What will come.
     *
     * @param eventLength bytes of every event, 8 … 1 MiB.
     * @param writers independent writers, &ge; 1.
     * @param streams streams (topics), &ge; 1.
     * @param ratePerSecond scheduled rate of all writers together; 0 when it is as fast as it goes.
     * @param eventCount most events that will be offered, warm-up included: room must be made for them.
     * @param isReadBack whether they will be read from the start afterwards.
     */
    public record Load(
            int eventLength, int writers, int streams, double ratePerSecond, long eventCount, boolean isReadBack) {}

    /**
     * Makes the context of one run.
     *
     * @param directory existing, empty, on the device under test.
     * @param load what will come.
     * @param clock of all times.
     * @param cleanup undoes at the end, or when the JVM is told to stop, what was started and made.
     * @param log takes lines that explain, for standard error.
     */
    public SystemContext(
            final Path directory,
            final Load load,
            final NanoClock clock,
            final Cleanup cleanup,
            final Consumer<String> log) {
        this.directory = directory;
        this.load = load;
        this.clock = clock;
        this.cleanup = cleanup;
        this.log = log;
    }

    /** Directory of its own, empty at the start, on the device under test; the rig removes it. */
    public Path directory() {
        return directory;
    }

    /** What will come. */
    public Load load() {
        return load;
    }

    /** Bytes of every event. */
    public int eventLength() {
        return load.eventLength();
    }

    /** Independent writers. */
    public int writers() {
        return load.writers();
    }

    /** Streams. */
    public int streams() {
        return load.streams();
    }

    /** The clock that every time is taken from. */
    public NanoClock clock() {
        return clock;
    }

    /** Undoes at the end what is added to it, whatever happens. */
    public Cleanup cleanup() {
        return cleanup;
    }

    /** Debian packages, installed when they are missing and this process may. */
    public DebianPackages packages() {
        return new DebianPackages(log);
    }

    /**
     * Explains something to people.
     *
     * @param line without a line feed.
     */
    public void log(final String line) {
        log.accept(line);
    }

    /**
     * Finds a free TCP and UDP-usable port of the loopback interface.
     *
     * @return the port; nothing keeps another process from taking it meanwhile.
     * @throws IOException when there is none.
     */
    public int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /**
     * Makes a directory in shared memory for a media driver; the rig removes it.
     *
     * @return the directory, or one below {@link #directory()} where there is no shared memory.
     * @throws IOException when it cannot be made.
     */
    public Path sharedMemoryDirectory() throws IOException {
        if (Files.isWritable(SHARED_MEMORY)) {
            return cleanup.add(TemporaryDirectory.create(SHARED_MEMORY)).path();
        }
        return Files.createTempDirectory(directory, "shm-");
    }

    /**
     * Starts a process. It ends with the run, first asked (SIGTERM), then killed, and counts as the system's.
     *
     * @param name for messages and threads.
     * @param command program and arguments.
     * @param environment "NAME=value" additions to this process's own.
     * @return the process.
     * @throws IOException when it cannot be started.
     */
    public ChildProcess start(final String name, final List<String> command, final List<String> environment)
            throws IOException {
        final ChildProcess child = cleanup.add(new ChildProcess(name, command, environment));
        children.add(child);
        return child;
    }

    /**
     * Starts a JVM with this one's class path and Java.
     *
     * @param name for messages and threads.
     * @param flags of the JVM, such as {@code -Xmx1g}; a garbage collector named here replaces the serial one.
     * @param mainClass to run.
     * @param arguments of it.
     * @return the process.
     * @throws IOException when it cannot be started.
     */
    public ChildProcess startJava(
            final String name, final List<String> flags, final String mainClass, final List<String> arguments)
            throws IOException {
        return start(
                name, ChildProcess.java(System.getProperty("java.class.path"), flags, mainClass, arguments), List.of());
    }

    /**
     * Takes over something that must be closed at the end, whatever happens.
     *
     * @param resource closed after what was added later.
     * @param <T> its type.
     * @return the resource.
     */
    public <T extends AutoCloseable> T add(final T resource) {
        return cleanup.add(resource);
    }

    /** Ids of the processes started here that run now. */
    public Set<Long> processIds() {
        final Set<Long> pids = new HashSet<>();
        for (final ChildProcess child : children) {
            if (child.isAlive()) {
                pids.add(child.pid());
            }
        }
        return pids;
    }

    /** Ends the processes started here, the last one first. */
    public void closeProcesses() {
        final ChildProcess[] all = children.toArray(new ChildProcess[0]);
        for (int i = all.length - 1; i >= 0; i--) {
            all[i].close();
        }
    }
}
