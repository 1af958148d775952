package io.millrace.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.ExclusivePublication;
import io.aeron.driver.status.SystemCounterDescriptor;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.ProtocolVersion;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Aeron frames whose look is right and whose numbers are absurd, over a socket of our own. The driver must neither
 * throw nor hand anything of them on, and a session that was open before must not notice.
 */
@Timeout(120)
class HostileFramesTest {
    private static final int PAD = 0;
    private static final int DATA = 1;
    private static final int NAK = 2;
    private static final int STATUS = 3;
    private static final int SETUP = 5;
    private static final int ROUND_TRIP = 6;
    private static final int TERM_LENGTH = 64 << 10;
    private static final int TERM_ID = 5;
    private static final int SESSION = 4711;
    private static final int[] ABSURD = {
        0,
        1,
        -1,
        31,
        32,
        33,
        -32,
        64,
        TERM_LENGTH - 32,
        TERM_LENGTH,
        TERM_LENGTH + 32,
        Integer.MAX_VALUE - 31,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        Integer.MIN_VALUE + 32
    };

    private final Bench bench = new Bench();
    private final Bench.ClientSide side = new Bench.ClientSide();
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[4096]);
    private final UnsafeBuffer frame = new UnsafeBuffer(new byte[2048]);
    private final List<Throwable> errors = new ArrayList<>();
    private final DatagramSocket socket;
    private final InetAddress loopback = InetAddress.getLoopbackAddress();
    private long sentCount;

    HostileFramesTest() throws IOException {
        socket = new DatagramSocket(0, loopback);
    }

    @AfterEach
    void closeAll() {
        socket.close();
        bench.close();
    }

    @Test
    void shouldServeAGoodSessionWhenDataFramesAreAbsurd() throws IOException {
        final Link link = open();
        final int port = nodePort();
        setUp(port, SESSION, TERM_ID, TERM_ID, 0, TERM_LENGTH, 1408);
        bench.until(this::imageExists);
        int session = SESSION;
        for (final int type : new int[] {DATA, PAD}) {
            for (final int frameLength : ABSURD) {
                // An image for each: the first frame at a place stays there.
                setUp(port, ++session, TERM_ID, TERM_ID, 0, TERM_LENGTH, 1408);
                for (int i = 0; i < 50; i++) {
                    bench.step();
                }
                for (final int length : new int[] {32, 64, 1408}) {
                    data(port, type, length, frameLength, session, TERM_ID, 0);
                    data(port, type, length, frameLength, session, TERM_ID, TERM_LENGTH - 32);
                    data(port, type, length, frameLength, session, TERM_ID, 64);
                }
                for (int i = 0; i < 50; i++) {
                    bench.step();
                }
            }
            for (final int termOffset : ABSURD) {
                for (final int termId :
                        new int[] {TERM_ID, TERM_ID - 1, TERM_ID + 1, -1, TERM_ID + Integer.MIN_VALUE}) {
                    data(port, type, 64, 64, SESSION, termId, termOffset);
                    data(port, type, 32, 0, SESSION, termId, termOffset);
                    bench.step();
                }
            }
            checkGood(link);
        }
    }

    @Test
    void shouldServeAGoodSessionWhenSetUpsAreAbsurd() throws IOException {
        final Link link = open();
        final int port = nodePort();
        int session = SESSION;
        for (final int absurd : ABSURD) {
            setUp(port, ++session, TERM_ID, TERM_ID, absurd, TERM_LENGTH, 1408);
            setUp(port, ++session, TERM_ID, absurd, 0, TERM_LENGTH, 1408);
            setUp(port, ++session, absurd, TERM_ID, 0, TERM_LENGTH, 1408);
            setUp(port, ++session, TERM_ID, TERM_ID, 0, absurd, 1408);
            setUp(port, ++session, TERM_ID, TERM_ID, 0, TERM_LENGTH, absurd);
            for (int i = 0; i < 20; i++) {
                bench.step();
            }
        }
        checkGood(link);
    }

    @Test
    void shouldServeAGoodSessionWhenReceiversAreAskedForAbsurdRoundTrips() throws IOException {
        final Link link = open();
        final int port = nodePort();
        setUp(port, SESSION, TERM_ID, TERM_ID, 0, TERM_LENGTH, 1408);
        bench.until(this::imageExists);
        for (final int absurd : ABSURD) {
            for (final int flags : new int[] {0, 0x80, 0xFF}) {
                begin(ROUND_TRIP, 40, 40, SESSION, SessionAcceptor.NODE_STREAM_ID, absurd, absurd, absurd, absurd);
                frame.putByte(5, (byte) flags);
                send(port, 40);
            }
            shorts(port);
            bench.step();
        }
        checkGood(link);
    }

    @Test
    void shouldServeAGoodSessionWhenAnotherOnesReceiverIsAbsurd() throws IOException {
        final Link link = open();
        final ExclusivePublication publication = bench.client
                .aeron()
                .addExclusivePublication(
                        "aeron:udp?endpoint=" + bench.acceptor().boundEndpoint(), SessionAcceptor.NODE_STREAM_ID);
        final int length = new SessionFrames()
                .sessionOpen(
                        scratch,
                        ProtocolVersion.CURRENT,
                        5,
                        77,
                        bench.linkContext(9),
                        "aeron:udp?endpoint=127.0.0.1:" + socket.getLocalPort());
        bench.until(() -> publication.offer(scratch, 0, length) > 0);
        final DatagramPacket setUp = awaitSetUp();
        final UnsafeBuffer from = new UnsafeBuffer(setUp.getData());
        final int session = from.getInt(12, ByteOrder.LITTLE_ENDIAN);
        final int termId = from.getInt(24, ByteOrder.LITTLE_ENDIAN);
        final SocketAddress node = setUp.getSocketAddress();
        // An honest status message first: without a receiver the publication is not connected.
        begin(STATUS, 36, 36, session, 5, termId, 0, 128 << 10, 1, 0);
        send(node, 36);
        bench.until(() -> bench.nodeSide.open.size() == 2);
        for (final int absurd : ABSURD) {
            for (final int other : new int[] {termId, absurd}) {
                begin(STATUS, 36, 36, session, 5, other, absurd, absurd, 1, 0);
                send(node, 36);
                begin(STATUS, 36, 36, session, 5, other, 0, absurd, 1, 0);
                send(node, 36);
                begin(NAK, 28, 28, session, 5, other, absurd, absurd);
                send(node, 28);
                begin(NAK, 28, 28, session, 5, other, 0, absurd);
                send(node, 28);
                begin(NAK, 28, 28, session, 5, other, absurd, 64);
                send(node, 28);
                begin(ROUND_TRIP, 40, 40, session, 5, absurd, absurd, absurd, absurd);
                send(node, 40);
                bench.step();
            }
            begin(STATUS, 36, absurd, session, 5, termId, 0, 0, 1, 0);
            send(node, 36);
            for (int i = 0; i < 50; i++) {
                bench.step();
            }
            shorts(node);
        }
        checkGood(link);
        publication.close();
    }

    /** Frames of every type, cut at every length: they must not be judged by what the datagram before left behind. */
    private void shorts(final int port) throws IOException {
        shorts(new java.net.InetSocketAddress(loopback, port));
    }

    private void shorts(final SocketAddress to) throws IOException {
        for (int type = 0; type < 16; type++) {
            for (int length = 1; length < 40; length++) {
                begin(type, length, length, SESSION, 5, -1, -1, -1, -1, -1);
                send(to, length);
            }
            bench.step();
        }
    }

    private DatagramPacket awaitSetUp() throws IOException {
        socket.setSoTimeout(1);
        final DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        for (int i = 0; i < 10_000; i++) {
            bench.step();
            try {
                packet.setLength(2048);
                socket.receive(packet);
            } catch (final java.net.SocketTimeoutException none) {
                continue;
            }
            if ((packet.getData()[6] & 0xFF) == SETUP) {
                return packet;
            }
        }
        throw new AssertionError("the node sent no set-up to its client");
    }

    private Link open() {
        bench.node.close();
        bench.node = Transport.launch(new Transport.Context().errorHandler(errors::add));
        final Link link = bench.link(bench.linkContext(1), side);
        bench.until(() -> link.state() == Link.State.OPEN && link.roundTripNs() >= 0);
        return link;
    }

    private int nodePort() {
        return HostPort.parse(bench.acceptor().boundEndpoint(), ErrorCode.BAD_ADDRESS)
                .port();
    }

    private boolean imageExists() {
        final int[] found = new int[1];
        bench.node.aeron().countersReader().forEach((id, typeId, key, label) -> {
            if (label.contains(" " + SESSION + " ")) {
                found[0]++;
            }
        });
        return found[0] > 0;
    }

    private void checkGood(final Link link) {
        for (long i = 1; i <= 50; i++) {
            final int length = Bench.echo(scratch, 1_000 + i);
            bench.until(() -> link.offer(scratch, 0, length) > 0);
            bench.step();
        }
        bench.until(() -> bench.nodeSide.numbers.contains(1_050L));
        for (int i = 0; i < 2_000; i++) {
            bench.step();
        }
        assertEquals(Link.State.OPEN, link.state());
        assertEquals(1, link.generation(), "the good session was lost");
        assertEquals(
                50,
                bench.nodeSide.numbers.stream()
                        .filter(n -> n > 1_000)
                        .distinct()
                        .count());
        assertEquals(List.of(), errors, "after " + sentCount + " datagrams");
        assertEquals(
                0,
                bench.node.aeron().countersReader().getCounterValue(SystemCounterDescriptor.ERRORS.id()),
                "errors of the driver");
        assertFalse(bench.node.isClosed());
        assertTrue(sentCount > 0);
        bench.nodeSide.numbers.clear();
    }

    private void setUp(
            final int port,
            final int session,
            final int initialTermId,
            final int activeTermId,
            final int termOffset,
            final int termLength,
            final int mtu)
            throws IOException {
        begin(
                SETUP,
                40,
                40,
                termOffset,
                session,
                SessionAcceptor.NODE_STREAM_ID,
                initialTermId,
                activeTermId,
                termLength,
                mtu,
                0);
        send(port, 40);
    }

    private void data(
            final int port,
            final int type,
            final int length,
            final int frameLength,
            final int session,
            final int termId,
            final int termOffset)
            throws IOException {
        begin(type, length, frameLength, termOffset, session, SessionAcceptor.NODE_STREAM_ID, termId, 0, 0);
        frame.putByte(5, (byte) 0xC0);
        send(port, length);
    }

    private void begin(final int type, final int length, final int frameLength, final int... words) {
        frame.setMemory(0, Math.max(length, 64), (byte) 0);
        frame.putInt(0, frameLength, ByteOrder.LITTLE_ENDIAN);
        frame.putShort(6, (short) type, ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < words.length; i++) {
            frame.putInt(8 + 4 * i, words[i], ByteOrder.LITTLE_ENDIAN);
        }
    }

    private void send(final int port, final int length) throws IOException {
        send(new java.net.InetSocketAddress(loopback, port), length);
    }

    private void send(final SocketAddress to, final int length) throws IOException {
        socket.send(new DatagramPacket(frame.byteArray(), length, to));
        sentCount++;
    }
}
