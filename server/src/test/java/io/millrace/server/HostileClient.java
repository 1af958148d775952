package io.millrace.server;

import io.millrace.codec.WireFrames;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.SessionCloseDecoder;
import io.millrace.transport.Link;
import io.millrace.transport.LinkContext;
import io.millrace.transport.LinkHandler;
import io.millrace.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A client that means harm: on a session that it opened properly it sends messages with wrong bits, lengths, counts and
 * template ids, cut off, prolonged and again; beside it, from a socket of its own, Aeron's frames with absurd numbers
 * for sessions and streams that are its own, other people's, or nobody's.
 *
 * <p><b>Threading</b>: one thread of its own.
 */
final class HostileClient implements Runnable, LinkHandler, AutoCloseable {
    private static final int[] ABSURD = {
        0,
        1,
        -1,
        31,
        32,
        33,
        1408,
        64 << 10,
        1 << 20,
        1 << 30,
        Integer.MAX_VALUE,
        Integer.MAX_VALUE - 31,
        Integer.MIN_VALUE
    };
    private static final int[] TYPES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xFFFF};
    private static final long PAUSE_NS = 20_000;

    private final Random random;
    private final List<byte[]> messages = messages();
    private final Transport transport;
    private final Link link;
    private final DatagramSocket socket;
    private final InetSocketAddress node;
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[8192]);
    private final byte[] datagram = new byte[1408];
    private final UnsafeBuffer frame = new UnsafeBuffer(datagram);
    private volatile boolean isOver;
    private long sentMessages;
    private long sentDatagrams;
    private long refusals;

    HostileClient(final NodeProcess victim, final long seed) {
        random = new Random(seed);
        transport = Transport.launch(new Transport.Context());
        link = new Link(transport, new LinkContext().endpoint(victim.endpoint()).client("hostile", 666, seed), this);
        node = new InetSocketAddress(InetAddress.getLoopbackAddress(), victim.port());
        try {
            socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Samples of every message, as the fuzz targets begin with. */
    private static List<byte[]> messages() {
        final Path folder = Path.of(System.getProperty("millrace.root"), "fuzz", "corpus", "frame");
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("wire-"))
                    .sorted()
                    .map(HostileClient::bytes)
                    .toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(final Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void run() {
        while (!isOver) {
            transport.doWork();
            link.doWork(System.nanoTime());
            sendMessage();
            sendDatagram();
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    /** Ends {@link #run}. */
    void end() {
        isOver = true;
    }

    /** Counts what went out over the session. */
    long sentMessages() {
        return sentMessages;
    }

    /** Counts what went out beside it. */
    long sentDatagrams() {
        return sentDatagrams;
    }

    /** Counts what was refused by name. */
    long refusals() {
        return refusals;
    }

    private void sendMessage() {
        final byte[] message = messages.get(random.nextInt(messages.size()));
        scratch.setMemory(0, scratch.capacity(), (byte) random.nextInt());
        scratch.putBytes(0, message);
        int length = message.length;
        switch (random.nextInt(8)) {
            case 0 -> length = random.nextInt(length + 1);
            case 1 -> length += random.nextInt(1200);
            case 2 -> scratch.putShort(2, (short) random.nextInt(80), ByteOrder.LITTLE_ENDIAN);
            case 3 -> scratch.putInt(random.nextInt(length), ABSURD[random.nextInt(ABSURD.length)]);
            case 4 -> scratch.putShort(8 + random.nextInt(length - 8), (short) 0xFFFE, ByteOrder.LITTLE_ENDIAN);
            case 5 -> scratch.putLong(random.nextInt(length), random.nextLong());
            default -> {
                for (int i = random.nextInt(4); i >= 0; i--) {
                    final int at = random.nextInt(length);
                    scratch.putByte(at, (byte) (scratch.getByte(at) ^ 1 << random.nextInt(8)));
                }
            }
        }
        if (WireFrames.check(scratch, 0, length) != SessionCloseDecoder.TEMPLATE_ID
                && link.offer(scratch, 0, length) > 0) {
            sentMessages++;
        }
    }

    private void sendDatagram() {
        final int type = TYPES[random.nextInt(TYPES.length)];
        random.nextBytes(datagram);
        for (int i = 0; i < 40; i += 4) {
            if (random.nextInt(3) > 0) {
                frame.putInt(i, ABSURD[random.nextInt(ABSURD.length)], ByteOrder.LITTLE_ENDIAN);
            }
        }
        final int length = random.nextInt(3) == 0 ? random.nextInt(datagram.length) : 40;
        frame.putInt(0, random.nextInt(4) == 0 ? random.nextInt() : length, ByteOrder.LITTLE_ENDIAN);
        frame.putByte(4, (byte) 0);
        frame.putShort(6, (short) type, ByteOrder.LITTLE_ENDIAN);
        // a handful of sessions, so that set-ups, data and status messages meet
        frame.putInt(12, random.nextInt(8), ByteOrder.LITTLE_ENDIAN);
        frame.putInt(16, random.nextInt(4) == 0 ? random.nextInt() : 1 + random.nextInt(12), ByteOrder.LITTLE_ENDIAN);
        if (type == 5 && random.nextBoolean()) { // a set-up as it should be, that nothing follows
            frame.putInt(8, 0, ByteOrder.LITTLE_ENDIAN);
            frame.putInt(12, random.nextInt(), ByteOrder.LITTLE_ENDIAN);
            frame.putInt(20, 5, ByteOrder.LITTLE_ENDIAN);
            frame.putInt(24, 5, ByteOrder.LITTLE_ENDIAN);
            frame.putInt(28, 1 << (16 + random.nextInt(15)), ByteOrder.LITTLE_ENDIAN);
            frame.putInt(32, 1408, ByteOrder.LITTLE_ENDIAN);
        }
        try {
            socket.send(new DatagramPacket(datagram, length, node));
            sentDatagrams++;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void onOpened(final Link opened) {}

    @Override
    public void onLost(final Link lost, final String reason) {}

    @Override
    public void onRefused(final Link refused, final RefusalCode code, final String text, final boolean isFinal) {
        refusals++;
    }

    @Override
    public boolean onFrame(
            final Link from,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final long receivedNs) {
        refusals++;
        return true;
    }

    @Override
    public void close() {
        CloseHelper.closeAll(link, transport, socket);
    }
}
