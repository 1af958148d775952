package io.millrace.replication;

import io.millrace.journal.Journal;

/**
 * Marks what was found to be unreadable on the device while the replica is in service: a neighbour has it (P4).
 *
 * <p><b>Threading</b>: the device thread.
 */
final class Unreadable {
    private Unreadable() {}

    /**
     * Marks the records of a chain that lie in one batch with one that cannot be read. A chain of one has nobody to
     * ask.
     *
     * @param replica of the chain.
     * @param journal of the device.
     * @param position of the record.
     */
    static void mark(final ChainReplica replica, final Journal journal, final long position) {
        final PositionRanges holes = replica.log().holes();
        final int chain = replica.chain();
        final long address = replica.membership().isAlone() ? -1 : journal.addressOf(chain, position);
        if (address < 0 || position > replica.durablePosition() || holes.holds(position)) {
            return;
        }
        long first = position;
        while (journal.addressOf(chain, first - 1) == address && !holes.holds(first - 1)) {
            first--;
        }
        long last = position;
        while (last < replica.durablePosition()
                && journal.addressOf(chain, last + 1) == address
                && !holes.holds(last + 1)) {
            last++;
        }
        holes.mark(first, last);
        replica.flow().filledPosition = 0;
    }
}
