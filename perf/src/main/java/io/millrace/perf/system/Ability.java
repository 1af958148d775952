package io.millrace.perf.system;

/** What a {@link BenchSystem} can be measured at. <b>Threading:</b> immutable. */
public enum Ability {
    /** Events go in by {@link Target#offer} and come back acknowledged. Every system has it. */
    APPEND,
    /** Somebody waiting at the end is told of an event as soon as the system lets him see it. */
    TAIL_READ,
    /** Everything is read from the start as fast as it goes. */
    CATCH_UP_READ,
    /** A catch-up reader may run on a thread of its own while the target is in use. */
    READ_BESIDE_WRITE,
    /** {@link SystemContext#writers()} may be more than one. */
    WRITERS,
    /** {@link SystemContext#streams()} may be more than one. */
    STREAMS,
    /** Events become visible together: {@link BenchSystem#openTransactions()}. */
    TRANSACTIONS
}
