package io.millrace.peers.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Takes replies of Redis' protocol apart as they arrive, in whatever pieces: arrays of any depth, bulk strings, simple
 * strings, numbers, errors.
 *
 * <p><b>Threading:</b> one thread. <b>Invariants:</b> nothing is allocated per reply; lengths and depth from the wire
 * are bounded before they are used.
 */
final class RespReplies {
    private static final int DEPTH_MAX = 8;
    private static final int COUNT_MAX = 1 << 24;

    private final long[] left = new long[DEPTH_MAX];
    private int depth;
    private int position;

    /** Receives what a reply is made of. */
    interface Handler {
        /**
         * A bulk or simple string, or a number.
         *
         * @param bytes holds it; its position and limit must stay as they are.
         * @param offset of the first byte.
         * @param length bytes; -1 for none (null).
         */
        void onString(ByteBuffer bytes, int offset, int length);

        /** A whole reply has been handed over. */
        void onReplyEnd();

        /**
         * The server refuses something.
         *
         * @param message its words.
         */
        void onError(String message);
    }

    /**
     * Takes all whole elements out of a buffer.
     *
     * @param bytes from its position to its limit; what is left begins an incomplete element.
     * @param handler takes them.
     * @return number of elements taken.
     */
    int take(final ByteBuffer bytes, final Handler handler) {
        int count = 0;
        while (element(bytes, handler)) {
            bytes.position(position);
            count++;
        }
        return count;
    }

    private boolean element(final ByteBuffer bytes, final Handler handler) {
        final int start = bytes.position();
        final int lineEnd = lineEnd(bytes, start);
        if (lineEnd < 0) {
            return false;
        }
        position = lineEnd + 2;
        switch (bytes.get(start)) {
            case '*' -> {
                final long elements = number(bytes, start + 1, lineEnd);
                if (elements > 0) {
                    open(elements);
                    return true;
                }
                handler.onString(bytes, start, -1);
            }
            case '$' -> {
                final long length = number(bytes, start + 1, lineEnd);
                if (length >= 0) {
                    if (bytes.limit() - position < length + 2) {
                        return false;
                    }
                    handler.onString(bytes, position, (int) length);
                    position += (int) length + 2;
                } else {
                    handler.onString(bytes, start, -1);
                }
            }
            case '+', ':' -> handler.onString(bytes, start + 1, lineEnd - start - 1);
            case '-' -> {
                final byte[] message = new byte[lineEnd - start - 1];
                bytes.get(start + 1, message);
                handler.onError(new String(message, StandardCharsets.US_ASCII));
            }
            default -> throw new IllegalStateException("no reply of Redis begins with byte " + bytes.get(start));
        }
        closed(handler);
        return true;
    }

    private void open(final long elements) {
        if (depth == DEPTH_MAX) {
            throw new IllegalStateException("a reply nests arrays deeper than " + DEPTH_MAX);
        }
        left[depth++] = elements;
    }

    private void closed(final Handler handler) {
        while (depth > 0) {
            left[depth - 1]--;
            if (left[depth - 1] > 0) {
                return;
            }
            depth--;
        }
        handler.onReplyEnd();
    }

    private static int lineEnd(final ByteBuffer bytes, final int from) {
        for (int i = from; i + 1 < bytes.limit(); i++) {
            if (bytes.get(i) == '\r' && bytes.get(i + 1) == '\n') {
                return i;
            }
        }
        return -1;
    }

    private static long number(final ByteBuffer bytes, final int from, final int to) {
        if (to - from == 2 && bytes.get(from) == '-') {
            return -1;
        }
        long number = 0;
        for (int i = from; i < to; i++) {
            final int digit = bytes.get(i) - '0';
            if (digit < 0 || digit > 9 || number > COUNT_MAX) {
                throw new IllegalStateException("a reply of Redis has a length that is no number up to " + COUNT_MAX);
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
