package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.CountersFile;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.transport.Link;
import io.millrace.transport.LinkContext;
import io.millrace.transport.LinkHandler;
import io.millrace.transport.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node with more clients than it looks after in every turn: they stay, and come back all at once after its death. */
final class ManyClientsSystemTest {
    private static final int COUNT = 150;
    private static final int TERM_LENGTH = 64 << 10;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    @Test
    @Timeout(300)
    void shouldLoseNothingWhenTheNodeIsKilledUnderManyClientsThatAllComeBackAtOnce() throws Exception {
        try (NodeProcess node = NodeProcess.started();
                Transport media = Transport.launch(
                        new Transport.Context().termLength(TERM_LENGTH).imageLimit(2 * COUNT));
                Millrace millrace = NodeSystemTest.connect(node)) {
            final Crowd crowd = new Crowd(media, node);
            try {
                crowd.await(COUNT);
                millrace.streams().createStream("many/events", StreamConfiguration.fixed(2));
                final KeyedLoad load = new KeyedLoad("w", millrace.openWriter("many/events"));
                crowd.awaitSessions(node, COUNT + 1);
                crowd.write(load, 5_000);
                assertEquals(0, crowd.lost, "a session was lost beside a busy writer");
                node.kill();
                node.start(() -> crowd.turn(load));
                crowd.await(COUNT);
                crowd.write(load, load.acknowledgedCount() + 5_000);
                load.finish();
                assertTrue(crowd.lost >= COUNT, "not every session ended with the node");
                crowd.await(COUNT);
                load.assertIn(KeyedLoad.readAll(millrace, "many/events"));
            } finally {
                crowd.close();
            }
            crowd.awaitSessions(node, 1);
            node.assertNoErrors();
        }
    }

    private static long sessions(final NodeProcess node) {
        try (CountersFile counters = CountersFile.open(node.data())) {
            return counters.value("sessions");
        }
    }

    /** Clients that want nothing, in one media driver. <b>Threading</b>: the test's. */
    private static final class Crowd implements LinkHandler, AutoCloseable {
        private final Transport media;
        private final List<Link> links = new ArrayList<>();
        private int lost;

        private Crowd(final Transport media, final NodeProcess node) {
            this.media = media;
            for (int i = 0; i < COUNT; i++) {
                links.add(new Link(
                        media,
                        new LinkContext()
                                .endpoint(node.endpoint())
                                .client("idle-" + i, 7, i + 1)
                                .termLength(TERM_LENGTH),
                        this));
            }
        }

        private void turn() {
            media.doWork();
            for (int i = 0; i < links.size(); i++) {
                if (i % 4 == 0) {
                    media.doWork(); // takes one command a turn
                }
                links.get(i).doWork(System.nanoTime());
            }
        }

        private void turn(final KeyedLoad load) {
            turn();
            load.step(100);
        }

        private void write(final KeyedLoad load, final long acknowledged) {
            final long deadlineNs = System.nanoTime() + PATIENCE_NS;
            while (load.acknowledgedCount() < acknowledged) {
                turn(load);
                assertTrue(System.nanoTime() < deadlineNs, () -> "the writer stands still: " + load);
            }
        }

        private void await(final int count) {
            final long deadlineNs = System.nanoTime() + PATIENCE_NS;
            while (open() < count) {
                turn();
                assertTrue(System.nanoTime() < deadlineNs, () -> open() + " of " + count + " clients are connected");
            }
        }

        private void awaitSessions(final NodeProcess node, final int count) {
            final long deadlineNs = System.nanoTime() + PATIENCE_NS;
            while (sessions(node) != count) { // counted now and then
                turn();
                assertTrue(System.nanoTime() < deadlineNs, () -> sessions(node) + " sessions instead of " + count);
            }
        }

        private long open() {
            return links.stream()
                    .filter(link -> link.state() == Link.State.OPEN)
                    .count();
        }

        @Override
        public void close() {
            CloseHelper.quietCloseAll(links);
            links.clear();
        }

        @Override
        public void onOpened(final Link link) {
            assertEquals(Link.State.OPEN, link.state());
        }

        @Override
        public void onLost(final Link link, final String reason) {
            lost++;
        }

        @Override
        public boolean onFrame(
                final Link link,
                final int templateId,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long receivedNs) {
            return true;
        }

        @Override
        public void onRefused(final Link link, final RefusalCode code, final String text, final boolean isFinal) {
            throw new AssertionError(code + ": " + text);
        }
    }
}
