package io.millrace.server.configuration;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong with the settings.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param code MR-7001 to MR-7005.
 * @param origin where it stands.
 * @param what is wrong, with the value seen.
 * @param nearest the name that was probably meant, null where there is none.
 */
public record ConfigurationFault(
        ErrorCode code,
        Origin origin,
        String what,
        @Nullable String nearest) {
    /**
     * The fault in one line, without its code.
     *
     * @return place, what is wrong, and how to mend it.
     */
    public String message() {
        return origin + ": " + what + hint();
    }

    private String hint() {
        if (code != ErrorCode.CONFIGURATION_UNKNOWN_KEY) {
            return "";
        }
        return nearest == null ? "; docs/configuration.md lists them" : "; did you mean '" + nearest + "'?";
    }

    /** Makes it an exception. */
    MillraceException exception() {
        return new MillraceException(code, message());
    }
}
