package io.millrace.control.consensus;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.agrona.CloseHelper;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A member of the control plane's group in this process. It takes part until it is closed: one that has stopped by
 * itself, because the process stood still or its disk failed, is started again.
 *
 * <p><b>Threading:</b> threads of its own; its methods are for any. <b>Invariant:</b> one process at a time uses the
 * directory.
 */
public final class ControlMember implements AutoCloseable {
    private static final long KEEP_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long MIN_RESTART_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long MAX_RESTART_NS = TimeUnit.SECONDS.toNanos(30);
    private static final long CLOSE_TIMEOUT_MS = 30_000;

    private static final String OWNER_FILE = "member";

    private final GroupContext context;
    private final NanoClock clock;
    private final FileChannel lockChannel;
    private final Thread keeper;
    private final AtomicInteger restartCount = new AtomicInteger();

    // ORDER: written by the keeper, or before it starts; read by any thread.
    private volatile @Nullable RunningMember running;
    private volatile boolean isClosed;
    private volatile @Nullable ControlClient waiting;

    /**
     * Starts the member; it may take part some time later.
     *
     * @param context of the member; concluded here.
     * @throws MillraceException when the directory is another member's, or another process uses it.
     */
    public ControlMember(final GroupContext context) {
        this.context = context.conclude();
        clock = context.nanoClock();
        lockChannel = lock(context.directory());
        try {
            final boolean isKnown = requireOwner(context.directory());
            if (isKnown || context.mayFound() || context.addresses().count() == 1) {
                own(context.directory());
                running = RunningMember.launch(context);
            } else {
                waiting = probe();
            }
        } catch (final RuntimeException e) {
            CloseHelper.quietCloseAll(waiting, lockChannel);
            throw e;
        }
        keeper = new Thread(this::keep, "control-keeper-" + context.member());
        keeper.setDaemon(true);
        keeper.start();
    }

    /** Returns what the member is and has. */
    public ReplicaStatus status() {
        final RunningMember current = running;
        return current == null
                ? ReplicaStatus.NONE
                : current.replica().signals().status();
    }

    /** Tells whether it has lost its directory and waits until the others have a leader. */
    public boolean isWaiting() {
        return waiting != null;
    }

    /** Returns where its media driver has its files: a {@link ControlClient} of this process uses it. */
    public Path aeronDirectory() {
        return context.aeronDirectory();
    }

    /** Returns how often it was started again because it had stopped by itself. */
    public int restartCount() {
        return restartCount.get();
    }

    /** Asks for the state's hash in {@link #status}, soon. */
    public void askForHash() {
        final RunningMember current = running;
        if (current != null) {
            current.replica().signals().askForHash();
        }
    }

    /**
     * Has all members take a snapshot, when this one leads. They do so by themselves as the context says.
     *
     * @return true when it was asked for.
     */
    public boolean askForSnapshot() {
        final RunningMember current = running;
        return current != null && current.askForSnapshot();
    }

    /** Returns the log position of its last durable snapshot, 0: none. */
    public long lastSnapshotPosition() {
        final RunningMember current = running;
        return current == null ? 0 : current.lastSnapshotPosition();
    }

    /** Returns up to where its log was pruned. */
    public long prunedPosition() {
        final RunningMember current = running;
        return current == null ? 0 : current.prunedPosition();
    }

    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            LockSupport.unpark(keeper);
            try {
                keeper.join(CLOSE_TIMEOUT_MS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            CloseHelper.close(context.errorHandler(), lockChannel);
        }
    }

    private void keep() {
        long restartNs = MIN_RESTART_NS;
        long nextStartNs = clock.nanoTime();
        while (!isClosed) {
            final long nowNs = clock.nanoTime();
            final RunningMember current = running;
            final ControlClient probe = waiting;
            if (probe != null) {
                if (probe.isConnected()) {
                    waiting = null;
                    probe.close();
                    own(context.directory());
                    restart();
                }
            } else if (current == null) {
                if (nowNs - nextStartNs >= 0) {
                    restartCount.incrementAndGet();
                    nextStartNs = nowNs + restartNs;
                    restartNs = Math.min(MAX_RESTART_NS, 2 * restartNs);
                    restart();
                }
            } else if (current.isTerminated()) {
                context.warnings().accept("the control plane's member " + context.member() + " has stopped by itself");
                running = null;
                CloseHelper.close(context.errorHandler(), current);
            } else {
                keepHouse(current, nowNs);
                if (nowNs - nextStartNs > MAX_RESTART_NS) {
                    restartNs = MIN_RESTART_NS;
                }
            }
            LockSupport.parkNanos(KEEP_INTERVAL_NS);
        }
        final RunningMember last = running;
        running = null;
        CloseHelper.closeAll(context.errorHandler(), waiting, last);
    }

    /** A session finds the leader, if there is one; its driver has the directory of this member's, which is not up. */
    private ControlClient probe() {
        context.warnings()
                .accept("the control plane's member " + context.member() + " has an empty directory "
                        + context.directory() + ": it waits until the other members have a leader");
        return new ControlClient(new ControlClientContext()
                .addresses(context.addresses())
                .host(context.addresses().host(context.member()))
                .ownDriver(context.aeronDirectory())
                .times(context.times())
                .errorHandler(context.errorHandler())
                .nanoClock(clock));
    }

    private void restart() {
        try {
            running = RunningMember.launch(context);
        } catch (final RuntimeException e) {
            context.errorHandler().onError(e);
        }
    }

    private void keepHouse(final RunningMember current, final long nowNs) {
        try {
            current.keepHouse(nowNs);
        } catch (final RuntimeException e) {
            context.errorHandler().onError(e);
        }
    }

    private static FileChannel lock(final Path directory) {
        try {
            Files.createDirectories(directory);
            final FileChannel channel =
                    FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            final FileLock lock = tryLock(channel);
            if (lock == null) {
                channel.close();
                throw new MillraceException(
                        ErrorCode.CONFIGURATION_VALUE,
                        "another process uses " + directory + " as a member of the control plane");
            }
            return channel;
        } catch (final IOException e) {
            throw unusable(directory, e);
        }
    }

    private static @Nullable FileLock tryLock(final FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (final OverlappingFileLockException e) {
            return null;
        }
    }

    /**
     * A directory keeps the index of its member: with another one it would vote twice in one election.
     *
     * @return true when it has one.
     */
    private boolean requireOwner(final Path directory) {
        final Path file = directory.resolve(OWNER_FILE);
        try {
            if (!Files.exists(file)) {
                return false;
            }
            if (!Integer.toString(context.member()).equals(Files.readString(file, StandardCharsets.US_ASCII))) {
                throw new MillraceException(
                        ErrorCode.CONFIGURATION_VALUE,
                        directory + " is the directory of another member of the control plane than number "
                                + context.member());
            }
            return true;
        } catch (final IOException e) {
            throw unusable(directory, e);
        }
    }

    private void own(final Path directory) {
        final Path file = directory.resolve(OWNER_FILE);
        try {
            if (!Files.exists(file)) {
                // Under another name first: a process that is killed in between leaves no half of a name.
                final Path fresh = directory.resolve(OWNER_FILE + ".new");
                Files.writeString(
                        fresh,
                        Integer.toString(context.member()),
                        StandardCharsets.US_ASCII,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DSYNC);
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (final IOException e) {
            throw unusable(directory, e);
        }
    }

    private static MillraceException unusable(final Path directory, final IOException cause) {
        return new MillraceException(
                ErrorCode.CONFIGURATION_VALUE,
                "the directory " + directory + " of the control plane cannot be used: " + cause.getMessage(),
                cause);
    }
}
