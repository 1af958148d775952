package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.journal.faulty.Fault;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.journal.memory.MemoryDevice;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Batches read from the device, one behind the other. */
@Timeout(60)
final class JournalReaderTest {
    @Test
    void shouldHaveReadTheNextBatchesWhenTheyAreReadInOrder() {
        final byte[] medium = TestJournals.medium(8);
        final long last = fill(medium, 300);
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            TestJournals.recover(journal);
            final JournalReader reader = journal.newReader();
            assertNotNull(reader);
            long waits = 0;
            long batches = 0;
            long next = journal.addressOf(3, 1);
            long position = 0;
            while (position < last) {
                if (!reader.nextBatch()) {
                    assertTrue(reader.request(next));
                    waits += reader.state() == JournalReader.State.PENDING ? 1 : 0;
                    journal.doWork(0);
                }
                assertEquals(JournalReader.State.READY, reader.state());
                if (reader.payloadLength() > 0) { // else the end of a zone
                    assertEquals(++position, reader.buffer().getLong(reader.payloadIndex() + 24));
                }
                next = reader.nextBatchAddress();
                batches++;
                journal.doWork(0);
            }
            final long reads = journal.counters().deviceReadCount();
            assertTrue(reads > 10 && reads < batches, () -> reads + " reads");
            assertTrue(waits <= 3, "the reader waited " + waits + " times");
        }
    }

    @Test
    void shouldReadAgainWhenAReadAheadFails() {
        final byte[] medium = TestJournals.medium(8);
        final long last = fill(medium, 300);
        final FaultyDevice device = new FaultyDevice(medium, 1).inOrder(true);
        try (Journal journal = TestJournals.open(device)) {
            TestJournals.recover(journal);
            final JournalReader reader = journal.newReader();
            assertNotNull(reader);
            for (int ahead = 3; ahead < 8; ahead++) {
                device.onRead(device.readCount() + ahead, Fault.fail(FaultyDevice.EIO));
            }
            long position = 0;
            long next = journal.addressOf(3, 1);
            int failures = 0;
            while (position < last) {
                if (!reader.nextBatch()) {
                    for (int i = 0;
                            i < 100 && reader.state() != JournalReader.State.PENDING && !reader.request(next);
                            i++) {
                        journal.doWork(0);
                    }
                    for (int i = 0; i < 100 && reader.state() == JournalReader.State.PENDING; i++) {
                        journal.doWork(0);
                    }
                }
                if (reader.state() == JournalReader.State.FAILED) {
                    assertEquals(ErrorCode.DEVICE_IO, reader.failure()); // it was read once more, and failed again
                    failures++;
                    reader.release();
                    continue;
                }
                assertEquals(JournalReader.State.READY, reader.state());
                if (reader.payloadLength() > 0) { // else the end of a zone
                    assertEquals(++position, reader.buffer().getLong(reader.payloadIndex() + 24));
                }
                next = reader.nextBatchAddress();
            }
            assertTrue(failures < 5, "each failure of a read ahead was told: " + failures);
        }
    }

    @Test
    void shouldNameTheDamageWhenABatchThatWasReadAheadIsRotten() {
        final byte[] medium = TestJournals.medium(8);
        final long last = fill(medium, 300);
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            TestJournals.recover(journal);
            final long rotten = last / 2;
            final JournalReader reader = journal.newReader();
            assertNotNull(reader);
            assertTrue(reader.request(journal.addressOf(3, rotten)));
            journal.doWork(0);
            final long deviceAddress = find(medium, reader, 64);
            medium[(int) deviceAddress + 40] ^= 4;
            reader.release();
            final JournalReader fresh = journal.newReader();
            assertNotNull(fresh);
            long position = 0;
            long next = journal.addressOf(3, 1);
            while (position < rotten - 1) {
                if (!fresh.nextBatch()) {
                    assertTrue(fresh.request(next));
                    journal.doWork(0);
                }
                assertEquals(JournalReader.State.READY, fresh.state());
                position += fresh.payloadLength() > 0 ? 1 : 0;
                next = fresh.nextBatchAddress();
                journal.doWork(0);
            }
            for (int i = 0; i < 5 && fresh.state() != JournalReader.State.FAILED; i++) {
                if (!fresh.nextBatch() && fresh.state() != JournalReader.State.FAILED) {
                    fresh.request(next);
                }
                journal.doWork(0);
            }
            assertEquals(JournalReader.State.FAILED, fresh.state());
            assertEquals(ErrorCode.JOURNAL_CORRUPT, fresh.failure());
        }
    }

    /** Where the records of the batch at hand lie on the medium. */
    private static long find(final byte[] medium, final JournalReader reader, final int length) {
        final byte[] wanted = new byte[length];
        reader.buffer().getBytes(reader.payloadIndex(), wanted);
        for (int at = 0; at + length <= medium.length; at += 8) {
            if (Arrays.equals(medium, at, at + length, wanted, 0, length)) {
                return at;
            }
        }
        throw new AssertionError("not on the medium");
    }

    /** One batch for each record, of all sizes, until nothing fits any more or there are enough. */
    private static long fill(final byte[] medium, final int most) {
        long last = 0;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            TestJournals.recover(journal);
            while (last < most && TestJournals.append(journal, 3, last + 1, (int) (100 + last * 37 % 5_000)) >= 0) {
                last++;
                TestJournals.drain(journal);
            }
        }
        return last;
    }
}
