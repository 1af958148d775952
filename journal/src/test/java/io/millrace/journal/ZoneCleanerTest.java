package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.journal.memory.MemoryDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Remnants that are copied forward: a busy chain of which only the last records are live, and an idle one whose few
 * live records lie between, each of which says in its commit mark which older one dies with it.
 */
@Timeout(120)
class ZoneCleanerTest {
    private static final int BUSY = 1;
    private static final int IDLE = 2;
    private static final int HEADER = LogFormat.RECORD_HEADER_LENGTH;
    private static final int CHAIN_OFFSET = RecordHeaderDecoder.chainEncodingOffset();
    private static final int COMMIT_MARK_OFFSET = RecordHeaderDecoder.commitMarkEncodingOffset();
    private static final int KIND_OFFSET = RecordHeaderDecoder.kindEncodingOffset();
    private static final byte REMNANT = 11;
    private static final long MOST = TestJournals.ZONE_LENGTH / 2;

    @Property(tries = 150)
    void shouldKeepEveryLiveRecordWhenRemnantsAreCopiedWhereverThePowerIsCut(
            @ForAll final long seed, @ForAll @IntRange(min = 1, max = 4) final int writesInFlight) {
        final Random random = new Random(seed);
        final byte[] medium = TestJournals.medium(8);
        final Chains chains = new Chains();
        for (int run = 0; run < 6; run++) {
            final FaultyDevice device = new FaultyDevice(medium, random.nextLong()).inOrder(random.nextBoolean());
            try (Journal journal =
                    chains.open(TestJournals.context().device(device).writesInFlight(writesInFlight))) {
                final int steps = random.nextInt(250);
                device.completionsPerPoll(1 + random.nextInt(3));
                for (int step = 0; step < steps; step++) {
                    device.hold(random.nextInt(4) == 0);
                    for (int i = random.nextInt(4); i > 0; i--) {
                        chains.append(journal, random.nextInt(random.nextInt(4) == 0 ? 50_000 : 6000), 30);
                    }
                    if (random.nextInt(6) == 0) {
                        final long dies = random.nextInt(3) == 0 ? chains.someLive(random) : 0;
                        chains.appendIdle(journal, dies, random.nextInt(2000));
                    }
                    journal.doWork(step);
                    if (!chains.checkpoint(journal, random.nextInt(12) == 0, MOST)) {
                        journal.checkpoint()
                                .cleaner()
                                .doWork(MOST, journal.freeBytes() - 60_000, random.nextInt(4) > 0);
                    }
                }
                device.crash();
            }
        }
    }

    @Test
    void shouldWriteManyTimesItsLengthWhenEveryZoneHoldsARemnant() {
        final Chains chains = new Chains();
        final byte[] medium = TestJournals.medium(16);
        try (Journal journal = chains.open(TestJournals.context().device(new MemoryDevice(medium)))) {
            final ZoneCleaner cleaner = journal.checkpoint().cleaner();
            long bytes = 0;
            long idleAt = 0;
            while (bytes < 20 * journal.capacityBytes()) {
                if (bytes >= idleAt && chains.written.size() < 12) {
                    assertTrue(chains.appendIdle(journal, 0, 100) >= 0);
                    idleAt += TestJournals.ZONE_LENGTH;
                }
                assertTrue(chains.append(journal, 3000, 20) >= 0, "full");
                bytes += 3000;
                TestJournals.drain(journal);
                final boolean due = cleaner.freeZoneCount() < 6 && (cleaner.hasCleaned() || !cleaner.isBusy());
                if (!chains.checkpoint(journal, due, MOST)) {
                    cleaner.doWork(MOST, journal.freeBytes(), true);
                }
            }
            assertTrue(journal.counters().cleanedZoneCount() >= 12, "cleaned");
            assertTrue(
                    journal.counters().copiedBytes() < 1_000_000,
                    () -> "copied " + journal.counters().copiedBytes());
            assertEquals(12, chains.live.size());
            chains.assertLive(journal);
        }
        try (Journal journal = chains.open(TestJournals.context().device(new MemoryDevice(medium)))) {
            chains.assertLive(journal);
        }
    }

    @Test
    void shouldNotFreeAZoneBeforeTheCheckpointThatNamesTheCopiesIsDurable() {
        final byte[] medium = TestJournals.medium(8);
        final FaultyDevice device = new FaultyDevice(medium, 1);
        final Chains chains = new Chains();
        try (Journal journal = chains.open(TestJournals.context().device(device).idleMarkDelayNs(0))) {
            pin(journal, chains);
            clean(journal, chains);
            final ZoneCleaner cleaner = journal.checkpoint().cleaner();
            assertTrue(cleaner.hasCleaned());
            final long freed = journal.counters().freedZoneCount();
            assertTrue(chains.begin(journal, 0));
            for (int i = 0; i < 1_000 && !journal.checkpoint().isNaming(); i++) {
                journal.doWork(i);
                assertEquals(freed, journal.counters().freedZoneCount());
            }
            device.hold(true);
            journal.doWork(1);
            assertEquals(freed, journal.counters().freedZoneCount());
            device.hold(false);
            finish(journal);
            assertTrue(journal.counters().freedZoneCount() > freed);
            assertFalse(cleaner.hasCleaned());
            chains.assertLive(journal);
        }
        // the checkpoint begins with the batch of the copies: recovery learns of them by folding
        try (Journal journal = chains.open(TestJournals.context().device(new MemoryDevice(medium)))) {
            assertEquals(3, chains.live.size());
            chains.assertLive(journal);
        }
    }

    @Test
    void shouldNotLetACopyCountBeforeItIsDurable() {
        final FaultyDevice device = new FaultyDevice(TestJournals.medium(8), 1);
        final Chains chains = new Chains();
        try (Journal journal = chains.open(TestJournals.context().device(device))) {
            pin(journal, chains);
            walk(journal, chains);
            walk(journal, chains);
            final ZoneCleaner cleaner = journal.checkpoint().cleaner();
            final long before = journal.addressOf(IDLE, 1);
            for (int i = 0; i < 1_000 && !cleaner.isWriting(); i++) {
                cleaner.doWork(MOST, journal.freeBytes(), true);
                journal.doWork(i);
                device.hold(cleaner.isWriting());
            }
            assertTrue(cleaner.isWriting());
            device.hold(true);
            journal.doWork(1);
            for (int i = 0; i < 10; i++) {
                cleaner.doWork(MOST, journal.freeBytes(), true);
                assertEquals(before, journal.addressOf(IDLE, 1));
                assertFalse(cleaner.hasCleaned());
                assertFalse(journal.checkpoint().begin(), "copies wait to become durable");
            }
            device.hold(false);
            finishCleaning(journal);
            assertTrue(journal.addressOf(IDLE, 1) > before);
            assertTrue(cleaner.hasCleaned());
        }
    }

    @Test
    void shouldLeaveAZoneAsItIsWhenALiveRecordInItIsDamaged() {
        final byte[] medium = TestJournals.medium(8);
        final Chains chains = new Chains();
        final List<String> warnings = new ArrayList<>();
        try (Journal journal = chains.open(
                TestJournals.context().device(new MemoryDevice(medium)).warnings(warnings::add))) {
            pin(journal, chains);
            walk(journal, chains);
            final long address = journal.addressOf(IDLE, 1);
            medium[(int) address + LogFormat.BATCH_HEADER_LENGTH + HEADER + 20] ^= 4;
            clean(journal, chains);
            assertEquals(address, journal.addressOf(IDLE, 1), "was copied");
            assertTrue(journal.addressOf(IDLE, 2) > address, "the others are cleaned");
            assertEquals(1, journal.counters().damagedZoneCount());
            assertTrue(warnings.get(0).contains("address " + address), warnings::toString);
            assertTrue(chains.begin(journal, MOST));
            finish(journal);
            assertEquals(address, journal.addressOf(IDLE, 1));
            finishCleaning(journal);
            assertEquals(1, journal.counters().damagedZoneCount(), "is not tried again");
        }
    }

    @Test
    void shouldCopyNothingWhenEverythingIsLive() {
        final Chains chains = new Chains();
        try (Journal journal = chains.open(TestJournals.context().device(new MemoryDevice(TestJournals.medium(8))))) {
            while (journal.freeBytes() > 300_000) {
                chains.append(journal, 8192 - LogFormat.BATCH_HEADER_LENGTH - HEADER, 1_000_000);
                TestJournals.drain(journal);
            }
            final ZoneCleaner cleaner = journal.checkpoint().cleaner();
            chains.estimate = 1; // even if the estimate is far too low
            walk(journal, chains);
            final long most = TestJournals.ZONE_LENGTH * 7L / 8;
            for (int i = 0; i < 3; i++) {
                cleaner.choose(most);
                walk(journal, chains);
                finishCleaning(journal);
            }
            assertEquals(0, journal.counters().copiedBytes());
            assertFalse(cleaner.hasCandidate(most), "measured again and again");
        }
    }

    @Test
    void shouldForgetCopiesOfWhatDiesWhenTheyAreMade() {
        final byte[] medium = TestJournals.medium(8);
        final Chains chains = new Chains();
        try (Journal journal = chains.open(TestJournals.context().device(new MemoryDevice(medium)))) {
            pin(journal, chains);
            walk(journal, chains);
            journal.checkpoint().cleaner().choose(MOST);
            walk(journal, chains);
            assertTrue(journal.checkpoint().cleaner().isBusy());
            chains.appendIdle(journal, 1, 100); // dies between the walk and the copy
            finishCleaning(journal);
            chains.appendIdle(journal, 2, 100); // dies when it was copied
            TestJournals.drain(journal);
            assertTrue(chains.begin(journal, 0));
            finish(journal);
            assertEquals(-1, journal.addressOf(IDLE, 1));
            assertEquals(-1, journal.addressOf(IDLE, 2));
            chains.assertLive(journal);
        }
        try (Journal journal = chains.open(TestJournals.context().device(new MemoryDevice(medium)))) {
            chains.assertLive(journal);
        }
    }

    @Test
    void shouldTakeTheZoneBehindTheEndWhenItIsTheLastFreeOne() {
        final byte[] medium = TestJournals.medium(3);
        final Chains chains = new Chains();
        final long almostFull = LogFormat.DEFAULT_DATA_ADDRESS + 2L * TestJournals.ZONE_LENGTH - 40_000;
        try (Journal journal = chains.open(TestJournals.context().device(new MemoryDevice(medium)))) {
            while (journal.durableAddress() < almostFull) {
                assertTrue(chains.append(journal, 3000, 1_000_000) >= 0);
                TestJournals.drain(journal);
            }
        }
        try (Journal journal = chains.open(TestJournals.context().device(new MemoryDevice(medium)))) {
            final long used = journal.durableAddress() - LogFormat.DEFAULT_DATA_ADDRESS;
            assertEquals(journal.capacityBytes() - used, journal.freeBytes(), "recovery has looked into the next zone");
            for (int i = 0; i < 20; i++) {
                assertTrue(chains.append(journal, 3000, 1_000_000) >= 0, "full though a zone is free");
                TestJournals.drain(journal);
            }
        }
    }

    @Test
    void shouldLookForDeadPositionsNowhereWhenTheirZoneIsFree() {
        final byte[] medium = TestJournals.medium(8);
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).idleMarkDelayNs(0))) {
            journal.recover((buffer, index, length, batchAddress) -> {});
            for (int i = 1; i <= 4; i++) { // one in each zone
                TestJournals.append(journal, IDLE, i, 100);
                for (int j = 1; j <= 70; j++) {
                    TestJournals.append(journal, BUSY, (i - 1) * 70L + j, 3500);
                    TestJournals.drain(journal);
                }
            }
            assertTrue(journal.checkpoint().begin());
            journal.checkpoint().keep(IDLE, 1, 1, 300);
            journal.checkpoint().keep(IDLE, 3, 3, 300);
            journal.checkpoint().finish();
            finish(journal);
            assertEquals(-1, journal.addressOf(IDLE, 2), "not where the one before lies");
            assertTrue(journal.addressOf(IDLE, 3) > journal.addressOf(IDLE, 1));
        }
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover((buffer, index, length, batchAddress) -> {});
            assertEquals(-1, journal.addressOf(IDLE, 2), "not where the one before lies");
            assertTrue(journal.addressOf(IDLE, 3) > journal.addressOf(IDLE, 1));
        }
    }

    @Test
    void shouldKnowHowFarAChainGoesWhenItsLastRecordsAreDeadAndTheOthersWereCopied() {
        final byte[] medium = TestJournals.medium(8);
        final RemnantFilter filter = (buffer, index, length, named) ->
                buffer.getInt(index + CHAIN_OFFSET) == IDLE && buffer.getLong(index + 24) == 1;
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).idleMarkDelayNs(0))) {
            journal.checkpoint().cleaner().filter(filter);
            journal.recover((buffer, index, length, batchAddress) -> {});
            TestJournals.append(journal, IDLE, 1, 100);
            TestJournals.append(journal, IDLE, 2, 100);
            for (int i = 1; i <= 80; i++) {
                TestJournals.append(journal, BUSY, i, 3500);
                TestJournals.drain(journal);
            }
            for (int i = 0; i < 2; i++) {
                journal.checkpoint().cleaner().choose(MOST);
                assertTrue(journal.checkpoint().beginTrial());
                journal.checkpoint().keep(IDLE, 1, 2, 300);
                journal.checkpoint().endTrial();
            }
            finishCleaning(journal);
            assertTrue(journal.checkpoint().begin());
            journal.checkpoint().keep(IDLE, 1, 2, 300);
            journal.checkpoint().finish();
            finish(journal);
            assertEquals(1, journal.counters().freedZoneCount());
        }
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover((buffer, index, length, batchAddress) -> {});
            assertTrue(journal.addressOf(IDLE, 1) > 0);
            assertTrue(journal.checkpoint().beginTrial());
            journal.checkpoint().keep(IDLE, 1, 2, 300);
            journal.checkpoint().endTrial();
        }
    }

    /** Three zones with one live record each. */
    private static void pin(final Journal journal, final Chains chains) {
        for (int zone = 0; zone < 3; zone++) {
            chains.appendIdle(journal, 0, 100);
            TestJournals.drain(journal);
            for (int i = 0; i < 64; i++) {
                chains.append(journal, 3500, 1);
                TestJournals.drain(journal);
            }
        }
    }

    private static void clean(final Journal journal, final Chains chains) {
        walk(journal, chains);
        walk(journal, chains);
        finishCleaning(journal);
    }

    /** A walk that writes nothing; with victims if it is not the first. */
    private static void walk(final Journal journal, final Chains chains) {
        journal.checkpoint().cleaner().choose(MOST);
        assertTrue(journal.checkpoint().beginTrial());
        chains.keep(journal);
        journal.checkpoint().endTrial();
    }

    private static void finishCleaning(final Journal journal) {
        final ZoneCleaner cleaner = journal.checkpoint().cleaner();
        for (int i = 0; i < 10_000 && cleaner.isBusy(); i++) {
            cleaner.doWork(TestJournals.ZONE_LENGTH * 7L / 8, journal.freeBytes(), true);
            journal.doWork(i);
        }
        assertFalse(cleaner.isBusy());
    }

    private static void finish(final Journal journal) {
        for (int i = 0; i < 1_000 && !journal.checkpoint().isIdle(); i++) {
            journal.doWork(i);
        }
        TestJournals.drain(journal);
        assertTrue(journal.checkpoint().isIdle());
    }

    /** Two chains: what was written, and what recovery and completions say of it. */
    private static final class Chains implements RecordVisitor, DurableListener {
        private final List<Long> written = new ArrayList<>();
        private final TreeSet<Long> live = new TreeSet<>();
        private long busyWritten;
        private long busyLast;
        private long busyLow;
        private long idleLast;
        private long restoredBusy;
        private long restoredIdle;
        private boolean offering;
        private long estimate;

        /** Opens and recovers, and compares with what was acknowledged and written before. */
        Journal open(final JournalContext context) {
            final long acknowledgedBusy = busyLast;
            final long acknowledgedIdle = idleLast;
            final long lowBefore = busyLow;
            live.clear();
            busyLast = 0;
            busyLow = 1;
            idleLast = 0;
            restoredBusy = 0;
            restoredIdle = 0;
            offering = false;
            final Journal journal = Journal.open(context.listener(this));
            journal.checkpoint().cleaner().filter(this::isLive);
            journal.recover(this);
            assertTrue(busyLast >= acknowledgedBusy && busyLast <= busyWritten, () -> "busy: " + busyLast);
            assertTrue(idleLast >= acknowledgedIdle && idleLast <= written.size(), () -> "idle: " + idleLast);
            assertTrue(busyLow >= lowBefore, "what was truncated is live again");
            final TreeSet<Long> expected = new TreeSet<>();
            for (long position = 1; position <= idleLast; position++) {
                expected.add(position);
                expected.remove(written.get((int) position - 1));
            }
            assertEquals(expected, live, "what died is live again, or the other way round");
            busyWritten = busyLast;
            written.subList((int) idleLast, written.size()).clear();
            assertLive(journal);
            return journal;
        }

        boolean isLive(final DirectBuffer buffer, final int index, final int length, final boolean named) {
            final long position = buffer.getLong(index + 24);
            return buffer.getInt(index + CHAIN_OFFSET) == BUSY ? position >= busyLow : live.contains(position);
        }

        long someLive(final Random random) {
            return live.isEmpty() ? 0 : new ArrayList<>(live).get(random.nextInt(live.size()));
        }

        int append(final Journal journal, final int length, final int kept) {
            final long position = busyWritten + 1;
            final int status = append(journal, BUSY, position, Math.max(1, position - kept), HEADER + length);
            busyWritten += status >= 0 ? 1 : 0;
            return status;
        }

        int appendIdle(final Journal journal, final long dies, final int length) {
            final int status = append(journal, IDLE, written.size() + 1, dies, HEADER + 8 + length);
            if (status >= 0) {
                written.add(dies);
            }
            return status;
        }

        private static int append(
                final Journal journal, final int chain, final long position, final long mark, final int length) {
            final int index = journal.tryClaim(length);
            if (index >= 0) {
                TestJournals.fill(journal.buffer(), index, chain, position, length);
                journal.buffer().putLong(index + COMMIT_MARK_OFFSET, mark);
                journal.commit(index, length);
            }
            return index;
        }

        @Override
        public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
            final long position = buffer.getLong(index + 24);
            final long mark = buffer.getLong(index + COMMIT_MARK_OFFSET);
            if (buffer.getInt(index + CHAIN_OFFSET) == BUSY) {
                if (position > restoredBusy) {
                    assertEquals(busyLast + 1, position);
                    busyLast = position;
                    busyLow = Math.max(busyLow, mark);
                }
            } else if (position > restoredIdle) {
                assertEquals(idleLast + 1, position);
                idleLast = position;
                live.add(position);
                live.remove(mark);
            }
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
                if (buffer.getLong(at + 24) > 0) {
                    onRecord(buffer, at, 0, batchAddress);
                }
                at += LogFormat.align(buffer.getInt(at));
            }
        }

        @Override
        public void onFenced(final ErrorCode code, final String message) {}

        @Override
        public void onCheckpoint(
                final CheckpointPart part,
                final int chain,
                final DirectBuffer buffer,
                final int index,
                final int length,
                final boolean last) {
            busyLast = buffer.getLong(index);
            busyLow = buffer.getLong(index + 8);
            idleLast = buffer.getLong(index + 16);
            for (int at = 24; at < length; at += 8) {
                live.add(buffer.getLong(index + at));
            }
            restoredBusy = busyLast;
            restoredIdle = idleLast;
        }

        /** Goes on with a checkpoint; false while none is under way. */
        boolean checkpoint(final Journal journal, final boolean due, final long most) {
            if (offering && !journal.checkpoint().isIdle()) {
                offer(journal);
                return true;
            }
            offering = false;
            if (!journal.checkpoint().isIdle()) {
                return true;
            }
            return due && journal.freeBytes() > 60_000 && begin(journal, most);
        }

        boolean begin(final Journal journal, final long most) {
            journal.checkpoint().cleaner().choose(most);
            final boolean begun = journal.checkpoint().begin();
            if (begun) {
                offer(journal);
            }
            return begun;
        }

        private void offer(final Journal journal) {
            final UnsafeBuffer state = new UnsafeBuffer(new byte[24 + 8 * live.size()]);
            state.putLong(0, busyLast);
            state.putLong(8, busyLow);
            state.putLong(16, idleLast);
            int at = 24;
            for (final long position : live) {
                state.putLong(at, position);
                at += 8;
            }
            offering = !journal.checkpoint().offer(CheckpointPart.CHAIN_STATE, BUSY, state, 0, state.capacity(), true);
            if (!offering) {
                keep(journal);
                journal.checkpoint().finish();
            }
        }

        /** The idle chain's positions are named as ranges: what lies between live ones may be gone. */
        void keep(final Journal journal) {
            for (long position = busyLow; position <= busyLast; position++) {
                final int length = (int) (estimate > 0 ? estimate : 3000);
                journal.checkpoint().keep(BUSY, position, position, length);
            }
            for (final long position : live) {
                journal.checkpoint().keep(IDLE, position, Math.min(idleLast, position + 3), 300);
            }
        }

        void assertLive(final Journal journal) {
            final JournalReader reader = Objects.requireNonNull(journal.newReader());
            for (long position = busyLow; position <= busyLast; position++) {
                find(journal, reader, BUSY, position);
            }
            for (final long position : live) {
                find(journal, reader, IDLE, position);
            }
            reader.close();
        }

        private static void find(
                final Journal journal, final JournalReader reader, final int chain, final long position) {
            assertEquals(position, reader.seek(chain, position));
            for (int i = 0; i < 100 && !reader.request(journal.addressOf(chain, position)); i++) {
                journal.doWork(i);
            }
            for (int i = 0; i < 100 && reader.state() == JournalReader.State.PENDING; i++) {
                journal.doWork(i);
            }
            assertEquals(JournalReader.State.READY, reader.state(), () -> chain + ", " + position);
            final DirectBuffer buffer = reader.buffer();
            int at = reader.payloadIndex();
            final int end = at + reader.payloadLength();
            final boolean isCopy = reader.isCopy(chain, position);
            while (at < end && !isAt(buffer, at, isCopy, chain, position)) {
                at += LogFormat.align(buffer.getInt(at));
            }
            assertTrue(at < end, () -> "position " + position + " of chain " + chain + " is not in its batch");
            at += isCopy ? HEADER : 0;
            for (int i = HEADER; i < buffer.getInt(at); i++) {
                assertEquals((byte) (position * 31 + i), buffer.getByte(at + i), "byte " + i + " of " + position);
            }
        }

        private static boolean isAt(
                final DirectBuffer buffer, final int at, final boolean isCopy, final int chain, final long position) {
            final int record = isCopy ? at + HEADER : at;
            return (buffer.getByte(at + KIND_OFFSET) == REMNANT) == isCopy
                    && buffer.getInt(record + CHAIN_OFFSET) == chain
                    && buffer.getLong(record + 24) == position;
        }
    }
}
