package io.millrace.transport;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.wire.AckEchoDecoder;
import io.millrace.codec.wire.AckEchoEncoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.ReadDataDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/** A node and a client over real media, stepped by hand in one thread, with a clock of its own for our time-outs. */
final class Bench implements AutoCloseable {
    static final long STEP_NS = 10_000;
    static final long MS = 1_000_000;
    private static final long UNTIL_NS = 20_000_000_000L;

    final List<Link> links = new ArrayList<>();
    final NodeSide nodeSide = new NodeSide();
    final AcceptorContext acceptorContext = new AcceptorContext()
            .listenEndpoint("127.0.0.1:0")
            .node("bench", 7, "none: a test", 1 << 20)
            .heartbeatIntervalNs(100 * MS)
            .sessionTimeoutNs(5_000 * MS);
    Transport node = Transport.launch(new Transport.Context());
    Transport client = Transport.launch(new Transport.Context());

    @Nullable
    SessionAcceptor acceptor;

    boolean isNodeRunning = true;
    boolean isClientRunning = true;
    long nowNs = 1_000_000_000L;

    SessionAcceptor acceptor() {
        SessionAcceptor current = acceptor;
        if (current == null) {
            current = new SessionAcceptor(node, acceptorContext, nodeSide);
            acceptor = current;
        }
        return current;
    }

    LinkContext linkContext(final long clientId) {
        return new LinkContext().endpoint(acceptor().boundEndpoint()).client("client-" + clientId, 1, clientId);
    }

    Link link(final LinkContext context, final ClientSide side) {
        final Link link = new Link(client, context, side);
        links.add(link);
        return link;
    }

    void step() {
        nowNs += STEP_NS;
        if (isNodeRunning) {
            node.doWork();
            if (acceptor != null) {
                acceptor.doWork(nowNs);
            }
        }
        if (isClientRunning) {
            client.doWork();
            for (int i = 0; i < links.size(); i++) {
                links.get(i).doWork(nowNs);
            }
        }
    }

    void until(final BooleanSupplier condition) {
        final long deadlineNs = System.nanoTime() + UNTIL_NS; // Aeron's own time-outs run by the wall's clock
        while (System.nanoTime() - deadlineNs < 0) {
            if (condition.getAsBoolean()) {
                return;
            }
            step();
        }
        assertTrue(condition.getAsBoolean(), "did not come about");
    }

    /** Lets our own clocks run; Aeron's run by themselves. */
    void advance(final long durationNs) {
        for (long end = nowNs + durationNs; nowNs < end; ) {
            nowNs += 5 * MS;
            step();
        }
    }

    @Override
    public void close() {
        links.forEach(Link::close);
        if (acceptor != null) {
            acceptor.close();
        }
        client.close();
        node.close();
    }

    /** Writes an AckEcho that carries a number: the plainest frame a client sends. */
    static int echo(final UnsafeBuffer buffer, final long number) {
        new AckEchoEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .writerIdHigh(0)
                .writerIdLow(0)
                .streamId(0)
                .segmentId(0)
                .lastEventNumber(number);
        return MessageHeaderEncoder.ENCODED_LENGTH + AckEchoEncoder.BLOCK_LENGTH;
    }

    /** Records what a node sees. */
    static final class NodeSide implements SessionHandler {
        final List<Session> open = new ArrayList<>();
        final List<Long> numbers = new ArrayList<>();
        private final AckEchoDecoder echo = new AckEchoDecoder();
        private final MessageHeaderDecoder header = new MessageHeaderDecoder();
        int closedCount;
        int heartbeatCount;
        int refusedDeliveries;
        long backPressuredClient;
        boolean isBackPressured;

        @Nullable
        RuntimeException failure;

        Session session() {
            return open.get(open.size() - 1);
        }

        @Override
        public boolean onFrame(
                final Session session,
                final int templateId,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long receivedNs) {
            if (failure != null) {
                final RuntimeException thrown = failure;
                failure = null;
                throw thrown;
            }
            if (isBackPressured || session.clientIdLow() == backPressuredClient) {
                refusedDeliveries++;
                return false;
            }
            if (templateId == AckEchoDecoder.TEMPLATE_ID) {
                numbers.add(echo.wrapAndApplyHeader(buffer, offset, header).lastEventNumber());
            } else {
                numbers.add((long) -length);
            }
            return true;
        }

        @Override
        public void onOpen(final Session session) {
            assertTrue(session.isOpen());
            open.add(session);
        }

        @Override
        public void onClose(final Session session) {
            assertTrue(open.remove(session));
            closedCount++;
        }

        @Override
        public void onHeartbeat(final Session session) {
            heartbeatCount++;
        }
    }

    /** Records what a client sees. */
    static final class ClientSide implements LinkHandler {
        final List<String> events = new ArrayList<>();
        final List<Integer> lengths = new ArrayList<>();
        private final RefusalDecoder refusal = new RefusalDecoder();
        private final ReadDataDecoder data = new ReadDataDecoder();
        private final MessageHeaderDecoder header = new MessageHeaderDecoder();
        boolean isBackPressured;
        long checksum;

        @Override
        public void onOpened(final Link link) {
            events.add("opened " + link.generation());
        }

        @Override
        public void onLost(final Link link, final String reason) {
            events.add("lost: " + reason);
        }

        @Override
        public boolean onFrame(
                final Link link,
                final int templateId,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long receivedNs) {
            if (isBackPressured) {
                return false;
            }
            lengths.add(length);
            if (templateId == RefusalDecoder.TEMPLATE_ID) {
                refusal.wrapAndApplyHeader(buffer, offset, header);
                events.add("refusal " + refusal.codeRaw() + " " + refusal.correlationId() + " " + refusal.text());
            } else if (templateId == ReadDataDecoder.TEMPLATE_ID) {
                data.wrapAndApplyHeader(buffer, offset, header);
                final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);
                data.wrapBytes(bytes);
                for (int i = 0; i < bytes.capacity(); i++) {
                    checksum = checksum * 31 + bytes.getByte(i);
                }
            }
            return true;
        }

        @Override
        public void onRefused(final Link link, final RefusalCode code, final String text, final boolean isFinal) {
            events.add("refused " + code + " " + isFinal + " " + text);
        }
    }
}
