package io.millrace.server.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link JsonWriter}: escapes, numbers, commas, and misuse. */
@Timeout(20)
final class JsonWriterTest {
    private final StringBuilder text = new StringBuilder();
    private final JsonWriter json = new JsonWriter(text);

    @Test
    void shouldEscapeWhatJsonCannotHold() {
        json.value("a\"b\\c\n\r\t\b\f\u0000\u001f\u007f\u2028\u2029/\u00e4\u20ac\ud83d\ude00");

        assertEquals(
                "\"a\\\"b\\\\c\\n\\r\\t\\u0008\\u000c\\u0000\\u001f\\u007f\\u2028\\u2029/\u00e4\u20ac\ud83d\ude00\"",
                text.toString());
    }

    @Test
    void shouldEscapeLoneSurrogates() {
        json.value("\ud83d x \ude00");

        assertEquals("\"\\ud83d x \\ude00\"", text.toString());
    }

    @Test
    void shouldWriteNumbersThatJsonKnows() {
        json.beginArray()
                .value(Long.MIN_VALUE)
                .value(1.5)
                .value(2.0)
                .value(-0.25)
                .value(1e15)
                .value(Double.NaN)
                .value(Double.POSITIVE_INFINITY)
                .value(true)
                .value((String) null)
                .end();

        assertEquals("[-9223372036854775808,1.5,2,-0.25,1000000000000000,null,null,true,null]", text.toString());
    }

    @Test
    void shouldPlaceCommasWhenNested() {
        json.beginObject()
                .name("a")
                .beginArray()
                .beginObject()
                .end()
                .beginObject()
                .field("b", 1)
                .field("c", "d")
                .end()
                .value(3)
                .end()
                .field("e", false)
                .end();

        assertEquals("{\"a\":[{},{\"b\":1,\"c\":\"d\"},3],\"e\":false}", text.toString());
    }

    @Test
    void shouldRefuseMisuse() {
        assertThrows(IllegalStateException.class, () -> new JsonWriter(new StringBuilder()).end());
        assertThrows(IllegalStateException.class, () -> new JsonWriter(new StringBuilder()).name("x"));
        assertThrows(
                IllegalStateException.class,
                () -> new JsonWriter(new StringBuilder()).beginObject().value(1));
        assertThrows(IllegalStateException.class, () -> new JsonWriter(new StringBuilder())
                .beginObject()
                .name("x")
                .end());
        assertThrows(
                IllegalStateException.class,
                () -> new JsonWriter(new StringBuilder()).value(1).value(2));
    }
}
