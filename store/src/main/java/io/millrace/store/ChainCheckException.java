package io.millrace.store;

/**
 * A record contradicts the state of its chain: the log is damaged or the node has a fault. The agent that sees it stops
 * rather than answer wrongly; the state is unchanged by the record that failed.
 */
public final class ChainCheckException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    private final int chain;
    private final long position;
    private final long expected;
    private final long seen;

    /** Reports two numbers that differ. */
    ChainCheckException(
            final int chain, final long position, final String check, final long expected, final long seen) {
        super("chain " + chain + ", position " + position + ": " + check + ": expected " + expected + ", seen " + seen);
        this.chain = chain;
        this.position = position;
        this.expected = expected;
        this.seen = seen;
    }

    /** Reports something that two numbers do not tell. */
    ChainCheckException(final int chain, final long position, final String what) {
        super("chain " + chain + ", position " + position + ": " + what);
        this.chain = chain;
        this.position = position;
        this.expected = 0;
        this.seen = 0;
    }

    /**
     * Names the chain.
     *
     * @return the chain's number
     */
    public int chain() {
        return chain;
    }

    /**
     * Names the record.
     *
     * @return its position as its header says
     */
    public long position() {
        return position;
    }

    /**
     * Gives the value the state asked for.
     *
     * @return the value; its meaning is in the message
     */
    public long expected() {
        return expected;
    }

    /**
     * Gives the value the record carries.
     *
     * @return the value; its meaning is in the message
     */
    public long seen() {
        return seen;
    }
}
