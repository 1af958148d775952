package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.faulty.FaultyDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.LongSupplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What was appended and what was acknowledged, kept outside the journal: several chains whose records carry a number
 * that no other record ever has, from which each byte of the body follows. A chain's state is its last position and its
 * first live one.
 */
final class CampaignLog implements RecordVisitor, DurableListener {
    static final int CHAINS = 3;
    private static final int CHAIN_OFFSET = RecordHeaderDecoder.chainEncodingOffset();
    private static final int KIND_OFFSET = RecordHeaderDecoder.kindEncodingOffset();
    private static final int POSITION_OFFSET = RecordHeaderDecoder.positionEncodingOffset();
    private static final int LOW_OFFSET = RecordHeaderDecoder.commitMarkEncodingOffset();
    private static final int SALT_OFFSET = RecordHeaderDecoder.timestampNsEncodingOffset();

    private final RecordHeaderEncoder encoder = new RecordHeaderEncoder();
    private final Chain[] chains = new Chain[CHAINS];
    private final LongSupplier clock;
    private long nextSalt = 1;
    private @Nullable FaultyDevice device;
    private boolean fenced;
    private int offering = -1;

    /** One chain as the journal has told of it, beside what was handed to the journal. */
    private static final class Chain {
        private final List<Long> written = new ArrayList<>();
        private final List<Long> lows = new ArrayList<>();
        private long acknowledged;
        private long last;
        private long low = 1;
        private long restored;
    }

    CampaignLog(final LongSupplier clock) {
        this.clock = clock;
        for (int i = 0; i < CHAINS; i++) {
            chains[i] = new Chain();
        }
    }

    /** Begins a run: what the journal tells is gathered anew. */
    void begin(final FaultyDevice faulty) {
        device = faulty;
        fenced = false;
        offering = -1;
        for (final Chain chain : chains) {
            chain.last = 0;
            chain.low = 1;
            chain.restored = 0;
        }
    }

    /** Tells whether a recovery left out something acknowledged. */
    boolean hasLost() {
        for (final Chain chain : chains) {
            if (chain.last < chain.acknowledged) {
                return true;
            }
        }
        return false;
    }

    /** Takes what was recovered for the truth. */
    void accept() {
        for (final Chain chain : chains) {
            while (chain.written.size() > chain.last) {
                chain.written.remove(chain.written.size() - 1);
                chain.lows.remove(chain.lows.size() - 1);
            }
            chain.acknowledged = chain.last;
        }
    }

    void append(final Journal journal, final Random random) {
        final int number = random.nextInt(CHAINS);
        final Chain chain = chains[number];
        final int length = 64 + random.nextInt(random.nextInt(4) == 0 ? 50_000 : 3000);
        final int index = journal.tryClaim(length);
        assertTrue(index >= 0 || !fenced || index == JournalStatus.FENCED, "a fenced journal takes records");
        if (index >= 0) {
            final long position = chain.written.size() + 1L;
            final long before = chain.lows.isEmpty() ? 1 : chain.lows.get(chain.lows.size() - 1);
            final long low = random.nextInt(3) == 0 ? Math.max(before, position - random.nextInt(20)) : before;
            final long salt = nextSalt++;
            final var buffer = journal.buffer();
            buffer.setMemory(index, LogFormat.RECORD_HEADER_LENGTH, (byte) 0);
            encoder.wrap(buffer, index)
                    .kind(RecordKind.APPEND)
                    .chain(number)
                    .position(position)
                    .commitMark(low)
                    .timestampNs(salt);
            for (int i = LogFormat.RECORD_HEADER_LENGTH; i < length; i++) {
                buffer.putByte(index + i, (byte) (salt * 31 + i));
            }
            journal.commit(index, length);
            chain.written.add(salt);
            chain.lows.add(low);
        }
    }

    /** Every byte of a record against what was appended at its position. */
    private Chain check(final DirectBuffer buffer, final int index) {
        final Chain chain = chains[buffer.getInt(index + CHAIN_OFFSET)];
        final long position = buffer.getLong(index + POSITION_OFFSET);
        assertTrue(position >= 1 && position <= chain.written.size(), () -> "position " + position + " is made up");
        final long salt = buffer.getLong(index + SALT_OFFSET);
        assertEquals(chain.written.get((int) position - 1), salt, () -> "another record at position " + position);
        assertEquals(chain.lows.get((int) position - 1), buffer.getLong(index + LOW_OFFSET));
        for (int i = LogFormat.RECORD_HEADER_LENGTH; i < buffer.getInt(index); i++) {
            if (buffer.getByte(index + i) != (byte) (salt * 31 + i)) {
                throw new AssertionError("byte " + i + " of position " + position + " is wrong");
            }
        }
        return chain;
    }

    @Override
    public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
        final Chain chain = check(buffer, index);
        final long position = buffer.getLong(index + POSITION_OFFSET);
        if (position > chain.restored) {
            assertEquals(chain.last + 1, position, "a gap or a double");
            chain.last = position;
            chain.low = buffer.getLong(index + LOW_OFFSET);
        }
    }

    @Override
    public void onCheckpoint(
            final CheckpointPart part,
            final int chain,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final boolean isLast) {
        assertEquals(CheckpointPart.CHAIN_STATE, part);
        chains[chain].last = buffer.getLong(index);
        chains[chain].low = buffer.getLong(index + 8);
        chains[chain].restored = chains[chain].last;
        assertTrue(chains[chain].last <= chains[chain].written.size(), "the checkpoint makes something up");
    }

    @Override
    public void onDurable(
            final DirectBuffer buffer,
            final int payloadIndex,
            final int payloadLength,
            final int recordCount,
            final long batchAddress,
            final long submittedNs,
            final long durableNs) {
        assertFalse(fenced, "acknowledged after the device was fenced");
        assertEquals(0, Objects.requireNonNull(device).failedWriteCount(), "acknowledged after a failed write");
        int at = payloadIndex;
        for (int i = 0; i < recordCount; i++) {
            if (buffer.getByte(at + KIND_OFFSET) == (byte) RecordKind.APPEND.value()) {
                onRecord(buffer, at, 0, batchAddress);
                final Chain chain = chains[buffer.getInt(at + CHAIN_OFFSET)];
                chain.acknowledged = chain.last;
            }
            at += LogFormat.align(buffer.getInt(at));
        }
    }

    @Override
    public void onFenced(final ErrorCode code, final String message) {
        fenced = true;
    }

    /** Begins a checkpoint, or offers the next chain's state to the one that is under way. */
    void checkpoint(final Journal journal, final boolean due) {
        final CheckpointWriter writer = journal.checkpoint();
        if (offering >= 0 && writer.isIdle()) {
            offering = -1; // given up: full
        }
        if (offering < 0 && due && journal.freeBytes() > 60_000 && writer.begin()) {
            offering = 0;
        }
        if (offering < 0) {
            return;
        }
        final Chain chain = chains[offering];
        final UnsafeBuffer state = new UnsafeBuffer(new byte[16]);
        state.putLong(0, chain.last);
        state.putLong(8, chain.low);
        if (writer.offer(CheckpointPart.CHAIN_STATE, offering, state, 0, 16, true)) {
            if (chain.low <= chain.last) {
                writer.keep(offering, chain.low, chain.last, 64 * (chain.last - chain.low + 1));
            }
            offering++;
            if (offering == CHAINS) {
                writer.finish();
                offering = -1;
            }
        }
    }

    /**
     * Reads live positions: right bytes or an error.
     *
     * @param some null: all of them; else one of them
     * @param mayFail whether the device lies or its reads fail
     * @return reads that failed
     */
    int read(final Journal journal, final @Nullable Random some, final boolean mayFail) {
        final JournalReader reader = Objects.requireNonNull(journal.newReader());
        int failed = 0;
        for (int number = 0; number < CHAINS; number++) {
            final Chain chain = chains[number];
            if (chain.last >= chain.low) {
                final long from = some == null
                        ? chain.low
                        : chain.low + (long) (some.nextDouble() * (chain.last - chain.low + 1));
                for (long position = from; position <= (some == null ? chain.last : from); position++) {
                    failed += read(journal, reader, number, position, mayFail);
                }
            }
        }
        reader.close();
        return failed;
    }

    private int read(
            final Journal journal,
            final JournalReader reader,
            final int number,
            final long position,
            final boolean mayFail) {
        final long address = journal.addressOf(number, position);
        if (address >= journal.durableAddress()) {
            return 0;
        }
        if (address < 0) {
            assertTrue(mayFail, () -> "no address for position " + position + " of chain " + number);
            return 1;
        }
        for (int i = 0; i < 50 && !reader.request(address); i++) {
            journal.doWork(clock.getAsLong());
        }
        for (int i = 0; i < 5_000 && reader.state() == JournalReader.State.PENDING; i++) {
            journal.doWork(clock.getAsLong());
        }
        if (reader.state() != JournalReader.State.READY) {
            assertTrue(
                    mayFail, () -> position + " of chain " + number + ": " + reader.state() + " " + reader.failure());
            return 1;
        }
        final DirectBuffer buffer = reader.buffer();
        int at = reader.payloadIndex();
        final int end = at + reader.payloadLength();
        boolean found = false;
        while (at < end) {
            if (buffer.getByte(at + KIND_OFFSET) == (byte) RecordKind.APPEND.value()) {
                check(buffer, at);
                found |= buffer.getInt(at + CHAIN_OFFSET) == number && buffer.getLong(at + POSITION_OFFSET) == position;
            }
            at += LogFormat.align(buffer.getInt(at));
        }
        assertTrue(found, () -> "position " + position + " of chain " + number + " is not in its batch");
        return 0;
    }
}
