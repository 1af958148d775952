package io.millrace.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamInfo;
import io.millrace.codec.EventFrame;
import io.millrace.codec.wire.AppendAckDecoder;
import io.millrace.codec.wire.AppendEncoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.codec.wire.WriterBindEncoder;
import io.millrace.codec.wire.WriterBoundDecoder;
import io.millrace.codec.wire.WriterReadyDecoder;
import io.millrace.codec.wire.WriterSetupEncoder;
import io.millrace.transport.Link;
import io.millrace.transport.LinkContext;
import io.millrace.transport.LinkHandler;
import io.millrace.transport.Transport;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A writer that speaks the wire by hand, so that it can say what the client never would.
 *
 * <p><b>Threading</b>: one thread, which drives the transport while it waits.
 */
final class RawWriter implements LinkHandler, AutoCloseable {
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);

    private final Transport transport;
    private final Link link;
    private final UUID id;
    private final long streamId;
    private final SegmentInfo segment;
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private long bindSecret;
    private long chainEpoch;
    private long lastNumber = -1;
    private boolean isBound;
    private long acknowledged;
    private @Nullable RefusalCode refusal;
    private long refusalDetail;

    /** Opens a session, sets a writer up on the first segment and takes its acknowledgements. */
    RawWriter(final NodeProcess node, final StreamInfo stream, final UUID id) {
        this.id = id;
        streamId = stream.streamId();
        segment = stream.segments().get(0);
        final UUID session = UUID.randomUUID(); // a client's id, not the writer's
        transport = Transport.launch(new Transport.Context());
        link = new Link(
                transport,
                new LinkContext()
                        .endpoint(node.endpoint())
                        .client("by hand", session.getMostSignificantBits(), session.getLeastSignificantBits()),
                this);
        setUp();
    }

    private void setUp() {
        claim(MessageHeaderEncoder.ENCODED_LENGTH + WriterSetupEncoder.BLOCK_LENGTH);
        new WriterSetupEncoder()
                .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                .correlationId(1)
                .writerIdHigh(id.getMostSignificantBits())
                .writerIdLow(id.getLeastSignificantBits())
                .streamId(streamId)
                .segmentId(segment.segmentId())
                .writerEpoch(0)
                .chain(segment.chain())
                .resume((short) 0);
        claim.commit();
        until("the set-up", () -> lastNumber >= 0);
        claim(MessageHeaderEncoder.ENCODED_LENGTH + WriterBindEncoder.BLOCK_LENGTH);
        new WriterBindEncoder()
                .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                .correlationId(2)
                .writerIdHigh(id.getMostSignificantBits())
                .writerIdLow(id.getLeastSignificantBits())
                .streamId(streamId)
                .segmentId(segment.segmentId())
                .bindSecret(bindSecret)
                .chain(segment.chain());
        claim.commit();
        until("the bind", () -> isBound);
    }

    /** Sends one event under a number of the caller's choice. */
    void append(final long number, final String payload) {
        final UnsafeBuffer event = new UnsafeBuffer(new byte[EventFrame.frameLength(payload.length())]);
        event.putInt(0, payload.length());
        event.putLong(4, segment.keyLow());
        event.putBytes(12, payload.getBytes(US_ASCII));
        claim(MessageHeaderEncoder.ENCODED_LENGTH
                + AppendEncoder.BLOCK_LENGTH
                + AppendEncoder.eventsHeaderLength()
                + event.capacity());
        final AppendEncoder append = new AppendEncoder()
                .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                .writerIdHigh(id.getMostSignificantBits())
                .writerIdLow(id.getLeastSignificantBits())
                .streamId(streamId)
                .segmentId(segment.segmentId())
                .chainEpoch(chainEpoch)
                .firstEventNumber(number)
                .expectedOffset(-1)
                .chain(segment.chain())
                .writerEpoch(0)
                .eventCount(1)
                .fragmentOffset(0)
                .fragmentedLength(0)
                .durability(Durability.MEDIA);
        append.flags().clear();
        append.putEvents(event, 0, event.capacity());
        claim.commit();
    }

    /** Waits for the acknowledgement of a number. */
    void awaitAcknowledged(final long number) {
        until("acknowledgement of " + number + " after " + acknowledged, () -> acknowledged == number);
    }

    /** Waits for a refusal and forgets it. Returns the number that helps. */
    long awaitRefusal(final RefusalCode code) {
        until("refusal " + code, () -> refusal == code);
        refusal = null;
        return refusalDetail;
    }

    /** Returns the last number that the node knew at the set-up. */
    long lastNumber() {
        return lastNumber;
    }

    /** Returns the last number acknowledged. */
    long acknowledged() {
        return acknowledged;
    }

    private void claim(final int length) {
        until("room to send", () -> link.tryClaim(length, claim) > 0);
    }

    private void until(final String what, final BooleanSupplier condition) {
        final long deadlineNs = System.nanoTime() + PATIENCE_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadlineNs, () -> what + " did not come; refused: " + refusal);
            if (transport.doWork() + link.doWork(System.nanoTime()) == 0) {
                LockSupport.parkNanos(50_000L);
            }
        }
    }

    @Override
    public void onOpened(final Link opened) {}

    @Override
    public void onLost(final Link lost, final String reason) {}

    @Override
    public void onRefused(final Link refused, final RefusalCode code, final String text, final boolean isFinal) {
        refusal = code;
    }

    @Override
    public boolean onFrame(
            final Link from,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final long receivedNs) {
        switch (templateId) {
            case WriterReadyDecoder.TEMPLATE_ID -> {
                final WriterReadyDecoder ready =
                        new WriterReadyDecoder().wrapAndApplyHeader(buffer, offset, headerDecoder);
                bindSecret = ready.bindSecret();
                chainEpoch = ready.chainEpoch();
                lastNumber = ready.lastEventNumber();
            }
            case WriterBoundDecoder.TEMPLATE_ID -> isBound = true;
            case AppendAckDecoder.TEMPLATE_ID ->
                acknowledged = new AppendAckDecoder()
                        .wrapAndApplyHeader(buffer, offset, headerDecoder)
                        .lastEventNumber();
            case RefusalDecoder.TEMPLATE_ID -> {
                final RefusalDecoder decoded = new RefusalDecoder().wrapAndApplyHeader(buffer, offset, headerDecoder);
                refusal = decoded.code();
                refusalDetail = decoded.detail();
            }
            default -> {}
        }
        return true;
    }

    @Override
    public void close() {
        CloseHelper.closeAll(link, transport);
    }
}
