package io.millrace.store;

/** Is told which positions of the chain log hold bytes that are still wanted. */
@FunctionalInterface
public interface PositionRangeVisitor {
    /**
     * Takes note of a range. Ranges overlap, repeat and come in no order.
     *
     * @param firstPosition first record number of the range
     * @param lastPosition last record number of the range, not below the first
     * @param bytes of the segment that are found by way of the range and are still wanted; about as many for an event
     *     that is open
     */
    void onRange(long firstPosition, long lastPosition, long bytes);
}
