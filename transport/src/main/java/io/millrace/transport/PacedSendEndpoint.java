package io.millrace.transport;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.media.SendChannelEndpoint;
import io.aeron.driver.media.UdpChannel;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.CachedNanoClock;
import org.agrona.concurrent.status.AtomicCounter;
import org.jspecify.annotations.Nullable;

/**
 * A sender's socket that is not read in every turn. What arrives there are status messages and NAKs, a few for each
 * window of data; a turn sends and receives events, too, and each of them would wait for a system call that nearly
 * always finds nothing. Where a read found something, the next one is made at once.
 *
 * <p><b>Threading</b>: the driver's thread that sends.
 */
final class PacedSendEndpoint extends SendChannelEndpoint {
    /** From one read that found nothing to the next: far below what it takes to send a window of data. */
    static final long EMPTY_INTERVAL_NS = TimeUnit.MICROSECONDS.toNanos(20);

    private final CachedNanoClock clock;
    private long emptyNs;
    private boolean wasEmpty;

    /**
     * Made by the driver.
     *
     * @param udpChannel of the endpoint.
     * @param status counter of the endpoint.
     * @param context of the driver.
     */
    PacedSendEndpoint(final UdpChannel udpChannel, final AtomicCounter status, final MediaDriver.Context context) {
        super(udpChannel, status, context);
        clock = context.senderCachedNanoClock();
    }

    @Override
    public @Nullable InetSocketAddress receive(final ByteBuffer buffer) {
        final long nowNs = clock.nanoTime();
        if (wasEmpty && nowNs - emptyNs < EMPTY_INTERVAL_NS) {
            return null;
        }
        final InetSocketAddress source = super.receive(buffer);
        wasEmpty = source == null;
        emptyNs = nowNs;
        return source;
    }
}
