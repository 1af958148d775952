package io.millrace.simulation;

import io.millrace.codec.EventFrame;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What clients offered, were acknowledged, and read; and whether the committed log agrees: per writer and key each
 * event exactly once and in order, nothing acknowledged missing. One pass, as every payload names itself.
 *
 * <p><b>Threading</b>: the simulation's thread.
 *
 * <p><b>Layout</b> of a payload: writer int32, key int32, number of the event in its key int64, in its writer int64,
 * then bytes that follow from them.
 */
final class History {
    /** Shortest payload. */
    static final int HEADER_LENGTH = 24;

    private final List<WriterLog> writers = new ArrayList<>();

    /** One writer, from its opening to its end; a client that starts again is another one. */
    static final class WriterLog {
        private final int number;
        private final int[] nextOfKey;
        private final BitSet acknowledged = new BitSet();
        private long offeredCount;

        private WriterLog(final int number, final int keyCount) {
            this.number = number;
            nextOfKey = new int[keyCount];
        }

        /** Returns its number among all writers. */
        int number() {
            return number;
        }

        /** Returns the events offered. */
        long offeredCount() {
            return offeredCount;
        }

        /** Writes the payload of the next event of a key. */
        void encode(final UnsafeBuffer buffer, final int key, final int length) {
            buffer.putInt(0, number);
            buffer.putInt(4, key);
            buffer.putLong(8, nextOfKey[key]);
            buffer.putLong(16, offeredCount + 1);
            for (int i = HEADER_LENGTH; i < length; i++) {
                buffer.putByte(i, fill(number, offeredCount + 1, i));
            }
        }

        /** Notes that the client took the event just encoded. */
        void onOffered(final int key) {
            nextOfKey[key]++;
            offeredCount++;
        }

        /** Notes an acknowledgement; each event has one. */
        void onAcknowledged(final long sequence) {
            if (acknowledged.get((int) sequence)) {
                throw new Violation("history", "writer " + number + " hears twice of event " + sequence);
            }
            acknowledged.set((int) sequence);
        }

        /** Returns the events acknowledged. */
        int acknowledgedCount() {
            return acknowledged.cardinality();
        }
    }

    /** Begins empty. */
    History() {}

    /** Opens a writer's log. */
    WriterLog openWriter(final int keyCount) {
        final WriterLog log = new WriterLog(writers.size(), keyCount);
        writers.add(log);
        return log;
    }

    /** Returns all events acknowledged. */
    long acknowledgedCount() {
        long count = 0;
        for (final WriterLog writer : writers) {
            count += writer.acknowledgedCount();
        }
        return count;
    }

    private static byte fill(final int writer, final long sequence, final int index) {
        return (byte) (writer * 31L + sequence * 7 + index);
    }

    /** Checks that a payload is one that its writer offered. */
    void requireOffered(final DirectBuffer buffer, final int offset, final int length) {
        final int number = buffer.getInt(offset);
        final long sequence = buffer.getLong(offset + 16);
        if (length < HEADER_LENGTH
                || number < 0
                || number >= writers.size()
                || sequence < 1
                || sequence > writers.get(number).offeredCount) {
            throw new Violation("history", "an event that nobody offered: writer " + number + " event " + sequence);
        }
        for (int i = HEADER_LENGTH; i < length; i++) {
            if (buffer.getByte(offset + i) != fill(number, sequence, i)) {
                throw new Violation("history", "event " + sequence + " of writer " + number + " differs at byte " + i);
            }
        }
    }

    /** Checks the committed segments against everything that clients were told. */
    void check(final Watch watch) {
        final Map<Long, Long> lastOfKey = new HashMap<>();
        final List<BitSet> found = new ArrayList<>();
        writers.forEach(writer -> found.add(new BitSet()));
        for (int chain = 0; chain < watch.chainCount(); chain++) {
            watch.truth(chain).segments().forEach((key, bytes) -> {
                for (int at = 0; at < bytes.length(); ) {
                    final int length = bytes.buffer().getInt(at);
                    final int payload = at + EventFrame.HEADER_LENGTH;
                    requireOffered(bytes.buffer(), payload, length);
                    onCommitted(bytes.buffer(), payload, lastOfKey, found);
                    at = payload + length;
                }
            });
        }
        for (final WriterLog writer : writers) {
            final BitSet lost = (BitSet) writer.acknowledged.clone();
            lost.andNot(found.get(writer.number));
            if (!lost.isEmpty()) {
                throw new Violation(
                        "history",
                        lost.cardinality() + " acknowledged events of writer " + writer.number
                                + " are lost, the first is " + lost.nextSetBit(0));
            }
        }
    }

    private static void onCommitted(
            final UnsafeBuffer buffer, final int payload, final Map<Long, Long> lastOfKey, final List<BitSet> found) {
        final int writer = buffer.getInt(payload);
        final int key = buffer.getInt(payload + 4);
        final long number = buffer.getLong(payload + 8);
        final long last = lastOfKey.merge((long) writer << 32 | key, 1L, Long::sum) - 1;
        if (number != last) {
            throw new Violation(
                    "history",
                    "writer " + writer + " key " + key + ": event " + number + " of the key follows on " + (last - 1));
        }
        found.get(writer).set((int) buffer.getLong(payload + 16));
    }
}
