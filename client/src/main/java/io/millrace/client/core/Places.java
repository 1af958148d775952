package io.millrace.client.core;

import io.millrace.client.StreamInfo;
import org.jspecify.annotations.Nullable;

/**
 * Where the segments of one stream are served, for a writer or a reader: asked for again when a device says that it
 * does not serve a chain, or does not answer for long. A node that was started anew may listen at other ports.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard. Nothing is allocated while all is well.
 */
final class Places {
    /** A connection without a session for so long makes the client ask. */
    static final long LOST_NS = 500_000_000L;

    private static final long ASK_INTERVAL_NS = 500_000_000L;

    /** Without an answer for so long it was lost: a node may have handed the question on to one that died. */
    private static final long ANSWER_TIMEOUT_NS = 3_000_000_000L;

    private static final String LOOPBACK = "127.0.0.1";

    private final Requests requests;
    private final StreamInfo stream;
    private final Taker taker;
    private boolean isAsking;
    private boolean wasAsked;
    private long askedAtNs;
    private long requestId;

    /** Who goes to the places. */
    @FunctionalInterface
    interface Taker {
        /**
         * Takes the places.
         *
         * @param info of the same stream, described just now
         */
        void onPlaces(StreamInfo info);
    }

    /**
     * Asks nobody yet.
     *
     * @param requests to ask by
     * @param stream as described at first
     * @param taker told
     */
    Places(final Requests requests, final StreamInfo stream, final Taker taker) {
        this.requests = requests;
        this.stream = stream;
        this.taker = taker;
    }

    /**
     * Asks, at most once a second, and again when no answer comes.
     *
     * @param nowNs the duty cycle's time
     */
    void doubt(final long nowNs) {
        if (isAsking && nowNs - askedAtNs >= ANSWER_TIMEOUT_NS) {
            requests.forget(requestId);
            isAsking = false;
        }
        if (!isAsking && (!wasAsked || nowNs - askedAtNs >= ASK_INTERVAL_NS)) {
            isAsking = true;
            wasAsked = true;
            askedAtNs = nowNs;
            requestId = requests.describeLater(stream.name(), this::onAnswer);
        }
    }

    private void onAnswer(final @Nullable StreamInfo info) {
        isAsking = false;
        if (info != null && info.streamId() == stream.streamId()) {
            taker.onPlaces(info);
        }
    }

    /**
     * Turns what a description says of a place into an address.
     *
     * @param text empty: at the address that was asked; {@code :port}: at another port of the same host; or host:port
     * @param asked host:port, or ipc
     * @return host:port, or ipc
     */
    static String resolve(final String text, final String asked) {
        if (text.isEmpty()) {
            return asked;
        }
        if (text.charAt(0) != ':') {
            return text;
        }
        final int colon = asked.lastIndexOf(':');
        return (colon < 0 ? LOOPBACK : asked.substring(0, colon)) + text;
    }
}
