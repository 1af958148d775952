package io.millrace.simulation;

import io.millrace.codec.log.RecordKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The committed log of one chain, as it first came to light, and what it means: the same for everybody, for ever.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class Truth {
    private final int chain;
    private final ArrayList<LogRecord> records = new ArrayList<>();
    private final Map<SegmentKey, SegmentBytes> segments = new TreeMap<>();
    private final Map<WriterKey, Long> lastNumbers = new HashMap<>();
    private final Map<WriterKey, byte[]> openFragments = new HashMap<>();
    private final Map<Long, Long> stateHashes = new HashMap<>();

    /** Names a segment. */
    record SegmentKey(long streamId, long segmentId) implements Comparable<SegmentKey> {
        @Override
        public int compareTo(final SegmentKey other) {
            return streamId == other.streamId
                    ? Long.compare(segmentId, other.segmentId)
                    : Long.compare(streamId, other.streamId);
        }
    }

    /** Names a writer on a segment. */
    record WriterKey(long idHigh, long idLow, long streamId, long segmentId) {}

    /** Committed bytes of one segment. */
    static final class SegmentBytes {
        private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16 << 10]);
        private int length;

        private void add(final byte[] bytes) {
            if (length + bytes.length > buffer.capacity()) {
                final byte[] larger = new byte[Math.max(2 * buffer.capacity(), length + bytes.length)];
                buffer.getBytes(0, larger, 0, length);
                buffer.wrap(larger);
            }
            buffer.putBytes(length, bytes);
            length += bytes.length;
        }

        /** Returns its length. */
        int length() {
            return length;
        }

        /** Returns its bytes from 0. */
        UnsafeBuffer buffer() {
            return buffer;
        }
    }

    /** Begins empty. */
    Truth(final int chain) {
        this.chain = chain;
    }

    /** Returns the last committed position. */
    long lastPosition() {
        return records.size();
    }

    /** Finds the committed record at a position. */
    LogRecord at(final long position) {
        return records.get((int) position - 1);
    }

    /** Returns the segments by name. */
    Map<SegmentKey, SegmentBytes> segments() {
        return segments;
    }

    /** Finds a segment. */
    @Nullable
    SegmentBytes segment(final long streamId, final long segmentId) {
        return segments.get(new SegmentKey(streamId, segmentId));
    }

    /** Returns the last committed number of a writer, 0 when there is none. */
    long lastNumber(final WriterKey writer) {
        return lastNumbers.getOrDefault(writer, 0L);
    }

    /** Returns the last numbers of all writers. */
    Map<WriterKey, Long> lastNumbers() {
        return lastNumbers;
    }

    /** Takes the next committed record. */
    void add(final LogRecord record) {
        if (record.position != lastPosition() + 1) {
            throw new Violation("I3", "chain " + chain + ": " + record + " committed after " + lastPosition());
        }
        final LogRecord last = records.isEmpty() ? null : records.get(records.size() - 1);
        if (record.previousHash != (last == null ? 0 : last.hash)) {
            throw new Violation("I3", "chain " + chain + ": " + record + " does not follow on " + last);
        }
        if (last != null && record.timestampNs < last.timestampNs) {
            throw new Violation("I21", "chain " + chain + ": " + record + " is older than " + last);
        }
        if (last != null && record.epoch < last.epoch) {
            throw new Violation("I4", "chain " + chain + ": the epoch falls with " + record + " after " + last);
        }
        records.add(record);
        if (record.kind == RecordKind.APPEND || record.kind == RecordKind.APPEND_FRAGMENT) {
            onAppend(record);
        } else if (record.kind == RecordKind.WRITER_EXPIRY) {
            lastNumbers.remove(writerOf(record));
        } else if (record.kind == RecordKind.WRITER_SETUP) {
            lastNumbers.putIfAbsent(writerOf(record), 0L);
        }
    }

    private void onAppend(final LogRecord record) {
        final WriterKey writer = writerOf(record);
        final long last = lastNumber(writer);
        if (record.firstEventNumber != last + 1) {
            throw new Violation("I8", "chain " + chain + ": " + record + " after event " + last + " of its writer");
        }
        byte[] visible = record.bytes;
        if (record.kind == RecordKind.APPEND_FRAGMENT) {
            final byte[] before = record.fragmentOffset == 0 ? new byte[0] : openFragments.get(writer);
            if (before == null || before.length != record.fragmentOffset) {
                throw new Violation("P11", "chain " + chain + ": " + record + " continues nothing");
            }
            visible = new byte[before.length + record.bytes.length];
            System.arraycopy(before, 0, visible, 0, before.length);
            System.arraycopy(record.bytes, 0, visible, before.length, record.bytes.length);
        }
        if (!record.isVisible()) {
            openFragments.put(writer, visible);
            return;
        }
        openFragments.remove(writer);
        final SegmentBytes segment =
                segments.computeIfAbsent(new SegmentKey(record.streamId, record.segmentId), key -> new SegmentBytes());
        if (record.kind == RecordKind.APPEND && record.segmentOffset != segment.length) {
            throw new Violation("I8", "chain " + chain + ": " + record + " at length " + segment.length);
        }
        segment.add(visible);
        lastNumbers.put(writer, record.firstEventNumber + record.eventCount - 1);
    }

    private static WriterKey writerOf(final LogRecord record) {
        return new WriterKey(record.writerIdHigh, record.writerIdLow, record.streamId, record.segmentId);
    }

    /** Compares a replica's state at a position with what others had there (I9). */
    void onStateHash(final String who, final long position, final long stateHash) {
        final Long known = stateHashes.putIfAbsent(position, stateHash);
        if (known != null && known != stateHash) {
            throw new Violation(
                    "I9",
                    who + ": the state of chain " + chain + " at " + position + " is " + Long.toHexString(stateHash)
                            + ", but was " + Long.toHexString(known) + " elsewhere");
        }
    }

    /** Lists the records, oldest first. */
    List<LogRecord> records() {
        return records;
    }
}
