package io.millrace.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.ProtocolVersion;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.ReadDataEncoder;
import io.millrace.codec.wire.RefusalCode;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SessionTest {
    private final Bench bench = new Bench();
    private final Bench.ClientSide side = new Bench.ClientSide();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256 << 10]);

    @AfterEach
    void closeAll() {
        bench.close();
        assertEquals(0, bench.node.socketDescriptorCount());
        assertEquals(0, bench.client.socketDescriptorCount());
        assertFalse(Files.exists(Path.of(bench.node.aeronDirectory())));
        assertFalse(Files.exists(Path.of(bench.client.aeronDirectory())));
    }

    private Link open(final long clientId) {
        final Link link = bench.link(bench.linkContext(clientId), side);
        bench.until(() -> link.state() == Link.State.OPEN && link.roundTripNs() >= 0);
        return link;
    }

    private void send(final Link link, final long number) {
        final int length = Bench.echo(buffer, number);
        bench.until(() -> link.offer(buffer, 0, length) > 0);
    }

    @Test
    void shouldCarryFramesBothWaysWhenOpen() {
        final Link link = open(1);
        assertEquals(List.of("opened 1"), side.events);
        assertEquals("bench", link.nodeName());
        assertEquals(7, link.nodeIncarnation());
        assertEquals(1 << 20, link.maxEventLength());
        assertEquals(8192 - 32, link.maxFrameLength());
        final Session session = bench.nodeSide.session();
        assertEquals(link.sessionId(), session.id());
        assertEquals("client-1", session.clientName());
        assertEquals(8192 - 32, session.maxFrameLength());
        assertFalse(session.isIpc());
        for (long i = 1; i <= 5; i++) {
            send(link, i);
        }
        bench.until(() -> bench.nodeSide.numbers.size() == 5);
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L), bench.nodeSide.numbers);
        assertTrue(session.refuse(RefusalCode.STREAM_NOT_FOUND, 15, 42, 0, 0, 0, 0, 0, "no such stream"));
        bench.until(() -> side.events.size() == 2);
        assertEquals("refusal 2003 42 no such stream", side.events.get(1));
        bench.advance(1_000 * Bench.MS);
        assertTrue(bench.nodeSide.heartbeatCount >= 9);
        assertEquals(Link.State.OPEN, link.state());
        link.close();
        bench.until(() -> bench.nodeSide.closedCount == 1);
        assertEquals(0, bench.acceptor().sessionCount());
    }

    @Test
    void shouldCarryFramesOverIpcWhenTheDriverIsTheNodes() {
        bench.acceptor();
        bench.client.close();
        bench.client = Transport.launch(
                new Transport.Context().embeddedDriver(false).aeronDirectory(bench.node.aeronDirectory()));
        final Link link = bench.link(new LinkContext().endpoint(LinkContext.IPC).client("near", 1, 1), side);
        bench.until(() -> link.state() == Link.State.OPEN);
        assertTrue(bench.acceptor().hasIpcSession());
        assertEquals(0, bench.client.socketDescriptorCount());
        send(link, 99);
        bench.until(() -> bench.nodeSide.numbers.contains(99L));
        link.close();
        bench.until(() -> bench.nodeSide.closedCount == 1);
    }

    @Test
    void shouldRefuseForGoodWhenTheMajorVersionDiffers() {
        final Link link = bench.link(bench.linkContext(1), side);
        link.pretendProtocolVersion(ProtocolVersion.of(2, 5));
        bench.until(() -> link.state() == Link.State.REFUSED);
        assertEquals(
                List.of("refused PROTOCOL_VERSION true the node speaks protocol 1.0, the client 2.5"), side.events);
        bench.advance(3_000 * Bench.MS);
        assertEquals(Link.State.REFUSED, link.state());
        assertEquals(1, bench.acceptor().refusedSessionCount());
        assertEquals(0, bench.acceptor().sessionCount());
    }

    @Test
    void shouldRefuseForGoodWhenCredentialsAreNotAccepted() {
        bench.acceptorContext.authenticator((name, credentials, offset, length) ->
                length == 2 && credentials.getByte(offset) == 'o' && credentials.getByte(offset + 1) == 'k');
        final Link refused = bench.link(bench.linkContext(1).credentials(new byte[] {'n', 'o'}), side);
        bench.until(() -> refused.state() == Link.State.REFUSED);
        final Link accepted = bench.link(bench.linkContext(2).credentials(new byte[] {'o', 'k'}), side);
        bench.until(() -> accepted.state() == Link.State.OPEN);
    }

    @Test
    void shouldTryAgainWhenTheSessionLimitIsReached() {
        bench.acceptorContext.sessionLimit(1);
        final Link first = open(1);
        final Link second = bench.link(bench.linkContext(2), side);
        bench.until(() -> side.events.stream().anyMatch(e -> e.startsWith("refused SESSION_LIMIT false")));
        assertNotEquals(Link.State.OPEN, second.state());
        assertEquals(1, bench.acceptor().sessionCount());
        first.close();
        bench.until(() -> second.state() == Link.State.OPEN);
    }

    @Test
    void shouldServeAGoodSessionWhenGarbageFloods() throws IOException {
        final Link link = open(1);
        final SplittableRandom random = new SplittableRandom(7);
        final byte[] garbage = new byte[1400];
        final ExclusivePublication publication = bench.client
                .aeron()
                .addExclusivePublication(
                        "aeron:udp?endpoint=" + bench.acceptor().boundEndpoint(), SessionAcceptor.NODE_STREAM_ID);
        bench.until(publication::isConnected);
        final int port = HostPort.parse(bench.acceptor().boundEndpoint(), ErrorCode.BAD_ADDRESS)
                .port();
        final List<Long> expected = new ArrayList<>();
        try (DatagramSocket socket = new DatagramSocket()) {
            for (long i = 1; i <= 2_000; i++) {
                random.nextBytes(garbage);
                if (i % 3 == 0) {
                    // The look of an Aeron frame: version 0, a type in use, nonsense behind it.
                    garbage[4] = 0;
                    garbage[6] = (byte) (i % 13);
                    garbage[7] = 0;
                }
                final int length = 1 + random.nextInt(garbage.length);
                socket.send(new DatagramPacket(garbage, length, InetAddress.getLoopbackAddress(), port));
                final int goodLength = Bench.echo(buffer, i);
                publication.offer(new UnsafeBuffer(garbage), 0, length);
                publication.offer(buffer, 0, 1 + random.nextInt(goodLength));
                publication.offer(buffer, 0, goodLength);
                link.offer(new UnsafeBuffer(garbage), 0, length);
                send(link, i);
                expected.add(i);
                bench.advance(Bench.MS);
            }
        }
        bench.until(() -> bench.nodeSide.numbers.size() == expected.size());
        assertEquals(expected, bench.nodeSide.numbers);
        assertEquals(Link.State.OPEN, link.state());
        assertEquals(1, bench.acceptor().sessionCount());
        assertTrue(bench.acceptor().droppedFrameCount() >= 2_000);
        assertTrue(bench.node.invalidPacketCount() > 0);
        assertTrue(side.events.stream().anyMatch(e -> e.startsWith("refusal 1002")));
        bench.advance(6_000 * Bench.MS);
        bench.until(() -> !publication.isConnected());
        publication.close();
        assertEquals(Link.State.OPEN, link.state());
    }

    @Test
    void shouldDropSetUpsWhenTheyAskForTooMuchMemory() {
        final ExclusivePublication publication = bench.client
                .aeron()
                .addExclusivePublication(
                        "aeron:udp?endpoint=" + bench.acceptor().boundEndpoint() + "|term-length=8m",
                        SessionAcceptor.NODE_STREAM_ID);
        bench.until(() -> bench.node.invalidPacketCount() > 0);
        assertFalse(publication.isConnected());
        publication.close();
    }

    @Test
    void shouldCloseTheSessionWhenTheClientIsSilent() {
        open(1);
        bench.isClientRunning = false;
        bench.advance(4_900 * Bench.MS);
        assertEquals(1, bench.acceptor().sessionCount());
        bench.advance(200 * Bench.MS);
        assertEquals(0, bench.acceptor().sessionCount());
        assertEquals(1, bench.nodeSide.closedCount);
        bench.isClientRunning = true;
        bench.until(() -> side.events.size() == 3);
        assertTrue(side.events.get(1).startsWith("lost: "), side.events::toString);
        assertEquals("opened 2", side.events.get(2));
    }

    @Test
    void shouldForgiveTheClientWhenTheNodeItselfStoodStill() {
        open(1);
        bench.nowNs += 20_000 * Bench.MS;
        bench.until(() -> bench.nodeSide.heartbeatCount > 3);
        bench.advance(1_000 * Bench.MS);
        assertEquals(0, bench.nodeSide.closedCount);
        assertEquals(List.of("opened 1"), side.events);
    }

    @Test
    void shouldLoseAndReopenWhenTheNodeIsSilent() {
        final Link link = open(1);
        bench.isNodeRunning = false;
        bench.advance(1_900 * Bench.MS);
        assertEquals(Link.State.OPEN, link.state());
        bench.advance(200 * Bench.MS);
        assertNotEquals(Link.State.OPEN, link.state());
        assertEquals("lost: the node was silent for 2000 ms", side.events.get(1));
        assertEquals(Publication.NOT_CONNECTED, link.offer(buffer, 0, Bench.echo(buffer, 1)));
        assertEquals(0, link.maxFrameLength());
        bench.isNodeRunning = true;
        bench.until(() -> link.state() == Link.State.OPEN);
        assertEquals(2, link.generation());
        bench.until(() -> bench.acceptor().sessionCount() == 1);
        assertEquals(link.sessionId(), bench.nodeSide.session().id());
    }

    @Test
    void shouldReopenWhenTheAcceptorRestarts() {
        final Link link = open(1);
        final String endpoint = bench.acceptor().boundEndpoint();
        bench.acceptor().close();
        assertEquals(1, bench.nodeSide.closedCount);
        bench.acceptor = null;
        bench.node.close();
        bench.until(() -> link.state() != Link.State.OPEN);
        bench.node = Transport.launch(new Transport.Context());
        assertEquals("lost: the node closed the session", side.events.get(1));
        bench.advance(1_000 * Bench.MS);
        bench.acceptorContext.listenEndpoint(endpoint);
        bench.acceptor();
        bench.until(() -> link.state() == Link.State.OPEN);
        send(link, 5);
        bench.until(() -> bench.nodeSide.numbers.contains(5L));
    }

    @Test
    void shouldReopenWhenBothMediaAreRebuilt() {
        final Link link = open(1);
        final String endpoint = bench.acceptor().boundEndpoint();
        bench.client.close();
        bench.node.close();
        bench.step();
        assertEquals(1, bench.nodeSide.closedCount);
        assertEquals("lost: the media driver is closed", side.events.get(1));
        bench.node = Transport.launch(new Transport.Context());
        bench.acceptor().rebind(bench.node);
        assertEquals(endpoint, bench.acceptor().boundEndpoint());
        bench.client = Transport.launch(new Transport.Context());
        link.rebind(bench.client);
        bench.until(() -> link.state() == Link.State.OPEN);
        assertEquals(2, link.generation());
        send(link, 5);
        bench.until(() -> bench.nodeSide.numbers.contains(5L));
    }

    @Test
    void shouldDeliverAgainInOrderWhenTheNodeIsBackPressured() {
        final Link link = open(1);
        bench.nodeSide.isBackPressured = true;
        final List<Long> expected = new ArrayList<>();
        long sent = 0;
        int length = Bench.echo(buffer, 1);
        while (link.offer(buffer, 0, length) > 0) {
            expected.add(++sent);
            length = Bench.echo(buffer, sent + 1);
            bench.step();
        }
        assertTrue(sent > 1_000, "" + sent);
        assertTrue(bench.nodeSide.refusedDeliveries > 10);
        bench.nodeSide.isBackPressured = false;
        bench.until(() -> bench.nodeSide.numbers.size() == expected.size());
        assertEquals(expected, bench.nodeSide.numbers);
        assertEquals(0, bench.client.retransmitCount());
    }

    @Test
    void shouldNotDelayAnotherSessionWhenOneIsBackPressured() {
        final Link slow = open(1);
        final Link quick = open(2);
        bench.nodeSide.backPressuredClient = 1;
        send(slow, 1);
        bench.until(() -> bench.nodeSide.refusedDeliveries > 10);
        send(quick, 2);
        bench.until(() -> bench.nodeSide.numbers.size() == 1);
        assertEquals(List.of(2L), bench.nodeSide.numbers);
        bench.nodeSide.backPressuredClient = 0;
        bench.until(() -> bench.nodeSide.numbers.size() == 2);
    }

    @Test
    void shouldAssembleWhenAReplyIsLongerThanAFrame() {
        final Link link = open(1);
        final Session session = bench.nodeSide.session();
        assertTrue(session.maxOfferLength() >= 100 << 10);
        final byte[] bytes = new byte[100 << 10];
        new SplittableRandom(3).nextBytes(bytes);
        long checksum = 0;
        for (final byte b : bytes) {
            checksum = checksum * 31 + b;
        }
        final ReadDataEncoder data = new ReadDataEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .subscriptionId(1)
                .segmentId(2)
                .segmentOffset(3)
                .putBytes(bytes, 0, bytes.length);
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + data.encodedLength();
        side.isBackPressured = true;
        bench.until(() -> session.offer(buffer, 0, length) > 0);
        for (int i = 0; i < 500; i++) {
            bench.step();
        }
        assertEquals(List.of(), side.lengths);
        side.isBackPressured = false;
        bench.until(() -> side.lengths.size() == 1);
        assertEquals(length, side.lengths.get(0));
        assertEquals(checksum, side.checksum);
        assertEquals(Link.State.OPEN, link.state());
    }

    @Test
    void shouldAnswerTheSameSessionWhenTheRequestIsRepeated() {
        final String endpoint = bench.acceptor().boundEndpoint();
        final Subscription replies = bench.client.aeron().addSubscription("aeron:udp?endpoint=127.0.0.1:0", 5);
        final String channel = String.valueOf(replies.tryResolveChannelEndpointPort());
        final ExclusivePublication publication = bench.client
                .aeron()
                .addExclusivePublication("aeron:udp?endpoint=" + endpoint, SessionAcceptor.NODE_STREAM_ID);
        final LinkContext identity = bench.linkContext(1);
        final int length = new SessionFrames().sessionOpen(buffer, ProtocolVersion.CURRENT, 5, 77, identity, channel);
        bench.until(() -> publication.offer(buffer, 0, length) > 0);
        bench.until(() -> bench.nodeSide.open.size() == 1);
        final long sessionId = bench.nodeSide.session().id();
        bench.advance(200 * Bench.MS);
        bench.until(() -> publication.offer(buffer, 0, length) > 0);
        bench.advance(200 * Bench.MS);
        final List<Long> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            replies.poll(
                    (frame, offset, frameLength, header) -> {
                        if (frame.getShort(offset + 2) == 2) {
                            answers.add(frame.getLong(offset + 16));
                        }
                    },
                    10);
            bench.step();
        }
        assertEquals(List.of(sessionId, sessionId), answers);
        assertEquals(1, bench.acceptor().sessionCount());
        assertEquals(0, bench.nodeSide.closedCount);
        publication.close();
        replies.close();
    }

    @Test
    void shouldReplaceTheSessionWhenTheClientComesAgain() {
        open(1);
        final long firstId = bench.nodeSide.session().id();
        bench.links.clear();
        open(1);
        assertEquals(1, bench.acceptor().sessionCount());
        assertEquals(1, bench.nodeSide.closedCount);
        assertNotEquals(firstId, bench.nodeSide.session().id());
    }

    @Test
    void shouldOpenNothingWhenTheReplyChannelIsRefused() {
        final ExclusivePublication publication = bench.client
                .aeron()
                .addExclusivePublication(
                        "aeron:udp?endpoint=" + bench.acceptor().boundEndpoint(), SessionAcceptor.NODE_STREAM_ID);
        final String[] channels = {
            "aeron:ipc",
            "aeron:udp?endpoint=localhost:4000",
            "aeron:udp?endpoint=224.0.1.1:4000",
            "aeron:udp?endpoint=127.0.0.1:4000|mtu=9000",
            "aeron-spy:aeron:udp?endpoint=127.0.0.1:4000",
            "",
        };
        for (final String channel : channels) {
            final int length = new SessionFrames()
                    .sessionOpen(buffer, ProtocolVersion.CURRENT, 5, 77, bench.linkContext(1), channel);
            final long before = bench.acceptor().refusedSessionCount();
            bench.until(() -> publication.offer(buffer, 0, length) > 0);
            bench.until(() -> bench.acceptor().refusedSessionCount() == before + 1);
            bench.advance(150 * Bench.MS);
        }
        assertEquals(0, bench.acceptor().sessionCount());
        publication.close();
    }

    @Test
    void shouldGoOnWhenTheHandlerThrew() {
        final Link link = open(1);
        bench.nodeSide.failure = new IllegalStateException("a broken invariant");
        send(link, 1);
        assertThrows(IllegalStateException.class, () -> bench.until(() -> false));
        send(link, 2);
        bench.until(() -> bench.nodeSide.numbers.size() == 2);
        assertEquals(List.of(1L, 2L), bench.nodeSide.numbers);
    }

    @Test
    void shouldAskForTheFrameAgainWhenTheRefusalQueueIsFull() {
        open(1);
        final Session session = bench.nodeSide.session();
        bench.isClientRunning = false;
        int sent = 0;
        while (session.refuse(RefusalCode.THROTTLED, 34, sent, 0, 0, 0, 0, 0, "slow down")) {
            sent++;
            bench.step();
            assertTrue(sent < 1_000_000);
        }
        bench.isClientRunning = true;
        final int expected = sent + 1;
        bench.until(() -> side.events.size() == expected);
        assertEquals("refusal 1007 " + (sent - 1) + " slow down", side.events.get(sent));
    }

    @Test
    void shouldNameTheEndpointWhenThePortIsInUse() throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            final String endpoint = "127.0.0.1:" + socket.getLocalPort();
            bench.acceptorContext.listenEndpoint(endpoint);
            final MillraceException inUse = assertThrows(MillraceException.class, bench::acceptor);
            assertEquals(ErrorCode.PORT_IN_USE, inUse.code());
            assertTrue(String.valueOf(inUse.getMessage()).contains(endpoint), inUse::getMessage);
        }
        bench.acceptorContext.listenEndpoint("192.0.2.1:4000");
        assertEquals(
                ErrorCode.LISTEN_ADDRESS,
                assertThrows(MillraceException.class, bench::acceptor).code());
        bench.acceptorContext.listenEndpoint("127.0.0.1:99999");
        assertEquals(
                ErrorCode.LISTEN_ADDRESS,
                assertThrows(MillraceException.class, bench::acceptor).code());
    }

    @Test
    void shouldSayWhyWhenNoNodeAnswers() {
        final Link link = bench.link(new LinkContext().endpoint("127.0.0.1:9").client("lonely", 1, 1), side);
        bench.advance(2_500 * Bench.MS);
        assertEquals("no node answers at 127.0.0.1:9", link.lastFailure());
        assertEquals(Link.State.CONNECTING, link.state());
        assertNull(bench.acceptor);
        assertThrows(MillraceException.class, () -> new Link(bench.client, new LinkContext().endpoint("x"), side));
    }

    @Test
    void shouldStateItsMemoryWhenAsked() {
        final long perSession = bench.acceptor().memoryBudget() / 64;
        assertTrue(perSession > 15 << 20 && perSession < 17 << 20, "" + perSession);
    }
}
