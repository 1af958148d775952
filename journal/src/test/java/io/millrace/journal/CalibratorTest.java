package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.faulty.FaultyDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A calibration: measured under load, kept in both superblocks, used by the next open. */
@Timeout(120)
final class CalibratorTest {
    private static final long DURATION_NS = TimeUnit.MILLISECONDS.toNanos(60);

    private final ResourceLedger ledger = ResourceLedger.create();

    @TempDir
    private Path directory = Path.of("");

    private Path file = Path.of("");

    @BeforeEach
    void format() {
        file = directory.resolve("journal");
        Journal.format(TestJournals.formatContext()
                .file(file)
                .length(2L * TestJournals.ZONE_LENGTH)
                .ledger(ledger));
    }

    @AfterEach
    void shouldHaveGivenEverythingBack() {
        assertTrue(ledger.isEmpty(), ledger::toString);
    }

    private JournalContext context() {
        return TestJournals.context().file(file).ledger(ledger);
    }

    @Test
    void shouldUseWhatWasFoundWhenOpenedAgain() throws IOException {
        appendOne(1);
        final List<CalibrationCandidate> measured = new ArrayList<>();
        final Calibration found = new Calibrator(context(), DURATION_NS, measured::add).calibrate();
        assertTrue(found.isDone());
        assertTrue(measured.size() >= 4, measured.toString());
        assertTrue(measured.stream().allMatch(CalibrationCandidate::isUsable), measured.toString());
        assertTrue(found.p50Ns() > 0 && found.p99Ns() >= found.p50Ns(), found.toString());
        try (Journal journal = Journal.open(context().calibratedWritesInFlight(true))) {
            assertEquals(found, journal.calibration());
            assertEquals(found.writesInFlight(), journal.writesInFlight());
            assertEquals(found.methodToUse().backend(), journal.backendName());
            assertEquals(List.of(1L), TestJournals.recover(journal));
            assertEquals(found, journal.calibration(), "lost by the new superblock");
        }
        try (var left = Files.list(directory)) {
            assertEquals(List.of(file), left.toList());
        }
    }

    @Test
    void shouldKeepTheLockFromTheFirstLookToTheLastWrite() throws Exception {
        final CountDownLatch measuring = new CountDownLatch(1);
        final CountDownLatch looked = new CountDownLatch(1);
        final Calibrator calibrator = new Calibrator(context(), DURATION_NS, candidate -> {
            measuring.countDown();
            awaitQuietly(looked);
        });
        final FutureTask<Calibration> calibration = new FutureTask<>(calibrator::calibrate);
        final Thread thread = new Thread(calibration, "calibrator");
        thread.start();
        try {
            assertTrue(measuring.await(60, TimeUnit.SECONDS));
            assertEquals("MR-6004", JournalFileTest.outcomeOfOtherProcess(file));
        } finally {
            looked.countDown();
            thread.join();
        }
        assertTrue(calibration.get().isDone());
    }

    private static void awaitQuietly(final CountDownLatch latch) {
        try {
            latch.await();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void shouldKeepCalibrationWhenEitherSuperblockIsLost() throws IOException {
        for (final long address : new long[] {0, 4096}) {
            final Calibration found = new Calibrator(context(), DURATION_NS, candidate -> {}).calibrate();
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(new byte[256]), address);
                channel.force(true);
            }
            try (Journal journal = Journal.open(context())) {
                assertEquals(found, journal.calibration());
                assertEquals(List.of(), TestJournals.recover(journal));
                assertEquals(1, journal.recoveryReport().badSuperblockCount());
            }
        }
    }

    @Test
    void shouldUseDefaultsWhenNotCalibrated() {
        try (Journal journal =
                Journal.open(context().calibratedWritesInFlight(true).writesInFlight(3))) {
            assertFalse(journal.calibration().isDone());
            assertEquals("not calibrated", journal.calibration().describe());
            assertEquals(3, journal.writesInFlight());
        }
    }

    @Test
    void shouldRefuseWhenJournalIsInUseOrAnotherNodes() {
        try (Journal journal = Journal.open(context())) {
            assertFalse(journal.isFenced());
            assertEquals(ErrorCode.DEVICE_LOCKED, refusal(context()));
        }
        assertEquals(ErrorCode.DEVICE_OTHER_NODE, refusal(context().nodeId(new UUID(9, 9))));
        assertEquals(ErrorCode.DEVICE_NOT_FOUND, refusal(context().file(directory.resolve("missing"))));
    }

    private static ErrorCode refusal(final JournalContext context) {
        final Calibrator calibrator = new Calibrator(context, DURATION_NS, candidate -> {
            throw new AssertionError("measured " + candidate);
        });
        return assertThrows(MillraceException.class, calibrator::calibrate).code();
    }

    @Test
    void shouldKeepTheDefaultUnlessAnotherIsClearlyBetter() {
        final CalibrationCandidate ordinary = candidate(SyncMethod.RWF_DSYNC, 2, 100, 400);
        final CalibrationCandidate slightly = candidate(SyncMethod.LINKED_FSYNC, 2, 95, 390);
        final CalibrationCandidate clearly = candidate(SyncMethod.PWRITEV2, 1, 80, 300);
        final CalibrationCandidate broken = new CalibrationCandidate(SyncMethod.CHANNEL, 1, 0, 0, "a write gave -5");
        assertEquals(ordinary, CalibrationCandidate.best(List.of(slightly, ordinary, broken)));
        assertEquals(clearly, CalibrationCandidate.best(List.of(slightly, ordinary, clearly, broken)));
        assertEquals(slightly, CalibrationCandidate.best(List.of(broken, slightly)));
        assertThrows(IllegalArgumentException.class, () -> CalibrationCandidate.best(List.of(broken)));
    }

    @Test
    void shouldNotBeUsableWhenAWriteFails() {
        for (final int result : new int[] {-5, -61, 512}) {
            final FaultyDevice device = new FaultyDevice(new byte[1 << 20], 1).failWrite(20, result, false);
            device.register(BufferUtil.allocateDirectAligned(CalibrationLoad.arenaLength(2), 4096));
            final CalibrationLoad load = new CalibrationLoad(device, 2, SystemNanoClock.INSTANCE);
            assertEquals(result, load.run(TimeUnit.SECONDS.toNanos(2)));
            assertTrue(load.sortedSamples().length > 0);
        }
    }

    private static CalibrationCandidate candidate(
            final SyncMethod method, final int writesInFlight, final long p50, final long p99) {
        return new CalibrationCandidate(method, writesInFlight, p50, p99, "");
    }

    private void appendOne(final long position) {
        try (Journal journal = Journal.open(context())) {
            TestJournals.recover(journal);
            assertTrue(TestJournals.append(journal, 1, position, 500) >= 0);
            TestJournals.drain(journal);
            assertTrue(journal.isDrained());
        }
    }
}
