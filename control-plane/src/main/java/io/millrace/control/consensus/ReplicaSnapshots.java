package io.millrace.control.consensus;

import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.ImageFragmentAssembler;
import io.aeron.Publication;
import io.millrace.codec.ControlFrames;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.control.CarrierSnapshotDecoder;
import io.millrace.codec.control.CarrierSnapshotEncoder;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.control.ControlService;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.IdleStrategy;

/**
 * Writes and loads a member's part of a snapshot of the group, and remembers which snapshots the members have.
 *
 * <pre>
 *   +-----------------+---------+---------+-----
 *   | CarrierSnapshot | piece   | piece   | ...   pieces: the state's snapshot as docs/formats.md draws it,
 *   +-----------------+---------+---------+-----          cut every 8 KiB, stateLength bytes in all
 * </pre>
 *
 * <p><b>Threading:</b> the service's thread.
 */
final class ReplicaSnapshots {
    private static final int VERSION = 1;
    private static final int PIECE_LENGTH = 8 * 1024;
    private static final int FRAGMENT_LIMIT = 16;

    /** More than a state within any limits needs. */
    private static final long MAX_STATE_LENGTH = 1L << 30;

    private final long[] saved;

    /**
     * Starts without snapshots.
     *
     * @param memberCount of the group.
     */
    ReplicaSnapshots(final int memberCount) {
        saved = new long[memberCount];
    }

    /**
     * Returns up to where a member has said to have a durable snapshot.
     *
     * @param member index.
     * @return log position, 0: none.
     */
    long saved(final int member) {
        return saved[member];
    }

    /** Returns up to where every member has a durable snapshot: what lies before it, none will ask for. */
    long allSavedPosition() {
        return Arrays.stream(saved).min().orElse(0);
    }

    /**
     * Takes what a member says of itself.
     *
     * @param member index; one that there is not says nothing.
     * @param logPosition of its snapshot.
     */
    void onSaved(final int member, final long logPosition) {
        if (member >= 0 && member < saved.length) {
            saved[member] = Math.max(saved[member], logPosition);
        }
    }

    /**
     * Writes a snapshot.
     *
     * @param publication to write to.
     * @param idleStrategy while it is back-pressured.
     * @param service whose state.
     */
    void write(
            final ExclusivePublication publication,
            final IdleStrategy idleStrategy,
            final ControlService<ForwardedSession> service) {
        final ExpandableArrayBuffer bytes = new ExpandableArrayBuffer(64 * 1024);
        final int length = service.encode(bytes, 0);
        final ExpandableArrayBuffer first = new ExpandableArrayBuffer(256);
        final CarrierSnapshotEncoder encoder = new CarrierSnapshotEncoder()
                .wrapAndApplyHeader(first, 0, new MessageHeaderEncoder())
                .stateLength(length)
                .snapshotVersion(VERSION);
        final CarrierSnapshotEncoder.SavedEncoder entries = encoder.savedCount(saved.length);
        for (final long position : saved) {
            entries.next().logPosition(position);
        }
        offer(publication, idleStrategy, first, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoder.encodedLength());
        for (int at = 0; at < length; at += PIECE_LENGTH) {
            offer(publication, idleStrategy, bytes, at, Math.min(PIECE_LENGTH, length - at));
        }
    }

    private static void offer(
            final ExclusivePublication publication,
            final IdleStrategy idleStrategy,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        idleStrategy.reset();
        long result = publication.offer(buffer, offset, length);
        while (result < 0) {
            if (result == Publication.CLOSED
                    || result == Publication.NOT_CONNECTED
                    || result == Publication.MAX_POSITION_EXCEEDED) {
                throw new IllegalStateException("a snapshot cannot be written: " + Publication.errorString(result));
            }
            idleStrategy.idle();
            result = publication.offer(buffer, offset, length);
        }
    }

    /**
     * Loads a snapshot.
     *
     * @param image to read from.
     * @param idleStrategy while nothing comes.
     * @param service that has seen no command.
     * @throws MillraceException when it is damaged or of another version.
     */
    void load(final Image image, final IdleStrategy idleStrategy, final ControlService<ForwardedSession> service) {
        final Loading loading = new Loading();
        final ImageFragmentAssembler assembler = new ImageFragmentAssembler(
                (buffer, offset, length, header) -> loading.onMessage(buffer, offset, length));
        while (!loading.isComplete()) {
            final int fragments = image.poll(assembler, FRAGMENT_LIMIT);
            if (fragments == 0 && !loading.isComplete() && (image.isClosed() || image.isEndOfStream())) {
                throw invalid("it ends after " + loading.length + " of " + loading.stateLength + " bytes");
            }
            idleStrategy.idle(fragments);
        }
        service.restore(loading.bytes, 0, loading.length);
    }

    private static MillraceException invalid(final String what) {
        return new MillraceException(
                ErrorCode.RECORD_INVALID, "the snapshot of a member of the control plane is damaged: " + what);
    }

    /** What has come of a snapshot. */
    private final class Loading {
        private final ExpandableArrayBuffer bytes = new ExpandableArrayBuffer(64 * 1024);
        private long stateLength = -1;
        private int length;

        private boolean isComplete() {
            return stateLength >= 0 && length == stateLength;
        }

        private void onMessage(final DirectBuffer buffer, final int offset, final int count) {
            if (stateLength < 0) {
                begin(buffer, offset, count);
            } else if (count > stateLength - length) {
                throw invalid("it has more than " + stateLength + " bytes");
            } else {
                bytes.putBytes(length, buffer, offset, count);
                length += count;
            }
        }

        private void begin(final DirectBuffer buffer, final int offset, final int count) {
            if (ControlFrames.checkSnapshot(buffer, offset, count) != CarrierSnapshotDecoder.TEMPLATE_ID) {
                throw invalid("it does not begin with CarrierSnapshot");
            }
            final CarrierSnapshotDecoder decoder =
                    new CarrierSnapshotDecoder().wrapAndApplyHeader(buffer, offset, new MessageHeaderDecoder());
            if (decoder.snapshotVersion() != VERSION) {
                throw new MillraceException(
                        ErrorCode.FORMAT_VERSION,
                        "the snapshot of a member of the control plane has version " + decoder.snapshotVersion()
                                + ", this program knows " + VERSION);
            }
            if (decoder.stateLength() < 0 || decoder.stateLength() > MAX_STATE_LENGTH) {
                throw invalid("its state has " + decoder.stateLength() + " bytes");
            }
            stateLength = decoder.stateLength();
            final CarrierSnapshotDecoder.SavedDecoder entries = decoder.saved();
            for (int member = 0; entries.hasNext(); member++) {
                onSaved(member, entries.next().logPosition());
            }
        }
    }
}
