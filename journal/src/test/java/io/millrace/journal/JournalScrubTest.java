package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.journal.memory.MemoryDevice;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The scrub: at its rate, beside writes, over damage of every kind. */
@Timeout(120)
final class JournalScrubTest {
    private static final long BYTES_PER_SECOND = 1 << 20;
    private static final long MILLISECOND_NS = 1_000_000L;
    private static final int RECORDS = 80;
    private static final int RECORD_LENGTH = 30_000;
    private static final long WRITTEN = RECORDS * 32_768L;

    private final byte[] medium = TestJournals.medium(16);
    private long nowNs = 1;

    @TempDir
    private Path directory = Path.of("");

    private JournalContext context() {
        return TestJournals.context().clock(() -> nowNs).idleMarkDelayNs(0).scrubBytesPerSecond(BYTES_PER_SECOND);
    }

    private Journal filled() {
        final Journal journal = Journal.open(context().device(new MemoryDevice(medium)));
        TestJournals.recover(journal);
        append(journal, 1, RECORDS);
        return journal;
    }

    private void append(final Journal journal, final long first, final long last) {
        for (long position = first; position <= last; position++) {
            assertTrue(TestJournals.append(journal, 1, position, RECORD_LENGTH) >= 0);
            drain(journal);
        }
    }

    private void drain(final Journal journal) {
        for (int i = 0; i < 100_000 && !journal.isDrained(); i++) {
            if (journal.doWork(nowNs) == 0) {
                journal.await(MILLISECOND_NS);
            }
        }
        assertTrue(journal.isDrained());
    }

    private void run(final Journal journal, final long milliseconds) {
        for (long i = 0; i < milliseconds; i++) {
            journal.doWork(nowNs);
            nowNs += MILLISECOND_NS;
        }
    }

    private void pass(final Journal journal) {
        final long before = journal.counters().scrubPassCount();
        for (int i = 0; i < 20_000 && journal.counters().scrubPassCount() == before; i++) {
            journal.doWork(nowNs);
            journal.await(MILLISECOND_NS / 100);
            nowNs += MILLISECOND_NS;
        }
        assertEquals(before + 1, journal.counters().scrubPassCount());
    }

    @Test
    void shouldReadEverythingOnceAnHourAtItsRate() {
        try (Journal journal = filled()) {
            final JournalCounters counters = journal.counters();
            final long before = counters.scrubbedBytes();
            run(journal, 1_000);
            final long read = counters.scrubbedBytes() - before;
            assertTrue(read <= BYTES_PER_SECOND + 2L * Scrub.CHUNK_LENGTH, "bytes " + read);
            assertTrue(read >= BYTES_PER_SECOND / 2, "bytes " + read);
            run(journal, 4_000);
            assertEquals(1, counters.scrubPassCount());
            final long all = counters.scrubbedBytes();
            assertTrue(all >= WRITTEN, "bytes " + all);
            run(journal, 1_000);
            assertEquals(all, counters.scrubbedBytes(), "one pass an hour");
            nowNs += Scrub.PASS_INTERVAL_NS;
            run(journal, 6_000);
            assertEquals(2, counters.scrubPassCount());
            assertEquals(0, counters.scrubDamageCount());
            assertNull(journal.scrub().damage());
        }
    }

    @Test
    void shouldReadNothingWhenItIsOff() {
        try (Journal journal = Journal.open(context().scrubBytesPerSecond(0).device(new MemoryDevice(medium)))) {
            TestJournals.recover(journal);
            append(journal, 1, 20);
            run(journal, 1_000);
            assertEquals(0, journal.counters().scrubbedBytes());
        }
    }

    @Test
    void shouldNameEachDamagedBatchOnceAndGoOn() {
        try (Journal journal = filled()) {
            pass(journal);
            final long body = journal.addressOf(1, 3);
            final long header = journal.addressOf(1, 40);
            final long behind = journal.addressOf(1, 41);
            medium[(int) body + 20_000] ^= 4;
            medium[(int) header + 50] ^= 4;
            final byte[] before = medium.clone();
            nowNs += Scrub.PASS_INTERVAL_NS;
            pass(journal);
            assertEquals(2, journal.counters().scrubDamageCount());
            final String said = String.valueOf(journal.scrub().damage());
            assertTrue(said.startsWith("MR-6023: "), said);
            assertTrue(said.contains("addresses " + header + " to " + behind), said);
            assertTrue(said.contains("chain 1 positions 40 to 40"), said);
            nowNs += Scrub.PASS_INTERVAL_NS;
            pass(journal);
            assertEquals(2, journal.counters().scrubDamageCount(), "each once");
            assertArrayEquals(before, medium, "it changes nothing");
            append(journal, RECORDS + 1, RECORDS + 2);
            assertFalse(journal.isFenced());
            medium[(int) body + 20_000] ^= 4;
            medium[(int) header + 50] ^= 4;
            nowNs += Scrub.PASS_INTERVAL_NS;
            pass(journal);
            assertNull(journal.scrub().damage(), "no damage is left");
        }
    }

    @Test
    void shouldNameABatchThatDoesNotFollowTheOneBefore() {
        try (Journal journal = filled()) {
            final int first = (int) journal.addressOf(1, 10);
            StaleBatches.changePreviousCrc(medium, first);
            pass(journal);
            assertEquals(2, journal.counters().scrubDamageCount(), "it, and the one behind that names another CRC");
            assertTrue(String.valueOf(journal.scrub().damage()).contains("does not follow"));
        }
    }

    @Test
    void shouldNameTheRestOfAZoneWhenNothingWholeFollows() {
        try (Journal journal = filled()) {
            final int zone = 65_536 + 2 * TestJournals.ZONE_LENGTH;
            java.util.Arrays.fill(medium, zone, zone + TestJournals.ZONE_LENGTH, (byte) 7);
            pass(journal);
            assertEquals(1, journal.counters().scrubDamageCount());
            final String said = String.valueOf(journal.scrub().damage());
            assertTrue(said.contains("zone 2, addresses " + zone + " to " + (zone + TestJournals.ZONE_LENGTH)), said);
        }
    }

    @Test
    void shouldNameWhatCannotBeReadAndNeverDelayAppends() {
        final FaultyDevice device = new FaultyDevice(medium, 1);
        try (Journal journal = Journal.open(context().device(device))) {
            TestJournals.recover(journal);
            append(journal, 1, 20);
            pass(journal);
            device.failReads(true);
            nowNs += Scrub.PASS_INTERVAL_NS;
            pass(journal);
            assertTrue(journal.counters().scrubDamageCount() > 0);
            assertTrue(String.valueOf(journal.scrub().damage()).contains("errno 5"));
            device.failReads(false);
            append(journal, 21, 40);
        }
    }

    @Test
    void shouldWaitForAMomentWithoutWritesButNotForEver() {
        final FaultyDevice device = new FaultyDevice(medium, 1);
        try (Journal journal = Journal.open(context().device(device))) {
            TestJournals.recover(journal);
            append(journal, 1, 20);
            pass(journal);
            nowNs += Scrub.PASS_INTERVAL_NS;
            journal.doWork(nowNs); // begins the pass and reads
            journal.doWork(nowNs);
            nowNs += 200 * MILLISECOND_NS; // the next read is due
            TestJournals.append(journal, 1, 21, 500);
            device.hold(true);
            journal.doWork(nowNs);
            final long soon = Scrub.CHUNK_LENGTH * 1_000_000_000L / BYTES_PER_SECOND + Scrub.PATIENCE_NS;
            assertEquals(1, journal.inFlightCount());
            nowNs += soon;
            journal.doWork(nowNs);
            assertTrue(journal.scrub().isReading(), "it is patient, not starved");
            device.hold(false);
            drain(journal);
        }
    }

    @Test
    void shouldLetTheRunEndInOrderWhenAReadIsUnderWay() {
        final FaultyDevice device = new FaultyDevice(medium, 1);
        try (Journal journal = Journal.open(context().device(device))) {
            TestJournals.recover(journal);
            append(journal, 1, 20);
            device.completionsPerPoll(0);
            nowNs += Scrub.PASS_INTERVAL_NS;
            journal.doWork(nowNs);
            assertTrue(journal.scrub().isReading());
            device.completionsPerPoll(8);
            journal.markEnd();
            assertFalse(journal.scrub().isReading());
        }
        try (Journal journal = Journal.open(context().device(new MemoryDevice(medium)))) {
            assertEquals(20, TestJournals.recover(journal).size());
            assertEquals(TailState.CLEAN, journal.recoveryReport().tail());
        }
    }

    @Test
    void shouldFindAFlippedBitOnAFile() throws IOException {
        final Path file = directory.resolve("journal");
        Journal.format(TestJournals.formatContext().file(file).length(8L * TestJournals.ZONE_LENGTH));
        try (Journal journal = Journal.open(context().file(file))) {
            TestJournals.recover(journal);
            append(journal, 1, 40);
            pass(journal);
            assertEquals(
                    0,
                    journal.counters().scrubDamageCount(),
                    () -> String.valueOf(journal.scrub().damage()));
            final long address = journal.addressOf(1, 7);
            LoopDevice.run(
                    "sh",
                    "-c",
                    "printf 'Q' | dd of=" + file + " bs=1 conv=notrunc,fsync seek=" + (address + 9_000) + " 2>&1");
            nowNs += Scrub.PASS_INTERVAL_NS;
            pass(journal);
            assertEquals(1, journal.counters().scrubDamageCount());
            final String said = String.valueOf(journal.scrub().damage());
            assertTrue(said.contains(file.toString()) && said.contains("addresses " + address), said);
        }
    }

    @Test
    void shouldAllocateNothingWhileNothingIsDamaged() {
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Journal journal = filled()) {
            long least = Long.MAX_VALUE;
            for (int i = 0; i < 6; i++) {
                nowNs += Scrub.PASS_INTERVAL_NS;
                threads.getCurrentThreadAllocatedBytes();
                final long before = threads.getCurrentThreadAllocatedBytes();
                run(journal, 5_000);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertTrue(journal.counters().scrubPassCount() >= 6);
            assertTrue(least < 256, least + " bytes in a pass");
            assertNotNull(journal.scrub());
        }
    }
}
