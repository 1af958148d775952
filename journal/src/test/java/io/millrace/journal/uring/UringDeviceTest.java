package io.millrace.journal.uring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.journal.DurabilityMode;
import io.millrace.journal.ResourceLedger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.BufferUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The ring and the native calls under it. */
@Timeout(60)
final class UringDeviceTest {
    private static final int LENGTH = 1 << 20;

    private final ResourceLedger ledger = ResourceLedger.create();

    @TempDir
    private Path directory = Path.of("");

    private ByteBuffer arena = ByteBuffer.allocate(0);

    @BeforeEach
    void requireUring() {
        Assumptions.assumeTrue(UringDevice.probe() == 0, "io_uring is denied here");
    }

    @AfterEach
    void shouldHaveGivenEverythingBack() {
        assertTrue(ledger.isEmpty(), ledger::toString);
    }

    private UringDevice open() throws IOException {
        final Path file = Files.write(directory.resolve("file"), new byte[LENGTH]);
        final UringDevice device =
                new UringDevice(file, LENGTH, new DurabilityMode("test", false, "test", "-", "-"), true, ledger);
        arena = BufferUtil.allocateDirectAligned(LENGTH, 4096);
        device.register(arena);
        return device;
    }

    @Test
    void shouldPassAllArgumentsOfNativeCalls() {
        assertDoesNotThrow(Native::requireSelfTest);
        assertTrue(Native.libc().close(-1) < 0);
        assertEquals(9, Native.errno()); // EBADF
        assertEquals(-9, Native.enter(-1, 0, 0, 0));
    }

    @Test
    void shouldCompleteEveryRequestWithItsToken() throws IOException {
        try (UringDevice device = open()) {
            for (int i = 0; i < LENGTH; i++) {
                arena.put(i, (byte) (i * 7 + (i >> 12)));
            }
            final List<Long> tokens = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                assertTrue(device.submitWrite(i * 4096, 4096, i * 4096L, 1000 + i));
            }
            collect(device, tokens, 64);
            final byte[] written = Files.readAllBytes(directory.resolve("file"));
            for (int i = 0; i < 64 * 4096; i++) {
                assertEquals((byte) (i * 7 + (i >> 12)), written[i]);
            }
            assertTrue(device.submitRead(65 * 4096, 8192, 4096, 5));
            collect(device, tokens, 65);
            final byte[] first = new byte[8192];
            arena.get(65 * 4096, first);
            assertArrayEquals(java.util.Arrays.copyOfRange(written, 4096, 3 * 4096), first);
            assertEquals(65, tokens.stream().distinct().count());
        }
    }

    private static void collect(final UringDevice device, final List<Long> tokens, final int count) {
        device.flush();
        while (tokens.size() < count) {
            device.await(1_000_000_000L);
            device.poll(
                    (token, result) -> {
                        assertTrue(result > 0, "result " + result);
                        tokens.add(token);
                    },
                    1000);
        }
    }

    @Test
    void shouldRefuseWhenQueueIsFull() throws IOException {
        try (UringDevice device = open()) {
            for (int i = 0; i < UringDevice.QUEUE_LENGTH; i++) {
                assertTrue(device.submitRead(0, 4096, 0, i));
            }
            assertFalse(device.submitRead(0, 4096, 0, 1));
            final List<Long> tokens = new ArrayList<>();
            collect(device, tokens, UringDevice.QUEUE_LENGTH);
            assertTrue(device.submitRead(0, 4096, 0, 1));
        }
    }

    @Test
    void shouldReportErrnoAndShortTransferAsResult() throws IOException {
        try (UringDevice device = open()) {
            final List<Integer> results = new ArrayList<>();
            assertTrue(device.submitWrite(0, 4096, 100, 1)); // not aligned
            assertTrue(device.submitRead(0, 8192, LENGTH - 4096, 2)); // crosses the end
            while (results.size() < 2) {
                device.await(1_000_000_000L);
                device.poll((token, result) -> results.add(result), 10);
            }
            assertTrue(results.contains(-Native.EINVAL));
            assertTrue(results.contains(4096));
            assertThrows(IllegalArgumentException.class, () -> device.submitWrite(LENGTH, 4096, 0, 1));
        }
    }

    @Test
    void shouldRefuseSecondThreadOnlyWhileSomethingIsInFlight() throws Exception {
        try (UringDevice device = open()) {
            assertTrue(device.submitRead(0, 4096, 0, 1));
            assertInstanceOf(IllegalStateException.class, onOtherThread(() -> device.await(1)));
            collect(device, new ArrayList<>(), 1);
            assertEquals(null, onOtherThread(() -> device.await(1)));
            assertEquals(0, device.await(1));
        }
    }

    private static @org.jspecify.annotations.Nullable Throwable onOtherThread(final Runnable action)
            throws InterruptedException {
        final AtomicReference<@org.jspecify.annotations.Nullable Throwable> thrown = new AtomicReference<>();
        final Thread thread = new Thread(() -> {
            try {
                action.run();
            } catch (final RuntimeException e) {
                thrown.set(e);
            }
        });
        thread.start();
        thread.join();
        return thrown.get();
    }
}
