package io.millrace.server;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.AckHandler;
import io.millrace.client.EventWriter;
import io.millrace.client.Result;
import io.millrace.codec.wire.AppendEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.memory.MemoryDevice;
import io.millrace.transport.AcceptorContext;
import io.millrace.transport.Link;
import io.millrace.transport.LinkContext;
import io.millrace.transport.LinkHandler;
import io.millrace.transport.Session;
import io.millrace.transport.SessionAcceptor;
import io.millrace.transport.SessionHandler;
import io.millrace.transport.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One event from {@code offer} to its acknowledgement, client and node on one thread over real loopback: the processor
 * time of the whole path, and with a file the device's. Beside a frame of the same length that the transport alone
 * carries there and back.
 *
 * <p><b>Threading:</b> one thread. Each iteration has a fresh journal: without checkpoints one fills up.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 6, time = 1)
@Measurement(iterations = 6, time = 1)
@Fork(1)
public class AcknowledgementBenchmark {
    private static final int PAYLOAD = 100;
    private static final int MEMORY = 512 << 20;
    private static final long FILE = 256L << 20;
    private static final int FRAME =
            MessageHeaderEncoder.ENCODED_LENGTH + AppendEncoder.BLOCK_LENGTH + AppendEncoder.eventsHeaderLength() + 112;

    /** What the journal lies on: memory shows the path alone. */
    @Param({"memory", "file"})
    String medium = "";

    private final UnsafeBuffer event = new UnsafeBuffer(new byte[PAYLOAD]);
    private byte[] memory = new byte[0];
    private @Nullable Path file;
    private @Nullable InProcessNode node;
    private long acknowledged;
    private long offered;
    private final AckHandler acknowledgements = (sequence, segment, number, offset) -> acknowledged = sequence;

    /**
     * Starts a node on an empty journal, and a client.
     *
     * @throws IOException when the file cannot be made.
     */
    @Setup(Level.Iteration)
    public void start() throws IOException {
        final JournalContext journal = new JournalContext();
        if (medium.equals("memory")) {
            if (memory.length == 0) {
                memory = new byte[MEMORY];
            }
            final MemoryDevice device = new MemoryDevice(memory);
            InProcessNode.format(device);
            journal.device(new MemoryDevice(memory));
        } else {
            final Path made =
                    Files.createTempDirectory("millrace-acknowledgement-").resolve("journal");
            file = made;
            Journal.format(new FormatContext()
                    .file(made)
                    .length(FILE)
                    .zoneLength(4 << 20)
                    .nodeId(InProcessNode.NODE));
            journal.file(made);
        }
        node = new InProcessNode(journal);
        acknowledged = 0;
        offered = 0;
    }

    /**
     * Ends both.
     *
     * @throws IOException when the file cannot be removed.
     */
    @TearDown(Level.Iteration)
    public void stop() throws IOException {
        CloseHelper.close(node);
        final Path made = file;
        if (made != null) {
            Files.deleteIfExists(made);
            Files.deleteIfExists(made.toAbsolutePath().getParent());
            file = null;
        }
    }

    /** One event, alone on its way. */
    @Benchmark
    public long offerToAcknowledged() {
        final InProcessNode current = node;
        if (current == null) {
            throw new IllegalStateException("no node");
        }
        final EventWriter writer = current.writer();
        offered = writer.offer(7, event, 0, PAYLOAD);
        if (offered < 0) {
            throw new IllegalStateException(Result.name(offered));
        }
        while (acknowledged < offered) {
            current.turn();
            writer.poll(acknowledgements, 16);
        }
        return acknowledged;
    }

    /** There and back by the transport: two drivers on one thread. <b>Threading:</b> one thread. */
    @State(Scope.Thread)
    public static class Echo implements SessionHandler, LinkHandler {
        private final BufferClaim claim = new BufferClaim();
        private @Nullable Transport nodeMedia;
        private @Nullable Transport clientMedia;
        private @Nullable SessionAcceptor acceptor;
        private @Nullable Link link;
        private long returnedCount;

        /** Opens a session. */
        @Setup
        public void open() {
            final Transport node = Transport.launch(new Transport.Context());
            nodeMedia = node;
            final Transport client = Transport.launch(new Transport.Context());
            clientMedia = client;
            final SessionAcceptor listening = new SessionAcceptor(
                    node, new AcceptorContext().listenEndpoint("127.0.0.1:0").node("echo", 1, "none", 1 << 20), this);
            acceptor = listening;
            final Link opening = new Link(
                    client,
                    new LinkContext().endpoint(listening.boundEndpoint()).client("echo", 1, 1),
                    this);
            link = opening;
            while (opening.state() != Link.State.OPEN) {
                turn(node, client, listening, opening);
            }
        }

        /** Closes it. */
        @TearDown
        public void close() {
            CloseHelper.closeAll(link, acceptor, clientMedia, nodeMedia);
        }

        private long roundTrip() {
            final Transport node = nodeMedia;
            final Transport client = clientMedia;
            final SessionAcceptor listening = acceptor;
            final Link open = link;
            if (node == null || client == null || listening == null || open == null) {
                throw new IllegalStateException("not open");
            }
            if (open.tryClaim(FRAME, claim) <= 0) {
                throw new IllegalStateException("the link takes no frame");
            }
            frame(claim);
            claim.commit();
            final long wanted = returnedCount + 1;
            while (returnedCount < wanted) {
                turn(node, client, listening, open);
            }
            return returnedCount;
        }

        private static void turn(
                final Transport node, final Transport client, final SessionAcceptor listening, final Link open) {
            final long nowNs = SystemNanoClock.INSTANCE.nanoTime();
            node.doWork();
            listening.doWork(nowNs);
            client.doWork();
            open.doWork(nowNs);
        }

        private void frame(final BufferClaim claimed) {
            new MessageHeaderEncoder()
                    .wrap(claimed.buffer(), claimed.offset())
                    .blockLength(AppendEncoder.BLOCK_LENGTH)
                    .templateId(AppendEncoder.TEMPLATE_ID)
                    .schemaId(AppendEncoder.SCHEMA_ID)
                    .version(AppendEncoder.SCHEMA_VERSION);
            claimed.buffer()
                    .putInt(
                            claimed.offset() + MessageHeaderEncoder.ENCODED_LENGTH + AppendEncoder.BLOCK_LENGTH,
                            112,
                            java.nio.ByteOrder.LITTLE_ENDIAN);
        }

        @Override
        public boolean onFrame(
                final Session session,
                final int templateId,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long receivedNs) {
            return session.offer(buffer, offset, length) > 0;
        }

        @Override
        public boolean onFrame(
                final Link from,
                final int templateId,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long receivedNs) {
            returnedCount++;
            return true;
        }

        @Override
        public void onOpen(final Session session) {}

        @Override
        public void onClose(final Session session) {}

        @Override
        public void onHeartbeat(final Session session) {}

        @Override
        public void onOpened(final Link opened) {}

        @Override
        public void onLost(final Link lost, final String reason) {}

        @Override
        public void onRefused(final Link refused, final RefusalCode code, final String text, final boolean isFinal) {}
    }

    /** Baseline: a frame of the same length goes there and back, nothing is journaled. */
    @Benchmark
    public long roundTripBaseline(final Echo echo) {
        return echo.roundTrip();
    }
}
