package io.millrace.client.core;

import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.NodeInfo;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.WireFrames;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Links to one {@link FakeNode}, whose sessions it opens, cuts and loses. */
final class FakeNetwork implements Network {
    private static final int DATA_HEADER = 32;

    final FakeNode node;
    final List<FakeLink> links = new ArrayList<>();
    long opened;
    Runnable steps = () -> {};

    FakeNetwork(final FakeNode node) {
        this.node = node;
        node.network = this;
    }

    @Override
    public int doWork(final long nowNs) {
        steps.run();
        return 0;
    }

    @Override
    public NodeLink connect(final String endpoint, final NodeLink.Handler handler) {
        final FakeLink link = new FakeLink(endpoint, handler);
        links.add(link);
        return link;
    }

    void cutAll() {
        for (final FakeLink link : links) {
            link.cut();
        }
    }

    @Override
    public long rebuildCount() {
        return 0;
    }

    @Override
    public long nakCount() {
        return 0;
    }

    @Override
    public long retransmitCount() {
        return 0;
    }

    @Override
    public void close() {}

    /** One link; frames in both directions wait in queues until the next turn. */
    final class FakeLink implements NodeLink {
        final String endpoint;
        final Handler handler;
        boolean isClosed;
        final ArrayDeque<UnsafeBuffer> toNode = new ArrayDeque<>();
        final ArrayDeque<byte[]> toClient = new ArrayDeque<>();
        boolean isOpen;
        boolean isToldLost;
        long session;

        FakeLink(final String endpoint, final Handler handler) {
            this.endpoint = endpoint;
            this.handler = handler;
        }

        @Override
        public int doWork(final long nowNs) {
            if (isToldLost) {
                isToldLost = false;
                handler.onLost("cut");
            }
            if (!isOpen) {
                final ErrorCode refusal = node.sessionRefusal;
                if (refusal != null) {
                    handler.onRefused(refusal, "as the test wants", true);
                } else if (node.isUp && !node.deadEndpoints.contains(endpoint)) {
                    isOpen = true;
                    session = ++opened;
                    handler.onOpened();
                }
                return 1;
            }
            int work = 0;
            for (byte[] frame = toClient.poll(); frame != null; frame = toClient.poll()) {
                deliver(frame);
                if (node.hits(node.faults.duplicateOut)) {
                    deliver(frame);
                }
                work++;
            }
            return work;
        }

        private void deliver(final byte[] frame) {
            final UnsafeBuffer buffer = new UnsafeBuffer(frame);
            final int templateId = WireFrames.check(buffer, 0, frame.length);
            if (templateId < 0) {
                throw new IllegalStateException("the fake node wrote a bad frame: " + templateId);
            }
            handler.onFrame(templateId, buffer, 0, frame.length);
        }

        /** Loses the session: of what was under way to the node a random first part arrives. */
        void cut() {
            if (isOpen) {
                isOpen = false;
                isToldLost = true;
                toClient.clear();
                final int kept = toNode.isEmpty() ? 0 : node.below(toNode.size() + 1);
                while (toNode.size() > kept) {
                    toNode.removeLast();
                }
                node.takeFrames(this);
                toNode.clear();
                toClient.clear();
            }
        }

        @Override
        public boolean isOpen() {
            return isOpen;
        }

        @Override
        public long tryClaim(final int length, final BufferClaim claim) {
            if (!isOpen) {
                return Publication.NOT_CONNECTED;
            }
            if (length > maxFrameLength()) {
                throw new IllegalArgumentException("frame of " + length);
            }
            if (node.hits(node.faults.backPressure)) {
                return Publication.BACK_PRESSURED;
            }
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[DATA_HEADER + length]);
            claim.wrap(buffer, 0, DATA_HEADER + length);
            toNode.add(new UnsafeBuffer(buffer, DATA_HEADER, length));
            return 1;
        }

        @Override
        public long offer(final DirectBuffer buffer, final int offset, final int length) {
            if (!isOpen) {
                return Publication.NOT_CONNECTED;
            }
            final UnsafeBuffer copy = new UnsafeBuffer(new byte[length]);
            copy.putBytes(0, buffer, offset, length);
            toNode.add(copy);
            return 1;
        }

        @Override
        public int maxFrameLength() {
            return node.maxFrameLength;
        }

        @Override
        public int maxEventLength() {
            return node.maxEventLength;
        }

        @Override
        public NodeInfo nodeInfo() {
            return new NodeInfo("fake", opened, "memory", node.maxEventLength);
        }

        @Override
        public String lastFailure() {
            return node.isUp ? "" : "the node is down";
        }

        @Override
        public void close() {
            isOpen = false;
            isClosed = true;
        }
    }
}
