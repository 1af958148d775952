package io.millrace.server;

import io.millrace.codec.control.EffectAction;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.ControlledMessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * The two bounded queues between the device that carries the control plane and another device of the node: orders one
 * way, news the other. What does not fit is not waited for: orders are repeated by their timers, and news come again
 * when an order is repeated. Other nodes will be spoken to in the same manner.
 *
 * <pre>
 *   order EFFECT       chain int32, 0 int32, effectNumber int64, SegmentEffect with its SBE header
 *   order ASK_LENGTH   queryId int64, index int32, chain int32, streamId int64, segmentId int64
 *   news  EFFECT_DONE  chain int32, action int32, effectNumber int64, streamId int64, segmentId int64, finalLength int64
 *   news  LENGTH       queryId int64, index int32, isSealed int32, chainEpoch int64, length int64, startOffset int64
 *   news  FENCED       0 int64
 * </pre>
 *
 * <p><b>Threading</b>: one thread orders and hears, the control plane's; one obeys and tells, the device's. Nothing is
 * allocated, locked or waited for.
 */
final class DeviceLink {
    /** The longest message is an effect of some hundred bytes; a whole stream's questions fit. */
    private static final int RING_BYTES = 256 * 1024;

    private static final int MESSAGES_A_TURN = 64;
    private static final int EFFECT = 1;
    private static final int ASK_LENGTH = 2;
    private static final int EFFECT_DONE = 3;
    private static final int LENGTH = 4;
    private static final int FENCED = 5;
    private static final int EFFECT_PREFIX = 16;
    private static final int ASK_LENGTH_BYTES = 32;
    private static final int NEWS_BYTES = 40;
    private static final int FENCED_BYTES = 8;
    private static final int SCRATCH_BYTES = 4 * 1024;
    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    private final OneToOneRingBuffer orders = ring();
    private final OneToOneRingBuffer news = ring();
    private final UnsafeBuffer order = new UnsafeBuffer(new byte[SCRATCH_BYTES]);
    private final UnsafeBuffer tiding = new UnsafeBuffer(new byte[NEWS_BYTES]);

    /** Obeys orders, on the device's thread. */
    interface Orders {
        /**
         * Carries out an effect.
         *
         * @return false to be given it again in the next turn.
         */
        boolean onEffect(int chain, long effectNumber, DirectBuffer buffer, int offset, int length);

        /** Answers by {@link DeviceLink#tellLength}. */
        void onAskLength(long queryId, int index, int chain, long streamId, long segmentId);
    }

    /** Hears news, on the control plane's thread. */
    interface News {
        /** A chain has committed an effect. */
        void onEffectDone(
                int chain, long effectNumber, EffectAction action, long streamId, long segmentId, long finalLength);

        /** A question is answered. */
        void onLength(long queryId, int index, long chainEpoch, long length, long startOffset, boolean isSealed);

        /** The device has failed. */
        void onDeviceFenced();
    }

    private static OneToOneRingBuffer ring() {
        return new OneToOneRingBuffer(
                new UnsafeBuffer(ByteBuffer.allocateDirect(RING_BYTES + RingBufferDescriptor.TRAILER_LENGTH)));
    }

    /** Orders an effect; false when there is no room now. */
    boolean orderEffect(
            final int chain, final long effectNumber, final DirectBuffer effect, final int offset, final int length) {
        order.putInt(0, chain, ORDER);
        order.putInt(4, 0, ORDER);
        order.putLong(8, effectNumber, ORDER);
        order.putBytes(EFFECT_PREFIX, effect, offset, length);
        return orders.write(EFFECT, order, 0, EFFECT_PREFIX + length);
    }

    /** Asks for the length of a segment; false when there is no room now. */
    boolean askLength(final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        order.putLong(0, queryId, ORDER);
        order.putInt(8, index, ORDER);
        order.putInt(12, chain, ORDER);
        order.putLong(16, streamId, ORDER);
        order.putLong(24, segmentId, ORDER);
        return orders.write(ASK_LENGTH, order, 0, ASK_LENGTH_BYTES);
    }

    /** Obeys at most {@value #MESSAGES_A_TURN} orders; an effect that is back-pressured stays first. */
    int obey(final ControlledMessageHandler obedience) {
        return orders.controlledRead(obedience, MESSAGES_A_TURN);
    }

    /** Hears at most {@value #MESSAGES_A_TURN} news. */
    int hear(final ControlledMessageHandler hearing) {
        return news.controlledRead(hearing, MESSAGES_A_TURN);
    }

    /** Returns a reader for {@link #obey}, made once. */
    static ControlledMessageHandler obedience(final Orders obeying) {
        return (type, buffer, index, length) -> {
            switch (type) {
                case EFFECT -> {
                    return obeying.onEffect(
                                    buffer.getInt(index, ORDER),
                                    buffer.getLong(index + 8, ORDER),
                                    buffer,
                                    index + EFFECT_PREFIX,
                                    length - EFFECT_PREFIX)
                            ? ControlledMessageHandler.Action.CONTINUE
                            : ControlledMessageHandler.Action.ABORT;
                }
                case ASK_LENGTH ->
                    obeying.onAskLength(
                            buffer.getLong(index, ORDER),
                            buffer.getInt(index + 8, ORDER),
                            buffer.getInt(index + 12, ORDER),
                            buffer.getLong(index + 16, ORDER),
                            buffer.getLong(index + 24, ORDER));
                default -> throw new IllegalStateException("order " + type);
            }
            return ControlledMessageHandler.Action.CONTINUE;
        };
    }

    /** Returns a reader for {@link #hear}, made once. */
    static ControlledMessageHandler hearing(final News listener) {
        return (type, buffer, index, length) -> {
            switch (type) {
                case EFFECT_DONE ->
                    listener.onEffectDone(
                            buffer.getInt(index, ORDER),
                            buffer.getLong(index + 8, ORDER),
                            EffectAction.get((short) buffer.getInt(index + 4, ORDER)),
                            buffer.getLong(index + 16, ORDER),
                            buffer.getLong(index + 24, ORDER),
                            buffer.getLong(index + 32, ORDER));
                case LENGTH ->
                    listener.onLength(
                            buffer.getLong(index, ORDER),
                            buffer.getInt(index + 8, ORDER),
                            buffer.getLong(index + 16, ORDER),
                            buffer.getLong(index + 24, ORDER),
                            buffer.getLong(index + 32, ORDER),
                            buffer.getInt(index + 12, ORDER) != 0);
                case FENCED -> listener.onDeviceFenced();
                default -> throw new IllegalStateException("news " + type);
            }
            return ControlledMessageHandler.Action.CONTINUE;
        };
    }

    /** Tells that an effect is committed; false when there is no room now. */
    boolean tellEffectDone(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        final MutableDirectBuffer to = tiding;
        to.putInt(0, chain, ORDER);
        to.putInt(4, action.value(), ORDER);
        to.putLong(8, effectNumber, ORDER);
        to.putLong(16, streamId, ORDER);
        to.putLong(24, segmentId, ORDER);
        to.putLong(32, finalLength, ORDER);
        return news.write(EFFECT_DONE, to, 0, NEWS_BYTES);
    }

    /** Answers a question; false when there is no room now. */
    boolean tellLength(
            final long queryId,
            final int index,
            final long chainEpoch,
            final long length,
            final long startOffset,
            final boolean isSealed) {
        final MutableDirectBuffer to = tiding;
        to.putLong(0, queryId, ORDER);
        to.putInt(8, index, ORDER);
        to.putInt(12, isSealed ? 1 : 0, ORDER);
        to.putLong(16, chainEpoch, ORDER);
        to.putLong(24, length, ORDER);
        to.putLong(32, startOffset, ORDER);
        return news.write(LENGTH, to, 0, NEWS_BYTES);
    }

    /** Tells that the device has failed; false when there is no room now. */
    boolean tellFenced() {
        tiding.putLong(0, 0, ORDER);
        return news.write(FENCED, tiding, 0, FENCED_BYTES);
    }
}
