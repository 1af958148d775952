package io.millrace.client;

/**
 * What a client has met since it was made. The client logs nothing; it counts.
 *
 * <p><b>Threading</b>: any thread; values are never torn and at most one duty cycle old.
 */
public interface ClientCounters {
    /**
     * Sessions opened after the first one of each node.
     *
     * @return count
     */
    long reconnects();

    /**
     * Rebuilds of the whole transport, e.g. after this process was stopped for longer than Aeron's time-outs.
     *
     * @return count
     */
    long transportRebuilds();

    /**
     * Writer set-ups sent: at least one per writer and segment used.
     *
     * @return count
     */
    long writerSetUps();

    /**
     * Events sent again after a set-up; the node drops those it already has.
     *
     * @return count
     */
    long resentEvents();

    /**
     * Refusals received, of every kind.
     *
     * @return count
     */
    long refusals();

    /**
     * Acknowledgement frames received, repeats included.
     *
     * @return count
     */
    long acknowledgements();

    /**
     * Acknowledgement frames of nodes whose medium does not survive a loss of power (tmpfs): what they acknowledge is
     * received and readable, not durable.
     *
     * @return count, of {@link #acknowledgements()}
     */
    long memoryAcknowledgements();

    /**
     * Times a reader subscribed to a segment again: after a reconnect, a gap or a refusal.
     *
     * @return count
     */
    long resubscriptions();

    /**
     * Frames that made no sense for their receiver (late, double or malformed) and were dropped.
     *
     * @return count
     */
    long droppedFrames();

    /**
     * Negative acknowledgements of Aeron: frames that were lost on the way to this client.
     *
     * @return count
     */
    long naks();

    /**
     * Aeron frames that this client had to transmit again.
     *
     * @return count
     */
    long retransmits();
}
