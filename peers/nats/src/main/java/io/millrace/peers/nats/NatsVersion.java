package io.millrace.peers.nats;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The version that {@code nats-server --version} prints.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param major first number.
 * @param minor second number.
 * @param text as it was printed, without the program's name.
 */
record NatsVersion(int major, int minor, String text) {
    private static final Pattern PRINTED = Pattern.compile("v?((\\d{1,4})\\.(\\d{1,4})\\S*)");

    /**
     * Reads it.
     *
     * @param printed such as {@code nats-server: v2.9.10}.
     * @return the version; 0.0 when none was printed.
     */
    static NatsVersion parse(final String printed) {
        final Matcher matcher = PRINTED.matcher(printed);
        return matcher.find()
                ? new NatsVersion(
                        Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(3)), matcher.group(1))
                : new NatsVersion(0, 0, "unknown");
    }

    /** Whether this server knows {@code sync_interval: always}. */
    boolean syncsEveryMessage() {
        return major > 2 || (major == 2 && minor >= 10);
    }
}
