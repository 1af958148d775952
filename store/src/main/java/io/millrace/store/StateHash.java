package io.millrace.store;

/** Mixes numbers into a 64-bit hash that is the same on every machine; not for hostile input. */
final class StateHash {
    private StateHash() {}

    /** Scrambles one number (the finalizer of SplitMix64). */
    static long mix(final long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Mixes two numbers; the order counts. */
    static long mix(final long a, final long b) {
        return mix(mix(a) * 31 + b);
    }

    /** Mixes four numbers; the order counts. */
    static long mix(final long a, final long b, final long c, final long d) {
        return mix(mix(mix(a, b), c), d);
    }
}
