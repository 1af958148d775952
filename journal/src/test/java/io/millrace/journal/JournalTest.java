package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.TestJournals.Acknowledged;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.journal.memory.MemoryDevice;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a journal promises while it runs, over devices in memory. */
@Timeout(60)
final class JournalTest {
    private static List<Long> positions(final long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void shouldRecoverEveryRecordWhenReopened() {
        final byte[] medium = TestJournals.medium(8);
        final Acknowledged acknowledged = new Acknowledged();
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(acknowledged))) {
            assertEquals(List.of(), TestJournals.recover(journal));
            assertEquals(TailState.CLEAN, journal.recoveryReport().tail());
            for (long position = 1; position <= 1000; position++) {
                assertTrue(TestJournals.append(journal, 1, position, 64 + (int) (position % 700)) >= 0);
                if (position % 3 == 0) {
                    journal.doWork(0);
                }
            }
            TestJournals.drain(journal);
            assertEquals(positions(1000), acknowledged.positions);
            assertEquals(1, journal.incarnation());
        }
        for (int run = 2; run < 5; run++) {
            try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
                assertEquals(positions(1000), TestJournals.recover(journal));
                assertEquals(run, journal.incarnation());
                assertEquals(run, journal.recoveryReport().recoveryEpoch());
                for (long position = 1; position <= 1000; position += 37) {
                    assertTrue(journal.addressOf(1, position) > 0);
                }
                assertEquals(-1, journal.addressOf(1, 1001));
                assertEquals(-1, journal.addressOf(2, 1));
            }
        }
    }

    @Test
    void shouldFillZonesExactlyWhenRecordsDoNotFit() {
        final byte[] medium = TestJournals.medium(4);
        long last = 0;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            TestJournals.recover(journal);
            while (TestJournals.append(journal, 0, last + 1, 40_000 + (int) (last * 977 % 20_000)) >= 0) {
                last++;
                TestJournals.drain(journal);
            }
            assertEquals(JournalStatus.FULL, journal.tryClaim(60_000));
        }
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            assertEquals(positions(last), TestJournals.recover(journal));
            assertTrue(last > 12, "three of four zones at least: " + last);
        }
    }

    @Test
    void shouldNameLastBatchDurableOnceWhenIdle() {
        final byte[] medium = TestJournals.medium(8);
        final long[] nowNs = {5_000_000_000L};
        long address;
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).clock(() -> nowNs[0]))) {
            TestJournals.recover(journal);
            for (int run = 1; run <= 3; run++) {
                TestJournals.append(journal, 1, run, 500);
                turns(journal, nowNs[0]);
                assertEquals(run - 1, journal.counters().idleMarkCount());
                turns(journal, nowNs[0] + 999_999);
                assertEquals(run - 1, journal.counters().idleMarkCount());
                for (int i = 0; i < 5; i++) {
                    nowNs[0] += 1_000_000;
                    turns(journal, nowNs[0]);
                }
                assertEquals(run, journal.counters().idleMarkCount());
                assertEquals(2L * run, journal.counters().batchCount());
            }
            address = journal.addressOf(1, 3);
        }
        medium[(int) address + 200] ^= 1;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            final MillraceException corrupt =
                    assertThrows(MillraceException.class, () -> TestJournals.recover(journal));
            assertEquals(ErrorCode.JOURNAL_CORRUPT, corrupt.code());
            assertTrue(String.valueOf(corrupt.getMessage()).contains("address " + address), corrupt::toString);
        }
    }

    @Test
    void shouldLeaveTheLastSixteenthToRecordsWhenIdle() {
        final byte[] medium = TestJournals.medium(1);
        final long[] nowNs = {5_000_000_000L};
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).clock(() -> nowNs[0]))) {
            TestJournals.recover(journal);
            long last = 0;
            while (journal.freeBytes() >= journal.capacityBytes() / 16) {
                assertTrue(TestJournals.append(journal, 1, ++last, 4000) >= 0);
                turns(journal, nowNs[0]);
            }
            final long freeBytes = journal.freeBytes();
            nowNs[0] += 10_000_000;
            turns(journal, nowNs[0]);
            assertEquals(0, journal.counters().idleMarkCount());
            assertEquals(freeBytes, journal.freeBytes());
            assertTrue(TestJournals.append(journal, 1, ++last, 4000) >= 0);
        }
    }

    private static void turns(final Journal journal, final long nowNs) {
        for (int i = 0; i < 10; i++) {
            journal.doWork(nowNs);
        }
    }

    @Test
    void shouldRefuseAndKeepEverythingWhenFull() {
        final byte[] medium = TestJournals.medium(1);
        final Acknowledged acknowledged = new Acknowledged();
        long last = 0;
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(acknowledged))) {
            TestJournals.recover(journal);
            int status = 0;
            while (status != JournalStatus.FULL) {
                status = TestJournals.append(journal, 3, last + 1, 1000);
                last += status >= 0 ? 1 : 0;
                journal.doWork(0);
            }
            TestJournals.drain(journal);
            assertFalse(journal.isFenced());
            assertEquals(positions(last), acknowledged.positions);
            final JournalReader reader = journal.newReader();
            assertNotNull(reader);
            assertEquals(positions(last), readAll(journal, reader, journal.addressOf(3, 1)));
        }
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            assertEquals(positions(last), TestJournals.recover(journal));
            assertEquals(JournalStatus.FULL, journal.tryClaim(65_000));
        }
    }

    private static List<Long> readAll(final Journal journal, final JournalReader reader, final long from) {
        final List<Long> found = new java.util.ArrayList<>();
        long next = from;
        while (next < journal.durableAddress()) {
            if (!reader.nextBatch()) {
                assertTrue(reader.request(next));
                for (int i = 0; i < 100 && reader.state() == JournalReader.State.PENDING; i++) {
                    journal.doWork(0);
                }
            }
            assertEquals(JournalReader.State.READY, reader.state());
            assertEquals(next, reader.batchAddress());
            int at = reader.payloadIndex();
            final int end = at + reader.payloadLength();
            while (at < end) {
                found.add(reader.buffer().getLong(at + 24));
                at += io.millrace.codec.LogFormat.align(reader.buffer().getInt(at));
            }
            next = reader.nextBatchAddress();
        }
        return found;
    }

    @Test
    void shouldServeSameBatchFromDeviceWhenRingOvertakesReader() {
        final byte[] medium = TestJournals.medium(8);
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            TestJournals.recover(journal);
            TestJournals.append(journal, 1, 1, 5000);
            TestJournals.drain(journal);
            final JournalReader reader = journal.newReader();
            assertNotNull(reader);
            assertTrue(reader.request(journal.addressOf(1, 1)));
            assertEquals(JournalReader.State.READY, reader.state());
            for (long position = 2; position < 40; position++) {
                TestJournals.append(journal, 1, position, 30_000);
                TestJournals.drain(journal);
            }
            assertEquals(JournalReader.State.PENDING, reader.state());
            journal.doWork(0);
            assertEquals(JournalReader.State.READY, reader.state());
            assertEquals(1, reader.buffer().getLong(reader.payloadIndex() + 24));
            assertEquals(1, journal.counters().overtakenReadCount());
            assertEquals(39, readAll(journal, reader, journal.addressOf(1, 1)).size());
        }
    }

    @Test
    void shouldBoundReadersWhenPoolIsTaken() {
        try (Journal journal = TestJournals.open(new MemoryDevice(TestJournals.medium(1)))) {
            TestJournals.recover(journal);
            final JournalReader first = journal.newReader();
            assertNotNull(first);
            assertNotNull(journal.newReader());
            assertNull(journal.newReader());
            first.close();
            assertNotNull(journal.newReader());
        }
    }

    @Test
    void shouldKeepOnlyOneWriteInFlightAndBatchMeanwhile() {
        final FaultyDevice device = new FaultyDevice(TestJournals.medium(2), 1);
        final Acknowledged acknowledged = new Acknowledged();
        try (Journal journal =
                Journal.open(TestJournals.context().device(device).listener(acknowledged))) {
            TestJournals.recover(journal);
            final long before = device.writeCount();
            device.hold(true);
            for (long position = 1; position <= 100; position++) {
                TestJournals.append(journal, 1, position, 100);
                journal.doWork(0);
                assertEquals(1, journal.inFlightCount());
            }
            assertEquals(before + 1, device.writeCount());
            assertEquals(List.of(), acknowledged.positions);
            device.hold(false);
            TestJournals.drain(journal);
            assertEquals(before + 2, device.writeCount());
            assertEquals(positions(100), acknowledged.positions);
        }
    }

    @Test
    void shouldRefuseWithBackPressureWhenRingIsFull() {
        final FaultyDevice device = new FaultyDevice(TestJournals.medium(8), 1);
        try (Journal journal = TestJournals.open(device)) {
            TestJournals.recover(journal);
            device.hold(true);
            long last = 0;
            while (TestJournals.append(journal, 1, last + 1, 20_000) >= 0) {
                last++;
                journal.doWork(0);
            }
            assertEquals(JournalStatus.BACK_PRESSURED, journal.tryClaim(20_000));
            assertEquals(JournalStatus.TOO_LARGE, journal.tryClaim(65_536));
            assertEquals(JournalStatus.TOO_LARGE, journal.tryClaim(63));
            device.hold(false);
            TestJournals.drain(journal);
            assertTrue(TestJournals.append(journal, 1, last + 1, 20_000) >= 0);
        }
    }

    @Test
    void shouldAcknowledgeInOrderWhenCompletionsAreNot() {
        for (int seed = 0; seed < 50; seed++) {
            final FaultyDevice device = new FaultyDevice(TestJournals.medium(4), seed).inOrder(false);
            device.completionsPerPoll(1);
            final Acknowledged acknowledged = new Acknowledged();
            try (Journal journal = Journal.open(
                    TestJournals.context().device(device).listener(acknowledged).writesInFlight(4))) {
                TestJournals.recover(journal);
                for (long position = 1; position <= 200; position++) {
                    while (TestJournals.append(journal, 1, position, 500) < 0) {
                        journal.doWork(0);
                    }
                    if (position % 2 == 0) {
                        journal.doWork(0);
                    }
                }
                TestJournals.drain(journal);
                assertEquals(positions(200), acknowledged.positions);
            }
        }
    }

    @Test
    void shouldCountStallOnceWhenWriteIsOld() {
        final FaultyDevice device = new FaultyDevice(TestJournals.medium(1), 1);
        final long[] now = {1};
        try (Journal journal =
                Journal.open(TestJournals.context().device(device).clock(() -> now[0]))) {
            TestJournals.recover(journal);
            device.hold(true);
            TestJournals.append(journal, 1, 1, 100);
            journal.doWork(now[0]);
            now[0] += 20_000_000;
            journal.doWork(now[0]);
            assertEquals(0, journal.counters().stallCount());
            for (int i = 0; i < 5; i++) {
                now[0] += 1_000_000;
                journal.doWork(now[0]);
            }
            assertEquals(1, journal.counters().stallCount());
            assertEquals(25_000_000, journal.counters().longestStallNs());
            assertEquals(25_000_000, journal.oldestInFlightNs(now[0]));
        }
    }
}
