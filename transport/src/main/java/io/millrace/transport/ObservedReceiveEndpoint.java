package io.millrace.transport;

import io.aeron.driver.DataPacketDispatcher;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.media.ReceiveChannelEndpoint;
import io.aeron.driver.media.UdpChannel;
import io.aeron.protocol.DataHeaderFlyweight;
import io.aeron.protocol.SetupFlyweight;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.jspecify.annotations.Nullable;

/**
 * A receiver's socket that tells {@link DriverSockets} when it opens and closes, and drops set-up frames that ask for
 * more memory than allowed (the sender alone chooses how large the image's three terms are) and data that is truncated
 * or lies outside every term.
 *
 * <p><b>Threading</b>: the driver's thread that receives.
 */
final class ObservedReceiveEndpoint extends ReceiveChannelEndpoint {
    private final @Nullable DriverSockets sockets;
    private final ImageLimits limits;
    private @Nullable DriverTurns turns;
    private @Nullable ArrivedImages arrived;

    /**
     * Made by the driver.
     *
     * @param sockets to tell; null when nobody waits for them.
     * @param limits of what a sender may ask for.
     * @param udpChannel of the endpoint.
     * @param dispatcher of the driver.
     * @param status counter of the endpoint.
     * @param context of the driver.
     */
    ObservedReceiveEndpoint(
            final @Nullable DriverSockets sockets,
            final ImageLimits limits,
            final UdpChannel udpChannel,
            final DataPacketDispatcher dispatcher,
            final AtomicCounter status,
            final MediaDriver.Context context) {
        super(udpChannel, dispatcher, status, context);
        this.sockets = sockets;
        this.limits = limits;
    }

    /**
     * Names who is told of what arrives; before the driver opens the socket.
     *
     * @param driverTurns to look after images that something arrives for.
     * @param arrivedImages notes images that data arrives for.
     */
    void observe(final DriverTurns driverTurns, final ArrivedImages arrivedImages) {
        turns = driverTurns;
        arrived = arrivedImages;
    }

    @Override
    public void openDatagramChannel(final AtomicCounter status) {
        super.openDatagramChannel(status);
        final DatagramChannel channel = receiveDatagramChannel;
        if (channel != null && sockets != null) {
            sockets.add(channel);
        }
    }

    @Override
    public void close() {
        final @Nullable DatagramChannel channel = receiveDatagramChannel;
        super.close();
        if (channel != null && sockets != null) {
            sockets.remove(channel);
        }
    }

    @Override
    public void onSetupMessage(
            final SetupFlyweight header,
            final UnsafeBuffer buffer,
            final int length,
            final InetSocketAddress source,
            final int transportIndex) {
        if (length >= SetupFlyweight.HEADER_LENGTH && isSetUpAllowed(header)) {
            super.onSetupMessage(header, buffer, length, source, transportIndex);
            if (turns != null) {
                turns.touchImage(header.sessionId(), header.streamId());
            }
        }
    }

    private boolean isSetUpAllowed(final SetupFlyweight header) {
        return limits.allow(
                header.termLength(),
                header.mtuLength(),
                header.initialTermId(),
                header.activeTermId(),
                header.termOffset());
    }

    /**
     * A datagram shorter than the header would be judged by what the last one left behind it in the buffer. How long
     * the terms of its image are is known to the driver alone, whose buffers refuse what lies outside before a byte is
     * written.
     */
    @Override
    public int onDataPacket(
            final DataHeaderFlyweight header,
            final UnsafeBuffer buffer,
            final int length,
            final InetSocketAddress source,
            final int transportIndex) {
        if (!limits.allowData(buffer, length)) {
            return 0;
        }
        if (length > DataHeaderFlyweight.HEADER_LENGTH && turns != null && arrived != null) {
            turns.touchImage(header.sessionId(), header.streamId());
            arrived.add(header.sessionId(), header.streamId());
        }
        try {
            return super.onDataPacket(header, buffer, length, source, transportIndex);
        } catch (final IndexOutOfBoundsException outside) {
            limits.onOutside();
            return 0;
        }
    }
}
