package io.millrace.client.core;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.AckHandler;
import io.millrace.client.EventPosition;
import io.millrace.client.Millrace;
import io.millrace.client.Result;
import io.millrace.client.SegmentInfo;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.wire.AppendEncoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.WriterBindEncoder;
import io.millrace.codec.wire.WriterSetupEncoder;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One writer's way into one segment, exactly once: events get dense numbers, stay in the ring until acknowledged, and
 * after every doubt (new session, refusal, changed chain) the writer is set up again, learns the last number stored,
 * and goes back to the one behind it. The node drops what it has already; so an event is stored once.
 *
 * <pre>
 *   IDLE ── first event ──▶ DUE ── WriterSetup ──▶ SETTING_UP ── WriterReady ──▶ BINDING ── WriterBound ──▶ READY
 *                            ▲                          │                           │                        │
 *                            └── new session, ChainChanged, refusal that time mends, no answer (back-off) ───┘
 *   any state ── fenced, sealed, deleted, too large … ──▶ FAILED
 * </pre>
 *
 * <p>Events are sent from WriterReady on: the head acknowledges until it hears that the tail is heard, so nobody waits
 * for a session with a tail that has just become one.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard. Offering, sending and acknowledging allocate nothing.
 *
 * <p><b>Invariants</b>: acknowledged ≤ sent ≤ appended (indexes of {@link EventRing}); event number = base + index, and
 * the base is fixed by the first WriterReady, before anything is sent.
 */
final class SegmentWriter {
    private static final int APPEND_OVERHEAD =
            MessageHeaderEncoder.ENCODED_LENGTH + AppendEncoder.BLOCK_LENGTH + AppendEncoder.eventsHeaderLength();
    private static final int MAX_FRAMES_PER_TURN = 64;
    private static final long ANSWER_TIMEOUT_NS = 2_000_000_000L;
    private static final long NEWS_TIMEOUT_NS = 200_000_000L;
    private static final long FIRST_BACKOFF_NS = 1_000_000L;
    private static final int MAX_BACKOFF_SHIFT = 10;

    private enum State {
        IDLE,
        DUE,
        SETTING_UP,
        BINDING,
        READY,
        FAILED
    }

    private final WriterCore writer;
    private final ClientConductor conductor;
    private final Counters counters;
    private final long writerIdHigh;
    private final long writerIdLow;
    private final long streamId;
    private final long segmentId;
    private final int chainOfSegment;
    private final AckQueue acks = new AckQueue();
    private final WriterSetupEncoder setup = new WriterSetupEncoder();
    private final WriterBindEncoder bind = new WriterBindEncoder();
    private final AppendEncoder append = new AppendEncoder();
    private final AckEchoProxy echo;

    private @Nullable EventRing ring;
    private State state = State.IDLE;
    private Connection head;
    private Connection tail;
    private boolean isElsewhere;
    private long headGeneration;
    private long tailGeneration;
    private long correlationId;
    private boolean isBindSent;
    private long askedAtNs;
    private long retryAtNs;
    private int attemptCount;
    private int chain = -1;
    private long chainEpoch;
    private long heardEpoch;
    private long bindSecret;
    private boolean isBaseKnown;
    private long base;
    private long sentIndex;
    private long highestSentIndex;
    private final ShortFrames shortFrames = new ShortFrames();
    private int fragmentOffset;
    private long toldIndex;
    private boolean isFailureTold;
    private long endOffset;
    private boolean isAwake;
    private @Nullable PendingFutures futures;

    /**
     * Makes the way; nothing is allocated or sent before the first event.
     *
     * @param writer owner
     * @param conductor of the client
     * @param head connection to the head of the segment's chain
     * @param streamId stream
     * @param segment to write to
     */
    SegmentWriter(
            final WriterCore writer,
            final ClientConductor conductor,
            final Connection head,
            final long streamId,
            final SegmentInfo segment) {
        this.writer = writer;
        this.conductor = conductor;
        this.counters = conductor.counters();
        this.head = head;
        this.tail = head;
        this.writerIdHigh = writer.idHigh();
        this.writerIdLow = writer.idLow();
        this.streamId = streamId;
        this.segmentId = segment.segmentId();
        this.chainOfSegment = segment.chain();
        echo = new AckEchoProxy(writerIdHigh, writerIdLow, streamId, segmentId);
    }

    /**
     * Finds room for a unit: an event or an atomic list.
     *
     * @param length of its frames together in bytes, checked
     * @param eventCount number of its events
     * @return the ring, null when it is full
     */
    @Nullable
    EventRing ringWithRoom(final int length, final int eventCount) {
        EventRing current = ring;
        if (current == null) {
            final Millrace.Context context = conductor.context();
            current = new EventRing(context.writerBufferLength(), context.writerMaxPendingEvents());
            ring = current;
        }
        current.fit(length);
        if (current.hasRoom(length, eventCount, toldIndex)) {
            return current;
        }
        if (!writer.isPolled() && toldIndex < current.acknowledgedIndex()) {
            // Nobody listens: forget the tidings, never the events.
            toldIndex = current.acknowledgedIndex();
            acks.clear();
            return current.hasRoom(length, eventCount, toldIndex) ? current : null;
        }
        return null;
    }

    /**
     * Moves set-up, sending and echo on.
     *
     * @param nowNs the duty cycle's time
     * @return number of frames sent
     */
    int doWork(final long nowNs) {
        final EventRing current = ring;
        if (current == null) {
            return 0;
        }
        watchSessions();
        int work = 0;
        switch (state) {
            case IDLE -> {
                if (current.appendedIndex() > 0) {
                    state = State.DUE;
                    retryAtNs = nowNs;
                    work += sendSetup(nowNs);
                }
            }
            case DUE -> work += sendSetup(nowNs);
            case SETTING_UP -> watchAnswer(nowNs);
            case BINDING -> {
                if (!isBindSent) {
                    work += sendBind(nowNs);
                }
                work += sendEvents(current);
                watchAnswer(nowNs);
            }
            case READY -> {
                work += sendEvents(current);
                work += echo.doWork(base + current.acknowledgedIndex(), nowNs, head, tail);
            }
            case FAILED -> {}
        }
        return work;
    }

    /** Asks for the next turns: there is something to send, to ask or to wait for. */
    void wake() {
        if (!isAwake) {
            isAwake = true;
            conductor.wake(this);
        }
    }

    /**
     * Tells after a turn whether the next one is needed as well. One that waits for nothing is woken by its next event;
     * what it has to echo, and whether its session is still there, is looked after in rounds.
     *
     * @return false when it was put to rest
     */
    boolean stayAwake() {
        final EventRing current = ring;
        isAwake = current != null
                && switch (state) {
                    case IDLE -> current.appendedIndex() > 0;
                    case DUE, SETTING_UP, BINDING -> true;
                    case READY -> current.acknowledgedIndex() < current.appendedIndex() || echo.isAsked();
                    case FAILED -> false;
                };
        return isAwake;
    }

    /**
     * Tells whether the segment may be served at another address by now.
     *
     * @param nowNs the duty cycle's time
     * @return true when there are events for it and the address has refused them, or has been silent for long
     */
    boolean isPlaceDoubted(final long nowNs) {
        return ring != null && state != State.FAILED && (isElsewhere || head.isLostFor(nowNs, Places.LOST_NS));
    }

    /**
     * Takes where a description says that the segment is served. One that was on its way while the chain's news came
     * knows the head of an older epoch: it may have died since.
     *
     * @param epoch of the chain in the description
     * @param newHead connection to the head of its chain
     */
    void onPlace(final long epoch, final Connection newHead) {
        if (epoch >= heardEpoch) {
            moveTo(newHead);
        }
    }

    private void moveTo(final Connection newHead) {
        isElsewhere = false;
        if (newHead == head) {
            return;
        }
        head = newHead;
        if (state == State.SETTING_UP || state == State.BINDING || state == State.READY) {
            attemptCount = 0;
            askAgain(conductor.nowNs());
        }
        tail = newHead;
    }

    /** Returns the connection that events go by, to the head of the chain. */
    Connection head() {
        return head;
    }

    /**
     * Tells whether a connection is this segment's.
     *
     * @param connection any
     * @return true of those to head and tail
     */
    boolean uses(final Connection connection) {
        return connection == head || connection == tail;
    }

    /**
     * Tells which code an offer returns when the buffer is full.
     *
     * @return {@link Result#BACK_PRESSURED} within a session, else {@link Result#NOT_CONNECTED}
     */
    long fullCode() {
        return head.isOpen() ? Result.BACK_PRESSURED : Result.NOT_CONNECTED;
    }

    private void watchSessions() {
        final boolean isHeadNew = headGeneration != head.generation();
        final boolean isTailNew = tailGeneration != tail.generation();
        if ((state == State.SETTING_UP && isHeadNew)
                || ((state == State.BINDING || state == State.READY) && (isHeadNew || (isBindSent && isTailNew)))) {
            attemptCount = 0;
            askAgain(conductor.nowNs());
        }
    }

    private void watchAnswer(final long nowNs) {
        if (nowNs - askedAtNs >= ANSWER_TIMEOUT_NS) {
            // An old head that is cut off from its chain answers nothing, and its session is healthy.
            isElsewhere = true;
            askAgain(nowNs);
        }
    }

    private void askAgain(final long atNs) {
        conductor.endExchange(correlationId);
        correlationId = 0;
        state = State.DUE;
        retryAtNs = atNs;
        wake();
    }

    private void askAgainAfterBackoff(final long nowNs) {
        askAgain(nowNs + (FIRST_BACKOFF_NS << Math.min(attemptCount, MAX_BACKOFF_SHIFT)));
        attemptCount++;
    }

    private int sendSetup(final long nowNs) {
        if (nowNs - retryAtNs < 0) {
            return 0;
        }
        final BufferClaim claim = head.tryClaim(MessageHeaderEncoder.ENCODED_LENGTH + WriterSetupEncoder.BLOCK_LENGTH);
        if (claim == null) {
            return 0;
        }
        correlationId = conductor.beginExchange(this);
        setup.wrapAndApplyHeader(claim.buffer(), claim.offset(), head.headerEncoder())
                .correlationId(correlationId)
                .writerIdHigh(writerIdHigh)
                .writerIdLow(writerIdLow)
                .streamId(streamId)
                .segmentId(segmentId)
                .writerEpoch(0)
                .chain(chainOfSegment)
                .resume((short) (highestSentIndex > 0 ? 1 : 0));
        claim.commit();
        state = State.SETTING_UP;
        headGeneration = head.generation();
        askedAtNs = nowNs;
        counters.add(Counters.SET_UPS, 1);
        return 1;
    }

    private int sendBind(final long nowNs) {
        final BufferClaim claim = tail.tryClaim(MessageHeaderEncoder.ENCODED_LENGTH + WriterBindEncoder.BLOCK_LENGTH);
        if (claim == null) {
            return 0;
        }
        correlationId = conductor.beginExchange(this);
        bind.wrapAndApplyHeader(claim.buffer(), claim.offset(), tail.headerEncoder())
                .correlationId(correlationId)
                .writerIdHigh(writerIdHigh)
                .writerIdLow(writerIdLow)
                .streamId(streamId)
                .segmentId(segmentId)
                .bindSecret(bindSecret)
                .chain(chain);
        claim.commit();
        isBindSent = true;
        tailGeneration = tail.generation();
        askedAtNs = nowNs;
        return 1;
    }

    private int sendEvents(final EventRing current) {
        final int maxBytes = head.link().maxFrameLength() - APPEND_OVERHEAD;
        int frames = 0;
        while (sentIndex < current.appendedIndex() && frames < MAX_FRAMES_PER_TURN && maxBytes > 0) {
            final long last = fragmentOffset > 0 ? sentIndex : current.runEnd(sentIndex, maxBytes);
            final boolean isShort = last > sentIndex && last == current.appendedIndex();
            if (isShort && shortFrames.areMany(current.acknowledgedIndex())) {
                break;
            }
            final boolean isSent = last > sentIndex ? sendRun(current, last) : sendFragment(current, maxBytes);
            if (!isSent) {
                break;
            }
            frames++;
        }
        return frames;
    }

    private boolean sendRun(final EventRing current, final long last) {
        final long begin = current.endPosition(sentIndex);
        final int length = (int) (current.endPosition(last) - begin);
        final BufferClaim claim = head.tryClaim(APPEND_OVERHEAD + length);
        if (claim == null) {
            return false;
        }
        final long again = Math.min(last, highestSentIndex) - sentIndex;
        if (again > 0) {
            counters.add(Counters.RESENT_EVENTS, again);
        }
        final boolean isList = current.unitCount(sentIndex) > 1;
        encodeAppend(claim, (int) (last - sentIndex)).fragmentOffset(0).fragmentedLength(0);
        append.flags().atomic(isList);
        append.putEvents(current.bytes(), current.index(begin), length);
        claim.commit();
        shortFrames.add(last);
        onSent(last);
        return true;
    }

    private boolean sendFragment(final EventRing current, final int maxBytes) {
        final long begin = current.endPosition(sentIndex);
        final int unitCount = current.unitCount(sentIndex);
        final int unitLength = (int) (current.endPosition(sentIndex + unitCount) - begin);
        int length = Math.min(maxBytes, unitLength - fragmentOffset);
        final boolean isLast = fragmentOffset + length == unitLength;
        if (unitCount > 1 && !isLast) {
            length -= current.headerCut(sentIndex, begin + fragmentOffset + length);
        }
        final BufferClaim claim = head.tryClaim(APPEND_OVERHEAD + length);
        if (claim == null) {
            return false;
        }
        if (fragmentOffset == 0 && highestSentIndex > sentIndex) {
            counters.add(Counters.RESENT_EVENTS, unitCount);
        }
        encodeAppend(claim, unitCount).fragmentOffset(fragmentOffset).fragmentedLength(unitLength);
        append.flags().fragment(true).lastFragment(isLast).atomic(unitCount > 1);
        append.putEvents(current.bytes(), current.index(begin) + fragmentOffset, length);
        claim.commit();
        fragmentOffset += length;
        highestSentIndex = Math.max(highestSentIndex, sentIndex + unitCount);
        if (isLast) {
            onSent(sentIndex + unitCount);
        }
        return true;
    }

    private AppendEncoder encodeAppend(final BufferClaim claim, final int eventCount) {
        append.wrapAndApplyHeader(claim.buffer(), claim.offset(), head.headerEncoder())
                .writerIdHigh(writerIdHigh)
                .writerIdLow(writerIdLow)
                .streamId(streamId)
                .segmentId(segmentId)
                .chainEpoch(chainEpoch)
                .firstEventNumber(base + sentIndex + 1)
                .expectedOffset(-1)
                .chain(chain)
                .writerEpoch(0)
                .eventCount(eventCount)
                .durability(Durability.MEDIA)
                .flags()
                .clear();
        return append;
    }

    private void onSent(final long last) {
        fragmentOffset = 0;
        sentIndex = last;
        highestSentIndex = Math.max(highestSentIndex, last);
    }

    /**
     * Takes the head's answer to the set-up.
     *
     * @param answered correlation id
     * @param newChain chain of the segment
     * @param newChainEpoch its configuration
     * @param newBindSecret for the tail
     * @param lastEventNumber last one stored and committed
     * @param segmentOffset end of that event
     * @param newTail connection to the tail of the chain
     */
    void onWriterReady(
            final long answered,
            final int newChain,
            final long newChainEpoch,
            final long newBindSecret,
            final long lastEventNumber,
            final long segmentOffset,
            final Connection newTail) {
        if (state != State.SETTING_UP || answered != correlationId) {
            counters.add(Counters.DROPPED_FRAMES, 1);
            return;
        }
        conductor.endExchange(correlationId);
        correlationId = 0;
        chain = newChain;
        chainEpoch = newChainEpoch;
        bindSecret = newBindSecret;
        tail = newTail;
        isBindSent = false;
        if (!isBaseKnown) {
            isBaseKnown = true;
            base = lastEventNumber;
            echo.begin(base);
            endOffset = segmentOffset;
        }
        final long lastIndex = lastEventNumber - base;
        final EventRing current = ring;
        if (current == null || lastIndex < current.acknowledgedIndex()) {
            fail(
                    -ErrorCode.WRITER_UNKNOWN.number(),
                    "the node stored up to number " + lastEventNumber + " in segment " + segmentId
                            + ", but more was acknowledged: acknowledged events are lost");
            return;
        }
        if (lastIndex > highestSentIndex) {
            fail(Result.FENCED, "number " + lastEventNumber + " in segment " + segmentId + " is another writer's");
            return;
        }
        advance(current, lastIndex, segmentOffset, 0, 0, 0);
        sentIndex = lastIndex;
        fragmentOffset = 0;
        shortFrames.clear();
        state = State.BINDING;
    }

    /**
     * Takes the tail's answer to the bind.
     *
     * @param answered correlation id
     */
    void onWriterBound(final long answered) {
        if (state != State.BINDING || answered != correlationId) {
            counters.add(Counters.DROPPED_FRAMES, 1);
            return;
        }
        conductor.endExchange(correlationId);
        correlationId = 0;
        state = State.READY;
    }

    /**
     * Takes an acknowledgement.
     *
     * @param lastEventNumber all up to it are durable
     * @param segmentOffset end of that event
     * @param queueNs frame read to batch submitted
     * @param journalNs batch submitted to durable
     * @param chainNs durable to committed
     */
    void onAppendAck(
            final long lastEventNumber,
            final long segmentOffset,
            final long queueNs,
            final long journalNs,
            final long chainNs) {
        final EventRing current = ring;
        if (current == null || !isBaseKnown || isFailureTold) {
            counters.add(Counters.DROPPED_FRAMES, 1);
            return;
        }
        final long lastIndex = lastEventNumber - base;
        if (lastIndex <= current.acknowledgedIndex()) {
            echo.ask();
            wake();
            return;
        }
        if (lastIndex > highestSentIndex) {
            fail(Result.FENCED, "number " + lastEventNumber + " in segment " + segmentId + " is another writer's");
            return;
        }
        attemptCount = 0;
        writer.onProgress();
        advance(current, lastIndex, segmentOffset, queueNs, journalNs, chainNs);
        if (sentIndex < lastIndex) {
            // Sent in an earlier session and stored meanwhile: need not be sent again.
            sentIndex = lastIndex;
            fragmentOffset = 0;
        }
    }

    private void advance(
            final EventRing current,
            final long lastIndex,
            final long segmentOffset,
            final long queueNs,
            final long journalNs,
            final long chainNs) {
        if (lastIndex > current.acknowledgedIndex()) {
            echo.onAcknowledged(base + current.acknowledgedIndex(), conductor.nowNs());
            current.acknowledge(lastIndex);
            endOffset = segmentOffset;
            acks.add(lastIndex, segmentOffset, queueNs, journalNs, chainNs);
            if (futures != null) {
                futures.onAcknowledged(lastIndex);
            }
        }
    }

    /**
     * Promises to tell when the last event offered is durable, or that it never will be.
     *
     * @return completed outside the guard
     */
    CompletableFuture<EventPosition> promise() {
        PendingFutures pending = futures;
        if (pending == null) {
            pending = new PendingFutures(this, conductor.completions());
            futures = pending;
        }
        return pending.add(lastIndex());
    }

    /** Returns the number of promises not kept yet. */
    int promiseCount() {
        final PendingFutures pending = futures;
        return pending == null ? 0 : pending.size();
    }

    /**
     * Takes the refusal of an append.
     *
     * @param code why
     * @param firstEventNumber of the refused append
     * @param text in words
     * @param nowNs the duty cycle's time
     */
    void onAppendRefused(final ErrorCode code, final long firstEventNumber, final String text, final long nowNs) {
        final EventRing current = ring;
        final boolean isSending = state == State.READY || state == State.BINDING;
        if (isSending && current != null && firstEventNumber > base + current.acknowledgedIndex()) {
            onRefused(code, text, nowNs);
        }
    }

    /**
     * Takes the refusal of a set-up or a bind.
     *
     * @param code why
     * @param answered correlation id
     * @param text in words
     * @param nowNs the duty cycle's time
     */
    void onExchangeRefused(final ErrorCode code, final long answered, final String text, final long nowNs) {
        if (answered != correlationId) {
            return;
        }
        if (state == State.SETTING_UP && code == ErrorCode.WRITER_UNKNOWN) {
            fail(-code.number(), text);
        } else {
            onRefused(code, text, nowNs);
        }
    }

    private void onRefused(final ErrorCode code, final String text, final long nowNs) {
        writer.onRefusal(code);
        isElsewhere |= code == ErrorCode.WRONG_NODE || code == ErrorCode.REPLICAS_TOO_FEW;
        final long finalCode = Refusals.finalCode(code);
        if (finalCode == Refusals.PASSING) {
            askAgainAfterBackoff(nowNs);
        } else {
            fail(finalCode, text);
        }
    }

    /**
     * Takes the tidings of a new chain epoch.
     *
     * @param changedChain which chain
     * @param newEpoch of the chain
     * @param newHead host:port of its head, empty when the node did not say
     */
    void onChainChanged(final int changedChain, final long newEpoch, final String newHead) {
        final boolean isOther = changedChain != (chain < 0 ? chainOfSegment : chain);
        if (isOther || newEpoch < Math.max(chainEpoch, heardEpoch) || state == State.FAILED) {
            return; // of an older one a slower session tells late
        }
        if (newHead.isEmpty()) {
            isElsewhere = true; // the head may be another one, and the old one may not know
        } else {
            moveTo(conductor.connection(newHead));
        }
        // Refusals while the epoch ended say nothing of the new one: who waits for its time goes on at once.
        final boolean isNews = newEpoch > heardEpoch;
        heardEpoch = Math.max(heardEpoch, newEpoch);
        final long nowNs = conductor.nowNs();
        if (state == State.READY || state == State.BINDING || (isNews && state == State.DUE)) {
            attemptCount = 0;
            askAgain(nowNs);
        } else if (isNews && state == State.SETTING_UP) {
            // In the new epoch the answer is on its way; one that was held in the epoch before never comes.
            askedAtNs = nowNs - ANSWER_TIMEOUT_NS + NEWS_TIMEOUT_NS;
        }
    }

    private void fail(final long code, final String text) {
        writer.fail(code, text);
        stop();
    }

    /** Ends this way: nothing is sent any more. */
    void stop() {
        if (correlationId != 0) {
            conductor.endExchange(correlationId);
            correlationId = 0;
        }
        state = State.FAILED;
        if (futures != null) {
            futures.onStopped(writer.whyStopped());
        }
    }

    /**
     * Hands over what became of events.
     *
     * @param handler told
     * @param limit greatest number of events
     * @return number of events told
     */
    int tell(final AckHandler handler, final int limit) {
        final EventRing current = ring;
        if (current == null) {
            return 0;
        }
        int count = 0;
        while (count < limit && toldIndex < current.acknowledgedIndex()) {
            final long index = ++toldIndex;
            count++;
            final boolean isLast = index == acks.lastIndex();
            final long sequence = current.sequence(index);
            final long end = acks.endOffset();
            handler.onAck(sequence, segmentId, base + index, end);
            if (isLast) {
                final long queueNs = acks.queueNs();
                final long journalNs = acks.journalNs();
                final long chainNs = acks.chainNs();
                acks.remove();
                handler.onAcknowledgement(segmentId, sequence, base + index, end, queueNs, journalNs, chainNs);
            }
        }
        while (state == State.FAILED && count < limit && toldIndex < current.appendedIndex()) {
            isFailureTold = true;
            final long index = ++toldIndex;
            count++;
            handler.onFailed(current.sequence(index), segmentId, isBaseKnown ? base + index : 0, writer.failureCode());
        }
        return count;
    }

    /**
     * Returns the sequence of the oldest event not known to be durable.
     *
     * @return {@link Long#MAX_VALUE} when there is none
     */
    long firstPendingSequence() {
        final EventRing current = ring;
        return current == null || current.acknowledgedIndex() == current.appendedIndex()
                ? Long.MAX_VALUE
                : current.sequence(current.acknowledgedIndex() + 1);
    }

    /** Returns the number of events not known to be durable. */
    long pendingCount() {
        final EventRing current = ring;
        return current == null ? 0 : current.appendedIndex() - current.acknowledgedIndex();
    }

    /**
     * Returns the last event offered.
     *
     * @return index of the ring, 0 for none
     */
    long lastIndex() {
        final EventRing current = ring;
        return current == null ? 0 : current.appendedIndex();
    }

    /**
     * Tells whether an event is durable.
     *
     * @param index of the ring
     * @return true when acknowledged
     */
    boolean isAcknowledged(final long index) {
        final EventRing current = ring;
        return current != null && current.acknowledgedIndex() >= index;
    }

    /**
     * Tells whether nothing is on its way, so that waiting for company would gain nothing.
     *
     * @return true when all that was sent is acknowledged
     */
    boolean isQuiet() {
        final EventRing current = ring;
        return current != null && sentIndex == current.acknowledgedIndex() && state == State.READY;
    }

    /** Returns the segment id. */
    long segmentId() {
        return segmentId;
    }

    /**
     * Returns the number of an event.
     *
     * @param index of the ring
     * @return event number; only once the base is known
     */
    long eventNumber(final long index) {
        return base + index;
    }

    /** Returns the end of the last acknowledged event, as byte offset in the segment. */
    long endOffset() {
        return endOffset;
    }
}
