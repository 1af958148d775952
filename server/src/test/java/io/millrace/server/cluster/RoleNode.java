package io.millrace.server.cluster;

import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.memory.MemoryDevice;
import io.millrace.replication.ChainPlacement;
import io.millrace.replication.DeviceAgent;
import io.millrace.replication.ReplicationLimits;
import io.millrace.server.NodeIds;
import io.millrace.store.StoreLimits;
import io.millrace.transport.AcceptorContext;
import io.millrace.transport.SessionAcceptor;
import io.millrace.transport.Transport;
import java.util.List;
import java.util.UUID;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A node of a test's cluster: real device thread's work over memory, stepped by the test; its bytes and what it
 * remembers outlive it.
 *
 * <p><b>Threading</b>: the test's thread.
 */
final class RoleNode implements AutoCloseable {
    private final String name;
    private final UUID id;
    private final byte[] bytes = new byte[16 << 20];
    private final Memory memory = new Memory();
    private @Nullable Transport transport;
    private @Nullable SessionAcceptor acceptor;
    private @Nullable DeviceAgent agent;
    private @Nullable NodeRole role;

    /** What outlives a run. */
    private static final class Memory implements ClusterMemory {
        private @Nullable UUID cluster;
        private long incarnation;

        @Override
        public @Nullable UUID clusterId() {
            return cluster;
        }

        @Override
        public long incarnation() {
            return incarnation;
        }

        @Override
        public void remember(final UUID clusterId, final long issued) {
            cluster = clusterId;
            incarnation = issued;
        }
    }

    /** Makes a node with an empty device that does not run. */
    RoleNode(final String name) {
        this.name = name;
        id = NodeIds.ofName(name);
        format();
    }

    /** Gives it an empty device of its own in the place of the one it had. */
    void format() {
        java.util.Arrays.fill(bytes, (byte) 0);
        Journal.format(
                new MemoryDevice(bytes), new FormatContext().zoneLength(2 << 20).nodeId(id));
    }

    /** Forgets cluster and incarnation. */
    void forget() {
        memory.cluster = null;
        memory.incarnation = 0;
    }

    /** Starts it, at a port of its own. */
    void start(final MemoryControlPlane control, final int chainLimit) {
        final NodeRole starting = new NodeRole(
                new ClusterTerms(id, name, List.of("a:1", "b:1", "c:1"), -1, chainLimit, 100_000_000L, 2_000_000_000L),
                memory,
                UUID.randomUUID(),
                text -> {
                    throw new AssertionError(text);
                });
        role = starting;
        final Transport media = Transport.launch(new Transport.Context());
        transport = media;
        final DeviceAgent device = new DeviceAgent(
                new JournalContext().device(new MemoryDevice(bytes)).nodeId(id).bufferLength(4 << 20),
                ChainPlacement.single(chainLimit),
                StoreLimits.defaults(),
                ReplicationLimits.defaults(),
                SystemNanoClock.INSTANCE,
                new SystemEpochNanoClock(),
                () -> 1,
                starting.cluster());
        agent = device;
        starting.join(device);
        device.recover();
        final SessionAcceptor listening = new SessionAcceptor(
                media, new AcceptorContext().listenEndpoint("127.0.0.1:0").node(name, 1, "test", 1 << 20), device);
        acceptor = listening;
        device.endpoint(listening.boundEndpoint());
        starting.connect(media);
        starting.begin(control.wayOf(id), listening.boundEndpoint());
    }

    /** Runs a turn. */
    void turn(final long nowNs) {
        final Transport media = transport;
        final SessionAcceptor listening = acceptor;
        final DeviceAgent device = agent;
        if (media != null && listening != null && device != null) {
            media.doWork();
            listening.doWork(nowNs);
            device.doWork(nowNs);
            media.doWork();
        }
    }

    /** Returns the node's id. */
    UUID id() {
        return id;
    }

    /** Returns host:port while it runs. */
    String endpoint() {
        return acceptor == null ? "" : acceptor.boundEndpoint();
    }

    /** Returns how it stands with its cluster while it runs. */
    ClusterStanding standing() {
        if (role == null) {
            throw new IllegalStateException(name + " does not run");
        }
        return role.standing();
    }

    /** Returns what it remembers of its incarnation. */
    long rememberedIncarnation() {
        return memory.incarnation;
    }

    /** Ends its run without a word. */
    @Override
    public void close() {
        CloseHelper.closeAll(role, acceptor, transport, agent);
        role = null;
        acceptor = null;
        transport = null;
        agent = null;
    }
}
