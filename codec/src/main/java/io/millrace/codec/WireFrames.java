package io.millrace.codec;

import io.millrace.codec.wire.AckEchoDecoder;
import io.millrace.codec.wire.AppendAckDecoder;
import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.ChainChangedDecoder;
import io.millrace.codec.wire.ClusterAction;
import io.millrace.codec.wire.ClusterDescriptionDecoder;
import io.millrace.codec.wire.CommandDoneDecoder;
import io.millrace.codec.wire.CommandOutcome;
import io.millrace.codec.wire.CreateScopeDecoder;
import io.millrace.codec.wire.CreateStreamDecoder;
import io.millrace.codec.wire.DeleteScopeDecoder;
import io.millrace.codec.wire.DeleteStreamDecoder;
import io.millrace.codec.wire.DescribeClusterDecoder;
import io.millrace.codec.wire.DescribeStreamDecoder;
import io.millrace.codec.wire.KeepAliveDecoder;
import io.millrace.codec.wire.ListStreamsDecoder;
import io.millrace.codec.wire.OperateClusterDecoder;
import io.millrace.codec.wire.ReadCreditDecoder;
import io.millrace.codec.wire.ReadDataDecoder;
import io.millrace.codec.wire.ReadEndDecoder;
import io.millrace.codec.wire.ReadStartedDecoder;
import io.millrace.codec.wire.ReadSubscribeDecoder;
import io.millrace.codec.wire.ReadUnsubscribeDecoder;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.codec.wire.SealStreamDecoder;
import io.millrace.codec.wire.SessionCloseDecoder;
import io.millrace.codec.wire.SessionOpenDecoder;
import io.millrace.codec.wire.SessionOpenedDecoder;
import io.millrace.codec.wire.SetStreamHeaderDecoder;
import io.millrace.codec.wire.StartAt;
import io.millrace.codec.wire.StreamDescriptionDecoder;
import io.millrace.codec.wire.StreamListDecoder;
import io.millrace.codec.wire.StreamState;
import io.millrace.codec.wire.TruncateStreamDecoder;
import io.millrace.codec.wire.WriterBindDecoder;
import io.millrace.codec.wire.WriterBoundDecoder;
import io.millrace.codec.wire.WriterReadyDecoder;
import io.millrace.codec.wire.WriterSetupDecoder;
import java.util.Arrays;
import org.agrona.DirectBuffer;

/**
 * Checks frames of the wire schema before anything is read from them: schema, template, version, fixed block, group and
 * variable data inside the frame. After a positive answer a decoder may be wrapped, and every field, group and variable
 * field read in order, without further checks of bounds.
 *
 * <p>Of one-byte enumerations the values are checked, so that no getter throws, with three exceptions that have answers
 * of their own: read {@code durabilityRaw()} of Append and AppendAck (unknown: MR-3011) and {@code codeRaw()} of
 * Refusal ({@link ErrorCode#of(int)}). What numbers and texts mean (names, limits, event frames) is for the reader to
 * judge.
 *
 * <p>A frame of this version has exactly the block length of its schema and ends with its last field; one of a newer
 * version may have longer blocks and more bytes at the end.
 *
 * <p><b>Threading</b>: pure functions. Nothing is allocated.
 */
public final class WireFrames {
    private static final MessageShape[] SHAPES = shapes();

    private WireFrames() {}

    /**
     * Checks a whole message with its SBE header.
     *
     * @param buffer to read from
     * @param offset of the SBE message header
     * @param length of the message in bytes, from the header to its end
     * @return template id, or a negative {@link FrameStatus}
     */
    public static int check(final DirectBuffer buffer, final int offset, final int length) {
        return MessageShape.check(
                SHAPES, AppendDecoder.SCHEMA_ID, AppendDecoder.SCHEMA_VERSION, buffer, offset, length);
    }

    private static MessageShape[] shapes() {
        final MessageShape[] shapes = new MessageShape[ReadUnsubscribeDecoder.TEMPLATE_ID + 1];
        Arrays.fill(shapes, MessageShape.ABSENT);
        shapes[SessionOpenDecoder.TEMPLATE_ID] = new MessageShape(
                SessionOpenDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT, MessageShape.BYTES);
        shapes[SessionOpenedDecoder.TEMPLATE_ID] =
                new MessageShape(SessionOpenedDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT);
        shapes[KeepAliveDecoder.TEMPLATE_ID] = new MessageShape(KeepAliveDecoder.BLOCK_LENGTH);
        shapes[SessionCloseDecoder.TEMPLATE_ID] = new MessageShape(SessionCloseDecoder.BLOCK_LENGTH);
        shapes[RefusalDecoder.TEMPLATE_ID] = new MessageShape(RefusalDecoder.BLOCK_LENGTH, MessageShape.TEXT);
        shapes[CreateScopeDecoder.TEMPLATE_ID] = new MessageShape(CreateScopeDecoder.BLOCK_LENGTH, MessageShape.TEXT);
        shapes[DeleteScopeDecoder.TEMPLATE_ID] = new MessageShape(DeleteScopeDecoder.BLOCK_LENGTH, MessageShape.TEXT);
        shapes[CreateStreamDecoder.TEMPLATE_ID] = new MessageShape(
                CreateStreamDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT, MessageShape.BYTES);
        shapes[SealStreamDecoder.TEMPLATE_ID] =
                new MessageShape(SealStreamDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT);
        shapes[DeleteStreamDecoder.TEMPLATE_ID] =
                new MessageShape(DeleteStreamDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT);
        shapes[DescribeStreamDecoder.TEMPLATE_ID] =
                new MessageShape(DescribeStreamDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT);
        shapes[ListStreamsDecoder.TEMPLATE_ID] =
                new MessageShape(ListStreamsDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT);
        shapes[SetStreamHeaderDecoder.TEMPLATE_ID] = new MessageShape(
                SetStreamHeaderDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT, MessageShape.BYTES);
        shapes[TruncateStreamDecoder.TEMPLATE_ID] = new MessageShape(
                        TruncateStreamDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT)
                .group(TruncateStreamDecoder.CutDecoder.sbeBlockLength());
        shapes[CommandDoneDecoder.TEMPLATE_ID] = new MessageShape(CommandDoneDecoder.BLOCK_LENGTH)
                .value(
                        CommandDoneDecoder.outcomeEncodingOffset(),
                        CommandOutcome.DONE.value(),
                        CommandOutcome.ALREADY.value());
        shapes[StreamDescriptionDecoder.TEMPLATE_ID] = new MessageShape(
                        StreamDescriptionDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT, MessageShape.BYTES)
                .group(StreamDescriptionDecoder.SegmentsDecoder.sbeBlockLength())
                .group(StreamDescriptionDecoder.ChainsDecoder.sbeBlockLength(), MessageShape.TEXT, MessageShape.TEXT)
                .value(
                        StreamDescriptionDecoder.stateEncodingOffset(),
                        StreamState.CREATING.value(),
                        StreamState.DELETING.value());
        shapes[StreamListDecoder.TEMPLATE_ID] = new MessageShape(StreamListDecoder.BLOCK_LENGTH)
                .group(StreamListDecoder.StreamsDecoder.sbeBlockLength(), MessageShape.TEXT, MessageShape.TEXT)
                .groupValue(StreamListDecoder.StreamsDecoder.stateEncodingOffset(), StreamState.DELETING.value());
        shapes[WriterSetupDecoder.TEMPLATE_ID] = new MessageShape(WriterSetupDecoder.BLOCK_LENGTH);
        shapes[WriterReadyDecoder.TEMPLATE_ID] =
                new MessageShape(WriterReadyDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT);
        shapes[WriterBindDecoder.TEMPLATE_ID] = new MessageShape(WriterBindDecoder.BLOCK_LENGTH);
        shapes[WriterBoundDecoder.TEMPLATE_ID] = new MessageShape(WriterBoundDecoder.BLOCK_LENGTH);
        shapes[AppendDecoder.TEMPLATE_ID] = new MessageShape(AppendDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[AppendAckDecoder.TEMPLATE_ID] = new MessageShape(AppendAckDecoder.BLOCK_LENGTH);
        shapes[AckEchoDecoder.TEMPLATE_ID] = new MessageShape(AckEchoDecoder.BLOCK_LENGTH);
        shapes[ChainChangedDecoder.TEMPLATE_ID] =
                new MessageShape(ChainChangedDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT);
        shapes[ReadSubscribeDecoder.TEMPLATE_ID] = new MessageShape(ReadSubscribeDecoder.BLOCK_LENGTH)
                .value(ReadSubscribeDecoder.startAtEncodingOffset(), StartAt.HEAD.value(), StartAt.OFFSET.value());
        shapes[ReadStartedDecoder.TEMPLATE_ID] = new MessageShape(ReadStartedDecoder.BLOCK_LENGTH);
        shapes[ReadDataDecoder.TEMPLATE_ID] = new MessageShape(ReadDataDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[ReadCreditDecoder.TEMPLATE_ID] = new MessageShape(ReadCreditDecoder.BLOCK_LENGTH);
        shapes[ReadEndDecoder.TEMPLATE_ID] = new MessageShape(ReadEndDecoder.BLOCK_LENGTH);
        shapes[ReadUnsubscribeDecoder.TEMPLATE_ID] = new MessageShape(ReadUnsubscribeDecoder.BLOCK_LENGTH);
        addCluster(shapes);
        return shapes;
    }

    private static void addCluster(final MessageShape[] shapes) {
        shapes[OperateClusterDecoder.TEMPLATE_ID] = new MessageShape(
                        OperateClusterDecoder.BLOCK_LENGTH, MessageShape.TEXT)
                .group(OperateClusterDecoder.MembersDecoder.sbeBlockLength())
                .value(
                        OperateClusterDecoder.actionEncodingOffset(),
                        ClusterAction.CONFIGURE_CHAINS.value(),
                        ClusterAction.SET_FEATURE_LEVEL.value());
        shapes[DescribeClusterDecoder.TEMPLATE_ID] = new MessageShape(DescribeClusterDecoder.BLOCK_LENGTH);
        shapes[ClusterDescriptionDecoder.TEMPLATE_ID] = new MessageShape(ClusterDescriptionDecoder.BLOCK_LENGTH)
                .group(ClusterDescriptionDecoder.NodesDecoder.sbeBlockLength(), MessageShape.TEXT)
                .group(ClusterDescriptionDecoder.DevicesDecoder.sbeBlockLength(), MessageShape.TEXT)
                .group(ClusterDescriptionDecoder.ChainsDecoder.sbeBlockLength())
                .group(ClusterDescriptionDecoder.ReplicasDecoder.sbeBlockLength(), MessageShape.TEXT);
    }
}
