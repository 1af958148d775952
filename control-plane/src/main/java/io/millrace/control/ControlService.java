package io.millrace.control;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.KeyHash;
import io.millrace.codec.MillraceException;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.NodeStartedDecoder;
import io.millrace.codec.wire.CreateScopeDecoder;
import io.millrace.codec.wire.DescribeClusterDecoder;
import io.millrace.codec.wire.DescribeStreamDecoder;
import io.millrace.codec.wire.ListStreamsDecoder;
import io.millrace.codec.wire.OperateClusterDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.StreamState;
import io.millrace.codec.wire.TruncateStreamDecoder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The node's side of the control plane: takes metadata frames from sessions, puts commands on chain 0, applies what is
 * committed, has the effects carried out, and answers.
 *
 * <p><b>Threading:</b> the device thread that carries chain 0.
 *
 * <p><b>Invariants:</b> what a client is told follows from committed state only (P2): a command is answered when it and
 * all its effects are committed. At most {@link ControlLimits#maxWaitingRequests()} requests are held. Nothing but the
 * state decides what happens: a crash loses answers, which a repeated request gets again, and nothing else.
 *
 * @param <S> the carrier's session, see {@link Reply}.
 */
public final class ControlService<S> {
    private static final int MAX_ANSWERS_PER_CYCLE = 64;
    private static final long ANSWER_RETRY_NS = 1_000_000;

    /** A command that is not committed is appended again after this time; a repeat does no harm. */
    private static final long COMMAND_REPEAT_NS = 1_000_000_000;

    /** How long a request waits while a device of this node is fenced. */
    private static final long FENCED_WAIT_NS = 2_000_000_000;

    private final ControlLimits limits;
    private final ControlLog log;
    private final Reply<S> reply;
    private final ChainPlaces places;
    private final SegmentQueries<S> queries;
    private final ControlState state;
    private final CommandWriter commandWriter = new CommandWriter();
    private final ReplyWriter replyWriter;
    private final EffectDispatch dispatch;
    private final MetadataRequest request = new MetadataRequest();
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final NodeStartedDecoder nodeStarted = new NodeStartedDecoder();
    private final TreeMap<RequestKey, WaitingRequest<S>> waiting = new TreeMap<>();
    private final ArrayDeque<WaitingRequest<S>> unsentAnswers = new ArrayDeque<>();
    private final Effects onEffects = new EffectsOfCommand();
    private final UnsafeBuffer repeated = new UnsafeBuffer(0, 0);
    private @Nullable UUID startingNode;
    private long startingIncarnation;
    private int startResult = ControlStatus.OPEN;
    private NodeMessages nodeMessages = NodeMessages.NONE;
    private long lastPosition;
    private boolean answersDelayed;
    private boolean isOtherFenced;
    private boolean isLeading;
    private long leaderTerm;
    private int leaderMember;
    private long nextAnswersNs;
    private long nowNs;
    private long nextRepeatNs;

    /**
     * Wires the service.
     *
     * @param limits of the state and of the service.
     * @param log chain 0.
     * @param effectSink the heads of the data chains.
     * @param reply the sessions.
     * @param segmentLengths the committed state of the data chains.
     * @param places where clients reach the chains.
     */
    public ControlService(
            final ControlLimits limits,
            final ControlLog log,
            final EffectSink effectSink,
            final Reply<S> reply,
            final SegmentLengths segmentLengths,
            final ChainPlaces places) {
        this(limits, ReconfigurationLimits.DEFAULT, ControlRules.ALL, log, effectSink, reply, segmentLengths, places);
    }

    /**
     * Wires the service of a cluster.
     *
     * @param limits of the state and of the service.
     * @param reconfigurationLimits of the state.
     * @param rules {@link ControlRules#ALL}, but in tests.
     * @param log of commands.
     * @param effectSink the heads of the data chains.
     * @param reply the sessions.
     * @param segmentLengths the committed state of the data chains.
     * @param places where clients reach the chains.
     */
    public ControlService(
            final ControlLimits limits,
            final ReconfigurationLimits reconfigurationLimits,
            final ControlRules rules,
            final ControlLog log,
            final EffectSink effectSink,
            final Reply<S> reply,
            final SegmentLengths segmentLengths,
            final ChainPlaces places) {
        this.limits = limits;
        this.log = log;
        this.reply = reply;
        this.places = places;
        queries = new SegmentQueries<>(segmentLengths, new OwnerOfQueries());
        state = new ControlState(limits, reconfigurationLimits, rules);
        replyWriter = new ReplyWriter(limits.maxReplyLength());
        dispatch = new EffectDispatch(log, effectSink, commandWriter);
    }

    /**
     * Sets who carries messages to the nodes of a cluster: who leads the control plane, and nobody else.
     *
     * @param carrier of messages, {@link NodeMessages#NONE}: they are dropped.
     */
    public void nodeMessages(final NodeMessages carrier) {
        nodeMessages = carrier;
    }

    /**
     * Begins to lead a group of members that apply the same commands: requests are taken, nodes are spoken to.
     *
     * @param term of the leadership.
     * @param member index of this one.
     */
    public void lead(final long term, final int member) {
        isLeading = true;
        leaderTerm = term;
        leaderMember = member;
    }

    /** Leads no more: who waits is forgotten, the next leader answers a repeated request. */
    public void follow() {
        isLeading = false;
        waiting.clear();
        unsentAnswers.clear();
        queries.removeIf(query -> true);
    }

    /**
     * Takes over the state of a node that was alone, as the next command of a group's log.
     *
     * @param buffer with what {@link #encode} of that node wrote.
     * @param offset of its first byte.
     * @param length in bytes.
     * @return false when the group has streams or chains of its own, or the state is not that of a node alone.
     * @throws MillraceException when it cannot be read; nothing has changed.
     */
    public boolean takeOver(final DirectBuffer buffer, final int offset, final int length) {
        final SnapshotReader reader = new SnapshotReader(limits, state.newCluster(), buffer, offset, length);
        reader.readPosition();
        final boolean isTaken = state.takeOver(reader, onEffects);
        if (isTaken) {
            lastPosition++;
            state.forEachPendingEffect(onEffects);
        }
        return isTaken;
    }

    /**
     * Tells whether a frame is for the control plane.
     *
     * @param templateId of {@code millrace-wire.xml}.
     * @return true for the requests CreateScope (10) to OperateCluster (19), and for DescribeCluster (23).
     */
    public static boolean handles(final int templateId) {
        return (templateId >= CreateScopeDecoder.TEMPLATE_ID && templateId <= OperateClusterDecoder.TEMPLATE_ID)
                || templateId == DescribeClusterDecoder.TEMPLATE_ID;
    }

    /**
     * Takes a metadata frame that {@code WireFrames} has found well-formed.
     *
     * @param session who asks.
     * @param clientIdHigh upper half of the session's client id.
     * @param clientIdLow lower half.
     * @param templateId one that {@link #handles}.
     * @param buffer with the frame.
     * @param offset of its SBE header.
     * @param length bytes with the header.
     * @return true when consumed, false to have it delivered again (back-pressure of chain 0 or of the session).
     */
    public boolean onFrame(
            final S session,
            final long clientIdHigh,
            final long clientIdLow,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        request.read(templateId, buffer, offset);
        final RefusalCode refusal = check();
        if (refusal != null) {
            final String subject = refusal == RefusalCode.LIMIT_REACHED
                    ? request.subject() + ", header of " + request.header().length + " bytes"
                    : request.subject();
            return answerNow(session, -refusal.value(), 0, RequestCheck.limitOf(request, refusal, limits), subject);
        }
        if (templateId == DescribeStreamDecoder.TEMPLATE_ID) {
            return describe(session);
        }
        if (templateId == ListStreamsDecoder.TEMPLATE_ID) {
            return list(session);
        }
        if (templateId == DescribeClusterDecoder.TEMPLATE_ID) {
            return describeCluster(session);
        }
        return command(session, new RequestKey(clientIdHigh, clientIdLow, request.requestId()));
    }

    /**
     * Forgets a session that was closed: nothing is sent to it any more. Its commands go on.
     *
     * @param session the closed one.
     */
    public void onSessionClosed(final S session) {
        waiting.values().removeIf(held -> held.session == session);
        unsentAnswers.removeIf(held -> held.session == session);
        queries.removeIf(query -> {
            final RequestKey key = query.command();
            return key == null ? query.session() == session : !waiting.containsKey(key);
        });
    }

    /**
     * Puts NodeStarted on chain 0. To be called after recovery, until it returns true; metadata commands are refused
     * with NOT_READY until it is committed, see {@link #isReady}.
     *
     * @param nodeId of the node.
     * @param device UUID of its device.
     * @param incarnation of this start, above all earlier ones of the node.
     * @param chainCount data chains 1 to chainCount; the first start fixes it.
     * @param endpoint host:port where clients reach the node.
     * @return true when appended, false under back-pressure.
     * @throws MillraceException when the journal takes no command, or the committed state holds another chain count.
     */
    public boolean tryStartNode(
            final UUID nodeId, final UUID device, final long incarnation, final int chainCount, final String endpoint) {
        if (state.chainCount() != 0 && state.chainCount() != chainCount) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "the number of chains is " + chainCount + ", but it was fixed at " + state.chainCount()
                            + " when the device was first used");
        }
        if (startingNode != null) {
            return true;
        }
        final int length = commandWriter.nodeStarted(nodeId, device, incarnation, chainCount, endpoint);
        final long position = log.tryAppend(commandWriter.buffer(), length);
        if (position == ControlLog.BACK_PRESSURED) {
            return false;
        }
        if (position < 0) {
            final ErrorCode code = ErrorCode.of(ControlLog.refusalOf(position));
            throw new MillraceException(code, code.summary() + ": the node's start cannot be recorded");
        }
        startingNode = nodeId;
        startingIncarnation = incarnation;
        return true;
    }

    /**
     * Applies the next committed command of chain 0, at recovery as in service. Sends nothing but answers; effects go
     * out with {@link #doWork}.
     *
     * @param position in chain 0, ascending; positions of other records are left out.
     * @param timestampNs of the record, nanoseconds since 1970.
     * @param buffer with the body of the CONTROL_COMMAND record.
     * @param offset of its SBE header.
     * @param length bytes with the header.
     * @throws IllegalStateException when the body is no command this version knows.
     */
    public void onCommitted(
            final long position,
            final long timestampNs,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        if (position <= lastPosition) {
            throw new IllegalStateException("position " + position + " of chain 0 after " + lastPosition);
        }
        lastPosition = position;
        final int result = state.apply(buffer, offset, length, timestampNs, onEffects);
        if (startingNode != null
                && !ChainFrames.isChainMessage(buffer, offset, length)
                && messageHeader.wrap(buffer, offset).templateId() == NodeStartedDecoder.TEMPLATE_ID
                && isOwnStart(buffer, offset)) {
            startResult = result;
        }
    }

    /**
     * Writes a snapshot of the committed state and of {@link #appliedPosition}. Nothing else has to survive: who waits
     * is gone after a crash, and what is being sent follows from the state.
     *
     * @param buffer to write to; one that expands, or with room for all of it.
     * @param offset of the first byte.
     * @return bytes written.
     * @throws IndexOutOfBoundsException when the buffer does not expand and is too small.
     */
    public int encode(final MutableDirectBuffer buffer, final int offset) {
        final SnapshotWriter writer = new SnapshotWriter(buffer, offset);
        final long stateHash = state.stateHash();
        writer.position(lastPosition, stateHash);
        state.encode(writer, stateHash);
        return writer.length();
    }

    /**
     * Takes the place of all commands up to the position that a snapshot was taken at: before the first
     * {@link #onCommitted} and before {@link #tryStartNode}. Effects that are not done go out with {@link #doWork}, as
     * after a replay. Nothing has changed when it throws: another snapshot, or all of chain 0, may follow.
     *
     * @param buffer with what {@link #encode} wrote.
     * @param offset of its first byte.
     * @param length in bytes.
     * @return {@link #appliedPosition}: the next command has a higher position.
     * @throws MillraceException when the bytes are no snapshot, are damaged, of another version, or beyond the limits.
     * @throws IllegalStateException when the service has been used.
     */
    public long restore(final DirectBuffer buffer, final int offset, final int length) {
        if (lastPosition != 0 || startingNode != null) {
            throw new IllegalStateException("a snapshot is restored at position " + lastPosition + " of chain 0");
        }
        final SnapshotReader reader = new SnapshotReader(limits, state.newCluster(), buffer, offset, length);
        final long position = reader.readPosition();
        state.restore(reader);
        lastPosition = position;
        state.forEachPendingEffect(onEffects);
        return position;
    }

    /** Returns the position in chain 0 of the last command applied, 0: none. */
    public long appliedPosition() {
        return lastPosition;
    }

    /**
     * Takes the news that a data chain has committed an effect, for the first time or again (see {@link EffectSink}).
     *
     * @param chain data chain, from 1.
     * @param effectNumber from the record header.
     * @param action from the body.
     * @param streamId from the body.
     * @param segmentId from the body.
     * @param finalLength committed length of the segment in bytes after the effect.
     */
    public void onEffectCommitted(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        dispatch.onCommitted(chain, effectNumber, action, streamId, segmentId, finalLength);
    }

    /**
     * Takes an answer of {@link SegmentLengths}; one that nobody waits for is old news.
     *
     * @param queryId of the question.
     * @param index of the question.
     * @param chainEpoch current epoch of the segment's chain.
     * @param length committed end of the segment in bytes, or {@link SegmentLengths#ABSENT}.
     * @param startOffset where its readable part starts, 0 when it is absent.
     * @param isSealed whether its seal is committed.
     */
    public void onSegmentLength(
            final long queryId,
            final int index,
            final long chainEpoch,
            final long length,
            final long startOffset,
            final boolean isSealed) {
        queries.onAnswer(queryId, index, chainEpoch, length, startOffset, isSealed);
    }

    /**
     * Takes the news that another device of this node has failed: effects on its chains will not be committed before a
     * restart. The others go on; a request that has waited for long is told.
     */
    public void onOtherDeviceFenced() {
        isOtherFenced = true;
    }

    /**
     * Takes the news that the device has failed: nothing that is not committed will be, so whoever waits is told.
     *
     * <p>What became of their commands is not known before a restart; the same request then gets its true answer.
     */
    public void onFenced() {
        queries.removeIf(query -> query.command() != null);
        while (!waiting.isEmpty()) {
            answer(waiting.pollFirstEntry().getValue(), -RefusalCode.DEVICE_FENCED.value(), 0, 0);
        }
    }

    /**
     * Sends what is due: effects and their repeats, EffectDone commands, commands that were lost before they were
     * committed, answers that were back-pressured. Costs a few comparisons when nothing is open.
     *
     * @param nowNs of any clock that never goes back.
     * @return work done.
     */
    public int doWork(final long nowNs) {
        this.nowNs = nowNs;
        int workCount = dispatch.doWork(nowNs);
        workCount += queries.doWork(nowNs);
        if (!waiting.isEmpty() && nowNs - nextRepeatNs >= 0) {
            workCount += isOtherFenced ? refuseLongWaiting() : 0;
            workCount += repeatCommands();
        }
        if (!unsentAnswers.isEmpty() && (!answersDelayed || nowNs - nextAnswersNs >= 0)) {
            workCount += sendAnswers();
            answersDelayed = !unsentAnswers.isEmpty();
            nextAnswersNs = nowNs + ANSWER_RETRY_NS;
        }
        return workCount;
    }

    /**
     * Tells whether this start's NodeStarted is committed, or this is the leader of a group.
     *
     * @return true when metadata commands are taken.
     */
    public boolean isReady() {
        return isLeading || startResult == ControlStatus.DONE;
    }

    /** Returns the committed state, for counters and checks; not to be changed by the caller. */
    public ControlState state() {
        return state;
    }

    /**
     * Returns what became of this start's NodeStarted.
     *
     * @return {@link ControlStatus#OPEN} until it is committed, then DONE or why the node may not serve:
     *     {@link ControlStatus#CHAIN_COUNT_MISMATCH}, {@link ControlStatus#INCARNATION_NOT_NEW},
     *     {@link ControlStatus#DEVICE_MISMATCH}, {@link ControlStatus#NODE_LIMIT}.
     */
    public int startResult() {
        return startResult;
    }

    /** Returns how many requests are held because their answer is not known or has not gone out. */
    public int waitingRequestCount() {
        return waiting.size() + unsentAnswers.size() + queries.descriptionCount();
    }

    /** Returns how often effects were sent again because no answer came in time. */
    public long effectResendCount() {
        return dispatch.resendCount();
    }

    private boolean isOwnStart(final DirectBuffer buffer, final int offset) {
        nodeStarted.wrapAndApplyHeader(buffer, offset, messageHeader);
        return nodeStarted.incarnation() == startingIncarnation
                && new UUID(nodeStarted.nodeIdHigh(), nodeStarted.nodeIdLow()).equals(startingNode);
    }

    /** Finds what can be refused without looking at any stream; such a refusal goes at once. */
    private @Nullable RefusalCode check() {
        if (!isReady()) {
            return RefusalCode.NOT_READY;
        }
        return request.order() != null && !isLeading ? RefusalCode.UNSUPPORTED : RequestCheck.check(request, limits);
    }

    /** Asks how long the segments of a cut are; null when the command says by itself what is wrong with it. */
    private @Nullable SegmentQuery<S> askForCut(final S session, final RequestKey key) {
        if (request.templateId() != TruncateStreamDecoder.TEMPLATE_ID) {
            return null;
        }
        final Stream stream = state.findStream(request.scopeName(), request.streamName());
        if (stream == null || stream.id() != request.streamId() || stream.state() == StreamState.DELETING) {
            return null;
        }
        final List<Segment> segments = new ArrayList<>();
        for (final long segmentId : request.cutSegmentIds()) {
            final Segment segment = stream.findSegment(segmentId);
            if (segment != null) {
                segments.add(segment);
            }
        }
        return queries.ask(stream, segments.toArray(new Segment[0]), session, request.requestId(), key);
    }

    private boolean describe(final S session) {
        final Stream stream = state.findStream(request.scopeName(), request.streamName());
        if (stream == null) {
            return answerNow(session, -RefusalCode.STREAM_NOT_FOUND.value(), 0, 0);
        }
        final SegmentQuery<S> query = queries.ask(stream, stream.segments(), session, request.requestId(), null);
        if (query.isComplete()) {
            return send(session, replyWriter.description(query, places));
        }
        if (waitingRequestCount() >= limits.maxWaitingRequests()) {
            return answerNow(session, -RefusalCode.THROTTLED.value(), 0, limits.maxWaitingRequests());
        }
        queries.keep(query, nowNs);
        return true;
    }

    private boolean describeCluster(final S session) {
        final int member = isLeading ? leaderMember : -1;
        return send(session, replyWriter.clusterReplies().description(request, state, leaderTerm, member));
    }

    private boolean list(final S session) {
        final String scopeName = request.scopeName();
        if (!scopeName.isEmpty() && !state.scopes().containsKey(scopeName)) {
            return answerNow(session, -RefusalCode.SCOPE_NOT_FOUND.value(), 0, 0);
        }
        return send(
                session,
                replyWriter.list(
                        request.requestId(), state.scopes(), scopeName, request.after(), request.maxStreams()));
    }

    private boolean command(final S session, final RequestKey key) {
        final int length = commandWriter.command(key, request);
        final long commandHash = KeyHash.of(commandWriter.buffer(), 0, length);
        final WaitingRequest<S> held = waiting.get(key);
        final RequestTable.Request known = state.findRequest(key);
        if ((held != null && held.commandHash != commandHash)
                || (known != null && known.commandHash() != commandHash)) {
            final String text = "request id " + key.requestId() + " stood for another command before";
            return answerNow(session, -RefusalCode.MALFORMED.value(), 0, 0, text);
        }
        if (known != null && known.isAnswered()) {
            return answerNow(session, known.outcome(), known.streamId(), known.detail());
        }
        if (held != null) {
            held.session = session;
            return true;
        }
        if (waitingRequestCount() >= limits.maxWaitingRequests()) {
            return answerNow(session, -RefusalCode.THROTTLED.value(), 0, limits.maxWaitingRequests());
        }
        final SegmentQuery<S> query = known == null ? askForCut(session, key) : null;
        final boolean isChecked = query == null || query.isComplete();
        if (known == null && isChecked) {
            final long exceeded =
                    query == null ? -1 : query.lengthBelowCut(request.cutSegmentIds(), request.cutOffsets());
            if (exceeded >= 0) {
                return answerNow(session, -RefusalCode.OFFSET_OUT_OF_RANGE.value(), request.streamId(), exceeded);
            }
            final long position = log.tryAppend(commandWriter.buffer(), length);
            if (position == ControlLog.BACK_PRESSURED) {
                return false;
            }
            if (position < 0) {
                return answerNow(session, -ControlLog.refusalOf(position), 0, 0);
            }
        }
        final byte[] command = new byte[length];
        commandWriter.buffer().getBytes(0, command);
        final WaitingRequest<S> added = new WaitingRequest<>(
                key, request.templateId(), commandHash, request.subject(), command, session, nowNs);
        if (query != null && !isChecked) {
            added.cutSegmentIds = request.cutSegmentIds().clone();
            added.cutOffsets = request.cutOffsets().clone();
            queries.keep(query, nowNs);
        }
        waiting.put(key, added);
        nextRepeatNs = nowNs;
        return true;
    }

    /** What a failed device owes will not come: those who wait for it may wait for others as well, or for nobody. */
    private int refuseLongWaiting() {
        int workCount = 0;
        for (final WaitingRequest<S> held : List.copyOf(waiting.values())) {
            if (nowNs - held.sinceNs >= FENCED_WAIT_NS) {
                waiting.remove(held.key);
                queries.removeIf(query -> held.key.equals(query.command()));
                answer(held, -RefusalCode.DEVICE_FENCED.value(), 0, 0);
                workCount++;
            }
        }
        return workCount;
    }

    /**
     * Appends again what is not committed after a while: a change of the chain epoch may have cut it off. The state
     * knows the request when the first one was only slow.
     */
    private int repeatCommands() {
        nextRepeatNs = nowNs + COMMAND_REPEAT_NS;
        int workCount = 0;
        for (final WaitingRequest<S> held : List.copyOf(waiting.values())) {
            final RequestTable.Request known = state.findRequest(held.key);
            if (held.cutOffsets != null || (known != null && known.commandHash() == held.commandHash)) {
                continue;
            }
            if (!held.isTimed) {
                held.isTimed = true;
                held.dueNs = nowNs + COMMAND_REPEAT_NS;
            }
            if (nowNs - held.dueNs < 0) {
                nextRepeatNs = held.dueNs - nextRepeatNs < 0 ? held.dueNs : nextRepeatNs;
                continue;
            }
            repeated.wrap(held.command);
            final long position = log.tryAppend(repeated, held.command.length);
            if (position == ControlLog.BACK_PRESSURED) {
                nextRepeatNs = nowNs;
                break;
            }
            if (position < 0) {
                waiting.remove(held.key);
                answer(held, -ControlLog.refusalOf(position), 0, 0);
            } else {
                held.dueNs = nowNs + COMMAND_REPEAT_NS;
            }
            workCount++;
        }
        return workCount;
    }

    /** Answers the frame at hand; false when the session is back-pressured: the frame comes again. */
    private boolean answerNow(
            final S session, final int result, final long streamId, final long detail, final String subject) {
        return send(
                session,
                replyWriter.answer(request.templateId(), request.requestId(), result, streamId, detail, subject));
    }

    private boolean answerNow(final S session, final int result, final long streamId, final long detail) {
        return answerNow(session, result, streamId, detail, request.subject());
    }

    private boolean send(final S session, final int length) {
        return reply.tryReply(session, replyWriter.buffer(), 0, length) != Reply.BACK_PRESSURED;
    }

    private void answer(final WaitingRequest<S> held, final int result, final long streamId, final long detail) {
        held.result = result;
        held.streamId = streamId;
        held.detail = detail;
        if (!send(held)) {
            unsentAnswers.addLast(held);
        }
    }

    private boolean send(final WaitingRequest<S> answer) {
        return send(
                answer.session,
                replyWriter.answer(
                        answer.templateId,
                        answer.key.requestId(),
                        answer.result,
                        answer.streamId,
                        answer.detail,
                        answer.subject));
    }

    /** Offers each unsent answer once: a session that does not read holds up no other. */
    private int sendAnswers() {
        int workCount = 0;
        for (int i = Math.min(unsentAnswers.size(), MAX_ANSWERS_PER_CYCLE); i > 0; i--) {
            final WaitingRequest<S> answer = unsentAnswers.removeFirst();
            if (send(answer)) {
                workCount++;
            } else {
                unsentAnswers.addLast(answer);
            }
        }
        return workCount;
    }

    /** What becomes of questions to chains of other devices. */
    private final class OwnerOfQueries implements SegmentQueries.Owner<S> {
        @Override
        public boolean onAnswered(final SegmentQuery<S> query) {
            final RequestKey key = query.command();
            if (key == null) {
                return send(query.session(), replyWriter.description(query, places));
            }
            final WaitingRequest<S> held = waiting.get(key);
            final long[] segmentIds = held == null ? null : held.cutSegmentIds;
            final long[] offsets = held == null ? null : held.cutOffsets;
            if (held != null && segmentIds != null && offsets != null) {
                final long exceeded = query.lengthBelowCut(segmentIds, offsets);
                if (exceeded >= 0) {
                    waiting.remove(key);
                    answer(
                            held,
                            -RefusalCode.OFFSET_OUT_OF_RANGE.value(),
                            query.stream().id(),
                            exceeded);
                } else {
                    held.cutOffsets = null;
                    held.isTimed = true;
                    held.dueNs = nowNs;
                    nextRepeatNs = nowNs;
                }
            }
            return true;
        }

        @Override
        public boolean onLate(final SegmentQuery<S> query) {
            final RequestKey key = query.command();
            if (key == null) {
                return send(
                        query.session(),
                        replyWriter.answer(
                                DescribeStreamDecoder.TEMPLATE_ID,
                                query.requestId(),
                                -RefusalCode.NOT_READY.value(),
                                query.stream().id(),
                                query.silentChain(),
                                query.stream().scopeName() + "/"
                                        + query.stream().name()));
            }
            final WaitingRequest<S> held = waiting.remove(key);
            if (held != null) {
                answer(held, -RefusalCode.NOT_READY.value(), query.stream().id(), query.silentChain());
            }
            return true;
        }
    }

    /** What the command just applied brings about. */
    private final class EffectsOfCommand implements Effects {
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
            dispatch.add(chain, effectNumber, action, streamId, segmentId, keyLow, keyHigh, startOffset);
        }

        @Override
        public void onEffectDone(final int chain, final long effectNumber) {
            dispatch.remove(chain, effectNumber);
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
            final RequestKey key = new RequestKey(clientIdHigh, clientIdLow, requestId);
            final WaitingRequest<S> held = waiting.get(key);
            if (held != null && held.commandHash == commandHash) {
                waiting.remove(key);
                answer(held, result, streamId, detail);
            }
        }

        @Override
        public void onNodeMessage(
                final long nodeIdHigh,
                final long nodeIdLow,
                final String endpoint,
                final DirectBuffer message,
                final int offset,
                final int length) {
            // What is lost and needs an answer is said again.
            nodeMessages.trySend(nodeIdHigh, nodeIdLow, endpoint, message, offset, length);
        }
    }
}
