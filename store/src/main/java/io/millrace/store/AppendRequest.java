package io.millrace.store;

import io.millrace.codec.wire.AppendDecoder;

/**
 * What {@link PendingOverlay#checkAppend} is asked: one append frame without its bytes. Reused; every call of
 * {@link #writer}, {@link #segment} and {@link #events} or {@link #fragment} is needed for each frame.
 *
 * <p><b>Threading:</b> belongs to the thread that owns the chain.
 */
public final class AppendRequest {
    long writerIdHigh;
    long writerIdLow;
    int writerEpoch;
    long bindSecret;
    long streamId;
    long segmentId;
    long firstEventNumber;
    int eventCount;
    int lengthBytes;
    boolean atomic;
    boolean fragment;
    boolean lastFragment;
    int fragmentOffset;
    int fragmentedLength;
    int fragmentSession;
    long expectedOffset = -1;

    /** Creates an empty request. */
    public AppendRequest() {}

    /**
     * Sets who appends.
     *
     * @param idHigh writer id, high half
     * @param idLow writer id, low half
     * @param epoch writer epoch as the frame says
     * @param secret the bind secret this session got by its own set-up: it tells apart two sessions that use one writer
     *     id, and the one that did not set up last is refused with {@link StoreStatus#WRITER_FENCED}
     * @return this
     */
    public AppendRequest writer(final long idHigh, final long idLow, final int epoch, final long secret) {
        writerIdHigh = idHigh;
        writerIdLow = idLow;
        writerEpoch = epoch;
        bindSecret = secret;
        return this;
    }

    /**
     * Sets where to append.
     *
     * @param stream stream id
     * @param segment segment id
     * @param expected the length the segment must have, in bytes; negative: unconditional
     * @return this
     */
    public AppendRequest segment(final long stream, final long segment, final long expected) {
        streamId = stream;
        segmentId = segment;
        expectedOffset = expected;
        return this;
    }

    /**
     * Sets a list of whole events.
     *
     * @param first number of the first event, from 1
     * @param count how many, from 1
     * @param bytes their bytes with their frames, from 1
     * @param allOrNothing true when the list must never be cut
     * @return this
     */
    public AppendRequest events(final long first, final int count, final int bytes, final boolean allOrNothing) {
        firstEventNumber = first;
        eventCount = count;
        lengthBytes = bytes;
        atomic = allOrNothing;
        fragment = false;
        lastFragment = false;
        fragmentOffset = 0;
        fragmentedLength = 0;
        fragmentSession = 0;
        return this;
    }

    /**
     * Sets one fragment of one event; {@link #wrap} also those of an atomic list.
     *
     * @param number the event's number, from 1
     * @param offset byte offset of the fragment in the event's bytes
     * @param bytes bytes of the fragment, from 1
     * @param totalBytes all bytes of the event with its frame
     * @param last true when the frame says that this is the last one
     * @param session names the client session; fragments of another one never continue an event
     * @return this
     */
    public AppendRequest fragment(
            final long number,
            final int offset,
            final int bytes,
            final int totalBytes,
            final boolean last,
            final int session) {
        firstEventNumber = number;
        eventCount = 1;
        lengthBytes = bytes;
        atomic = false;
        fragment = true;
        lastFragment = last;
        fragmentOffset = offset;
        fragmentedLength = totalBytes;
        fragmentSession = session;
        return this;
    }

    /**
     * Sets everything from a frame of the wire. Does not move the decoder.
     *
     * @param frame wrapped and bounds-checked, positioned before its events
     * @param secret the bind secret this session got by its own set-up
     * @param session names the client session, for fragments
     * @return this
     */
    public AppendRequest wrap(final AppendDecoder frame, final long secret, final int session) {
        writer(frame.writerIdHigh(), frame.writerIdLow(), frame.writerEpoch(), secret);
        segment(frame.streamId(), frame.segmentId(), frame.expectedOffset());
        final int flags = frame.flags().getRaw();
        if ((flags & FLAG_FRAGMENT) != 0) {
            fragment(
                    frame.firstEventNumber(),
                    frame.fragmentOffset(),
                    frame.eventsLength(),
                    frame.fragmentedLength(),
                    (flags & FLAG_LAST_FRAGMENT) != 0,
                    session);
            eventCount = frame.eventCount();
            atomic = (flags & FLAG_ATOMIC) != 0;
        } else {
            events(frame.firstEventNumber(), frame.eventCount(), frame.eventsLength(), (flags & FLAG_ATOMIC) != 0);
        }
        return this;
    }

    /** Bit of {@code AppendFlags}: the record or frame is a fragment. */
    static final int FLAG_FRAGMENT = 1;

    /** Bit of {@code AppendFlags}: it is the last one of its event. */
    static final int FLAG_LAST_FRAGMENT = 2;

    /** Bit of {@code AppendFlags}: the list is one unit. */
    static final int FLAG_ATOMIC = 4;
}
