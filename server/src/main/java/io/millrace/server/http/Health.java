package io.millrace.server.http;

import io.millrace.codec.ErrorCode;
import java.util.List;

/** What there is to say of a node's health. <b>Threading</b>: any thread asks. */
public interface Health {
    /**
     * Returns why the process should be ended and started again.
     *
     * @return nothing while it is well.
     */
    List<Reason> notLive();

    /**
     * Returns why clients should not be sent here.
     *
     * @return nothing while the node takes events and answers readers.
     */
    List<Reason> notReady();

    /**
     * Returns what the host checks found and did not refuse, and damage that the scrub found; it makes nothing unready.
     *
     * @return lines for people.
     */
    List<String> warnings();

    /**
     * One reason.
     *
     * @param name one word, for machines.
     * @param code of the error that it shows as.
     * @param message for people.
     */
    record Reason(String name, ErrorCode code, String message) {}
}
