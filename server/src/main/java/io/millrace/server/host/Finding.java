package io.millrace.server.host;

import io.millrace.codec.ErrorCode;

/**
 * One thing about the host that the operator should know.
 *
 * @param severity what the node does about it.
 * @param code of the error.
 * @param what the value seen and the limit.
 * @param mend the command that mends it.
 */
public record Finding(Severity severity, ErrorCode code, String what, String mend) {
    /** What the node does about a finding. */
    public enum Severity {
        /** It starts, and says so loudly. */
        WARN,
        /** It does not start. */
        REFUSE
    }

    /**
     * The finding in one line, without its code.
     *
     * @return what is wrong, then the command that mends it.
     */
    public String text() {
        return what + "; " + mend;
    }
}
