package io.millrace.store;

import java.util.Arrays;

/**
 * Writer entries of one chain by (writerId, streamId, segmentId). An entry lives in a slot that does not move while the
 * entry lives; a caller may keep the slot and ask {@link #matches} before it uses it again.
 *
 * <p><b>Threading:</b> the chain's thread. Allocates only when it grows (by doubling); look-ups and updates never do.
 *
 * <p><b>Invariants:</b> entries are made by a {@code WRITER_SETUP} record only and removed by a {@code WRITER_EXPIRY}
 * record only (P11); sealing or deleting a segment leaves them (P2). The last event number never falls.
 */
public final class WriterTable {
    /** Answer of a look-up that found nothing. */
    public static final int ABSENT = -1;

    private static final int USED = -2;
    private static final int END_OF_LIST = -1;

    private int[] buckets;
    private int[] nextFree;
    private long[] writerIdHigh;
    private long[] writerIdLow;
    private long[] streamId;
    private long[] segmentId;
    private long[] lastEventNumber;
    private long[] endOffset;
    private long[] bindSecret;
    private long[] changePosition;
    private long[] changeTimestampNs;
    private int[] writerEpoch;
    private int[] openEvent;
    private int slotLimit;
    private int firstFree = END_OF_LIST;
    private int size;

    /** Creates an empty table. */
    WriterTable() {
        final int capacity = 256;
        buckets = new int[capacity * 2];
        Arrays.fill(buckets, ABSENT);
        nextFree = new int[capacity];
        writerIdHigh = new long[capacity];
        writerIdLow = new long[capacity];
        streamId = new long[capacity];
        segmentId = new long[capacity];
        lastEventNumber = new long[capacity];
        endOffset = new long[capacity];
        bindSecret = new long[capacity];
        changePosition = new long[capacity];
        changeTimestampNs = new long[capacity];
        writerEpoch = new int[capacity];
        openEvent = new int[capacity];
    }

    /**
     * Finds an entry.
     *
     * @param idHigh writer id, high half
     * @param idLow writer id, low half
     * @param stream stream id
     * @param segment segment id
     * @return its slot, or {@link #ABSENT}
     */
    public int find(final long idHigh, final long idLow, final long stream, final long segment) {
        final int mask = buckets.length - 1;
        int i = hash(idHigh, idLow, stream, segment) & mask;
        int slot = buckets[i];
        while (slot != ABSENT && !sameKey(slot, idHigh, idLow, stream, segment)) {
            i = (i + 1) & mask;
            slot = buckets[i];
        }
        return slot;
    }

    /**
     * Tells whether a slot that was kept still belongs to an entry.
     *
     * @param slot any number
     * @param idHigh writer id, high half
     * @param idLow writer id, low half
     * @param stream stream id
     * @param segment segment id
     * @return true when the entry lives in that slot
     */
    public boolean matches(final int slot, final long idHigh, final long idLow, final long stream, final long segment) {
        return isUsed(slot) && sameKey(slot, idHigh, idLow, stream, segment);
    }

    /**
     * Tells whether a slot holds an entry.
     *
     * @param slot any number
     * @return true when it does
     */
    public boolean isUsed(final int slot) {
        return slot >= 0 && slot < slotLimit && nextFree[slot] == USED;
    }

    /**
     * Gives the number of entries.
     *
     * @return entries
     */
    public int size() {
        return size;
    }

    /**
     * Gives the bound of all slots ever used, for a walk with {@link #isUsed}.
     *
     * @return every used slot is smaller
     */
    public int slotLimit() {
        return slotLimit;
    }

    /**
     * Gives the high half of an entry's writer id.
     *
     * @param slot of the entry
     * @return high half
     */
    public long writerIdHigh(final int slot) {
        return writerIdHigh[slot];
    }

    /**
     * Gives the low half of an entry's writer id.
     *
     * @param slot of the entry
     * @return low half
     */
    public long writerIdLow(final int slot) {
        return writerIdLow[slot];
    }

    /**
     * Gives an entry's stream.
     *
     * @param slot of the entry
     * @return stream id
     */
    public long streamId(final int slot) {
        return streamId[slot];
    }

    /**
     * Gives an entry's segment.
     *
     * @param slot of the entry
     * @return segment id
     */
    public long segmentId(final int slot) {
        return segmentId[slot];
    }

    /**
     * Gives the number of the writer's last event in the segment.
     *
     * @param slot of the entry
     * @return event number, 0 when there is none yet
     */
    public long lastEventNumber(final int slot) {
        return lastEventNumber[slot];
    }

    /**
     * Gives the end of the writer's last event in the segment.
     *
     * @param slot of the entry
     * @return byte offset behind it, 0 when there is none yet
     */
    public long endOffset(final int slot) {
        return endOffset[slot];
    }

    /**
     * Gives the secret of the newest set-up.
     *
     * @param slot of the entry
     * @return the bind secret
     */
    public long bindSecret(final int slot) {
        return bindSecret[slot];
    }

    /**
     * Gives the epoch of the newest set-up.
     *
     * @param slot of the entry
     * @return writer epoch
     */
    public int writerEpoch(final int slot) {
        return writerEpoch[slot];
    }

    /**
     * Gives the position of the record that last changed an entry.
     *
     * @param slot of the entry
     * @return record number in the chain log
     */
    public long changePosition(final int slot) {
        return changePosition[slot];
    }

    /**
     * Gives the head's clock at the record that last changed an entry; fragments count. For the choice of writers to
     * expire: the expiry itself is a record.
     *
     * @param slot of the entry
     * @return nanoseconds since 1970
     */
    public long changeTimestampNs(final int slot) {
        return changeTimestampNs[slot];
    }

    /** Makes an entry with nothing appended. @return its slot */
    int add(
            final long idHigh,
            final long idLow,
            final long stream,
            final long segment,
            final long position,
            final long timestampNs) {
        if (firstFree == END_OF_LIST && slotLimit == nextFree.length) {
            grow();
        }
        final int slot;
        if (firstFree != END_OF_LIST) {
            slot = firstFree;
            firstFree = nextFree[slot];
        } else {
            slot = slotLimit++;
        }
        nextFree[slot] = USED;
        writerIdHigh[slot] = idHigh;
        writerIdLow[slot] = idLow;
        streamId[slot] = stream;
        segmentId[slot] = segment;
        lastEventNumber[slot] = 0;
        endOffset[slot] = 0;
        bindSecret[slot] = 0;
        writerEpoch[slot] = 0;
        openEvent[slot] = OpenEvents.NONE;
        touch(slot, position, timestampNs);
        insert(slot);
        size++;
        return slot;
    }

    /** Removes an entry; its slot may be used again. */
    void remove(final int slot) {
        final int mask = buckets.length - 1;
        int hole = hashOf(slot) & mask;
        while (buckets[hole] != slot) {
            hole = (hole + 1) & mask;
        }
        int i = (hole + 1) & mask;
        while (buckets[i] != ABSENT) {
            final int home = hashOf(buckets[i]) & mask;
            if (((i - home) & mask) >= ((i - hole) & mask)) {
                buckets[hole] = buckets[i];
                hole = i;
            }
            i = (i + 1) & mask;
        }
        buckets[hole] = ABSENT;
        nextFree[slot] = firstFree;
        firstFree = slot;
        size--;
    }

    /** Notes the record that changed an entry. */
    void touch(final int slot, final long position, final long timestampNs) {
        changePosition[slot] = position;
        changeTimestampNs[slot] = timestampNs;
    }

    /** Sets the epoch and secret of an entry. */
    void setUp(final int slot, final int epoch, final long secret) {
        writerEpoch[slot] = epoch;
        bindSecret[slot] = secret;
    }

    /** Sets the last event number of an entry and the offset behind it. */
    void appended(final int slot, final long lastNumber, final long end) {
        lastEventNumber[slot] = lastNumber;
        endOffset[slot] = end;
    }

    /** Gives the handle of an entry's open fragmented event, or {@link OpenEvents#NONE}. */
    int openEvent(final int slot) {
        return openEvent[slot];
    }

    /** Sets the handle of an entry's open fragmented event. */
    void openEvent(final int slot, final int handle) {
        openEvent[slot] = handle;
    }

    /** Takes over every entry in the same slot. */
    void copyFrom(final WriterTable other) {
        buckets = other.buckets.clone();
        nextFree = other.nextFree.clone();
        writerIdHigh = other.writerIdHigh.clone();
        writerIdLow = other.writerIdLow.clone();
        streamId = other.streamId.clone();
        segmentId = other.segmentId.clone();
        lastEventNumber = other.lastEventNumber.clone();
        endOffset = other.endOffset.clone();
        bindSecret = other.bindSecret.clone();
        changePosition = other.changePosition.clone();
        changeTimestampNs = other.changeTimestampNs.clone();
        writerEpoch = other.writerEpoch.clone();
        openEvent = other.openEvent.clone();
        slotLimit = other.slotLimit;
        firstFree = other.firstFree;
        size = other.size;
    }

    /** Does not depend on which slots the entries have. */
    long stateHash() {
        long sum = 0;
        for (int slot = 0; slot < slotLimit; slot++) {
            if (isUsed(slot)) {
                final long key = StateHash.mix(writerIdHigh[slot], writerIdLow[slot], streamId[slot], segmentId[slot]);
                final long progress = StateHash.mix(
                        lastEventNumber[slot], endOffset[slot], changePosition[slot], changeTimestampNs[slot]);
                sum += StateHash.mix(key, progress, bindSecret[slot], writerEpoch[slot]);
            }
        }
        return StateHash.mix(sum, size);
    }

    /** Identifies an entry whatever its slot. */
    long keyHash(final int slot) {
        return StateHash.mix(writerIdHigh[slot], writerIdLow[slot], streamId[slot], segmentId[slot]);
    }

    private boolean sameKey(
            final int slot, final long idHigh, final long idLow, final long stream, final long segment) {
        return writerIdLow[slot] == idLow
                && writerIdHigh[slot] == idHigh
                && segmentId[slot] == segment
                && streamId[slot] == stream;
    }

    private void insert(final int slot) {
        final int mask = buckets.length - 1;
        int i = hashOf(slot) & mask;
        while (buckets[i] != ABSENT) {
            i = (i + 1) & mask;
        }
        buckets[i] = slot;
    }

    private void grow() {
        final int capacity = nextFree.length * 2;
        nextFree = Arrays.copyOf(nextFree, capacity);
        writerIdHigh = Arrays.copyOf(writerIdHigh, capacity);
        writerIdLow = Arrays.copyOf(writerIdLow, capacity);
        streamId = Arrays.copyOf(streamId, capacity);
        segmentId = Arrays.copyOf(segmentId, capacity);
        lastEventNumber = Arrays.copyOf(lastEventNumber, capacity);
        endOffset = Arrays.copyOf(endOffset, capacity);
        bindSecret = Arrays.copyOf(bindSecret, capacity);
        changePosition = Arrays.copyOf(changePosition, capacity);
        changeTimestampNs = Arrays.copyOf(changeTimestampNs, capacity);
        writerEpoch = Arrays.copyOf(writerEpoch, capacity);
        openEvent = Arrays.copyOf(openEvent, capacity);
        buckets = new int[capacity * 2];
        Arrays.fill(buckets, ABSENT);
        for (int slot = 0; slot < slotLimit; slot++) {
            if (nextFree[slot] == USED) {
                insert(slot);
            }
        }
    }

    private int hashOf(final int slot) {
        return hash(writerIdHigh[slot], writerIdLow[slot], streamId[slot], segmentId[slot]);
    }

    private static int hash(final long idHigh, final long idLow, final long stream, final long segment) {
        return (int) StateHash.mix(idHigh ^ Long.rotateLeft(stream, 32), idLow + segment * 31);
    }
}
