package io.millrace.control;

/**
 * Port: where clients reach the chains, seen from the address that serves the control plane.
 *
 * <p><b>Threading:</b> called on the device thread of chain 0.
 */
public interface ChainPlaces {
    /** Longest text of a place, in bytes: so many fit into every description. */
    int MAX_LENGTH = 64;

    /** Every chain is served where the control plane is. */
    ChainPlaces HERE = new ChainPlaces() {
        @Override
        public String head(final int chain) {
            return "";
        }

        @Override
        public String tail(final int chain) {
            return "";
        }
    };

    /**
     * Returns where a chain takes appends.
     *
     * @param chain data chain, from 1.
     * @return empty: at the address that was asked; {@code :port}: at another port of the same host; or
     *     {@code host:port}. ASCII, at most {@value #MAX_LENGTH} bytes.
     */
    String head(int chain);

    /**
     * Returns where a chain acknowledges and is read.
     *
     * @param chain data chain, from 1.
     * @return as {@link #head}.
     */
    String tail(int chain);
}
