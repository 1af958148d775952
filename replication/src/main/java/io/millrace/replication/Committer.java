package io.millrace.replication;

import io.millrace.codec.LogFormat;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.store.ChainState;
import io.millrace.store.Segment;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What follows from a record being committed and applied: acknowledgements, readers, the control plane.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated.
 */
final class Committer {
    private final AckProxy acks;
    private final ReadAdapter reads;
    private final Checkpointer checkpointer;
    private final LatencyHistogram queueTimes = new LatencyHistogram();
    private final LatencyHistogram journalTimes = new LatencyHistogram();
    private final RecordHeaderDecoder header = new RecordHeaderDecoder();
    private final MessageHeaderDecoder controlHeader = new MessageHeaderDecoder();
    private final SegmentEffectDecoder effect = new SegmentEffectDecoder();
    private @Nullable ControlChain control;
    private @Nullable ControlMessages messages;
    private long committedRecordCount;

    /**
     * Serves all chains of a device.
     *
     * @param acks hears of writers whose number has moved.
     * @param reads hears of segments that have changed.
     * @param checkpointer hears of what was freed.
     */
    Committer(final AckProxy acks, final ReadAdapter reads, final Checkpointer checkpointer) {
        this.acks = acks;
        this.reads = reads;
        this.checkpointer = checkpointer;
    }

    /** Names who takes chain 0's commands and hears of effects. */
    void controlChain(final ControlChain chain) {
        control = chain;
    }

    /** Names who tells a control plane elsewhere of effects. */
    void controlMessages(final ControlMessages controlMessages) {
        messages = controlMessages;
    }

    /** Returns the times of committed appends from their sequencing to their submission. */
    LatencyHistogram queueTimes() {
        return queueTimes;
    }

    /** Returns the times of committed appends from their submission to their being durable. */
    LatencyHistogram journalTimes() {
        return journalTimes;
    }

    /** Returns the records committed since start. */
    long committedRecordCount() {
        return committedRecordCount;
    }

    /**
     * Applies the next record of a chain, which is committed.
     *
     * @param replica of the chain.
     * @param buffer holds the record.
     * @param index of its header.
     * @param length header and body in bytes.
     * @param position of it.
     * @param queueNs from its arrival to its submission.
     * @param journalNs from its submission to its being durable.
     * @param chainNs from its being durable here to its commit.
     */
    void commit(
            final ChainReplica replica,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final long position,
            final long queueNs,
            final long journalNs,
            final long chainNs) {
        final int change = replica.apply(buffer, index, length, position);
        committedRecordCount++;
        if (change == ChainState.APPENDED) {
            onAppended(replica, queueNs, journalNs, chainNs);
        } else {
            afterApply(replica, change, buffer, index, length, false);
        }
    }

    private void onAppended(final ChainReplica replica, final long queueNs, final long journalNs, final long chainNs) {
        queueTimes.record(queueNs);
        journalTimes.record(journalNs);
        final WriterBinding binding = replica.binding(replica.state().appliedWriterSlot());
        if (binding != null) {
            binding.queueNs = Math.max(0, queueNs);
            binding.journalNs = journalNs;
            binding.chainNs = chainNs;
            acks.mark(binding);
        }
        final Segment segment = replica.state().appliedSegment();
        if (segment != null) {
            reads.onSegmentChanged(segment);
        }
    }

    /**
     * Takes note of what a record changed that is no append.
     *
     * @param replica of the chain.
     * @param change as {@link ChainState#apply} said.
     * @param buffer holds the record.
     * @param index of its header.
     * @param length header and body in bytes.
     * @param recovering the record was found at start.
     */
    void afterApply(
            final ChainReplica replica,
            final int change,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final boolean recovering) {
        header.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
        final int bodyIndex = index + LogFormat.RECORD_HEADER_LENGTH;
        if (header.kind() == RecordKind.CONTROL_COMMAND && control != null) {
            control.onCommitted(
                    header.position(),
                    header.timestampNs(),
                    buffer,
                    bodyIndex,
                    length - LogFormat.RECORD_HEADER_LENGTH);
        } else if (change == ChainState.WRITER_EXPIRED) {
            checkpointer.onFreed(); // an event that it never ended
            replica.unbind(replica.state().appliedWriterSlot());
        } else if (header.kind() == RecordKind.SEGMENT_EFFECT && !recovering) {
            controlHeader.wrap(buffer, bodyIndex);
            effect.wrap(
                    buffer,
                    bodyIndex + MessageHeaderDecoder.ENCODED_LENGTH,
                    controlHeader.blockLength(),
                    controlHeader.version());
            tellEffect(replica, header.effectNumber(), effect.action(), effect.streamId(), effect.segmentId());
            final Segment segment = replica.state().segment(effect.streamId(), effect.segmentId());
            if (segment != null && change == ChainState.SEGMENT_CHANGED) {
                reads.onSegmentChanged(segment);
                if (segment.isDeleted() || effect.action() == EffectAction.TRUNCATE_SEGMENT) {
                    checkpointer.onFreed();
                }
            }
        }
    }

    /**
     * Tells the control plane that an effect is committed. In a longer chain the head alone does.
     *
     * @param replica of the chain.
     * @param effectNumber of the effect.
     * @param action what it did.
     * @param streamId of the segment.
     * @param segmentId of the segment.
     */
    void tellEffect(
            final ChainReplica replica,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId) {
        if (control == null && messages == null) {
            return;
        }
        final Segment segment = replica.state().segment(streamId, segmentId);
        final long finalLength = segment == null ? 0 : segment.length();
        if (control != null) {
            control.onEffectCommitted(replica.chain(), effectNumber, action, streamId, segmentId, finalLength);
        } else if (messages != null && replica.membership().isHead()) {
            messages.effectCommitted(replica, effectNumber, action, streamId, segmentId, finalLength);
        }
    }
}
