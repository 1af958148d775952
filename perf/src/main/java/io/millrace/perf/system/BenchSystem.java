package io.millrace.perf.system;

import java.io.IOException;
import java.util.Map;
import java.util.Set;

/**
 * A system under test. One instance serves one run: it is started in an empty directory, hands out what the workload
 * needs, and is closed. Instances come from {@link java.util.ServiceLoader}, so there is a public constructor without
 * parameters that does nothing.
 *
 * <p><b>Threading:</b> the rig's thread; {@link #close} also from the shutdown hook.
 *
 * <p><b>Invariants:</b> {@link #close} ends only what this started (processes by their handles), in any state and more
 * than once; nothing is left in the directory's neighbourhood, in {@code /tmp} or in {@code /dev/shm}.
 */
public interface BenchSystem extends AutoCloseable {
    /** The name in rows and on the command line: lower case with hyphens, {@code redis-always}. */
    String name();

    /**
     * Whether it promises that an acknowledged event survives a power failure. The rig believes it only when the device
     * was flushed meanwhile.
     */
    boolean claimsDurable();

    /** What it can be measured at; has {@link Ability#APPEND}. */
    Set<Ability> abilities();

    /** How the rig's thread waits while this is measured. */
    default Pacing pacing() {
        return Pacing.YIELD;
    }

    /**
     * Starts servers and clients and creates the streams, {@link SystemContext#streams()} of them. Returns when an
     * event may be offered.
     *
     * @param context directory, sizes, ports, processes; valid until {@link #close}.
     * @throws IOException when it does not start although it should.
     * @throws SkippedException when it cannot be measured here.
     */
    void start(SystemContext context) throws IOException, SkippedException;

    /**
     * Opens the writing side: {@link SystemContext#writers()} independent writers (producers, connections) which take
     * turns, event {@code i} going through writer {@code i % writers} to stream {@code i % streams}. Called once.
     *
     * @return the target; what it holds is released by {@link #close}.
     * @throws IOException when it fails.
     */
    Target openTarget() throws IOException;

    /**
     * Opens a reader that waits at the end of the one stream there is then; events offered from now on are seen by it.
     * Called before the first event is offered, with {@link Ability#TAIL_READ} only.
     *
     * @return the reader; what it holds is released by {@link #close}.
     * @throws IOException when it fails.
     */
    default TailReader openTailReader() throws IOException {
        throw new UnsupportedOperationException(name() + " has no tail reader");
    }

    /**
     * Opens a reader at the first event of the one stream there is then. Called after the events were acknowledged,
     * with {@link Ability#CATCH_UP_READ} only, several times one after the other: each begins at the first event again.
     *
     * @return the reader, closed by the rig.
     * @throws IOException when it fails.
     */
    default CatchUpReader openCatchUpReader() throws IOException {
        throw new UnsupportedOperationException(name() + " has no catch-up reader");
    }

    /**
     * Forgets what it caches of the acknowledged events in its own memory, by a restart if need be, so that the next
     * catch-up reader goes to the device. The rig drops the kernel's cached pages of the directory itself, afterwards.
     *
     * @return whether this could be done; a system without a cache of its own returns true.
     * @throws IOException when it fails.
     */
    default boolean dropCaches() throws IOException {
        return true;
    }

    /**
     * Opens the transactional side, with {@link Ability#TRANSACTIONS} only. Called once.
     *
     * @return what runs transactions; what it holds is released by {@link #close}.
     * @throws IOException when it fails.
     */
    default Transactions openTransactions() throws IOException {
        throw new UnsupportedOperationException(name() + " has no transactions");
    }

    /**
     * Describes what was measured: versions, and every setting that a reader would ask for.
     *
     * @return short name to value, in the order they are to be shown; may be called once it was started.
     */
    Map<String, String> describe();

    /** Ids of the processes it has started that run now; the rig's own process is not among them. */
    Set<Long> processIds();

    /** Ends what it started. */
    @Override
    void close();
}
