package io.millrace.peers.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Encoding of commands, and replies taken apart however they are cut. */
@Timeout(20)
final class RespTest {
    private final List<String> taken = new ArrayList<>();
    private final RespReplies replies = new RespReplies();
    private final RespReplies.Handler handler = new RespReplies.Handler() {
        @Override
        public void onString(final ByteBuffer bytes, final int offset, final int length) {
            if (length < 0) {
                taken.add("nothing");
                return;
            }
            final byte[] text = new byte[length];
            bytes.get(offset, text);
            taken.add(new String(text, StandardCharsets.US_ASCII));
        }

        @Override
        public void onReplyEnd() {
            taken.add("end");
        }

        @Override
        public void onError(final String message) {
            taken.add("error " + message);
        }
    };

    @Test
    void shouldBeAnArrayOfBulkStringsWhenACommandIsEncoded() {
        assertEquals("*2\r\n$4\r\nXADD\r\n$2\r\ns0\r\n", ascii(RespCommand.of("XADD", "s0")));
        assertEquals("*2\r\n$4\r\nXADD\r\n$100\r\n", ascii(RespCommand.upTo(100, "XADD")));
    }

    @Test
    void shouldHandOverEachPartWhenRepliesAreNested() {
        take("*1\r\n*2\r\n$1\r\nk\r\n*2\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nd\r\n$2\r\n\r\n\r\n"
                + "*2\r\n$3\r\n2-0\r\n*2\r\n$1\r\nd\r\n$2\r\nxy\r\n+PONG\r\n:17\r\n*-1\r\n$-1\r\n");
        assertEquals(
                List.of(
                        "k", "1-0", "d", "\r\n", "2-0", "d", "xy", "end", "PONG", "end", "17", "end", "nothing", "end",
                        "nothing", "end"),
                taken);
    }

    @Test
    void shouldHandOverTheSameWhenRepliesComeByteByByte() {
        final String text = "*2\r\n$3\r\n1-0\r\n*1\r\n$5\r\nhello\r\n$15\r\n1700000000000-0\r\n-ERR no\r\n";
        final ByteBuffer bytes = ByteBuffer.allocate(64);
        for (final byte next : text.getBytes(StandardCharsets.US_ASCII)) {
            bytes.put(next).flip();
            replies.take(bytes, handler);
            bytes.compact();
        }
        assertEquals(List.of("1-0", "hello", "end", "1700000000000-0", "end", "error ERR no", "end"), taken);
    }

    @Test
    void shouldRefuseWhenALengthIsNoNumber() {
        assertThrows(IllegalStateException.class, () -> take("$1x\r\n"));
        assertThrows(IllegalStateException.class, () -> take("*99999999999999999999\r\n"));
        assertThrows(IllegalStateException.class, () -> take("?\r\n"));
        assertThrows(IllegalStateException.class, () -> take("*1\r\n".repeat(9)));
    }

    private void take(final String text) {
        replies.take(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), handler);
    }

    private static String ascii(final byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
