package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.RecordHash;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.journal.memory.MemoryDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The offline tools see what recovery sees, and change nothing. */
@Timeout(60)
final class JournalDumpTest {
    @TempDir
    private Path directory = Path.of("");

    private final List<Long> batches = new ArrayList<>();
    private final List<Long> records = new ArrayList<>();
    private final List<String> superblocks = new ArrayList<>();

    private final DumpSink sink = new DumpSink() {
        @Override
        public void onSuperblock(final String name, final @Nullable Superblock superblock, final boolean current) {
            superblocks.add(name + (superblock == null ? " bad" : "") + (current ? " current" : ""));
        }

        @Override
        public boolean onBatch(final BatchHeaderDecoder header) {
            batches.add(header.address());
            return header.batchSequence() % 2 == 1;
        }

        @Override
        public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
            records.add(buffer.getLong(index + 24));
        }
    };

    private byte[] written(final boolean chained) {
        final byte[] medium = TestJournals.medium(2);
        long hash = RecordHash.START;
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            TestJournals.recover(journal);
            for (long position = 1; position <= 6; position++) {
                final int index = journal.tryClaim(500);
                TestJournals.fill(journal.buffer(), index, 1, position, 500);
                journal.buffer().putLong(index + 32, chained ? hash : 77);
                journal.commit(index, 500);
                hash = RecordHash.next(hash, journal.buffer().getInt(index + 4), 500);
                TestJournals.drain(journal);
            }
        }
        return medium;
    }

    private Path file(final byte[] medium) throws IOException {
        return Files.write(directory.resolve("journal.mrj"), medium);
    }

    @Test
    void shouldReportSuperblocksBatchesAndRecordsAskedFor() throws IOException {
        final byte[] medium = written(true);
        final Path file = file(medium);
        final DumpSummary summary = JournalDump.dump(file, sink);
        assertEquals(List.of("A current", "B"), superblocks);
        assertEquals(6, batches.size());
        assertEquals(List.of(1L, 3L, 5L), records);
        assertEquals(6, summary.recordCount());
        assertEquals(TailState.CLEAN, summary.tail());
        assertEquals(LogFormat.DEFAULT_DATA_ADDRESS + 6 * 4096, summary.endAddress());
        assertTrue(summary.isSound());
        assertNull(summary.fault());
        assertTrue(JournalVerify.verify(file, sink).isSound());
        assertTrue(java.util.Arrays.equals(medium, Files.readAllBytes(file)));
        assertTrue(ResourceLedger.process().isEmpty(), () -> ResourceLedger.process()
                .toString());
    }

    @Test
    void shouldNameFirstInvalidBatchAndClassifyIt() throws IOException {
        final byte[] medium = written(true);
        medium[(int) LogFormat.DEFAULT_DATA_ADDRESS + 2 * 4096 + 200] ^= 1;
        final DumpSummary corrupt = JournalVerify.verify(file(medium), sink);
        assertEquals(ErrorCode.JOURNAL_CORRUPT, corrupt.fault());
        assertEquals(3, corrupt.endSequence());
        assertEquals(LogFormat.DEFAULT_DATA_ADDRESS + 2 * 4096, corrupt.endAddress());
        assertFalse(corrupt.isSound());

        medium[(int) LogFormat.DEFAULT_DATA_ADDRESS + 2 * 4096 + 200] ^= 1;
        medium[(int) LogFormat.DEFAULT_DATA_ADDRESS + 5 * 4096 + 200] ^= 1;
        final DumpSummary uncertain = JournalVerify.verify(file(medium), sink);
        assertEquals(TailState.UNCERTAIN, uncertain.tail());
        assertEquals(ErrorCode.JOURNAL_TORN, uncertain.fault());
        assertTrue(uncertain.isSound());
    }

    @Test
    void shouldFindBrokenChainOfHashes() throws IOException {
        final Path file = file(written(false));
        assertTrue(JournalDump.dump(file, sink).isSound());
        final DumpSummary summary = JournalVerify.verify(file, sink);
        assertEquals(ErrorCode.RECORD_INVALID, summary.fault());
        assertTrue(summary.message().contains("position 2 of chain 1"), summary.message());
    }

    @Test
    void shouldRefuseWhatIsNoJournal() throws IOException {
        final Path file = file(new byte[100_000]);
        final MillraceException e = assertThrows(MillraceException.class, () -> JournalDump.dump(file, sink));
        assertEquals(ErrorCode.SUPERBLOCK_BAD, e.code());
        assertEquals(List.of("A bad", "B bad"), superblocks);
    }
}
