package io.millrace.server;

import io.millrace.control.SegmentLengths;
import io.millrace.replication.DeviceAgent;
import io.millrace.store.Segment;

/**
 * What a device says of one segment's committed state.
 *
 * @param length committed end in bytes, or {@link SegmentLengths#ABSENT}.
 * @param startOffset where its readable part starts.
 * @param isSealed whether its seal is committed.
 */
record SegmentAnswer(long length, long startOffset, boolean isSealed) {
    private static final SegmentAnswer ABSENT = new SegmentAnswer(SegmentLengths.ABSENT, 0, false);

    /** Looks; on the device's thread. */
    static SegmentAnswer of(final DeviceAgent agent, final int chain, final long streamId, final long segmentId) {
        final Segment segment = agent.state(chain).segment(streamId, segmentId);
        return segment == null
                ? ABSENT
                : new SegmentAnswer(
                        segment.isDeleted() ? SegmentLengths.ABSENT : segment.length(),
                        segment.startOffset(),
                        segment.isSealed());
    }
}
