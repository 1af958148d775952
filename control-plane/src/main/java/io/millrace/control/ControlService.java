package io.millrace.control;

import io.millrace.codec.control.EffectAction;
import org.agrona.DirectBuffer;

/**
 * The node's side of the control plane: takes metadata frames from sessions, puts commands on chain 0, applies what is
 * committed, has the effects carried out, and answers.
 *
 * <p><b>Threading:</b> the device thread that carries chain 0.
 *
 * @param <S> the carrier's session, see {@link Reply}.
 */
@SuppressWarnings("DoNotCallSuggester") // bodies follow with the next landing
public final class ControlService<S> {
    /**
     * Wires the service.
     *
     * @param limits of the state and of the service.
     * @param log chain 0.
     * @param effectSink the heads of the data chains.
     * @param reply the sessions.
     * @param segmentLengths the committed state of the data chains.
     */
    public ControlService(
            final ControlLimits limits,
            final ControlLog log,
            final EffectSink effectSink,
            final Reply<S> reply,
            final SegmentLengths segmentLengths) {}

    /**
     * Tells whether a frame is for the control plane.
     *
     * @param templateId of {@code millrace-wire.xml}.
     * @return true for the requests CreateScope (10) to SetStreamHeader (17).
     */
    public static boolean handles(final int templateId) {
        return templateId >= 10 && templateId <= 17;
    }

    /**
     * Takes a metadata frame that {@code WireFrames} has found well-formed.
     *
     * @param session who asks.
     * @param clientIdHigh upper half of the session's client id.
     * @param clientIdLow lower half.
     * @param templateId one that {@link #handles}.
     * @param buffer with the frame.
     * @param offset of its SBE header.
     * @param length bytes with the header.
     * @return true when consumed, false to have it delivered again (back-pressure of chain 0 or of the session).
     */
    public boolean onFrame(
            final S session,
            final long clientIdHigh,
            final long clientIdLow,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        throw new UnsupportedOperationException();
    }

    /**
     * Forgets a session that was closed: nothing is sent to it any more. Its commands go on.
     *
     * @param session the closed one.
     */
    public void onSessionClosed(final S session) {
        throw new UnsupportedOperationException();
    }

    /**
     * Puts NodeStarted on chain 0. To be called after recovery, until it returns true; metadata commands are refused
     * with NOT_READY until it is committed.
     *
     * @param nodeIdHigh upper half of the node's id.
     * @param nodeIdLow lower half.
     * @param deviceUuidHigh upper half of the device's UUID.
     * @param deviceUuidLow lower half.
     * @param incarnation of this start, above all earlier ones of the node.
     * @param chainCount data chains 1 to chainCount; the first start fixes it.
     * @param endpoint host:port where clients reach the node.
     * @return true when appended, false under back-pressure.
     */
    public boolean tryStartNode(
            final long nodeIdHigh,
            final long nodeIdLow,
            final long deviceUuidHigh,
            final long deviceUuidLow,
            final long incarnation,
            final int chainCount,
            final String endpoint) {
        throw new UnsupportedOperationException();
    }

    /**
     * Applies the next committed command of chain 0, at recovery as in service. Sends nothing but answers; effects go
     * out with {@link #doWork}.
     *
     * @param position in chain 0, ascending; positions of other records are left out.
     * @param timestampNs of the record, nanoseconds since 1970.
     * @param buffer with the body of the CONTROL_COMMAND record.
     * @param offset of its SBE header.
     * @param length bytes with the header.
     * @throws IllegalStateException when the body is no command this version knows.
     */
    public void onCommitted(
            final long position,
            final long timestampNs,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes the news that a data chain has committed an effect, for the first time or again (see {@link EffectSink}).
     *
     * @param chain data chain, from 1.
     * @param effectNumber from the record header.
     * @param action from the body.
     * @param streamId from the body.
     * @param segmentId from the body.
     * @param finalLength committed length of the segment in bytes after the effect.
     */
    public void onEffectCommitted(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        throw new UnsupportedOperationException();
    }

    /**
     * Sends what is due: effects and their repeats, EffectDone commands, answers that were back-pressured. Costs a few
     * comparisons when nothing is open.
     *
     * @param nowNs of any clock that never goes back.
     * @return work done.
     */
    public int doWork(final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Tells whether this start's NodeStarted is committed.
     *
     * @return true when metadata commands are taken.
     */
    public boolean isReady() {
        throw new UnsupportedOperationException();
    }

    /** Returns the committed state, for counters and checks; not to be changed by the caller. */
    public ControlState state() {
        throw new UnsupportedOperationException();
    }
}
