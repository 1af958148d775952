package io.millrace.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The life of a node process: ends, restarts, damaged and full journals. */
@Timeout(60)
final class NodeSystemTest {
    private static final String STREAM = "system/events";
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int GRANULE = 4096;
    private static final int RECORD_COUNT_OFFSET = 12;

    @Test
    void shouldDrainAndExitWithZeroWhenTerminated() {
        try (NodeProcess node = NodeProcess.started()) {
            try (Millrace millrace = connect(node)) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(4));
                final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
                for (int i = 0; i < 2_000; i++) {
                    load.step(1_000);
                }
                final long beganNs = System.nanoTime();
                assertEquals(0, node.terminate(), node::errorText);
                assertTrue(System.nanoTime() - beganNs < 6_000_000_000L, "drained within the limit");
                node.start(() -> load.step(1_000));
                load.finish();
                assertEquals("CLEAN", node.ready("tail"));
                load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            }
        }
    }

    @Test
    void shouldStoreEachEventOnceWhenTheNodeRestartsWhileWriting() {
        try (NodeProcess node = NodeProcess.started();
                Millrace millrace = connect(node)) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(4));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            for (int restart = 0; restart < 3; restart++) {
                for (int i = 0; i < 500; i++) {
                    load.step(4_000);
                }
                assertEquals(0, node.terminate(), node::errorText);
                node.start(() -> load.step(4_000));
            }
            load.finish();
            assertEquals(load.offeredCount(), load.acknowledgedCount());
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
        }
    }

    @Test
    void shouldKeepStreamsAndTheirStatesWhenRestarted() {
        try (NodeProcess node = NodeProcess.started()) {
            try (Millrace millrace = connect(node)) {
                millrace.streams()
                        .createStream("a/one", StreamConfiguration.fixed(2).withHeader("h".getBytes(UTF_8)));
                millrace.streams().createStream("a/two", StreamConfiguration.fixed(1));
                appendAll(millrace, "a/two", 10, 20);
                millrace.streams().seal("a/two");
                millrace.streams().createStream("a/three", StreamConfiguration.fixed(1));
                millrace.streams().seal("a/three");
                millrace.streams().delete("a/three");
            }
            assertEquals(0, node.terminate(), node::errorText);
            node.start();
            try (Millrace millrace = connect(node)) {
                assertEquals("h", millrace.streams().describe("a/one").headerText());
                assertCode(ErrorCode.STREAM_SEALED, () -> millrace.openWriter("a/two"));
                assertCode(ErrorCode.STREAM_NOT_FOUND, () -> millrace.streams().describe("a/three"));
                assertEquals(10, readTexts(millrace, "a/two").size());
            }
        }
    }

    @Test
    void shouldFallBackLoudlyAndStayDurableWhenIoUringIsDenied() {
        try (NodeProcess node = NodeProcess.create()
                .withJvmFlag("-Dmillrace.journal.uring.denied=1")
                .start()) {
            assertEquals("channel", node.ready("backend"));
            assertTrue(node.errorText().contains(ErrorCode.IO_URING_DENIED.id()), node::errorText);
            try (Millrace millrace = connect(node)) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
                appendAll(millrace, STREAM, 50, 100);
            }
            node.kill();
            node.start();
            try (Millrace millrace = connect(node)) {
                assertEquals(50, readTexts(millrace, STREAM).size());
            }
        }
    }

    @Test
    void shouldRefuseTheStartAndNameTheAddressWhenABitFlippedInTheMiddle() throws Exception {
        try (NodeProcess node = NodeProcess.started()) {
            try (Millrace millrace = connect(node)) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
                appendAll(millrace, STREAM, 60, 100);
            }
            assertEquals(0, node.terminate(), node::errorText);
            final long at = find(node.journal(), "event-30 ");
            flip(node.journal(), at);
            final long length = Files.size(node.journal());
            final NodeProcess.Refusal refusal = node.refusedStart();
            refusal.assertIs(ErrorCode.JOURNAL_CORRUPT.exitCode(), ErrorCode.JOURNAL_CORRUPT.id());
            final long batch = at / GRANULE * GRANULE;
            assertTrue(refusal.errorText().contains(Long.toString(batch)), "batch " + batch + " in " + refusal);
            assertTrue(refusal.errorText().contains(node.journal().toString()), refusal::toString);
            assertEquals(length, Files.size(node.journal()), "nothing is cut off");
            flip(node.journal(), at);
            node.start();
            try (Millrace millrace = connect(node)) {
                assertEquals(60, readTexts(millrace, STREAM).size());
            }
        }
    }

    @Test
    void shouldStartAndReportWhenTheLastBatchIsTorn() throws Exception {
        try (NodeProcess node = NodeProcess.started()) {
            try (Millrace millrace = connect(node)) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
                appendAll(millrace, STREAM, 20, 100);
            }
            node.kill();
            dropIdleMarks(node.journal());
            // The end of the last batch, which holds the last event, never reached the device.
            final long end = lastByte(node.journal());
            try (RandomAccessFile file = new RandomAccessFile(node.journal().toFile(), "rw")) {
                file.seek(end - 15);
                file.write(new byte[16]);
            }
            node.start();
            assertEquals("UNCERTAIN", node.ready("tail"));
            assertTrue(node.errorText().contains("end: UNCERTAIN (MR-6006: " + node.journal()), node::errorText);
            assertTrue(node.errorText().contains(ErrorCode.JOURNAL_TORN.remedy()), node::errorText);
            assertEquals("MR-6006", node.ready("code"));
            final long batch = end / GRANULE * GRANULE;
            assertTrue(node.ready("message").contains("at address " + batch), node.ready("message"));
            try (Millrace millrace = connect(node)) {
                assertEquals(19, readTexts(millrace, STREAM).size());
                appendAll(millrace, STREAM, 5, 100);
                assertEquals(24, readTexts(millrace, STREAM).size());
            }
        }
    }

    @Test
    void shouldRefuseByNameAndLoseNothingWhenTheJournalIsFull() {
        try (NodeProcess node = NodeProcess.create()
                .with("journal.size=32MiB")
                .with("journal.zone-size=2MiB")
                .start()) {
            int acknowledged = 0;
            try (Millrace millrace = Millrace.connect(new Millrace.Context()
                    .endpoint(node.endpoint())
                    .connectTimeoutNs(PATIENCE.toNanos())
                    .requestTimeoutNs(4_000_000_000L))) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
                final EventWriter writer = millrace.openWriter(STREAM);
                final byte[] payload = new byte[200_000];
                ErrorCode refusal = null;
                while (refusal == null && acknowledged < 1_000) {
                    try {
                        writer.append("k", payload);
                        acknowledged++;
                    } catch (final MillraceException e) {
                        refusal = e.code();
                    }
                }
                assertEquals(ErrorCode.JOURNAL_FULL, refusal, "after " + acknowledged);
                assertTrue(acknowledged > 80, "took only " + acknowledged);
                assertTrue(readTexts(millrace, STREAM).size() >= acknowledged);
            }
            node.kill();
            node.start();
            try (Millrace millrace = connect(node)) {
                assertTrue(readTexts(millrace, STREAM).size() >= acknowledged);
                assertTrue(millrace.streams().seal(STREAM), "what relieves a full journal still works");
            }
        }
    }

    static Millrace connect(final NodeProcess node) {
        return Millrace.connect(new Millrace.Context()
                .endpoint(node.endpoint())
                .connectTimeoutNs(PATIENCE.toNanos())
                .requestTimeoutNs(PATIENCE.toNanos()));
    }

    static void assertCode(final ErrorCode code, final Runnable call) {
        assertEquals(code, assertThrows(MillraceException.class, call::run).code());
    }

    /** Writes events one by one, so that each is a batch of its own. */
    static void appendAll(final Millrace millrace, final String stream, final int count, final int length) {
        try (EventWriter writer = millrace.openWriter(stream)) {
            for (int i = 0; i < count; i++) {
                writer.append("k", ("event-" + i + " ".repeat(length)).getBytes(UTF_8));
            }
        }
    }

    /** Reads everything a stream holds now. */
    static List<String> readTexts(final Millrace millrace, final String stream) {
        final long end = millrace.streams().describe(stream).readableBytes();
        final List<String> texts = new ArrayList<>();
        long bytes = 0;
        try (EventReader reader = millrace.openReader(stream, StreamPosition.HEAD)) {
            while (bytes < end) {
                final EventView event = Objects.requireNonNull(reader.read(PATIENCE), "no event in time");
                bytes += event.payload().length + 12;
                texts.add(event.asText());
            }
        }
        return texts;
    }

    static long find(final Path file, final String text) throws IOException {
        final byte[] bytes = Files.readAllBytes(file);
        final int at = new String(bytes, ISO_8859_1).indexOf(text);
        assertFalse(at < 0, text);
        return at;
    }

    /** Takes away batches without records at the end: what a node that fell idle has said behind its last event. */
    private static void dropIdleMarks(final Path journal) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(journal.toFile(), "rw")) {
            long batch = lastByte(journal) / GRANULE * GRANULE;
            file.seek(batch + RECORD_COUNT_OFFSET);
            while (file.readInt() == 0) {
                file.seek(batch);
                file.write(new byte[GRANULE]);
                batch = lastByte(journal) / GRANULE * GRANULE;
                file.seek(batch + RECORD_COUNT_OFFSET);
            }
        }
    }

    private static long lastByte(final Path file) throws IOException {
        final byte[] bytes = Files.readAllBytes(file);
        int at = bytes.length - 1;
        while (bytes[at] == 0) {
            at--;
        }
        return at;
    }

    static void flip(final Path path, final long address) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(address);
            final int value = file.read();
            file.seek(address);
            file.write(value ^ 4);
        }
    }
}
