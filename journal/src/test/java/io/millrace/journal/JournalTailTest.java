package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.journal.memory.MemoryDevice;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where recovery may end, and where it must not: directed cases, each of which one rule alone decides. */
@Timeout(60)
final class JournalTailTest {
    private static final int CHAIN = 1;
    private static final int RECORD_LENGTH = 3000;
    private static final int DATA = (int) LogFormat.DEFAULT_DATA_ADDRESS;
    private static final int ZONE = TestJournals.ZONE_LENGTH;

    private static JournalContext context(final byte[] medium) {
        return TestJournals.context().device(new MemoryDevice(medium)).idleMarkDelayNs(0);
    }

    @Test
    void shouldEndBeforeABatchOfAnEarlierLifeThatFollowsAnotherOne() {
        final byte[] medium = TestJournals.medium(4);
        final TestJournals.Acknowledged acknowledged = new TestJournals.Acknowledged();
        try (Journal journal = Journal.open(context(medium).listener(acknowledged))) {
            TestJournals.recover(journal);
            append(journal, 1, 5);
        }
        // Sequence, recovery epoch, address and every CRC of the last batch are right; only what it follows is not.
        StaleBatches.changePreviousCrc(medium, Math.toIntExact(acknowledged.addresses.get(4)));
        try (Journal journal = Journal.open(context(medium))) {
            assertEquals(List.of(1L, 2L, 3L, 4L), TestJournals.recover(journal));
            assertEquals(TailState.STALE, journal.recoveryReport().tail());
            assertEquals(4, journal.recoveryReport().lastBatchSequence());
        }
    }

    /**
     * The last batch of zone 4 rots. What proves that it was durable lies in a zone that was chosen before a checkpoint
     * freed others, so recovery would choose another one; and the write of that zone's first granule was lost, so an
     * old batch stands there.
     */
    @Test
    void shouldFindTheProofWhenTheNextZoneLostItsBeginningAndWasChosenUnderAnOlderFreeList() {
        final byte[] medium = TestJournals.medium(5);
        final byte[] lost = new byte[4096];
        final int place = DATA + 2 * ZONE;
        final long rotten;
        try (Journal journal = Journal.open(context(medium))) {
            TestJournals.recover(journal);
            long last = appendUntil(journal, 0, DATA + 4L * ZONE + 32 * 1024);
            checkpoint(journal, journal.addressOf(CHAIN, 1), last, 2); // zone 2 is free, the others are live
            assertEquals(1, journal.counters().freedZoneCount());
            last = appendUntil(journal, last, DATA + 5L * ZONE - 100 * 1024);
            System.arraycopy(medium, place, lost, 0, lost.length);
            beginCheckpoint(journal, last, 0, 1, 2);
            for (int i = 0; i < 1_000 && !journal.checkpoint().isNaming(); i++) {
                journal.doWork(i);
            }
            assertTrue(journal.checkpoint().isNaming());
            while (journal.freeBytes() > ZONE - 8192) {
                assertTrue(TestJournals.append(journal, CHAIN, ++last, RECORD_LENGTH) >= 0);
            }
            TestJournals.drain(journal);
            assertEquals(3, journal.counters().freedZoneCount());
            append(journal, last + 1, last + 2);
            long position = last;
            while (journal.addressOf(CHAIN, position) >= DATA + 5L * ZONE) {
                position--;
            }
            rotten = journal.addressOf(CHAIN, position);
            assertTrue(rotten > DATA + 4L * ZONE);
        }
        medium[(int) rotten + 300] ^= 1;
        System.arraycopy(lost, 0, medium, place, lost.length);
        try (Journal journal = Journal.open(context(medium))) {
            final MillraceException e = assertThrows(MillraceException.class, () -> TestJournals.recover(journal));
            assertEquals(ErrorCode.JOURNAL_CORRUPT, e.code());
            assertTrue(String.valueOf(e.getMessage()).contains("address " + rotten), e::toString);
        }
    }

    private static void append(final Journal journal, final long first, final long last) {
        for (long position = first; position <= last; position++) {
            assertTrue(TestJournals.append(journal, CHAIN, position, RECORD_LENGTH) >= 0);
            TestJournals.drain(journal);
        }
    }

    private static long appendUntil(final Journal journal, final long last, final long address) {
        long position = last;
        while (journal.durableAddress() < address) {
            position++;
            append(journal, position, position);
        }
        return position;
    }

    private static void checkpoint(final Journal journal, final long first, final long last, final int... deadZones) {
        assertEquals(DATA, first);
        beginCheckpoint(journal, last, deadZones);
        for (int i = 0; i < 1_000 && !journal.checkpoint().isIdle(); i++) {
            journal.doWork(i);
        }
        TestJournals.drain(journal);
    }

    /** Begins a checkpoint for which everything is live but what lies in some zones of the log. */
    private static void beginCheckpoint(final Journal journal, final long last, final int... deadZones) {
        assertTrue(journal.checkpoint().begin());
        for (long position = 1; position <= last; position++) {
            final long address = journal.addressOf(CHAIN, position);
            final long zone = (address - DATA) / ZONE;
            if (java.util.Arrays.stream(deadZones).noneMatch(dead -> dead == zone)) {
                journal.checkpoint().keep(CHAIN, position, position, 64);
            }
        }
        journal.checkpoint().finish();
    }
}
