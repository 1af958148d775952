package io.millrace.control;

import io.millrace.codec.control.EffectAction;
import java.util.ArrayList;
import java.util.TreeMap;

/**
 * Sees to it that every effect is carried out: hands it to its chain until the chain has committed it, then puts
 * EffectDone on chain 0 until that is committed as well. Nothing here survives a crash; the state says it all again.
 *
 * <p><b>Threading:</b> the device thread. <b>Invariant:</b> per chain, effects go out in the order of their numbers.
 */
final class EffectDispatch {
    /** An effect that is not committed is sent again after this time. */
    static final long RESEND_NS = 100_000_000;

    /** An EffectDone that is not committed is appended again after this time; a repeat does no harm. */
    static final long DONE_REPEAT_NS = 1_000_000_000;

    private static final int MAX_STEPS_PER_CYCLE = 64;

    private final ControlLog log;
    private final EffectSink sink;
    private final CommandWriter writer;
    private final ArrayList<TreeMap<Long, Delivery>> chains = new ArrayList<>();
    private int openCount;
    private boolean urgent;
    private long nextDueNs;
    private int stepCount;
    private long resendCount;

    private static final class Delivery {
        private final int chain;
        private final long number;
        private final EffectAction action;
        private final long streamId;
        private final long segmentId;
        private final long keyLow;
        private final long keyHigh;
        private final long startOffset;
        private boolean tried;
        private boolean committed;
        private long finalLength;
        private long dueNs;

        private Delivery(
                final int chain,
                final long number,
                final EffectAction action,
                final long streamId,
                final long segmentId,
                final long keyLow,
                final long keyHigh,
                final long startOffset) {
            this.chain = chain;
            this.number = number;
            this.action = action;
            this.streamId = streamId;
            this.segmentId = segmentId;
            this.keyLow = keyLow;
            this.keyHigh = keyHigh;
            this.startOffset = startOffset;
        }
    }

    /**
     * Starts without effects.
     *
     * @param log chain 0.
     * @param sink the heads of the data chains.
     * @param writer to encode with.
     */
    EffectDispatch(final ControlLog log, final EffectSink sink, final CommandWriter writer) {
        this.log = log;
        this.sink = sink;
        this.writer = writer;
    }

    /**
     * Takes an effect to be sent in the next duty cycle.
     *
     * @param chain data chain, from 1.
     * @param number in the chain.
     * @param action to do.
     * @param streamId whose.
     * @param segmentId on which.
     * @param keyLow lowest key hash, unsigned.
     * @param keyHigh highest key hash, unsigned, inclusive.
     * @param startOffset of a truncation, else 0.
     */
    void add(
            final int chain,
            final long number,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long keyLow,
            final long keyHigh,
            final long startOffset) {
        while (chains.size() < chain) {
            chains.add(new TreeMap<>());
        }
        final Delivery delivery =
                new Delivery(chain, number, action, streamId, segmentId, keyLow, keyHigh, startOffset);
        if (chains.get(chain - 1).put(number, delivery) == null) {
            openCount++;
        }
        urgent = true;
    }

    /**
     * Forgets an effect whose EffectDone is committed.
     *
     * @param chain data chain, from 1.
     * @param number in the chain.
     */
    void remove(final int chain, final long number) {
        if (chain <= chains.size() && chains.get(chain - 1).remove(number) != null) {
            openCount--;
        }
    }

    /**
     * Takes the news that a chain has committed an effect; news of one that is not open is old news.
     *
     * @param chain data chain, from 1.
     * @param number in the chain.
     * @param action that was done.
     * @param streamId whose.
     * @param segmentId on which.
     * @param finalLength committed length in bytes after it.
     * @throws IllegalStateException when the chain has committed another effect under this number.
     */
    void onCommitted(
            final int chain,
            final long number,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        final Delivery delivery =
                chain >= 1 && chain <= chains.size() ? chains.get(chain - 1).get(number) : null;
        if (delivery == null || delivery.committed) {
            return;
        }
        if (delivery.action != action || delivery.streamId != streamId || delivery.segmentId != segmentId) {
            throw new IllegalStateException("effect " + number + " of chain " + chain + " was ordered as "
                    + delivery.action + " of " + delivery.streamId + "/" + delivery.segmentId + " and committed as "
                    + action + " of " + streamId + "/" + segmentId);
        }
        delivery.committed = true;
        delivery.tried = false;
        delivery.finalLength = finalLength;
        urgent = true;
    }

    /**
     * Does what is due.
     *
     * @param nowNs of a clock that never goes back.
     * @return messages sent.
     */
    int doWork(final long nowNs) {
        if (openCount == 0 || (!urgent && nowNs - nextDueNs < 0)) {
            return 0;
        }
        urgent = false;
        nextDueNs = nowNs + DONE_REPEAT_NS;
        stepCount = 0;
        for (final TreeMap<Long, Delivery> chain : chains) {
            for (final Delivery delivery : chain.values()) {
                if (!step(delivery, nowNs)) {
                    break;
                }
            }
        }
        return stepCount;
    }

    /** Returns how often effects were sent again. */
    long resendCount() {
        return resendCount;
    }

    /** Sends or appends what is due of one effect; false: leave the rest of this chain for the next cycle. */
    private boolean step(final Delivery delivery, final long nowNs) {
        if (delivery.tried && nowNs - delivery.dueNs < 0) {
            noteDue(delivery.dueNs);
            return true;
        }
        if (stepCount == MAX_STEPS_PER_CYCLE) {
            urgent = true;
            return false;
        }
        return delivery.committed ? appendDone(delivery, nowNs) : send(delivery, nowNs);
    }

    private boolean send(final Delivery delivery, final long nowNs) {
        final int length = writer.segmentEffect(
                delivery.action,
                delivery.streamId,
                delivery.segmentId,
                delivery.keyLow,
                delivery.keyHigh,
                delivery.startOffset);
        final boolean again = delivery.tried;
        if (!sink.trySend(delivery.chain, delivery.number, writer.buffer(), 0, length)) {
            urgent = true;
            return false;
        }
        resendCount += again ? 1 : 0;
        if (delivery.committed) {
            // The chain answered from within the call: EffectDone is due in the next cycle, not after RESEND_NS.
            stepCount++;
        } else {
            onTried(delivery, nowNs + RESEND_NS);
        }
        return true;
    }

    private boolean appendDone(final Delivery delivery, final long nowNs) {
        final int length = writer.effectDone(
                delivery.chain,
                delivery.number,
                delivery.action,
                delivery.streamId,
                delivery.segmentId,
                delivery.finalLength);
        final long position = log.tryAppend(writer.buffer(), length);
        if (position == ControlLog.BACK_PRESSURED) {
            urgent = true;
            return false;
        }
        onTried(delivery, nowNs + (position < 0 ? RESEND_NS : DONE_REPEAT_NS));
        return true;
    }

    private void onTried(final Delivery delivery, final long dueNs) {
        delivery.tried = true;
        delivery.dueNs = dueNs;
        stepCount++;
        noteDue(dueNs);
    }

    private void noteDue(final long dueNs) {
        if (dueNs - nextDueNs < 0) {
            nextDueNs = dueNs;
        }
    }
}
