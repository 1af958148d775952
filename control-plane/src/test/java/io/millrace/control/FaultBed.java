package io.millrace.control;

import io.millrace.codec.ControlFrames;
import io.millrace.codec.WireFrames;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.wire.CommandDoneDecoder;
import io.millrace.codec.wire.CommandOutcome;
import io.millrace.codec.wire.RefusalDecoder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A node around the control service: chain 0 and data chains that commit when told, sessions, faults, crashes. What is
 * committed survives a crash, everything else may not.
 */
final class FaultBed implements ControlLog, EffectSink, Reply<FaultBed.Client>, SegmentLengths {
    final List<byte[]> committedCommands = new ArrayList<>();
    final Deque<byte[]> appendedCommands = new ArrayDeque<>();
    final List<DataChain> chains = new ArrayList<>();
    private final ControlLimits limits;
    private final int chainCount;
    ControlService<Client> service;
    long nowNs = -5_000_000_000L;
    long logStatus;
    boolean isSinkPressed;
    boolean isEffectLost;
    boolean isNewsLost;
    int effectSendCount;
    private long incarnation;
    private byte @Nullable [] snapshot;
    private long snapshotPosition;

    /** A session with its inbox. */
    static final class Client {
        final long id;
        final List<Message> inbox = new ArrayList<>();
        boolean isStuck;
        boolean isGone;

        Client(final long id) {
            this.id = id;
        }

        Message last() {
            return inbox.get(inbox.size() - 1);
        }
    }

    /** A reply: of a command the outcome or the negated refusal; of others the bytes tell. */
    record Message(
            int templateId, long requestId, int result, long streamId, long detail, String text, UnsafeBuffer buffer) {}

    /** A data chain as its head behaves, see {@link EffectSink}. */
    static final class DataChain {
        final List<byte[]> committed = new ArrayList<>();
        final Deque<byte[]> appended = new ArrayDeque<>();
        final TreeMap<String, EffectAction> segments = new TreeMap<>();
    }

    FaultBed(final ControlLimits limits, final int chainCount) {
        this.limits = limits;
        this.chainCount = chainCount;
        for (int i = 0; i < chainCount; i++) {
            chains.add(new DataChain());
        }
        service = new ControlService<>(limits, this, this, this, this, ChainPlaces.HERE);
    }

    /** With its start committed. */
    static FaultBed started(final ControlLimits limits, final int chainCount) {
        final FaultBed bed = new FaultBed(limits, chainCount);
        bed.start();
        return bed;
    }

    private void start() {
        incarnation++;
        if (!service.tryStartNode(StateBed.NODE, StateBed.DEVICE, incarnation, chainCount, "localhost:1")) {
            throw new AssertionError("start is pressed back");
        }
        commitCommands();
        if (!service.isReady()) {
            throw new AssertionError("start " + service.startResult());
        }
    }

    /** Ends the process and starts it anew; what was appended is lost or was just made durable. */
    void crash(final boolean isAppendedLost) {
        if (!isAppendedLost) {
            committedCommands.addAll(appendedCommands);
            chains.forEach(chain -> {
                for (final byte[] effect : chain.appended) {
                    commit(chain, effect);
                }
            });
        }
        appendedCommands.clear();
        chains.forEach(chain -> chain.appended.clear());
        recover();
    }

    /** Takes a snapshot, which the next starts begin from. */
    void checkpoint() {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        snapshot = new byte[service.encode(buffer, 5)];
        buffer.getBytes(5, snapshot);
        snapshotPosition = committedCommands.size();
    }

    /**
     * Starts a node of its own over a copy of what is committed here.
     *
     * @param isSnapshotUsed false: all commands are replayed.
     */
    FaultBed startCopy(final boolean isSnapshotUsed) {
        final FaultBed copy = new FaultBed(limits, chainCount);
        copy.nowNs = nowNs;
        copy.incarnation = incarnation;
        copy.committedCommands.addAll(committedCommands);
        for (int i = 0; i < chainCount; i++) {
            copy.chains.get(i).committed.addAll(chains.get(i).committed);
            copy.chains.get(i).segments.putAll(chains.get(i).segments);
        }
        if (isSnapshotUsed) {
            copy.snapshot = snapshot;
            copy.snapshotPosition = snapshotPosition;
        }
        copy.recover();
        return copy;
    }

    private void recover() {
        service = new ControlService<>(limits, this, this, this, this, ChainPlaces.HERE);
        long position = 0;
        if (snapshot != null) {
            position = service.restore(new UnsafeBuffer(snapshot), 0, snapshot.length);
            if (position != snapshotPosition) {
                throw new AssertionError("restored " + position + " of " + snapshotPosition);
            }
        }
        for (final byte[] command : committedCommands.subList((int) position, committedCommands.size())) {
            service.onCommitted(++position, position, new UnsafeBuffer(command), 0, command.length);
        }
        start();
    }

    boolean deliver(final Client client, final RequestFrames.Frame frame) {
        return service.onFrame(
                client,
                0,
                client.id,
                frame.templateId(),
                frame.buffer(),
                0,
                frame.buffer().capacity());
    }

    /** Delivers a frame and lets everything that follows happen. */
    Message ask(final Client client, final RequestFrames.Frame frame) {
        final int before = client.inbox.size();
        if (!deliver(client, frame)) {
            throw new AssertionError("pressed back");
        }
        settle();
        if (client.inbox.size() != before + 1) {
            throw new AssertionError("answers: " + client.inbox.subList(before, client.inbox.size()));
        }
        return client.last();
    }

    int work() {
        return service.doWork(nowNs);
    }

    void settle() {
        int idle = 0;
        while (idle < 3) {
            final int work = work() + commitCommands() + commitEffects();
            idle = work == 0 ? idle + 1 : 0;
        }
    }

    int commitCommands() {
        int count = 0;
        while (commitCommand()) {
            count++;
        }
        return count;
    }

    boolean commitCommand() {
        final byte[] command = appendedCommands.poll();
        if (command == null) {
            return false;
        }
        committedCommands.add(command);
        final int position = committedCommands.size();
        service.onCommitted(position, position, new UnsafeBuffer(command), 0, command.length);
        return true;
    }

    int commitEffects() {
        int count = 0;
        for (int chain = 1; chain <= chainCount; chain++) {
            while (commitEffect(chain)) {
                count++;
            }
        }
        return count;
    }

    boolean commitEffect(final int chain) {
        final DataChain dataChain = chains.get(chain - 1);
        final byte[] effect = dataChain.appended.poll();
        if (effect == null) {
            return false;
        }
        commit(dataChain, effect);
        tell(chain, dataChain.committed.size());
        return true;
    }

    private static void commit(final DataChain chain, final byte[] effect) {
        chain.committed.add(effect);
        final SegmentEffectDecoder decoder = decode(effect);
        if (decoder.action() == EffectAction.TRUNCATE_SEGMENT) {
            return;
        }
        final EffectAction before =
                chain.segments.put(decoder.streamId() + "/" + decoder.segmentId(), decoder.action());
        if (before != expectedBefore(decoder.action())) {
            throw new AssertionError(decoder + " after " + before);
        }
    }

    private static @Nullable EffectAction expectedBefore(final EffectAction action) {
        return switch (action) {
            case SEAL_SEGMENT -> EffectAction.CREATE_SEGMENT;
            case DELETE_SEGMENT -> EffectAction.SEAL_SEGMENT;
            default -> null;
        };
    }

    private static SegmentEffectDecoder decode(final byte[] effect) {
        final UnsafeBuffer buffer = new UnsafeBuffer(effect);
        if (ControlFrames.check(buffer, 0, effect.length) != SegmentEffectDecoder.TEMPLATE_ID) {
            throw new AssertionError("no effect");
        }
        return new SegmentEffectDecoder().wrapAndApplyHeader(buffer, 0, new MessageHeaderDecoder());
    }

    private void tell(final int chain, final long number) {
        if (!isNewsLost) {
            final SegmentEffectDecoder decoder =
                    decode(chains.get(chain - 1).committed.get((int) number - 1));
            service.onEffectCommitted(
                    chain, number, decoder.action(), decoder.streamId(), decoder.segmentId(), 100 * decoder.streamId());
        }
    }

    @Override
    public long tryAppend(final DirectBuffer command, final int length) {
        if (logStatus < 0) {
            return logStatus;
        }
        final byte[] bytes = new byte[length];
        command.getBytes(0, bytes);
        appendedCommands.add(bytes);
        return (long) committedCommands.size() + appendedCommands.size();
    }

    @Override
    public boolean trySend(
            final int chain,
            final long effectNumber,
            final DirectBuffer segmentEffect,
            final int offset,
            final int length) {
        if (isSinkPressed) {
            return false;
        }
        effectSendCount++;
        final DataChain dataChain = chains.get(chain - 1);
        if (effectNumber <= dataChain.committed.size()) {
            tell(chain, effectNumber);
        } else if (!isEffectLost && effectNumber == dataChain.committed.size() + dataChain.appended.size() + 1) {
            final byte[] bytes = new byte[length];
            segmentEffect.getBytes(offset, bytes);
            dataChain.appended.add(bytes);
        }
        return true;
    }

    @Override
    public int tryReply(final Client session, final DirectBuffer buffer, final int offset, final int length) {
        if (session.isGone) {
            return GONE;
        }
        if (session.isStuck) {
            return Reply.BACK_PRESSURED;
        }
        session.inbox.add(message(buffer, offset, length));
        return SENT;
    }

    private Message message(final DirectBuffer buffer, final int offset, final int length) {
        if (length > limits.maxReplyLength()) {
            throw new AssertionError("reply of " + length);
        }
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        final UnsafeBuffer copy = new UnsafeBuffer(bytes);
        final int templateId = WireFrames.check(copy, 0, length);
        final io.millrace.codec.wire.MessageHeaderDecoder header = new io.millrace.codec.wire.MessageHeaderDecoder();
        switch (templateId) {
            case CommandDoneDecoder.TEMPLATE_ID -> {
                final CommandDoneDecoder done = new CommandDoneDecoder().wrapAndApplyHeader(copy, 0, header);
                final int result = done.outcome() == CommandOutcome.DONE ? ControlStatus.DONE : ControlStatus.ALREADY;
                return new Message(templateId, done.requestId(), result, done.streamId(), 0, "", copy);
            }
            case RefusalDecoder.TEMPLATE_ID -> {
                final RefusalDecoder refusal = new RefusalDecoder().wrapAndApplyHeader(copy, 0, header);
                final int code = -refusal.codeRaw();
                final long detail = refusal.detail();
                return new Message(
                        templateId, refusal.correlationId(), code, refusal.streamId(), detail, refusal.text(), copy);
            }
            default -> {
                if (templateId < 0) {
                    throw new AssertionError("malformed reply " + templateId);
                }
                return new Message(templateId, 0, 0, 0, 0, "", copy);
            }
        }
    }

    @Override
    public boolean ask(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        final EffectAction last = chains.get(chain - 1).segments.get(streamId + "/" + segmentId);
        final boolean isAbsent = last == null || last == EffectAction.DELETE_SEGMENT;
        service.onSegmentLength(
                queryId, index, 10L + chain, isAbsent ? ABSENT : 100 * streamId, 0, last == EffectAction.SEAL_SEGMENT);
        return true;
    }
}
