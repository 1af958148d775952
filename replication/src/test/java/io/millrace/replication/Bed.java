package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.EventFrame;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.SegmentEffectEncoder;
import io.millrace.codec.wire.AckEchoEncoder;
import io.millrace.codec.wire.AppendAckDecoder;
import io.millrace.codec.wire.AppendEncoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.ReadCreditEncoder;
import io.millrace.codec.wire.ReadDataDecoder;
import io.millrace.codec.wire.ReadEndDecoder;
import io.millrace.codec.wire.ReadStartedDecoder;
import io.millrace.codec.wire.ReadSubscribeEncoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.codec.wire.StartAt;
import io.millrace.codec.wire.WriterBindEncoder;
import io.millrace.codec.wire.WriterBoundDecoder;
import io.millrace.codec.wire.WriterReadyDecoder;
import io.millrace.codec.wire.WriterSetupEncoder;
import io.millrace.journal.BlockDevice;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.journal.memory.MemoryDevice;
import io.millrace.store.Segment;
import io.millrace.store.StoreLimits;
import io.millrace.transport.AcceptorContext;
import io.millrace.transport.Link;
import io.millrace.transport.LinkContext;
import io.millrace.transport.LinkHandler;
import io.millrace.transport.SessionAcceptor;
import io.millrace.transport.Transport;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;

/** A device thread and its clients over real loopback, all stepped by hand on the test's thread. */
final class Bed implements AutoCloseable {
    static final int CHAIN = 1;
    static final long STREAM = 7;
    static final long SEGMENT = 0;
    static final UUID NODE = new UUID(1, 2);

    final byte[] medium;
    FaultyDevice device;
    DeviceAgent agent;
    SessionAcceptor acceptor;
    private final Transport nodeMedia;
    private final Transport clientMedia;
    private final List<Client> clients = new ArrayList<>();
    private final int bufferLength;
    private final ChainPlacement placement;
    private long secret = 100;
    private long skewNs;

    Bed() {
        this(32 << 20, 4 << 20);
    }

    Bed(final int mediumLength, final int bufferLength) {
        this(mediumLength, bufferLength, ChainPlacement.single(2), 4 << 20);
    }

    Bed(final int mediumLength, final int bufferLength, final int zoneLength) {
        this(mediumLength, bufferLength, ChainPlacement.single(2), zoneLength);
    }

    Bed(final int mediumLength, final int bufferLength, final ChainPlacement placement) {
        this(mediumLength, bufferLength, placement, 4 << 20);
    }

    private Bed(final int mediumLength, final int bufferLength, final ChainPlacement placement, final int zoneLength) {
        this.placement = placement;
        this.bufferLength = bufferLength;
        medium = new byte[mediumLength];
        device = new FaultyDevice(medium, 1).inOrder(true);
        Journal.format(device, new FormatContext().zoneLength(zoneLength).nodeId(NODE));
        nodeMedia = Transport.launch(new Transport.Context());
        clientMedia = Transport.launch(new Transport.Context());
        startAgent(device);
    }

    /** A bed over memory that allocates nothing per write; it cannot hold, fail or crash. */
    static Bed overPlainMemory(final int mediumLength, final int bufferLength) {
        return new Bed(new byte[mediumLength], bufferLength);
    }

    private Bed(final byte[] plainMemory, final int bufferLength) {
        placement = ChainPlacement.single(2);
        this.bufferLength = bufferLength;
        medium = plainMemory;
        device = new FaultyDevice(new byte[0], 1);
        final MemoryDevice memory = new MemoryDevice(medium);
        Journal.format(memory, new FormatContext().zoneLength(4 << 20).nodeId(NODE));
        nodeMedia = Transport.launch(new Transport.Context());
        clientMedia = Transport.launch(new Transport.Context());
        startAgent(memory);
    }

    private void startAgent(final BlockDevice device) {
        agent = new DeviceAgent(
                new JournalContext().device(device).nodeId(NODE).bufferLength(bufferLength),
                placement,
                StoreLimits.defaults(),
                ReplicationLimits.defaults(),
                this::nowNs,
                () -> new SystemEpochNanoClock().nanoTime() + skewNs,
                () -> ++secret);
        agent.recover();
        acceptor = new SessionAcceptor(
                nodeMedia, new AcceptorContext().listenEndpoint("127.0.0.1:0").node("bed", 1, "test", 1 << 20), agent);
        agent.endpoint(acceptor.boundEndpoint());
    }

    /** Ends the agent as kill -9 does: what the device has not is lost. Clients have to be made anew. */
    void crashAndRestart() {
        for (final Client client : clients) {
            client.link.close();
        }
        clients.clear();
        acceptor.close();
        device.crash();
        agent.close();
        device = new FaultyDevice(medium, 2).inOrder(true);
        startAgent(device);
    }

    Client connect(final String name) {
        final Client client = new Client(name);
        clients.add(client);
        until("session of " + name, () -> client.link.state() == Link.State.OPEN);
        return client;
    }

    /** Closes a client's session, as a process that ends does. */
    void disconnect(final Client client) {
        client.link.close();
        clients.remove(client);
    }

    void turn() {
        stepNode(nowNs());
        stepClients();
    }

    /** The node's monotonic time. */
    long nowNs() {
        return SystemNanoClock.INSTANCE.nanoTime() + skewNs;
    }

    /** Lets time pass for the node at once, its clock of the day included. */
    void pass(final long durationNs) {
        skewNs += durationNs;
    }

    void stepNode(final long nowNs) {
        nodeMedia.doWork();
        acceptor.doWork(nowNs);
        agent.doWork(nowNs);
        nodeMedia.doWork();
    }

    void stepClients() {
        clientMedia.doWork();
        final long nowNs = SystemNanoClock.INSTANCE.nanoTime();
        for (final Client client : clients) {
            client.link.doWork(nowNs);
        }
    }

    void turns(final int count) {
        for (int i = 0; i < count; i++) {
            turn();
        }
    }

    void until(final String what, final BooleanSupplier condition) {
        final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertTrue(SystemNanoClock.INSTANCE.nanoTime() < deadlineNs, "waited 10 s for: " + what);
            turn();
        }
    }

    long segmentLength() {
        final Segment segment = agent.state(CHAIN).segment(STREAM, SEGMENT);
        return segment == null ? -1 : segment.length();
    }

    void effect(final long number, final EffectAction action) {
        effect(number, action, SEGMENT);
    }

    void effect(final long number, final EffectAction action, final long segmentId) {
        effect(number, action, segmentId, 0, -1);
    }

    void effect(
            final long number, final EffectAction action, final long segmentId, final long keyLow, final long keyHigh) {
        effect(CHAIN, number, action, segmentId, keyLow, keyHigh);
    }

    void effect(
            final int chain,
            final long number,
            final EffectAction action,
            final long segmentId,
            final long keyLow,
            final long keyHigh) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final SegmentEffectEncoder encoder = new SegmentEffectEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, new io.millrace.codec.control.MessageHeaderEncoder())
                .streamId(STREAM)
                .segmentId(segmentId)
                .keyLow(keyLow)
                .keyHigh(keyHigh)
                .action(action);
        until("room", () -> agent.appendEffect(chain, number, buffer, 0, 8 + encoder.encodedLength()));
        until("effect " + number, () -> agent.state(chain).lastEffectNumber() >= number);
    }

    void truncate(final long number, final long startOffset) {
        truncate(number, SEGMENT, startOffset);
    }

    void truncate(final long number, final long segmentId, final long startOffset) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final SegmentEffectEncoder encoder = new SegmentEffectEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, new io.millrace.codec.control.MessageHeaderEncoder())
                .streamId(STREAM)
                .segmentId(segmentId)
                .action(EffectAction.TRUNCATE_SEGMENT)
                .startOffset(startOffset);
        until("room", () -> agent.appendEffect(CHAIN, number, buffer, 0, 8 + encoder.encodedLength()));
        until("effect " + number, () -> agent.state(CHAIN).lastEffectNumber() >= number);
    }

    @Override
    public void close() {
        for (final Client client : clients) {
            client.link.close();
        }
        acceptor.close();
        agent.close();
        clientMedia.close();
        nodeMedia.close();
    }

    /** Speaks the wire by hand and keeps what it hears. */
    final class Client implements LinkHandler {
        final Link link;
        long segmentId = SEGMENT;
        final ByteArrayOutputStream read = new ByteArrayOutputStream();
        final List<RefusalCode> refusals = new ArrayList<>();
        long refusalDetail;
        long acked;
        long ackedOffset;
        int ackCount;
        long readyLast = -1;
        long bindSecret;
        long chainEpoch = 1;
        long boundLast = -1;
        long readStarted = -1;
        long readEnd = -1;
        boolean accept = true;
        private final BufferClaim claim = new BufferClaim();
        private final MessageHeaderEncoder header = new MessageHeaderEncoder();
        private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
        private long correlationId;

        Client(final String name) {
            link = new Link(
                    clientMedia,
                    new LinkContext().endpoint(acceptor.boundEndpoint()).client(name, name.hashCode(), 1),
                    this);
        }

        Client writer(final long writerId) {
            setup(writerId, 0, false);
            until("writer ready", () -> readyLast >= 0);
            bind(writerId, bindSecret);
            until("writer bound", () -> boundLast >= 0);
            return this;
        }

        void setup(final long writerId, final int epoch, final boolean resume) {
            readyLast = -1;
            claim(MessageHeaderEncoder.ENCODED_LENGTH + WriterSetupEncoder.BLOCK_LENGTH);
            new WriterSetupEncoder()
                    .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                    .correlationId(++correlationId)
                    .writerIdHigh(writerId)
                    .writerIdLow(0)
                    .streamId(STREAM)
                    .segmentId(segmentId)
                    .writerEpoch(epoch)
                    .chain(CHAIN)
                    .resume((short) (resume ? 1 : 0));
            claim.commit();
        }

        void bind(final long writerId, final long withSecret) {
            boundLast = -1;
            claim(MessageHeaderEncoder.ENCODED_LENGTH + WriterBindEncoder.BLOCK_LENGTH);
            new WriterBindEncoder()
                    .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                    .correlationId(++correlationId)
                    .writerIdHigh(writerId)
                    .writerIdLow(0)
                    .streamId(STREAM)
                    .segmentId(segmentId)
                    .bindSecret(withSecret)
                    .chain(CHAIN);
            claim.commit();
        }

        void append(final long writerId, final long first, final String... payloads) {
            int bytes = 0;
            for (final String payload : payloads) {
                bytes += EventFrame.frameLength(payload.length());
            }
            final ExpandableArrayBuffer events = new ExpandableArrayBuffer(bytes);
            int at = 0;
            for (final String payload : payloads) {
                events.putInt(at, payload.length());
                events.putLong(at + 4, payload.hashCode());
                events.putStringWithoutLengthAscii(at + 12, payload);
                at += EventFrame.frameLength(payload.length());
            }
            send(writerId, first, payloads.length, events, 0, bytes, false, 0, 0, false);
        }

        void send(
                final long writerId,
                final long first,
                final int count,
                final DirectBuffer events,
                final int offset,
                final int bytes,
                final boolean fragment,
                final int fragmentOffset,
                final int fragmentedLength,
                final boolean last) {
            claim(MessageHeaderEncoder.ENCODED_LENGTH
                    + AppendEncoder.BLOCK_LENGTH
                    + AppendEncoder.eventsHeaderLength()
                    + bytes);
            final AppendEncoder append = new AppendEncoder()
                    .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                    .writerIdHigh(writerId)
                    .writerIdLow(0)
                    .streamId(STREAM)
                    .segmentId(segmentId)
                    .chainEpoch(chainEpoch)
                    .firstEventNumber(first)
                    .expectedOffset(-1)
                    .chain(CHAIN)
                    .writerEpoch(0)
                    .eventCount(count)
                    .fragmentOffset(fragmentOffset)
                    .fragmentedLength(fragmentedLength)
                    .durability(Durability.MEDIA);
            append.flags().clear().fragment(fragment).lastFragment(last);
            append.putEvents(events, offset, bytes);
            claim.commit();
        }

        void subscribe(final long id, final StartAt startAt, final long offset, final long credit) {
            readStarted = -1;
            claim(MessageHeaderEncoder.ENCODED_LENGTH + ReadSubscribeEncoder.BLOCK_LENGTH);
            new ReadSubscribeEncoder()
                    .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                    .subscriptionId(id)
                    .streamId(STREAM)
                    .segmentId(segmentId)
                    .startOffset(offset)
                    .creditBytes(credit)
                    .chain(CHAIN)
                    .startAt(startAt);
            claim.commit();
        }

        void credit(final long id, final long offset) {
            claim(MessageHeaderEncoder.ENCODED_LENGTH + ReadCreditEncoder.BLOCK_LENGTH);
            new ReadCreditEncoder()
                    .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                    .subscriptionId(id)
                    .creditOffset(offset);
            claim.commit();
        }

        void echo(final long writerId, final long number) {
            claim(MessageHeaderEncoder.ENCODED_LENGTH + AckEchoEncoder.BLOCK_LENGTH);
            new AckEchoEncoder()
                    .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                    .writerIdHigh(writerId)
                    .writerIdLow(0)
                    .streamId(STREAM)
                    .segmentId(segmentId)
                    .lastEventNumber(number);
            claim.commit();
        }

        /** Cuts the payloads out of the bytes read so far; an event that is not whole yet is left out. */
        List<String> events() {
            final byte[] bytes = read.toByteArray();
            final List<String> payloads = new ArrayList<>();
            final org.agrona.concurrent.UnsafeBuffer buffer = new org.agrona.concurrent.UnsafeBuffer(bytes);
            int at = 0;
            while (at + 12 <= bytes.length && at + 12 + buffer.getInt(at) <= bytes.length) {
                final int length = buffer.getInt(at);
                payloads.add(buffer.getStringWithoutLengthAscii(at + 12, length));
                at += 12 + length;
            }
            return payloads;
        }

        private void claim(final int length) {
            until("room to send", () -> link.tryClaim(length, claim) > 0);
        }

        @Override
        public void onOpened(final Link opened) {}

        @Override
        public void onLost(final Link lost, final String reason) {}

        @Override
        public void onRefused(final Link refused, final RefusalCode code, final String text, final boolean isFinal) {
            refusals.add(code);
        }

        @Override
        public boolean onFrame(
                final Link from,
                final int templateId,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long receivedNs) {
            if (!accept) {
                return false;
            }
            switch (templateId) {
                case WriterReadyDecoder.TEMPLATE_ID -> {
                    final WriterReadyDecoder ready =
                            new WriterReadyDecoder().wrapAndApplyHeader(buffer, offset, headerDecoder);
                    bindSecret = ready.bindSecret();
                    chainEpoch = ready.chainEpoch();
                    readyLast = ready.lastEventNumber();
                }
                case WriterBoundDecoder.TEMPLATE_ID ->
                    boundLast = new WriterBoundDecoder()
                            .wrapAndApplyHeader(buffer, offset, headerDecoder)
                            .lastEventNumber();
                case AppendAckDecoder.TEMPLATE_ID -> {
                    final AppendAckDecoder ack =
                            new AppendAckDecoder().wrapAndApplyHeader(buffer, offset, headerDecoder);
                    acked = ack.lastEventNumber();
                    ackedOffset = ack.segmentOffset();
                    ackCount++;
                }
                case RefusalDecoder.TEMPLATE_ID -> {
                    final RefusalDecoder refusal =
                            new RefusalDecoder().wrapAndApplyHeader(buffer, offset, headerDecoder);
                    refusals.add(refusal.code());
                    refusalDetail = refusal.detail();
                }
                case ReadStartedDecoder.TEMPLATE_ID ->
                    readStarted = new ReadStartedDecoder()
                            .wrapAndApplyHeader(buffer, offset, headerDecoder)
                            .segmentOffset();
                case ReadEndDecoder.TEMPLATE_ID ->
                    readEnd = new ReadEndDecoder()
                            .wrapAndApplyHeader(buffer, offset, headerDecoder)
                            .finalOffset();
                case ReadDataDecoder.TEMPLATE_ID ->
                    onData(new ReadDataDecoder().wrapAndApplyHeader(buffer, offset, headerDecoder));
                default -> throw new AssertionError("unexpected message " + templateId);
            }
            return true;
        }

        private void onData(final ReadDataDecoder data) {
            assertTrue(
                    data.segmentOffset() == readStarted + read.size(),
                    "bytes at " + data.segmentOffset() + " after " + (readStarted + read.size()));
            final byte[] bytes = new byte[data.bytesLength()];
            data.getBytes(bytes, 0, bytes.length);
            read.write(bytes, 0, bytes.length);
        }
    }
}
