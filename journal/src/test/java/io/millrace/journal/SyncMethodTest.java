package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.journal.TestJournals.Acknowledged;
import io.millrace.journal.uring.UringDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.agrona.BufferUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every way to make a write durable, on a real file: the same promises, the same failures. */
@Timeout(120)
final class SyncMethodTest {
    private static final int GRANULE = 4096;
    private static final int RECORD_LENGTH = 3000;
    private static final int EFBIG = 27;
    private static final long BEYOND_EVERY_FILE = 1L << 60;

    private final ResourceLedger ledger = ResourceLedger.create();

    @TempDir
    private Path directory = Path.of("");

    @AfterEach
    void shouldHaveGivenEverythingBack() {
        assertTrue(ledger.isEmpty(), ledger::toString);
    }

    private BlockDevice open(final SyncMethod method, final Path file) throws IOException {
        Assumptions.assumeTrue(!"uring".equals(method.backend()) || UringDevice.probe() == 0, "io_uring is denied");
        return Backends.open(new JournalContext().file(file).ledger(ledger), method, 1 << 20, Files.size(file));
    }

    @ParameterizedTest
    @EnumSource
    void shouldRecoverWhatWasAcknowledgedWithEveryDepth(final SyncMethod method) throws IOException {
        for (final int writesInFlight : new int[] {1, 2, 4}) {
            final Path file = directory.resolve(method + "-" + writesInFlight);
            Journal.format(TestJournals.formatContext()
                    .file(file)
                    .length(8L * TestJournals.ZONE_LENGTH)
                    .ledger(ledger));
            final Acknowledged acknowledged = new Acknowledged();
            try (Journal journal = Journal.open(TestJournals.context()
                    .device(open(method, file))
                    .ledger(ledger)
                    .writesInFlight(writesInFlight)
                    .listener(acknowledged))) {
                assertEquals(List.of(), TestJournals.recover(journal));
                for (long position = 1; position <= 300; position++) {
                    while (TestJournals.append(journal, 1, position, RECORD_LENGTH) < 0) {
                        assertFalse(journal.isFenced());
                        journal.await(1_000_000);
                        journal.doWork(System.nanoTime());
                    }
                    journal.doWork(System.nanoTime());
                }
                TestJournals.drain(journal);
                assertTrue(journal.isDrained());
                assertEquals(method.backend(), journal.backendName());
                assertTrue(journal.durabilityMode().mechanism().contains("SYNC"));
            }
            final List<Long> positions = LongStream.rangeClosed(1, 300).boxed().toList();
            assertEquals(positions, acknowledged.positions);
            try (Journal journal =
                    Journal.open(TestJournals.context().file(file).ledger(ledger))) {
                assertEquals(positions, TestJournals.recover(journal));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldGiveEachRequestItsOwnResultWhenSomeFail(final SyncMethod method) throws IOException {
        final Path file = Files.write(directory.resolve("file"), new byte[1 << 20]);
        final ByteBuffer arena = BufferUtil.allocateDirectAligned(1 << 20, GRANULE);
        for (int i = 0; i < arena.capacity(); i++) {
            arena.put(i, (byte) (i >> 12));
        }
        final long[] results = new long[8];
        try (BlockDevice device = open(method, file)) {
            device.register(arena);
            for (int i = 0; i < 8; i++) {
                final long address = i % 2 == 0 ? i * (long) GRANULE : BEYOND_EVERY_FILE;
                assertTrue(device.submitWrite(i * GRANULE, GRANULE, address, i));
            }
            collect(device, results, 8);
            for (int i = 0; i < 8; i++) {
                assertTrue(i % 2 == 0 ? results[i] == GRANULE : results[i] < 0, "write " + i + " gave " + results[i]);
                assertTrue(i % 2 == 0 || method == SyncMethod.CHANNEL || results[i] == -EFBIG, "gave " + results[i]);
            }
            assertTrue(device.submitRead(512 * 1024, GRANULE, 2L * GRANULE, 0));
            collect(device, results, 1);
            assertEquals(GRANULE, results[0]);
            assertEquals(2, arena.get(512 * 1024 + 17));
        }
        final byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i < 8; i++) {
            assertEquals(i % 2 == 0 ? i : 0, bytes[i * GRANULE + 5]);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseMoreThanItsQueueAndLoseNothing(final SyncMethod method) throws IOException {
        final Path file = Files.write(directory.resolve("file"), new byte[1 << 20]);
        try (BlockDevice device = open(method, file)) {
            device.register(BufferUtil.allocateDirectAligned(GRANULE, GRANULE));
            int taken = 0;
            while (taken < 1000 && device.submitWrite(0, GRANULE, taken % 256 * (long) GRANULE, taken)) {
                taken++;
            }
            assertTrue(taken >= 64 && taken < 1000, taken + " writes were taken");
            final long[] results = new long[taken];
            collect(device, results, taken);
            assertEquals(taken * (long) GRANULE, LongStream.of(results).sum());
            assertTrue(device.submitWrite(0, GRANULE, 0, 0), "the queue did not become free");
            collect(device, results, 1);
            assertEquals(GRANULE, results[0]);
        }
    }

    private static void collect(final BlockDevice device, final long[] results, final int count) {
        final List<Long> tokens = new ArrayList<>();
        final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        device.flush();
        while (tokens.size() < count && System.nanoTime() - endNs < 0) {
            device.poll(
                    (token, result) -> {
                        results[(int) token] = result;
                        tokens.add(token);
                    },
                    1000);
            if (tokens.size() < count) {
                device.await(TimeUnit.MILLISECONDS.toNanos(10));
            }
        }
        assertEquals(count, tokens.size());
        assertEquals(count, tokens.stream().distinct().count());
        assertFalse(device.poll((token, result) -> {}, 1) > 0, "a completion too many");
    }
}
