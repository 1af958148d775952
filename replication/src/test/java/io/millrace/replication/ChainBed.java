package io.millrace.replication;

import io.millrace.codec.EventFrame;
import io.millrace.codec.LogFormat;
import io.millrace.codec.chain.EffectOrderEncoder;
import io.millrace.codec.chain.InstallEncoder;
import io.millrace.codec.chain.InstalledDecoder;
import io.millrace.codec.chain.LearnEncoder;
import io.millrace.codec.chain.LearnerCompleteDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.RetireEncoder;
import io.millrace.codec.chain.SealEncoder;
import io.millrace.codec.chain.SealedDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.SegmentEffectEncoder;
import io.millrace.codec.log.AppendBodyEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.WriterSetupBodyEncoder;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.journal.memory.MemoryDevice;
import io.millrace.store.Segment;
import io.millrace.store.StoreLimits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Replicas of one chain on devices in memory, over a network and under a control plane that the test plays: every frame
 * waits until the test lets it go, time stands still until the test lets it pass.
 */
final class ChainBed implements AutoCloseable {
    static final int CHAIN = 1;
    static final long STREAM = 7;
    static final long SEGMENT = 0;
    static final long WRITER = 99;
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;

    final Node[] nodes;
    final List<long[]> history = new ArrayList<>();
    private final ArrayDeque<Frame> frames = new ArrayDeque<>();
    private final Set<Integer> cut = new HashSet<>();
    long nowNs = 1_000_000_000L;
    long checkpointIntervalBytes = 256L << 20;
    Predicate<Frame> drops = frame -> false;
    private long orderNumber;
    private final boolean isPlain;
    private final PlainLink[][] plainLinks;

    /** One frame on its way. */
    @SuppressWarnings("ArrayRecordComponent") // frames are never compared
    record Frame(Node from, Node to, byte[] bytes) {
        int templateId() {
            return new UnsafeBuffer(bytes).getShort(2) & 0xFFFF;
        }
    }

    /** Frames in a buffer that is made once: for tests that count what is allocated. */
    private static final class PlainLink implements PeerLink {
        private final UnsafeBuffer ring = new UnsafeBuffer(new byte[4 << 20]);
        private int used;

        @Override
        public long offer(final DirectBuffer buffer, final int offset, final int length) {
            if (used + 4 + length > ring.capacity()) {
                return -1;
            }
            ring.putInt(used, length);
            ring.putBytes(used + 4, buffer, offset, length);
            used += 4 + length;
            return 1;
        }

        @Override
        public int preferredFrameLength() {
            return 8_000;
        }

        @Override
        public int maxFrameLength() {
            return 128 << 10;
        }

        private void deliver(final Node to, final PeerLink back) {
            int at = 0;
            while (at < used) {
                final int length = ring.getInt(at);
                to.agent.onPeerFrame(back, ring, at + 4, length);
                at += 4 + length;
            }
            used = 0;
        }
    }

    /** One node with one device. */
    final class Node implements PeerLinks, ControlLink {
        final int number;
        final ChainRules rules;
        byte[] medium = new byte[isPlain ? 128 << 20 : 24 << 20];
        FaultyDevice device;
        DeviceAgent agent;
        ChainReplica replica;
        long incarnation;
        boolean isUp;
        byte[] sealed = {};
        byte[] installed = {};
        byte[] complete = {};
        int effectCount;
        int orderCount;
        final Set<Integer> linked = new HashSet<>();

        @SuppressWarnings("NullAway.Init") // start() sets device, agent and replica
        Node(final int number, final ChainRules rules) {
            this.number = number;
            this.rules = rules;
            format();
        }

        void format() {
            java.util.Arrays.fill(medium, (byte) 0);
            final FaultyDevice blank = new FaultyDevice(medium, 1).inOrder(true);
            Journal.format(blank, new FormatContext().zoneLength(4 << 20).nodeId(new UUID(0, number + 1)));
        }

        void start() {
            device = new FaultyDevice(isPlain ? new byte[0] : medium, number + 10 * incarnation).inOrder(true);
            agent = new DeviceAgent(
                    new JournalContext()
                            .device(isPlain ? new MemoryDevice(medium) : device)
                            .nodeId(new UUID(0, number + 1))
                            .bufferLength(4 << 20)
                            .idleMarkDelayNs(0),
                    ChainPlacement.single(1),
                    StoreLimits.defaults(),
                    new ReplicationLimits(64, 2, 256, 64, 64, 32, 1 << 20, Long.MAX_VALUE / 4, checkpointIntervalBytes),
                    () -> nowNs,
                    () -> 1_700_000_000_000_000_000L + nowNs,
                    () -> 4711,
                    new ChainCluster(0, number + 1, rules, ChainLimits.defaults(), this, this));
            agent.recover();
            agent.incarnation(++incarnation);
            replica = agent.replica(CHAIN);
            isUp = true;
        }

        void crash() {
            isUp = false;
            device.crash(0);
            agent.close();
        }

        void restart() {
            crash();
            start();
        }

        ChainCounters counters() {
            return Objects.requireNonNull(agent.chainCounters());
        }

        ReplicaAddress address() {
            final UUID uuid = agent.journal().deviceUuid();
            return new ReplicaAddress(
                    0,
                    number + 1,
                    uuid.getMostSignificantBits(),
                    uuid.getLeastSignificantBits(),
                    incarnation,
                    "node-" + number);
        }

        @Override
        public PeerLink link(final ReplicaAddress to) {
            linked.add((int) to.nodeIdLow() - 1);
            return linkTo(nodes[(int) to.nodeIdLow() - 1]);
        }

        private PeerLink linkTo(final Node to) {
            if (isPlain) {
                return plainLinks[number][to.number];
            }
            return new PeerLink() {
                @Override
                public long offer(final DirectBuffer buffer, final int offset, final int length) {
                    final byte[] bytes = new byte[length];
                    buffer.getBytes(offset, bytes);
                    frames.add(new Frame(Node.this, to, bytes));
                    return 1;
                }

                @Override
                public int preferredFrameLength() {
                    return 8_000;
                }

                @Override
                public int maxFrameLength() {
                    return 128 << 10;
                }
            };
        }

        @Override
        public int doWork(final long turnNs) {
            return 0;
        }

        @Override
        public boolean offer(final DirectBuffer buffer, final int offset, final int length) {
            final byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            switch (new UnsafeBuffer(bytes).getShort(2) & 0xFFFF) {
                case SealedDecoder.TEMPLATE_ID -> sealed = bytes;
                case InstalledDecoder.TEMPLATE_ID -> installed = bytes;
                case LearnerCompleteDecoder.TEMPLATE_ID -> complete = bytes;
                default -> effectCount++;
            }
            return true;
        }

        ChainView view() {
            return agent.chainView(CHAIN);
        }

        SealedDecoder sealedAnswer() {
            if (sealed.length == 0) {
                throw new AssertionError("node " + number + " has not answered Sealed");
            }
            return new SealedDecoder().wrapAndApplyHeader(new UnsafeBuffer(sealed), 0, new MessageHeaderDecoder());
        }

        /** Journals an event at the head as an append of the one writer. */
        void append(final long number, final String payload) {
            final int events = EventFrame.frameLength(payload.length());
            final int bodyLength = AppendBodyEncoder.BLOCK_LENGTH + events;
            final int index = replica.begin(RecordKind.APPEND, bodyLength, 0);
            if (index < 0) {
                throw new AssertionError("no room: " + index);
            }
            final int body = index + LogFormat.RECORD_HEADER_LENGTH;
            final Segment segment = replica.overlay().pendingSegment(STREAM, SEGMENT);
            new AppendBodyEncoder()
                    .wrap(replica.buffer(), body)
                    .streamId(STREAM)
                    .segmentId(SEGMENT)
                    .segmentOffset(segment == null ? 0 : segment.length())
                    .writerIdHigh(WRITER)
                    .writerIdLow(0)
                    .firstEventNumber(number)
                    .writerEpoch(0)
                    .eventCount(1)
                    .durability((short) 0)
                    .flags((short) 0)
                    .fragmentOffset(0)
                    .fragmentedLength(0)
                    .fragmentSession(0);
            final int at = body + AppendBodyEncoder.BLOCK_LENGTH;
            replica.buffer().putInt(at, payload.length());
            replica.buffer().putLong(at + 4, payload.hashCode());
            replica.buffer().putStringWithoutLengthAscii(at + 12, payload);
            replica.sequence(index, bodyLength);
        }

        /** Journals the set-up of the one writer at the head. */
        void setUp() {
            final int index = replica.begin(RecordKind.WRITER_SETUP, WriterSetupBodyEncoder.BLOCK_LENGTH, 0);
            new WriterSetupBodyEncoder()
                    .wrap(replica.buffer(), index + LogFormat.RECORD_HEADER_LENGTH)
                    .streamId(STREAM)
                    .segmentId(SEGMENT)
                    .writerIdHigh(WRITER)
                    .writerIdLow(0)
                    .bindSecret(1)
                    .writerEpoch(0);
            replica.sequence(index, WriterSetupBodyEncoder.BLOCK_LENGTH);
        }

        long length() {
            final Segment segment = agent.state(CHAIN).segment(STREAM, SEGMENT);
            return segment == null ? -1 : segment.length();
        }
    }

    ChainBed(final int count) {
        this(count, ChainRules.ALL);
    }

    ChainBed(final int count, final ChainRules rules) {
        this(count, rules, false);
    }

    /** Makes a bed whose devices and network allocate nothing, but cannot fail either. */
    static ChainBed plain(final int count) {
        return new ChainBed(count, ChainRules.ALL, true);
    }

    private ChainBed(final int count, final ChainRules rules, final boolean plain) {
        isPlain = plain;
        plainLinks = new PlainLink[count][count];
        for (int i = 0; plain && i < count * count; i++) {
            plainLinks[i / count][i % count] = new PlainLink();
        }
        nodes = new Node[count];
        for (int i = 0; i < count; i++) {
            nodes[i] = new Node(i, rules);
        }
        for (final Node node : nodes) {
            node.start();
        }
    }

    /** Starts every node again with another interval between checkpoints. */
    ChainBed checkpointEvery(final long bytes) {
        checkpointIntervalBytes = bytes;
        for (final Node node : nodes) {
            node.restart();
        }
        return this;
    }

    /** Installs the first epoch on the first nodes, makes the segment and sets the writer up. */
    ChainBed begin(final int members) {
        history.add(new long[] {1, 1});
        final int[] all = new int[members];
        for (int i = 0; i < members; i++) {
            all[i] = i;
        }
        install(1, all);
        settle();
        effect(0, 1, EffectAction.CREATE_SEGMENT);
        nodes[0].setUp();
        settle();
        return this;
    }

    /** Lets a number of turns go by on every node, without a frame being delivered. */
    void turns(final int count) {
        for (int i = 0; i < count; i++) {
            nowNs += 100_000;
            for (final Node node : nodes) {
                if (node.isUp) {
                    node.agent.doWork(nowNs);
                }
            }
        }
    }

    /** Delivers what is under way, turn by turn, long enough for everything to come to rest. */
    void settle() {
        for (int i = 0; i < 200; i++) {
            deliver();
            turns(1);
        }
    }

    /** Delivers all frames that are on their way now. */
    void deliver() {
        for (int i = 0; isPlain && i < nodes.length * nodes.length; i++) {
            final int from = i / nodes.length;
            final int to = i % nodes.length;
            plainLinks[from][to].deliver(nodes[to], plainLinks[to][from]);
        }
        for (int left = frames.size(); left > 0; left--) {
            final Frame frame = frames.remove();
            final boolean isCut = cut.contains(frame.from.number) || cut.contains(frame.to.number);
            if (!isCut && frame.to.isUp && !drops.test(frame)) {
                frame.to.agent.onPeerFrame(
                        frame.to.linkTo(frame.from), new UnsafeBuffer(frame.bytes), 0, frame.bytes.length);
            }
        }
    }

    /** Gives the frames under way, for the test to reorder, drop or double. */
    ArrayDeque<Frame> frames() {
        return frames;
    }

    void isolate(final int node) {
        cut.add(node);
    }

    void heal() {
        cut.clear();
    }

    void seal(final int node, final long epoch, final long since) {
        final Node to = nodes[node];
        final ReplicaAddress address = to.address();
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        new SealEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .chainEpoch(epoch)
                .nodeIdHigh(0)
                .nodeIdLow(node + 1)
                .deviceUuidHigh(address.deviceUuidHigh())
                .deviceUuidLow(address.deviceUuidLow())
                .incarnation(address.incarnation())
                .sinceEpoch(since)
                .orderNumber(++orderNumber)
                .chain(CHAIN);
        to.agent.onControlFrame(buffer, 0, HEADER + SealEncoder.BLOCK_LENGTH);
    }

    void seal(final int node, final long epoch) {
        seal(node, epoch, 1);
    }

    /** Tells each member of a configuration. */
    void install(final long epoch, final int... members) {
        for (final int member : members) {
            installOn(member, installMessage(epoch, members));
        }
    }

    /** Encodes a configuration; the history must hold the epoch. Members named by a negative number are new. */
    byte[] installMessage(final long epoch, final int... members) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        long start = 0;
        for (final long[] pair : history) {
            start = pair[1];
        }
        final InstallEncoder install = new InstallEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .chainEpoch(epoch)
                .startPosition(start)
                .orderNumber(++orderNumber)
                .chain(CHAIN)
                .minimum(1);
        final InstallEncoder.MembersEncoder group = install.membersCount(members.length);
        for (final int member : members) {
            final ReplicaAddress address = nodes[member].address();
            group.next()
                    .nodeIdHigh(0)
                    .nodeIdLow(member + 1)
                    .deviceUuidHigh(address.deviceUuidHigh())
                    .deviceUuidLow(address.deviceUuidLow())
                    .incarnation(address.incarnation())
                    .sinceEpoch(sinceEpochs.getOrDefault(member, 1L))
                    .endpoint(address.endpoint());
        }
        install.learnersCount(0);
        final InstallEncoder.HistoryEncoder pairs = install.historyCount(history.size());
        for (final long[] pair : history) {
            pairs.next().epoch(pair[0]).startPosition(pair[1]);
        }
        final byte[] bytes = new byte[HEADER + install.encodedLength()];
        buffer.getBytes(0, bytes);
        return bytes;
    }

    final java.util.Map<Integer, Long> sinceEpochs = new java.util.HashMap<>();

    /** Delivers a configuration, addressed to a node as it was when the message was made. */
    void installOn(final int node, final byte[] message) {
        final UnsafeBuffer buffer = new UnsafeBuffer(message);
        final ReplicaAddress address = nodes[node].address();
        final int at = HEADER;
        buffer.putLong(at + InstallEncoder.nodeIdHighEncodingOffset(), 0);
        buffer.putLong(at + InstallEncoder.nodeIdLowEncodingOffset(), node + 1);
        buffer.putLong(at + InstallEncoder.deviceUuidHighEncodingOffset(), address.deviceUuidHigh());
        buffer.putLong(at + InstallEncoder.deviceUuidLowEncodingOffset(), address.deviceUuidLow());
        buffer.putLong(at + InstallEncoder.incarnationEncodingOffset(), incarnationIn(message, node));
        nodes[node].agent.onControlFrame(buffer, 0, message.length);
    }

    private static long incarnationIn(final byte[] message, final int node) {
        final io.millrace.codec.chain.InstallDecoder install = new io.millrace.codec.chain.InstallDecoder()
                .wrapAndApplyHeader(new UnsafeBuffer(message), 0, new MessageHeaderDecoder());
        for (final io.millrace.codec.chain.InstallDecoder.MembersDecoder member : install.members()) {
            if (member.nodeIdLow() == node + 1) {
                return member.incarnation();
            }
            member.skipEndpoint();
        }
        return 0;
    }

    void learn(final int node, final long epoch, final long since, final int source) {
        final ReplicaAddress address = nodes[node].address();
        final ReplicaAddress from = nodes[source].address();
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final LearnEncoder learn = new LearnEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .chainEpoch(epoch)
                .nodeIdHigh(0)
                .nodeIdLow(node + 1)
                .deviceUuidHigh(address.deviceUuidHigh())
                .deviceUuidLow(address.deviceUuidLow())
                .incarnation(address.incarnation())
                .sinceEpoch(since)
                .sourceNodeIdHigh(0)
                .sourceNodeIdLow(source + 1)
                .sourceDeviceUuidHigh(from.deviceUuidHigh())
                .sourceDeviceUuidLow(from.deviceUuidLow())
                .sourceIncarnation(from.incarnation())
                .orderNumber(++orderNumber)
                .chain(CHAIN);
        final LearnEncoder.HistoryEncoder pairs = learn.historyCount(history.size());
        for (final long[] pair : history) {
            pairs.next().epoch(pair[0]).startPosition(pair[1]);
        }
        learn.sourceEndpoint(from.endpoint());
        nodes[node].agent.onControlFrame(buffer, 0, HEADER + learn.encodedLength());
    }

    void retire(final int node, final long epoch, final long since) {
        final ReplicaAddress address = nodes[node].address();
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        new RetireEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .chainEpoch(epoch)
                .nodeIdHigh(0)
                .nodeIdLow(node + 1)
                .deviceUuidHigh(address.deviceUuidHigh())
                .deviceUuidLow(address.deviceUuidLow())
                .incarnation(address.incarnation())
                .sinceEpoch(since)
                .orderNumber(++orderNumber)
                .chain(CHAIN);
        nodes[node].agent.onControlFrame(buffer, 0, HEADER + RetireEncoder.BLOCK_LENGTH);
    }

    void effect(final int head, final long number, final EffectAction action) {
        effect(head, number, action, 0);
    }

    void effect(final int head, final long number, final EffectAction action, final long startOffset) {
        final ExpandableArrayBuffer effect = new ExpandableArrayBuffer();
        final SegmentEffectEncoder encoder = new SegmentEffectEncoder();
        encoder.wrapAndApplyHeader(effect, 0, new io.millrace.codec.control.MessageHeaderEncoder())
                .streamId(STREAM)
                .segmentId(SEGMENT)
                .keyLow(0)
                .keyHigh(-1)
                .action(action)
                .startOffset(startOffset);
        final byte[] body = new byte[8 + encoder.encodedLength()];
        effect.getBytes(0, body);
        final ReplicaAddress address = nodes[head].address();
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final EffectOrderEncoder order = new EffectOrderEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .chainEpoch(nodes[head].view().chainEpoch())
                .nodeIdHigh(0)
                .nodeIdLow(head + 1)
                .deviceUuidHigh(address.deviceUuidHigh())
                .deviceUuidLow(address.deviceUuidLow())
                .incarnation(address.incarnation())
                .effectNumber(number)
                .chain(CHAIN)
                .putEffect(body, 0, body.length);
        nodes[head].agent.onControlFrame(buffer, 0, HEADER + order.encodedLength());
    }

    @Override
    public void close() {
        for (final Node node : nodes) {
            if (node.isUp) {
                node.agent.close();
            }
        }
    }
}
