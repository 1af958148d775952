package io.millrace.client.core;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventPosition;
import io.millrace.client.EventWriter;
import io.millrace.client.Result;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.RefusalCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class AsyncAppendTest {
    private final ClientFixture fixture = new ClientFixture(1, 1);
    private final EventWriter writer = fixture.writer();

    private CompletableFuture<EventPosition> append(final String text) {
        return writer.appendAsync("key", ClientFixture.bytes(text));
    }

    private void turns(final int count) {
        for (int i = 0; i < count; i++) {
            writer.doWork();
        }
    }

    /** Never waits: nobody else drives the client. */
    private static EventPosition valueOf(final CompletableFuture<EventPosition> future) {
        return Objects.requireNonNull(future.getNow(null), "not completed");
    }

    private static ErrorCode codeOf(final CompletableFuture<?> future) {
        assertTrue(future.isDone(), "not completed");
        final CompletionException thrown = assertThrows(CompletionException.class, future::join);
        if (thrown.getCause() instanceof MillraceException known) {
            return known.code();
        }
        throw new AssertionError("no code", thrown);
    }

    @Test
    void shouldCompleteOnlyWhenDurable() {
        fixture.node.isCommitting = false;
        final CompletableFuture<EventPosition> first = append("one");
        final CompletableFuture<EventPosition> second = append("three");
        turns(50);
        assertFalse(first.isDone());
        fixture.node.isCommitting = true;
        writer.flush();
        assertEquals(1, valueOf(first).eventNumber());
        assertEquals(new EventPosition(0, 2, 32), valueOf(second));
    }

    @Test
    void shouldCompleteInOrderWhenTheSessionIsLostAndTheNodeForgets() {
        final List<Integer> order = new ArrayList<>();
        final List<CompletableFuture<Void>> futures = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            final int number = i;
            futures.add(append("event " + i).thenAccept(position -> order.add(number)));
            if (i % 10 == 5) {
                turns(1);
                fixture.node.restart();
            }
        }
        writer.flush();
        assertTrue(futures.stream().allMatch(CompletableFuture::isDone));
        for (int i = 0; i < 40; i++) {
            assertEquals(i, order.get(i));
        }
        assertEquals(40, fixture.node.segments[0].payloads().size());
    }

    @Test
    void shouldRefuseByNameWhenTheFuturesInFlightAreAsManyAsAllowed() {
        final ClientFixture narrow = new ClientFixture(1, 1, context -> context.writerMaxInFlight(3));
        final EventWriter narrowWriter = narrow.writer();
        narrow.node.isCommitting = false;
        final List<CompletableFuture<EventPosition>> futures = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            futures.add(narrowWriter.appendAsync("key", new byte[1]));
        }
        narrow.clock.stepNs(100_000_000);
        assertEquals(ErrorCode.BACK_PRESSURED, codeOf(narrowWriter.appendAsync("key", new byte[1])));
        assertEquals(3, narrowWriter.lastSequence(), "the refused event was not taken");
        narrow.node.isCommitting = true;
        narrow.clock.stepNs(0);
        futures.add(narrowWriter.appendAsync("key", new byte[1]));
        narrowWriter.flush();
        assertEquals(4, valueOf(futures.get(3)).eventNumber());
        assertTrue(futures.stream().allMatch(CompletableFuture::isDone));
    }

    @Test
    void shouldFailAllPendingByCodeWhenTheSegmentIsSealed() {
        assertEquals(1, awaited(append("before")).eventNumber());
        fixture.node.seal();
        final CompletableFuture<EventPosition> first = append("after");
        final CompletableFuture<EventPosition> second = append("after");
        turns(50);
        assertEquals(ErrorCode.CLIENT_SEALED, codeOf(first));
        assertEquals(ErrorCode.CLIENT_SEALED, codeOf(second));
        assertEquals(ErrorCode.CLIENT_SEALED, codeOf(append("later")));
        assertEquals(
                ErrorCode.CLIENT_SEALED,
                assertThrows(MillraceException.class, writer::flush).code());
    }

    @Test
    void shouldFailByCodeWhenTheStreamIsDeletedOrTheEventTooLarge() {
        assertEquals(
                ErrorCode.PAYLOAD_TOO_LARGE, codeOf(writer.appendAsync("key", new byte[EventFrame.MAX_PAYLOAD + 1])));
        fixture.node.nextAppendRefusal = RefusalCode.SEGMENT_DELETED;
        final CompletableFuture<EventPosition> deleted = append("late");
        turns(50);
        assertEquals(ErrorCode.SEGMENT_DELETED, codeOf(deleted));
    }

    @Test
    void shouldFailWhatIsLeftWhenTheClientIsClosed() {
        fixture.node.isCommitting = false;
        final CompletableFuture<EventPosition> pending = append("one");
        turns(5);
        fixture.conductor.close();
        assertEquals(ErrorCode.CLIENT_CLOSED, codeOf(pending));
        assertEquals(ErrorCode.CLIENT_CLOSED, codeOf(append("late")));
    }

    @Test
    void shouldCallBackIntoTheClientWhenAFutureCompletes() {
        final CompletableFuture<EventPosition> chained = append("one")
                .thenCompose(position -> append("two"))
                .thenCompose(position -> {
                    writer.flush();
                    return append("three");
                });
        turns(50);
        assertEquals(3, valueOf(chained).eventNumber());
        assertSame(valueOf(chained), chained.getNow(null));
    }

    @Test
    void shouldStoreAListAsOneUnitWhenItExceedsAFrame() {
        final List<byte[]> list = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            list.add(("number " + i + " " + "x".repeat(i * 17)).getBytes(UTF_8));
        }
        final CompletableFuture<EventPosition> before = append("before");
        final CompletableFuture<EventPosition> whole = writer.appendAsync("key", list);
        final CompletableFuture<EventPosition> behind = append("behind");
        writer.flush();
        assertEquals(1, valueOf(before).eventNumber());
        assertEquals(32, valueOf(behind).eventNumber());
        assertEquals(31, valueOf(whole).eventNumber());
        assertEquals(List.of(30), fixture.node.listSizes);
        assertEquals(32, fixture.node.segments[0].payloads().size());
        assertEquals(
                "number 29",
                ClientFixture.text(fixture.node.segments[0].payloads().get(30)).substring(0, 9));
        assertEquals(34, writer.append("key", List.of(new byte[1], new byte[0])).eventNumber());
    }

    @Test
    void shouldRefuseAListWhenItExceedsTheLimits() {
        final byte[] half = new byte[EventFrame.MAX_PAYLOAD / 2];
        assertEquals(Result.TOO_LARGE, writer.offer("key", List.of(half, half)));
        final List<byte[]> many = new ArrayList<>();
        for (int i = 0; i < 65; i++) {
            many.add(new byte[0]);
        }
        assertEquals(Result.TOO_LARGE, writer.offer("key", many));
        assertThrows(IllegalArgumentException.class, () -> writer.offer("key", List.of()));
        assertEquals(64, writer.offer("key", many.subList(0, 64)));
        writer.flush();
        assertEquals(List.of(64), fixture.node.listSizes);
    }

    private EventPosition awaited(final CompletableFuture<EventPosition> future) {
        writer.flush();
        return valueOf(future);
    }
}
