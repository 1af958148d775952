package io.millrace.client.core;

/**
 * A seeded source of random numbers: SplitMix64.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard.
 *
 * @see <a href="https://doi.org/10.1145/2714064.2660195">Steele, Lea, Flood: Fast splittable pseudorandom number
 *     generators</a>
 */
final class SplitMix {
    private long state;

    /**
     * Makes the source.
     *
     * @param seed any
     */
    SplitMix(final long seed) {
        state = seed;
    }

    /**
     * Returns the next number.
     *
     * @return uniform over all 64 bits
     */
    long next() {
        state += 0x9E3779B97F4A7C15L;
        long mixed = state;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
