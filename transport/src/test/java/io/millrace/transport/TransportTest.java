package io.millrace.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TransportTest {
    @Test
    void shouldDeleteItsDirectoryWhenClosed() {
        final Transport transport = Transport.launch(new Transport.Context());
        final Path directory = Path.of(transport.aeronDirectory());
        assertTrue(Files.isDirectory(directory));
        assertFalse(transport.isClosed());
        transport.close();
        transport.close();
        assertTrue(transport.isClosed());
        assertFalse(Files.exists(directory));
        assertEquals(0, transport.socketDescriptorCount());
    }

    @Test
    void shouldTellSocketsWhenTheyOpenAndClose() {
        try (Transport transport = Transport.launch(new Transport.Context())) {
            assertEquals(0, transport.socketDescriptorCount());
            final long version = transport.socketDescriptorsVersion();
            final Subscription subscription = transport.aeron().addSubscription("aeron:udp?endpoint=127.0.0.1:0", 1);
            assertEquals(1, transport.socketDescriptorCount());
            assertTrue(transport.socketDescriptor(0) > 2);
            assertTrue(transport.socketDescriptorsVersion() > version);
            final ExclusivePublication publication =
                    transport.aeron().addExclusivePublication("aeron:udp?endpoint=127.0.0.1:9", 1);
            assertEquals(1, transport.socketDescriptorCount(), "a socket that sends is not waited for");
            assertFalse(transport.socketWait().await(1));
            assertTrue(transport.socketWait().await(2_000_000));
            publication.close();
            subscription.close();
            while (transport.socketDescriptorCount() > 0) {
                transport.doWork();
            }
            assertEquals(0, transport.nakCount());
            assertEquals(0, transport.retransmitCount());
            assertEquals(0, transport.errorCount());
        }
    }

    @Test
    void shouldRefuseTheDirectoryWhenALivingProcessUsesIt(@TempDir final Path root) {
        final String directory = root.resolve("aeron").toString();
        try (Transport transport = Transport.launch(new Transport.Context().aeronDirectory(directory))) {
            final MillraceException refused = assertThrows(
                    MillraceException.class, () -> Transport.launch(new Transport.Context().aeronDirectory(directory))
                            .close());
            assertEquals(ErrorCode.MEDIA_DRIVER, refused.code());
            assertTrue(String.valueOf(refused.getMessage()).contains(directory));
            assertFalse(transport.isClosed());
        }
    }

    @Test
    void shouldTakeOverTheDirectoryWhenItsProcessIsDead(@TempDir final Path root) throws IOException {
        final Path directory = Files.createDirectory(root.resolve("aeron"));
        Files.write(directory.resolve("cnc.dat"), new byte[4096]);
        try (Transport transport = Transport.launch(new Transport.Context().aeronDirectory(directory.toString()))) {
            assertFalse(transport.isClosed());
        }
        assertFalse(Files.exists(directory));
    }

    @Test
    void shouldSayUnreachableWhenTheForeignDirectoryHasNoDriver(@TempDir final Path root) {
        final MillraceException refused = assertThrows(MillraceException.class, () -> Transport.launch(
                        new Transport.Context().embeddedDriver(false).aeronDirectory(root.toString()))
                .close());
        assertEquals(ErrorCode.UNREACHABLE, refused.code());
    }

    @Test
    void shouldRefuseSettingsWhenOutOfRange() {
        final MillraceException refused = assertThrows(
                MillraceException.class, () -> Transport.launch(new Transport.Context().termLength(100_000))
                        .close());
        assertEquals(ErrorCode.CONFIGURATION_VALUE, refused.code());
    }

    @Test
    void shouldWarnWhenSpinningOnTwoCores() {
        final List<String> warnings = new ArrayList<>();
        new DutyCycleIdle(IdlePolicy.SPIN, timeoutNs -> true, 0, 2, warnings::add);
        assertEquals(1, warnings.size());
        new DutyCycleIdle(IdlePolicy.SPIN, timeoutNs -> true, 0, 8, warnings::add);
        assertEquals(1, warnings.size());
        assertEquals(IdlePolicy.KERNEL_WAIT, IdlePolicy.forHost(2, true));
        assertEquals(IdlePolicy.KERNEL_WAIT, IdlePolicy.forHost(64, false));
        assertEquals(IdlePolicy.SPIN, IdlePolicy.forHost(8, true));
    }

    @Test
    void shouldWaitInTheKernelWhenIdleLongEnough() {
        final List<Long> waits = new ArrayList<>();
        final DutyCycleIdle idle = new DutyCycleIdle(IdlePolicy.KERNEL_WAIT, waits::add, 1_000, 2, text -> {});
        idle.idle(0, 10_000, 77);
        idle.idle(0, 10_999, 77);
        assertEquals(List.of(), waits);
        idle.idle(0, 11_000, 77);
        idle.idle(0, 11_001, 0);
        assertEquals(List.of(77L), waits);
        idle.idle(1, 11_002, 77);
        idle.idle(0, 11_003, 77);
        assertEquals(1, idle.kernelWaitCount());
    }
}
