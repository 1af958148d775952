package io.millrace.client.core;

import io.millrace.codec.ErrorCode;
import io.millrace.transport.AcceptorContext;
import io.millrace.transport.Session;
import io.millrace.transport.SessionAcceptor;
import io.millrace.transport.SessionHandler;
import io.millrace.transport.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/** A {@link FakeNode} that listens on loopback, on a thread of its own. */
final class LoopbackNode implements AutoCloseable, SessionHandler, Runnable {
    final FakeNode node;
    private final AtomicInteger restarts = new AtomicInteger();
    private final Transport transport;
    private final SessionAcceptor acceptor;
    private final List<Session> sessions = new ArrayList<>();
    private final Thread thread = new Thread(this, "loopback-node");
    private volatile boolean isRunning = true;
    private volatile @Nullable Throwable failure;

    LoopbackNode(final int segmentCount) {
        node = new FakeNode(1, segmentCount);
        transport = Transport.launch(new Transport.Context());
        acceptor = new SessionAcceptor(transport, new AcceptorContext().listenEndpoint("127.0.0.1:0"), this);
        thread.start();
    }

    String endpoint() {
        return acceptor.boundEndpoint();
    }

    /** Loses sessions and what is not committed, as soon as the thread comes by. */
    void restart() {
        restarts.incrementAndGet();
    }

    @Override
    public void run() {
        try {
            int restarted = 0;
            while (isRunning) {
                transport.doWork();
                acceptor.doWork(SystemNanoClock.INSTANCE.nanoTime());
                if (restarted < restarts.get()) {
                    restarted++;
                    node.restart();
                    List.copyOf(sessions).forEach(Session::close);
                }
                node.step();
                sessions.forEach(this::send);
                LockSupport.parkNanos(10_000);
            }
        } catch (final RuntimeException | Error e) {
            failure = e;
        }
    }

    private void send(final Session session) {
        if (session.attachment() instanceof FakeNetwork.FakeLink link) {
            for (byte[] frame = link.toClient.peek(); frame != null; frame = link.toClient.peek()) {
                if (session.offer(new UnsafeBuffer(frame), 0, frame.length) <= 0) {
                    return;
                }
                link.toClient.poll();
            }
        }
    }

    @Override
    public boolean onFrame(
            final Session session,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final long receivedNs) {
        if (session.attachment() instanceof FakeNetwork.FakeLink link) {
            final UnsafeBuffer copy = new UnsafeBuffer(new byte[length]);
            copy.putBytes(0, buffer, offset, length);
            link.toNode.add(copy);
        }
        return true;
    }

    @Override
    public void onOpen(final Session session) {
        final FakeNetwork.FakeLink link = node.network.new FakeLink("loopback:1", new Nobody());
        link.isOpen = true;
        link.session = session.id();
        node.network.links.add(link);
        session.attach(link);
        sessions.add(session);
    }

    @Override
    public void onClose(final Session session) {
        if (session.attachment() instanceof FakeNetwork.FakeLink link) {
            link.isOpen = false;
        }
        sessions.remove(session);
    }

    @Override
    public void onHeartbeat(final Session session) {}

    @Override
    public void close() {
        isRunning = false;
        try {
            thread.join(10_000);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        acceptor.close();
        transport.close();
        final Throwable cause = failure;
        if (cause != null) {
            throw new AssertionError("the node failed", cause);
        }
    }

    private static final class Nobody implements NodeLink.Handler {
        @Override
        public void onOpened() {}

        @Override
        public void onLost(final String reason) {}

        @Override
        public void onFrame(final int templateId, final DirectBuffer buffer, final int offset, final int length) {}

        @Override
        public void onRefused(final ErrorCode code, final String text, final boolean isFinal) {}
    }
}
