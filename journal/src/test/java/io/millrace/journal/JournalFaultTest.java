package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.journal.TestJournals.Acknowledged;
import io.millrace.journal.faulty.Fault;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.journal.memory.MemoryDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Torn, rotted, stale and failing: what recovery and a running journal make of it. */
@Timeout(120)
final class JournalFaultTest {
    private static final int RECORD_LENGTH = 9000; // a batch of three granules

    private static List<Long> positions(final long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    /** A journal of one batch per position, with the addresses of the batches. */
    private static byte[] written(final int zones, final int batches, final List<Long> addresses) {
        final byte[] medium = TestJournals.medium(zones);
        append(medium, 1, batches, addresses);
        return medium;
    }

    private static void append(final byte[] medium, final long from, final int batches, final List<Long> addresses) {
        final Acknowledged acknowledged = new Acknowledged();
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).listener(acknowledged))) {
            assertEquals(positions(from - 1), TestJournals.recover(journal));
            for (long position = from; position < from + batches; position++) {
                assertTrue(TestJournals.append(journal, 1, position, RECORD_LENGTH) >= 0);
                TestJournals.drain(journal);
            }
        }
        assertEquals(batches, acknowledged.addresses.size());
        addresses.addAll(acknowledged.addresses);
    }

    private static RecoveryReport recovers(final byte[] medium, final long last) {
        final List<String> warnings = new ArrayList<>();
        final RecoveryReport report;
        try (Journal journal = Journal.open(
                TestJournals.context().device(new MemoryDevice(medium)).warnings(warnings::add))) {
            assertEquals(positions(last), TestJournals.recover(journal));
            report = journal.recoveryReport();
            assertEquals(
                    report.tail() == TailState.UNCERTAIN, warnings.stream().anyMatch(text -> text.contains("MR-6006")));
            assertEquals(last, report.lastBatchSequence());
            // and it goes on from there
            TestJournals.append(journal, 1, last + 1, RECORD_LENGTH);
            TestJournals.drain(journal);
            assertTrue(journal.isDrained());
        }
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            assertEquals(positions(last + 1), TestJournals.recover(journal));
        }
        return report;
    }

    @Test
    void shouldCutOffLastBatchWhenTornAtAnySector() {
        final List<Long> addresses = new ArrayList<>();
        final byte[] medium = written(2, 10, addresses);
        final int last = Math.toIntExact(addresses.get(9));
        final int end = last + 12_288;
        for (int torn = last; torn < last + 9216; torn += 512) {
            final byte[] copy = medium.clone();
            Arrays.fill(copy, torn, end, (byte) 0);
            final RecoveryReport report = recovers(copy, 9);
            assertEquals(torn == last ? TailState.CLEAN : TailState.UNCERTAIN, report.tail());
            assertEquals(last, report.endAddress());

            final byte[] front = medium.clone(); // the other way round: the end reached the medium, the front did not
            Arrays.fill(front, last, torn + 512, (byte) 0);
            recovers(front, 9);
        }
    }

    @Test
    void shouldNameAndRefuseWhenBitFlipsInTheMiddle() {
        final List<Long> addresses = new ArrayList<>();
        final byte[] medium = written(4, 60, addresses);
        for (final int batch : new int[] {0, 1, 17, 30, 58}) {
            final int address = Math.toIntExact(addresses.get(batch));
            for (final int at : new int[] {0, 44, 92, 96, 200, 9000}) {
                final byte[] copy = medium.clone();
                copy[address + at] ^= 4;
                final byte[] before = copy.clone();
                try (Journal journal = TestJournals.open(new MemoryDevice(copy))) {
                    final List<Long> seen = new ArrayList<>();
                    final MillraceException e = assertThrows(
                            MillraceException.class,
                            () -> journal.recover(
                                    (buffer, index, length, batchAddress) -> seen.add(buffer.getLong(index + 24))));
                    assertEquals(ErrorCode.JOURNAL_CORRUPT, e.code());
                    assertTrue(
                            String.valueOf(e.getMessage()).contains(" at address " + address + " is damaged"),
                            e.getMessage());
                    assertEquals(positions(batch), seen);
                    assertThrows(IllegalStateException.class, () -> journal.doWork(0));
                }
                assertTrue(Arrays.equals(before, copy), "nothing was changed");
            }
        }
    }

    @Test
    void shouldRefuseWhenWholeBatchWasLostInTheMiddle() {
        final List<Long> addresses = new ArrayList<>();
        final byte[] medium = TestJournals.medium(2);
        final FaultyDevice device = new FaultyDevice(medium, 1).loseWrite(6); // the superblock is write 1
        try (Journal journal = TestJournals.open(device)) {
            TestJournals.recover(journal);
            for (long position = 1; position <= 8; position++) {
                addresses.add(journal.durableAddress());
                TestJournals.append(journal, 1, position, RECORD_LENGTH);
                TestJournals.drain(journal);
            }
        }
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            final MillraceException e = assertThrows(MillraceException.class, () -> TestJournals.recover(journal));
            assertEquals(ErrorCode.JOURNAL_CORRUPT, e.code());
            assertTrue(String.valueOf(e.getMessage()).contains("batch 5 at address " + addresses.get(4)));
        }
    }

    @Test
    void shouldReportUncertainTailWhenBitFlipsInLastBatch() {
        final List<Long> addresses = new ArrayList<>();
        final byte[] medium = written(2, 10, addresses);
        medium[Math.toIntExact(addresses.get(9)) + 500] ^= 1;
        assertEquals(TailState.UNCERTAIN, recovers(medium, 9).tail());
    }

    @Test
    void shouldNotTakeStaleBatchesOfEarlierRecoveryEpoch() {
        final List<Long> addresses = new ArrayList<>();
        final byte[] old = written(2, 10, addresses);
        // the power goes with batches 5 to 10 in flight: 5 is lost, 6 to 10 reached the medium but were never durable
        final byte[] medium = old.clone();
        final int fifth = Math.toIntExact(addresses.get(4));
        Arrays.fill(medium, fifth, fifth + 12_288, (byte) 0);
        for (int batch = 5; batch < 10; batch++) {
            forgetDurable(medium, Math.toIntExact(addresses.get(batch)));
        }
        assertEquals(TailState.CLEAN, recovers(medium, 4).tail()); // and writes another batch 5 in front of old batch 6
        final RecoveryReport again;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            assertEquals(positions(5), TestJournals.recover(journal));
            again = journal.recoveryReport();
        }
        assertEquals(TailState.STALE, again.tail());
        assertEquals(addresses.get(5), again.endAddress());
    }

    private static void forgetDurable(final byte[] medium, final int address) {
        final java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(medium).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(address + 56, 3);
        buffer.putInt(address + 92, io.millrace.codec.Crc32c.of(buffer, address, 92));
    }

    @Test
    void shouldRefuseWhenRecordInWholeBatchIsBad() {
        final List<Long> addresses = new ArrayList<>();
        final byte[] medium = written(1, 3, addresses);
        final int address = Math.toIntExact(addresses.get(1));
        final java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(medium).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        medium[address + 300] ^= 1; // as memory that flipped before the batch was sealed
        buffer.putInt(address + 84, io.millrace.codec.Crc32c.of(buffer, address + 96, buffer.getInt(address + 76)));
        buffer.putInt(address + 92, io.millrace.codec.Crc32c.of(buffer, address, 92));
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            final MillraceException e = assertThrows(MillraceException.class, () -> TestJournals.recover(journal));
            assertEquals(ErrorCode.RECORD_INVALID, e.code());
        }
    }

    @Test
    void shouldRefuseToCutOffWhatCannotBeRead() {
        final byte[] medium = written(1, 3, new ArrayList<>());
        final FaultyDevice device = new FaultyDevice(medium, 1);
        try (Journal journal = TestJournals.open(device)) {
            device.failReads(true);
            final MillraceException e = assertThrows(MillraceException.class, () -> TestJournals.recover(journal));
            assertEquals(ErrorCode.DEVICE_IO, e.code());
        }
        recovers(medium, 3);
    }

    @ParameterizedTest
    @ValueSource(ints = {4096, 0, -FaultyDevice.EIO, -FaultyDevice.ENODATA, -FaultyDevice.EAGAIN})
    void shouldFenceAndAcknowledgeNothingMoreWhenWriteFails(final int result) {
        for (int writesInFlight = 1; writesInFlight <= 4; writesInFlight++) {
            final byte[] medium = TestJournals.medium(2);
            final boolean again = result == -FaultyDevice.EAGAIN;
            final FaultyDevice device = new FaultyDevice(medium, 3).failWrite(5, result, again);
            final Acknowledged acknowledged = new Acknowledged();
            try (Journal journal = Journal.open(
                    TestJournals.context().device(device).listener(acknowledged).writesInFlight(writesInFlight))) {
                TestJournals.recover(journal); // write 1
                long position = 1;
                while (TestJournals.append(journal, 1, position, RECORD_LENGTH) >= 0 && position < 12) {
                    position++;
                    journal.doWork(0);
                }
                for (int i = 0; i < 20; i++) {
                    journal.doWork(0);
                }
                assertTrue(journal.isFenced());
                assertEquals(ErrorCode.DEVICE_FENCED, acknowledged.fencedBy);
                assertTrue(acknowledged.message.contains("batch 4"), acknowledged.message);
                assertEquals(JournalStatus.FENCED, journal.tryClaim(100));
                assertTrue(acknowledged.positions.size() <= 3);
                assertEquals(again ? 3 : 0, journal.counters().retryCount() / (again ? 1 : 1000));
            }
            final List<Long> recovered = recoverAll(medium);
            assertTrue(recovered.containsAll(acknowledged.positions));
        }
    }

    @Test
    void shouldFenceAndAcknowledgeNothingMoreWhenWriteHasNotCompletedInTime() {
        final byte[] medium = TestJournals.medium(2);
        final FaultyDevice device = new FaultyDevice(medium, 3);
        final Acknowledged acknowledged = new Acknowledged();
        final long[] nowNs = {0};
        try (Journal journal = Journal.open(TestJournals.context()
                .device(device)
                .listener(acknowledged)
                .writesInFlight(2)
                .clock(() -> nowNs[0])
                .ioDeadlineNs(5_000_000_000L))) {
            TestJournals.recover(journal);
            assertTrue(TestJournals.append(journal, 1, 1, RECORD_LENGTH) >= 0);
            journal.doWork(nowNs[0]);
            journal.doWork(nowNs[0]);
            assertEquals(List.of(1L), acknowledged.positions);
            device.hold(true);
            assertTrue(TestJournals.append(journal, 1, 2, RECORD_LENGTH) >= 0);
            journal.doWork(nowNs[0]);
            nowNs[0] += 5_000_000_000L;
            journal.doWork(nowNs[0]);
            assertFalse(journal.isFenced(), "fenced before the deadline was over");
            nowNs[0]++;
            journal.doWork(nowNs[0]);
            assertFalse(journal.isFenced(), "fenced by the first look: the process itself may have been paused");
            nowNs[0] += 1_000_000_001L;
            journal.doWork(nowNs[0]);
            assertTrue(journal.isFenced());
            assertEquals(ErrorCode.DEVICE_FENCED, acknowledged.fencedBy);
            assertTrue(acknowledged.message.contains("batch 2"), acknowledged.message);
            assertTrue(acknowledged.message.contains("5000 ms"), acknowledged.message);
            device.hold(false); // what completes too late is not acknowledged any more
            journal.doWork(nowNs[0]);
            assertEquals(List.of(1L), acknowledged.positions);
            assertEquals(JournalStatus.FENCED, journal.tryClaim(100));
        }
        assertTrue(recoverAll(medium).containsAll(acknowledged.positions));
    }

    @Test
    void shouldNotFenceWhenTheProcessWasPausedBeyondTheDeadline() {
        final FaultyDevice device = new FaultyDevice(TestJournals.medium(2), 3);
        final Acknowledged acknowledged = new Acknowledged();
        final long[] nowNs = {0};
        try (Journal journal = Journal.open(TestJournals.context()
                .device(device)
                .listener(acknowledged)
                .clock(() -> nowNs[0])
                .ioDeadlineNs(5_000_000_000L))) {
            TestJournals.recover(journal);
            for (long position = 1; position <= 2; position++) {
                device.hold(true);
                assertTrue(TestJournals.append(journal, 1, position, RECORD_LENGTH) >= 0);
                journal.doWork(nowNs[0]);
                nowNs[0] += 60_000_000_000L;
                journal.doWork(nowNs[0]); // the completion is not to be seen yet: the kernel or a worker must run first
                device.hold(false);
                journal.doWork(++nowNs[0]);
                journal.doWork(++nowNs[0]);
                assertFalse(journal.isFenced(), acknowledged.message);
                assertEquals(position, acknowledged.positions.size());
            }
        }
    }

    private static List<Long> recoverAll(final byte[] medium) {
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            return TestJournals.recover(journal);
        }
    }

    @Test
    void shouldRepeatWriteWhenDeviceSaysTryAgainOnce() {
        final FaultyDevice device =
                new FaultyDevice(TestJournals.medium(1), 1).failWrite(2, -FaultyDevice.EAGAIN, false);
        try (Journal journal = TestJournals.open(device)) {
            TestJournals.recover(journal);
            TestJournals.append(journal, 1, 1, RECORD_LENGTH);
            TestJournals.drain(journal);
            assertTrue(journal.isDrained());
            assertFalse(journal.isFenced());
            assertEquals(1, journal.counters().retryCount());
        }
    }

    @Test
    void shouldFailReaderWhenAWriteWasLostOverABatchThatWasOnceCutOff() {
        for (final int oldLength : new int[] {9000, 60_000}) {
            final byte[] medium = TestJournals.medium(4);
            final FaultyDevice first = new FaultyDevice(medium, 1).onWrite(3, Fault.late(1_000_000));
            try (Journal journal =
                    Journal.open(TestJournals.context().device(first).writesInFlight(2))) {
                TestJournals.recover(journal);
                for (long position = 1; position <= 3; position++) {
                    TestJournals.append(journal, 1, position, position == 3 ? oldLength : RECORD_LENGTH);
                    journal.doWork(0);
                    journal.doWork(0);
                }
                first.crash(0); // batch 3 is on the medium, batch 2 is not
            }
            final FaultyDevice second = new FaultyDevice(medium, 1).onWrite(3, Fault.lost());
            try (Journal journal = TestJournals.open(second)) {
                assertEquals(positions(1), TestJournals.recover(journal));
                long lost = 0;
                for (long position = 2; position <= 40; position++) {
                    lost = position == 3 ? journal.durableAddress() : lost;
                    TestJournals.append(journal, 1, position, RECORD_LENGTH - 8);
                    TestJournals.drain(journal);
                }
                assertTrue(journal.findInRing(lost) < 0);
                final JournalReader reader = java.util.Objects.requireNonNull(journal.newReader());
                assertTrue(reader.request(lost));
                for (int i = 0; i < 100 && reader.state() == JournalReader.State.PENDING; i++) {
                    journal.doWork(0);
                }
                assertEquals(JournalReader.State.FAILED, reader.state(), "a batch that was cut off is read");
                assertEquals(ErrorCode.JOURNAL_CORRUPT, reader.failure());
            }
        }
    }

    @Test
    void shouldFailReaderWhenBatchOnDeviceIsDamaged() {
        final List<Long> addresses = new ArrayList<>();
        final byte[] medium = written(1, 3, addresses);
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            TestJournals.recover(journal);
            medium[Math.toIntExact(addresses.get(1)) + 300] ^= 1;
            final JournalReader reader = java.util.Objects.requireNonNull(journal.newReader());
            assertTrue(reader.request(addresses.get(0)));
            journal.doWork(0);
            assertEquals(JournalReader.State.READY, reader.state());
            assertFalse(reader.nextBatch());
            assertEquals(JournalReader.State.FAILED, reader.state());
            assertEquals(ErrorCode.JOURNAL_CORRUPT, reader.failure());
            assertTrue(reader.request(addresses.get(2)));
            journal.doWork(0);
            assertEquals(JournalReader.State.READY, reader.state());
            assertFalse(reader.request(journal.durableAddress()));
            assertEquals(LogFormat.DEFAULT_DATA_ADDRESS + 3 * 12_288, journal.durableAddress());
        }
    }
}
