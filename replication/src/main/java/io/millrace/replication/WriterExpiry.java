package io.millrace.replication;

import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.WriterExpiryBodyEncoder;
import io.millrace.store.PendingOverlay;
import io.millrace.store.StoreStatus;
import io.millrace.store.WriterTable;
import java.util.concurrent.TimeUnit;

/**
 * Proposes the expiry of writers that are gone: the head of a chain looks through its writer table piece by piece and
 * puts a record for each entry that no record has changed for the writer retention. The record alone changes the state,
 * so a replay forgets the same writers.
 *
 * <p>Kept are the writers of open sessions, however quiet, and named writers (P11: their epoch is above 0). After the
 * end of a session and after a start nothing expires for a while: a quiet client may just be reconnecting, and a node
 * may have been down longer than the retention.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated.
 */
final class WriterExpiry {
    /** Entries looked at in one step: some microseconds. */
    static final int SLOTS_PER_STEP = 512;

    /** Time in which clients come back after a start or a lost session; the retention, when that is shorter. */
    static final long GRACE_NS = TimeUnit.HOURS.toNanos(1);

    private final ChainReplica replica;
    private final long retentionNs;
    private final long graceNs;
    private final long startedNs;
    private final WriterExpiryBodyEncoder body = new WriterExpiryBodyEncoder();
    private int nextSlot;
    private long proposedCount;

    /**
     * Looks after one chain.
     *
     * @param replica the chain's head.
     * @param retentionNs how long an idle writer is remembered.
     * @param nowNs monotonic time of the start.
     */
    WriterExpiry(final ChainReplica replica, final long retentionNs, final long nowNs) {
        this.replica = replica;
        this.retentionNs = retentionNs;
        this.graceNs = Math.min(GRACE_NS, retentionNs);
        this.startedNs = nowNs;
    }

    /**
     * Looks at the next entries of the table, and puts a record for each that is to expire. What the journal cannot
     * take now is found again in the next round.
     *
     * @param nowNs monotonic time of this turn.
     * @param epochNs the head's clock, nanoseconds since 1970: what a record put now would bear at least.
     * @return records put.
     */
    int step(final long nowNs, final long epochNs) {
        if (nowNs - startedNs < graceNs || replica.isFenced() || !replica.takesRecords()) {
            return 0;
        }
        final PendingOverlay overlay = replica.overlay();
        final long idleSinceNs = Math.max(overlay.lastTimestampNs(), epochNs) - retentionNs;
        final int limit = overlay.writers().slotLimit();
        final int end = Math.min(nextSlot + SLOTS_PER_STEP, limit);
        int count = 0;
        for (int slot = nextSlot; slot < end; slot++) {
            if (isKept(overlay.writers(), slot, nowNs)
                    || overlay.checkWriterExpiry(slot, idleSinceNs) != StoreStatus.APPEND) {
                continue;
            }
            if (!propose(overlay.writers(), slot)) {
                break;
            }
            count++;
        }
        nextSlot = end < limit ? end : 0;
        proposedCount += count;
        return count;
    }

    /** Gives the number of expiry records put since start. */
    long proposedCount() {
        return proposedCount;
    }

    private boolean isKept(final WriterTable writers, final int slot, final long nowNs) {
        final WriterBinding binding = replica.binding(slot);
        if (binding != null && binding.isBound()) {
            binding.wasBound = true;
            binding.lastBoundNs = nowNs;
            return true;
        }
        return (binding != null && binding.wasBound && nowNs - binding.lastBoundNs < graceNs)
                || (writers.isUsed(slot) && writers.writerEpoch(slot) > 0);
    }

    private boolean propose(final WriterTable writers, final int slot) {
        final int index = replica.begin(RecordKind.WRITER_EXPIRY, WriterExpiryBodyEncoder.BLOCK_LENGTH, 0);
        if (index < 0) {
            return false;
        }
        body.wrap(replica.buffer(), index + LogFormat.RECORD_HEADER_LENGTH)
                .streamId(writers.streamId(slot))
                .segmentId(writers.segmentId(slot))
                .writerIdHigh(writers.writerIdHigh(slot))
                .writerIdLow(writers.writerIdLow(slot));
        replica.sequence(index, WriterExpiryBodyEncoder.BLOCK_LENGTH);
        return true;
    }
}
