package io.millrace.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.wire.CreateStreamEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.ReadDataEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Small terms, the memory of all sessions, and sessions too many to be looked after in every turn. */
@Timeout(120)
class ManySessionsTest {
    private static final int SMALL = 64 << 10;
    private static final long SMALL_SESSION = 2 * LogMemory.logBytes(SMALL);

    private final Bench bench = new Bench();
    private final Bench.ClientSide side = new Bench.ClientSide();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256 << 10]);

    @AfterEach
    void closeAll() {
        bench.close();
    }

    private Link small(final long clientId) {
        return bench.link(bench.linkContext(clientId).termLength(SMALL), side);
    }

    private Link opened(final Link link) {
        bench.until(() -> link.state() == Link.State.OPEN);
        return link;
    }

    private boolean hasRefused(final String beginning) {
        return side.events.stream().anyMatch(event -> event.startsWith(beginning));
    }

    @Test
    void shouldInstallPartialTurnsWhenAeronIsTheVersionInUse() {
        assertNotNull(DriverFields.FOUND);
        final List<String> warnings = new ArrayList<>();
        Transport.launch(new Transport.Context().warning(warnings::add)).close();
        assertFalse(warnings.stream().anyMatch(text -> text.contains("Aeron")), warnings::toString);
    }

    @Test
    void shouldCarryLongFramesInPiecesWhenTermsAreSmall() {
        final Link link = opened(small(1));
        assertEquals(SMALL_SESSION, bench.acceptor().sessionBytes());
        final byte[] bytes = new byte[100 << 10];
        new SplittableRandom(3).nextBytes(bytes);
        long checksum = 0;
        for (final byte b : bytes) {
            checksum = checksum * 31 + b;
        }
        final ReadDataEncoder data = new ReadDataEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .subscriptionId(1)
                .segmentId(2)
                .segmentOffset(3)
                .putBytes(bytes, 0, bytes.length);
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + data.encodedLength();
        final Session session = bench.nodeSide.session();
        assertTrue(session.maxOfferLength() >= length);
        assertTrue(session.offer(buffer, 0, length) > 0);
        assertTrue(session.offer(buffer, 0, length) < 0, "one long frame at a time");
        buffer.setMemory(0, length, (byte) 0);
        bench.until(() -> !side.lengths.isEmpty());
        assertEquals(List.of(length), side.lengths);
        assertEquals(checksum, side.checksum);

        final CreateStreamEncoder create = new CreateStreamEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(1)
                .segmentCount(1)
                .createScope((short) 1)
                .scopeName("s")
                .streamName("t")
                .putHeader(bytes, 0, 15 << 10);
        final int requestLength = MessageHeaderEncoder.ENCODED_LENGTH + create.encodedLength();
        assertTrue(link.offer(buffer, 0, requestLength) > 0);
        bench.until(() -> !bench.nodeSide.numbers.isEmpty());
        assertEquals(List.of((long) -requestLength), bench.nodeSide.numbers);
        assertEquals(0, bench.node.errorCount() + bench.client.errorCount());
    }

    @Test
    void shouldRefuseWithTheNumbersWhenTheMemoryOfSessionsIsTaken() {
        bench.acceptorContext.sessionMemory(2 * SMALL_SESSION);
        final Link first = opened(small(1));
        opened(small(2));
        final Link third = small(3);
        bench.until(() -> hasRefused("refused SESSION_MEMORY false terms of " + SMALL_SESSION
                + " bytes asked for; 2 sessions take " + 2 * SMALL_SESSION + " of " + 2 * SMALL_SESSION));
        final Link large = bench.link(bench.linkContext(4), side);
        bench.until(() -> large.lastFailure().contains("MR-1010"));
        assertEquals(2, bench.acceptor().sessionCount());
        large.close();
        first.close();
        opened(third);
        assertEquals(2 * SMALL_SESSION, bench.acceptor().sessionBytes());
    }

    @Test
    void shouldRefuseForGoodWhenTheTermAskedForIsNone() {
        final Link odd = bench.link(bench.linkContext(1).replyTermLength(100_000), side);
        bench.until(() -> odd.state() == Link.State.REFUSED);
        assertEquals(
                List.of("refused MALFORMED true replyTermLength is no power of two from 64 KiB, or 0"), side.events);
    }

    @Test
    void shouldGiveNoMoreThanItsOwnTermsWhenAClientAsksForLargeOnes() {
        bench.acceptorContext.termLength(SMALL);
        opened(bench.link(bench.linkContext(1).replyTermLength(64 << 20), side));
        assertEquals(
                LogMemory.logBytes(1 << 20) + LogMemory.logBytes(SMALL),
                bench.acceptor().sessionBytes());
    }

    @Test
    void shouldMapNoMoreThanItMayWhenSendersAskWithoutASession() {
        bench.node.close();
        bench.node = Transport.launch(new Transport.Context().logMemoryLimit(1 << 20));
        final Link large = bench.link(bench.linkContext(1), side);
        bench.until(() -> bench.node.invalidPacketCount() > 0);
        assertEquals(0, bench.node.logMemory().usedBytes());
        opened(small(2));
        assertEquals(SMALL_SESSION, bench.node.logMemory().usedBytes());
        assertEquals(Link.State.CONNECTING, large.state());
    }

    @Test
    void shouldServeEverySessionWhenMostAreIdle() {
        final int count = 2 * DriverTurns.WHOLE_MAX + 12;
        final List<Link> links = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            links.add(small(i));
        }
        links.forEach(this::opened);
        bench.until(() -> bench.acceptor().sessionCount() == count);

        bench.nodeSide.backPressuredClient = 1;
        for (int i = 0; i < count; i++) {
            final Link link = links.get(i);
            final int length = Bench.echo(buffer, i);
            bench.until(() -> link.offer(buffer, 0, length) > 0);
        }
        bench.until(() -> bench.nodeSide.numbers.size() == count - 1 && bench.nodeSide.refusedDeliveries > 10);
        bench.nodeSide.backPressuredClient = 0;
        bench.until(() -> bench.nodeSide.numbers.size() == count);
        bench.advance(10_000 * Bench.MS);
        assertEquals(count, bench.acceptor().sessionCount(), "heartbeats keep idle sessions");
        assertEquals(
                count,
                links.stream().filter(link -> link.state() == Link.State.OPEN).count());
        assertEquals(0, bench.node.errorCount() + bench.client.errorCount());

        links.forEach(Link::close);
        bench.until(() -> bench.acceptor().sessionCount() == 0);
        assertEquals(0, bench.acceptor().sessionBytes());
        assertEquals(count, bench.nodeSide.closedCount);
        bench.until(() -> bench.node.logMemory().usedBytes() == 0);
        final Link again = opened(small(count + 1));
        bench.until(() -> again.roundTripNs() >= 0);
    }
}
