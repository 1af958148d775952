package io.millrace.client.core;

/**
 * Port: the media under all links of a client. {@link TransportNetwork} is the real one, tests have a fake node behind
 * it.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard.
 */
public interface Network extends AutoCloseable {
    /**
     * Sends and receives; rebuilds itself when the media have closed.
     *
     * @param nowNs the duty cycle's time
     * @return work count
     */
    int doWork(long nowNs);

    /**
     * Makes a link that connects by itself, for ever, as its {@link NodeLink#doWork(long)} is called.
     *
     * @param endpoint host:port, or ipc
     * @param handler of its session and frames
     * @return the link, to be closed
     */
    NodeLink connect(String endpoint, NodeLink.Handler handler);

    /**
     * Returns how often the media were rebuilt.
     *
     * @return count
     */
    long rebuildCount();

    /**
     * Returns the frames found lost.
     *
     * @return negative acknowledgements since the start
     */
    long nakCount();

    /**
     * Returns the frames sent again.
     *
     * @return count since the start
     */
    long retransmitCount();

    @Override
    void close();
}
