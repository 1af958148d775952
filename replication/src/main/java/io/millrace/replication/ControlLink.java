package io.millrace.replication;

import org.agrona.DirectBuffer;

/**
 * Port: the way from a device thread to the control plane. What is lost is said again when the control plane asks
 * again.
 *
 * <p><b>Threading</b>: the device thread.
 */
public interface ControlLink {
    /**
     * Sends one message of the chain schema: Sealed, Installed, LearnerComplete, Retired, EffectCommitted.
     *
     * @param buffer holds the message.
     * @param offset of its SBE header.
     * @param length in bytes.
     * @return false when it could not be taken now.
     */
    boolean offer(DirectBuffer buffer, int offset, int length);
}
