package io.millrace.simulation;

import java.util.SplittableRandom;

/**
 * One stream of random numbers for each purpose, all from one seed: what one purpose draws changes no other.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class Randomness {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final long seed;

    /** Takes the seed. */
    Randomness(final long seed) {
        this.seed = seed;
    }

    /** Makes the stream of a purpose. */
    Stream stream(final String purpose) {
        long mixed = seed * GOLDEN + 1;
        for (int i = 0; i < purpose.length(); i++) {
            mixed = (mixed ^ purpose.charAt(i)) * 0x100000001B3L;
            mixed ^= mixed >>> 29;
        }
        return new Stream(new SplittableRandom(mixed));
    }

    /** Numbers of one purpose. */
    static final class Stream {
        private final SplittableRandom random;

        private Stream(final SplittableRandom random) {
            this.random = random;
        }

        /** Draws any number. */
        long next() {
            return random.nextLong();
        }

        /** Draws from 0 to bound - 1. */
        int below(final int bound) {
            return random.nextInt(bound);
        }

        /** Draws from least to most, both included. */
        long between(final long least, final long most) {
            return least + random.nextLong(most - least + 1);
        }

        /** Draws from 0 up to 1. */
        double share() {
            return random.nextDouble();
        }

        /** Draws whether something happens that happens with this probability. */
        boolean hits(final double probability) {
            return probability > 0 && random.nextDouble() < probability;
        }

        /** Draws a duration: mostly near the typical one, at times up to the longest. */
        long durationNs(final long typicalNs, final long longestNs, final double tail) {
            return hits(tail) ? between(typicalNs, longestNs) : between(typicalNs / 2, typicalNs + typicalNs / 2);
        }
    }
}
