package io.millrace.control;

import io.millrace.codec.WireFrames;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.wire.CommandDoneDecoder;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.codec.wire.StreamDescriptionDecoder;
import io.millrace.codec.wire.StreamListDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A service between a log, data chains and sessions that stand in for the real ones. Log and chains survive
 * {@link #crash}; what they hold is committed by hand.
 */
final class ServiceBed implements ControlLog, EffectSink, Reply<ServiceBed.Client>, SegmentLengths, ChainPlaces {
    static final int CHAINS = 2;

    final ControlLimits limits;
    final List<byte[]> log = new ArrayList<>();
    final TreeMap<Integer, List<StateBed.Effect>> chainLogs = new TreeMap<>();
    final TreeMap<Integer, Integer> chainCommits = new TreeMap<>();
    final TreeMap<Long, Long> lengths = new TreeMap<>();
    final List<StateBed.Effect> sent = new ArrayList<>();
    ControlService<Client> service;
    long nowNs = 5_000_000_000L;
    int logCommit;
    long logRefusal;
    boolean sinkIsFull;
    boolean effectsAreLost;
    int remoteChain;
    boolean linkIsFull;
    int questionCount;
    final List<Runnable> questions = new ArrayList<>();
    private long incarnation;

    /** A session: what it was told, and what is wrong with it. */
    static final class Client {
        final long id;
        final List<Answer> answers = new ArrayList<>();
        boolean isFull;
        boolean isGone;

        Client(final long id) {
            this.id = id;
        }

        Answer last() {
            return answers.get(answers.size() - 1);
        }
    }

    /** One message to a client; the code is that of the refusal, or the outcome. */
    record Answer(int templateId, long requestId, long streamId, int code, UnsafeBuffer frame) {
        StreamDescriptionDecoder description() {
            return new StreamDescriptionDecoder()
                    .wrapAndApplyHeader(frame, 0, new io.millrace.codec.wire.MessageHeaderDecoder());
        }

        String text() {
            return new RefusalDecoder()
                    .wrapAndApplyHeader(frame, 0, new io.millrace.codec.wire.MessageHeaderDecoder())
                    .text();
        }

        boolean isMore() {
            return list().more() != 0;
        }

        List<String> names() {
            final List<String> names = new ArrayList<>();
            for (final StreamListDecoder.StreamsDecoder stream : list().streams()) {
                names.add(stream.scopeName() + "/" + stream.streamName());
            }
            return names;
        }

        private StreamListDecoder list() {
            return new StreamListDecoder()
                    .wrapAndApplyHeader(frame, 0, new io.millrace.codec.wire.MessageHeaderDecoder());
        }
    }

    ServiceBed(final ControlLimits limits) {
        this.limits = limits;
        service = new ControlService<>(limits, this, this, this, this, this);
    }

    static ServiceBed started() {
        return started(ControlLimits.DEFAULT);
    }

    static ServiceBed started(final ControlLimits limits) {
        final ServiceBed bed = new ServiceBed(limits);
        bed.start();
        return bed;
    }

    boolean tryStart(final int chainCount) {
        return service.tryStartNode(StateBed.NODE, StateBed.DEVICE, incarnation + 1, chainCount, "localhost:1");
    }

    void start() {
        if (!tryStart(CHAINS)) {
            throw new AssertionError("start not taken");
        }
        incarnation++;
        commitLog();
    }

    boolean frame(final Client client, final RequestFrames.Frame frame) {
        return service.onFrame(
                client,
                0,
                client.id,
                frame.templateId(),
                frame.buffer(),
                0,
                frame.buffer().capacity());
    }

    void commitLog() {
        while (logCommit < log.size()) {
            apply(logCommit++);
        }
    }

    private void apply(final int index) {
        final byte[] command = log.get(index);
        // Behind a record header, as in the journal's buffer.
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64 + command.length]);
        buffer.putBytes(64, command);
        service.onCommitted(index + 1L, 1_000L + index, buffer, 64, command.length);
    }

    /** What is appended and not committed is cut off, as at a change of the chain epoch. */
    void loseAppended() {
        log.subList(logCommit, log.size()).clear();
    }

    /** The chains commit what they hold; the service hears of each effect once. */
    void commitEffects() {
        chainLogs.forEach((chain, effects) -> {
            while (committed(chain) < effects.size()) {
                final StateBed.Effect effect = effects.get(committed(chain));
                chainCommits.merge(chain, 1, Integer::sum);
                tellCommitted(effect);
            }
        });
    }

    int work() {
        return service.doWork(nowNs);
    }

    int work(final long afterNs) {
        nowNs += afterNs;
        return work();
    }

    /** Everything that can happen without time passing. */
    void settle() {
        for (int i = 0; i < 20; i++) {
            commitLog();
            work();
            commitEffects();
        }
    }

    /** The process ends. Appended records may have reached the media or not; committed ones have. */
    void crash(final boolean keepsAppended) {
        if (keepsAppended) {
            logCommit = log.size();
            chainLogs.forEach((chain, effects) -> chainCommits.put(chain, effects.size()));
        } else {
            log.subList(logCommit, log.size()).clear();
            chainLogs.forEach((chain, effects) ->
                    effects.subList(committed(chain), effects.size()).clear());
        }
        service = new ControlService<>(limits, this, this, this, this, this);
        sent.clear();
        for (int i = 0; i < logCommit; i++) {
            apply(i);
        }
    }

    int committed(final int chain) {
        return chainCommits.getOrDefault(chain, 0);
    }

    private void tellCommitted(final StateBed.Effect effect) {
        service.onEffectCommitted(
                effect.chain(),
                effect.number(),
                effect.action(),
                effect.streamId(),
                effect.segmentId(),
                lengths.getOrDefault(effect.segmentId(), 0L));
    }

    @Override
    public long tryAppend(final DirectBuffer command, final int length) {
        if (logRefusal != 0) {
            return logRefusal;
        }
        final byte[] bytes = new byte[length];
        command.getBytes(0, bytes);
        log.add(bytes);
        return log.size();
    }

    @Override
    public boolean trySend(
            final int chain,
            final long effectNumber,
            final DirectBuffer segmentEffect,
            final int offset,
            final int length) {
        if (sinkIsFull) {
            return false;
        }
        final SegmentEffectDecoder body =
                new SegmentEffectDecoder().wrapAndApplyHeader(segmentEffect, offset, new MessageHeaderDecoder());
        final StateBed.Effect effect = new StateBed.Effect(
                chain,
                effectNumber,
                body.action(),
                body.streamId(),
                body.segmentId(),
                body.keyLow(),
                body.keyHigh(),
                body.startOffset());
        sent.add(effect);
        final List<StateBed.Effect> effects = chainLogs.computeIfAbsent(chain, number -> new ArrayList<>());
        if (effectsAreLost) {
            return true;
        }
        if (effectNumber <= committed(chain)) {
            tellCommitted(effects.get((int) effectNumber - 1));
        } else if (effectNumber == effects.size() + 1) {
            effects.add(effect);
        }
        return true;
    }

    @Override
    public int tryReply(final Client session, final DirectBuffer buffer, final int offset, final int length) {
        if (session.isGone) {
            return Reply.GONE;
        }
        if (session.isFull) {
            return Reply.BACK_PRESSURED;
        }
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        session.answers.add(decode(new UnsafeBuffer(bytes)));
        return Reply.SENT;
    }

    private static Answer decode(final UnsafeBuffer frame) {
        final var header = new io.millrace.codec.wire.MessageHeaderDecoder();
        final int templateId = WireFrames.check(frame, 0, frame.capacity());
        switch (templateId) {
            case CommandDoneDecoder.TEMPLATE_ID -> {
                final var done = new CommandDoneDecoder().wrapAndApplyHeader(frame, 0, header);
                return new Answer(
                        templateId,
                        done.requestId(),
                        done.streamId(),
                        done.outcome().value(),
                        frame);
            }
            case RefusalDecoder.TEMPLATE_ID -> {
                final var refusal = new RefusalDecoder().wrapAndApplyHeader(frame, 0, header);
                return new Answer(
                        templateId,
                        refusal.correlationId(),
                        refusal.streamId(),
                        refusal.code().value(),
                        frame);
            }
            case StreamDescriptionDecoder.TEMPLATE_ID -> {
                final var description = new StreamDescriptionDecoder().wrapAndApplyHeader(frame, 0, header);
                return new Answer(templateId, description.requestId(), description.streamId(), 0, frame);
            }
            case StreamListDecoder.TEMPLATE_ID -> {
                final var list = new StreamListDecoder().wrapAndApplyHeader(frame, 0, header);
                return new Answer(templateId, list.requestId(), 0, 0, frame);
            }
            default -> throw new AssertionError("reply is " + templateId);
        }
    }

    @Override
    public boolean ask(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        questionCount++;
        if (linkIsFull) {
            return false;
        }
        if (chain == remoteChain) {
            questions.add(() -> answer(queryId, index, chain, streamId, segmentId));
        } else {
            answer(queryId, index, chain, streamId, segmentId);
        }
        return true;
    }

    /** The other device answers what it was asked. */
    void answerQuestions() {
        final List<Runnable> asked = List.copyOf(questions);
        questions.clear();
        asked.forEach(Runnable::run);
    }

    private void answer(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        long length = ABSENT;
        boolean isSealed = false;
        for (final StateBed.Effect effect : committedEffects(chain, streamId, segmentId)) {
            length = effect.action() == EffectAction.DELETE_SEGMENT ? ABSENT : lengths.getOrDefault(segmentId, 0L);
            isSealed |= effect.action() == EffectAction.SEAL_SEGMENT;
        }
        service.onSegmentLength(queryId, index, 10L + chain, length, 0, isSealed);
    }

    @Override
    public String head(final int chain) {
        return chain == remoteChain ? ":8471" : "";
    }

    @Override
    public String tail(final int chain) {
        return head(chain);
    }

    private List<StateBed.Effect> committedEffects(final int chain, final long streamId, final long segmentId) {
        return chainLogs.getOrDefault(chain, List.of()).subList(0, committed(chain)).stream()
                .filter(effect -> effect.streamId() == streamId && effect.segmentId() == segmentId)
                .toList();
    }
}
