package io.millrace.client.core;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.Millrace;
import io.millrace.client.NodeInfo;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.transport.Link;
import io.millrace.transport.LinkContext;
import io.millrace.transport.LinkHandler;
import io.millrace.transport.Transport;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * The real media: {@link Transport} and its {@link Link}s. When Aeron has closed itself (the process was stopped for
 * longer than its time-outs) a new transport is launched in its place and the links go on over it.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard.
 */
final class TransportNetwork implements Network {
    private static final long RELAUNCH_INTERVAL_NS = 1_000_000_000L;

    private final Millrace.Context context;
    private final long clientIdHigh;
    private final long clientIdLow;
    private final List<TransportLink> links = new ArrayList<>();
    private Transport transport;
    private long rebuildCount;
    private long relaunchAtNs;
    private boolean isRelaunching;
    private long earlierNakCount;
    private long earlierRetransmitCount;

    /**
     * Launches the media.
     *
     * @param context settings of the client
     * @param clientIdHigh upper half of the client's identity
     * @param clientIdLow lower half of the client's identity
     */
    TransportNetwork(final Millrace.Context context, final long clientIdHigh, final long clientIdLow) {
        this.context = context;
        this.clientIdHigh = clientIdHigh;
        this.clientIdLow = clientIdLow;
        this.transport = launch();
    }

    private Transport launch() {
        final Transport.Context settings = new Transport.Context();
        final String directory = context.aeronDirectory();
        if (directory != null) {
            settings.aeronDirectory(directory).embeddedDriver(false);
        }
        if (context.mtuLength() > 0) {
            settings.loopbackMtuLength(context.mtuLength()).networkMtuLength(context.mtuLength());
        }
        return Transport.launch(settings);
    }

    /**
     * Returns the media of now.
     *
     * @return replaced when it closes
     */
    Transport transport() {
        return transport;
    }

    @Override
    public int doWork(final long nowNs) {
        if (transport.isClosed()) {
            return relaunch(nowNs);
        }
        return transport.doWork();
    }

    private int relaunch(final long nowNs) {
        if (!isRelaunching) {
            isRelaunching = true;
            relaunchAtNs = nowNs;
            earlierNakCount = nakCount();
            earlierRetransmitCount = retransmitCount();
            transport.close();
        }
        if (nowNs - relaunchAtNs < 0) {
            return 0;
        }
        relaunchAtNs = nowNs + RELAUNCH_INTERVAL_NS;
        try {
            transport = launch();
        } catch (final MillraceException e) {
            for (final TransportLink link : links) {
                link.failure = String.valueOf(e.getMessage());
            }
            return 0;
        }
        isRelaunching = false;
        rebuildCount++;
        for (final TransportLink link : links) {
            link.failure = "";
            link.link.rebind(transport);
        }
        return 1;
    }

    @Override
    public NodeLink connect(final String endpoint, final NodeLink.Handler handler) {
        final LinkContext settings = new LinkContext()
                .endpoint(endpoint)
                .client(context.clientName(), clientIdHigh, clientIdLow)
                .termLength(context.termLength())
                .credentials(context.credentials());
        final TransportLink link = new TransportLink(transport, settings, handler);
        links.add(link);
        return link;
    }

    @Override
    public long rebuildCount() {
        return rebuildCount;
    }

    @Override
    public long nakCount() {
        return earlierNakCount + (isRelaunching ? 0 : transport.nakCount());
    }

    @Override
    public long retransmitCount() {
        return earlierRetransmitCount + (isRelaunching ? 0 : transport.retransmitCount());
    }

    @Override
    public void close() {
        transport.close();
    }

    /** One {@link Link} behind the port. */
    private final class TransportLink implements NodeLink, LinkHandler {
        private final Handler handler;
        private final Link link;
        private String failure = "";

        TransportLink(final Transport transport, final LinkContext settings, final Handler handler) {
            this.handler = handler;
            this.link = new Link(transport, settings, this);
        }

        @Override
        public int doWork(final long nowNs) {
            return link.doWork(nowNs);
        }

        @Override
        public boolean isOpen() {
            return link.state() == Link.State.OPEN;
        }

        @Override
        public long tryClaim(final int length, final BufferClaim claim) {
            return link.tryClaim(length, claim);
        }

        @Override
        public long offer(final DirectBuffer buffer, final int offset, final int length) {
            return link.offer(buffer, offset, length);
        }

        @Override
        public int maxFrameLength() {
            return link.maxFrameLength();
        }

        @Override
        public int maxEventLength() {
            return link.maxEventLength();
        }

        @Override
        public NodeInfo nodeInfo() {
            return new NodeInfo(link.nodeName(), link.nodeIncarnation(), link.durabilityMode(), link.maxEventLength());
        }

        @Override
        public String lastFailure() {
            return failure.isEmpty() ? link.lastFailure() : failure;
        }

        @Override
        public void close() {
            links.remove(this);
            link.close();
        }

        @Override
        public void onOpened(final Link opened) {
            handler.onOpened();
        }

        @Override
        public void onLost(final Link lost, final String reason) {
            handler.onLost(reason);
        }

        @Override
        public boolean onFrame(
                final Link from,
                final int templateId,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long receivedNs) {
            handler.onFrame(templateId, buffer, offset, length);
            return true;
        }

        @Override
        public void onRefused(final Link refused, final RefusalCode code, final String text, final boolean isFinal) {
            handler.onRefused(ErrorCode.of(code), text, isFinal);
        }
    }
}
