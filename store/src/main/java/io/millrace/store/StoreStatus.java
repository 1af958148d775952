package io.millrace.store;

import io.millrace.codec.wire.RefusalCode;

/**
 * Answers of {@link PendingOverlay}'s checks: zero or positive is an answer to act on, negative is a refusal.
 *
 * <p>What {@link PendingOverlay#answerDetail()} holds is written beside each.
 */
public final class StoreStatus {
    /** The request may be sequenced as it is. Detail: 0. */
    public static final int APPEND = 0;

    /** Every event is known already: acknowledge, do not append. Detail: the writer's last event number. */
    public static final int DUPLICATE = 1;

    /** The first events are known already: append the rest. Detail: how many leading events to skip. */
    public static final int APPEND_SUFFIX = 2;

    /** The effect was sequenced before. Detail: the last effect number. */
    public static final int EFFECT_REPEATED = 3;

    /** The chain does not hold the segment. Detail: 0. */
    public static final int SEGMENT_NOT_FOUND = -1;

    /** The segment is sealed. Detail: the writer's last event number in it, 0 when it has none. */
    public static final int SEGMENT_SEALED = -2;

    /** The segment is deleted. Detail: the writer's last event number in it, 0 when it has none. */
    public static final int SEGMENT_DELETED = -3;

    /** The writer has no entry for the segment: it must set up first. Detail: 0. */
    public static final int WRITER_UNKNOWN = -4;

    /** A newer set-up of the same writer id has taken over. Detail: the entry's writer epoch. */
    public static final int WRITER_FENCED = -5;

    /** Event numbers are missing before the first one. Detail: the number expected. */
    public static final int EVENT_NUMBER_GAP = -6;

    /** An atomic or conditional list straddles known numbers; it is never cut. Detail: the number expected. */
    public static final int ATOMIC_STRADDLE = -7;

    /** The expected offset is not the segment's length. Detail: the length. */
    public static final int OFFSET_MISMATCH = -8;

    /** A fragment does not follow the one before. Detail: the fragment offset expected; 0: start the event again. */
    public static final int FRAGMENT_ORDER = -9;

    /** Too many events are open, or an event has too many fragments. Detail: the limit. */
    public static final int FRAGMENT_LIMIT = -10;

    /** The fragmented event is longer than allowed. Detail: the limit in bytes. */
    public static final int EVENT_TOO_LARGE = -11;

    /** The chain or the segment has no room for another writer entry. Detail: the limit. */
    public static final int WRITER_LIMIT = -12;

    /** The chain has no room for another segment. Detail: the limit. */
    public static final int SEGMENT_LIMIT = -13;

    /** The chain's segment indexes are full. Detail: the limit. */
    public static final int INDEX_FULL = -14;

    /** Effect numbers are missing before this one. Detail: the number expected. */
    public static final int EFFECT_GAP = -15;

    /** The numbers of the request contradict each other. Detail: 0. */
    public static final int MALFORMED = -16;

    /** The writer entry has changed too lately to expire. Detail: the timestamp of its last record. */
    public static final int WRITER_ACTIVE = -17;

    private StoreStatus() {}

    /**
     * Gives the wire's refusal code of a negative answer.
     *
     * @param status a negative answer
     * @return the code to refuse a client with
     * @throws IllegalArgumentException when the answer is not a refusal of a client's request
     */
    public static RefusalCode refusalCode(final int status) {
        return switch (status) {
            case SEGMENT_NOT_FOUND -> RefusalCode.SEGMENT_NOT_FOUND;
            case SEGMENT_SEALED -> RefusalCode.SEGMENT_SEALED;
            case SEGMENT_DELETED -> RefusalCode.SEGMENT_DELETED;
            case WRITER_UNKNOWN -> RefusalCode.WRITER_UNKNOWN;
            case WRITER_FENCED -> RefusalCode.WRITER_FENCED;
            case EVENT_NUMBER_GAP, ATOMIC_STRADDLE -> RefusalCode.EVENT_NUMBER_GAP;
            case OFFSET_MISMATCH -> RefusalCode.OFFSET_MISMATCH;
            case FRAGMENT_ORDER -> RefusalCode.FRAGMENT_ORDER;
            case FRAGMENT_LIMIT -> RefusalCode.THROTTLED;
            case EVENT_TOO_LARGE -> RefusalCode.EVENT_TOO_LARGE;
            case WRITER_LIMIT -> RefusalCode.WRITER_LIMIT;
            case SEGMENT_LIMIT -> RefusalCode.LIMIT_REACHED;
            case INDEX_FULL -> RefusalCode.INDEX_FULL;
            case MALFORMED -> RefusalCode.MALFORMED;
            default -> throw new IllegalArgumentException("not a refusal: " + status);
        };
    }
}
