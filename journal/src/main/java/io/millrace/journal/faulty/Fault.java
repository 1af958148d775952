package io.millrace.journal.faulty;

/**
 * What is to happen to one write or read of a {@link FaultyDevice}. The first four are honest: the device says that
 * something went wrong, or is only late. The others are lies: it reports success.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param kind what happens
 * @param value errno, bytes, polls or address, as the kind says; 0 where it says nothing
 */
public record Fault(Kind kind, long value) {
    /** What happens to an operation. */
    public enum Kind {
        /** It completes with a negative errno and has no effect; value: errno. */
        FAIL,
        /** Only its first bytes take effect, and the result says so; value: bytes. */
        SHORT,
        /** It completes only after a number of polls that would have delivered it; value: polls. */
        LATE,
        /** A lie of a write: reports success, nothing is written. */
        LOST,
        /** A lie: the operation takes place elsewhere; value: address on the device. */
        MISDIRECTED,
        /** A lie of a write: it stays in a volatile cache; readable, but at a power cut any of its sectors go. */
        CACHED,
        /** A lie: one bit differs; value: number of the bit, taken modulo the bits of the operation. */
        ROTTEN
    }

    /**
     * An operation that fails.
     *
     * @param errno positive
     * @return fault
     */
    public static Fault fail(final int errno) {
        return new Fault(Kind.FAIL, errno);
    }

    /**
     * An operation that comes back short.
     *
     * @param bytes that take effect
     * @return fault
     */
    public static Fault shortBy(final int bytes) {
        return new Fault(Kind.SHORT, bytes);
    }

    /**
     * An operation that takes its time.
     *
     * @param polls that do not deliver it
     * @return fault
     */
    public static Fault late(final int polls) {
        return new Fault(Kind.LATE, polls);
    }

    /**
     * A write that goes nowhere.
     *
     * @return fault
     */
    public static Fault lost() {
        return new Fault(Kind.LOST, 0);
    }

    /**
     * An operation at the wrong place.
     *
     * @param address on the device; moved down when the operation would end behind the device
     * @return fault
     */
    public static Fault misdirected(final long address) {
        return new Fault(Kind.MISDIRECTED, address);
    }

    /**
     * A write whose flush is lost.
     *
     * @return fault
     */
    public static Fault cached() {
        return new Fault(Kind.CACHED, 0);
    }

    /**
     * An operation with a wrong bit.
     *
     * @param bit from 0
     * @return fault
     */
    public static Fault rotten(final long bit) {
        return new Fault(Kind.ROTTEN, bit);
    }

    /**
     * Tells whether the device reports success though something is wrong.
     *
     * @return true for a lie
     */
    public boolean isLie() {
        return kind.compareTo(Kind.LATE) > 0;
    }
}
