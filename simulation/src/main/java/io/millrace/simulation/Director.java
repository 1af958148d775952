package io.millrace.simulation;

import io.millrace.client.StreamManager;
import io.millrace.client.StreamPosition;
import io.millrace.codec.Crc32c;
import io.millrace.codec.LogFormat;
import io.millrace.codec.chain.EffectOrderDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.ReplicateDecoder;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.control.ChainView;
import io.millrace.replication.DeviceAgent;
import io.millrace.store.ChainState;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The hand behind a directed schedule: lets frames through or not, sends old ones again, stops devices, cuts power, and
 * waits for what is to happen before the next stroke.
 *
 * <p><b>Threading</b>: the simulation's thread.
 *
 * <p><b>Invariants</b>: what does not come about because the schedule itself fails is a violation of {@link #SCHEDULE},
 * which proves nothing about the rule.
 */
final class Director implements Interception {
    /** Name of the rule that is broken when the schedule does not get where it wants to. */
    static final String SCHEDULE = "schedule";

    /** The one data chain of a directed schedule. */
    static final int CHAIN = 1;

    private static final long MS = 1_000_000;
    private static final long PATIENCE_MS = 20_000;
    private static final long HEALED_MS = 20_000;
    private static final int GRANULE = 4096;

    private final World world;
    private final WireLaws laws;
    private final List<Net> nets = new ArrayList<>();

    /**
     * A frame under way.
     *
     * @param from place
     * @param to place
     * @param templateId of the chain schema
     * @param bytes with the header
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Frame(int from, int to, int templateId, byte[] bytes) {
        /** Tells whether it is of a kind, from a place to a place; -1: any. */
        boolean is(final int wantedTemplateId, final int wantedFrom, final int wantedTo) {
            return (wantedTemplateId < 0 || templateId == wantedTemplateId)
                    && (wantedFrom < 0 || from == wantedFrom)
                    && (wantedTo < 0 || to == wantedTo);
        }

        /** Returns the first field of nearly every message: the epoch it belongs to. */
        long epoch() {
            return new UnsafeBuffer(bytes).getLong(8);
        }
    }

    /** Frames that are caught, or copied, from now until it is drawn in. */
    final class Net {
        private final Predicate<Frame> wanted;
        private final boolean isCopying;
        private final List<Frame> frames = new ArrayList<>();

        private Net(final Predicate<Frame> wanted, final boolean isCopying) {
            this.wanted = wanted;
            this.isCopying = isCopying;
        }

        /** Returns what is in it. */
        List<Frame> frames() {
            return frames;
        }

        /** Tells whether something is in it. */
        boolean hasCaught() {
            return !frames.isEmpty();
        }

        /** Catches nothing any more. */
        Net end() {
            nets.remove(this);
            return this;
        }

        /** Lets what is in it arrive now, once more or for the first time. */
        void deliver() {
            frames.forEach(Director.this::deliver);
        }
    }

    /** Takes a world into hand. */
    Director(final World world) {
        this.world = world;
        laws = new WireLaws(world);
        world.intercept(this);
    }

    @Override
    public boolean passes(final int from, final int to, final int templateId, final byte[] bytes) {
        laws.onFrame(from, to, templateId, bytes);
        final Frame frame = new Frame(from, to, templateId, bytes);
        boolean passes = true;
        for (int i = 0; i < nets.size(); i++) {
            final Net net = nets.get(i);
            if (net.wanted.test(frame)) {
                net.frames.add(frame);
                passes &= net.isCopying;
            }
        }
        return passes;
    }

    /** Returns the world. */
    World world() {
        return world;
    }

    /** Keeps frames from arriving. */
    Net lose(final Predicate<Frame> wanted) {
        final Net net = new Net(wanted, false);
        nets.add(net);
        return net;
    }

    /** Copies frames that pass. */
    Net copy(final Predicate<Frame> wanted) {
        final Net net = new Net(wanted, true);
        nets.add(net);
        return net;
    }

    /** Cuts a node off from the other nodes and the control plane, not from clients. */
    Net isolate(final SimNode node) {
        return lose(frame -> frame.from() == node.place() || frame.to() == node.place());
    }

    /** Lets a frame arrive. */
    void deliver(final Frame frame) {
        if (frame.to() == Wires.CONTROL) {
            world.control().onReport(frame.bytes());
        } else if (frame.from() == Wires.CONTROL) {
            world.nodeOf(frame.to()).onControlFrame(frame.bytes());
            world.nodeOf(frame.to()).wake(0);
        } else {
            world.nodeOf(frame.to()).onPeerFrame(frame.from(), frame.bytes());
        }
    }

    /** Starts everything and waits until the first events are acknowledged. */
    void begin() {
        world.begin();
        awaitAcknowledged();
        pass(20);
    }

    /** Lets time pass. */
    void pass(final long milliseconds) {
        final long endNs = world.scheduler().nowNs() + milliseconds * MS;
        while (world.scheduler().nowNs() < endNs) {
            world.scheduler().runUntil(Math.min(endNs, world.scheduler().nowNs() + MS));
            observe();
        }
    }

    private void observe() {
        for (final SimNode node : world.nodes()) {
            laws.observe(node);
        }
    }

    /** Allows a node to stop because its log contradicts another's. */
    void mayHalt(final SimNode node) {
        laws.mayHalt(node.place());
    }

    /** Forges a frame of records: whole, but its first one follows on another record. */
    static Frame ofAnotherLog(final Frame frame) {
        final byte[] forged = frame.bytes().clone();
        final UnsafeBuffer buffer = new UnsafeBuffer(forged);
        final ReplicateDecoder replicate =
                new ReplicateDecoder().wrapAndApplyHeader(buffer, 0, new MessageHeaderDecoder());
        final int index = replicate.limit() + ReplicateDecoder.recordsHeaderLength();
        final int at = index + RecordHeaderDecoder.previousHashEncodingOffset();
        buffer.putLong(at, buffer.getLong(at) + 1);
        final int length = buffer.getInt(index + RecordHeaderDecoder.lengthEncodingOffset());
        buffer.putInt(
                index + RecordHeaderDecoder.crc32cEncodingOffset(),
                Crc32c.of(
                        ByteBuffer.wrap(forged),
                        index + LogFormat.RECORD_CRC_START,
                        length - LogFormat.RECORD_CRC_START));
        return new Frame(frame.from(), frame.to(), frame.templateId(), forged);
    }

    /** Waits for something that is bound to happen, event by event. */
    void await(final String what, final BooleanSupplier condition) {
        final long endNs = world.scheduler().nowNs() + PATIENCE_MS * MS;
        while (!condition.getAsBoolean()) {
            if (!world.scheduler().step(endNs)) {
                throw new Violation(SCHEDULE, "waited in vain for " + what + ": " + world.progress());
            }
            observe();
        }
    }

    /** Looks for something that may happen, event by event. */
    boolean happens(final long withinMs, final BooleanSupplier condition) {
        final long endNs = world.scheduler().nowNs() + withinMs * MS;
        while (!condition.getAsBoolean() && world.scheduler().step(endNs)) {
            observe();
        }
        return condition.getAsBoolean();
    }

    /** Waits until everything that the client was given to write is acknowledged. */
    void awaitAcknowledged() {
        await("acknowledgements", world::isAllWritten);
    }

    /** Has the client write more. */
    void write(final int events) {
        world.clients().get(0).more(events);
    }

    /** Has the client write events, one after the other, each acknowledged before the next. */
    void writeOneByOne(final int events) {
        for (int i = 0; i < events; i++) {
            write(1);
            awaitAcknowledged();
        }
    }

    /** Fails unless something holds. */
    void require(final boolean holds, final String rule, final String what) {
        if (!holds) {
            throw new Violation(rule, what + ": " + world.progress());
        }
    }

    /** Returns the chain as the control plane has it. */
    ChainView chain() {
        final ChainView view = world.control().state().chainView(CHAIN);
        if (view == null) {
            throw new Violation(SCHEDULE, "no chain");
        }
        return view;
    }

    /** Waits until an epoch is in force everywhere. */
    void awaitEpoch(final long epoch) {
        await("epoch " + epoch, () -> chain().epoch() >= epoch && "NORMAL".equals(chain().phase()));
    }

    /** Returns the node at a place of the chain, 0 for the head. */
    SimNode member(final int index) {
        return world.nodeOf((int) chain().members().get(index).replica().node().getMostSignificantBits());
    }

    /** Returns the last member. */
    SimNode tail() {
        return member(chain().members().size() - 1);
    }

    /** Returns the chain as a node has it. */
    io.millrace.replication.ChainView view(final SimNode node) {
        final io.millrace.replication.ChainView view = node.view(CHAIN);
        if (view == null) {
            throw new Violation(SCHEDULE, "node " + node.place() + " is down");
        }
        return view;
    }

    /** Returns the last position that a node's device holds. */
    long durable(final SimNode node) {
        return node.disk().chain(CHAIN).lastPosition();
    }

    /** Returns the last committed position. */
    long committed() {
        return world.watch().truth(CHAIN).lastPosition();
    }

    /** Lets a device complete nothing until {@link #release}. */
    void stall(final SimNode node) {
        node.behaviour().hold();
    }

    /** Lets a device complete again what it was given. */
    void release(final SimNode node) {
        node.behaviour().heal();
    }

    /** Cuts a node's power; of the writes in flight nothing is left. */
    void cutPower(final SimNode node) {
        cutPower(node, DeviceBehaviour.Fate.LOST);
    }

    /** Cuts a node's power. */
    void cutPower(final SimNode node, final DeviceBehaviour.Fate fate) {
        node.behaviour().atPowerCut(fate);
        node.cutPower();
        node.behaviour().heal();
    }

    /** Starts a node and waits until the control plane knows of it. */
    void start(final SimNode node) {
        if (!node.start(Long.MAX_VALUE)) {
            throw new Violation(SCHEDULE, "node " + node.place() + " does not start");
        }
        observe();
        await("the registration of node " + node.place(), node::isRegistered);
    }

    /** Takes everything from the device of a node that is down, but its name. */
    void wipe(final SimNode node) {
        node.wipeDevice();
        laws.onWiped(node.place());
    }

    /** Gives a node that is down a new, empty device. */
    void replace(final SimNode node) {
        node.replaceDevice();
        laws.onReplaced(node.place());
    }

    /** Asks the control plane for something, as an operator's client does, and waits for the answer. */
    void administer(final Consumer<StreamManager> wish) {
        final SimClient operator = new SimClient(world, Wires.FIRST_CLIENT - 2);
        operator.block(conductor -> {
            wish.accept(conductor.requests());
            conductor.close();
        });
    }

    /** Starts one more client, which reads the stream that is there. */
    SimClient read() {
        final SimClient reader = new SimClient(world, Wires.FIRST_CLIENT - 3);
        reader.block(conductor -> reader.begin(conductor.requests().describe(World.STREAM), 0, true));
        return reader;
    }

    /** Gives the number of the last effect that a node has applied. */
    long effectNumber(final SimNode node) {
        final ChainState state = node.state(CHAIN);
        return state == null ? 0 : state.lastEffectNumber();
    }

    /** Reads the number of an effect that is ordered. */
    static long effectNumber(final Frame order) {
        return new EffectOrderDecoder()
                .wrapAndApplyHeader(new UnsafeBuffer(order.bytes()), 0, new MessageHeaderDecoder())
                .effectNumber();
    }

    /** Cuts off the beginning of the stream that the client writes, up to what it has read. */
    void truncateMost() {
        final StreamPosition position = StreamPosition.of(
                1, new long[] {0}, new long[] {world.clients().get(0).nextOffset(0)});
        administer(requests -> requests.truncate(World.STREAM, position));
    }

    /** Tells whether a node holds the record at a position no more. */
    boolean hasFreed(final SimNode node, final long position) {
        final DeviceAgent agent = node.agent();
        return agent != null && agent.journal().addressOf(CHAIN, position) < 0;
    }

    /** Says an order for a head again, addressed to the node that is the head now. */
    void sayAgain(final Frame order, final SimNode head) {
        final EffectOrderDecoder said = new EffectOrderDecoder()
                .wrapAndApplyHeader(new UnsafeBuffer(order.bytes()), 0, new MessageHeaderDecoder());
        final UnsafeBuffer effect = new UnsafeBuffer(order.bytes());
        final int at = said.limit() + EffectOrderDecoder.effectHeaderLength();
        final ExpandableArrayBuffer again = new ExpandableArrayBuffer(512);
        final int length = world.control()
                .state()
                .encodeEffectOrder(CHAIN, said.effectNumber(), effect, at, said.effectLength(), again);
        deliver(new Frame(Wires.CONTROL, head.place(), order.templateId(), ClusterRole.copy(again, 0, length)));
    }

    /** Flips a bit in the newest batch that holds a position, on the device of a node that is down. */
    void rot(final SimNode node, final long position) {
        final UnsafeBuffer bytes = new UnsafeBuffer(node.medium().bytes());
        int found = -1;
        long newest = 0;
        for (int at = 0; at + GRANULE <= bytes.capacity(); at += GRANULE) {
            if (bytes.getLong(at) == LogFormat.BATCH_MAGIC) {
                final BatchHeaderDecoder batch =
                        new BatchHeaderDecoder().wrap(bytes, at, BatchHeaderDecoder.BLOCK_LENGTH, 0);
                if (batch.batchSequence() > newest && holds(bytes, at, batch.recordCount(), position)) {
                    newest = batch.batchSequence();
                    found = at;
                }
            }
        }
        if (found < 0) {
            throw new Violation(SCHEDULE, "node " + node.place() + " has no batch with position " + position);
        }
        node.medium().rot(found + LogFormat.BATCH_HEADER_LENGTH + 20, 3);
        node.disk().exempt();
        final int address = found;
        world.note(() -> "node " + node.place() + ": a bit flips at " + address + ", position " + position);
    }

    private static boolean holds(final UnsafeBuffer bytes, final int batch, final int count, final long position) {
        int index = batch + LogFormat.BATCH_HEADER_LENGTH;
        for (int i = 0; i < count; i++) {
            final RecordHeaderDecoder record =
                    new RecordHeaderDecoder().wrap(bytes, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
            if (record.chain() == CHAIN && record.position() == position) {
                return true;
            }
            index += LogFormat.align(record.length());
        }
        return false;
    }

    /** Heals everything: all must be written, read and the same everywhere, and stay so over a power cut of all. */
    void finish() {
        nets.clear();
        for (final SimNode node : world.nodes()) {
            node.behaviour().heal();
        }
        world.heal();
        final long endNs = world.scheduler().nowNs() + HEALED_MS * MS;
        while (!world.isAllWritten() || !world.isAllRead()) {
            if (world.scheduler().nowNs() >= endNs) {
                throw new Violation("I20", "healed and still not done: " + world.progress());
            }
            pass(10);
        }
        world.end();
        observe();
    }
}
