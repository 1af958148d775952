package io.millrace.replication;

import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.SnapshotPartEncoder;
import io.millrace.codec.chain.SnapshotRequestDecoder;
import io.millrace.store.IndexImage;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Gives the committed state of a chain to a learner whose source has not got all records any more: the image that a
 * checkpoint holds, and which positions hold bytes that are still wanted. It is captured in one go and kept until it
 * was fetched, or nobody has asked for a part of it for the length of a lease. One at a time on a device.
 *
 * <pre>
 *   state length int32, state | piece length int32, piece | ... | 0 int32 | range count int32 | {first int64, last int64} ...
 * </pre>
 *
 * <p><b>Threading</b>: the device thread.
 */
final class SnapshotServer {
    /** Longest snapshot: a chain with a larger state needs a source that still has its records. */
    static final int MAX_LENGTH = 256 << 20;

    /** Bytes of one range. */
    static final int RANGE_LENGTH = 2 * Long.BYTES;

    private static final long LEASE_NS = TimeUnit.SECONDS.toNanos(5);
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int PREFIX =
            HEADER + SnapshotPartEncoder.BLOCK_LENGTH + SnapshotPartEncoder.bytesHeaderLength();

    private final ChainLimits limits;
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[64 << 10]);
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final SnapshotRequestDecoder request = new SnapshotRequestDecoder();
    private final SnapshotPartEncoder part = new SnapshotPartEncoder();
    private final IndexImage index = new IndexImage();
    private ExpandableArrayBuffer snapshot = new ExpandableArrayBuffer(8);
    private int length;
    private int chain = -1;
    private long requestId;
    private long basePosition;
    private long baseEpoch;
    private long baseHash;
    private long leaseEndNs;

    /** Serves all chains of a device. */
    SnapshotServer(final ChainLimits limits) {
        this.limits = limits;
    }

    /** Answers a request with the part that is asked for; the first one captures the state. */
    void onRequest(
            final ChainReplica replica,
            final PeerLink sender,
            final DirectBuffer buffer,
            final int offset,
            final long nowNs) {
        request.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final boolean isKnown = replica.chain() == chain && request.requestId() == requestId;
        if (!isKnown) {
            if ((chain >= 0 && nowNs - leaseEndNs < 0) || request.fromByte() != 0 || !capture(replica)) {
                return; // asked again by then
            }
            chain = replica.chain();
            requestId = request.requestId();
        }
        leaseEndNs = nowNs + LEASE_NS;
        final long from = request.fromByte();
        if (from < 0 || from >= length) {
            return;
        }
        final int room = Math.min(limits.maxFrameBytes(), Math.max(PREFIX + 64, sender.preferredFrameLength()));
        final int bytes = (int) Math.min(Math.min(scratch.capacity(), room) - PREFIX, length - from);
        part.wrapAndApplyHeader(scratch, 0, headerEncoder)
                .requestId(requestId)
                .basePosition(basePosition)
                .baseEpoch(baseEpoch)
                .baseHash(baseHash)
                .fromByte(from)
                .snapshotLength(length)
                .stateHash(0)
                .chain(chain)
                .part((short) 1);
        scratch.putInt(HEADER + SnapshotPartEncoder.BLOCK_LENGTH, bytes, ByteOrder.LITTLE_ENDIAN);
        scratch.putBytes(PREFIX, snapshot, (int) from, bytes);
        sender.offer(scratch, 0, PREFIX + bytes);
    }

    /** Lets go of a snapshot that nobody fetches any more. */
    void doWork(final long nowNs) {
        if (chain >= 0 && nowNs - leaseEndNs >= 0) {
            chain = -1;
            snapshot = new ExpandableArrayBuffer(8);
            length = 0;
        }
    }

    private boolean capture(final ChainReplica replica) {
        if (replica.membership().isHalted() || replica.appliedPosition() == 0) {
            return false;
        }
        snapshot = new ExpandableArrayBuffer(64 << 10);
        basePosition = replica.state().lastPosition();
        baseEpoch = replica.state().chainEpoch();
        baseHash = replica.state().lastHash();
        final int stateLength = replica.state().encode(snapshot, Integer.BYTES);
        snapshot.putInt(0, stateLength, ByteOrder.LITTLE_ENDIAN);
        int at = Integer.BYTES + stateLength;
        final ExpandableArrayBuffer ranges = new ExpandableArrayBuffer(4096);
        final int[] count = {0};
        final UnsafeBuffer piece = new UnsafeBuffer(new byte[IndexImage.MAX_PIECE_LENGTH]);
        index.begin(replica.state(), snapshot, Integer.BYTES, stateLength);
        index.visitOpenEvents((first, last, bytes) -> put(ranges, count, first, last));
        int pieceLength =
                index.next(piece, 0, piece.capacity(), (first, last, bytes) -> put(ranges, count, first, last));
        while (pieceLength > 0) {
            snapshot.putInt(at, pieceLength, ByteOrder.LITTLE_ENDIAN);
            snapshot.putBytes(at + Integer.BYTES, piece, 0, pieceLength);
            at += Integer.BYTES + pieceLength;
            if (at > MAX_LENGTH) {
                return false;
            }
            pieceLength =
                    index.next(piece, 0, piece.capacity(), (first, last, bytes) -> put(ranges, count, first, last));
        }
        snapshot.putInt(at, 0, ByteOrder.LITTLE_ENDIAN);
        snapshot.putInt(at + Integer.BYTES, count[0], ByteOrder.LITTLE_ENDIAN);
        at += 2 * Integer.BYTES;
        snapshot.putBytes(at, ranges, 0, count[0] * RANGE_LENGTH);
        length = at + count[0] * RANGE_LENGTH;
        return length <= MAX_LENGTH;
    }

    private static void put(final ExpandableArrayBuffer ranges, final int[] count, final long first, final long last) {
        final int at = count[0]++ * RANGE_LENGTH;
        ranges.putLong(at, first, ByteOrder.LITTLE_ENDIAN);
        ranges.putLong(at + Long.BYTES, last, ByteOrder.LITTLE_ENDIAN);
    }
}
