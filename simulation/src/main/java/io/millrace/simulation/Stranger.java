package io.millrace.simulation;

import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.WriterBindEncoder;
import io.millrace.codec.wire.WriterBoundDecoder;
import io.millrace.replication.DeviceAgent;
import io.millrace.store.ChainState;
import io.millrace.store.WriterTable;
import io.millrace.transport.Session;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A session that shows a secret which is not the writer's.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class Stranger implements Session {
    private static final int LENGTH = 8_160;

    private final List<UnsafeBuffer> frames = new ArrayList<>();
    private final List<RefusalCode> refusals = new ArrayList<>();
    private @Nullable Object attachment;

    /** Binds to the first writer that a node knows, with a wrong secret. */
    void bindsTo(final SimNode node, final World world) {
        final DeviceAgent agent = node.agent();
        final ChainState state = node.state(Director.CHAIN);
        if (agent == null || state == null || !state.writers().isUsed(0)) {
            throw new Violation(Director.SCHEDULE, "node " + node.place() + " knows no writer");
        }
        final WriterTable writers = state.writers();
        final ExpandableArrayBuffer frame = new ExpandableArrayBuffer(256);
        final WriterBindEncoder bind = new WriterBindEncoder()
                .wrapAndApplyHeader(frame, 0, new MessageHeaderEncoder())
                .correlationId(1)
                .writerIdHigh(writers.writerIdHigh(0))
                .writerIdLow(writers.writerIdLow(0))
                .streamId(writers.streamId(0))
                .segmentId(writers.segmentId(0))
                .bindSecret(writers.bindSecret(0) + 1)
                .chain(Director.CHAIN);
        world.note(() -> "a stranger binds at node " + node.place());
        agent.onOpen(this);
        agent.onFrame(
                this,
                WriterBindEncoder.TEMPLATE_ID,
                frame,
                0,
                MessageHeaderEncoder.ENCODED_LENGTH + bind.encodedLength(),
                node.clock().nanoTime());
    }

    /** Tells whether the node took it for the writer. */
    boolean isBound() {
        return frames.stream()
                .anyMatch(frame ->
                        new MessageHeaderDecoder().wrap(frame, 0).templateId() == WriterBoundDecoder.TEMPLATE_ID);
    }

    /** Tells whether the node did not. */
    boolean isRefused() {
        return refusals.contains(RefusalCode.BIND_SECRET);
    }

    @Override
    public long id() {
        return Long.MAX_VALUE;
    }

    @Override
    public long clientIdHigh() {
        return 1;
    }

    @Override
    public long clientIdLow() {
        return 1;
    }

    @Override
    public String clientName() {
        return "a stranger";
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isIpc() {
        return false;
    }

    @Override
    public int maxFrameLength() {
        return LENGTH;
    }

    @Override
    public int maxOfferLength() {
        return LENGTH;
    }

    @Override
    public long tryClaim(final int length, final BufferClaim claim) {
        final UnsafeBuffer room =
                new UnsafeBuffer(new byte[length + io.aeron.protocol.DataHeaderFlyweight.HEADER_LENGTH]);
        claim.wrap(room, 0, room.capacity());
        frames.add(new UnsafeBuffer(room, claim.offset(), length));
        return 1;
    }

    @Override
    public long offer(final DirectBuffer buffer, final int offset, final int length) {
        return length > 0 ? 1 : Publication.CLOSED;
    }

    @Override
    public boolean refuse(
            final RefusalCode code,
            final int requestTemplateId,
            final long requestId,
            final long streamId,
            final long segmentId,
            final long detail,
            final long writerIdHigh,
            final long writerIdLow,
            final String text) {
        return refusals.add(code);
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public void attach(final @Nullable Object object) {
        attachment = object;
    }

    @Override
    public void close() {
        // it stays
    }
}
