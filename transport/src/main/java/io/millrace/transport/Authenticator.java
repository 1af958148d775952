package io.millrace.transport;

import org.agrona.DirectBuffer;

/** Port: judges the credentials of a session; called on the duty cycle's thread, so it must not block. */
@FunctionalInterface
public interface Authenticator {
    /** Accepts every client, whatever its credentials: for development and closed networks only. */
    Authenticator ACCEPT_ALL = (clientName, buffer, offset, length) -> true;

    /**
     * Judges one client.
     *
     * @param clientName as the client calls itself; untrusted.
     * @param credentials buffer that holds them; valid during the call only.
     * @param offset of the credentials in the buffer.
     * @param length of the credentials in bytes, possibly 0.
     * @return whether the session may be opened.
     */
    boolean authenticate(String clientName, DirectBuffer credentials, int offset, int length);
}
