package io.millrace.transport;

import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Chooses which elements of an agent's array have their turn: those touched just now, and the next few of all others.
 * One that has not been touched for a while is at rest and passed over in nineteen of twenty rounds.
 *
 * <p><b>Threading</b>: the driver's thread.
 *
 * <p><b>Invariants</b>: every element is in a part at least once a round, one at rest at least once in twenty rounds,
 * or all in every part when turns are rarer; one that was touched is in the next part. Allocates nothing while the
 * array and the lengths of its parts do not change.
 *
 * @param <T> publication or image.
 */
final class DriverPart<T> {
    private static final int ROUND_PART_MAX = 64;
    private static final int TOUCHED_MAX = 256;
    private static final int ROUNDS_OF_REST = 20;
    private static final long NOWHERE = -1;

    private final IntFunction<T[]> newArray;
    private final ToLongFunction<T> keyOf;
    private final Predicate<T> isSettled;
    private final long roundNs;
    private final long touchedNs;
    private final long settledNs;
    private final long warmNs;
    private final long newNs;
    private final Long2ObjectHashMap<T> byKey = new Long2ObjectHashMap<>();
    private final Long2LongHashMap touchedIndexByKey = new Long2LongHashMap(NOWHERE);
    private final Long2LongHashMap warmUntilNsByKey = new Long2LongHashMap(NOWHERE);
    private final T[] chosen;
    private final long[] touchedKeys = new long[TOUCHED_MAX];
    private final long[] touchedAtNs = new long[TOUCHED_MAX];
    private final T[] touched;
    private final @Nullable Object[] partsByLength = new Object[TOUCHED_MAX + ROUND_PART_MAX + 1];
    private T[] whole;
    private T[] part;
    private int touchedCount;
    private long lastKey;
    private int lastIndex = -1;
    private int nextIndex;
    private int round;
    private long roundCredit;
    private long lastTurnNs;
    private boolean isPartial;

    /**
     * Made for one agent.
     *
     * @param newArray of a length.
     * @param keyOf an element.
     * @param isSettled tells whether an element has nothing to do before somebody touches it again.
     * @param roundNs how long a round through all may take.
     * @param touchedNs how long a touched element is in every part.
     * @param settledNs how long a touched element is in every part when it has settled.
     * @param warmNs how long after its touch one is in every round.
     * @param newNs how long a new one is in every round.
     */
    DriverPart(
            final IntFunction<T[]> newArray,
            final ToLongFunction<T> keyOf,
            final Predicate<T> isSettled,
            final long roundNs,
            final long touchedNs,
            final long settledNs,
            final long warmNs,
            final long newNs) {
        this.newArray = newArray;
        this.keyOf = keyOf;
        this.isSettled = isSettled;
        this.roundNs = roundNs;
        this.touchedNs = touchedNs;
        this.settledNs = settledNs;
        this.warmNs = warmNs;
        this.newNs = newNs;
        this.chosen = newArray.apply(ROUND_PART_MAX);
        this.touched = newArray.apply(TOUCHED_MAX);
        this.whole = newArray.apply(0);
        this.part = whole;
    }

    /**
     * Puts an element into every part of the next time; unknown keys and more elements than fit wait for their round.
     *
     * @param key of the element.
     * @param nowNs the turn's time.
     */
    void touch(final long key, final long nowNs) {
        if (lastIndex >= 0 && key == lastKey) {
            touchedAtNs[lastIndex] = nowNs;
        } else if (isPartial) {
            touchOther(key, nowNs);
        }
    }

    private void touchOther(final long key, final long nowNs) {
        int index = (int) touchedIndexByKey.get(key);
        if (index == NOWHERE) {
            final T element = byKey.get(key);
            if (element == null || touchedCount == TOUCHED_MAX) {
                return;
            }
            index = touchedCount++;
            touched[index] = element;
            touchedKeys[index] = key;
            touchedIndexByKey.put(key, index);
        }
        touchedAtNs[index] = nowNs;
        lastKey = key;
        lastIndex = index;
    }

    /**
     * Begins a partial turn.
     *
     * @param all the agent's array.
     * @param nowNs the turn's time.
     * @return the elements whose turn it is; not to be changed.
     */
    T[] begin(final T[] all, final long nowNs) {
        if (all != whole) {
            learn(all, nowNs);
        }
        expire(nowNs);
        final long sinceNs = isPartial ? Math.min(nowNs - lastTurnNs, roundNs) : 0;
        isPartial = true;
        lastTurnNs = nowNs;
        choose(sinceNs, nowNs);
        return part;
    }

    /**
     * Ends a partial turn.
     *
     * @param after what the agent has now in place of its part.
     * @return what it is to have: everything, with what it added and without what it took away.
     */
    T[] end(final T[] after) {
        if (after == part || part == whole) {
            return part == whole ? after : whole;
        }
        final T[] merged = Arrays.copyOf(whole, whole.length + after.length);
        int length = 0;
        for (final T element : whole) {
            if (!contains(part, element) || contains(after, element)) {
                merged[length++] = element;
            }
        }
        for (final T element : after) {
            if (!contains(part, element)) {
                merged[length++] = element;
            }
        }
        return Arrays.copyOf(merged, length);
    }

    /** Returns the number of touched elements. */
    int touchedCount() {
        return touchedCount;
    }

    /**
     * Returns a touched element.
     *
     * @param index below {@link #touchedCount()}.
     */
    T touched(final int index) {
        return touched[index];
    }

    /** Ends partial turns: the next turn is a whole one. */
    void forget() {
        if (isPartial) {
            isPartial = false;
            byKey.clear();
            touchedIndexByKey.clear();
            warmUntilNsByKey.clear();
            touchedCount = 0;
            lastIndex = -1;
            whole = newArray.apply(0);
            part = whole;
            Arrays.fill(partsByLength, null);
        }
    }

    private void choose(final long sinceNs, final long nowNs) {
        roundCredit += sinceNs * whole.length;
        final long due = roundCredit / roundNs;
        if (due > ROUND_PART_MAX || due >= whole.length - touchedCount) {
            roundCredit = 0;
            part = whole; // the last turn was long ago
            return;
        }
        roundCredit -= due * roundNs;
        int count = 0;
        for (long i = 0; i < due; i++) {
            final T element = nextUntouched();
            if ((nextIndex + round) % ROUNDS_OF_REST == 0 || isWarm(keyOf.applyAsLong(element), nowNs)) {
                chosen[count++] = element;
            }
        }
        part = ofLength(touchedCount + count);
        System.arraycopy(touched, 0, part, 0, touchedCount);
        System.arraycopy(chosen, 0, part, touchedCount, count);
    }

    private boolean isWarm(final long key, final long nowNs) {
        final long untilNs = warmUntilNsByKey.get(key);
        if (untilNs == NOWHERE) {
            return false;
        }
        if (nowNs - untilNs >= 0) {
            warmUntilNsByKey.remove(key);
            return false;
        }
        return true;
    }

    // Twice in a part an element would do no harm, unless the agent removes it, by its place, and meets it again.
    private T nextUntouched() {
        while (true) {
            if (++nextIndex >= whole.length) {
                nextIndex = 0;
                round = (round + 1) % ROUNDS_OF_REST;
            }
            final T element = whole[nextIndex];
            final int index = (int) touchedIndexByKey.get(keyOf.applyAsLong(element));
            if (index == NOWHERE || touched[index] != element) {
                return element;
            }
        }
    }

    @SuppressWarnings("unchecked")
    private T[] ofLength(final int length) {
        final Object known = partsByLength[length];
        if (known != null) {
            return (T[]) known;
        }
        final T[] made = newArray.apply(length);
        partsByLength[length] = made;
        return made;
    }

    private void learn(final T[] all, final long nowNs) {
        whole = all;
        for (final T element : all) {
            final long key = keyOf.applyAsLong(element);
            if (byKey.get(key) != element) {
                warmUntilNsByKey.put(key, nowNs + newNs);
            }
        }
        byKey.clear();
        for (final T element : all) {
            byKey.put(keyOf.applyAsLong(element), element);
        }
        warmUntilNsByKey.keySet().removeIf(key -> !byKey.containsKey((long) key));
        lastIndex = -1;
        for (int i = touchedCount - 1; i >= 0; i--) {
            if (byKey.get(touchedKeys[i]) != touched[i]) {
                remove(i);
            }
        }
    }

    private void expire(final long nowNs) {
        for (int i = touchedCount - 1; i >= 0; i--) {
            // The time of a touch is that of the turn before it: that it has had a turn since is told by the second.
            final long agoNs = nowNs - touchedAtNs[i];
            if (touchedAtNs[i] < lastTurnNs && agoNs > settledNs && (agoNs > touchedNs || isSettled.test(touched[i]))) {
                warmUntilNsByKey.put(touchedKeys[i], touchedAtNs[i] + warmNs);
                remove(i);
            }
        }
    }

    private void remove(final int index) {
        final int last = --touchedCount;
        touchedIndexByKey.remove(touchedKeys[index]);
        if (index != last) {
            touched[index] = touched[last];
            touchedKeys[index] = touchedKeys[last];
            touchedAtNs[index] = touchedAtNs[last];
            touchedIndexByKey.put(touchedKeys[index], index);
        }
        lastIndex = -1;
    }

    private static boolean contains(final Object[] elements, final Object element) {
        for (final Object candidate : elements) {
            if (candidate == element) {
                return true;
            }
        }
        return false;
    }
}
