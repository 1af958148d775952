package io.millrace.control;

import org.agrona.DirectBuffer;

/**
 * Port to the heads of the data chains, which journal an effect with its number (P12).
 *
 * <p><b>Threading:</b> called on the device thread, from within {@link ControlService#doWork} only; it may call
 * {@link ControlService#onEffectCommitted} back at once.
 *
 * <p><b>Contract:</b> an effect is sent again until its EffectDone is committed, so it arrives late and twice. The head
 * appends it only when its number is the chain's last one + 1. A number that the chain has <i>committed</i> already is
 * answered anew, by {@link ControlService#onEffectCommitted}, and not appended: that is how an answer lost in a crash
 * comes back. A number that is appended but not committed is ignored, a gap likewise: the effects before it are sent
 * again as well.
 */
public interface EffectSink {
    /**
     * Hands over one effect.
     *
     * @param chain data chain, from 1.
     * @param effectNumber dense per chain, from 1.
     * @param segmentEffect buffer with the encoded SegmentEffect message and its SBE header, the body of the record to
     *     write; valid during the call only.
     * @param offset of the SBE header.
     * @param length bytes with the header.
     * @return true when taken or ignored as said above, false under back-pressure: it is offered again in the next duty
     *     cycle.
     */
    boolean trySend(int chain, long effectNumber, DirectBuffer segmentEffect, int offset, int length);
}
