package io.millrace.control.consensus;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * What a node's session with the control plane is made with.
 *
 * <p><b>Threading:</b> one thread, before {@link ControlClient} is made.
 */
public final class ControlClientContext {
    private UUID nodeId = new UUID(0, 0);
    private @Nullable GroupAddresses addresses;
    private String host = "localhost";
    private @Nullable Path aeronDirectory;
    private boolean ownsDriver;
    private GroupTimes times = GroupTimes.DEFAULT;
    private ErrorHandler errorHandler = error -> {};
    private NanoClock nanoClock = SystemNanoClock.INSTANCE;

    /**
     * Sets whose session it is.
     *
     * @param id of the node.
     * @return this.
     */
    public ControlClientContext nodeId(final UUID id) {
        nodeId = id;
        return this;
    }

    /** Returns whose session it is. */
    public UUID nodeId() {
        return nodeId;
    }

    /**
     * Sets where the members are reached.
     *
     * @param endpoints {@code host:port} of each, by index; see {@link GroupAddresses}.
     * @return this.
     */
    public ControlClientContext members(final List<String> endpoints) {
        addresses = new GroupAddresses(endpoints);
        return this;
    }

    /**
     * Sets where the members are reached.
     *
     * @param value of them.
     * @return this.
     */
    ControlClientContext addresses(final GroupAddresses value) {
        addresses = value;
        return this;
    }

    /** Returns where the members are reached. */
    public GroupAddresses addresses() {
        return Objects.requireNonNull(addresses, "no members of the control plane are set");
    }

    /**
     * Sets where the members reach this node.
     *
     * @param name or address of this machine, as the members see it.
     * @return this.
     */
    public ControlClientContext host(final String name) {
        host = name;
        return this;
    }

    /** Returns where the members reach this node. */
    public String host() {
        return host;
    }

    /**
     * Uses a media driver that runs already: that of this process' {@link ControlMember}.
     *
     * @param path of its directory.
     * @return this.
     */
    public ControlClientContext aeronDirectory(final Path path) {
        aeronDirectory = path;
        ownsDriver = false;
        return this;
    }

    /**
     * Starts a media driver: of a node without member.
     *
     * @param path of its directory, in memory; removed at start and end.
     * @return this.
     */
    public ControlClientContext ownDriver(final Path path) {
        aeronDirectory = path;
        ownsDriver = true;
        return this;
    }

    /** Returns the media driver's directory. */
    public Path aeronDirectory() {
        return Objects.requireNonNull(aeronDirectory, "no directory of a media driver is set");
    }

    /** Tells whether the session starts the media driver. */
    public boolean ownsDriver() {
        return ownsDriver;
    }

    /**
     * Sets how fast failures are found.
     *
     * @param value of them.
     * @return this.
     */
    public ControlClientContext times(final GroupTimes value) {
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
     * @param handler called by the session's threads.
     * @return this.
     */
    public ControlClientContext errorHandler(final ErrorHandler handler) {
        errorHandler = handler;
        return this;
    }

    /** Returns who takes errors. */
    public ErrorHandler errorHandler() {
        return errorHandler;
    }

    /**
     * Sets the clock.
     *
     * @param clock that never goes back.
     * @return this.
     */
    public ControlClientContext nanoClock(final NanoClock clock) {
        nanoClock = clock;
        return this;
    }

    /** Returns the clock. */
    public NanoClock nanoClock() {
        return nanoClock;
    }
}
