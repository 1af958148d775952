package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The hash of keys is stored for ever: these vectors, which also stand in docs/formats.md, may never change. */
@Timeout(10)
final class KeyHashTest {
    /** A key and its hash. */
    record Vector(String key, long hash) {}

    static final List<Vector> VECTORS = List.of(
            new Vector("", 0xef46db3751d8e999L),
            new Vector("a", 0xd24ec4f1a98c6e5bL),
            new Vector("abc", 0x44bc2cf5ad770999L),
            new Vector("Nobody inspects the spammish repetition", 0xfbcea83c8a378bf1L),
            new Vector("sensor-17", 0x955facb17910d4f4L),
            new Vector("Mühlbach", 0x23906b5b69b82319L),
            new Vector("水車", 0xe6371a9dd64d17e2L),
            new Vector("key-0000000000000000000000000000000000000000000000000000000000000001", 0xf4bebbc5dd73e079L));

    @Test
    void shouldGiveGoldenHashWhenKeyIsText() {
        for (final Vector vector : VECTORS) {
            assertEquals(vector.hash, KeyHash.of(vector.key), vector.key);
        }
    }

    @Test
    void shouldGiveSameHashWhenKeyLiesInAnyBuffer() {
        final ByteBuffer direct = ByteBuffer.allocateDirect(256);
        for (final Vector vector : VECTORS) {
            final byte[] key = vector.key.getBytes(StandardCharsets.UTF_8);
            final byte[] shifted = new byte[key.length + 8];
            System.arraycopy(key, 0, shifted, 3, key.length);
            assertEquals(vector.hash, KeyHash.of(shifted, 3, key.length));
            assertEquals(vector.hash, KeyHash.of(new UnsafeBuffer(shifted, 1, key.length + 2), 2, key.length));
            final UnsafeBuffer offHeap = new UnsafeBuffer(direct);
            offHeap.putBytes(5, key);
            assertEquals(vector.hash, KeyHash.of(offHeap, 5, key.length));
        }
    }

    @Test
    void shouldThrowWhenKeyReachesBeyondItsBuffer() {
        final byte[] key = new byte[10];
        assertThrows(IndexOutOfBoundsException.class, () -> KeyHash.of(key, 5, 6));
        assertThrows(IndexOutOfBoundsException.class, () -> KeyHash.of(key, -1, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> KeyHash.of(new UnsafeBuffer(key), 5, 6));
        assertThrows(IndexOutOfBoundsException.class, () -> KeyHash.of(new UnsafeBuffer(key), 5, -1));
    }
}
