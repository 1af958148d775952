package io.millrace.client.core;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.EventHandler;
import io.millrace.client.SegmentInfo;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.ReadCreditEncoder;
import io.millrace.codec.wire.ReadSubscribeEncoder;
import io.millrace.codec.wire.ReadUnsubscribeEncoder;
import io.millrace.codec.wire.StartAt;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One segment read in order: subscribes from an offset, grants credit, keeps what was pushed until it is processed, and
 * cuts it into events. Whatever does not continue exactly is dropped, and the segment is subscribed again behind the
 * last event processed.
 *
 * <p><b>Layout</b>: the byte of segment offset o lies at index o &amp; (window − 1). An event that wraps around the end
 * of the ring is made contiguous by copying its second part into the overhang behind the ring. An event that is longer
 * than window or overhang makes both grow, for good, up to 16 MiB and 8 MiB.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard. Receiving and delivering allocate nothing.
 *
 * <p><b>Invariants</b>: processed ≤ received ≤ processed + window; processed is the beginning of an event.
 */
final class SegmentReader {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final long ANSWER_TIMEOUT_NS = 2_000_000_000L;
    private static final long FIRST_BACKOFF_NS = 1_000_000L;
    private static final int MAX_BACKOFF_SHIFT = 10;

    /** A device that cannot be read is another member's to mend: how long a reader waits for that. */
    private static final long UNREADABLE_NS = 30_000_000_000L;

    /** Without a refusal for so long it could be read meanwhile: a new one begins a new wait. */
    private static final long READABLE_AGAIN_NS = 10_000_000_000L;

    private enum State {
        DUE,
        SUBSCRIBING,
        STARTED,
        ENDED,
        FAILED
    }

    private final ClientConductor conductor;
    private final Counters counters;
    private final String stream;
    private final long streamId;
    private final long segmentId;
    private final int chain;
    private final ReadSubscribeEncoder subscribe = new ReadSubscribeEncoder();
    private final ReadUnsubscribeEncoder unsubscribe = new ReadUnsubscribeEncoder();
    private final ReadCreditEncoder credit = new ReadCreditEncoder();

    private @Nullable UnsafeBuffer bytes;
    private int window;
    private int overhang;
    private State state = State.DUE;
    private Connection connection;
    private boolean isElsewhere;

    /** The tail that could not read the segment: other segments of the stream may still be read there. */
    private @Nullable Connection uselessTail;

    private long processedOffset;
    private long receivedOffset;
    private long grantedOffset;

    /** End of the next event as far as it is known: what is granted must reach it, or it would never come whole. */
    private long neededOffset;

    private long subscriptionId;
    private long subscribedGeneration;
    private long staleSubscriptionId;
    private long staleGeneration;
    private boolean wasSubscribed;
    private long askedAtNs;
    private long retryAtNs;
    private int attemptCount;
    private long unreadableOffset = -1;
    private long unreadableSinceNs;
    private long unreadableLastNs;
    private int placeCount;
    private @Nullable ErrorCode failure;
    private String failureText = "";

    /**
     * Makes the reader of a segment.
     *
     * @param conductor of the client
     * @param connection to the tail of the segment's chain
     * @param stream name, for messages
     * @param streamId stream
     * @param segment to read
     */
    SegmentReader(
            final ClientConductor conductor,
            final Connection connection,
            final String stream,
            final long streamId,
            final SegmentInfo segment) {
        this.conductor = conductor;
        this.counters = conductor.counters();
        this.connection = connection;
        this.stream = stream;
        this.streamId = streamId;
        this.segmentId = segment.segmentId();
        this.chain = segment.chain();
        this.window = conductor.context().readerWindowLength();
        this.overhang = Math.min(window, EventRing.USUAL_LENGTH);
        this.retryAtNs = conductor.nowNs();
    }

    /**
     * Goes to another place.
     *
     * @param offset beginning of an event
     */
    void goTo(final long offset) {
        placeCount++;
        processedOffset = offset;
        neededOffset = offset;
        unreadableOffset = -1;
        failure = null;
        wasSubscribed = false;
        subscribeAgain(conductor.nowNs());
    }

    /**
     * Tells whether the segment may be served at another address by now.
     *
     * @param nowNs the duty cycle's time
     * @return true when the address has refused to read it, or has been silent for long
     */
    boolean isPlaceDoubted(final long nowNs) {
        return state != State.FAILED
                && state != State.ENDED
                && (isElsewhere || connection.isLostFor(nowNs, Places.LOST_NS));
    }

    /**
     * Goes to the address that serves the segment now: the tail, whose commit is the freshest; the head when it is the
     * tail that could not read it, or is silent, until the head cannot either or another one is the tail. Nothing
     * changes when it is the same.
     *
     * @param tail of its chain
     * @param head of its chain
     */
    void moveTo(final Connection tail, final Connection head) {
        if (isElsewhere || connection.isLostFor(conductor.nowNs(), Places.LOST_NS)) {
            uselessTail = tail == connection ? tail : null;
        }
        final Connection newConnection = tail == uselessTail ? head : tail;
        isElsewhere = false;
        if (newConnection == connection) {
            return;
        }
        final boolean isLive = state == State.SUBSCRIBING || state == State.STARTED;
        if (isLive) {
            leave();
            sendUnsubscribe();
        }
        staleSubscriptionId = 0;
        connection = newConnection;
        if (isLive) {
            attemptCount = 0;
            subscribeAgain(conductor.nowNs());
        }
    }

    /**
     * Returns the connection that bytes come by.
     *
     * @return to the tail of the chain
     */
    Connection connection() {
        return connection;
    }

    private void subscribeAgain(final long atNs) {
        leave();
        receivedOffset = processedOffset;
        state = State.DUE;
        retryAtNs = atNs;
    }

    /** Leaves the subscription; the node is told in the next duty cycle. */
    private void leave() {
        if (subscriptionId != 0) {
            conductor.endSubscription(subscriptionId);
            staleSubscriptionId = subscriptionId;
            staleGeneration = subscribedGeneration;
            subscriptionId = 0;
        }
    }

    /** Ends reading. */
    void release() {
        leave();
        sendUnsubscribe();
        state = State.FAILED;
        failure = ErrorCode.CLIENT_CLOSED;
    }

    /**
     * Moves subscription and credit on.
     *
     * @param nowNs the duty cycle's time
     * @return number of frames sent
     */
    int doWork(final long nowNs) {
        final boolean isLive = state == State.SUBSCRIBING || state == State.STARTED;
        if (isLive && subscribedGeneration != connection.generation()) {
            attemptCount = 0;
            subscribeAgain(nowNs);
        }
        return switch (state) {
            case DUE -> nowNs - retryAtNs >= 0 && sendUnsubscribe() ? sendSubscribe(nowNs) : 0;
            case SUBSCRIBING -> {
                if (nowNs - askedAtNs >= ANSWER_TIMEOUT_NS) {
                    subscribeAgain(nowNs);
                }
                yield 0;
            }
            case STARTED -> sendCredit();
            case ENDED, FAILED -> 0;
        };
    }

    private boolean sendUnsubscribe() {
        if (staleSubscriptionId == 0 || staleGeneration != connection.generation()) {
            staleSubscriptionId = 0;
            return true;
        }
        final BufferClaim claim = connection.tryClaim(HEADER + ReadUnsubscribeEncoder.BLOCK_LENGTH);
        if (claim == null) {
            return false;
        }
        unsubscribe
                .wrapAndApplyHeader(claim.buffer(), claim.offset(), connection.headerEncoder())
                .subscriptionId(staleSubscriptionId);
        claim.commit();
        staleSubscriptionId = 0;
        return true;
    }

    private int sendSubscribe(final long nowNs) {
        final BufferClaim claim = connection.tryClaim(HEADER + ReadSubscribeEncoder.BLOCK_LENGTH);
        if (claim == null) {
            return 0;
        }
        subscriptionId = conductor.beginSubscription(this);
        grantedOffset = processedOffset + window;
        subscribe
                .wrapAndApplyHeader(claim.buffer(), claim.offset(), connection.headerEncoder())
                .subscriptionId(subscriptionId)
                .streamId(streamId)
                .segmentId(segmentId)
                .startOffset(processedOffset)
                .creditBytes(window)
                .chain(chain)
                .startAt(StartAt.OFFSET);
        claim.commit();
        subscribedGeneration = connection.generation();
        askedAtNs = nowNs;
        state = State.SUBSCRIBING;
        if (wasSubscribed) {
            counters.add(Counters.RESUBSCRIPTIONS, 1);
        }
        wasSubscribed = true;
        return 1;
    }

    private int sendCredit() {
        final long creditOffset = processedOffset + window;
        if (creditOffset - grantedOffset < window / 2 && grantedOffset >= neededOffset) {
            return 0;
        }
        final BufferClaim claim = connection.tryClaim(HEADER + ReadCreditEncoder.BLOCK_LENGTH);
        if (claim == null) {
            return 0;
        }
        credit.wrapAndApplyHeader(claim.buffer(), claim.offset(), connection.headerEncoder())
                .subscriptionId(subscriptionId)
                .creditOffset(creditOffset);
        claim.commit();
        grantedOffset = creditOffset;
        return 1;
    }

    /**
     * Takes the node's word that bytes will come.
     *
     * @param segmentOffset of the first byte
     */
    void onReadStarted(final long segmentOffset) {
        if (state != State.SUBSCRIBING) {
            counters.add(Counters.DROPPED_FRAMES, 1);
        } else if (segmentOffset == receivedOffset) {
            state = State.STARTED;
        } else {
            counters.add(Counters.DROPPED_FRAMES, 1);
            fail(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    "asked for offset " + receivedOffset + ", the node began at " + segmentOffset);
        }
    }

    /**
     * Takes bytes.
     *
     * @param segmentOffset of the first one
     * @param buffer holds them
     * @param index of the first one
     * @param length in bytes
     */
    void onReadData(final long segmentOffset, final DirectBuffer buffer, final int index, final int length) {
        if (state == State.SUBSCRIBING && segmentOffset == receivedOffset) {
            state = State.STARTED;
        }
        if (state != State.STARTED
                || segmentOffset != receivedOffset
                || receivedOffset + length - processedOffset > window) {
            counters.add(Counters.DROPPED_FRAMES, 1);
            if (state == State.STARTED) {
                subscribeAgain(conductor.nowNs());
            }
            return;
        }
        UnsafeBuffer ring = bytes;
        if (ring == null) {
            ring = new UnsafeBuffer(ByteBuffer.allocateDirect(window + overhang));
            bytes = ring;
        }
        final int target = (int) receivedOffset & (window - 1);
        final int first = Math.min(length, window - target);
        ring.putBytes(target, buffer, index, first);
        ring.putBytes(0, buffer, index + first, length - first);
        receivedOffset += length;
        attemptCount = 0;
    }

    /**
     * Takes the end of a sealed segment.
     *
     * @param finalOffset length of the segment
     */
    void onReadEnd(final long finalOffset) {
        if (state != State.STARTED && state != State.SUBSCRIBING) {
            counters.add(Counters.DROPPED_FRAMES, 1);
        } else if (finalOffset == receivedOffset) {
            conductor.endSubscription(subscriptionId);
            subscriptionId = 0;
            state = State.ENDED;
        } else {
            counters.add(Counters.DROPPED_FRAMES, 1);
            subscribeAgain(conductor.nowNs());
        }
    }

    /**
     * Takes a refusal.
     *
     * @param code why
     * @param text in words
     * @param nowNs the duty cycle's time
     */
    void onRefused(final ErrorCode code, final String text, final long nowNs) {
        isElsewhere |= code == ErrorCode.WRONG_NODE || code == ErrorCode.DEVICE_FENCED;
        switch (code) {
            case WRONG_NODE, NOT_READY, THROTTLED, READER_LIMIT, SUBSCRIPTION_UNKNOWN, SESSION_UNKNOWN, CHAIN_EPOCH ->
                backOff(nowNs);
            case DEVICE_FENCED -> {
                if (receivedOffset > unreadableOffset || nowNs - unreadableLastNs >= READABLE_AGAIN_NS) {
                    unreadableOffset = receivedOffset;
                    unreadableSinceNs = nowNs;
                }
                unreadableLastNs = nowNs;
                if (nowNs - unreadableSinceNs >= UNREADABLE_NS) {
                    fail(code, text);
                } else {
                    backOff(nowNs);
                }
            }
            default -> fail(code, text);
        }
    }

    private void backOff(final long nowNs) {
        subscribeAgain(nowNs + (FIRST_BACKOFF_NS << Math.min(attemptCount, MAX_BACKOFF_SHIFT)));
        attemptCount++;
    }

    private void fail(final ErrorCode code, final String text) {
        leave();
        state = State.FAILED;
        failure = code;
        failureText = text;
    }

    /**
     * Hands events over.
     *
     * @param handler called for each
     * @param limit greatest number
     * @return number handed over
     */
    int deliver(final EventHandler handler, final int limit) {
        int count = 0;
        while (count < limit) {
            final int length = nextFrameLength();
            final UnsafeBuffer ring = bytes;
            if (length == 0 || ring == null) {
                break;
            }
            final int place = placeCount;
            final int index = (int) processedOffset & (window - 1);
            handler.onEvent(
                    ring,
                    EventFrame.payloadIndex(index),
                    length - EventFrame.HEADER_LENGTH,
                    EventFrame.keyHash(ring, index),
                    segmentId,
                    processedOffset);
            count++;
            if (place != placeCount) {
                // The handler sought another place.
                return count;
            }
            processedOffset += length;
        }
        if (count == 0 && state == State.FAILED) {
            throwFailure();
        }
        return count;
    }

    /** Returns the length of the next whole event, made contiguous, or 0 when it is not there yet. */
    private int nextFrameLength() {
        final UnsafeBuffer ring = bytes;
        if (ring == null) {
            return 0;
        }
        final long available = receivedOffset - processedOffset;
        if (available < EventFrame.HEADER_LENGTH) {
            return 0;
        }
        final int index = (int) processedOffset & (window - 1);
        final int headerWrapped = index + EventFrame.HEADER_LENGTH - window;
        if (headerWrapped > 0) {
            ring.putBytes(window, ring, 0, headerWrapped);
        }
        final int payloadLength = ring.getInt(index, ByteOrder.LITTLE_ENDIAN);
        if (payloadLength < 0 || payloadLength > EventFrame.MAX_PAYLOAD) {
            fail(ErrorCode.BAD_EVENT_DATA, "event at offset " + processedOffset + " has length " + payloadLength);
            receivedOffset = processedOffset;
            return 0;
        }
        final int frameLength = EventFrame.frameLength(payloadLength);
        if (frameLength > window || frameLength > overhang) {
            grow(ring, frameLength);
            return nextFrameLength();
        }
        if (available < frameLength) {
            neededOffset = processedOffset + frameLength;
            return 0;
        }
        final int wrapped = index + frameLength - window;
        if (wrapped > 0) {
            ring.putBytes(window, ring, 0, wrapped);
        }
        return frameLength;
    }

    /** Makes room for an event of a length; what was received stays, and more credit is granted in the next turn. */
    private void grow(final UnsafeBuffer ring, final int frameLength) {
        final int newWindow = Math.max(window, BitUtil.findNextPositivePowerOfTwo(frameLength));
        final int newOverhang = Math.min(newWindow, EventFrame.MAX_LENGTH);
        final UnsafeBuffer newBytes = new UnsafeBuffer(ByteBuffer.allocateDirect(newWindow + newOverhang));
        long offset = processedOffset;
        while (offset < receivedOffset) {
            final int from = (int) offset & (window - 1);
            final int to = (int) offset & (newWindow - 1);
            final int length = (int) Math.min(receivedOffset - offset, Math.min(window - from, newWindow - to));
            newBytes.putBytes(to, ring, from, length);
            offset += length;
        }
        bytes = newBytes;
        window = newWindow;
        overhang = newOverhang;
    }

    private void throwFailure() {
        final ErrorCode code = failure;
        if (code != null) {
            throw new MillraceException(
                    code,
                    "cannot read on in segment " + segmentId + " of " + stream + " at offset " + processedOffset + ": "
                            + ClientConductor.why(code, failureText));
        }
    }

    /**
     * Returns the place.
     *
     * @return byte offset of the next event to be processed
     */
    long processedOffset() {
        return processedOffset;
    }

    /**
     * Tells whether all of a sealed segment is processed.
     *
     * @return true when nothing can follow
     */
    boolean isAtEnd() {
        return state == State.ENDED && processedOffset == receivedOffset;
    }

    /**
     * Returns the segment.
     *
     * @return segment id
     */
    long segmentId() {
        return segmentId;
    }
}
