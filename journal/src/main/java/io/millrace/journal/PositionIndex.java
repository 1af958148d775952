package io.millrace.journal;

import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * Which batch holds which position, per chain: one entry for the first position of a chain in a batch, in chunks of two
 * long arrays out of a pool that is filled before the steady state and grows by chunks when it must.
 *
 * <p><b>Threading</b>: device thread.
 *
 * <p><b>Invariants</b>: positions and addresses of a chain rise from entry to entry.
 */
final class PositionIndex {
    private static final int CHUNK_SHIFT = 12;
    private static final int KIND_OFFSET = RecordHeaderDecoder.kindEncodingOffset();
    private static final int CHAIN_OFFSET = RecordHeaderDecoder.chainEncodingOffset();
    private static final int POSITION_OFFSET = RecordHeaderDecoder.positionEncodingOffset();
    private static final byte KIND_FILL = (byte) RecordKind.FILL.value();

    private static final int CHUNK_LENGTH = 1 << CHUNK_SHIFT;
    private static final int CHUNK_MASK = CHUNK_LENGTH - 1;

    private final Int2ObjectHashMap<ChainIndex> chains = new Int2ObjectHashMap<>();
    private final long[][] pool;
    private int pooled;

    /**
     * Makes an empty index.
     *
     * @param expectedEntries entries to have room for without growing
     */
    PositionIndex(final long expectedEntries) {
        pooled = (int) Math.max(2, (expectedEntries >>> CHUNK_SHIFT) + 1);
        pool = new long[pooled][];
        for (int i = 0; i < pooled; i++) {
            pool[i] = new long[2 * CHUNK_LENGTH];
        }
    }

    /**
     * Notes a record that lies in a buffer; records without a position of their own are not looked up.
     *
     * @param buffer holds it
     * @param at index of its header
     * @param batchAddress of its batch
     */
    void note(final DirectBuffer buffer, final int at, final long batchAddress) {
        final long position = buffer.getLong(at + POSITION_OFFSET, ByteOrder.LITTLE_ENDIAN);
        if (position > 0 && buffer.getByte(at + KIND_OFFSET) != KIND_FILL) {
            add(buffer.getInt(at + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN), position, batchAddress);
        }
    }

    /**
     * Notes a record.
     *
     * @param chain number
     * @param position of the record
     * @param batchAddress of its batch
     */
    void add(final int chain, final long position, final long batchAddress) {
        ChainIndex index = chains.get(chain);
        if (index == null) {
            index = new ChainIndex();
            chains.put(chain, index);
        }
        if (position <= index.lastPosition) {
            truncate(index, position); // P1: records behind a Truncate take the positions again
        }
        index.lastPosition = position;
        if (index.count == 0 || index.address(index.count - 1) != batchAddress) {
            append(index, position, batchAddress);
        }
    }

    private static void truncate(final ChainIndex index, final long position) {
        while (index.count > 0 && index.position(index.count - 1) >= position) {
            index.count--;
        }
    }

    private void append(final ChainIndex index, final long position, final long batchAddress) {
        final int chunk = index.count >>> CHUNK_SHIFT;
        if (chunk == index.chunks.length) {
            index.grow();
        }
        if (index.chunks[chunk].length == 0) {
            index.chunks[chunk] = pooled > 0 ? pool[--pooled] : new long[2 * CHUNK_LENGTH];
        }
        final int slot = (index.count & CHUNK_MASK) * 2;
        index.chunks[chunk][slot] = position;
        index.chunks[chunk][slot + 1] = batchAddress;
        index.count++;
    }

    /**
     * Finds the batch of a position.
     *
     * @param chain number
     * @param position of a record
     * @return address of the batch, or -1 when the position is not known
     */
    long addressOf(final int chain, final long position) {
        final ChainIndex index = chains.get(chain);
        if (index == null || position > index.lastPosition) {
            return -1;
        }
        int low = 0;
        int high = index.count - 1;
        while (low <= high) {
            final int middle = (low + high) >>> 1;
            if (index.position(middle) <= position) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high < 0 ? -1 : index.address(high);
    }

    /** The entries of one chain. */
    private static final class ChainIndex {
        private static final long[] NONE = {};
        private long[][] chunks = new long[64][];
        private int count;
        private long lastPosition;

        private ChainIndex() {
            java.util.Arrays.fill(chunks, NONE);
        }

        private void grow() {
            final int before = chunks.length;
            chunks = java.util.Arrays.copyOf(chunks, before * 2);
            java.util.Arrays.fill(chunks, before, chunks.length, NONE);
        }

        private long position(final int entry) {
            return chunks[entry >>> CHUNK_SHIFT][(entry & CHUNK_MASK) * 2];
        }

        private long address(final int entry) {
            return chunks[entry >>> CHUNK_SHIFT][(entry & CHUNK_MASK) * 2 + 1];
        }
    }
}
