package io.millrace.control;

import io.millrace.codec.control.EffectAction;

/** Takes effects and answers, and reads what it is given. */
@SuppressWarnings("UnusedVariable") // it is enough that it is computed
final class Silent implements Effects {
    private long sum;

    @Override
    public void onEffect(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long keyLow,
            final long keyHigh,
            final long startOffset) {
        if (chain < 1 || effectNumber < 1 || Long.compareUnsigned(keyLow, keyHigh) > 0) {
            throw new AssertionError("effect " + effectNumber + " " + action + " of chain " + chain);
        }
        sum += startOffset;
    }

    @Override
    public void onEffectDone(final int chain, final long effectNumber) {
        sum += effectNumber;
    }

    @Override
    public void onAnswer(
            final long clientIdHigh,
            final long clientIdLow,
            final long requestId,
            final long commandHash,
            final int result,
            final long streamId,
            final long detail) {
        sum += result;
    }
}
