package io.millrace.perf.flame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Recordings of this process. */
@Timeout(60)
final class FlameRecordingTest {
    private static final long BUSY_NS = 300_000_000L;
    private static final long DEADLINE_NS = 20_000_000_000L;

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldShowTheBusyMethodWhenItIsMeasured() throws IOException {
        final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + DEADLINE_NS;
        FlameTree tree = new FlameTree();
        final Path page = directory.resolve("new").resolve("flame.html");
        while (tree.sampleCount() == 0) {
            assertTrue(SystemNanoClock.INSTANCE.nanoTime() < deadlineNs, "no sample in 20 s");
            try (FlameRecording recording = new FlameRecording(directory, new SystemEpochNanoClock())) {
                recording.begin();
                busyForAWhile();
                recording.end();
                tree = recording.finish();
                FlameRecording.write(tree, "title", recording.method(), page);
            }
        }
        final String thread = "client: " + Thread.currentThread().getName();
        assertTrue(tree.roots().contains(thread), tree.roots()::toString);
        assertTrue(
                tree.broadest(thread, 1000).stream()
                        .anyMatch(share -> share.frame().endsWith(".busyForAWhile")),
                tree.broadest(thread, 50)::toString);
        assertTrue(Files.readString(page).contains("busyForAWhile"));
    }

    @Test
    void shouldRefuseWhenNothingWasMeasured() throws IOException {
        try (FlameRecording recording = new FlameRecording(directory, new SystemEpochNanoClock())) {
            assertThrows(IOException.class, recording::finish);
        }
    }

    @Test
    void shouldLoseItsNumberWhenAClassWasMadeWhileRunning() {
        assertEquals("a.B$$Lambda.run", FlameSamples.name("a.B$$Lambda/0x00007f1c0c0a1000", "run"));
        assertEquals("a.B$$Lambda.run", FlameSamples.name("a.B$$Lambda$14/0x0000000800c03000", "run"));
        assertEquals("a.B$C.run", FlameSamples.name("a.B$C", "run"));
    }

    private static void busyForAWhile() {
        final long endNs = SystemNanoClock.INSTANCE.nanoTime() + BUSY_NS;
        long sum = 0;
        while (SystemNanoClock.INSTANCE.nanoTime() < endNs) {
            sum = sum * 31 + 7;
        }
        assertTrue(sum != 1, "keeps the loop");
    }
}
