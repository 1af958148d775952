package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.JournalContext;
import io.millrace.server.configuration.NodeConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where a journal is made, and where its absence or exchange is refused (P5). */
@Timeout(60)
final class DataDirectoryTest {
    private Path home;
    private Path data;
    private Path journal;

    @BeforeEach
    void name(@TempDir final Path temporary) {
        home = temporary;
        data = home.resolve("deep/er/data");
        journal = data.resolve("journal.millrace");
    }

    private NodeConfiguration.Builder settings() {
        return NodeConfiguration.builder()
                .set("node.data", data.toString(), "test")
                .set("journal.size", "32MiB", "test")
                .set("journal.zone-size", "4MiB", "test");
    }

    private DataDirectory directory() {
        return new DataDirectory(settings().conclude());
    }

    private UUID format(final DataDirectory directory) {
        return directory.format((device, done, total) -> {}).get(0);
    }

    private static String assertRefused(final ErrorCode code, final Runnable call) {
        final MillraceException refusal = assertThrows(MillraceException.class, call::run);
        assertEquals(code, refusal.code(), refusal::getMessage);
        return String.valueOf(refusal.getMessage());
    }

    private UUID deviceOf(final Path file) {
        try (io.millrace.journal.Journal opened = io.millrace.journal.Journal.open(new JournalContext().file(file))) {
            return opened.deviceUuid();
        }
    }

    @Test
    void shouldFormatOnceWhenNeverUsed() throws IOException {
        assertTrue(directory().mustFormat(false));
        assertTrue(Files.notExists(data), "deciding makes nothing");
        final UUID device = format(directory());
        assertEquals(device, deviceOf(journal));
        assertEquals(new Identity(DataDirectory.nodeId(settings().conclude()), List.of(device)), Identity.read(data));
        assertFalse(directory().mustFormat(false));
        assertFalse(directory().mustFormat(true));
        final byte[] before = Files.readAllBytes(journal);
        assertRefused(ErrorCode.DEVICE_NOT_EMPTY, () -> format(directory()));
        assertEquals(-1, java.util.Arrays.mismatch(before, Files.readAllBytes(journal)));
    }

    @Test
    void shouldRefuseAndMakeNothingWhenAUsedDirectoryHasLostItsJournal() throws IOException {
        final UUID device = format(directory());
        Files.move(journal, home.resolve("elsewhere"));
        for (final boolean asked : new boolean[] {false, true}) {
            final String message =
                    assertRefused(ErrorCode.DEVICE_NOT_FOUND, () -> directory().mustFormat(asked));
            assertTrue(message.contains(journal.toString()), message);
            assertTrue(message.contains(device.toString()), message);
            assertTrue(message.contains("journal format"), message);
        }
        assertRefused(ErrorCode.DEVICE_NOT_FOUND, () -> format(directory()));
        assertTrue(Files.notExists(journal));
        Files.move(home.resolve("elsewhere"), journal);
        assertFalse(directory().mustFormat(false));
    }

    @Test
    void shouldTakeTheDevicesIdentityWhenACrashCameBetweenFormatAndIdentity() throws IOException {
        final UUID device = format(directory());
        final String identity = Files.readString(data.resolve(Identity.FILE_NAME));
        Files.delete(data.resolve(Identity.FILE_NAME));
        Files.writeString(data.resolve(Identity.FILE_NAME + ".new"), "node = ");
        assertFalse(directory().mustFormat(false));
        directory().admit(List.of(device));
        assertEquals(identity, Files.readString(data.resolve(Identity.FILE_NAME)));
        assertTrue(Files.notExists(data.resolve(Identity.FILE_NAME + ".new")));
    }

    @Test
    void shouldFormatAnewWhenACrashCameInsideTheFormat() throws IOException {
        Files.createDirectories(data);
        Files.write(data.resolve("journal.millrace.formatting"), new byte[1 << 20]);
        assertTrue(directory().mustFormat(false));
        assertEquals(format(directory()), deviceOf(journal));
        assertTrue(Files.notExists(data.resolve("journal.millrace.formatting")));
    }

    @Test
    void shouldRefuseADeviceWhenTheDirectoryWasUsedWithAnother() {
        final UUID device = format(directory());
        directory().admit(List.of(device));
        final UUID other = new UUID(1, 2);
        final String message =
                assertRefused(ErrorCode.DEVICE_EXCHANGED, () -> directory().admit(List.of(other)));
        assertTrue(message.contains(device.toString()) && message.contains(other.toString()), message);
    }

    @Test
    void shouldRefuseWhenTheDirectoryIsAnotherNodes() {
        format(directory());
        assertRefused(ErrorCode.DEVICE_OTHER_NODE, () -> new DataDirectory(
                        settings().set("node.name", "stranger", "test").conclude())
                .mustFormat(false));
    }

    @Test
    void shouldFormatASetPathOnlyWhenAsked() throws IOException {
        journal = home.resolve("device");
        final DataDirectory directory = new DataDirectory(settings()
                .set("journal.path", journal.toString(), "millrace.toml:3:1")
                .conclude());
        final String message = assertRefused(ErrorCode.DEVICE_NOT_FOUND, () -> directory.mustFormat(false));
        assertTrue(message.contains("millrace.toml:3:1") && message.contains(journal.toString()), message);
        assertTrue(directory.mustFormat(true));
        assertEquals(format(directory), deviceOf(journal));
        assertFalse(directory.mustFormat(false));
    }

    @Test
    void shouldRefuseWhenTheJournalIsALinkToNothing() throws IOException {
        Files.createDirectories(data);
        Files.createSymbolicLink(journal, home.resolve("unmounted/journal"));
        assertRefused(ErrorCode.DEVICE_NOT_FOUND, () -> directory().mustFormat(true));
        assertTrue(Files.isSymbolicLink(journal));
    }

    @Test
    void shouldRefuseWhenTheIdentityIsDamaged() throws IOException {
        final UUID device = format(directory());
        for (final String damaged : new String[] {"", "node = x\ndevice = y\n", "node = \\u00zz", "\0\0\0"}) {
            Files.writeString(data.resolve(Identity.FILE_NAME), damaged);
            final String message =
                    assertRefused(ErrorCode.DATA_DIRECTORY, () -> directory().mustFormat(false));
            assertTrue(message.contains(data.resolve(Identity.FILE_NAME).toString()), message);
            assertRefused(ErrorCode.DATA_DIRECTORY, () -> directory().admit(List.of(device)));
        }
    }

    @Test
    void shouldRefuseWhenTheDataDirectoryIsAFile() throws IOException {
        Files.createDirectories(data.getParent());
        Files.writeString(data, "a file");
        assertRefused(ErrorCode.DATA_DIRECTORY, () -> format(directory()));
    }

    private Path other(final int device) {
        return home.resolve("device-" + device);
    }

    private DataDirectory several(final int... devices) {
        final StringBuilder paths = new StringBuilder();
        for (final int device : devices) {
            paths.append(paths.length() == 0 ? "" : ",").append(other(device));
        }
        return new DataDirectory(
                settings().set("journal.paths", paths.toString(), "test").conclude());
    }

    @Test
    void shouldFormatAndAdmitSeveralDevicesInTheirOrderOnly() throws IOException {
        assertRefused(ErrorCode.DEVICE_NOT_FOUND, () -> several(0, 1, 2).mustFormat(false));
        assertTrue(several(0, 1, 2).mustFormat(true));
        final List<UUID> devices = several(0, 1, 2).format((device, done, total) -> assertTrue(done <= total));
        assertEquals(List.of(deviceOf(other(0)), deviceOf(other(1)), deviceOf(other(2))), devices);
        assertFalse(several(0, 1, 2).mustFormat(false));
        several(0, 1, 2).admit(devices);
        final String reordered = assertRefused(ErrorCode.DEVICE_EXCHANGED, () -> several(1, 0, 2)
                .admit(List.of(devices.get(1), devices.get(0), devices.get(2))));
        assertTrue(reordered.contains("order of journal.paths"), reordered);
        assertRefused(ErrorCode.DEVICE_EXCHANGED, () -> several(0, 1).mustFormat(false));
        assertRefused(ErrorCode.DEVICE_EXCHANGED, () -> directory().mustFormat(true));
        assertTrue(Files.notExists(journal));
    }

    @Test
    void shouldRefuseAndMakeNothingWhenOneOfSeveralDevicesIsMissing() throws IOException {
        final List<UUID> devices = several(0, 1, 2).format((device, done, total) -> {});
        Files.delete(other(1));
        final String used =
                assertRefused(ErrorCode.DEVICE_NOT_FOUND, () -> several(0, 1, 2).mustFormat(true));
        assertTrue(
                used.contains(other(1).toString())
                        && used.contains(devices.get(1).toString()),
                used);
        Files.delete(data.resolve(Identity.FILE_NAME));
        final String unknown =
                assertRefused(ErrorCode.DEVICE_NOT_FOUND, () -> several(0, 1, 2).mustFormat(true));
        assertTrue(unknown.contains("may be lost"), unknown);
        assertTrue(Files.notExists(other(1)));
    }

    @Test
    void shouldTellSetsOfDevicesApartByTheirOrderAndNumber() {
        final UUID a = new UUID(1, 1);
        final UUID b = new UUID(2, 2);
        assertEquals(a, DataDirectory.deviceSetId(List.of(a)));
        assertEquals(DataDirectory.deviceSetId(List.of(a, b)), DataDirectory.deviceSetId(List.of(a, b)));
        assertEquals(
                4,
                java.util.stream.Stream.of(List.of(a), List.of(b), List.of(a, b), List.of(b, a))
                        .map(DataDirectory::deviceSetId)
                        .distinct()
                        .count());
    }
}
