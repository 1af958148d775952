package io.millrace.codec;

/**
 * The hash chain of a chain log. A record's hash follows from the hash of the record before it, from its own CRC32C,
 * which covers all but its first eight bytes, and from its length; the next record carries it as its previous hash.
 *
 * <pre>
 *   hash(n) = mix(mix(hash(n - 1) + 0x9E3779B97F4A7C15) ^ (crc32c(n) &lt;&lt; 32 | length(n)))
 *   hash(0) = 0
 * </pre>
 *
 * where {@code mix} is the finalizer of SplitMix64 (a bijection). It finds logs that differ; it is no defence against
 * an attacker.
 *
 * <p><b>Threading</b>: pure functions. Nothing is allocated.
 */
public final class RecordHash {
    /** Hash before position 1. */
    public static final long START = 0;

    private RecordHash() {}

    /**
     * Computes the hash of a record.
     *
     * @param previousHash hash of the record at the position before, {@link #START} for position 1
     * @param recordCrc32c CRC32C of the record as in its header
     * @param length of the record in bytes, header and body, without alignment
     * @return hash of the record
     */
    public static long next(final long previousHash, final int recordCrc32c, final int length) {
        final long own = (long) recordCrc32c << 32 | length;
        return mix(mix(previousHash + 0x9E3779B97F4A7C15L) ^ own);
    }

    private static long mix(final long start) {
        long bits = start;
        bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
        return bits ^ (bits >>> 31);
    }
}
