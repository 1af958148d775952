package io.millrace.replication;

import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/**
 * A snapshot on its way to a learner, and then the records that it lists.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class SnapshotFetch {
    /** How far it is. */
    enum Stage {
        /** Its bytes are being fetched. */
        BYTES,
        /** All bytes are here; the log is being emptied and the state restored. */
        RESTORE,
        /** The records that the state lists are being fetched. */
        RECORDS,
        /** A checkpoint makes all of it durable. */
        CHECKPOINT
    }

    final long requestId;
    final ExpandableArrayBuffer bytes = new ExpandableArrayBuffer(64 << 10);
    Stage stage = Stage.BYTES;
    int received;
    long basePosition = -1;
    boolean emptied;
    private long[] firsts = {};
    private long[] lasts = {};
    private int range;
    private long next;

    /** Begins with nothing. */
    SnapshotFetch(final long requestId) {
        this.requestId = requestId;
    }

    /** Takes the next bytes. Returns false when they belong to another snapshot, or are no next ones. */
    boolean take(
            final long base,
            final long fromByte,
            final long length,
            final DirectBuffer buffer,
            final int at,
            final int count) {
        if (fromByte != received
                || (basePosition >= 0 && base != basePosition)
                || length > SnapshotServer.MAX_LENGTH
                || received + (long) count > length) {
            return false;
        }
        basePosition = base;
        bytes.putBytes(received, buffer, at, count);
        received += count;
        if (received == length) {
            stage = Stage.RESTORE;
        }
        return true;
    }

    /** Gives the length of the state's image, which begins at byte 4; negative when it cannot be. */
    int stateLength() {
        final int length = received < Integer.BYTES ? -1 : bytes.getInt(0, ByteOrder.LITTLE_ENDIAN);
        return length <= 0 || length > received - 3 * Integer.BYTES ? -1 : length;
    }

    /**
     * Reads the ranges that stand at an index, and merges them.
     *
     * @return false when there are not as many as it says.
     */
    boolean ranges(final int at) {
        final int count = at + Integer.BYTES > received ? -1 : bytes.getInt(at, ByteOrder.LITTLE_ENDIAN);
        if (count < 0 || at + Integer.BYTES + (long) count * SnapshotServer.RANGE_LENGTH != received) {
            return false;
        }
        final long[][] all = new long[count][];
        for (int i = 0; i < count; i++) {
            final int from = at + Integer.BYTES + i * SnapshotServer.RANGE_LENGTH;
            all[i] = new long[] {
                bytes.getLong(from, ByteOrder.LITTLE_ENDIAN), bytes.getLong(from + Long.BYTES, ByteOrder.LITTLE_ENDIAN)
            };
        }
        Arrays.sort(all, (left, right) -> Long.compare(left[0], right[0]));
        firsts = new long[count];
        lasts = new long[count];
        int merged = 0;
        for (final long[] one : all) {
            if (merged > 0 && one[0] <= lasts[merged - 1] + 1) {
                lasts[merged - 1] = Math.max(lasts[merged - 1], one[1]);
            } else {
                firsts[merged] = one[0];
                lasts[merged++] = one[1];
            }
        }
        firsts = Arrays.copyOf(firsts, merged);
        lasts = Arrays.copyOf(lasts, merged);
        range = 0;
        next = merged == 0 ? 0 : firsts[0];
        return true;
    }

    /** Gives the next position to fetch, 0 when everything is here. */
    long nextPosition() {
        return range < firsts.length ? next : 0;
    }

    /** Gives the last position of the range at hand. */
    long lastPosition() {
        return Math.min(lasts[range], basePosition);
    }

    /** Notes that everything up to a position is here, or nowhere any more. */
    void fetchedTo(final long position) {
        next = Math.max(next, position + 1);
        while (range < firsts.length && next > Math.min(lasts[range], basePosition)) {
            range++;
            next = range < firsts.length ? Math.max(next, firsts[range]) : next;
        }
    }
}
