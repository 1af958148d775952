package io.millrace.control.consensus;

import io.millrace.codec.KeyHash;
import io.millrace.control.ControlLimits;
import io.millrace.control.ReconfigurationLimits;
import java.nio.charset.StandardCharsets;

/**
 * Everything of the configuration that decides what a command does: it must be the same on all members, and stay. The
 * first leader puts its hash into the log; a member with another one stops.
 *
 * @param control limits of the control plane.
 * @param reconfiguration its times of leases and changes.
 * @param tickNs time passes in steps of this.
 * @param slowTickNs likewise while there is at most one node and nothing is open: its disk is left alone.
 */
public record GroupLimits(ControlLimits control, ReconfigurationLimits reconfiguration, long tickNs, long slowTickNs) {
    private static final long MILLIS = 1_000_000;

    /** The limits of a group with default configuration. */
    public static final GroupLimits DEFAULT =
            new GroupLimits(ControlLimits.DEFAULT, ReconfigurationLimits.DEFAULT, 100 * MILLIS, 1_000 * MILLIS);

    /**
     * Checks the intervals.
     *
     * @throws IllegalArgumentException when one is below a millisecond.
     */
    public GroupLimits {
        if (tickNs < MILLIS || slowTickNs < tickNs) {
            throw new IllegalArgumentException("ticks of " + tickNs + " and " + slowTickNs + " ns do not fit");
        }
    }

    /** Returns the hash of all of it; without what a carrier alone decides: waiting requests and length of replies. */
    long hash() {
        final String text = control.maxScopes() + " " + control.maxStreams() + " " + control.maxSegmentsPerStream()
                + " " + control.maxSegments() + " " + control.maxHeaderLength() + " " + control.maxChains() + " "
                + control.maxNodes() + " " + control.maxKeptReplies() + " " + control.maxOpenRequests() + " "
                + reconfiguration + " " + tickNs + " " + slowTickNs;
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return KeyHash.of(bytes, 0, bytes.length);
    }
}
