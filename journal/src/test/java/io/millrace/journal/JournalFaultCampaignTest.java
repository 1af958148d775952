package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.journal.faulty.Fault;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.journal.memory.MemoryDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random histories over a device with every fault there is: appends of several chains, checkpoints, zones used again,
 * reads, power cuts, recoveries. What must hold is judged by {@link CampaignLog} and by looking at the medium.
 *
 * <p>While the device is honest (failing, short, late, reordered, torn by a power cut) what was acknowledged is
 * recovered, always. One device cannot survive its own lies (lost and misdirected writes, a lost flush, rot): then
 * either recovery refuses by name, or what is cut off silently begins at a batch that the device lied about and no
 * later batch on the medium says that it was durable (P4). In no case is a wrong byte returned, nor anything
 * acknowledged after a write that failed.
 *
 * <p>{@code -Dmillrace.campaign.tries=} more histories; {@code -Dmillrace.campaign.seed=} with one try repeats one.
 */
@Timeout(1800)
final class JournalFaultCampaignTest {
    private static final long SEED = Long.getLong("millrace.campaign.seed", 20_261_124L);
    private static final int TRIES = Integer.getInteger("millrace.campaign.tries", 250);
    private static final int ZONES = 5;
    private static final long STEP_NS = 50_000_000L;
    private static final long IO_DEADLINE_NS = 5_000_000_000L;
    private static final Set<ErrorCode> DAMAGED =
            Set.of(ErrorCode.JOURNAL_CORRUPT, ErrorCode.SUPERBLOCK_BAD, ErrorCode.RECORD_INVALID);

    @Test
    void shouldKeepWhatIsAcknowledgedWhenAnHonestDeviceFails() {
        for (int i = 0; i < TRIES; i++) {
            history(SEED + i, false);
        }
    }

    @Test
    void shouldRefuseOrBoundTheLossWhenTheDeviceLies() {
        final int[] ends = new int[3];
        for (int i = 0; i < TRIES; i++) {
            ends[history(SEED + i, true)]++;
        }
        System.out.println("seed " + SEED + ", " + TRIES + " histories of a lying device: " + ends[0]
                + " lost nothing, " + ends[1] + " lost the uncertain tail, " + ends[2] + " were refused");
        assertTrue(TRIES < 100 || (ends[0] > 0 && ends[2] > 0), Arrays.toString(ends));
    }

    /** Runs one history; 0: nothing was lost, 1: the tail was, 2: recovery refused. */
    private static int history(final long seed, final boolean lying) {
        try {
            return new History(seed, lying).run();
        } catch (final RuntimeException | AssertionError e) {
            throw new AssertionError(
                    "repeat with -Dmillrace.campaign.tries=1 -Dmillrace.campaign.seed=" + seed + ": " + e, e);
        }
    }

    /** One device's life. */
    private static final class History {
        private final Random random;
        private final boolean lying;
        private final byte[] medium = TestJournals.medium(ZONES);
        private final List<FaultyDevice.Strike> lies = new ArrayList<>();
        private final int writesInFlight;
        private final long[] nowNs = {0};
        private final CampaignLog log = new CampaignLog(() -> nowNs[0]);
        private boolean lost;
        private boolean readsFail;

        private History(final long seed, final boolean lying) {
            random = new Random(seed);
            this.lying = lying;
            writesInFlight = 1 + random.nextInt(4);
        }

        private int run() {
            for (int run = 0; run < 6; run++) {
                final FaultyDevice device = device(true);
                if (!live(device)) {
                    return 2;
                }
            }
            final boolean refused = !live(device(false));
            return refused ? 2 : lost ? 1 : 0;
        }

        private FaultyDevice device(final boolean faulty) {
            final FaultyDevice device = new FaultyDevice(medium, random.nextLong()).inOrder(random.nextBoolean());
            device.completionsPerPoll(1 + random.nextInt(3));
            readsFail = faulty && random.nextInt(3) > 0;
            if (faulty) {
                for (int i = random.nextInt(4); i > 0; i--) {
                    device.onWrite(1 + random.nextInt(50), writeFault());
                }
                for (int i = readsFail ? 2 : 0; i > 0; i--) {
                    device.onRead(1 + random.nextInt(random.nextInt(3) == 0 ? 5 : 100), readFault());
                }
            }
            return device;
        }

        private Fault writeFault() {
            if (lying && random.nextInt(3) > 0) {
                return switch (random.nextInt(4)) {
                    case 0 -> Fault.lost();
                    case 1 -> Fault.misdirected(4096L * random.nextInt(medium.length / 4096));
                    case 2 -> Fault.cached();
                    default -> Fault.rotten(random.nextInt(1 << 18));
                };
            }
            return switch (random.nextInt(8)) {
                case 0 -> Fault.fail(FaultyDevice.EIO);
                case 1 -> Fault.fail(FaultyDevice.ENODATA);
                case 2 -> Fault.fail(FaultyDevice.ENOSPC);
                case 3 -> Fault.shortBy(FaultyDevice.SECTOR * random.nextInt(8));
                case 4, 5 -> Fault.fail(FaultyDevice.EAGAIN);
                case 6 -> Fault.late(1 + random.nextInt(20));
                default -> Fault.late(random.nextInt(1000));
            };
        }

        private Fault readFault() {
            return switch (random.nextInt(4)) {
                case 0 -> Fault.fail(FaultyDevice.EIO);
                case 1 -> Fault.fail(FaultyDevice.ENODATA);
                case 2 -> Fault.fail(FaultyDevice.EAGAIN);
                default -> Fault.shortBy(FaultyDevice.SECTOR * random.nextInt(8));
            };
        }

        /** Recovers, works and is cut off; false when the device is refused. */
        private boolean live(final FaultyDevice device) {
            log.begin(device);
            final byte[] before = medium.clone();
            boolean recovered = false;
            try (Journal journal = Journal.open(TestJournals.context()
                    .device(device)
                    .listener(log)
                    .clock(() -> nowNs[0])
                    .ioDeadlineNs(IO_DEADLINE_NS)
                    .idleMarkDelayNs(random.nextBoolean() ? STEP_NS * 3 : 0)
                    .writesInFlight(writesInFlight))) {
                journal.recover(log);
                recovered = true;
                judge(journal, before);
                log.accept();
                log.read(journal, null, mayFail(device));
                work(journal, device);
            } catch (final MillraceException e) {
                if (recovered) {
                    assertEquals(ErrorCode.DEVICE_IO, e.code(), e::toString); // the superblock of an end in order
                } else if (e.code() != ErrorCode.DEVICE_IO) {
                    assertTrue(!lies.isEmpty() && DAMAGED.contains(e.code()), e::toString);
                    assertTrue(Arrays.equals(before, medium), "refused, and yet something was changed");
                    return false;
                }
            }
            for (final FaultyDevice.Strike strike : device.strikes()) {
                if (strike.fault().isLie()) {
                    lies.add(strike);
                }
            }
            return true;
        }

        private boolean mayFail(final FaultyDevice device) {
            return readsFail
                    || !lies.isEmpty()
                    || device.strikes().stream()
                            .anyMatch(strike -> strike.fault().isLie());
        }

        private void work(final Journal journal, final FaultyDevice device) {
            final int steps = random.nextInt(120);
            for (int step = 0; step < steps; step++) {
                device.hold(random.nextInt(6) == 0);
                for (int i = random.nextInt(5); i > 0; i--) {
                    log.append(journal, random);
                }
                turn(journal, device);
                log.checkpoint(journal, random.nextInt(15) == 0);
                if (random.nextInt(20) == 0) {
                    device.hold(false);
                    log.read(journal, random, mayFail(device));
                }
            }
            if (random.nextInt(4) == 0) {
                device.hold(false);
                for (int i = 0; i < 2_000 && !journal.isDrained() && !journal.isFenced(); i++) {
                    turn(journal, device);
                }
                assertTrue(journal.isDrained() || journal.isFenced(), "neither done nor given up");
                journal.markEnd();
            }
            if (random.nextBoolean()) {
                device.crash();
            } else {
                device.crash(random.nextInt(140));
            }
        }

        private void turn(final Journal journal, final FaultyDevice device) {
            nowNs[0] += STEP_NS;
            journal.doWork(nowNs[0]);
            assertEquals(
                    device.failedWriteCount() > 0,
                    journal.isFenced() && device.failedWriteCount() > 0,
                    "a write failed and the device is not fenced");
            assertTrue(
                    journal.isFenced() || journal.oldestInFlightNs(nowNs[0]) < IO_DEADLINE_NS + 1_200_000_000L,
                    "waits beyond the deadline");
        }

        /** What the recovery left out. */
        private void judge(final Journal journal, final byte[] before) {
            if (!log.hasLost()) {
                return;
            }
            assertFalse(lies.isEmpty(), "lost what was acknowledged, and the device was honest");
            final long cut = journal.recoveryReport().lastBatchSequence() + 1;
            final boolean blamed = lies.stream()
                    .anyMatch(lie -> lie.fault().kind() == Fault.Kind.MISDIRECTED
                            || header(lie.bytes(), 0).batchSequence() == cut);
            assertTrue(blamed, () -> "batch " + cut + " was cut off, and the device did not lie about it");
            assertEquals(-1, proof(before, cut), "cut off batch " + cut + " though a later one says it was durable");
            lost = true;
        }
    }

    private static BatchHeaderDecoder header(final byte[] bytes, final int index) {
        return new BatchHeaderDecoder()
                .wrap(
                        new UnsafeBuffer(bytes),
                        index,
                        BatchHeaderDecoder.BLOCK_LENGTH,
                        BatchHeaderDecoder.SCHEMA_VERSION);
    }

    /** Looks for a whole header, in a place that it can have, that names a batch durable; -1: there is none. */
    private static long proof(final byte[] medium, final long sequence) {
        for (int at = (int) LogFormat.DEFAULT_DATA_ADDRESS; at < medium.length; at += 4096) {
            final BatchHeaderDecoder header = header(medium, at);
            if (header.magic() == LogFormat.BATCH_MAGIC
                    && (int) header.headerCrc32c()
                            == Crc32c.of(ByteBuffer.wrap(medium), at, LogFormat.BATCH_HEADER_CRC_COVERAGE)
                    && (header.address() - at) % TestJournals.ZONE_LENGTH == 0
                    && header.durableBatchSequence() >= sequence) {
                return at;
            }
        }
        return -1;
    }

    @Test
    void shouldCutOffOrKeepTheBatchInFlightWhenTornAtEachSector() {
        for (int sectors = 0; sectors <= 24; sectors++) {
            final byte[] medium = TestJournals.medium(2);
            final FaultyDevice device = new FaultyDevice(medium, 1);
            try (Journal journal = TestJournals.open(device)) {
                TestJournals.recover(journal);
                TestJournals.append(journal, 1, 1, 9000);
                TestJournals.drain(journal);
                device.hold(true);
                TestJournals.append(journal, 1, 2, 9000);
                journal.doWork(0);
                device.crash(sectors);
            }
            try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
                // 96 + 9000 bytes end in the 18th sector; the rest is padding
                assertEquals(sectors < 18 ? List.of(1L) : List.of(1L, 2L), TestJournals.recover(journal));
            }
        }
    }

    @Test
    void shouldRefuseWhenAFlushWasLostUnlessItWasThatOfTheLastBatch() {
        for (int cached = 1; cached <= 5; cached++) {
            for (final boolean idleMark : new boolean[] {false, true}) {
                final byte[] medium = TestJournals.medium(2);
                final FaultyDevice device = new FaultyDevice(medium, 1).onWrite(1 + cached, Fault.cached());
                try (Journal journal = Journal.open(
                        TestJournals.context().device(device).clock(() -> 0).idleMarkDelayNs(1_000_000))) {
                    TestJournals.recover(journal);
                    for (long position = 1; position <= 5; position++) {
                        TestJournals.append(journal, 1, position, 9000);
                        for (int i = 0; i < 5; i++) {
                            journal.doWork(0);
                        }
                    }
                    for (int i = 0; idleMark && i < 5; i++) {
                        journal.doWork(2_000_000);
                    }
                    device.crash(0);
                }
                final boolean isNamed = cached < 5 || idleMark;
                try (Journal journal = TestJournals.open(new MemoryDevice(medium))) {
                    assertEquals(List.of(1L, 2L, 3L, 4L), TestJournals.recover(journal));
                    assertFalse(isNamed, "batch " + cached + " is cut off though a later one names it durable");
                } catch (final MillraceException e) {
                    assertEquals(ErrorCode.JOURNAL_CORRUPT, e.code());
                    assertTrue(isNamed, "nothing names batch " + cached);
                }
            }
        }
    }
}
