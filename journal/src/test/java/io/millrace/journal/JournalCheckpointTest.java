package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.journal.memory.MemoryDevice;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Checkpoints and zones that are used again, with one chain whose state is two numbers: its last position, and the
 * first position that is still live, which each record carries in its commit mark.
 */
@Timeout(120)
class JournalCheckpointTest {
    private static final int CHAIN = 1;
    private static final int CHAIN_OFFSET = RecordHeaderDecoder.chainEncodingOffset();
    private static final int COMMIT_MARK_OFFSET = RecordHeaderDecoder.commitMarkEncodingOffset();

    @Property(tries = 150)
    void shouldKeepEveryLiveRecordWhenZonesAreUsedAgainWhereverThePowerIsCut(
            @ForAll final long seed, @ForAll @IntRange(min = 1, max = 4) final int writesInFlight) {
        final Random random = new Random(seed);
        final byte[] medium = TestJournals.medium(5);
        long acknowledgedLast = 0;
        long written = 0;
        for (int run = 0; run < 6; run++) {
            final FaultyDevice device = new FaultyDevice(medium, random.nextLong()).inOrder(random.nextBoolean());
            final Fold fold = new Fold();
            try (Journal journal = Journal.open(
                    TestJournals.context().device(device).listener(fold).writesInFlight(writesInFlight))) {
                journal.recover(fold);
                assertTrue(fold.last >= acknowledgedLast, () -> "recovered to " + fold.last);
                assertTrue(fold.last <= written, "nothing is made up");
                fold.assertLive(journal);
                written = fold.last;
                final int steps = random.nextInt(150);
                device.completionsPerPoll(1 + random.nextInt(3));
                for (int step = 0; step < steps; step++) {
                    device.hold(random.nextInt(4) == 0);
                    for (int i = random.nextInt(5); i > 0; i--) {
                        final int length = 64 + random.nextInt(random.nextInt(4) == 0 ? 50_000 : 3000);
                        final long low = random.nextInt(3) == 0 ? Math.max(1, written - random.nextInt(60)) : 1;
                        if (append(journal, written + 1, Math.max(low, fold.written), length) >= 0) {
                            written++;
                            fold.written = Math.max(low, fold.written);
                        }
                    }
                    journal.doWork(step);
                    fold.checkpoint(journal, random.nextInt(20) == 0);
                }
                acknowledgedLast = fold.last;
                device.crash();
            }
        }
    }

    @Property(tries = 100)
    void shouldFindNoDamageAndFreeZonesAsEverWhenItScrubsBesideRecycling(
            @ForAll final long seed, @ForAll @IntRange(min = 1, max = 4) final int writesInFlight) {
        final Random random = new Random(seed);
        final byte[] medium = TestJournals.medium(5);
        long written = 0;
        long scrubbedBytes = 0;
        long freedZones = 0;
        for (int run = 0; run < 4; run++) {
            final FaultyDevice device = new FaultyDevice(medium, random.nextLong()).inOrder(random.nextBoolean());
            final Fold fold = new Fold();
            try (Journal journal = Journal.open(TestJournals.context()
                    .device(device)
                    .listener(fold)
                    .scrubBytesPerSecond(1 << 30)
                    .writesInFlight(writesInFlight))) {
                journal.recover(fold);
                written = fold.last;
                long nowNs = 0;
                final int steps = 100 + random.nextInt(300);
                device.completionsPerPoll(1 + random.nextInt(3));
                for (int step = 0; step < steps; step++) {
                    nowNs += random.nextInt(200) == 0 ? Scrub.PASS_INTERVAL_NS : random.nextInt(2_000_000);
                    device.hold(random.nextInt(4) == 0);
                    for (int i = random.nextInt(5); i > 0; i--) {
                        final int length = 64 + random.nextInt(random.nextInt(4) == 0 ? 50_000 : 3000);
                        final long low = Math.max(Math.max(1, written - random.nextInt(60)), fold.written);
                        if (append(journal, written + 1, low, length) >= 0) {
                            written++;
                            fold.written = low;
                        }
                    }
                    journal.doWork(nowNs);
                    fold.checkpoint(journal, random.nextInt(10) == 0);
                    assertEquals(
                            0,
                            journal.counters().scrubDamageCount(),
                            () -> String.valueOf(journal.scrub().damage()));
                }
                device.hold(false);
                fold.assertLive(journal);
                scrubbedBytes += journal.counters().scrubbedBytes();
                freedZones += journal.counters().freedZoneCount();
                device.crash();
            }
        }
        assertTrue(scrubbedBytes > 0);
        Statistics.collect(freedZones > 0 ? "zones were freed" : "no zone was freed");
    }

    @Test
    void shouldWriteManyTimesItsLengthWhenZonesAreFreed() {
        final byte[] medium = TestJournals.medium(4);
        final Fold fold = new Fold();
        final long capacity;
        long bytes = 0;
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(fold))) {
            journal.recover(fold);
            capacity = journal.capacityBytes();
            while (bytes < 20 * capacity) {
                final long low = Math.max(1, fold.last - 20);
                assertTrue(append(journal, fold.last + 1, low, 3000) >= 0, "full");
                bytes += 3000;
                TestJournals.drain(journal);
                fold.checkpoint(journal, journal.freeBytes() < capacity / 2);
                if (fold.last % 100 == 0) {
                    fold.assertLive(journal);
                }
            }
            assertTrue(journal.counters().freedZoneCount() > 50);
        }
        final Fold again = new Fold();
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover(again);
            assertEquals(fold.last, again.last);
            assertEquals(fold.low, again.low);
            again.assertLive(journal);
            final RecoveryReport report = journal.recoveryReport();
            assertTrue(report.checkpointBatchSequence() > 0);
            assertTrue(report.batchCount() < 300, () -> "folds " + report.batchCount() + " batches");
        }
    }

    @Test
    void shouldRefuseByNameWhenACheckpointIsDamaged() {
        final byte[] medium = TestJournals.medium(4);
        final Fold fold = new Fold();
        long address;
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(fold))) {
            journal.recover(fold);
            for (int i = 1; i <= 200; i++) {
                append(journal, i, 1, 3000);
                TestJournals.drain(journal);
            }
            assertTrue(journal.checkpoint().begin());
            address = journal.durableAddress();
            fold.offer(journal);
            for (int i = 0; i < 100; i++) {
                journal.doWork(i);
            }
            assertEquals(1, journal.counters().checkpointCount());
        }
        medium[(int) address + 180] ^= 1;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            final MillraceException e = assertThrows(MillraceException.class, () -> journal.recover(new Fold()));
            assertEquals(ErrorCode.JOURNAL_CORRUPT, e.code());
            assertTrue(String.valueOf(e.getMessage()).contains("checkpoint"), e::toString);
        }
    }

    @Test
    void shouldStartFromTheOlderCheckpointWhenTheNewestSuperblockIsLost() {
        final byte[] medium = TestJournals.medium(4);
        final Fold fold = new Fold();
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(fold))) {
            journal.recover(fold);
            for (int i = 1; i <= 60; i++) {
                append(journal, i, 1, 3000);
                TestJournals.drain(journal);
                fold.checkpoint(journal, i == 20 || i == 40);
            }
            assertEquals(2, journal.counters().checkpointCount());
        }
        final UnsafeBuffer bytes = new UnsafeBuffer(medium);
        final long newest = bytes.getLong(48) > bytes.getLong(4096 + 48) ? 0 : 4096;
        medium[(int) newest + 9] ^= 1;
        final Fold again = new Fold();
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover(again);
            assertEquals(60, again.last);
            again.assertLive(journal);
        }
    }

    @Test
    void shouldEndCleanlyAmongRemainsOnlyWhenItWasStoppedInOrder() {
        final byte[] medium = TestJournals.medium(3);
        final Fold fold = new Fold();
        long end;
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(fold))) {
            journal.recover(fold);
            for (int i = 0; i < 2_000 && (journal.counters().freedZoneCount() < 4 || fold.last % 64 != 7); i++) {
                append(journal, fold.last + 1, fold.last, 9000);
                TestJournals.drain(journal);
                fold.checkpoint(journal, fold.last % 40 == 0);
            }
        }
        for (int i = 0; i < 20 && tailOf(medium) != TailState.UNCERTAIN; i++) {
            final Fold more = new Fold();
            try (Journal journal = Journal.open(
                    TestJournals.context().device(new MemoryDevice(medium)).listener(more))) {
                journal.recover(more);
                append(journal, more.last + 1, more.last, 5000 + 4096 * (i % 2));
                TestJournals.drain(journal);
            }
        }
        assertEquals(TailState.UNCERTAIN, tailOf(medium), "remains of a longer batch");
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover(new Fold());
            journal.markEnd();
            end = journal.durableAddress();
        }
        assertEquals(TailState.CLEAN, tailOf(medium));
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover(new Fold());
            journal.markEnd();
        }
        final int inZone = (int) ((end - LogFormat.DEFAULT_DATA_ADDRESS) % TestJournals.ZONE_LENGTH);
        for (int zone = 0; zone < 3; zone++) { // whichever holds it: the last batch, and old ones
            medium[(int) LogFormat.DEFAULT_DATA_ADDRESS + zone * TestJournals.ZONE_LENGTH + inZone - 4096 + 200] ^= 1;
        }
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            final MillraceException e = assertThrows(MillraceException.class, () -> journal.recover(new Fold()));
            assertEquals(ErrorCode.JOURNAL_CORRUPT, e.code());
            assertTrue(String.valueOf(e.getMessage()).contains("ended in order"), e::toString);
        }
    }

    private static TailState tailOf(final byte[] medium) {
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover(new Fold());
            return journal.recoveryReport().tail();
        }
    }

    @Test
    void shouldFreeZonesOnlyWhenTheSuperblockIsDurable() {
        final FaultyDevice device = new FaultyDevice(TestJournals.medium(4), 1);
        final Fold fold = new Fold();
        try (Journal journal =
                Journal.open(TestJournals.context().device(device).listener(fold))) {
            journal.recover(fold);
            fill(journal, fold, 200_000);
            fold.checkpoint(journal, true);
            for (int i = 0; i < 1_000 && !journal.checkpoint().isNaming(); i++) {
                journal.doWork(i);
            }
            assertTrue(journal.checkpoint().isNaming());
            device.hold(true);
            final long freeBytes = journal.freeBytes();
            for (int i = 0; i < 100; i++) {
                journal.doWork(i);
            }
            assertEquals(0, journal.counters().freedZoneCount());
            assertEquals(freeBytes, journal.freeBytes());
            device.hold(false);
            TestJournals.drain(journal);
            assertTrue(journal.counters().freedZoneCount() > 0);
        }
    }

    @Test
    void shouldFenceWhenASuperblockIsNotWrittenInTime() {
        final FaultyDevice device = new FaultyDevice(TestJournals.medium(4), 1);
        final Fold fold = new Fold();
        final long[] nowNs = {5_000_000_000L};
        try (Journal journal = Journal.open(TestJournals.context()
                .device(device)
                .listener(fold)
                .clock(() -> nowNs[0])
                .idleMarkDelayNs(0))) {
            journal.recover(fold);
            append(journal, 1, 1, 3000);
            TestJournals.drain(journal);
            fold.checkpoint(journal, true);
            for (int i = 0; i < 1_000 && !journal.checkpoint().isNaming(); i++) {
                journal.doWork(nowNs[0]);
            }
            assertTrue(journal.checkpoint().isNaming());
            device.hold(true);
            for (int i = 0; i < 100 && !journal.isFenced(); i++) {
                nowNs[0] += 1_000_000_000L;
                journal.doWork(nowNs[0]);
            }
            assertTrue(journal.isFenced(), "waits for ever");
        }
    }

    @Test
    void shouldRefuseWhenTheOnlySuperblockThatNamesReusedZonesIsLost() {
        for (final boolean twice : new boolean[] {false, true}) {
            final byte[] medium = TestJournals.medium(4);
            final Fold fold = new Fold();
            try (Journal journal = Journal.open(
                    TestJournals.context().device(new MemoryDevice(medium)).listener(fold))) {
                journal.recover(fold);
                if (twice) {
                    append(journal, 1, 1, 3000);
                    TestJournals.drain(journal);
                    checkpointNow(journal, fold);
                }
                fill(journal, fold, 200_000);
                checkpointNow(journal, fold);
                assertTrue(journal.counters().freedZoneCount() > 0);
                fill(journal, fold, 0);
            }
            final UnsafeBuffer bytes = new UnsafeBuffer(medium);
            final long newest = bytes.getLong(48) > bytes.getLong(4096 + 48) ? 0 : 4096;
            medium[(int) newest + 9] ^= 1;
            try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
                final MillraceException e = assertThrows(MillraceException.class, () -> journal.recover(new Fold()));
                assertEquals(ErrorCode.JOURNAL_CORRUPT, e.code());
            }
        }
    }

    @Test
    void shouldFreeZonesBetweenTheRecordsOfASlowChain() {
        final Fold fold = new Fold();
        try (Journal journal = Journal.open(TestJournals.context()
                .device(new MemoryDevice(TestJournals.medium(8)))
                .listener(fold))) {
            journal.recover(fold);
            TestJournals.append(journal, 2, 1, 3000);
            for (long position = 1; journal.freeBytes() > 400_000; position++) {
                TestJournals.append(journal, 3, position, 3000);
                TestJournals.drain(journal);
            }
            TestJournals.append(journal, 2, 2, 3000);
            TestJournals.drain(journal);
            assertTrue(journal.checkpoint().begin());
            journal.checkpoint().keep(2, 1, 2, 6000);
            journal.checkpoint().finish();
            finish(journal);
            assertTrue(
                    journal.counters().freedZoneCount() >= 4,
                    () -> "freed " + journal.counters().freedZoneCount());
        }
    }

    @Test
    void shouldBeginACheckpointWhenAFullJournalIsOpenedAgain() {
        final byte[] medium = TestJournals.medium(4);
        final Fold fold = new Fold();
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(fold))) {
            journal.recover(fold);
            fill(journal, fold, 60_000);
        }
        final Fold again = new Fold();
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(again))) {
            journal.recover(again);
            again.low = again.last;
            checkpointNow(journal, again);
            assertTrue(journal.counters().freedZoneCount() > 0);
        }
    }

    /** Appends records of which only the last is live, until less room than this is left. */
    private static void fill(final Journal journal, final Fold fold, final long freeBytes) {
        while (journal.freeBytes() > freeBytes && append(journal, fold.last + 1, fold.last + 1, 3000) >= 0) {
            TestJournals.drain(journal);
        }
        TestJournals.drain(journal);
    }

    private static void checkpointNow(final Journal journal, final Fold fold) {
        assertTrue(journal.checkpoint().begin());
        fold.offer(journal);
        finish(journal);
    }

    private static void finish(final Journal journal) {
        for (int i = 0; i < 1_000 && !journal.checkpoint().isIdle(); i++) {
            journal.doWork(i);
        }
        TestJournals.drain(journal);
        assertTrue(journal.checkpoint().isIdle());
    }

    @Test
    void shouldSayThatTheZoneWasFreedWhenReadersComeLate() {
        final byte[] medium = TestJournals.medium(3);
        final Fold fold = new Fold();
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(fold))) {
            journal.recover(fold);
            append(journal, 1, 1, 3000);
            TestJournals.drain(journal);
            final long first = journal.addressOf(CHAIN, 1);
            for (int i = 0; i < 2_000 && journal.counters().freedZoneCount() == 0; i++) {
                append(journal, fold.last + 1, fold.last, 3000);
                TestJournals.drain(journal);
                fold.checkpoint(journal, fold.last % 100 == 0);
            }
            final JournalReader reader = Objects.requireNonNull(journal.newReader());
            for (int i = 0; i < 100 && !reader.request(first); i++) {
                journal.doWork(i);
            }
            for (int i = 0; i < 100 && reader.state() == JournalReader.State.PENDING; i++) {
                journal.doWork(i);
            }
            assertEquals(JournalReader.State.FAILED, reader.state());
            assertEquals(ErrorCode.SEGMENT_TRUNCATED, reader.failure());
            assertFalse(journal.isFenced());
        }
    }

    private static int append(final Journal journal, final long position, final long low, final int length) {
        final int index = journal.tryClaim(length);
        if (index >= 0) {
            TestJournals.fill(journal.buffer(), index, CHAIN, position, length);
            journal.buffer().putLong(index + COMMIT_MARK_OFFSET, low);
            journal.commit(index, length);
        }
        return index;
    }

    /** The chain's state, by records or by a checkpoint. */
    private static final class Fold implements RecordVisitor, DurableListener {
        private long last;
        private long low = 1;
        private long written = 1;
        private long restored;
        private boolean offering;

        @Override
        public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
            final long position = buffer.getLong(index + 24);
            if (position > restored) {
                assertEquals(last + 1, position);
                last = position;
                low = buffer.getLong(index + COMMIT_MARK_OFFSET);
                written = Math.max(written, low);
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
            assertEquals(CHAIN, chain);
            last = buffer.getLong(index);
            low = buffer.getLong(index + 8);
            written = low;
            restored = last;
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
            int at = payloadIndex;
            for (int i = 0; i < recordCount; i++) {
                if (buffer.getLong(at + 24) > 0 && buffer.getInt(at + CHAIN_OFFSET) == CHAIN) {
                    onRecord(buffer, at, 0, batchAddress);
                }
                at += LogFormat.align(buffer.getInt(at));
            }
        }

        @Override
        public void onFenced(final ErrorCode code, final String message) {}

        void checkpoint(final Journal journal, final boolean due) {
            if (offering && journal.checkpoint().isIdle()) {
                offering = false; // given up: full
            }
            if (offering
                    || (due
                            && journal.freeBytes() > 40_000
                            && journal.checkpoint().begin())) {
                offer(journal);
            }
        }

        void offer(final Journal journal) {
            final UnsafeBuffer state = new UnsafeBuffer(new byte[16]);
            state.putLong(0, last);
            state.putLong(8, low);
            offering = !journal.checkpoint().offer(CheckpointPart.CHAIN_STATE, CHAIN, state, 0, 16, true);
            if (!offering) {
                for (long position = low; position <= last; position++) {
                    journal.checkpoint().keep(CHAIN, position, position, 64);
                }
                journal.checkpoint().finish();
            }
        }

        void assertLive(final Journal journal) {
            final JournalReader reader = Objects.requireNonNull(journal.newReader());
            for (long position = low; position <= last; position++) {
                find(journal, reader, position);
            }
            reader.close();
        }

        private static void find(final Journal journal, final JournalReader reader, final long position) {
            for (int i = 0; i < 100 && !reader.request(journal.addressOf(CHAIN, position)); i++) {
                journal.doWork(i);
            }
            for (int i = 0; i < 100 && reader.state() == JournalReader.State.PENDING; i++) {
                journal.doWork(i);
            }
            assertEquals(JournalReader.State.READY, reader.state(), () -> position + ": " + reader.failure());
            final DirectBuffer buffer = reader.buffer();
            int at = reader.payloadIndex();
            final int end = at + reader.payloadLength();
            while (at < end && buffer.getLong(at + 24) != position) {
                at += LogFormat.align(buffer.getInt(at));
            }
            assertTrue(at < end, "position " + position + " is not in its batch");
            for (int i = LogFormat.RECORD_HEADER_LENGTH; i < buffer.getInt(at); i++) {
                assertEquals((byte) (position * 31 + i), buffer.getByte(at + i), "byte " + i + " of " + position);
            }
        }
    }
}
