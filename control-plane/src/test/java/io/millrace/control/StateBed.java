package io.millrace.control;

import io.millrace.codec.control.EffectAction;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** A control state with a log that notes everything it was told, and everything it told. */
final class StateBed implements Effects {
    static final ControlLimits SMALL = new ControlLimits(3, 4, 8, 20, 16, 4, 2, 4, 3, 4, 4096);
    static final UUID NODE = new UUID(1, 2);
    static final UUID DEVICE = new UUID(3, 4);

    final List<byte[]> commands = new ArrayList<>();
    final List<Effect> effects = new ArrayList<>();
    final List<Effect> pending = new ArrayList<>();
    final List<Answer> answers = new ArrayList<>();
    final List<Integer> results = new ArrayList<>();
    final ControlState state;
    private final CommandWriter writer = new CommandWriter();
    private final MetadataRequest request = new MetadataRequest();

    /** What {@link Effects#onEffect} was told. */
    record Effect(
            int chain,
            long number,
            EffectAction action,
            long streamId,
            long segmentId,
            long keyLow,
            long keyHigh,
            long startOffset) {}

    /** What {@link Effects#onAnswer} was told. */
    record Answer(long clientId, long requestId, int result, long streamId, long detail) {}

    StateBed(final ControlLimits limits) {
        state = new ControlState(limits);
    }

    /** With a node started and this many chains. */
    static StateBed started(final ControlLimits limits, final int chainCount) {
        final StateBed bed = new StateBed(limits);
        if (bed.startNode(1, chainCount) != ControlStatus.DONE) {
            throw new AssertionError("not started");
        }
        return bed;
    }

    int startNode(final long incarnation, final int chainCount) {
        return startNode(NODE, DEVICE, incarnation, chainCount);
    }

    int startNode(final UUID node, final UUID device, final long incarnation, final int chainCount) {
        return apply(writer.nodeStarted(node, device, incarnation, chainCount, "localhost:1"));
    }

    /** Applies the command a frame of a client leads to. */
    int request(final long clientId, final RequestFrames.Frame frame) {
        return apply(encode(clientId, frame));
    }

    int encode(final long clientId, final RequestFrames.Frame frame) {
        request.read(frame.templateId(), frame.buffer(), 0);
        return writer.command(new RequestKey(0, clientId, request.requestId()), request);
    }

    int done(final Effect effect) {
        return done(effect, 0);
    }

    int done(final Effect effect, final long finalLength) {
        return apply(writer.effectDone(
                effect.chain(), effect.number(), effect.action(), effect.streamId(), effect.segmentId(), finalLength));
    }

    /** Completes every pending effect in order. */
    void allDone() {
        for (final Effect effect : List.copyOf(pending)) {
            if (done(effect) != ControlStatus.DONE) {
                throw new AssertionError(effect);
            }
        }
    }

    private int apply(final int length) {
        final byte[] bytes = new byte[length];
        writer.buffer().getBytes(0, bytes);
        return apply(bytes);
    }

    int apply(final byte[] bytes) {
        commands.add(bytes);
        return apply(new UnsafeBuffer(bytes), 0, bytes.length);
    }

    int apply(final DirectBuffer buffer, final int offset, final int length) {
        final int result = state.apply(buffer, offset, length, 1_000, this);
        results.add(result);
        return result;
    }

    Answer lastAnswer() {
        return answers.get(answers.size() - 1);
    }

    @Override
    public void onEffect(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long keyLow,
            final long keyHigh,
            final long startOffset) {
        final Effect effect =
                new Effect(chain, effectNumber, action, streamId, segmentId, keyLow, keyHigh, startOffset);
        effects.add(effect);
        pending.add(effect);
    }

    @Override
    public void onEffectDone(final int chain, final long effectNumber) {
        if (!pending.removeIf(effect -> effect.chain() == chain && effect.number() == effectNumber)) {
            throw new AssertionError("effect " + effectNumber + " of chain " + chain + " was not pending");
        }
    }

    @Override
    public void onAnswer(
            final long clientIdHigh,
            final long clientIdLow,
            final long requestId,
            final long commandHash,
            final int result,
            final long streamId,
            final long detail) {
        answers.add(new Answer(clientIdLow, requestId, result, streamId, detail));
    }
}
