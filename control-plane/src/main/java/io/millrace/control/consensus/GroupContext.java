package io.millrace.control.consensus;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * What a member of the control plane's group is made with.
 *
 * <p><b>Threading:</b> one thread until {@link #conclude}, read only after it.
 */
public final class GroupContext {
    private int member;
    private @Nullable GroupAddresses addresses;
    private @Nullable Path directory;
    private @Nullable Path aeronDirectory;
    private GroupLimits limits = GroupLimits.DEFAULT;
    private GroupTimes times = GroupTimes.DEFAULT;
    private ErrorHandler errorHandler = error -> {};
    private Consumer<String> warnings = warning -> {};
    private NanoClock nanoClock = SystemNanoClock.INSTANCE;
    private UUID proposedClusterId = UUID.randomUUID();
    private boolean mayFound = true;
    private long snapshotAfterBytes = 16L << 20;
    private long snapshotAfterNs = TimeUnit.HOURS.toNanos(1);

    /**
     * Checks that nothing is missing and that it fits together.
     *
     * @return this.
     * @throws MillraceException when it does not.
     */
    public GroupContext conclude() {
        if (member < 0 || member >= addresses().count()) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "member " + member + " of a control plane of " + addresses().count()
                            + " members: they count from 0");
        }
        if (directory().equals(aeronDirectory()) || snapshotAfterBytes < 1 || snapshotAfterNs < 1) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "the directories of a member of the control plane are one, or its snapshots are to follow without end");
        }
        return this;
    }

    /**
     * Sets which member this is and where all are reached.
     *
     * @param index of this one.
     * @param endpoints {@code host:port} of each, by index; see {@link GroupAddresses}.
     * @return this.
     */
    public GroupContext members(final int index, final List<String> endpoints) {
        member = index;
        addresses = new GroupAddresses(endpoints);
        return this;
    }

    /** Returns the index of this member. */
    public int member() {
        return member;
    }

    /** Returns where the members are reached. */
    public GroupAddresses addresses() {
        return Objects.requireNonNull(addresses, "no members of the control plane are set");
    }

    /**
     * Sets where the log and the snapshots lie.
     *
     * @param path of a directory on a durable file system, this member's alone; made when it is missing.
     * @return this.
     */
    public GroupContext directory(final Path path) {
        directory = path;
        return this;
    }

    /** Returns where the log and the snapshots lie. */
    public Path directory() {
        return Objects.requireNonNull(directory, "no directory of the control plane's member is set");
    }

    /**
     * Sets where the member's media driver has its files.
     *
     * @param path of a directory in memory, this member's alone; removed at start and end.
     * @return this.
     */
    public GroupContext aeronDirectory(final Path path) {
        aeronDirectory = path;
        return this;
    }

    /** Returns where the member's media driver has its files: other clients of this process may use it. */
    public Path aeronDirectory() {
        return Objects.requireNonNull(aeronDirectory, "no directory of the control plane's driver is set");
    }

    /**
     * Sets what decides what a command does.
     *
     * @param value the same on all members.
     * @return this.
     */
    public GroupContext limits(final GroupLimits value) {
        limits = value;
        return this;
    }

    /** Returns what decides what a command does. */
    public GroupLimits limits() {
        return limits;
    }

    /**
     * Sets how fast failures are found.
     *
     * @param value of them.
     * @return this.
     */
    public GroupContext times(final GroupTimes value) {
        times = value;
        return this;
    }

    /** Returns how fast failures are found. */
    public GroupTimes times() {
        return times;
    }

    /**
     * Sets who takes errors.
     *
     * @param handler called by any of the member's threads.
     * @return this.
     */
    public GroupContext errorHandler(final ErrorHandler handler) {
        errorHandler = handler;
        return this;
    }

    /** Returns who takes errors. */
    public ErrorHandler errorHandler() {
        return errorHandler;
    }

    /**
     * Sets who takes what is worth a line and no error: elections, restarts, snapshots.
     *
     * @param consumer called by any of the member's threads.
     * @return this.
     */
    public GroupContext warnings(final Consumer<String> consumer) {
        warnings = consumer;
        return this;
    }

    /** Returns who takes warnings. */
    public Consumer<String> warnings() {
        return warnings;
    }

    /**
     * Sets the clock of repeats and housekeeping.
     *
     * @param clock that never goes back.
     * @return this.
     */
    public GroupContext nanoClock(final NanoClock clock) {
        nanoClock = clock;
        return this;
    }

    /** Returns the clock of repeats and housekeeping. */
    public NanoClock nanoClock() {
        return nanoClock;
    }

    /**
     * Sets the id of the cluster, should this member make it.
     *
     * @param id drawn at random.
     * @return this.
     */
    public GroupContext proposedClusterId(final UUID id) {
        proposedClusterId = id;
        return this;
    }

    /** Returns the id of the cluster, should this member make it. */
    public UUID proposedClusterId() {
        return proposedClusterId;
    }

    /**
     * Sets whether a member with an empty directory may begin a group with others. One that has lost its directory has
     * forgotten what it voted for and what it holds: together with a member that lags it could elect a leader without
     * commands that were committed. It has to wait until the others lead without it.
     *
     * @param isAllowed false: with an empty directory it waits until there is a leader.
     * @return this.
     */
    public GroupContext mayFound(final boolean isAllowed) {
        mayFound = isAllowed;
        return this;
    }

    /** Tells whether a member with an empty directory may begin a group with others. */
    public boolean mayFound() {
        return mayFound;
    }

    /**
     * Sets when the leader has all members take a snapshot.
     *
     * @param bytes of log since the last one.
     * @param intervalNs since the last one, when anything was logged.
     * @return this.
     */
    public GroupContext snapshotAfter(final long bytes, final long intervalNs) {
        snapshotAfterBytes = bytes;
        snapshotAfterNs = intervalNs;
        return this;
    }

    /** Returns after how many bytes of log a snapshot is taken. */
    public long snapshotAfterBytes() {
        return snapshotAfterBytes;
    }

    /** Returns after how long a time a snapshot is taken. */
    public long snapshotAfterNs() {
        return snapshotAfterNs;
    }
}
