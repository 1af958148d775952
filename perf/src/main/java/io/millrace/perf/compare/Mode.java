package io.millrace.perf.compare;

import io.millrace.perf.system.Ability;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * What one run does.
 *
 * <p><b>Threading:</b> immutable.
 */
enum Mode {
    /** Open loop at a rate, latency of acknowledgements. */
    APPEND(Ability.APPEND),
    /** One event under way at a time, latency from the offer. */
    CLOSED(Ability.APPEND),
    /** The highest rate whose p99 stays below ten milliseconds. */
    SEARCH(Ability.APPEND),
    /** Open loop at a rate, latency until a waiting reader sees the event. */
    TAIL(Ability.APPEND, Ability.TAIL_READ),
    /** Everything is read from the start, out of caches where the system has any. */
    WARM(Ability.APPEND, Ability.CATCH_UP_READ),
    /** Everything is read from the start after caches were dropped. */
    COLD(Ability.APPEND, Ability.CATCH_UP_READ),
    /** Open loop at a rate alone, then beside a reader of everything. */
    BESIDE(Ability.APPEND, Ability.CATCH_UP_READ, Ability.READ_BESIDE_WRITE),
    /** Transactions of ten events, one after the other, from begin to known as committed. */
    TRANSACTIONS(Ability.TRANSACTIONS);

    @SuppressWarnings("ImmutableEnumChecker") // nobody changes it
    private final Set<Ability> needed;

    Mode(final Ability first, final Ability... others) {
        this.needed = EnumSet.of(first, others);
    }

    /** What a system must be able to do. */
    Set<Ability> needed() {
        return Collections.unmodifiableSet(needed);
    }

    /** Whether it is measured at a fixed rate. */
    boolean hasRate() {
        return this == APPEND || this == TAIL || this == BESIDE;
    }

    /** Whether the events are read from the start. */
    boolean isReadBack() {
        return this == WARM || this == COLD || this == BESIDE;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
