package io.millrace.journal;

import java.util.List;

/**
 * What {@link JournalSurvey} found: where a journal is damaged, what lies unharmed behind it, and which chains are
 * touched.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param summary of the whole batches before the first damage
 * @param ranges damaged, in the order of their addresses; empty when the journal is sound
 * @param survivingBatchCount whole batches behind the first damage
 * @param survivingRecordCount records in them
 * @param survivingBytes their length
 * @param chains with records behind the first damage
 */
public record JournalDamage(
        DumpSummary summary,
        List<Range> ranges,
        long survivingBatchCount,
        long survivingRecordCount,
        long survivingBytes,
        List<ChainDamage> chains) {
    /**
     * One damaged range.
     *
     * @param address of its first byte
     * @param lengthBytes up to the next whole batch
     * @param firstSequence of the first batch in it
     * @param lastSequence of the last batch in it
     */
    public record Range(long address, long lengthBytes, long firstSequence, long lastSequence) {}

    /**
     * What the damage does to a chain.
     *
     * @param chain number
     * @param lastPositionBefore the first damage, 0 when there is none
     * @param missingPositionCount positions that lie in a damaged range
     * @param lastPosition of the chain on this device
     */
    public record ChainDamage(int chain, long lastPositionBefore, long missingPositionCount, long lastPosition) {
        /**
         * Tells what a cut at the first damage would lose.
         *
         * @return positions, durable ones and missing ones
         */
        public long lostByCutCount() {
            return lastPosition - lastPositionBefore;
        }
    }
}
