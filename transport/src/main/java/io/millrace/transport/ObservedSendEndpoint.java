package io.millrace.transport;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.media.SendChannelEndpoint;
import io.aeron.driver.media.UdpChannel;
import java.nio.channels.DatagramChannel;
import org.agrona.concurrent.status.AtomicCounter;
import org.jspecify.annotations.Nullable;

/**
 * A sender's socket that tells {@link DriverSockets} when it opens and closes.
 *
 * <p><b>Threading</b>: the driver's thread.
 */
final class ObservedSendEndpoint extends SendChannelEndpoint {
    private final DriverSockets sockets;

    /**
     * Made by the driver.
     *
     * @param sockets to tell.
     * @param udpChannel of the endpoint.
     * @param status counter of the endpoint.
     * @param context of the driver.
     */
    ObservedSendEndpoint(
            final DriverSockets sockets,
            final UdpChannel udpChannel,
            final AtomicCounter status,
            final MediaDriver.Context context) {
        super(udpChannel, status, context);
        this.sockets = sockets;
    }

    @Override
    public void openDatagramChannel(final AtomicCounter status) {
        super.openDatagramChannel(status);
        final DatagramChannel channel = receiveDatagramChannel;
        if (channel != null) {
            sockets.add(channel);
        }
    }

    @Override
    public void close() {
        final @Nullable DatagramChannel channel = receiveDatagramChannel;
        super.close();
        if (channel != null) {
            sockets.remove(channel);
        }
    }
}
