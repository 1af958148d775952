package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.millrace.codec.LogFormat;
import io.millrace.journal.memory.MemoryDevice;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Nothing is allocated per record, batch, read or wait. */
@Timeout(120)
final class JournalAllocationTest {
    private static final int ROUNDS = 3000;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir
    private Path directory = Path.of("");

    private long position;

    @Test
    void shouldAllocateNothingOverMemory() {
        final byte[] medium = TestJournals.medium(512);
        try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
            TestJournals.recover(journal);
            assertNothingAllocated(journal);
        }
    }

    @Test
    void shouldAllocateNothingOverIoUring() {
        Assumptions.assumeTrue(IoUringProbe.system().probe() == 0, "io_uring is denied here");
        final Path file = directory.resolve("journal.mrj");
        Journal.format(TestJournals.formatContext().file(file).length(512L * TestJournals.ZONE_LENGTH));
        try (Journal journal = Journal.open(TestJournals.context().file(file).backend(Backend.URING))) {
            TestJournals.recover(journal);
            assertNothingAllocated(journal);
        }
    }

    @Test
    void shouldAllocateNothingOverPwritev2OnEitherThread() {
        final Path file = directory.resolve("journal.mrj");
        Journal.format(TestJournals.formatContext().file(file).length(512L * TestJournals.ZONE_LENGTH));
        try (Journal journal = Journal.open(TestJournals.context().file(file).backend(Backend.PWRITEV2))) {
            TestJournals.recover(journal);
            assertNothingAllocated(journal, Thread.currentThread().getId(), workerThread());
        }
    }

    private static long workerThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> "millrace-pwritev2".equals(thread.getName()))
                .mapToLong(Thread::getId)
                .findFirst()
                .orElseThrow();
    }

    private void assertNothingAllocated(final Journal journal) {
        assertNothingAllocated(journal, Thread.currentThread().getId());
    }

    private void assertNothingAllocated(final Journal journal, final long... threadIds) {
        final JournalReader reader = Objects.requireNonNull(journal.newReader());
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            allocatedBytes(threadIds);
            final long before = allocatedBytes(threadIds);
            run(journal, reader);
            least = Math.min(least, allocatedBytes(threadIds) - before);
        }
        assertTrue(least < 256, least + " bytes in " + ROUNDS + " rounds");
    }

    private long allocatedBytes(final long... threadIds) {
        long sum = 0;
        for (final long threadId : threadIds) {
            sum += threads.getThreadAllocatedBytes(threadId);
        }
        return sum;
    }

    private void run(final Journal journal, final JournalReader reader) {
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < 4; i++) {
                position++;
                TestJournals.append(journal, 5, position, 200);
            }
            while (!journal.isDrained()) {
                if (journal.doWork(round) == 0) {
                    journal.await(1_000_000);
                }
            }
            final long address = journal.addressOf(5, round % 2 == 0 ? position : position / 2 + 1);
            assertTrue(reader.request(address));
            while (reader.state() == JournalReader.State.PENDING) {
                if (journal.doWork(round) == 0) {
                    journal.await(1_000_000);
                }
            }
            assertEquals(
                    LogFormat.align(200), reader.payloadLength() > 0 ? LogFormat.align(200) : reader.payloadLength());
        }
    }
}
