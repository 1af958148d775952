package io.millrace.replication;

import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.ReadBarrierDecoder;
import io.millrace.codec.chain.ReadBarrierEncoder;
import io.millrace.codec.chain.ReadBarrierPassedDecoder;
import io.millrace.codec.chain.ReadBarrierPassedEncoder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Linearizable reads without clocks: a barrier goes from head to tail and back. Every member that passes it on takes
 * part in the epoch at that moment, so no later epoch had committed anything when the barrier set out; the tail answers
 * with its commit position, and the head's state shows it once that is applied.
 *
 * <p>A barrier that is lost is asked for again by whoever wants it, under another id; those of an epoch that ended are
 * refused.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated but the queue of a chain, once.
 */
final class ReadBarriers {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final long REFUSED = -1;
    private static final long WAITING = -2;

    private final int capacity;
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[128]);
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final ReadBarrierEncoder barrierEncoder = new ReadBarrierEncoder();
    private final ReadBarrierDecoder barrier = new ReadBarrierDecoder();
    private final ReadBarrierPassedEncoder passedEncoder = new ReadBarrierPassedEncoder();
    private final ReadBarrierPassedDecoder passed = new ReadBarrierPassedDecoder();
    private BarrierHandler handler = (chain, barrierId, isPassed) -> {};

    /** The barriers of one chain that its head waits for, in the order in which they were asked for. */
    static final class Queue {
        final long[] ids;
        final long[] positions;
        long epoch;
        int size;

        /** Makes an empty one. */
        Queue(final int capacity) {
            ids = new long[capacity];
            positions = new long[capacity];
        }
    }

    /** Makes it. */
    ReadBarriers(final ChainLimits limits) {
        capacity = limits.maxBarriers();
    }

    /** Names who hears of barriers. */
    void handler(final BarrierHandler barrierHandler) {
        handler = barrierHandler;
    }

    /**
     * Sends a barrier from the head.
     *
     * @param replica of the chain.
     * @param barrierId that names it, unique among those under way.
     * @return false when this is no head in service, too many are under way, or the link takes nothing: ask again.
     */
    boolean request(final ChainReplica replica, final long barrierId) {
        final Membership membership = replica.membership();
        if (!membership.isHead() || !membership.isActive() || replica.isFenced()) {
            return false;
        }
        final Queue queue = queueOf(replica);
        if (queue.size == capacity || (queue.size > 0 && queue.epoch != membership.epoch())) {
            return false;
        }
        final PeerLink successor = membership.successor();
        long position = WAITING;
        if (successor == null) {
            position = replica.commitPosition();
        } else if (!send(replica, successor, barrierId)) {
            return false;
        }
        queue.epoch = membership.epoch();
        queue.ids[queue.size] = barrierId;
        queue.positions[queue.size++] = position;
        return true;
    }

    private Queue queueOf(final ChainReplica replica) {
        Queue queue = replica.barriers();
        if (queue == null) {
            queue = new Queue(capacity);
            replica.barriers(queue);
        }
        return queue;
    }

    private boolean send(final ChainReplica replica, final PeerLink to, final long barrierId) {
        barrierEncoder
                .wrapAndApplyHeader(scratch, 0, headerEncoder)
                .chainEpoch(replica.chainEpoch())
                .barrierId(barrierId)
                .chain(replica.chain())
                .member(replica.membership().index());
        return to.offer(scratch, 0, HEADER + ReadBarrierEncoder.BLOCK_LENGTH) > 0;
    }

    private void answer(
            final ChainReplica replica,
            final PeerLink to,
            final long epoch,
            final long barrierId,
            final long position) {
        passedEncoder
                .wrapAndApplyHeader(scratch, 0, headerEncoder)
                .chainEpoch(epoch)
                .barrierId(barrierId)
                .commitPosition(position)
                .chain(replica.chain())
                .member(replica.membership().index());
        to.offer(scratch, 0, HEADER + ReadBarrierPassedEncoder.BLOCK_LENGTH);
    }

    /** Passes a barrier on, or answers it as the tail, or refuses it. */
    void onBarrier(final ChainReplica replica, final DirectBuffer buffer, final int offset) {
        barrier.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final Membership membership = replica.membership();
        final PeerLink predecessor = membership.predecessor();
        if (predecessor == null || barrier.member() != membership.index() - 1) {
            return; // nobody to answer: the asker's patience ends
        }
        final long epoch = barrier.chainEpoch();
        final PeerLink successor = membership.successor();
        if (epoch != membership.epoch() || !membership.isActive()) {
            answer(replica, predecessor, epoch, barrier.barrierId(), REFUSED);
        } else if (successor == null) {
            answer(replica, predecessor, epoch, barrier.barrierId(), replica.commitPosition());
        } else {
            send(replica, successor, barrier.barrierId());
        }
    }

    /** Takes the answer back to the head. */
    void onPassed(final ChainReplica replica, final DirectBuffer buffer, final int offset) {
        passed.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final Membership membership = replica.membership();
        if (passed.chainEpoch() != membership.epoch() || passed.member() != membership.index() + 1) {
            return;
        }
        final PeerLink predecessor = membership.predecessor();
        if (predecessor != null) {
            answer(replica, predecessor, passed.chainEpoch(), passed.barrierId(), passed.commitPosition());
            return;
        }
        final @Nullable Queue queue = replica.barriers();
        for (int i = 0; queue != null && i < queue.size; i++) {
            if (queue.ids[i] == passed.barrierId()) {
                queue.positions[i] = passed.commitPosition();
            }
        }
    }

    /** Tells of barriers that have passed, as far as their commit position is applied here. */
    int doWork(final ChainReplica replica) {
        final @Nullable Queue queue = replica.barriers();
        if (queue == null || queue.size == 0) {
            return 0;
        }
        final Membership membership = replica.membership();
        final boolean ended = queue.epoch != membership.epoch() || !membership.isActive();
        int kept = 0;
        final int size = queue.size;
        for (int i = 0; i < size; i++) {
            final long position = queue.positions[i];
            if (ended || position == REFUSED || (position >= 0 && replica.appliedPosition() >= position)) {
                handler.onBarrier(replica.chain(), queue.ids[i], !ended && position >= 0);
            } else {
                queue.ids[kept] = queue.ids[i];
                queue.positions[kept++] = position;
            }
        }
        queue.size = kept;
        return size - kept;
    }
}
