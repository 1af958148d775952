package io.millrace.replication;

import io.millrace.codec.LogFormat;
import io.millrace.codec.chain.FetchRangeDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.RangeDataEncoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Gives records to replicas that repair a hole or learn the log: committed ones, as they were written. What is being
 * read from the device is not waited for: the asker asks again.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated; one frame for each question.
 */
final class RangeServer {
    /** {@link FetchRangeDecoder#committedOnly} of a learner with a snapshot: what is nowhere any more is left out. */
    static final int LEFT_ONLY = 2;

    private static final int MAX_SKIPPED = 4_096;

    /** Records follow. */
    static final int RECORDS = 0;

    /** Nothing is committed there yet. */
    static final int NOTHING_YET = 1;

    /** It lies below the base: only a snapshot holds it. */
    static final int SNAPSHOT_NEEDED = 2;

    /** It is damaged here as well. */
    static final int DAMAGED = 3;

    /** The asker's record before it is another one than here. */
    static final int OTHER_HASH = 4;

    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int PREFIX = HEADER + RangeDataEncoder.BLOCK_LENGTH + RangeDataEncoder.recordsHeaderLength();
    private static final int SCRATCH_LENGTH = 256 << 10;
    private static final int HASH_OFFSET = RecordHeaderDecoder.previousHashEncodingOffset();

    private final RecordSource source;
    private final ChainLimits limits;
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[SCRATCH_LENGTH]);
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final FetchRangeDecoder fetch = new FetchRangeDecoder();
    private final RangeDataEncoder data = new RangeDataEncoder();
    private int bytes;
    private int count;
    private long lastHash;
    private long lookedAt;

    /** Serves all chains of a device. */
    RangeServer(final RecordSource source, final ChainLimits limits) {
        this.source = source;
        this.limits = limits;
    }

    /** Answers a question. */
    void onFetchRange(final ChainReplica replica, final PeerLink sender, final DirectBuffer buffer, final int offset) {
        fetch.wrapAndApplyHeader(buffer, offset, headerDecoder);
        if (replica.membership().isHalted()) {
            return;
        }
        bytes = 0;
        count = 0;
        lastHash = 0;
        final int status = collect(replica, sender);
        if (status == RECORDS && count == 0 && lookedAt < fetch.fromPosition()) {
            return; // it is being read: the asker asks again
        }
        data.wrapAndApplyHeader(scratch, 0, headerEncoder)
                .requestId(fetch.requestId())
                .firstPosition(fetch.fromPosition())
                .commitPosition(replica.commitPosition())
                .lastPosition(lookedAt)
                .basePosition(replica.log().basePosition())
                .lastHash(lastHash)
                .chain(replica.chain())
                .recordCount(count)
                .status((short) status);
        scratch.putInt(HEADER + RangeDataEncoder.BLOCK_LENGTH, bytes, ByteOrder.LITTLE_ENDIAN);
        sender.offer(scratch, 0, PREFIX + bytes);
    }

    private int collect(final ChainReplica replica, final PeerLink sender) {
        final long limit = fetch.committedOnly() != 0 ? replica.commitPosition() : replica.durablePosition();
        final long last = Math.min(fetch.toPosition(), limit);
        final int room = Math.min(limits.maxFrameBytes(), Math.max(1, sender.preferredFrameLength()));
        long position = fetch.fromPosition();
        lookedAt = position - 1;
        if (position < 1) {
            return OTHER_HASH;
        }
        if (position > limit) {
            return NOTHING_YET;
        }
        final boolean skips = fetch.committedOnly() == LEFT_ONLY;
        int skipped = 0;
        lookedAt = position - 1;
        while (position <= last) {
            final int found = source.find(replica, position);
            if (skips && found == RecordSource.GONE && skipped++ < MAX_SKIPPED) {
                lookedAt = position++;
                continue;
            }
            if (found != RecordSource.READY) {
                return count > 0 || found == RecordSource.PENDING || (skips && found == RecordSource.GONE)
                        ? RECORDS
                        : found == RecordSource.GONE ? SNAPSHOT_NEEDED : DAMAGED;
            }
            final DirectBuffer from = source.buffer();
            final int index = source.index();
            final int length = LogFormat.align(ChainReplica.recordLength(from, index));
            if (count == 0
                    && fetch.previousHash() != 0
                    && from.getLong(index + HASH_OFFSET, ByteOrder.LITTLE_ENDIAN) != fetch.previousHash()) {
                return OTHER_HASH;
            }
            if (PREFIX + bytes + length > (count == 0 ? SCRATCH_LENGTH : room)) {
                return RECORDS;
            }
            scratch.putBytes(PREFIX + bytes, from, index, length);
            lastHash = ChainReplica.recordHash(from, index);
            lookedAt = position;
            bytes += length;
            count++;
            position++;
        }
        return RECORDS;
    }
}
