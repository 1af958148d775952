package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.LogFormat;
import io.millrace.codec.LogRecords;
import io.millrace.codec.MillraceException;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.fuzz.Input;
import io.millrace.journal.memory.MemoryDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The recovery scanner over a device whose batches, records and superblocks were changed, with their CRCs made right
 * again where the input wants it, so that it gets behind them. Recovery ends with a journal that works, or with a named
 * error. What nobody sealed anew is never given out changed.
 */
public final class RecoveryTarget {
    private static final int ZONE_LENGTH = 128 * 1024;
    private static final int ZONES = 3;
    private static final int BATCH_LENGTH = 32 * 1024;
    private static final int DATA = (int) LogFormat.DEFAULT_DATA_ADDRESS;
    private static final UUID NODE = new UUID(7, 8);
    private static final List<Integer> BATCHES = new ArrayList<>();
    private static final byte[] WHOLE = whole();

    private RecoveryTarget() {}

    /** Runs one input: where, what, which CRCs, and again. */
    public static void fuzzerTestOneInput(final byte[] input) {
        final Input in = new Input(input);
        final byte[] medium = WHOLE.clone();
        boolean sealed = false;
        for (int i = 0; i < 16 && in.hasMore(); i++) {
            sealed |= change(medium, in);
        }
        final boolean genuine = !sealed;
        try (Journal journal = Journal.open(context().device(new MemoryDevice(medium)))) {
            journal.recover(new Checked(genuine));
            final int index = journal.tryClaim(100);
            if (index >= 0) {
                write(journal, index, 1, 1000, 100);
            }
            for (int i = 0; i < 10 && !journal.isDrained(); i++) {
                journal.doWork(i);
            }
            if (!journal.isDrained()) {
                throw new AssertionError("the journal does not go on");
            }
        } catch (final MillraceException e) {
            if (e.code().id().isEmpty()) {
                throw e;
            }
        }
    }

    /** One change; true when it was sealed, so that no CRC tells. */
    private static boolean change(final byte[] medium, final Input in) {
        final int how = in.octet();
        final int target = in.octet();
        final UnsafeBuffer all = new UnsafeBuffer(medium);
        if ((how & 0x0F) == 0x0F) { // a batch at another place, as a misdirected write leaves it
            final int from = BATCHES.get(target % BATCHES.size());
            final int to = DATA + 4096 * (in.octet() % (ZONES * ZONE_LENGTH / 4096 - BATCH_LENGTH / 4096));
            final int length = all.getInt(from + BatchHeaderDecoder.batchLengthEncodingOffset());
            all.putBytes(to, WHOLE, from, Math.max(4096, Math.min(BATCH_LENGTH, length)));
            return false;
        }
        final boolean superblock = (how & 0x0E) == 0x0C;
        final int start = superblock ? (target & 1) * 4096 : BATCHES.get(target % BATCHES.size());
        final int room = superblock ? 256 : (how & 1) == 0 ? 256 : 4096;
        final int place = start + (in.octet() | (room > 256 ? in.octet() << 8 : 0)) % (room - 8);
        final long value = in.mostlySmall();
        switch (how >>> 4 & 3) {
            case 0 -> all.putByte(place, (byte) value);
            case 1 -> all.putInt(place, (int) value, ByteOrder.LITTLE_ENDIAN);
            case 2 -> all.putLong(place, value, ByteOrder.LITTLE_ENDIAN);
            default -> all.putLong(place, all.getLong(place) + (byte) value, ByteOrder.LITTLE_ENDIAN);
        }
        final boolean seal = (how & 0x40) != 0;
        if (seal && superblock) {
            sealSuperblock(medium, start);
        } else if (seal) {
            sealBatch(medium, start, (how & 0x80) != 0);
        }
        return seal;
    }

    private static void sealSuperblock(final byte[] medium, final int start) {
        final int crcAt = io.millrace.codec.log.SuperblockDecoder.crc32cEncodingOffset();
        final ByteBuffer bytes = ByteBuffer.wrap(medium).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(start + crcAt, Crc32c.of(bytes, start, crcAt));
    }

    private static void sealBatch(final byte[] medium, final int start, final boolean records) {
        final ByteBuffer bytes = ByteBuffer.wrap(medium).order(ByteOrder.LITTLE_ENDIAN);
        final int payload = bytes.getInt(start + BatchHeaderDecoder.payloadLengthEncodingOffset());
        final int first = start + LogFormat.BATCH_HEADER_LENGTH;
        if (payload >= 0 && payload <= medium.length - first) {
            int at = first;
            while (records && at + LogFormat.RECORD_HEADER_LENGTH <= first + payload) {
                final int length = bytes.getInt(at);
                if (length < LogFormat.RECORD_HEADER_LENGTH || length > first + payload - at) {
                    break;
                }
                bytes.putInt(at + 4, Crc32c.of(bytes, at + 8, length - 8));
                at += LogFormat.align(length);
            }
            bytes.putInt(start + BatchHeaderDecoder.payloadCrc32cEncodingOffset(), Crc32c.of(bytes, first, payload));
        }
        bytes.putInt(
                start + LogFormat.BATCH_HEADER_CRC_COVERAGE,
                Crc32c.of(bytes, start, LogFormat.BATCH_HEADER_CRC_COVERAGE));
    }

    /** Looks at all that recovery gives out. */
    private record Checked(boolean genuine) implements RecordVisitor {
        @Override
        public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
            LogRecords.check(buffer, index, index + length);
            if (genuine) {
                final long position = buffer.getLong(index + 24);
                for (int i = LogFormat.RECORD_HEADER_LENGTH; i < length; i++) {
                    if (buffer.getByte(index + i) != (byte) (position * 31 + i)) {
                        throw new AssertionError("byte " + i + " of position " + position + " is wrong");
                    }
                }
            }
        }

        @Override
        public void onCheckpoint(
                final CheckpointPart part,
                final int chain,
                final DirectBuffer buffer,
                final int index,
                final int length,
                final boolean last) {
            buffer.boundsCheck(index, length);
        }
    }

    private static JournalContext context() {
        return new JournalContext()
                .nodeId(NODE)
                .bufferLength(4 * BATCH_LENGTH)
                .maxBatchLength(BATCH_LENGTH)
                .idleMarkDelayNs(0)
                .readerLimit(1);
    }

    /** Two runs of two chains, with a checkpoint. */
    private static byte[] whole() {
        final byte[] medium = new byte[DATA + ZONES * ZONE_LENGTH];
        Journal.format(
                new MemoryDevice(medium),
                new FormatContext().zoneLength(ZONE_LENGTH).nodeId(NODE).deviceUuid(new UUID(1, 2)));
        long position = 0;
        for (int run = 0; run < 2; run++) {
            try (Journal journal = Journal.open(context().device(new MemoryDevice(medium)))) {
                journal.recover((buffer, index, length, address) -> {});
                for (int i = 0; i < 8; i++) {
                    position++;
                    BATCHES.add((int) journal.durableAddress());
                    for (int chain = 1; chain <= 2; chain++) {
                        write(journal, journal.tryClaim(1000 + 700 * i), chain, position, 1000 + 700 * i);
                    }
                    drain(journal);
                }
                final CheckpointWriter checkpoint = journal.checkpoint();
                if (run == 1 && checkpoint.begin()) {
                    BATCHES.add((int) journal.durableAddress());
                    checkpoint.offer(CheckpointPart.CHAIN_STATE, 1, new UnsafeBuffer(new byte[16]), 0, 16, true);
                    drain(journal);
                    checkpoint.keep(1, 1, position, 64 * position);
                    checkpoint.finish();
                    for (int i = 0; i < 100; i++) {
                        journal.doWork(i);
                    }
                    position++;
                    BATCHES.add((int) journal.durableAddress());
                    write(journal, journal.tryClaim(2000), 1, position, 2000);
                    drain(journal);
                    if (journal.counters().checkpointCount() != 1) {
                        throw new IllegalStateException("the sample has no checkpoint");
                    }
                }
            }
        }
        return medium;
    }

    private static void drain(final Journal journal) {
        for (int i = 0; i < 100 && !journal.isDrained(); i++) {
            journal.doWork(i);
        }
    }

    private static void write(
            final Journal journal, final int index, final int chain, final long position, final int length) {
        final var buffer = journal.buffer();
        buffer.setMemory(index, LogFormat.RECORD_HEADER_LENGTH, (byte) 0);
        new RecordHeaderEncoder()
                .wrap(buffer, index)
                .kind(RecordKind.APPEND)
                .chain(chain)
                .position(position);
        for (int i = LogFormat.RECORD_HEADER_LENGTH; i < length; i++) {
            buffer.putByte(index + i, (byte) (position * 31 + i));
        }
        journal.commit(index, length);
    }
}
