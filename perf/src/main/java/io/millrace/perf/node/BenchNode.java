package io.millrace.perf.node;

import io.millrace.perf.limit.EchoMedia;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.TemporaryDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The node a benchmark speaks to: a fresh process of its own with a journal sized for the run, or one that runs
 * already.
 *
 * <p><b>Threading:</b> the owner's thread; {@link #close} also from the shutdown hook.
 */
public final class BenchNode implements AutoCloseable {
    /** Below it the default zones are too few to be used again. */
    private static final long SMALL_JOURNAL_MEBIBYTES = 1024;

    private final String endpoint;
    private final @Nullable NodeProcess process;
    private final @Nullable TemporaryDirectory directory;
    private final JournalInfo journal;
    private final Set<Long> companions = new HashSet<>();

    private BenchNode(
            final String endpoint,
            final @Nullable NodeProcess process,
            final @Nullable TemporaryDirectory directory,
            final JournalInfo journal) {
        this.endpoint = endpoint;
        this.process = process;
        this.directory = directory;
        this.journal = journal;
    }

    /**
     * Starts a fresh node and waits until it is ready.
     *
     * @param parent directory that its data directory is made in, or null for a temporary one.
     * @param journalBytes size of its journal.
     * @param cleanup told of the process and the directory before they can be left behind.
     * @param clock for time-outs.
     * @return the node.
     * @throws IOException when it does not start, or its file system has not the room.
     */
    public static BenchNode start(
            final @Nullable Path parent, final long journalBytes, final Cleanup cleanup, final NanoClock clock)
            throws IOException {
        return start(parent, journalBytes, "", cleanup, clock);
    }

    /**
     * Starts a fresh node with settings of its own and waits until it is ready.
     *
     * @param parent directory that its data directory is made in, or null for a temporary one.
     * @param journalBytes size of its journal.
     * @param settings lines of TOML, tables other than journal and aeron.
     * @param cleanup told of the process and the directory before they can be left behind.
     * @param clock for time-outs.
     * @return the node.
     * @throws IOException when it does not start, or its file system has not the room.
     */
    public static BenchNode start(
            final @Nullable Path parent,
            final long journalBytes,
            final String settings,
            final Cleanup cleanup,
            final NanoClock clock)
            throws IOException {
        return start(parent, journalBytes, settings, "", cleanup, clock);
    }

    /**
     * Starts a fresh node with settings of its own, of its journal too, and waits until it is ready.
     *
     * @param parent directory that its data directory is made in, or null for a temporary one.
     * @param journalBytes size of its journal.
     * @param settings lines of TOML, tables other than journal and aeron.
     * @param journalSettings lines of TOML of the table journal.
     * @param cleanup told of the process and the directory before they can be left behind.
     * @param clock for time-outs.
     * @return the node.
     * @throws IOException when it does not start, or its file system has not the room.
     */
    public static BenchNode start(
            final @Nullable Path parent,
            final long journalBytes,
            final String settings,
            final String journalSettings,
            final Cleanup cleanup,
            final NanoClock clock)
            throws IOException {
        return start(parent, journalBytes, settings, journalSettings, "", cleanup, clock);
    }

    /**
     * Starts a fresh node in a JVM with options of its own and waits until it is ready.
     *
     * @param parent directory that its data directory is made in, or null for a temporary one.
     * @param journalBytes size of its journal.
     * @param settings lines of TOML, tables other than journal and aeron.
     * @param journalSettings lines of TOML of the table journal.
     * @param javaOptions of its JVM, separated by blanks.
     * @param cleanup told of the process and the directory before they can be left behind.
     * @param clock for time-outs.
     * @return the node.
     * @throws IOException when it does not start, or its file system has not the room.
     */
    public static BenchNode start(
            final @Nullable Path parent,
            final long journalBytes,
            final String settings,
            final String journalSettings,
            final String javaOptions,
            final Cleanup cleanup,
            final NanoClock clock)
            throws IOException {
        final TemporaryDirectory directory = cleanup.add(TemporaryDirectory.create(parent));
        if (directory.freeBytes() < journalBytes + journalBytes / 16) {
            throw new IOException("a journal of " + (journalBytes >> 20) + " MiB is needed in " + directory.path()
                    + ", free are " + (directory.freeBytes() >> 20) + " MiB: choose another --directory, a lower --rate"
                    + " or a shorter --duration");
        }
        final NodeProcess process = prepare(directory.path(), journalBytes, settings, journalSettings, cleanup, clock);
        process.javaOptions(javaOptions);
        process.startAndAwait();
        return new BenchNode(process.endpoint(), process, directory, JournalInfo.of(process.ready()));
    }

    /**
     * Prepares a node process with a journal of a given size. Its media driver's directory is named here, because a
     * killed node cannot remove it.
     *
     * @param directory existing; configuration and data go there.
     * @param journalBytes size of the journal.
     * @param cleanup told of the process and of its directory in shared memory.
     * @param clock for time-outs.
     * @return not started yet.
     * @throws IOException when the configuration cannot be written.
     */
    public static NodeProcess prepare(
            final Path directory, final long journalBytes, final Cleanup cleanup, final NanoClock clock)
            throws IOException {
        return prepare(directory, journalBytes, "", "", cleanup, clock);
    }

    private static NodeProcess prepare(
            final Path directory,
            final long journalBytes,
            final String further,
            final String ofJournal,
            final Cleanup cleanup,
            final NanoClock clock)
            throws IOException {
        final Path configuration = directory.resolve("millrace.toml");
        final StringBuilder settings = new StringBuilder(further);
        final long mebibytes = (journalBytes >> 20) + 1;
        settings.append("[journal]\nsize = \"")
                .append(mebibytes)
                .append("MiB\"\n")
                .append(ofJournal);
        if (mebibytes < SMALL_JOURNAL_MEBIBYTES) {
            settings.append("zone-size = \"")
                    .append(Math.max(2, Long.highestOneBit(mebibytes / 16)))
                    .append("MiB\"\n");
        }
        if (Files.isWritable(EchoMedia.SHARED_MEMORY)) {
            final Path media = cleanup.add(TemporaryDirectory.create(EchoMedia.SHARED_MEMORY))
                    .path();
            settings.append("[aeron]\ndirectory = \"")
                    .append(media.resolve("node"))
                    .append("\"\n");
        }
        Files.writeString(configuration, settings);
        return cleanup.add(
                new NodeProcess(directory.resolve("data"), List.of("--config", configuration.toString()), clock));
    }

    /**
     * A node that runs already, wherever it is.
     *
     * @param endpoint host:port.
     * @return the node; closing it does nothing.
     */
    public static BenchNode running(final String endpoint) {
        return new BenchNode(endpoint, null, null, JournalInfo.UNKNOWN);
    }

    /**
     * A process that was started elsewhere in this program.
     *
     * @param process ready.
     * @return the node; closing it ends the process.
     */
    public static BenchNode of(final NodeProcess process) {
        return new BenchNode(process.endpoint(), process, null, JournalInfo.of(process.ready()));
    }

    /**
     * Its process.
     *
     * @throws IllegalStateException when the node was not started here.
     */
    public NodeProcess process() {
        if (process == null) {
            throw new IllegalStateException(endpoint + " is not a process of this program");
        }
        return process;
    }

    /** Where it listens, host:port. */
    public String endpoint() {
        return endpoint;
    }

    /** Its journal. */
    public JournalInfo journal() {
        return journal;
    }

    /** Process ids that belong to the measurement: its own and those of {@link #accompany}. */
    public Set<Long> pids() {
        final Set<Long> pids = new HashSet<>(companions);
        if (process != null) {
            pids.add(process.pid());
        }
        return pids;
    }

    /**
     * Counts other processes to the measurement: what they use disturbs nothing, it is what is measured.
     *
     * @param pids of idle clients; none takes them back.
     */
    public void accompany(final Set<Long> pids) {
        companions.clear();
        companions.addAll(pids);
    }

    /** Whether the node was started for the measurement. */
    public boolean isOurs() {
        return process != null;
    }

    /** What it takes of the machine's memory now; nothing is known of a node that runs elsewhere. */
    public NodeMemory memory() {
        return process == null ? NodeMemory.UNKNOWN : NodeMemory.read(Path.of("/proc"), process.pid());
    }

    /** What it has counted until now. */
    public NodeCounters counters() {
        return process == null ? NodeCounters.UNKNOWN : NodeCounters.read(process.dataDirectory());
    }

    /** Why it ended, when it ended by itself: what it wrote to standard error; else null. */
    @Nullable
    public String death() {
        return process == null || process.isAlive() ? null : process.errors();
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
        if (directory != null) {
            directory.close();
        }
    }
}
