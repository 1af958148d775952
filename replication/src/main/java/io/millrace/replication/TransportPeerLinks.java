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
 * endpoint gets a new link in the place of the old one, and so does another device that answers at the endpoint of one.
 * A link that nobody has used for long and that finds nobody is given up: its node was removed.
 *
 * <p><b>Threading</b>: the device thread.
 */
public final class TransportPeerLinks implements PeerLinks, LinkHandler, AutoCloseable {
    /** Devices that one device has chains with; one more is refused. */
    public static final int MAX_PEERS = 256;

    /** Longest frame: the longest of a client, and what a record adds to it. */
    private static final int MAX_FRAME_LENGTH = (16 << 10) + 512;

    /** A neighbour is suspected long before; a restarted one is not to be waited for longer than its start takes. */
    private static final long LINK_TIMEOUT_NS = 1_000_000_000L;

    private static final long FIRST_BACKOFF_NS = 10_000_000L;
    private static final long LAST_BACKOFF_NS = 250_000_000L;
    private static final long REFUSED_PAUSE_NS = 1_000_000_000L;

    /** A link that nobody needs yet is made so much later: to make one is the most expensive part of an Install. */
    private static final long SPARE_LINK_PAUSE_NS = 300_000_000L;

    /** The replicas of a node that is away for so long have been placed elsewhere. */
    private static final long UNUSED_NS = 600_000_000_000L;

    private final String name;
    private final ArrayList<Peer> peers = new ArrayList<>();
    private final ArrayList<WayBack> waysBack = new ArrayList<>();
    private @Nullable DeviceAgent agent;
    private @Nullable Transport transport;
    private long idHigh;
    private long idLow;
    private long heardCount;

    /** Another device's session here. */
    private record WayBack(long deviceUuidHigh, long deviceUuidLow, PeerLink way) {
        boolean leadsTo(final ReplicaAddress address) {
            return address.deviceUuidHigh() == deviceUuidHigh && address.deviceUuidLow() == deviceUuidLow;
        }
    }

    /** A link and who is at its other end. */
    private static final class Peer implements PeerLink {
        private final ReplicaAddress address;
        private Link link;

        /** Taken while the link has no session; null: there is none. */
        private @Nullable PeerLink wayBack;

        private long retryNs;
        private boolean isNeeded;
        private boolean isBegun;
        private long begunNs;
        private boolean isUsed;
        private long usedNs;

        Peer(final ReplicaAddress address, final Link link) {
            this.address = address;
            this.link = link;
        }

        @Override
        public long offer(final DirectBuffer buffer, final int offset, final int length) {
            isUsed = true;
            final PeerLink way = wayBack;
            if (way != null && !isOpen()) {
                return way.offer(buffer, offset, length);
            }
            isNeeded = true;
            return link.offer(buffer, offset, length);
        }

        @Override
        public int preferredFrameLength() {
            final PeerLink way = wayBack;
            return way == null || isOpen() ? link.maxFrameLength() : way.preferredFrameLength();
        }

        @Override
        public int maxFrameLength() {
            final PeerLink way = wayBack;
            if (isOpen()) {
                return MAX_FRAME_LENGTH;
            }
            return way == null ? 0 : way.maxFrameLength();
        }

        /** Tells whether the link is to be moved on: it is needed, or has been spare for long enough. */
        private boolean isDue(final long nowNs) {
            if (!isBegun) {
                isBegun = true;
                begunNs = nowNs;
            }
            return isNeeded || nowNs - begunNs >= SPARE_LINK_PAUSE_NS;
        }

        private boolean isOpen() {
            return link.state() == Link.State.OPEN;
        }
    }

    /**
     * Makes links that have no transport yet.
     *
     * @param name that the device calls itself.
     */
    public TransportPeerLinks(final String name) {
        this.name = name;
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
        this(name);
        connect(transport, idHigh, idLow);
    }

    /**
     * Goes over a device's transport from now on: the first one, or another one after a pause of the process.
     *
     * @param current transport of the device thread.
     * @param uuidHigh upper half of the device's UUID.
     * @param uuidLow lower half of the device's UUID.
     */
    public void connect(final Transport current, final long uuidHigh, final long uuidLow) {
        transport = current;
        idHigh = uuidHigh;
        idLow = uuidLow;
        for (int i = 0; i < peers.size(); i++) {
            peers.get(i).link.rebind(current);
        }
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
            final boolean isSamePlace = peer.address.endpoint().equals(to.endpoint());
            if (peer.address.isSameDevice(to)) {
                if (isSamePlace) {
                    peer.isUsed = true;
                    return peer;
                }
                peer.link.close();
                peers.remove(i);
            } else if (isSamePlace) {
                if (peer.address.incarnation() > to.incarnation()) {
                    return peer; // the later device at this place discards what is for the one before
                }
                peer.link.close(); // two links with this device's id at one place would end each other's sessions
                peers.remove(i);
            }
        }
        if (peers.size() == MAX_PEERS) {
            throw new IllegalStateException("more than " + MAX_PEERS + " devices have chains with this one");
        }
        final Peer peer = new Peer(to, newLink(to.endpoint()));
        peer.isUsed = true;
        for (int i = 0; i < waysBack.size(); i++) {
            if (waysBack.get(i).leadsTo(to)) {
                peer.wayBack = waysBack.get(i).way;
            }
        }
        peers.add(peer);
        return peer;
    }

    @Override
    public void onWayBack(final long deviceUuidHigh, final long deviceUuidLow, final PeerLink way) {
        final WayBack found = new WayBack(deviceUuidHigh, deviceUuidLow, way);
        waysBack.add(found);
        for (int i = 0; i < peers.size(); i++) {
            if (found.leadsTo(peers.get(i).address)) {
                peers.get(i).wayBack = way;
            }
        }
    }

    @Override
    public void onWayBackLost(final PeerLink way) {
        for (int i = waysBack.size() - 1; i >= 0; i--) {
            if (waysBack.get(i).way == way) {
                waysBack.remove(i);
            }
        }
        for (int i = 0; i < peers.size(); i++) {
            if (peers.get(i).wayBack == way) {
                peers.get(i).wayBack = null;
            }
        }
    }

    private Link newLink(final String endpoint) {
        final Transport current = transport;
        if (current == null) {
            throw new IllegalStateException("links without a transport: the device does not listen yet");
        }
        final LinkContext context = new LinkContext()
                .endpoint(endpoint)
                .client(name, idHigh, idLow)
                .linkTimeoutNs(LINK_TIMEOUT_NS)
                .backoffNs(FIRST_BACKOFF_NS, LAST_BACKOFF_NS);
        return new Link(current, context, this);
    }

    @Override
    public int doWork(final long nowNs) {
        int work = 0;
        for (int i = peers.size() - 1; i >= 0; i--) {
            final Peer peer = peers.get(i);
            work += peer.isDue(nowNs) ? peer.link.doWork(nowNs) : 0;
            if (peer.link.state() == Link.State.REFUSED) {
                work += again(peer, nowNs);
            }
            if (peer.isUsed || peer.link.state() == Link.State.OPEN) {
                peer.isUsed = false;
                peer.usedNs = nowNs;
            } else if (nowNs - peer.usedNs >= UNUSED_NS) {
                peer.link.close();
                peers.remove(i);
            }
        }
        return work;
    }

    /** What another program at this address has refused for good, the device's own will take once it is back. */
    private int again(final Peer peer, final long nowNs) {
        if (peer.retryNs == 0) {
            peer.retryNs = nowNs + REFUSED_PAUSE_NS;
        } else if (nowNs - peer.retryNs >= 0) {
            peer.retryNs = 0;
            peer.link.close();
            peer.link = newLink(peer.address.endpoint());
            return 1;
        }
        return 0;
    }

    /** Returns how many links there are. */
    public int count() {
        return peers.size();
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
