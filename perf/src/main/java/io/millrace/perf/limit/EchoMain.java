package io.millrace.perf.limit;

import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.Header;
import io.millrace.codec.AllowedHere;
import java.io.IOException;
import java.io.OutputStream;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * The other end of the measured round trip: sends every frame back as it is, nothing else. One process, one thread, the
 * idle policy of a node on few cores (yield).
 *
 * <p><b>Threading:</b> the main thread does everything; a daemon watches standard input, whose end means that the
 * parent is gone.
 */
@AllowedHere("composition root of the echo process")
public final class EchoMain {
    /** Word before the endpoint on standard output. */
    public static final String READY = "echo ";

    private static volatile boolean stopped;

    private final EchoMedia media;
    private final ExclusivePublication replies;
    private final BufferClaim claim = new BufferClaim();
    private final IdleStrategy idle = YieldingIdleStrategy.INSTANCE;

    private EchoMain(final EchoMedia media, final ExclusivePublication replies) {
        this.media = media;
        this.replies = replies;
    }

    /**
     * Echoes until standard input ends or SIGTERM comes.
     *
     * @param arguments the endpoint (host:port) the replies go to.
     */
    public static void main(final String[] arguments) {
        final NanoClock clock = SystemNanoClock.INSTANCE;
        final Thread main = Thread.currentThread();
        final Thread parentWatch = new Thread(EchoMain::watchParent, "parent-watch");
        parentWatch.setDaemon(true);
        parentWatch.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(main), "stop"));
        try (EchoMedia media = new EchoMedia("echo", error -> System.err.println(error))) {
            final Subscription requests =
                    media.aeron().addSubscription("aeron:udp?endpoint=127.0.0.1:0", EchoMedia.REQUEST_STREAM_ID);
            final ExclusivePublication replies = media.aeron()
                    .addExclusivePublication("aeron:udp?endpoint=" + arguments[0], EchoMedia.REPLY_STREAM_ID);
            System.out.println(READY + media.boundEndpoint(requests, clock));
            new EchoMain(media, replies).run(requests);
        }
    }

    private void run(final Subscription requests) {
        final ControlledFragmentHandler handler = this::onFragment;
        while (!stopped) {
            idle.idle(media.turn(requests, handler));
        }
    }

    private Action onFragment(final DirectBuffer buffer, final int offset, final int length, final Header header) {
        if (replies.tryClaim(length, claim) < 0) {
            return Action.ABORT; // not connected yet: the frame is delivered again
        }
        claim.buffer().putBytes(claim.offset(), buffer, offset, length);
        claim.commit();
        return Action.CONTINUE;
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
            main.join(2_000);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
