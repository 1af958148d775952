package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.journal.TestJournals.Acknowledged;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Journals in files: both backends, and every fault that a start can meet. */
@Timeout(120)
final class JournalFileTest {
    private final ResourceLedger ledger = ResourceLedger.create();
    private final List<String> warnings = new ArrayList<>();

    @TempDir
    private Path directory = Path.of("");

    @AfterEach
    void shouldHaveGivenEverythingBack() {
        assertTrue(ledger.isEmpty(), ledger::toString);
    }

    private Path format(final long length) {
        final Path file = directory.resolve("journal.mrj");
        Journal.format(TestJournals.formatContext().file(file).length(length).ledger(ledger));
        return file;
    }

    private JournalContext context(final Path file) {
        return TestJournals.context().file(file).ledger(ledger).warnings(warnings::add);
    }

    private void requireUring() {
        Assumptions.assumeTrue(IoUringProbe.system().probe() == 0, "io_uring is denied here");
    }

    private ErrorCode openFails(final JournalContext context) {
        final MillraceException e = assertThrows(
                MillraceException.class, () -> Journal.open(context).close());
        return e.code();
    }

    @Test
    void shouldRefuseTheSecondAndHarmNeitherWhenTwoFormatAtOnce() {
        final Path file = directory.resolve("journal.mrj");
        final List<ErrorCode> second = new ArrayList<>();
        Journal.format(TestJournals.formatContext()
                .file(file)
                .length(4 * TestJournals.ZONE_LENGTH)
                .ledger(ledger)
                .progress((done, total) ->
                        second.add(assertThrows(MillraceException.class, () -> format(4 * TestJournals.ZONE_LENGTH))
                                .code())));
        assertFalse(second.isEmpty(), "the second one came while the first was at it");
        assertTrue(second.stream().allMatch(ErrorCode.DEVICE_LOCKED::equals), second::toString);
        try (Journal journal = Journal.open(context(file).backend(Backend.CHANNEL))) {
            assertEquals(List.of(), TestJournals.recover(journal));
        }
        assertEquals(List.of("journal.mrj"), List.of(directory.toFile().list()), "nothing else is left");
    }

    @ParameterizedTest
    @EnumSource(Backend.class)
    void shouldRecoverWhatWasAcknowledged(final Backend backend) {
        if (backend == Backend.URING) {
            requireUring();
        }
        final Path file = format(8 * TestJournals.ZONE_LENGTH);
        final Acknowledged acknowledged = new Acknowledged();
        try (Journal journal = Journal.open(context(file).backend(backend).listener(acknowledged))) {
            assertEquals(List.of(), TestJournals.recover(journal));
            for (long position = 1; position <= 300; position++) {
                TestJournals.append(journal, 1, position, 100 + (int) position);
                journal.doWork(System.nanoTime());
            }
            TestJournals.drain(journal);
            assertEquals(300, acknowledged.positions.size());
            assertTrue(journal.durabilityMode().describe().contains("DSYNC"));
            assertTrue(journal.deviceDescription().startsWith(file.toString()));
        }
        try (Journal journal = Journal.open(context(file).backend(backend))) {
            assertEquals(LongStream.rangeClosed(1, 300).boxed().toList(), TestJournals.recover(journal));
            final JournalReader reader = journal.newReader();
            assertNotNull(reader);
            assertTrue(reader.request(journal.addressOf(1, 200)));
            while (reader.state() == JournalReader.State.PENDING) {
                journal.doWork(System.nanoTime());
            }
            assertEquals(JournalReader.State.READY, reader.state());
        }
    }

    @Test
    void shouldUseLargerGranuleWhenFormattedSo() {
        final Path file = directory.resolve("journal.mrj");
        Journal.format(TestJournals.formatContext()
                .file(file)
                .granule(16_384)
                .length(4 * TestJournals.ZONE_LENGTH)
                .ledger(ledger));
        for (int run = 0; run < 3; run++) {
            try (Journal journal = Journal.open(context(file))) {
                assertEquals(run * 2, TestJournals.recover(journal).size());
                assertEquals(LogFormat.DEFAULT_DATA_ADDRESS + run * 2L * 16_384L, journal.durableAddress());
                for (int i = 1; i <= 2; i++) {
                    TestJournals.append(journal, 1, run * 2 + i, 100);
                    TestJournals.drain(journal);
                }
            }
        }
    }

    @Test
    void shouldFallBackLoudlyWhenIoUringIsDenied() {
        final Path file = format(TestJournals.ZONE_LENGTH);
        try (Journal journal = Journal.open(context(file).probe(() -> -1))) {
            TestJournals.recover(journal);
            assertEquals("channel", journal.backendName());
            TestJournals.append(journal, 1, 1, 100);
            TestJournals.drain(journal);
            assertTrue(journal.isDrained());
        }
        assertTrue(warnings.stream().anyMatch(text -> text.contains("MR-5004") && text.contains("EPERM")));
        assertEquals(
                ErrorCode.IO_URING_DENIED,
                openFails(context(file).backend(Backend.URING).probe(() -> -38)));
    }

    @Test
    void shouldSeeRefusalWhenPropertyIsSet() {
        System.setProperty(IoUringProbe.DENIED_PROPERTY, "38");
        try {
            assertEquals(-38, IoUringProbe.system().probe());
        } finally {
            System.clearProperty(IoUringProbe.DENIED_PROPERTY);
        }
    }

    @Test
    void shouldRefuseWhenMemoryMayNotBeLocked() {
        requireUring();
        final Path file = format(TestJournals.ZONE_LENGTH);
        final MillraceException e = assertThrows(
                MillraceException.class,
                () -> Journal.open(context(file).memoryLockLimit(() -> 65_536)).close());
        assertEquals(ErrorCode.MEMLOCK_TOO_SMALL, e.code());
        assertTrue(String.valueOf(e.getMessage()).contains("ulimit -l"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "kernel"})
    void shouldRefuseWhenProcessMayNotLockMemory(final String who) throws Exception {
        requireUring();
        final Path file = format(TestJournals.ZONE_LENGTH);
        final List<String> command = new ArrayList<>(List.of(
                "prlimit",
                "--memlock=65536:65536",
                "setpriv",
                "--bounding-set=-ipc_lock",
                "--inh-caps=-ipc_lock",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                MemoryLockMain.class.getName(),
                file.toString()));
        if (!who.isEmpty()) {
            command.add(who);
        }
        String outcome;
        try {
            final Process process = new ProcessBuilder(command).start();
            outcome = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        } catch (final IOException e) {
            outcome = "";
        }
        Assumptions.assumeFalse(outcome.isEmpty(), "prlimit and setpriv are needed, and the right to use them");
        assertEquals("MR-5003", outcome);
    }

    @Test
    void shouldRefuseWhenFileIsMissing() {
        assertEquals(ErrorCode.DEVICE_NOT_FOUND, openFails(context(directory.resolve("nothing"))));
    }

    @Test
    void shouldRefuseWhenFileIsTooSmall() throws IOException {
        final Path file = format(2 * TestJournals.ZONE_LENGTH);
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(access.length() - 4096);
        }
        assertEquals(ErrorCode.DEVICE_TOO_SMALL, openFails(context(file)));
        Files.write(file, new byte[1000]);
        assertEquals(ErrorCode.DEVICE_TOO_SMALL, openFails(context(file)));
    }

    @Test
    void shouldRefuseWhenFileIsOfAnotherNode() {
        final Path file = format(TestJournals.ZONE_LENGTH);
        assertEquals(ErrorCode.DEVICE_OTHER_NODE, openFails(context(file).nodeId(new UUID(9, 9))));
    }

    @Test
    void shouldRefuseWhenLockedByThisProcess() throws Exception {
        final Path file = format(TestJournals.ZONE_LENGTH);
        try (Journal journal = Journal.open(context(file))) {
            assertNotNull(journal.deviceUuid());
            assertEquals(ErrorCode.DEVICE_LOCKED, openFails(context(file)));
            // and the refusal has not released the lock
            assertEquals("MR-6004", outcomeOfOtherProcess(file));
        }
        assertEquals("opened", outcomeOfOtherProcess(file));
    }

    static String outcomeOfOtherProcess(final Path file) throws Exception {
        final Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        MemoryLockMain.class.getName(),
                        file.toString())
                .start();
        final String outcome = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return outcome;
    }

    @Test
    void shouldRefuseWhenLockedByAnotherProcess() throws Exception {
        final Path file = format(TestJournals.ZONE_LENGTH);
        final Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LockHolder.class.getName(),
                        file.toString())
                .redirectErrorStream(true)
                .start();
        try {
            assertEquals('L', process.getInputStream().read());
            final MillraceException e = assertThrows(
                    MillraceException.class, () -> Journal.open(context(file)).close());
            assertEquals(ErrorCode.DEVICE_LOCKED, e.code());
            assertTrue(String.valueOf(e.getMessage()).contains("another process"), e.getMessage());
        } finally {
            process.destroyForcibly();
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        }
        Journal.open(context(file)).close();
    }

    @Test
    void shouldMendOneBadSuperblockAndRefuseTwo() throws IOException {
        final Path file = format(TestJournals.ZONE_LENGTH);
        long incarnation;
        try (Journal journal = Journal.open(context(file))) {
            TestJournals.recover(journal);
            incarnation = journal.incarnation();
        }
        for (final int address : new int[] {0, 4096}) {
            flip(file, address + 60);
            try (Journal journal = Journal.open(context(file))) {
                TestJournals.recover(journal);
                assertEquals(1, journal.recoveryReport().badSuperblockCount());
                assertTrue(journal.incarnation() > incarnation);
                incarnation = journal.incarnation();
            }
            try (Journal journal = Journal.open(context(file))) {
                TestJournals.recover(journal);
                assertEquals(0, journal.recoveryReport().badSuperblockCount());
                assertTrue(journal.incarnation() > incarnation);
                incarnation = journal.incarnation();
            }
        }
        assertTrue(warnings.stream().anyMatch(text -> text.contains("MR-6007")));
        flip(file, 60);
        flip(file, 4096 + 60);
        assertEquals(ErrorCode.SUPERBLOCK_BAD, openFails(context(file)));
    }

    private static void flip(final Path file, final long address) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.seek(address);
            final int found = access.read();
            access.seek(address);
            access.write(found ^ 1);
        }
    }

    @Test
    void shouldRefuseToFormatWhenFileExistsOrDirectoryDoesNot() {
        final Path file = format(TestJournals.ZONE_LENGTH);
        final MillraceException exists = assertThrows(MillraceException.class, () -> format(TestJournals.ZONE_LENGTH));
        assertEquals(ErrorCode.DEVICE_NOT_EMPTY, exists.code());
        final MillraceException missing = assertThrows(
                MillraceException.class,
                () -> Journal.format(TestJournals.formatContext()
                        .file(file.resolveSibling("no").resolve("j"))
                        .ledger(ledger)));
        assertEquals(ErrorCode.DEVICE_NOT_FOUND, missing.code());
        final MillraceException small = assertThrows(
                MillraceException.class,
                () -> Journal.format(TestJournals.formatContext()
                        .file(file.resolveSibling("j"))
                        .length(4096)
                        .ledger(ledger)));
        assertEquals(ErrorCode.DEVICE_TOO_SMALL, small.code());
    }

    @ParameterizedTest
    @EnumSource(
            value = Backend.class,
            names = {"URING", "CHANNEL"})
    void shouldLeaveNothingBehindWhenDiskIsFullAtFormat(final Backend backend) throws Exception {
        final Path mount = Files.createDirectory(directory.resolve("small"));
        Assumptions.assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount.toString()) == 0,
                "a small tmpfs can only be mounted by root");
        try {
            final MillraceException e = assertThrows(
                    MillraceException.class,
                    () -> Journal.format(TestJournals.formatContext()
                            .file(mount.resolve("journal.mrj"))
                            .length(16 * TestJournals.ZONE_LENGTH)
                            .probe(() -> backend == Backend.CHANNEL
                                    ? -1
                                    : IoUringProbe.system().probe())
                            .ledger(ledger)));
            assertEquals(ErrorCode.DISK_FULL, e.code(), e.getMessage());
            try (var left = Files.list(mount)) {
                assertEquals(0, left.count());
            }
        } finally {
            assertEquals(0, run("umount", mount.toString()));
        }
    }

    @Test
    void shouldSayThatNothingIsDurableWhenMediumIsMemory() {
        final Path memory = Path.of("/dev/shm");
        Assumptions.assumeTrue(Files.isWritable(memory), "no /dev/shm");
        final DurabilityMode mode = DeviceIdentity.of(memory, "RWF_DSYNC");
        assertFalse(mode.survivesPowerLoss());
        assertTrue(mode.describe().contains("NOT DURABLE"), mode.describe());
    }

    private static int run(final String... command) throws Exception {
        final Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        return process.exitValue();
    }

    @Test
    void shouldWakeUpWhenWatchedSocketBecomesReadable() throws Exception {
        requireUring();
        final Path file = format(TestJournals.ZONE_LENGTH);
        try (Journal journal = Journal.open(context(file));
                DatagramChannel receiver =
                        DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                DatagramChannel sender = DatagramChannel.open()) {
            TestJournals.recover(journal);
            final int descriptor = descriptorOf(receiver);
            assertTrue(journal.watch(descriptor));
            assertEquals(0, journal.await(1_000_000));
            for (int i = 0; i < 3; i++) {
                sender.send(ByteBuffer.wrap(new byte[] {1}), receiver.getLocalAddress());
                assertTrue(journal.await(30_000_000_000L) > 0);
                journal.doWork(System.nanoTime());
                assertNotNull(receiver.receive(ByteBuffer.allocate(8)));
            }
            journal.unwatch(descriptor);
            journal.doWork(System.nanoTime());
        }
    }

    @Test
    void shouldNotSleepWhenWatchedSocketIsReadableAlready() throws Exception {
        requireUring();
        final Path file = format(TestJournals.ZONE_LENGTH);
        try (Journal journal = Journal.open(context(file));
                DatagramChannel receiver =
                        DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                DatagramChannel sender = DatagramChannel.open()) {
            TestJournals.recover(journal);
            assertTrue(journal.watch(descriptorOf(receiver)));
            for (int i = 0; i < 2; i++) {
                sender.send(ByteBuffer.wrap(new byte[] {1}), receiver.getLocalAddress());
                assertTrue(journal.await(30_000_000_000L) > 0);
                journal.doWork(System.nanoTime()); // the frame stays unread: the next sleep ends at once as well
            }
        }
    }

    @Test
    void shouldFreePortOfClosedSocketOnceUnwatched() throws Exception {
        requireUring();
        final Path file = format(TestJournals.ZONE_LENGTH);
        try (Journal journal = Journal.open(context(file))) {
            TestJournals.recover(journal);
            final DatagramChannel first =
                    DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            final SocketAddress address = first.getLocalAddress();
            final int descriptor = descriptorOf(first);
            assertTrue(journal.watch(descriptor));
            assertEquals(0, journal.await(1_000_000));
            journal.unwatch(descriptor);
            journal.doWork(System.nanoTime());
            first.close();
            try (DatagramChannel second = DatagramChannel.open().bind(address)) {
                assertEquals(address, second.getLocalAddress());
            }
        }
    }

    private static int descriptorOf(final DatagramChannel channel) throws ReflectiveOperationException {
        final java.lang.reflect.Method method =
                Class.forName("sun.nio.ch.SelChImpl").getMethod("getFDVal");
        method.setAccessible(true);
        return (int) method.invoke(channel);
    }

    @Test
    void shouldMoveToAnotherThreadWhenNothingIsInFlight() throws Exception {
        final Path file = format(TestJournals.ZONE_LENGTH);
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final Journal journal = Journal.open(context(file));
        TestJournals.recover(journal);
        final Thread thread = new Thread(() -> {
            TestJournals.append(journal, 1, 1, 100);
            TestJournals.drain(journal);
            journal.close();
        });
        thread.setUncaughtExceptionHandler((t, e) -> failure.set(e));
        thread.start();
        thread.join(60_000);
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
        try (Journal again = Journal.open(context(file))) {
            assertEquals(List.of(1L), TestJournals.recover(again));
            assertEquals(LogFormat.DEFAULT_DATA_ADDRESS + 4096, again.durableAddress());
        }
    }
}
