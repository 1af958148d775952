package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.memory.MemoryDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/** Small journals, and records whose body follows from their position, for the tests of this package. */
final class TestJournals {
    private static final RecordHeaderEncoder ENCODER = new RecordHeaderEncoder();
    static final UUID NODE = new UUID(7, 8);
    static final UUID DEVICE = new UUID(1, 2);
    static final int ZONE_LENGTH = 256 * 1024;
    static final int BATCH_LENGTH = 64 * 1024;

    private TestJournals() {}

    static byte[] medium(final int zones) {
        final byte[] medium = new byte[(int) LogFormat.DEFAULT_DATA_ADDRESS + zones * ZONE_LENGTH];
        Journal.format(new MemoryDevice(medium), formatContext());
        return medium;
    }

    static FormatContext formatContext() {
        return new FormatContext().zoneLength(ZONE_LENGTH).nodeId(NODE).deviceUuid(DEVICE);
    }

    static JournalContext context() {
        return new JournalContext()
                .nodeId(NODE)
                .bufferLength(4 * BATCH_LENGTH)
                .maxBatchLength(BATCH_LENGTH)
                .readerLimit(2);
    }

    static Journal open(final BlockDevice device) {
        return Journal.open(context().device(device));
    }

    /** Appends a record of the given chain and position; returns the claim's status when refused. */
    static int append(final Journal journal, final int chain, final long position, final int length) {
        final int index = journal.tryClaim(length);
        if (index >= 0) {
            fill(journal.buffer(), index, chain, position, length);
            journal.commit(index, length);
        }
        return index;
    }

    static void fill(
            final MutableDirectBuffer buffer, final int index, final int chain, final long position, final int length) {
        buffer.setMemory(index, LogFormat.RECORD_HEADER_LENGTH, (byte) 0);
        ENCODER.wrap(buffer, index).kind(RecordKind.APPEND).chain(chain).position(position);
        for (int i = LogFormat.RECORD_HEADER_LENGTH; i < length; i++) {
            buffer.putByte(index + i, (byte) (position * 31 + i));
        }
    }

    /** Runs duty cycles until everything committed is durable. */
    static void drain(final Journal journal) {
        for (int i = 0; i < 1_000_000 && !journal.isDrained() && !journal.isFenced(); i++) {
            if (journal.doWork(System.nanoTime()) == 0) {
                journal.await(1_000_000);
            }
        }
    }

    /** Recovers and returns the positions found, checking bodies. */
    static List<Long> recover(final Journal journal) {
        final List<Long> positions = new ArrayList<>();
        journal.recover((buffer, index, length, batchAddress) -> {
            final long position = buffer.getLong(index + 24);
            for (int i = LogFormat.RECORD_HEADER_LENGTH; i < length; i++) {
                if (buffer.getByte(index + i) != (byte) (position * 31 + i)) {
                    throw new AssertionError("body of " + position + " differs at " + i);
                }
            }
            positions.add(position);
        });
        return positions;
    }

    /** Remembers what was acknowledged. */
    static final class Acknowledged implements DurableListener {
        final List<Long> positions = new ArrayList<>();
        final List<Long> addresses = new ArrayList<>();

        @Nullable
        ErrorCode fencedBy;

        String message = "";

        @Override
        public void onDurable(
                final DirectBuffer buffer,
                final int payloadIndex,
                final int payloadLength,
                final int recordCount,
                final long batchAddress,
                final long submittedNs,
                final long durableNs) {
            addresses.add(batchAddress);
            int at = payloadIndex;
            for (int i = 0; i < recordCount; i++) {
                positions.add(buffer.getLong(at + 24));
                at += LogFormat.align(buffer.getInt(at));
            }
        }

        @Override
        public void onFenced(final ErrorCode code, final String text) {
            fencedBy = code;
            message = text;
        }
    }
}
