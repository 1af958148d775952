package io.millrace.replication;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.AppendAckEncoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.store.WriterTable;
import io.millrace.transport.Session;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Sends acknowledgements to clients: cumulative per writer and segment, from committed state only, so that one which
 * could not be sent is simply the next one.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class AckProxy {
    private static final int ACK_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + AppendAckEncoder.BLOCK_LENGTH;

    /** Backstop intervals between two acknowledgements of a head that the client does not echo. */
    private static final int REPEAT = 20;

    private final Durability durability;
    private final ArrayList<WriterBinding> dirty = new ArrayList<>();
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final AppendAckEncoder ack = new AppendAckEncoder();
    private final ArrayList<WriterBinding> unechoed = new ArrayList<>();
    private final long backstopNs;
    private final boolean acknowledgesWhenSealed;
    private final boolean isBackstop;
    private long sentCount;
    private long backstopCount;

    /**
     * Makes it for chains of one.
     *
     * @param durability what an acknowledgement of this device proves: never MEDIA where a loss of power takes the
     *     bytes away
     */
    AckProxy(final Durability durability) {
        this(durability, 1, ChainRules.ALL);
    }

    /**
     * Makes it.
     *
     * @param durability what an acknowledgement of this device proves.
     * @param backstopNs that a head waits for the client to echo the tail's acknowledgement.
     * @param rules that hold.
     */
    AckProxy(final Durability durability, final long backstopNs, final ChainRules rules) {
        this.durability = durability;
        this.backstopNs = backstopNs;
        acknowledgesWhenSealed = !rules.noAckAfterSealed;
        isBackstop = rules.headBackstop;
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
     * @param nowNs monotonic time of this turn.
     * @return acknowledgements sent.
     */
    int doWork(final long nowNs) {
        final int sent = unechoed.isEmpty() ? 0 : sendOverdue(nowNs);
        final int count = dirty.size();
        if (count == 0) {
            return sent;
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
        return sent + count - kept;
    }

    /** Gives the number of acknowledgements sent since start. */
    long sentCount() {
        return sentCount;
    }

    /** Gives the number of acknowledgements that a head sent because the client had not echoed the tail's. */
    long backstopCount() {
        return backstopCount;
    }

    /**
     * Of a longer chain the tail alone acknowledges, once the client has said to the head that it hears it; the head
     * does until then, for a session with a new tail takes its time. From then on the head waits until the client says
     * that it has heard, and says it itself when the client has not: the tail may have died with the acknowledgement
     * (P13).
     */
    private boolean trySend(final WriterBinding binding) {
        final Membership membership = binding.replica.membership();
        if (!membership.isActive() && !acknowledgesWhenSealed) {
            return true;
        }
        if (membership.isTail()) {
            return send(binding, binding.tailSession);
        }
        if (!isBackstop || !membership.isHead() || binding.headSession == null) {
            return true;
        }
        if (!binding.awaitsEcho) {
            binding.awaitsEcho = true;
            binding.backstopNs = 0;
            unechoed.add(binding);
        }
        return binding.hasEchoed || send(binding, binding.headSession);
    }

    private int sendOverdue(final long nowNs) {
        int sent = 0;
        for (int i = unechoed.size() - 1; i >= 0; i--) {
            final WriterBinding binding = unechoed.get(i);
            if (binding.backstopNs == 0) {
                binding.backstopNs = nowNs + backstopNs;
            }
            final boolean wanted = wantsBackstop(binding);
            if (wanted && nowNs - binding.backstopNs < 0) {
                continue;
            }
            if (wanted && send(binding, binding.headSession)) {
                backstopCount++;
                sent++;
                binding.backstopNs = nowNs + REPEAT * backstopNs; // again, until it is echoed
            } else if (!wanted) {
                binding.awaitsEcho = false;
                final WriterBinding last = unechoed.remove(unechoed.size() - 1);
                if (i < unechoed.size()) {
                    unechoed.set(i, last);
                }
            }
        }
        return sent;
    }

    private static boolean wantsBackstop(final WriterBinding binding) {
        final Membership membership = binding.replica.membership();
        final WriterTable writers = binding.replica.state().writers();
        return binding.headSession != null
                && membership.isHead()
                && !membership.isTail()
                && membership.isActive()
                && writers.isUsed(binding.slot)
                && binding.echoedNumber < writers.lastEventNumber(binding.slot);
    }

    private boolean send(final WriterBinding binding, final @Nullable Session session) {
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
