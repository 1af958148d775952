package io.millrace.control.consensus;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.control.ControlLimits;
import io.millrace.control.ReconfigurationLimits;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.jspecify.annotations.Nullable;

/** Members of a group in this process, on ports of the loopback that were free. */
final class GroupBed implements AutoCloseable {
    /** Time stands still: members that have applied the same commands are in the same state. */
    static final GroupLimits STILL = new GroupLimits(
            ControlLimits.DEFAULT, ReconfigurationLimits.DEFAULT, TimeUnit.HOURS.toNanos(1), TimeUnit.HOURS.toNanos(1));

    private static final int FIRST_PORT = 10_000;
    private static final int PORT_STEP = 8;
    private static final int PORT_STEPS = 1_250;
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(40);

    final List<Throwable> errors = new CopyOnWriteArrayList<>();
    final List<String> warnings = new CopyOnWriteArrayList<>();
    private final Path root;
    private final GroupLimits limits;
    private final List<String> endpoints = new ArrayList<>();
    private final List<@Nullable ControlMember> members = new ArrayList<>();
    private long snapshotAfterBytes = Long.MAX_VALUE;
    private boolean mayFound = true;

    GroupBed(final Path root, final int memberCount, final GroupLimits limits) {
        this.root = root;
        this.limits = limits;
        for (int i = 0; i < memberCount; i++) {
            endpoints.add("localhost:" + freePort());
            members.add(null);
        }
    }

    GroupBed snapshotAfterBytes(final long bytes) {
        snapshotAfterBytes = bytes;
        return this;
    }

    void mayFound(final boolean isAllowed) {
        mayFound = isAllowed;
    }

    List<String> endpoints() {
        return endpoints;
    }

    GroupContext context(final int index) {
        return new GroupContext()
                .members(index, endpoints)
                .directory(root.resolve("member-" + index))
                .aeronDirectory(root.resolve("aeron-" + index))
                .limits(limits)
                .errorHandler(errors::add)
                .warnings(warnings::add)
                .snapshotAfter(snapshotAfterBytes, TimeUnit.HOURS.toNanos(1))
                .mayFound(mayFound);
    }

    ControlMember start(final int index) {
        final ControlMember started = new ControlMember(context(index));
        members.set(index, started);
        return started;
    }

    GroupBed startAll() {
        for (int i = 0; i < members.size(); i++) {
            start(i);
        }
        return this;
    }

    ControlMember member(final int index) {
        final ControlMember member = members.get(index);
        if (member == null) {
            throw new IllegalStateException("member " + index + " is stopped");
        }
        return member;
    }

    void stop(final int index) {
        CloseHelper.close(members.set(index, null));
    }

    /** Waits until a member leads and the group has its settings. */
    int awaitLeader() {
        final int[] leader = {-1};
        await("a leader", () -> {
            for (int i = 0; i < members.size(); i++) {
                final ControlMember member = members.get(i);
                if (member != null
                        && member.status().isLeader()
                        && member.status().group().isMade()) {
                    leader[0] = i;
                    return true;
                }
            }
            return false;
        });
        return leader[0];
    }

    /** Waits until all members that run have applied the same commands, and returns the state's hash of all. */
    long awaitSameState() {
        final long[] hash = {0};
        await("the same state on all members", () -> {
            ReplicaStatus first = null;
            for (final ControlMember member : members) {
                if (member != null) {
                    member.askForHash();
                    final ReplicaStatus status = member.status();
                    if (!status.hasHash()
                            || (first != null
                                    && (first.appliedPosition() != status.appliedPosition()
                                            || first.stateHash() != status.stateHash()))) {
                        return false;
                    }
                    first = status;
                    hash[0] = status.stateHash();
                }
            }
            return first != null;
        });
        return hash[0];
    }

    ControlClientContext clientContext(final int member, final UUID nodeId) {
        return new ControlClientContext()
                .nodeId(nodeId)
                .members(endpoints)
                .aeronDirectory(root.resolve("aeron-" + member))
                .errorHandler(errors::add);
    }

    ControlClientContext ownDriverContext(final UUID nodeId) {
        return clientContext(0, nodeId).ownDriver(root.resolve("aeron-client-" + nodeId));
    }

    static void await(final String what, final BooleanSupplier condition) {
        final long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - startNs < DEADLINE_NS, () -> "waited in vain for " + what);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
        }
    }

    /** Below the ports that the kernel gives to who asks for any: a member that is stopped finds its own again. */
    private int freePort() {
        while (true) {
            final List<DatagramSocket> bound = new ArrayList<>();
            final int base =
                    FIRST_PORT + PORT_STEP * ThreadLocalRandom.current().nextInt(PORT_STEPS);
            if (endpoints.contains("localhost:" + base)) {
                continue;
            }
            try {
                for (int i = 0; i < GroupAddresses.PORT_COUNT; i++) {
                    bound.add(new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), base + i)));
                }
                return base;
            } catch (final SocketException e) {
                // taken: another one
            } finally {
                bound.forEach(DatagramSocket::close);
            }
        }
    }

    @Override
    public void close() {
        for (int i = 0; i < members.size(); i++) {
            stop(i);
        }
    }
}
