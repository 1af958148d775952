package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.AckHandler;
import io.millrace.client.EventClaim;
import io.millrace.client.EventHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.NodeInfo;
import io.millrace.client.StreamPosition;
import io.millrace.codec.EventFrame;
import io.millrace.codec.wire.AppendAckEncoder;
import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.DescribeStreamDecoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.ReadCreditDecoder;
import io.millrace.codec.wire.ReadDataEncoder;
import io.millrace.codec.wire.ReadSubscribeDecoder;
import io.millrace.codec.wire.StreamDescriptionEncoder;
import io.millrace.codec.wire.StreamState;
import io.millrace.codec.wire.WriterBindDecoder;
import io.millrace.codec.wire.WriterBoundEncoder;
import io.millrace.codec.wire.WriterReadyEncoder;
import io.millrace.codec.wire.WriterSetupDecoder;
import java.lang.management.ManagementFactory;
import java.util.function.IntConsumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nothing is allocated per event offered, acknowledged or read; the node behind the port allocates nothing either. */
@Timeout(60)
class ClientAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int BURST = 16;
    private static final int WINDOWS = 4;

    private final Echo echo = new Echo();
    private final Millrace.Context context = new Millrace.Context().invoker(true);
    private final ClientConductor conductor = new ClientConductor(context, 1, (settings, high, low) -> echo);
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[100]);
    private final EventClaim claim = new EventClaim();

    private static long allocatedBytes() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    @Test
    void shouldAllocateNothingWhenWriting() {
        final EventWriter writer = conductor.openWriter("test/stream", 0, 0);
        final Count count = new Count();
        write(writer, count, 20_000);
        allocatedBytes();
        final long least = leastOfWindows(window -> write(writer, count, 5_000));
        assertEquals((20_000L + WINDOWS * 5_000L) * BURST, count.acknowledged);
        assertTrue(least < 1024, "allocated " + least + " bytes for " + 5_000 * BURST + " events");
    }

    /**
     * What the Java machine itself allocates once on this thread is in one window only; what writing or reading does,
     * in all.
     */
    private static long leastOfWindows(final IntConsumer work) {
        long least = Long.MAX_VALUE;
        for (int window = 1; window <= WINDOWS; window++) {
            final long before = allocatedBytes();
            work.accept(window);
            least = Math.min(least, allocatedBytes() - before);
        }
        return least;
    }

    private void write(final EventWriter writer, final Count count, final int turns) {
        for (int turn = 0; turn < turns; turn++) {
            final long expected = count.acknowledged + BURST;
            for (int i = 0; i < BURST; i += 2) {
                writer.offer(turn * 31L + i, payload, 0, payload.capacity());
                writer.tryClaim(turn * 31L + i, 50, claim);
                claim.buffer().putLong(0, i);
                claim.commit();
            }
            while (count.acknowledged < expected) {
                writer.poll(count, 1000);
            }
        }
    }

    @Test
    void shouldAllocateNothingWhenReading() {
        final EventReader reader = conductor.openReader("test/stream", StreamPosition.HEAD);
        final Count count = new Count();
        read(reader, count, 400_000);
        allocatedBytes();
        final long least = leastOfWindows(window -> read(reader, count, 400_000 + window * 100_000L));
        assertTrue(least < 1024, "allocated " + least + " bytes for 100000 events");
    }

    private static void read(final EventReader reader, final Count count, final long until) {
        while (count.read < until) {
            reader.poll(count, 100);
        }
    }

    private static final class Count implements AckHandler, EventHandler {
        long acknowledged;
        long read;

        @Override
        public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
            acknowledged++;
        }

        @Override
        public void onEvent(
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long keyHash,
                final long segmentId,
                final long eventOffset) {
            read++;
        }
    }

    /** A node that acknowledges at once and pushes events without end. */
    private static final class Echo implements Network, NodeLink {
        private static final int DATA_HEADER = 32;
        private static final int EVENT_LENGTH = 112;
        private static final int EVENTS_PER_FRAME = 10;

        private final UnsafeBuffer in = new UnsafeBuffer(new byte[16 * 1024]);
        private final UnsafeBuffer message = new UnsafeBuffer(0, 0);
        private final UnsafeBuffer out = new UnsafeBuffer(new byte[16 * 1024]);
        private final UnsafeBuffer events = new UnsafeBuffer(new byte[EVENT_LENGTH * EVENTS_PER_FRAME]);
        private final MessageHeaderEncoder header = new MessageHeaderEncoder();
        private final MessageHeaderDecoder inHeader = new MessageHeaderDecoder();
        private final AppendDecoder append = new AppendDecoder();
        private final WriterSetupDecoder setup = new WriterSetupDecoder();
        private final WriterBindDecoder bind = new WriterBindDecoder();
        private final ReadCreditDecoder credit = new ReadCreditDecoder();
        private final AppendAckEncoder ack = new AppendAckEncoder();
        private final ReadDataEncoder data = new ReadDataEncoder();
        private NodeLink.Handler handler = new NoHandler();
        private boolean isOpen;
        private int claimed;
        private long offset;
        private long subscriptionId;
        private long pushed;
        private long granted;

        Echo() {
            for (int i = 0; i < EVENTS_PER_FRAME; i++) {
                EventFrame.putHeader(events, i * EVENT_LENGTH, i, EVENT_LENGTH - EventFrame.HEADER_LENGTH);
            }
        }

        @Override
        public NodeLink connect(final String endpoint, final NodeLink.Handler newHandler) {
            handler = newHandler;
            return this;
        }

        @Override
        public int doWork(final long nowNs) {
            if (!isOpen) {
                isOpen = true;
                handler.onOpened();
            }
            handleClaimed();
            if (subscriptionId != 0 && pushed + events.capacity() <= granted) {
                data.wrapAndApplyHeader(out, 0, header)
                        .subscriptionId(subscriptionId)
                        .segmentId(0)
                        .segmentOffset(pushed)
                        .putBytes(events, 0, events.capacity());
                pushed += events.capacity();
                send(data.encodedLength(), ReadDataEncoder.TEMPLATE_ID);
            }
            return 0;
        }

        private void handleClaimed() {
            if (claimed > 0) {
                message.wrap(in, DATA_HEADER, claimed);
                claimed = 0;
                onMessage();
            }
        }

        private void onMessage() {
            inHeader.wrap(message, 0);
            final int body = MessageHeaderDecoder.ENCODED_LENGTH;
            switch (inHeader.templateId()) {
                case AppendDecoder.TEMPLATE_ID -> {
                    append.wrap(message, body, inHeader.blockLength(), 0);
                    offset += append.eventsLength();
                    ack.wrapAndApplyHeader(out, 0, header)
                            .writerIdHigh(append.writerIdHigh())
                            .writerIdLow(append.writerIdLow())
                            .streamId(append.streamId())
                            .segmentId(append.segmentId())
                            .lastEventNumber(append.firstEventNumber() + append.eventCount() - 1)
                            .segmentOffset(offset);
                    send(ack.encodedLength(), AppendAckEncoder.TEMPLATE_ID);
                }
                case WriterSetupDecoder.TEMPLATE_ID -> onSetup();
                case WriterBindDecoder.TEMPLATE_ID -> {
                    bind.wrap(message, body, inHeader.blockLength(), 0);
                    final WriterBoundEncoder bound = new WriterBoundEncoder();
                    bound.wrapAndApplyHeader(out, 0, header).correlationId(bind.correlationId());
                    send(bound.encodedLength(), WriterBoundEncoder.TEMPLATE_ID);
                }
                case ReadSubscribeDecoder.TEMPLATE_ID -> {
                    final ReadSubscribeDecoder subscribe =
                            new ReadSubscribeDecoder().wrap(message, body, inHeader.blockLength(), 0);
                    subscriptionId = subscribe.subscriptionId();
                    granted = subscribe.creditBytes();
                }
                case ReadCreditDecoder.TEMPLATE_ID ->
                    granted = credit.wrap(message, body, inHeader.blockLength(), 0)
                            .creditOffset();
                default -> {}
            }
        }

        private void onSetup() {
            setup.wrap(message, MessageHeaderDecoder.ENCODED_LENGTH, inHeader.blockLength(), 0);
            final WriterReadyEncoder ready = new WriterReadyEncoder();
            ready.wrapAndApplyHeader(out, 0, header)
                    .correlationId(setup.correlationId())
                    .writerIdHigh(setup.writerIdHigh())
                    .writerIdLow(setup.writerIdLow())
                    .streamId(setup.streamId())
                    .segmentId(setup.segmentId())
                    .lastEventNumber(0)
                    .head("")
                    .tail("");
            send(ready.encodedLength(), WriterReadyEncoder.TEMPLATE_ID);
        }

        private void send(final int bodyLength, final int templateId) {
            handler.onFrame(templateId, out, 0, MessageHeaderEncoder.ENCODED_LENGTH + bodyLength);
        }

        @Override
        public long tryClaim(final int length, final BufferClaim bufferClaim) {
            if (claimed > 0) {
                return -2;
            }
            claimed = length;
            bufferClaim.wrap(in, 0, DATA_HEADER + length);
            return 1;
        }

        @Override
        public long offer(final DirectBuffer buffer, final int index, final int length) {
            final DescribeStreamDecoder describe = new DescribeStreamDecoder()
                    .wrap(buffer, index + MessageHeaderDecoder.ENCODED_LENGTH, DescribeStreamDecoder.BLOCK_LENGTH, 0);
            final StreamDescriptionEncoder description = new StreamDescriptionEncoder();
            description
                    .wrapAndApplyHeader(out, 0, header)
                    .requestId(describe.requestId())
                    .streamId(7)
                    .state(StreamState.ACTIVE);
            description
                    .segmentsCount(1)
                    .next()
                    .segmentId(0)
                    .keyLow(0)
                    .keyHigh(-1)
                    .startOffset(0)
                    .length(0)
                    .segmentSealed((short) 0);
            description.chainsCount(0);
            description.scopeName("test").streamName("stream").putHeader(new byte[0], 0, 0);
            send(description.encodedLength(), StreamDescriptionEncoder.TEMPLATE_ID);
            return 1;
        }

        @Override
        public boolean isOpen() {
            return isOpen;
        }

        @Override
        public int maxFrameLength() {
            return 8 * 1024;
        }

        @Override
        public int maxEventLength() {
            return EventFrame.MAX_PAYLOAD;
        }

        @Override
        public NodeInfo nodeInfo() {
            return new NodeInfo("echo", 1, "none", EventFrame.MAX_PAYLOAD);
        }

        @Override
        public String lastFailure() {
            return "";
        }

        @Override
        public long rebuildCount() {
            return 0;
        }

        @Override
        public long nakCount() {
            return 0;
        }

        @Override
        public long retransmitCount() {
            return 0;
        }

        @Override
        public void close() {}
    }

    private static final class NoHandler implements NodeLink.Handler {
        @Override
        public void onOpened() {}

        @Override
        public void onLost(final String reason) {}

        @Override
        public void onFrame(final int templateId, final DirectBuffer buffer, final int offset, final int length) {}

        @Override
        public void onRefused(final io.millrace.codec.ErrorCode code, final String text, final boolean isFinal) {}
    }
}
