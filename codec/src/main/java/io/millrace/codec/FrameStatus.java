package io.millrace.codec;

/**
 * Why a frame, a control body or a record failed its checks: negative numbers, so that they cannot be mistaken for a
 * template id or a length.
 *
 * <p><b>Threading</b>: constants and a pure function.
 */
public final class FrameStatus {
    /** The bytes end inside the header, the fixed block, a group or variable data. */
    public static final int TRUNCATED = -1;

    /** Another schema. */
    public static final int SCHEMA = -2;

    /** No message of this schema has the template id, or no record the kind. */
    public static final int TEMPLATE = -3;

    /** The version or the length of the fixed block does not fit this message. */
    public static final int BLOCK_LENGTH = -4;

    /** The block length of a group's entries does not fit this message. */
    public static final int GROUP = -5;

    /** A length field is out of its range. */
    public static final int LENGTH = -6;

    /** Bytes follow behind the end of the message. */
    public static final int TRAILING = -7;

    /** A field holds a value out of its range. */
    public static final int VALUE = -8;

    private FrameStatus() {}

    /**
     * Returns a word for people.
     *
     * @param status one of the constants of this class, or a positive answer
     * @return lower-case text
     */
    public static String toText(final int status) {
        return switch (status) {
            case TRUNCATED -> "truncated";
            case SCHEMA -> "of another schema";
            case TEMPLATE -> "of an unknown kind";
            case BLOCK_LENGTH -> "of a wrong version or block length";
            case GROUP -> "with a wrong group block length";
            case LENGTH -> "with a length out of range";
            case TRAILING -> "with bytes behind its end";
            case VALUE -> "with a value out of range";
            default -> status >= 0 ? "well-formed" : "malformed (" + status + ")";
        };
    }
}
