package io.millrace.simulation;

import io.millrace.codec.wire.AppendAckDecoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.ReadDataDecoder;
import io.millrace.codec.wire.ReadStartedDecoder;
import io.millrace.codec.wire.ReadSubscribeDecoder;
import io.millrace.codec.wire.WriterReadyDecoder;
import io.millrace.store.ChainState;
import io.millrace.store.WriterTable;
import java.util.HashMap;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The checkers that watch while the world runs, from outside: what nodes say on their wires, and what they hold
 * committed, against what lies on the disks.
 *
 * <p><b>Threading</b>: the simulation's thread.
 *
 * <p><b>Invariants</b> checked here: I1, I2, I3, I8, I9, I10, I19, I21 and P2 (as far as a reply shows it).
 */
final class Watch {
    private final World world;
    private final Truth[] truths;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final Map<SubscriptionKey, Truth.SegmentKey> subscriptions = new HashMap<>();
    private final Map<Truth.SegmentKey, Integer> chainsOfSegments = new HashMap<>();
    private final Map<Integer, long[]> seenCommits = new HashMap<>();
    private long acknowledgementCount;

    private record SubscriptionKey(SimSession session, long id) {}

    /** Watches a world with so many data chains. */
    Watch(final World world, final int chainCount) {
        this.world = world;
        truths = new Truth[chainCount + 1];
        for (int i = 0; i <= chainCount; i++) {
            truths[i] = new Truth(i);
        }
    }

    /** Returns what a chain has committed. */
    Truth truth(final int chain) {
        return truths[chain];
    }

    /** Returns the chains, chain 0 included. */
    int chainCount() {
        return truths.length;
    }

    /** Returns the acknowledgements sent. */
    long acknowledgementCount() {
        return acknowledgementCount;
    }

    /** Finds the committed bytes of a segment. */
    Truth.@Nullable SegmentBytes segment(final long streamId, final long segmentId) {
        for (final Truth truth : truths) {
            final Truth.SegmentBytes bytes = truth.segment(streamId, segmentId);
            if (bytes != null) {
                return bytes;
            }
        }
        return null;
    }

    /** A node that starts may know less of the commit than before, never anything else. */
    void onStarted(final SimNode node) {
        seenCommits.put(node.place(), new long[truths.length]);
        observe(node);
        for (int chain = 0; chain < truths.length; chain++) {
            final ChainState state = node.state(chain);
            if (state == null) {
                continue;
            }
            final Truth truth = truths[chain];
            if (state.lastPosition() < truth.lastPosition() && world.mustRecoverAll()) {
                throw new Violation(
                        "I10",
                        "node " + node.place() + " recovered chain " + chain + " up to " + state.lastPosition()
                                + ", but " + truth.lastPosition() + " was committed");
            }
        }
    }

    /** Looks at what a node has committed. */
    void observe(final SimNode node) {
        final long[] seen = seenCommits.computeIfAbsent(node.place(), place -> new long[truths.length]);
        for (int chain = 0; chain < truths.length; chain++) {
            final ChainState state = node.state(chain);
            if (state != null && state.lastPosition() > seen[chain]) {
                onCommit(node, chain, seen[chain], state.lastPosition(), state.lastHash());
                seen[chain] = state.lastPosition();
            }
        }
    }

    private void onCommit(
            final SimNode node, final int chain, final long before, final long position, final long lastHash) {
        final Truth truth = truths[chain];
        final DiskWatch.ChainLog log = node.disk().chain(chain);
        for (long next = truth.lastPosition() + 1; next <= position; next++) {
            final LogRecord record = log.at(next);
            if (record == null) {
                throw new Violation(
                        "I1",
                        "node " + node.place() + " commits " + chain + ":" + next + ", but its device holds only "
                                + log.lastPosition());
            }
            world.requireDurable(node, record);
            truth.add(record);
            world.trace().add(record.hash);
        }
        if (truth.at(position).hash != lastHash) {
            throw new Violation(
                    "I2",
                    "node " + node.place() + " has committed another record at " + chain + ":" + position + " (after "
                            + before + ") than " + truth.at(position));
        }
    }

    /** Takes note of what a client asks for. */
    void onClientFrame(final SimSession session, final int templateId, final DirectBuffer frame) {
        if (templateId == ReadSubscribeDecoder.TEMPLATE_ID) {
            final ReadSubscribeDecoder subscribe = new ReadSubscribeDecoder().wrapAndApplyHeader(frame, 0, header);
            final Truth.SegmentKey key = new Truth.SegmentKey(subscribe.streamId(), subscribe.segmentId());
            subscriptions.put(new SubscriptionKey(session, subscribe.subscriptionId()), key);
            chainsOfSegments.put(key, subscribe.chain());
        }
    }

    /** Checks what a node says to a client. */
    void onNodeFrame(final SimNode node, final SimSession session, final byte[] bytes) {
        final UnsafeBuffer frame = new UnsafeBuffer(bytes);
        header.wrap(frame, 0);
        switch (header.templateId()) {
            case AppendAckDecoder.TEMPLATE_ID ->
                onAck(node, new AppendAckDecoder().wrapAndApplyHeader(frame, 0, header));
            case WriterReadyDecoder.TEMPLATE_ID ->
                onReady(node, new WriterReadyDecoder().wrapAndApplyHeader(frame, 0, header));
            case ReadStartedDecoder.TEMPLATE_ID ->
                onReadStarted(node, session, new ReadStartedDecoder().wrapAndApplyHeader(frame, 0, header));
            case ReadDataDecoder.TEMPLATE_ID ->
                onReadData(node, session, new ReadDataDecoder().wrapAndApplyHeader(frame, 0, header));
            default -> {
                // nothing that depends on state
            }
        }
    }

    private void onAck(final SimNode node, final AppendAckDecoder ack) {
        final Truth.WriterKey writer =
                new Truth.WriterKey(ack.writerIdHigh(), ack.writerIdLow(), ack.streamId(), ack.segmentId());
        final long committed = truths[ack.chain()].lastNumber(writer);
        if (ack.durability() == Durability.MEDIA && ack.lastEventNumber() > committed) {
            throw new Violation(
                    "I1",
                    "node " + node.place() + " acknowledges event " + ack.lastEventNumber() + " of " + writer
                            + ", but only " + committed + " is committed");
        }
        acknowledgementCount++;
        world.trace().add(ack.lastEventNumber());
    }

    private void onReady(final SimNode node, final WriterReadyDecoder ready) {
        final Truth.WriterKey writer =
                new Truth.WriterKey(ready.writerIdHigh(), ready.writerIdLow(), ready.streamId(), ready.segmentId());
        final long committed = truths[ready.chain()].lastNumber(writer);
        if (ready.lastEventNumber() > committed) {
            throw new Violation(
                    "P2",
                    "node " + node.place() + " tells " + writer + " that its last event is " + ready.lastEventNumber()
                            + ", but only " + committed + " is committed");
        }
    }

    private void onReadStarted(final SimNode node, final SimSession session, final ReadStartedDecoder started) {
        final Truth.SegmentKey key = subscriptions.get(new SubscriptionKey(session, started.subscriptionId()));
        final int length = key == null ? 0 : lengthOf(key);
        if (key != null && started.committedLength() > length) {
            throw new Violation(
                    "I19",
                    "node " + node.place() + " says that " + key + " is " + started.committedLength()
                            + " bytes long, but " + length + " are committed");
        }
    }

    private int lengthOf(final Truth.SegmentKey key) {
        final Truth.SegmentBytes bytes = segment(key.streamId(), key.segmentId());
        return bytes == null ? 0 : bytes.length();
    }

    private void onReadData(final SimNode node, final SimSession session, final ReadDataDecoder data) {
        final Truth.SegmentKey key = subscriptions.get(new SubscriptionKey(session, data.subscriptionId()));
        if (key == null) {
            throw new Violation("wire", "node " + node.place() + " sends data nobody asked for");
        }
        final Truth.SegmentBytes bytes = segment(key.streamId(), key.segmentId());
        final long offset = data.segmentOffset();
        final int length = data.bytesLength();
        final int committed = bytes == null ? 0 : bytes.length();
        if (bytes == null || offset + length > committed) {
            throw new Violation(
                    "I19",
                    "node " + node.place() + " shows " + key + " up to " + (offset + length) + ", but " + committed
                            + " bytes are committed");
        }
        final int from = data.limit() + ReadDataDecoder.bytesHeaderLength();
        for (int i = 0; i < length; i++) {
            if (data.buffer().getByte(from + i) != bytes.buffer().getByte((int) offset + i)) {
                throw new Violation(
                        "I2", "node " + node.place() + " shows other bytes of " + key + " at " + (offset + i));
            }
        }
    }

    /** Compares a node's state with the fold of the committed log, and with other replicas' (I9). */
    void compareStates(final SimNode node) {
        for (int chain = 0; chain < truths.length; chain++) {
            final ChainState state = node.state(chain);
            if (state == null || state.lastPosition() == 0) {
                continue;
            }
            final Truth truth = truths[chain];
            final String who = "node " + node.place();
            truth.onStateHash(who, state.lastPosition(), state.stateHash());
            if (state.lastPosition() == truth.lastPosition()) {
                compareWriters(who, state, truth);
            }
        }
    }

    private static void compareWriters(final String who, final ChainState state, final Truth truth) {
        final WriterTable writers = state.writers();
        truth.lastNumbers().forEach((writer, number) -> {
            final int slot = writers.find(writer.idHigh(), writer.idLow(), writer.streamId(), writer.segmentId());
            final long held = slot < 0 ? -1 : writers.lastEventNumber(slot);
            if (held != number) {
                throw new Violation(
                        "I9", who + " holds " + held + " as last event of " + writer + ", the log says " + number);
            }
        });
    }
}
