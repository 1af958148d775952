package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.*;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.memory.MemoryDevice;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class ReviewTest {
    private static void corruptNewest(final byte[] medium) {
        final UnsafeBuffer bytes = new UnsafeBuffer(medium);
        final long newest = bytes.getLong(48) > bytes.getLong(4096 + 48) ? 0 : 4096;
        medium[(int) newest + 9] ^= 1;
    }

    private static void checkpoint(final Journal journal, final long[]... keeps) {
        assertTrue(journal.checkpoint().begin());
        assertTrue(
                journal.checkpoint().offer(CheckpointPart.CHAIN_STATE, 1, new UnsafeBuffer(new byte[16]), 0, 16, true));
        for (final long[] k : keeps) {
            journal.checkpoint().keep((int) k[0], k[1], k[2]);
        }
        journal.checkpoint().finish();
        for (int i = 0; i < 1000 && !journal.checkpoint().isIdle(); i++) {
            journal.doWork(i);
        }
        TestJournals.drain(journal);
    }

    /** The only checkpoint's superblock is lost, its freed zones are all used again. */
    @Test
    void olderSuperblockWithoutCheckpointAndFullDevice() {
        final byte[] medium = TestJournals.medium(4);
        long position = 0;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover((b, i, l, a) -> {});
            while (journal.freeBytes() > 300_000) {
                TestJournals.append(journal, 1, ++position, 3000);
                TestJournals.drain(journal);
            }
            checkpoint(journal, new long[] {1, position - 3, position});
            assertTrue(journal.counters().freedZoneCount() > 0);
            while (TestJournals.append(journal, 1, position + 1, 3000) >= 0) {
                position++;
                TestJournals.drain(journal);
            }
            TestJournals.drain(journal);
        }
        corruptNewest(medium);
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            final List<Long> found;
            try {
                found = TestJournals.recover(journal);
            } catch (final MillraceException e) {
                assertEquals(ErrorCode.JOURNAL_CORRUPT, e.code());
                return;
            }
            fail("recovered " + found.size() + " of " + position + " records, tail " + journal.recoveryReport());
        }
    }

    /** As above, with two checkpoints: the older one is whole, a zone behind it was freed and used again. */
    @Test
    void olderCheckpointWholeAndZoneBehindItReused() {
        final byte[] medium = TestJournals.medium(4);
        long position = 0;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover((b, i, l, a) -> {});
            TestJournals.append(journal, 1, ++position, 3000);
            TestJournals.drain(journal);
            checkpoint(journal, new long[] {1, 1, 1});
            while (journal.freeBytes() > 150_000) {
                TestJournals.append(journal, 1, ++position, 3000);
                TestJournals.drain(journal);
            }
            checkpoint(journal, new long[] {1, 1, 1}, new long[] {1, position, position});
            assertTrue(journal.counters().freedZoneCount() > 0);
            while (TestJournals.append(journal, 1, position + 1, 3000) >= 0) {
                position++;
                TestJournals.drain(journal);
            }
            TestJournals.drain(journal);
        }
        corruptNewest(medium);
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            final List<Long> found;
            try {
                found = TestJournals.recover(journal);
            } catch (final MillraceException e) {
                assertEquals(ErrorCode.JOURNAL_CORRUPT, e.code());
                return;
            }
            fail("recovered " + found.size() + " of " + position + " records, tail " + journal.recoveryReport());
        }
    }

    /** Two live records of a slow chain, nothing else lives: the zones between hold no live byte. */
    @Test
    void slowChainPinsZonesBetween() {
        final byte[] medium = TestJournals.medium(8);
        long position = 0;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover((b, i, l, a) -> {});
            TestJournals.append(journal, 2, 1, 3000);
            while (journal.freeBytes() > 400_000) {
                TestJournals.append(journal, 1, ++position, 3000);
                TestJournals.drain(journal);
            }
            TestJournals.append(journal, 2, 2, 3000);
            TestJournals.drain(journal);
            checkpoint(journal, new long[] {2, 1, 2});
            assertTrue(
                    journal.counters().freedZoneCount() >= 4,
                    "freed " + journal.counters().freedZoneCount());
        }
    }

    /** Given up as full (or by the owner) and begun again before its pieces are durable. */
    @Test
    void sameNumberTwice() {
        final byte[] medium = TestJournals.medium(2);
        long position = 0;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover((b, i, l, a) -> {});
            while (journal.freeBytes() > 60_000) {
                TestJournals.append(journal, 1, ++position, 3000);
                TestJournals.drain(journal);
            }
            System.out.println("cap " + journal.checkpoint().pieceCapacity() + " free " + journal.freeBytes());
            assertTrue(journal.checkpoint().begin());
            final UnsafeBuffer big = new UnsafeBuffer(new byte[64 * 1024]);
            int n = 0;
            while (!journal.checkpoint().isIdle() && n < 1000) {
                journal.checkpoint().offer(CheckpointPart.CHAIN_STATE, 1, big, 0, 16_000, false);
                n++;
                System.out.println("offer " + n + " free " + journal.freeBytes());
                if (n > 3) break;
            }
            System.out.println("idle " + journal.checkpoint().isIdle());
        }
    }

    /** A full journal, opened again after everything was deleted: can a checkpoint begin at all? */
    @Test
    void checkpointAfterRestartOfFullJournal() {
        final byte[] medium = TestJournals.medium(4);
        long position = 0;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            journal.recover((b, i, l, a) -> {});
            while (journal.freeBytes() > 60_000) {
                TestJournals.append(journal, 1, ++position, 3000);
                TestJournals.drain(journal);
            }
        }
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            TestJournals.recover(journal);
            for (int i = 0; i < 100; i++) {
                journal.doWork(i);
            }
            assertTrue(journal.checkpoint().begin(), "cannot begin");
        }
    }
}
