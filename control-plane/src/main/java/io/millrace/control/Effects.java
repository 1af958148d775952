package io.millrace.control;

import io.millrace.codec.control.EffectAction;
import org.agrona.DirectBuffer;

/**
 * What a command brings about outside the control state; filled by {@link ControlState#apply}.
 *
 * <p><b>Threading:</b> called on the thread that applies, during the call. The state keeps every effect until its
 * EffectDone, so a receiver may forget what it was told: {@link ControlState#forEachPendingEffect} says it again.
 */
public interface Effects {
    /**
     * An effect is to be carried out by the head of a data chain.
     *
     * @param chain data chain, from 1.
     * @param effectNumber dense per chain, from 1.
     * @param action what to do.
     * @param streamId of the segment's stream.
     * @param segmentId in the stream.
     * @param keyLow lowest key hash of the segment, unsigned.
     * @param keyHigh highest key hash, unsigned, inclusive.
     * @param startOffset of TRUNCATE_SEGMENT: the first byte that stays; else 0.
     */
    void onEffect(
            int chain,
            long effectNumber,
            EffectAction action,
            long streamId,
            long segmentId,
            long keyLow,
            long keyHigh,
            long startOffset);

    /**
     * An effect is done and is not to be sent again.
     *
     * @param chain data chain, from 1.
     * @param effectNumber its number.
     */
    void onEffectDone(int chain, long effectNumber);

    /**
     * A request has its answer: at once, when its effects are done, or once more when it was repeated.
     *
     * @param clientIdHigh upper half of the client's id.
     * @param clientIdLow lower half.
     * @param requestId of the request.
     * @param commandHash hash of the command's bytes: a client may have used one id for two commands.
     * @param result {@link ControlStatus#DONE}, {@link ControlStatus#ALREADY}, or the negated number of a RefusalCode.
     * @param streamId of the stream it was about, 0: none.
     * @param detail number that helps to understand a refusal, 0: none.
     */
    void onAnswer(
            long clientIdHigh,
            long clientIdLow,
            long requestId,
            long commandHash,
            int result,
            long streamId,
            long detail);

    /**
     * A node is to be told something: a message of {@code millrace-chain.xml}. It may be lost, doubled or late; what
     * needs an answer is said again at every Tick until it has come.
     *
     * @param nodeIdHigh upper half of the node's id.
     * @param nodeIdLow lower half.
     * @param endpoint host:port where the node, or the device the message is for, is reached; empty: unknown.
     * @param message buffer with the encoded message and its SBE header; valid during the call only.
     * @param offset of the SBE header.
     * @param length bytes with the header.
     */
    default void onNodeMessage(
            final long nodeIdHigh,
            final long nodeIdLow,
            final String endpoint,
            final DirectBuffer message,
            final int offset,
            final int length) {}
}
