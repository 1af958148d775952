package io.millrace.client.core;

/**
 * The addresses that a client was given: where to begin, and where to go on asking when nobody else is known.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard.
 */
final class Addresses {
    private final String[] endpoints;
    private int next;

    /**
     * Reads a list.
     *
     * @param list host:port, several parted by commas, or ipc; checked
     * @param random for where to begin: clients that are given one list are not all to come to its first node
     */
    Addresses(final String list, final SplitMix random) {
        endpoints = list.split(",", -1);
        next = endpoints.length == 1 ? 0 : (int) Long.remainderUnsigned(random.next(), endpoints.length);
    }

    /**
     * Returns where to begin.
     *
     * @return host:port, or ipc
     */
    String first() {
        return endpoints[next];
    }

    /**
     * Tells whether there is nowhere else to go.
     *
     * @return true when one address was given
     */
    boolean isOnlyOne() {
        return endpoints.length == 1;
    }

    /**
     * Goes on to the next one.
     *
     * @return host:port
     */
    String another() {
        next = (next + 1) % endpoints.length;
        return endpoints[next];
    }
}
