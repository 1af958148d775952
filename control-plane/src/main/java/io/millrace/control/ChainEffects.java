package io.millrace.control;

import io.millrace.codec.Ids;
import io.millrace.codec.KeyRange;
import io.millrace.codec.control.EffectAction;
import java.util.Arrays;
import java.util.Collection;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The effects ordered on one data chain: numbered 1, 2, 3 …, kept until they are done (P12).
 *
 * <p><b>Threading:</b> one thread.
 */
final class ChainEffects {
    private final int chain;
    private final TreeMap<Long, Pending> pending = new TreeMap<>();
    private long lastNumber;
    private int segmentCount;

    /**
     * An effect that is not done.
     *
     * @param number in its chain.
     * @param action what to do.
     * @param stream whose.
     * @param segment on which.
     * @param startOffset of a truncation, else 0.
     */
    record Pending(long number, EffectAction action, Stream stream, Segment segment, long startOffset) {}

    /**
     * Starts without effects.
     *
     * @param chain data chain, from 1.
     */
    ChainEffects(final int chain) {
        this.chain = chain;
    }

    /**
     * Orders the next effect.
     *
     * @param action what to do.
     * @param stream whose.
     * @param segment on which; it lies on this chain.
     * @param startOffset of a truncation, else 0.
     * @param effects told of it.
     */
    void order(
            final EffectAction action,
            final Stream stream,
            final Segment segment,
            final long startOffset,
            final Effects effects) {
        final Pending effect = new Pending(++lastNumber, action, stream, segment, startOffset);
        pending.put(effect.number(), effect);
        tell(effect, effects);
    }

    /**
     * Finds an effect that is not done.
     *
     * @param number in this chain.
     * @return the effect, or null when it is done or was never ordered.
     */
    @Nullable
    Pending find(final long number) {
        return pending.get(number);
    }

    /**
     * Forgets an effect that is done.
     *
     * @param number in this chain.
     */
    void remove(final long number) {
        pending.remove(number);
    }

    /**
     * Tells whether an effect of this number was ordered at all.
     *
     * @param number in this chain.
     * @return true when ordered.
     */
    boolean wasOrdered(final long number) {
        return number >= 1 && number <= lastNumber;
    }

    /** Returns the chain's number, from 1. */
    int chain() {
        return chain;
    }

    /** Returns the number of the effect ordered last, 0: none. */
    long lastNumber() {
        return lastNumber;
    }

    /** Returns the effects that are not done, in order; not to be changed. */
    Collection<Pending> pending() {
        return pending.values();
    }

    /**
     * Sets the number of the effect ordered last, of a chain of a snapshot.
     *
     * @param number 0: none.
     */
    void restoreLastNumber(final long number) {
        lastNumber = number;
    }

    /**
     * Keeps an effect of a snapshot.
     *
     * @param effect not done.
     */
    void restorePending(final Pending effect) {
        pending.put(effect.number(), effect);
    }

    /** Returns how many effects are not done. */
    int pendingCount() {
        return pending.size();
    }

    /** Returns how many segments lie on this chain. */
    int segmentCount() {
        return segmentCount;
    }

    /**
     * Counts segments in or out.
     *
     * @param change added to the count.
     */
    void changeSegmentCount(final int change) {
        segmentCount += change;
    }

    /**
     * Tells all effects that are not done, in order.
     *
     * @param effects told.
     */
    void forEachPending(final Effects effects) {
        for (final Pending effect : pending.values()) {
            tell(effect, effects);
        }
    }

    /**
     * Adds this chain to a hash.
     *
     * @param hash to add to.
     */
    void addTo(final StateHash hash) {
        hash.add(chain).add(lastNumber).add(segmentCount).add(pending.size());
        for (final Pending effect : pending.values()) {
            hash.add(effect.number())
                    .add(effect.action().value())
                    .add(effect.stream().id())
                    .add(effect.segment().id())
                    .add(effect.startOffset());
        }
    }

    private void tell(final Pending effect, final Effects effects) {
        final Segment segment = effect.segment();
        effects.onEffect(
                chain,
                effect.number(),
                effect.action(),
                effect.stream().id(),
                segment.id(),
                segment.keyLow(),
                segment.keyHigh(),
                effect.startOffset());
    }

    /**
     * Makes the data chains of a cluster.
     *
     * @param count of chains.
     * @return chains 1, 2, 3 … without effects.
     */
    static ChainEffects[] create(final int count) {
        final ChainEffects[] chains = new ChainEffects[count];
        Arrays.setAll(chains, i -> new ChainEffects(i + 1));
        return chains;
    }

    /**
     * Places each segment of a new stream on the chain with the fewest, of several the next one round from the stream's
     * id.
     *
     * @param chains all data chains; those chosen count one segment more afterwards.
     * @param streamId of the stream.
     * @param count of segments.
     * @return the segments in order of their keys.
     */
    static Segment[] place(final ChainEffects[] chains, final long streamId, final int count) {
        final Segment[] segments = new Segment[count];
        int cursor = (int) ((streamId - 1) % chains.length);
        for (int i = 0; i < count; i++) {
            int best = cursor;
            for (int step = 1; step < chains.length; step++) {
                final int candidate = (cursor + step) % chains.length;
                if (chains[candidate].segmentCount() < chains[best].segmentCount()) {
                    best = candidate;
                }
            }
            chains[best].changeSegmentCount(1);
            segments[i] = new Segment(Ids.segmentId(0, i), KeyRange.low(i, count), KeyRange.high(i, count), best + 1);
            cursor = (best + 1) % chains.length;
        }
        return segments;
    }
}
