package io.millrace.client.core;

import io.millrace.client.Result;
import io.millrace.codec.ErrorCode;

/**
 * What the refusal of a writer's set-up, bind or append means for its events.
 *
 * <p><b>Threading</b>: stateless.
 */
final class Refusals {
    /** Time, or a new set-up, mends it. */
    static final long PASSING = 0;

    private Refusals() {}

    /**
     * Tells with which code the writer ends.
     *
     * @param code why the node refused
     * @return {@link #PASSING}, or a code of {@link Result}
     */
    static long finalCode(final ErrorCode code) {
        return switch (code) {
            case WRONG_NODE,
                    CHAIN_EPOCH,
                    WRITER_UNKNOWN,
                    EVENT_NUMBER_GAP,
                    FRAGMENT_ORDER,
                    BIND_SECRET,
                    SESSION_UNKNOWN,
                    SESSION_LIMIT,
                    SESSION_MEMORY,
                    THROTTLED,
                    NOT_READY,
                    STREAM_BUSY,
                    WRITER_LIMIT,
                    LIMIT_REACHED,
                    JOURNAL_FULL,
                    DEVICE_FENCED,
                    REPLICAS_TOO_FEW,
                    INDEX_FULL -> PASSING;
            case WRITER_FENCED -> Result.FENCED;
            case SEGMENT_SEALED, STREAM_SEALED -> Result.SEALED;
            case SEGMENT_DELETED, SEGMENT_NOT_FOUND, STREAM_NOT_FOUND -> Result.DELETED;
            default -> -code.number();
        };
    }
}
