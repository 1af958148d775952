package io.millrace.simulation;

import io.millrace.codec.LogFormat;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What one device holds durably, read off its writes by code that shares nothing with the journal but the format: the
 * ground truth of every promise about durability.
 *
 * <p><b>Threading</b>: the simulation's thread.
 *
 * <p><b>Invariants</b>: holds the records of the contiguous durable prefix of batches; a batch that follows on another
 * than the last of that prefix means that a durable batch was cut off or overtaken (I10).
 */
final class DiskWatch implements SimDevice.Observer {
    private static final long MAGIC = LogFormat.BATCH_MAGIC;

    private final String name;
    private final Map<Integer, ChainLog> chains = new HashMap<>();
    private final TreeMap<Long, Batch> pending = new TreeMap<>();
    private final TreeMap<Long, Batch> early = new TreeMap<>();
    private long lastSequence;
    private long lastCrc;
    private boolean isExempt;
    private boolean isSpoilt;
    private boolean hasTaken;

    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    private record Batch(long sequence, long address, byte[] bytes) {}

    /** The log of one chain on this device. */
    static final class ChainLog {
        private final ArrayList<LogRecord> records = new ArrayList<>();
        private long base;

        /** Returns the last position durable here. */
        long lastPosition() {
            return base + records.size();
        }

        /** Finds the record at a position. */
        @Nullable
        LogRecord at(final long position) {
            return position > base && position <= lastPosition() ? records.get((int) (position - base - 1)) : null;
        }

        /** Tells whether what was there at a position is known: a fault may have taken what lay before. */
        boolean knows(final long position) {
            return position > base;
        }

        private void cut(final long toPosition) {
            while (lastPosition() > Math.max(base, toPosition)) {
                records.remove(records.size() - 1);
            }
        }
    }

    /** Watches a new device. */
    DiskWatch(final String name) {
        this.name = name;
    }

    /**
     * Exempts the device from checks because a fault took from it what it had reported as durable: until its node has
     * found out what is left, and has brought the rest back ({@link #reinstate}).
     */
    void exempt() {
        isExempt = true;
        isSpoilt = true;
        hasTaken = false;
    }

    /** Tells whether a fault took something from it that it may still lack. */
    boolean isExempt() {
        return isExempt;
    }

    /** Tells whether a fault ever took something from it. */
    boolean isSpoilt() {
        return isSpoilt;
    }

    /**
     * Ends the exemption: its node lacks nothing any more, by what it says and by what is known of the rot. From here
     * on it answers again for everything that it is told to hold.
     *
     * @param durablePositionOf up to where its node says that a chain is durable here
     * @return false when more is said than was ever written: it stays exempt
     */
    boolean reinstate(final IntToLongFunction durablePositionOf) {
        for (final Map.Entry<Integer, ChainLog> log : chains.entrySet()) {
            if (durablePositionOf.applyAsLong(log.getKey()) > log.getValue().lastPosition()) {
                return false;
            }
        }
        isExempt = !hasTaken; // by its first batch it is known on which one the next must follow
        return hasTaken;
    }

    /**
     * Goes on with a device from which a fault took something, behind what its node has found on it.
     *
     * @param batchSequence of the last batch found
     * @param lastPositionOf what is left of a chain
     */
    void resume(final long batchSequence, final IntToLongFunction lastPositionOf) {
        if (isExempt) {
            lastSequence = batchSequence;
            early.clear();
            pending.clear();
            hasTaken = false;
            chains.forEach((chain, log) -> log.cut(lastPositionOf.applyAsLong(chain)));
        }
    }

    /** Returns a chain's log, empty when there is none. */
    ChainLog chain(final int chain) {
        return chains.computeIfAbsent(chain, number -> new ChainLog());
    }

    @Override
    public void onSubmitted(final long address, final byte[] bytes) {
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        if (buffer.getLong(0) == MAGIC) {
            final long sequence = header(buffer).batchSequence();
            pending.put(sequence, new Batch(sequence, address, bytes));
        }
    }

    @Override
    public void onDurable(final long address, final byte[] bytes) {
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        if (buffer.getLong(0) != MAGIC) {
            return;
        }
        final long sequence = header(buffer).batchSequence();
        pending.remove(sequence);
        early.put(sequence, new Batch(sequence, address, bytes));
        takePrefix();
    }

    private void takePrefix() {
        for (Map.Entry<Long, Batch> first = early.firstEntry(); first != null; first = early.firstEntry()) {
            if (first.getKey() > lastSequence + 1) {
                return;
            }
            take(first.getValue());
            early.remove(first.getKey());
        }
    }

    private void take(final Batch batch) {
        final UnsafeBuffer buffer = new UnsafeBuffer(batch.bytes);
        final BatchHeaderDecoder header = header(buffer);
        if (!isExempt && (batch.sequence <= lastSequence || header.previousBatchCrc() != lastCrc)) {
            throw new Violation(
                    "I10",
                    name + ": batch " + batch.sequence + " follows on CRC " + header.previousBatchCrc() + ", but batch "
                            + lastSequence + " is durable with CRC " + lastCrc);
        }
        hasTaken = true;
        lastSequence = batch.sequence;
        lastCrc = header.headerCrc32c();
        int index = LogFormat.BATCH_HEADER_LENGTH;
        for (int i = 0; i < header.recordCount(); i++) {
            onRecord(new LogRecord(buffer, index));
            index += LogFormat.align(new RecordHeaderDecoder()
                    .wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0)
                    .length());
        }
    }

    private void onRecord(final LogRecord record) {
        if (record.kind == RecordKind.CHECKPOINT || record.kind == RecordKind.REMNANT) {
            return;
        }
        final ChainLog log = chain(record.chain);
        if (record.kind == RecordKind.TRUNCATE) {
            log.cut(record.toPosition);
        } else if (record.kind == RecordKind.FILL) {
            fill(log, new LogRecord(new UnsafeBuffer(record.bytes), 0));
        } else if (record.position > 0) {
            if (isExempt && record.position != log.lastPosition() + 1) {
                log.records.clear(); // what a fault took is not known to those who watch
            }
            if (log.records.isEmpty()) {
                log.base = record.position - 1;
            }
            if (isExempt) {
                log.cut(record.position - 1); // what was rotten at the end was cut off
            }
            if (record.position != log.lastPosition() + 1) {
                throw new Violation("P1", name + ": " + record + " follows on position " + log.lastPosition());
            }
            log.records.add(record);
        }
    }

    private static void fill(final ChainLog log, final LogRecord filled) {
        if (filled.position > log.base && filled.position <= log.lastPosition()) {
            log.records.set((int) (filled.position - log.base - 1), filled);
        }
    }

    @Override
    public void onPowerCut(final SimMedium medium) {
        for (final Batch batch : pending.values()) {
            final int covered = // by CRCs: whatever the padding is, the batch is there
                    LogFormat.BATCH_HEADER_LENGTH
                            + header(new UnsafeBuffer(batch.bytes)).payloadLength();
            if (medium.holds(batch.bytes, covered, deviceAddress(batch))) {
                early.put(batch.sequence, batch);
            }
        }
        pending.clear();
        while (early.containsKey(lastSequence + 1)) {
            takePrefix();
        }
        early.clear();
    }

    private static int deviceAddress(final Batch batch) {
        return (int) batch.address;
    }

    private static BatchHeaderDecoder header(final UnsafeBuffer buffer) {
        return new BatchHeaderDecoder().wrap(buffer, 0, BatchHeaderDecoder.BLOCK_LENGTH, 0);
    }

    @Override
    public String toString() {
        return name;
    }

    /** Lists the chains seen. */
    List<Integer> chainNumbers() {
        final List<Integer> numbers = new ArrayList<>(chains.keySet());
        numbers.sort(null);
        return numbers;
    }
}
