package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.chain.DurablePrefixDecoder;
import io.millrace.codec.chain.FetchRangeEncoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.memory.MemoryDevice;
import io.millrace.store.StoreLimits;
import io.millrace.transport.AcceptorContext;
import io.millrace.transport.SessionAcceptor;
import io.millrace.transport.Transport;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two devices over real loopback: a link carries frames both ways, and comes back when its other end was restarted. */
@Timeout(60)
final class TransportPeerLinksTest {
    /** One device thread, stepped by the test. */
    private static final class Device implements AutoCloseable {
        final UUID uuid;
        final Transport transport = Transport.launch(new Transport.Context());
        final TransportPeerLinks links;
        final DeviceAgent agent;
        final SessionAcceptor acceptor;

        Device(final int number, final String endpoint) {
            final MemoryDevice memory = new MemoryDevice(new byte[16 << 20]);
            Journal.format(memory, new FormatContext().zoneLength(4 << 20).nodeId(new UUID(0, number)));
            links = new TransportPeerLinks(transport, "device-" + number, 0, number);
            agent = new DeviceAgent(
                    new JournalContext()
                            .device(memory)
                            .nodeId(new UUID(0, number))
                            .bufferLength(4 << 20),
                    ChainPlacement.single(1),
                    StoreLimits.defaults(),
                    ReplicationLimits.defaults(),
                    SystemNanoClock.INSTANCE,
                    new SystemEpochNanoClock(),
                    () -> 1,
                    new ChainCluster(
                            0,
                            number,
                            ChainRules.ALL,
                            ChainLimits.defaults(),
                            links,
                            (buffer, offset, length) -> true));
            links.agent(agent);
            agent.recover();
            agent.incarnation(1);
            uuid = agent.journal().deviceUuid();
            acceptor = new SessionAcceptor(
                    transport,
                    new AcceptorContext().listenEndpoint(endpoint).node("device-" + number, 1, "test", 1 << 20),
                    agent);
        }

        void turn() {
            final long nowNs = SystemNanoClock.INSTANCE.nanoTime();
            transport.doWork();
            acceptor.doWork(nowNs);
            agent.doWork(nowNs);
            transport.doWork();
        }

        ReplicaAddress address() {
            return new ReplicaAddress(
                    0,
                    agent.journal().incarnation(),
                    uuid.getMostSignificantBits(),
                    uuid.getLeastSignificantBits(),
                    1,
                    acceptor.boundEndpoint());
        }

        @Override
        public void close() {
            links.close();
            acceptor.close();
            agent.close();
            transport.close();
        }
    }

    private static void until(final String what, final BooleanSupplier condition, final Device... devices) {
        final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(SystemNanoClock.INSTANCE.nanoTime() < deadlineNs, "waited 20 s for: " + what);
            for (final Device device : devices) {
                device.turn();
            }
        }
    }

    private static long malformed(final Device device) {
        final ChainCounters counters = device.agent.chainCounters();
        return counters == null ? -1 : counters.otherEpochCount();
    }

    /** A frame that no epoch claims is counted where it arrives. */
    private static boolean say(final PeerLink link) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        new io.millrace.codec.chain.DurablePrefixEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .chainEpoch(77)
                .chain(1)
                .member(0);
        return link.offer(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + DurablePrefixDecoder.BLOCK_LENGTH) > 0;
    }

    @Test
    void shouldHaveOneLinkToAPlaceWhenItsDeviceWasReplaced() {
        try (Device device = new Device(1, "127.0.0.1:0")) {
            final ReplicaAddress before = new ReplicaAddress(0, 2, 0, 7, 3, "127.0.0.1:1");
            final ReplicaAddress after = new ReplicaAddress(0, 2, 0, 8, 4, "127.0.0.1:1");
            final PeerLink first = device.links.link(before);
            final PeerLink second = device.links.link(after);
            assertNotSame(first, second);
            assertSame(second, device.links.link(after));
            assertSame(second, device.links.link(before), "who still speaks to the old device ends no session");
        }
    }

    @Test
    void shouldGiveALinkUpWhenItsNodeWasRemoved() {
        try (Device device = new Device(1, "127.0.0.1:0")) {
            final ReplicaAddress gone = new ReplicaAddress(0, 2, 0, 7, 3, "127.0.0.1:1");
            final PeerLink link = device.links.link(gone);
            final long beginNs = SystemNanoClock.INSTANCE.nanoTime();
            device.links.doWork(beginNs);
            device.links.doWork(beginNs + TimeUnit.MINUTES.toNanos(9));
            say(link);
            device.links.doWork(beginNs + TimeUnit.MINUTES.toNanos(9));
            device.links.doWork(beginNs + TimeUnit.MINUTES.toNanos(18));
            assertEquals(1, device.links.count(), "given up though it is used");
            device.links.doWork(beginNs + TimeUnit.MINUTES.toNanos(20));
            assertEquals(0, device.links.count(), "kept for ever");
            assertNotSame(link, device.links.link(gone));
        }
    }

    @Test
    void shouldCarryFramesAgainWhenTheOtherDeviceWasRestarted() {
        try (Device first = new Device(1, "127.0.0.1:0")) {
            Device second = new Device(2, "127.0.0.1:0");
            try {
                final ReplicaAddress address = second.address();
                final PeerLink link = first.links.link(address);
                assertEquals(link, first.links.link(address));
                until("a session", () -> first.links.openCount() == 1, first, second);
                assertTrue(link.maxFrameLength() >= 16 << 10);
                until("room", () -> say(link), first, second);
                final Device heard = second;
                until("the frame", () -> malformed(heard) == 1, first, second);

                final String endpoint = second.acceptor.boundEndpoint();
                second.close();
                second = new Device(2, endpoint);
                final Device again = second;
                until("the loss and another session", () -> say(link) && malformed(again) > 0, first, second);
            } finally {
                second.close();
            }
        }
    }

    @Test
    void shouldAnswerByTheSessionThatAsked() {
        try (Device first = new Device(1, "127.0.0.1:0");
                Device second = new Device(2, "127.0.0.1:0")) {
            final PeerLink link = first.links.link(second.address());
            until("a session", () -> first.links.openCount() == 1, first, second);
            final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
            new FetchRangeEncoder()
                    .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                    .requestId(1)
                    .fromPosition(1)
                    .toPosition(1)
                    .previousHash(0)
                    .chain(1)
                    .committedOnly((short) 1);
            until(
                    "room",
                    () -> link.offer(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + FetchRangeEncoder.BLOCK_LENGTH)
                            > 0,
                    first,
                    second);
            until("the answer", () -> first.links.heardCount() == 1, first, second);
        }
    }

    /** A learner asks its source; when it becomes a member, the source is to send it records before there is a link. */
    @Test
    void shouldGoBackByTheSessionOfADeviceWhileTheLinkToItIsNotOpen() {
        try (Device first = new Device(1, "127.0.0.1:0");
                Device second = new Device(2, "127.0.0.1:0")) {
            final ReplicaAddress unreachable = new ReplicaAddress(0, 1, 0, 1, 1, "127.0.0.1:1");
            final PeerLink back = second.links.link(unreachable);
            assertEquals(0, back.maxFrameLength());
            final PeerLink link = first.links.link(second.address());
            until("a frame", () -> say(link), first, second);
            until("its arrival", () -> malformed(second) == 1, first, second);
            assertTrue(back.maxFrameLength() > 0, "a session of the device is no way back to it");
            assertTrue(say(back));
            until("the frame that went back", () -> malformed(first) == 1, first, second);
            assertSame(back, second.links.link(unreachable));

            final PeerLink made = second.links.link(new ReplicaAddress(0, 1, 0, 1, 1, "127.0.0.1:2"));
            assertTrue(made.maxFrameLength() > 0, "a link that is made later does not find the way back");
            first.links.close();
            until("the end of the session", () -> made.maxFrameLength() == 0, first, second);
        }
    }
}
