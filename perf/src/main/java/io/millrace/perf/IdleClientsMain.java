package io.millrace.perf;

import io.millrace.codec.AllowedHere;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.transport.Link;
import io.millrace.transport.LinkContext;
import io.millrace.transport.LinkHandler;
import io.millrace.transport.Transport;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Clients that only stay connected, many in one process: each has a session, a publication and a reply port of its own,
 * as every client has; they share the media driver of this process.
 *
 * <p><b>Threading:</b> one thread drives the media driver and every client; a daemon watches the parent.
 */
final class IdleClientsMain {
    /** What it prints when all its clients are connected, and whenever that number changes; the number follows. */
    static final String CONNECTED = "CONNECTED ";

    /** A thousand wake-ups a second would take the node's CPU away on a small machine; no client's beat is shorter. */
    private static final long TURN_NS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final int TURNS_PER_ROUND = 10;
    private static final int CLIENTS_PER_MEDIA_TURN = 4;
    private static volatile boolean stopped;

    private final NanoClock clock = SystemNanoClock.INSTANCE;
    private final Transport media;
    private final List<Link> clients = new ArrayList<>();
    private int next;
    private volatile int connectedCount;

    private IdleClientsMain(final Transport media) {
        this.media = media;
    }

    /**
     * Connects and stays until standard input ends or SIGTERM comes.
     *
     * @param arguments the node's endpoint, the number of clients, the term length in bytes, a name.
     */
    @AllowedHere("a main of its own")
    public static void main(final String[] arguments) {
        final Thread main = Thread.currentThread();
        final Thread parentWatch = new Thread(IdleClientsMain::watchParent, "parent-watch");
        parentWatch.setDaemon(true);
        parentWatch.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(main), "stop"));
        final int count = Integer.parseInt(arguments[1]);
        final int termLength = Integer.parseInt(arguments[2]);
        final Transport.Context settings =
                new Transport.Context().termLength(termLength).imageLimit(Math.max(128, 2 * count));
        try (Transport media = Transport.launch(settings)) {
            final IdleClientsMain all = new IdleClientsMain(media);
            try {
                all.connect(arguments[0], count, termLength, arguments[3]);
                all.run();
            } finally {
                CloseHelper.quietCloseAll(all.clients);
            }
        }
    }

    private void connect(final String endpoint, final int count, final int termLength, final String name) {
        final SplittableRandom random =
                new SplittableRandom(ProcessHandle.current().pid());
        for (int i = 0; i < count; i++) {
            clients.add(new Link(
                    media,
                    new LinkContext()
                            .endpoint(endpoint)
                            .client(name + "-" + i, random.nextLong(), random.nextLong())
                            .termLength(termLength),
                    new Silent()));
        }
    }

    private void run() {
        while (!stopped) {
            final long nowNs = clock.nanoTime();
            final boolean isSettled = connectedCount == clients.size();
            final int turns = isSettled ? (clients.size() + TURNS_PER_ROUND - 1) / TURNS_PER_ROUND : clients.size();
            for (int i = 0; i < turns; i++) {
                if (i % CLIENTS_PER_MEDIA_TURN == 0) {
                    media.doWork(); // it takes one command of a client a turn
                }
                clients.get(next).doWork(nowNs);
                next = next + 1 == clients.size() ? 0 : next + 1;
            }
            if (next < turns) {
                count();
            }
            if (isSettled) {
                LockSupport.parkNanos(TURN_NS);
            }
        }
    }

    @AllowedHere("tells its parent")
    private void count() {
        int connected = 0;
        for (final Link client : clients) {
            connected += client.state() == Link.State.OPEN ? 1 : 0;
        }
        if (connected != connectedCount) {
            connectedCount = connected;
            System.out.println(CONNECTED + connected);
        }
    }

    private static void watchParent() {
        try {
            System.in.transferTo(OutputStream.nullOutputStream()); // nobody writes here; it ends with the parent
        } catch (final IOException e) {
            stopped = true;
        }
        stopped = true;
    }

    private static void stop(final Thread main) {
        stopped = true;
        try {
            main.join(5_000);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Wants nothing of its node. <b>Threading:</b> stateless. */
    private static final class Silent implements LinkHandler {
        @Override
        public void onOpened(final Link link) {
            assert link.state() == Link.State.OPEN;
        }

        @Override
        @AllowedHere("tells its parent")
        public void onLost(final Link link, final String reason) {
            System.err.println("lost: " + reason);
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
        @AllowedHere("tells its parent")
        public void onRefused(final Link link, final RefusalCode code, final String text, final boolean isFinal) {
            System.err.println(code + ": " + text);
        }
    }
}
