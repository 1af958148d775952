package io.millrace.perf.limit;

import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.Header;
import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.process.ChildProcess;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * Measures Aeron's round trip over UDP loopback to an echo in another process, one frame under way at a time.
 *
 * <p><b>Threading:</b> one thread; driver and client run on it during {@link #measure} and {@link #keepAlive} only, so
 * the owner must call one of them at least every few seconds.
 */
public final class EchoProbe implements AutoCloseable {
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private final NanoClock clock;
    private final EchoMedia media;
    private final ChildProcess echo;
    private final Subscription replies;
    private final ExclusivePublication requests;
    private final BufferClaim claim = new BufferClaim();
    private final ControlledFragmentHandler handler = this::onReply;
    private boolean received;

    /**
     * Starts the echo process and connects to it.
     *
     * @param classPath of the echo's JVM.
     * @param clock of the measurement.
     * @throws IOException when the process does not start or does not connect in ten seconds.
     */
    public EchoProbe(final String classPath, final NanoClock clock) throws IOException {
        this.clock = clock;
        media = new EchoMedia("echo-probe", error -> {});
        ChildProcess started = null;
        try {
            replies = media.aeron().addSubscription("aeron:udp?endpoint=127.0.0.1:0", EchoMedia.REPLY_STREAM_ID);
            final String endpoint = media.boundEndpoint(replies, clock);
            started = new ChildProcess(
                    "echo",
                    ChildProcess.java(
                            classPath,
                            List.of("-Xmx128m"),
                            EchoMain.class.getName(),
                            List.of(String.valueOf(endpoint))),
                    List.of());
            echo = started;
            requests = media.aeron()
                    .addExclusivePublication("aeron:udp?endpoint=" + awaitEndpoint(), EchoMedia.REQUEST_STREAM_ID);
            final long deadlineNs = clock.nanoTime() + TIMEOUT_NS;
            while (!requests.isConnected() || !replies.isConnected()) {
                media.setUpTurn();
                check(deadlineNs, "the echo process does not connect");
            }
        } catch (final IOException | RuntimeException e) {
            CloseHelper.quietCloseAll(started, media);
            throw e;
        }
    }

    /** Process id of the echo. */
    public long pid() {
        return echo.pid();
    }

    /**
     * Measures.
     *
     * @param payloadLength bytes of each frame.
     * @param durationNs how long.
     * @param histogram takes the round trips in nanoseconds.
     * @throws IOException when a reply stays away for ten seconds.
     */
    public void measure(final int payloadLength, final long durationNs, final Histogram histogram) throws IOException {
        final long endNs = clock.nanoTime() + durationNs;
        long sentNs = clock.nanoTime();
        while (sentNs - endNs < 0) {
            received = false;
            while (requests.tryClaim(payloadLength, claim) < 0) {
                turn();
                check(sentNs + TIMEOUT_NS, "the echo takes no frame");
            }
            claim.commit();
            while (!received) {
                turn();
                check(sentNs + TIMEOUT_NS, "a frame was not echoed");
            }
            final long nowNs = clock.nanoTime();
            histogram.recordValue(Math.min(OpenLoop.HIGHEST_NS, nowNs - sentNs));
            sentNs = nowNs;
        }
    }

    /** Runs one turn without measuring, so that the connection does not time out. */
    public void keepAlive() {
        turn();
    }

    @Override
    public void close() {
        CloseHelper.quietCloseAll(echo, media);
    }

    private void turn() {
        YieldingIdleStrategy.INSTANCE.idle(media.turn(replies, handler));
    }

    private Action onReply(final DirectBuffer buffer, final int offset, final int length, final Header header) {
        received = true;
        return Action.CONTINUE;
    }

    private String awaitEndpoint() throws IOException {
        final long deadlineNs = clock.nanoTime() + TIMEOUT_NS;
        String line = echo.pollLine();
        while (line == null || !line.startsWith(EchoMain.READY)) {
            media.setUpTurn();
            check(deadlineNs, "the echo process does not start");
            line = echo.pollLine();
        }
        return line.substring(EchoMain.READY.length());
    }

    private void check(final long deadlineNs, final String what) throws IOException {
        if (clock.nanoTime() - deadlineNs > 0 || !echo.isAlive()) {
            throw new IOException(what + ": " + echo.errors());
        }
    }
}
