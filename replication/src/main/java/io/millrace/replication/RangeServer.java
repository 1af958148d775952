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
import org.jspecify.annotations.Nullable;

/**
 * Gives records to replicas that repair a hole or learn the log: committed ones, as they were written. A question whose
 * records are being read from the device waits for them, for as long as the asker does; one too many is forgotten, and
 * asked again.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated; one frame for each question.
 *
 * <p><b>Invariants</b>: of one asker and chain the newest question waits, no other.
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

    /** Questions that wait: the learners of a node's chains, most often three of two nodes. */
    private static final int MAX_WAITING = 64;

    /** An asker asks again before; who does not is gone. */
    private static final long WAIT_NS = 100_000_000L;

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
    private final Question[] questions = new Question[MAX_WAITING];
    private int waiting;
    private int bytes;
    private int count;
    private long lastHash;
    private long lookedAt;

    /** What was asked for, of which chain, and who by. */
    private static final class Question {
        @Nullable
        ChainReplica replica;

        @Nullable
        PeerLink asker;

        long requestId;
        long fromPosition;
        long toPosition;
        long previousHash;
        int committedOnly;
        long askedNs;
    }

    /** Serves all chains of a device. */
    RangeServer(final RecordSource source, final ChainLimits limits) {
        this.source = source;
        this.limits = limits;
        for (int i = 0; i < MAX_WAITING; i++) {
            questions[i] = new Question();
        }
    }

    /** Answers a question, or has it wait. */
    void onFetchRange(
            final ChainReplica replica,
            final PeerLink asker,
            final DirectBuffer buffer,
            final int offset,
            final long nowNs) {
        fetch.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final Question question = questionOf(replica, asker);
        if (question == null) {
            return; // asked again later
        }
        question.replica = replica;
        question.asker = asker;
        question.requestId = fetch.requestId();
        question.fromPosition = fetch.fromPosition();
        question.toPosition = fetch.toPosition();
        question.previousHash = fetch.previousHash();
        question.committedOnly = fetch.committedOnly();
        question.askedNs = nowNs;
        if (waiting == 1 && answer(question, replica, asker)) {
            forget(0);
        }
    }

    /** Answers what has been read since, the oldest question first. */
    int doWork(final long nowNs) {
        int work = 0;
        for (int i = 0; i < waiting; i++) {
            final Question question = questions[i];
            final ChainReplica replica = question.replica;
            final PeerLink asker = question.asker;
            final boolean isAnswered = replica == null || asker == null || answer(question, replica, asker);
            if (isAnswered || nowNs - question.askedNs >= WAIT_NS) {
                forget(i--);
                work++;
            }
        }
        return work;
    }

    /** Gives the question of the same asker about the same chain, or room for one; null when there is none. */
    private @Nullable Question questionOf(final ChainReplica replica, final PeerLink asker) {
        for (int i = 0; i < waiting; i++) {
            if (questions[i].replica == replica && questions[i].asker == asker) {
                return questions[i];
            }
        }
        return waiting < MAX_WAITING ? questions[waiting++] : null;
    }

    private void forget(final int index) {
        final Question question = questions[index];
        question.replica = null;
        question.asker = null;
        waiting--;
        System.arraycopy(questions, index + 1, questions, index, waiting - index);
        questions[waiting] = question;
    }

    /** Answers, unless it is being read. */
    private boolean answer(final Question question, final ChainReplica replica, final PeerLink asker) {
        if (replica.membership().isHalted()) {
            return true;
        }
        bytes = 0;
        count = 0;
        lastHash = 0;
        final int status = collect(question, replica, asker);
        if (status == RECORDS && count == 0 && lookedAt < question.fromPosition) {
            return false;
        }
        data.wrapAndApplyHeader(scratch, 0, headerEncoder)
                .requestId(question.requestId)
                .firstPosition(question.fromPosition)
                .commitPosition(replica.commitPosition())
                .lastPosition(lookedAt)
                .basePosition(replica.log().basePosition())
                .lastHash(lastHash)
                .chain(replica.chain())
                .recordCount(count)
                .status((short) status);
        scratch.putInt(HEADER + RangeDataEncoder.BLOCK_LENGTH, bytes, ByteOrder.LITTLE_ENDIAN);
        asker.offer(scratch, 0, PREFIX + bytes);
        return true;
    }

    private int collect(final Question question, final ChainReplica replica, final PeerLink asker) {
        final long limit = question.committedOnly != 0 ? replica.commitPosition() : replica.durablePosition();
        final long last = Math.min(question.toPosition, limit);
        final int room = Math.min(limits.maxFrameBytes(), Math.max(1, asker.preferredFrameLength()));
        long position = question.fromPosition;
        lookedAt = position - 1;
        if (position < 1) {
            return OTHER_HASH;
        }
        if (position > limit) {
            return NOTHING_YET;
        }
        final boolean skips = question.committedOnly == LEFT_ONLY;
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
                    && question.previousHash != 0
                    && from.getLong(index + HASH_OFFSET, ByteOrder.LITTLE_ENDIAN) != question.previousHash) {
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
