package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Journals on raw block devices: loop devices. */
@Timeout(120)
final class RawDeviceTest {
    private static final long LENGTH = 8L << 20;

    private final ResourceLedger ledger = ResourceLedger.create();

    @TempDir
    private Path directory = Path.of("");

    @AfterEach
    void shouldHaveGivenEverythingBack() {
        assertTrue(ledger.isEmpty(), ledger::toString);
    }

    private FormatContext format(final Path path) {
        return TestJournals.formatContext()
                .file(path)
                .length(FormatContext.WHOLE_DEVICE)
                .ledger(ledger);
    }

    private JournalContext context(final Path path) {
        return TestJournals.context().file(path).ledger(ledger);
    }

    @Test
    void shouldKeepRecordsOnARawDeviceWithEveryBackend() throws IOException {
        try (LoopDevice loop = LoopDevice.attach(directory, LENGTH)) {
            assertEquals(LENGTH, JournalPlace.lengthBytes(loop.path()));
            Journal.format(format(loop.path()));
            final long zones = (LENGTH - LogFormat.DEFAULT_DATA_ADDRESS) / TestJournals.ZONE_LENGTH;
            long position = 0;
            for (final Backend backend : Backend.values()) {
                try (Journal journal = Journal.open(context(loop.path()).backend(backend))) {
                    assertEquals(position, TestJournals.recover(journal).size(), backend::name);
                    assertEquals(zones * TestJournals.ZONE_LENGTH, journal.capacityBytes());
                    assertTrue(journal.durabilityMode().device().contains("block device"), journal::deviceDescription);
                    for (int i = 0; i < 20; i++) {
                        assertTrue(TestJournals.append(journal, 1, ++position, 5000) >= 0);
                        TestJournals.drain(journal);
                    }
                }
            }
            final DumpSummary found = JournalDump.dump(loop.path(), new NothingSink());
            assertTrue(found.isSound(), found::message);
            assertEquals(position, found.recordCount());
            assertTrue(found.device().contains("block device"), found::device);
            final JournalMedium medium = JournalMedium.of(loop.path());
            assertEquals("block", medium.kind());
            assertEquals(loop.path().toString(), medium.device());
            assertTrue(JournalPlace.holdsJournal(loop.path()));
        }
    }

    @Test
    void shouldUseNoMoreThanTheSizeGiven() throws IOException {
        try (LoopDevice loop = LoopDevice.attach(directory, LENGTH)) {
            Journal.format(format(loop.path()).length(3L * TestJournals.ZONE_LENGTH));
            try (Journal journal = Journal.open(context(loop.path()))) {
                assertEquals(3L * TestJournals.ZONE_LENGTH, journal.capacityBytes());
            }
        }
    }

    @Test
    void shouldNeverTakeStaleContentForBatchesWhenFormattedAnew() throws IOException {
        try (LoopDevice loop = LoopDevice.attach(directory, 2 * LENGTH)) {
            fillWithNoise(loop.path(), 2 * LENGTH);
            final FormatContext large = format(loop.path()).zoneLength(4 << 20).overwrite(true);
            Journal.format(large);
            write(loop.path(), 300);
            Journal.format(large.deviceUuid(new UUID(5, 5)));
            try (Journal journal = Journal.open(context(loop.path()))) {
                assertEquals(List.of(), TestJournals.recover(journal));
                final RecoveryReport report = journal.recoveryReport();
                assertEquals(TailState.CLEAN, report.tail(), report::tailDetail);
                // the zone at the end and the next one; of the third only a granule, though noise follows it
                assertTrue(report.scannedBytes() < (8 << 20) + 65_536, () -> "scans " + report.scannedBytes());
                assertEquals(1, TestJournals.append(journal, 1, 1, 5000) >= 0 ? 1 : 0);
                TestJournals.drain(journal);
            }
            try (Journal journal = Journal.open(context(loop.path()))) {
                assertEquals(List.of(1L), TestJournals.recover(journal));
            }
        }
    }

    private static void fillWithNoise(final Path path, final long length) throws IOException {
        final byte[] noise = new byte[(int) length];
        new Random(3).nextBytes(noise);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(noise), 0);
            channel.force(true);
        }
    }

    private void write(final Path path, final int count) {
        try (Journal journal = Journal.open(context(path))) {
            TestJournals.recover(journal);
            for (int i = 1; i <= count; i++) {
                assertTrue(TestJournals.append(journal, 1, i, 5000) >= 0);
                TestJournals.drain(journal);
            }
        }
    }

    @Test
    void shouldNameWhatItHoldsWhenFormatRefusesIt() throws IOException {
        try (LoopDevice loop = LoopDevice.attach(directory, LENGTH)) {
            LoopDevice.run("mkfs.ext4", "-q", loop.path().toString());
            assertRefused(ErrorCode.DEVICE_FOREIGN, "ext4 file system", () -> Journal.format(format(loop.path())));
            assertFalse(JournalPlace.holdsJournal(loop.path()));
            LoopDevice.run("mkswap", "-f", loop.path().toString());
            assertRefused(ErrorCode.DEVICE_FOREIGN, "swap space", () -> Journal.format(format(loop.path())));
            Journal.format(format(loop.path()).overwrite(true));
            assertRefused(
                    ErrorCode.DEVICE_NOT_EMPTY,
                    "journal of device " + TestJournals.DEVICE,
                    () -> Journal.format(format(loop.path())));
            fillWithNoise(loop.path(), LENGTH);
            assertRefused(ErrorCode.DEVICE_FOREIGN, "something unknown", () -> Journal.format(format(loop.path())));
            assertRefused(ErrorCode.SUPERBLOCK_BAD, loop.path().toString(), () -> Journal.open(context(loop.path())));
        }
    }

    @Test
    void shouldRefusePartitionsUnlessTheyAreMeant() throws IOException {
        try (LoopDevice loop = LoopDevice.attach(directory, LENGTH, "--partscan")) {
            final ByteBuffer table = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
            table.put(446 + 4, (byte) 0x83).putInt(446 + 8, 2048).putInt(446 + 12, 8192);
            table.put(510, (byte) 0x55).put(511, (byte) 0xaa);
            try (FileChannel channel = FileChannel.open(loop.path(), StandardOpenOption.WRITE)) {
                channel.write(table, 0);
                channel.force(true);
            }
            assertRefused(ErrorCode.DEVICE_FOREIGN, "MBR", () -> Journal.format(format(loop.path())));
            LoopDevice.run("blockdev", "--rereadpt", loop.path().toString());
            final Path partition = Path.of(loop.path() + "p1");
            if (Files.exists(partition)) {
                assertRefused(
                        ErrorCode.DEVICE_FOREIGN,
                        "is a partition of " + loop.path(),
                        () -> Journal.format(format(partition)));
                Journal.format(format(partition).overwrite(true));
                write(partition, 3);
                try (Journal journal = Journal.open(context(partition))) {
                    assertRefused(
                            ErrorCode.DEVICE_IN_USE,
                            "in use",
                            () -> Journal.format(format(loop.path()).overwrite(true)));
                    assertEquals(3, TestJournals.recover(journal).size());
                }
            }
        }
    }

    @Test
    void shouldRefuseADeviceInUseEvenToOverwrite() throws Exception {
        try (LoopDevice loop = LoopDevice.attach(directory, LENGTH)) {
            LoopDevice.run("mkfs.ext4", "-q", loop.path().toString());
            final Path mount = Files.createDirectory(directory.resolve("mount"));
            LoopDevice.run("mount", loop.path().toString(), mount.toString());
            try {
                assertRefused(
                        ErrorCode.DEVICE_IN_USE,
                        "mounted at " + mount,
                        () -> Journal.format(format(loop.path()).overwrite(true)));
                assertRefused(ErrorCode.DEVICE_IN_USE, "mounted at", () -> Journal.open(context(loop.path())));
            } finally {
                LoopDevice.run("umount", mount.toString());
            }
            Journal.format(format(loop.path()).overwrite(true));
            try (Journal journal = Journal.open(context(loop.path()))) {
                assertEquals(List.of(), TestJournals.recover(journal));
                assertEquals("MR-6004", JournalFileTest.outcomeOfOtherProcess(loop.path()));
                assertRefused(ErrorCode.DEVICE_LOCKED, "this process", () -> Journal.open(context(loop.path())));
            }
            assertEquals("opened", JournalFileTest.outcomeOfOtherProcess(loop.path()));
        }
    }

    @Test
    void shouldRefuseAReadOnlyOrTooSmallDevice() throws IOException {
        try (LoopDevice loop = LoopDevice.attach(directory, LENGTH, "--read-only")) {
            assertRefused(ErrorCode.DEVICE_UNSUITABLE, "read-only", () -> Journal.format(format(loop.path())));
        } catch (final MillraceException e) {
            throw new AssertionError(e);
        }
        try (LoopDevice loop = LoopDevice.attach(directory, 32 * 1024)) {
            assertRefused(ErrorCode.DEVICE_TOO_SMALL, "32768", () -> Journal.format(format(loop.path())));
        }
    }

    @Test
    void shouldCalibrateInAFreeZoneAndLeaveTheRecordsAlone() throws IOException {
        try (LoopDevice loop = LoopDevice.attach(directory, LENGTH)) {
            Journal.format(format(loop.path()));
            write(loop.path(), 200);
            final long durationNs = TimeUnit.MILLISECONDS.toNanos(60);
            final Calibration found = new Calibrator(
                            context(loop.path()),
                            durationNs,
                            candidate -> assertTrue(candidate.isUsable(), candidate::describe))
                    .calibrate();
            assertTrue(found.isDone());
            try (Journal journal = Journal.open(context(loop.path()))) {
                assertEquals(found, journal.calibration());
                assertEquals(200, TestJournals.recover(journal).size());
                long position = 200;
                while (TestJournals.append(journal, 1, position + 1, 9000) >= 0) {
                    position++;
                    TestJournals.drain(journal);
                }
            }
            final Calibrator full = new Calibrator(context(loop.path()), durationNs, candidate -> {});
            assertRefused(ErrorCode.JOURNAL_FULL, "zones hold something", full::calibrate);
        }
    }

    @Test
    void shouldMakeNoFileWhereADeviceWasNamed() {
        final Path missing = Path.of("/dev/millrace-no-such-device");
        assertRefused(ErrorCode.DEVICE_NOT_FOUND, "device that is not there", () -> Journal.format(format(missing)));
        assertRefused(ErrorCode.DEVICE_NOT_FOUND, "does not exist", () -> Journal.open(context(missing)));
        assertTrue(Files.notExists(missing));
        assertRefused(
                ErrorCode.DEVICE_UNSUITABLE, "neither a file nor", () -> Journal.open(context(Path.of("/dev/null"))));
        assertRefused(ErrorCode.DEVICE_UNSUITABLE, "neither a file nor", () -> Journal.open(context(directory)));
    }

    @Test
    void shouldFindADiskByItsSerialNumber() throws IOException {
        final Path sys = directory.resolve("sys");
        put(sys.resolve("block/vdb/serial"), "VIRT-1\n");
        put(sys.resolve("block/sdc/device/wwid"), "naa.5000c500a1b2c3d4\n");
        put(sys.resolve("block/sdd/device/vpd_pg80"), "\u0000\u0080\u0000\u0008  Z1F0AB ");
        put(sys.resolve("block/cciss!c0d0/device/serial"), "CCISS");
        put(sys.resolve("class/nvme/nvme0/serial"), "S64ANE0R  \n");
        put(sys.resolve("class/nvme/nvme0/nvme0n1/size"), "1");
        put(sys.resolve("class/nvme/nvme1/serial"), "TWO");
        put(sys.resolve("class/nvme/nvme1/nvme1n1/size"), "1");
        put(sys.resolve("class/nvme/nvme1/nvme1n2/size"), "1");
        final Path devices = Path.of("/dev");
        for (final String[] pair : new String[][] {
            {"serial:VIRT-1", "/dev/vdb"},
            {"serial:naa.5000c500a1b2c3d4", "/dev/sdc"},
            {"serial:Z1F0AB", "/dev/sdd"},
            {"serial:CCISS", "/dev/cciss/c0d0"},
            {"serial:S64ANE0R", "/dev/nvme0n1"},
            {"/dev/disk/by-id/x", "/dev/disk/by-id/x"}
        }) {
            assertEquals(Path.of(pair[1]), JournalPlace.resolve(pair[0], sys, devices));
        }
        assertRefused(ErrorCode.DEVICE_NOT_FOUND, "'X'", () -> JournalPlace.resolve("serial:X", sys, devices));
        assertRefused(ErrorCode.DEVICE_NOT_FOUND, "''", () -> JournalPlace.resolve("serial:", sys, devices));
        assertRefused(
                ErrorCode.DEVICE_UNSUITABLE,
                "nvme1n1, nvme1n2",
                () -> JournalPlace.resolve("serial:TWO", sys, devices));
    }

    @Test
    void shouldReadWhatTheKernelSaysOfADisk() throws IOException {
        final Path sys = directory.resolve("sys");
        final Path disk = sys.resolve("devices/pci/nvme0n1");
        put(disk.resolve("size"), "2048\n");
        put(disk.resolve("ro"), "0\n");
        put(disk.resolve("queue/logical_block_size"), "4096\n");
        put(disk.resolve("queue/write_cache"), "write through\n");
        put(disk.resolve("queue/fua"), "1\n");
        put(disk.resolve("device/serial"), "S64\n");
        put(disk.resolve("device/model"), "Fast 1TB   \n");
        put(disk.resolve("nvme0n1p2/partition"), "2\n");
        put(disk.resolve("nvme0n1p2/size"), "8\n");
        put(disk.resolve("nvme0n1p2/ro"), "1\n");
        Files.createDirectories(sys.resolve("dev/block"));
        Files.createSymbolicLink(sys.resolve("dev/block/259:0"), disk);
        Files.createSymbolicLink(sys.resolve("dev/block/259:2"), disk.resolve("nvme0n1p2"));
        assertEquals(
                new BlockFacts(
                        "259:0",
                        "nvme0n1",
                        "nvme0n1",
                        1 << 20,
                        4096,
                        false,
                        "S64",
                        "Fast 1TB",
                        "write through",
                        "yes",
                        ""),
                BlockFacts.read(sys, "259:0").orElseThrow());
        final BlockFacts partition = BlockFacts.read(sys, "259:2").orElseThrow();
        assertTrue(partition.isPartition() && partition.readOnly());
        assertEquals("nvme0n1", partition.disk());
        assertEquals(4096, partition.length());
        assertEquals("S64", partition.serial());
        assertTrue(BlockFacts.read(sys, "8:0").isEmpty());
        put(directory.resolve("proc/self/mountinfo"), "36 35 259:2 / /srv/data rw - ext4 /dev/nvme0n1p2 rw\n");
        put(directory.resolve("proc/swaps"), "Filename Type Size\n/dev/nvme0n1p3 partition 5\n");
        put(disk.resolve("holders/md0/x"), "");
        final String users =
                DeviceClaim.usersOf(directory, BlockFacts.read(sys, "259:0").orElseThrow());
        assertEquals("/dev/nvme0n1p2 is mounted at /srv/data; /dev/nvme0n1p3 is swap; it is part of md0", users);
    }

    private static void put(final Path file, final String text) throws IOException {
        Files.createDirectories(java.util.Objects.requireNonNull(file.getParent()));
        Files.writeString(file, text, java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    private static void assertRefused(final ErrorCode code, final String part, final Executable action) {
        final MillraceException e = assertThrows(MillraceException.class, action);
        assertEquals(code, e.code(), e::toString);
        assertTrue(String.valueOf(e.getMessage()).contains(part), e::toString);
    }
}
