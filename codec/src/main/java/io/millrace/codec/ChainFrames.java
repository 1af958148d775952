package io.millrace.codec;

import io.millrace.codec.chain.ChainMapDecoder;
import io.millrace.codec.chain.ChainMapQueryDecoder;
import io.millrace.codec.chain.CommitDecoder;
import io.millrace.codec.chain.DigestDecoder;
import io.millrace.codec.chain.DurablePrefixDecoder;
import io.millrace.codec.chain.EffectCommittedDecoder;
import io.millrace.codec.chain.EffectOrderDecoder;
import io.millrace.codec.chain.FetchRangeDecoder;
import io.millrace.codec.chain.ForwardedReplyDecoder;
import io.millrace.codec.chain.ForwardedRequestDecoder;
import io.millrace.codec.chain.InstallDecoder;
import io.millrace.codec.chain.InstalledDecoder;
import io.millrace.codec.chain.LearnDecoder;
import io.millrace.codec.chain.LearnerCompleteDecoder;
import io.millrace.codec.chain.NakDecoder;
import io.millrace.codec.chain.NodeHeartbeatDecoder;
import io.millrace.codec.chain.NodeHeartbeatSeenDecoder;
import io.millrace.codec.chain.NodeRegisterDecoder;
import io.millrace.codec.chain.NodeRegisteredDecoder;
import io.millrace.codec.chain.RangeDataDecoder;
import io.millrace.codec.chain.ReadBarrierDecoder;
import io.millrace.codec.chain.ReadBarrierPassedDecoder;
import io.millrace.codec.chain.ReplicateDecoder;
import io.millrace.codec.chain.RetireDecoder;
import io.millrace.codec.chain.RetiredDecoder;
import io.millrace.codec.chain.SealDecoder;
import io.millrace.codec.chain.SealedDecoder;
import io.millrace.codec.chain.SegmentAnswerDecoder;
import io.millrace.codec.chain.SegmentQuestionDecoder;
import io.millrace.codec.chain.SnapshotNeededDecoder;
import io.millrace.codec.chain.SnapshotPartDecoder;
import io.millrace.codec.chain.SnapshotRequestDecoder;
import io.millrace.codec.chain.StateTakenDecoder;
import java.util.Arrays;
import org.agrona.DirectBuffer;

/**
 * Checks messages between the control plane and the nodes, and between the nodes of a chain, before anything is read
 * from them, as {@link WireFrames} does for frames of clients.
 *
 * <p><b>Threading</b>: pure functions. Nothing is allocated.
 */
public final class ChainFrames {
    private static final MessageShape[] SHAPES = shapes();

    private ChainFrames() {}

    /**
     * Checks a whole message with its SBE header.
     *
     * @param buffer to read from
     * @param offset of the SBE message header
     * @param length of the message in bytes, from the header to its end
     * @return template id, or a negative {@link FrameStatus}
     */
    public static int check(final DirectBuffer buffer, final int offset, final int length) {
        return MessageShape.check(SHAPES, SealDecoder.SCHEMA_ID, SealDecoder.SCHEMA_VERSION, buffer, offset, length);
    }

    /**
     * Tells whether a message is of this schema, by its header alone.
     *
     * @param buffer to read from
     * @param offset of the SBE message header
     * @param length of the message in bytes
     * @return true when {@link #check} should judge it
     */
    public static boolean isChainMessage(final DirectBuffer buffer, final int offset, final int length) {
        return MessageShape.schemaId(buffer, offset, length) == SealDecoder.SCHEMA_ID;
    }

    private static MessageShape[] shapes() {
        // The table ends with the highest template id of the schema.
        final MessageShape[] shapes = new MessageShape[SnapshotPartDecoder.TEMPLATE_ID + 1];
        Arrays.fill(shapes, MessageShape.ABSENT);
        shapes[NodeRegisterDecoder.TEMPLATE_ID] = new MessageShape(NodeRegisterDecoder.BLOCK_LENGTH)
                .group(NodeRegisterDecoder.DevicesDecoder.sbeBlockLength(), MessageShape.TEXT);
        shapes[NodeRegisteredDecoder.TEMPLATE_ID] = new MessageShape(NodeRegisteredDecoder.BLOCK_LENGTH);
        shapes[NodeHeartbeatDecoder.TEMPLATE_ID] = new MessageShape(NodeHeartbeatDecoder.BLOCK_LENGTH)
                .group(NodeHeartbeatDecoder.ReplicasDecoder.sbeBlockLength());
        shapes[NodeHeartbeatSeenDecoder.TEMPLATE_ID] = new MessageShape(NodeHeartbeatSeenDecoder.BLOCK_LENGTH);
        shapes[StateTakenDecoder.TEMPLATE_ID] = new MessageShape(StateTakenDecoder.BLOCK_LENGTH);
        shapes[SealDecoder.TEMPLATE_ID] = new MessageShape(SealDecoder.BLOCK_LENGTH);
        shapes[SealedDecoder.TEMPLATE_ID] = new MessageShape(SealedDecoder.BLOCK_LENGTH)
                .group(SealedDecoder.HistoryDecoder.sbeBlockLength())
                .group(SealedDecoder.DamagedRangesDecoder.sbeBlockLength());
        shapes[InstallDecoder.TEMPLATE_ID] = new MessageShape(InstallDecoder.BLOCK_LENGTH)
                .group(InstallDecoder.MembersDecoder.sbeBlockLength(), MessageShape.TEXT)
                .group(InstallDecoder.LearnersDecoder.sbeBlockLength(), MessageShape.TEXT)
                .group(InstallDecoder.HistoryDecoder.sbeBlockLength());
        shapes[InstalledDecoder.TEMPLATE_ID] = new MessageShape(InstalledDecoder.BLOCK_LENGTH);
        shapes[LearnDecoder.TEMPLATE_ID] = new MessageShape(LearnDecoder.BLOCK_LENGTH, MessageShape.TEXT)
                .group(LearnDecoder.HistoryDecoder.sbeBlockLength());
        shapes[LearnerCompleteDecoder.TEMPLATE_ID] = new MessageShape(LearnerCompleteDecoder.BLOCK_LENGTH);
        shapes[RetireDecoder.TEMPLATE_ID] = new MessageShape(RetireDecoder.BLOCK_LENGTH);
        shapes[RetiredDecoder.TEMPLATE_ID] = new MessageShape(RetiredDecoder.BLOCK_LENGTH);
        shapes[EffectOrderDecoder.TEMPLATE_ID] = new MessageShape(EffectOrderDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[EffectCommittedDecoder.TEMPLATE_ID] = new MessageShape(EffectCommittedDecoder.BLOCK_LENGTH);
        shapes[ChainMapQueryDecoder.TEMPLATE_ID] = new MessageShape(ChainMapQueryDecoder.BLOCK_LENGTH);
        shapes[ChainMapDecoder.TEMPLATE_ID] = new MessageShape(ChainMapDecoder.BLOCK_LENGTH)
                .group(ChainMapDecoder.MembersDecoder.sbeBlockLength(), MessageShape.TEXT);
        shapes[ForwardedRequestDecoder.TEMPLATE_ID] =
                new MessageShape(ForwardedRequestDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[ForwardedReplyDecoder.TEMPLATE_ID] =
                new MessageShape(ForwardedReplyDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[SegmentQuestionDecoder.TEMPLATE_ID] = new MessageShape(SegmentQuestionDecoder.BLOCK_LENGTH);
        shapes[SegmentAnswerDecoder.TEMPLATE_ID] = new MessageShape(SegmentAnswerDecoder.BLOCK_LENGTH);
        shapes[ReplicateDecoder.TEMPLATE_ID] = new MessageShape(ReplicateDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[DurablePrefixDecoder.TEMPLATE_ID] = new MessageShape(DurablePrefixDecoder.BLOCK_LENGTH);
        shapes[CommitDecoder.TEMPLATE_ID] = new MessageShape(CommitDecoder.BLOCK_LENGTH);
        shapes[NakDecoder.TEMPLATE_ID] = new MessageShape(NakDecoder.BLOCK_LENGTH);
        shapes[SnapshotNeededDecoder.TEMPLATE_ID] = new MessageShape(SnapshotNeededDecoder.BLOCK_LENGTH);
        shapes[ReadBarrierDecoder.TEMPLATE_ID] = new MessageShape(ReadBarrierDecoder.BLOCK_LENGTH);
        shapes[ReadBarrierPassedDecoder.TEMPLATE_ID] = new MessageShape(ReadBarrierPassedDecoder.BLOCK_LENGTH);
        shapes[DigestDecoder.TEMPLATE_ID] = new MessageShape(DigestDecoder.BLOCK_LENGTH);
        shapes[FetchRangeDecoder.TEMPLATE_ID] = new MessageShape(FetchRangeDecoder.BLOCK_LENGTH);
        shapes[RangeDataDecoder.TEMPLATE_ID] = new MessageShape(RangeDataDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[SnapshotRequestDecoder.TEMPLATE_ID] = new MessageShape(SnapshotRequestDecoder.BLOCK_LENGTH);
        shapes[SnapshotPartDecoder.TEMPLATE_ID] =
                new MessageShape(SnapshotPartDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        return shapes;
    }
}
