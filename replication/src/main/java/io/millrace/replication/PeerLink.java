package io.millrace.replication;

import org.agrona.DirectBuffer;

/**
 * Port: the way to one other device thread. Frames may be lost, doubled or overtaken when a session ends and another
 * one is made; the chain's positions, hashes and repetitions take care of it.
 *
 * <p><b>Threading</b>: the device thread.
 */
public interface PeerLink {
    /**
     * Sends one frame of the chain schema.
     *
     * @param buffer holds the frame.
     * @param offset of its SBE header.
     * @param length in bytes, at most {@link #maxFrameLength()}.
     * @return positive when sent; negative: not now, nothing of it was sent.
     */
    long offer(DirectBuffer buffer, int offset, int length);

    /**
     * Returns the longest frame that travels in one piece; several records are put together up to it.
     *
     * @return bytes; 0 while there is no session.
     */
    int preferredFrameLength();

    /**
     * Returns the longest frame.
     *
     * @return bytes; 0 while there is no session.
     */
    int maxFrameLength();
}
