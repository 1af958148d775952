package io.millrace.client;

import io.millrace.codec.ErrorCode;

/**
 * The negative codes of the non-blocking calls. Each is minus the number of an {@link ErrorCode}, so −8008 is MR-8008
 * and can be mistaken neither for a sequence (always positive) nor for one of Aeron's codes (−1 to −6).
 *
 * <p><b>Threading</b>: immutable constants.
 */
public final class Result {
    /** The window of unacknowledged events is full: poll (or let time pass), then offer again. */
    public static final long BACK_PRESSURED = -8008;

    /** The window is full because no node answers; the client goes on trying to reconnect. Offer again later. */
    public static final long NOT_CONNECTED = -8002;

    /** The writer or its client is closed. Final. */
    public static final long CLOSED = -8001;

    /** The payload exceeds 8 MiB or the node's smaller limit. Final for this event. */
    public static final long TOO_LARGE = -3008;

    /** A newer writer with the same id has taken over. Final. */
    public static final long FENCED = -3006;

    /** The stream is sealed. Final. */
    public static final long SEALED = -3002;

    /** The stream is deleted. Final. */
    public static final long DELETED = -3003;

    private Result() {}

    /**
     * Tells whether the same call can succeed later.
     *
     * @param code a negative code
     * @return true for {@link #BACK_PRESSURED} and {@link #NOT_CONNECTED}
     */
    public static boolean isRetryable(final long code) {
        return code == BACK_PRESSURED || code == NOT_CONNECTED;
    }

    /**
     * Returns the error behind a code.
     *
     * @param code a negative code
     * @return its error, {@link ErrorCode#UNKNOWN} for anything else
     */
    public static ErrorCode error(final long code) {
        return code < 0 && code >= -9999 ? ErrorCode.of((int) -code) : ErrorCode.UNKNOWN;
    }

    /**
     * Returns the name of a code, for messages.
     *
     * @param code what a call returned
     * @return "OK" for a positive number, else the name of its error, e.g. {@code BACK_PRESSURED}
     */
    public static String name(final long code) {
        return code > 0 ? "OK" : error(code).name();
    }
}
