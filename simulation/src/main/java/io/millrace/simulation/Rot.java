package io.millrace.simulation;

import io.millrace.codec.LogFormat;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.Journal;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What rot has made unreadable on one device: nobody may have noticed, so no node can say it.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class Rot {
    private static final int GRANULE = 4096;
    private static final int LONGEST_BATCH = 1 << 20;

    private final List<Lost> lost = new ArrayList<>();

    /**
     * A record that cannot be read where it lies.
     *
     * @param chain of it
     * @param position of it
     * @param batchAddress in the log
     */
    private record Lost(int chain, long position, long batchAddress) {}

    /** Begins with nothing. */
    Rot() {}

    /** Takes note of what is lost with the byte at an address of a medium, before it changes. */
    void note(final byte[] medium, final int address) {
        final UnsafeBuffer bytes = new UnsafeBuffer(medium);
        final int lowest = Math.max(0, address - LONGEST_BATCH);
        for (int at = address & -GRANULE; at >= lowest; at -= GRANULE) {
            if (bytes.getLong(at) == LogFormat.BATCH_MAGIC) {
                final BatchHeaderDecoder batch =
                        new BatchHeaderDecoder().wrap(bytes, at, BatchHeaderDecoder.BLOCK_LENGTH, 0);
                final int end = at + LogFormat.BATCH_HEADER_LENGTH + batch.payloadLength();
                if (address < end) { // else it is padding behind it, which nobody reads
                    noteBatch(bytes, at, end, batch.address());
                }
                return;
            }
        }
    }

    private void noteBatch(final UnsafeBuffer bytes, final int at, final int end, final long batchAddress) {
        int index = at + LogFormat.BATCH_HEADER_LENGTH;
        while (index < end) {
            final RecordHeaderDecoder record =
                    new RecordHeaderDecoder().wrap(bytes, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
            final int length = record.length();
            if (length <= 0) {
                return; // struck before
            }
            if (record.kind() == RecordKind.REMNANT) {
                record.wrap(bytes, index + LogFormat.RECORD_HEADER_LENGTH, RecordHeaderDecoder.BLOCK_LENGTH, 0);
            } else if (record.kind() == RecordKind.FILL) {
                record.wrap(bytes, index + LogFormat.FILL_PREFIX_LENGTH, RecordHeaderDecoder.BLOCK_LENGTH, 0);
            }
            if (record.position() > 0) {
                lost.add(new Lost(record.chain(), record.position(), batchAddress));
            }
            index += LogFormat.align(length);
        }
    }

    /** Tells whether a node would still look for a record of a chain where it cannot be read. */
    boolean isIn(final Journal journal, final int chain) {
        for (final Lost record : lost) {
            if (record.chain == chain && journal.addressOf(chain, record.position) == record.batchAddress) {
                return true;
            }
        }
        return false;
    }
}
