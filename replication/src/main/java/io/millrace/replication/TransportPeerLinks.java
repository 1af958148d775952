package io.millrace.replication;

import io.millrace.codec.wire.RefusalCode;
import io.millrace.transport.Link;
import io.millrace.transport.LinkContext;
import io.millrace.transport.LinkHandler;
import io.millrace.transport.Transport;
import java.util.ArrayList;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Links between devices over the transport that carries clients as well: each device opens a session to every other
 * device of its chains, and hears those that the others have opened to it at its own acceptor. A session that is lost
 * is made again, with a gap; the chains close it.
 *
 * <p>One link for each device, whatever number of chains it has with this one. A device that comes back at another
 * endpoint gets a new link in the place of the old one.
 *
 * <p><b>Threading</b>: the device thread.
 */
public final class TransportPeerLinks implements PeerLinks, LinkHandler, AutoCloseable {
    /** Devices that one device has chains with; one more is refused. */
    public static final int MAX_PEERS = 256;

    /** Longest frame: the longest of a client, and what a record adds to it. */
    private static final int MAX_FRAME_LENGTH = (16 << 10) + 512;

    private final Transport transport;
    private final String name;
    private final long idHigh;
    private final long idLow;
    private final ArrayList<Peer> peers = new ArrayList<>();
    private @Nullable DeviceAgent agent;
    private long heardCount;

    /** A link and who is at its other end. */
    private static final class Peer implements PeerLink {
        private final ReplicaAddress address;
        private final Link link;

        Peer(final ReplicaAddress address, final Link link) {
            this.address = address;
            this.link = link;
        }

        @Override
        public long offer(final DirectBuffer buffer, final int offset, final int length) {
            return link.offer(buffer, offset, length);
        }

        @Override
        public int preferredFrameLength() {
            return link.maxFrameLength();
        }

        @Override
        public int maxFrameLength() {
            return link.state() == Link.State.OPEN ? MAX_FRAME_LENGTH : 0;
        }
    }

    /**
     * Makes links over a device's transport.
     *
     * @param transport of the device thread.
     * @param name that the device calls itself.
     * @param idHigh upper half of the device's UUID.
     * @param idLow lower half of the device's UUID.
     */
    public TransportPeerLinks(final Transport transport, final String name, final long idHigh, final long idLow) {
        this.transport = transport;
        this.name = name;
        this.idHigh = idHigh;
        this.idLow = idLow;
    }

    /**
     * Names who takes the frames; before the first turn.
     *
     * @param deviceAgent of the device.
     */
    public void agent(final DeviceAgent deviceAgent) {
        agent = deviceAgent;
    }

    @Override
    public PeerLink link(final ReplicaAddress to) {
        for (int i = peers.size() - 1; i >= 0; i--) {
            final Peer peer = peers.get(i);
            if (peer.address.isSameDevice(to)) {
                if (peer.address.endpoint().equals(to.endpoint())) {
                    return peer;
                }
                peer.link.close();
                peers.remove(i);
            }
        }
        if (peers.size() == MAX_PEERS) {
            throw new IllegalStateException("more than " + MAX_PEERS + " devices have chains with this one");
        }
        final Peer peer = new Peer(
                to,
                new Link(transport, new LinkContext().endpoint(to.endpoint()).client(name, idHigh, idLow), this));
        peers.add(peer);
        return peer;
    }

    @Override
    public int doWork(final long nowNs) {
        int work = 0;
        for (int i = 0; i < peers.size(); i++) {
            work += peers.get(i).link.doWork(nowNs);
        }
        return work;
    }

    /** Returns how many links have a session now. */
    public int openCount() {
        int count = 0;
        for (int i = 0; i < peers.size(); i++) {
            count += peers.get(i).link.state() == Link.State.OPEN ? 1 : 0;
        }
        return count;
    }

    /** Returns the frames that came back by the links of this device: answers to its questions. */
    public long heardCount() {
        return heardCount;
    }

    @Override
    public void onOpened(final Link link) {
        // what was lost with the session before is found missing by the chains
    }

    @Override
    public void onLost(final Link link, final String reason) {
        // the link makes another session by itself
    }

    @Override
    public boolean onFrame(
            final Link link,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final long receivedNs) {
        return true; // a refusal of something a device never asks for
    }

    @Override
    public boolean onChainFrame(final Link link, final DirectBuffer buffer, final int offset, final int length) {
        final DeviceAgent sink = agent;
        if (sink == null) {
            return true;
        }
        heardCount++;
        for (int i = 0; i < peers.size(); i++) {
            if (peers.get(i).link == link) {
                sink.onPeerFrame(peers.get(i), buffer, offset, length);
                break;
            }
        }
        return true;
    }

    @Override
    public void onRefused(final Link link, final RefusalCode code, final String text, final boolean isFinal) {
        // it tries again; the silence of a neighbour is reported by the chains
    }

    @Override
    public void close() {
        for (final Peer peer : peers) {
            CloseHelper.close(peer.link);
        }
        peers.clear();
    }
}
