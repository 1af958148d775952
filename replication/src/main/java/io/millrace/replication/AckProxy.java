package io.millrace.replication;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.AppendAckEncoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.store.WriterTable;
import io.millrace.transport.Session;
import java.util.ArrayList;

/**
 * Sends acknowledgements to clients: cumulative per writer and segment, from committed state only, so that one which
 * could not be sent is simply the next one.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class AckProxy {
    private static final int ACK_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + AppendAckEncoder.BLOCK_LENGTH;

    private final Durability durability;
    private final ArrayList<WriterBinding> dirty = new ArrayList<>();
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final AppendAckEncoder ack = new AppendAckEncoder();
    private long sentCount;

    /**
     * Makes it.
     *
     * @param durability what an acknowledgement of this device proves: never MEDIA where a loss of power takes the
     *     bytes away
     */
    AckProxy(final Durability durability) {
        this.durability = durability;
    }

    /** Notes that a writer's committed number has moved or is to be said again. */
    void mark(final WriterBinding binding) {
        if (!binding.dirty) {
            binding.dirty = true;
            dirty.add(binding);
        }
    }

    /**
     * Sends what is marked; what the session cannot take now stays marked.
     *
     * @return acknowledgements sent.
     */
    int doWork() {
        final int count = dirty.size();
        if (count == 0) {
            return 0;
        }
        int kept = 0;
        for (int i = 0; i < count; i++) {
            final WriterBinding binding = dirty.get(i);
            if (trySend(binding)) {
                binding.dirty = false;
            } else {
                dirty.set(kept++, binding);
            }
        }
        for (int i = count - 1; i >= kept; i--) {
            dirty.remove(i);
        }
        return count - kept;
    }

    /** Gives the number of acknowledgements sent since start. */
    long sentCount() {
        return sentCount;
    }

    private boolean trySend(final WriterBinding binding) {
        final Session session = binding.tailSession;
        if (session == null || !session.isOpen()) {
            return true;
        }
        final WriterTable writers = binding.replica.state().writers();
        if (!writers.isUsed(binding.slot)) {
            return true;
        }
        if (session.tryClaim(ACK_LENGTH, claim) < 0) {
            return !session.isOpen();
        }
        final int slot = binding.slot;
        final long number = writers.lastEventNumber(slot);
        ack.wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                .writerIdHigh(writers.writerIdHigh(slot))
                .writerIdLow(writers.writerIdLow(slot))
                .streamId(writers.streamId(slot))
                .segmentId(writers.segmentId(slot))
                .lastEventNumber(number)
                .segmentOffset(writers.endOffset(slot))
                .queueNs(binding.queueNs)
                .journalNs(binding.journalNs)
                .chainNs(binding.chainNs)
                .chain(binding.replica.chain())
                .durability(durability);
        claim.commit();
        binding.sentNumber = number;
        sentCount++;
        return true;
    }
}
