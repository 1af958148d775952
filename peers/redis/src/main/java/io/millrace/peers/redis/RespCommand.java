package io.millrace.peers.redis;

import java.nio.charset.StandardCharsets;

/**
 * Encodes commands of Redis' protocol: an array of bulk strings.
 *
 * <pre>
 *   *COUNT\r\n  $LENGTH\r\n WORD \r\n  $LENGTH\r\n WORD \r\n …
 * </pre>
 *
 * <p><b>Threading:</b> immutable.
 */
final class RespCommand {
    private RespCommand() {}

    /**
     * Encodes a whole command.
     *
     * @param words ASCII.
     * @return its bytes.
     */
    static byte[] of(final String... words) {
        final StringBuilder text = new StringBuilder();
        text.append('*').append(words.length).append("\r\n");
        for (final String word : words) {
            append(text, word);
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Encodes a command up to the bytes of its last word, which the caller puts behind, with a closing line end.
     *
     * @param lastLength length of the last word, in bytes.
     * @param words ASCII, all but the last one.
     * @return the bytes before the last word.
     */
    static byte[] upTo(final int lastLength, final String... words) {
        final StringBuilder text = new StringBuilder();
        text.append('*').append(words.length + 1).append("\r\n");
        for (final String word : words) {
            append(text, word);
        }
        text.append('$').append(lastLength).append("\r\n");
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static void append(final StringBuilder text, final String word) {
        text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
    }
}
