package io.millrace.client.core;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.AckEchoEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;

/**
 * Tells tail and head of a segment's chain which acknowledgements have arrived: the tail repeats the others, and the
 * head says them itself.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard. Nothing is allocated per event.
 */
final class AckEchoProxy {
    private static final int LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + AckEchoEncoder.BLOCK_LENGTH;
    private static final long INTERVAL_NS = 20_000_000L;

    private final AckEchoEncoder echo = new AckEchoEncoder();
    private final long writerIdHigh;
    private final long writerIdLow;
    private final long streamId;
    private final long segmentId;
    private long echoedNumber;
    private long unechoedSinceNs;
    private boolean isAsked;

    /**
     * Speaks for one writer of one segment.
     *
     * @param writerIdHigh upper half of the writer's identity
     * @param writerIdLow lower half
     * @param streamId of the segment
     * @param segmentId of the segment
     */
    AckEchoProxy(final long writerIdHigh, final long writerIdLow, final long streamId, final long segmentId) {
        this.writerIdHigh = writerIdHigh;
        this.writerIdLow = writerIdLow;
        this.streamId = streamId;
        this.segmentId = segmentId;
    }

    /**
     * Begins behind what was stored before.
     *
     * @param number of the last event that needs no echo
     */
    void begin(final long number) {
        echoedNumber = number;
    }

    /**
     * Notes that an acknowledgement has arrived.
     *
     * @param numberBefore last number acknowledged before it
     * @param nowNs the duty cycle's time
     */
    void onAcknowledged(final long numberBefore, final long nowNs) {
        if (numberBefore == echoedNumber) {
            unechoedSinceNs = nowNs;
        }
    }

    /** Notes that somebody has said again what is known: it waits for an echo. */
    void ask() {
        isAsked = true;
    }

    /** Tells whether somebody waits for an echo. */
    boolean isAsked() {
        return isAsked;
    }

    /**
     * Echoes when it is time.
     *
     * @param number of the last event acknowledged
     * @param nowNs the duty cycle's time
     * @param head connection to the head
     * @param tail connection to the tail, bound
     * @return number of frames sent
     */
    int doWork(final long number, final long nowNs, final Connection head, final Connection tail) {
        final boolean isDue = isAsked || (number > echoedNumber && nowNs - unechoedSinceNs >= INTERVAL_NS);
        if (!isDue || !send(tail, number)) {
            return 0;
        }
        echoedNumber = number;
        isAsked = false;
        // A head that takes nothing now says again what it lacks an echo of, when it goes on.
        return head != tail && send(head, number) ? 2 : 1;
    }

    private boolean send(final Connection to, final long number) {
        final BufferClaim claim = to.tryClaim(LENGTH);
        if (claim == null) {
            return false;
        }
        echo.wrapAndApplyHeader(claim.buffer(), claim.offset(), to.headerEncoder())
                .writerIdHigh(writerIdHigh)
                .writerIdLow(writerIdLow)
                .streamId(streamId)
                .segmentId(segmentId)
                .lastEventNumber(number);
        claim.commit();
        return true;
    }
}
