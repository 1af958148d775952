package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(10)
class StreamPositionTest {
    @Test
    void shouldRoundTripAsText() {
        final StreamPosition position = StreamPosition.of(7, new long[] {0, 4294967297L}, new long[] {1840, 0});
        assertEquals("7:0@1840,4294967297@0", position.asText());
        assertEquals(position, StreamPosition.parse(position.asText()));
        assertEquals(
                position.hashCode(), StreamPosition.parse(position.asText()).hashCode());
        assertEquals(1840, position.offsetOf(0));
        assertEquals(-1, position.offsetOf(5));
        assertSame(StreamPosition.HEAD, StreamPosition.parse("head"));
        assertSame(StreamPosition.TAIL, StreamPosition.parse("TAIL"));
        assertNotEquals(StreamPosition.HEAD, StreamPosition.TAIL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "7", "7:", "7:0", "7:0@", "7:@1", "x:0@1", "-7:0@1", "7:0@-1", "7:0@1,", ":0@1"})
    void shouldRefuseWhenTextIsNoPosition(final String text) {
        assertThrows(IllegalArgumentException.class, () -> StreamPosition.parse(text));
    }

    @Test
    void shouldNameEveryCode() {
        assertEquals("BACK_PRESSURED", Result.name(Result.BACK_PRESSURED));
        assertEquals("UNREACHABLE", Result.name(Result.NOT_CONNECTED));
        assertEquals("CLIENT_CLOSED", Result.name(Result.CLOSED));
        assertEquals("WRITER_FENCED", Result.name(Result.FENCED));
        assertEquals("SEGMENT_SEALED", Result.name(Result.SEALED));
        assertEquals("SEGMENT_DELETED", Result.name(Result.DELETED));
        assertEquals("OK", Result.name(1));
        assertEquals("UNKNOWN", Result.name(-1));
        assertTrue(Result.isRetryable(Result.NOT_CONNECTED));
        assertFalse(Result.isRetryable(Result.CLOSED));
    }
}
