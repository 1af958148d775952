package io.millrace.replication;

import io.millrace.codec.control.EffectAction;
import io.millrace.transport.Session;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Port: what carries chain 0's commands into the control plane. The device thread knows chain 0 only as a log whose
 * committed bodies go here.
 *
 * <p><b>Threading</b>: the device thread.
 */
public interface ControlChain {
    /**
     * Tells whether a frame belongs to the control plane.
     *
     * @param templateId of {@code millrace-wire.xml}.
     * @return {@code true} when {@link #onFrame} takes it.
     */
    boolean handles(int templateId);

    /**
     * Takes a metadata request.
     *
     * @param session that asks.
     * @param templateId of the message.
     * @param buffer with the frame.
     * @param offset of its SBE header.
     * @param length in bytes, header included.
     * @return {@code false} to have it delivered again (back-pressure).
     */
    boolean onFrame(Session session, int templateId, DirectBuffer buffer, int offset, int length);

    /**
     * Tells that a session is gone.
     *
     * @param session that closed.
     */
    void onSessionClosed(Session session);

    /**
     * Applies a committed command of chain 0, in order, at recovery as in service.
     *
     * @param position in chain 0.
     * @param timestampNs of the record, nanoseconds since 1970.
     * @param buffer with the command.
     * @param offset of the command's SBE header.
     * @param length of the command in bytes.
     */
    void onCommitted(long position, long timestampNs, DirectBuffer buffer, int offset, int length);

    /**
     * Writes the state that the commands committed so far have led to.
     *
     * @param buffer to write to; expands.
     * @param offset of the first byte.
     * @return bytes written.
     */
    int encode(MutableDirectBuffer buffer, int offset);

    /**
     * Takes over a state at recovery, before any command.
     *
     * @param buffer with what {@link #encode} wrote.
     * @param offset of the first byte.
     * @param length in bytes.
     * @throws io.millrace.codec.MillraceException when it is damaged.
     */
    void restore(DirectBuffer buffer, int offset, int length);

    /**
     * Tells that a chain has committed an effect.
     *
     * @param chain data chain, from 1.
     * @param effectNumber of the effect in its chain.
     * @param action what it did.
     * @param streamId of the segment.
     * @param segmentId of the segment.
     * @param finalLength committed length of the segment after it, in bytes.
     */
    void onEffectCommitted(
            int chain, long effectNumber, EffectAction action, long streamId, long segmentId, long finalLength);

    /**
     * Tells at the end of recovery whether every command of chain 0 is needed, on a device whose data chains have
     * members elsewhere: then it must not start with damaged batches, which may have held some.
     *
     * @return false when chain 0 holds nothing, or nothing that is not elsewhere.
     */
    default boolean mustBeWhole() {
        return false;
    }

    /** Tells that the device has failed: no command and no effect that is not committed will be. */
    void onFenced();

    /**
     * Sends what is due.
     *
     * @param nowNs monotonic time of this turn.
     * @return work done.
     */
    int doWork(long nowNs);
}
