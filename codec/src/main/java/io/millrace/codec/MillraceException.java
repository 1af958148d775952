package io.millrace.codec;

import java.io.Serial;

/**
 * An operating fault that ends what was asked for, with a stable code. The message begins with {@code MR-nnnn: }; the
 * rest says what happened, where, the value seen and the limit.
 *
 * <p><b>Threading</b>: immutable. Never thrown on the hot path: there a refusal is a negative code.
 */
public final class MillraceException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** The code the message begins with. */
    private final ErrorCode code;

    /**
     * Makes the exception.
     *
     * @param code stable code
     * @param message what happened, where, the value seen and the limit; without the code
     */
    public MillraceException(final ErrorCode code, final String message) {
        super(code.id() + ": " + message);
        this.code = code;
    }

    /**
     * Makes the exception with the fault that caused it.
     *
     * @param code stable code
     * @param message what happened, where, the value seen and the limit; without the code
     * @param cause the fault underneath
     */
    public MillraceException(final ErrorCode code, final String message, final Throwable cause) {
        super(code.id() + ": " + message, cause);
        this.code = code;
    }

    /**
     * Returns the stable code.
     *
     * @return the code the message begins with
     */
    public ErrorCode code() {
        return code;
    }
}
