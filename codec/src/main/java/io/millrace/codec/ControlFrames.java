package io.millrace.codec;

import io.millrace.codec.control.AddNodeCommandDecoder;
import io.millrace.codec.control.CarrierSnapshotDecoder;
import io.millrace.codec.control.ChainEffectsSnapshotDecoder;
import io.millrace.codec.control.ChainSnapshotDecoder;
import io.millrace.codec.control.ClusterSnapshotDecoder;
import io.millrace.codec.control.ConfigureChainsCommandDecoder;
import io.millrace.codec.control.CreateScopeCommandDecoder;
import io.millrace.codec.control.CreateStreamCommandDecoder;
import io.millrace.codec.control.DeleteScopeCommandDecoder;
import io.millrace.codec.control.DeleteStreamCommandDecoder;
import io.millrace.codec.control.DeviceSnapshotDecoder;
import io.millrace.codec.control.DrainNodeCommandDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.EffectDoneDecoder;
import io.millrace.codec.control.EffectSnapshotDecoder;
import io.millrace.codec.control.ForceInstallCommandDecoder;
import io.millrace.codec.control.GroupSettingsDecoder;
import io.millrace.codec.control.GroupSnapshotDecoder;
import io.millrace.codec.control.ImportPartDecoder;
import io.millrace.codec.control.MemberSavedDecoder;
import io.millrace.codec.control.MemberSnapshotDecoder;
import io.millrace.codec.control.MemberStateDecoder;
import io.millrace.codec.control.NodeSnapshotDecoder;
import io.millrace.codec.control.NodeStartedDecoder;
import io.millrace.codec.control.RemoveNodeCommandDecoder;
import io.millrace.codec.control.ReplaceDeviceCommandDecoder;
import io.millrace.codec.control.ReplicaSnapshotDecoder;
import io.millrace.codec.control.RequestSnapshotDecoder;
import io.millrace.codec.control.ScopeSnapshotDecoder;
import io.millrace.codec.control.SealStreamCommandDecoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.control.SegmentSnapshotDecoder;
import io.millrace.codec.control.SetFeatureLevelCommandDecoder;
import io.millrace.codec.control.SetStreamHeaderCommandDecoder;
import io.millrace.codec.control.SnapshotBeginDecoder;
import io.millrace.codec.control.SnapshotEndDecoder;
import io.millrace.codec.control.SnapshotPositionDecoder;
import io.millrace.codec.control.StreamSnapshotDecoder;
import io.millrace.codec.control.TickDecoder;
import io.millrace.codec.control.TruncateStreamCommandDecoder;
import java.util.Arrays;
import org.agrona.DirectBuffer;

/**
 * Checks the bodies of CONTROL_COMMAND and SEGMENT_EFFECT records, and the messages of a snapshot of the control plane,
 * before anything is read from them, as {@link WireFrames} does for frames. Every one-byte enumeration is checked as
 * well.
 *
 * <p><b>Threading</b>: pure functions. Nothing is allocated.
 */
public final class ControlFrames {
    private static final MessageShape[] SHAPES = shapes();
    private static final MessageShape[] SNAPSHOT_SHAPES = snapshotShapes();

    private ControlFrames() {}

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
                SHAPES, NodeStartedDecoder.SCHEMA_ID, NodeStartedDecoder.SCHEMA_VERSION, buffer, offset, length);
    }

    /**
     * Checks a whole message of a snapshot with its SBE header. {@link #check} takes none of these, and this none of
     * those: a snapshot is not to be found in a chain log.
     *
     * @param buffer to read from
     * @param offset of the SBE message header
     * @param length of the message in bytes, from the header to its end
     * @return template id, or a negative {@link FrameStatus}
     */
    public static int checkSnapshot(final DirectBuffer buffer, final int offset, final int length) {
        return MessageShape.check(
                SNAPSHOT_SHAPES,
                SnapshotBeginDecoder.SCHEMA_ID,
                SnapshotBeginDecoder.SCHEMA_VERSION,
                buffer,
                offset,
                length);
    }

    private static MessageShape[] snapshotShapes() {
        final MessageShape[] shapes = new MessageShape[CarrierSnapshotDecoder.TEMPLATE_ID + 1];
        Arrays.fill(shapes, MessageShape.ABSENT);
        shapes[SnapshotBeginDecoder.TEMPLATE_ID] = new MessageShape(SnapshotBeginDecoder.BLOCK_LENGTH);
        shapes[ScopeSnapshotDecoder.TEMPLATE_ID] =
                new MessageShape(ScopeSnapshotDecoder.BLOCK_LENGTH, MessageShape.TEXT);
        shapes[StreamSnapshotDecoder.TEMPLATE_ID] =
                new MessageShape(StreamSnapshotDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.BYTES);
        shapes[SegmentSnapshotDecoder.TEMPLATE_ID] = new MessageShape(SegmentSnapshotDecoder.BLOCK_LENGTH);
        shapes[ChainEffectsSnapshotDecoder.TEMPLATE_ID] = new MessageShape(ChainEffectsSnapshotDecoder.BLOCK_LENGTH);
        shapes[EffectSnapshotDecoder.TEMPLATE_ID] = new MessageShape(EffectSnapshotDecoder.BLOCK_LENGTH)
                .value(
                        EffectSnapshotDecoder.actionEncodingOffset(),
                        EffectAction.CREATE_SEGMENT.value(),
                        EffectAction.TRUNCATE_SEGMENT.value());
        shapes[NodeSnapshotDecoder.TEMPLATE_ID] =
                new MessageShape(NodeSnapshotDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[RequestSnapshotDecoder.TEMPLATE_ID] = new MessageShape(RequestSnapshotDecoder.BLOCK_LENGTH);
        shapes[SnapshotEndDecoder.TEMPLATE_ID] = new MessageShape(SnapshotEndDecoder.BLOCK_LENGTH);
        shapes[SnapshotPositionDecoder.TEMPLATE_ID] = new MessageShape(SnapshotPositionDecoder.BLOCK_LENGTH);
        shapes[ClusterSnapshotDecoder.TEMPLATE_ID] = new MessageShape(ClusterSnapshotDecoder.BLOCK_LENGTH);
        shapes[MemberSnapshotDecoder.TEMPLATE_ID] = new MessageShape(MemberSnapshotDecoder.BLOCK_LENGTH);
        shapes[DeviceSnapshotDecoder.TEMPLATE_ID] =
                new MessageShape(DeviceSnapshotDecoder.BLOCK_LENGTH, MessageShape.TEXT);
        shapes[ChainSnapshotDecoder.TEMPLATE_ID] = new MessageShape(ChainSnapshotDecoder.BLOCK_LENGTH)
                .group(ChainSnapshotDecoder.HistoryDecoder.sbeBlockLength())
                .group(ChainSnapshotDecoder.TargetsDecoder.sbeBlockLength());
        shapes[ReplicaSnapshotDecoder.TEMPLATE_ID] =
                new MessageShape(ReplicaSnapshotDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[GroupSnapshotDecoder.TEMPLATE_ID] = new MessageShape(GroupSnapshotDecoder.BLOCK_LENGTH);
        shapes[CarrierSnapshotDecoder.TEMPLATE_ID] = new MessageShape(CarrierSnapshotDecoder.BLOCK_LENGTH)
                .group(CarrierSnapshotDecoder.SavedDecoder.sbeBlockLength());
        return shapes;
    }

    private static MessageShape[] shapes() {
        final MessageShape[] shapes = new MessageShape[MemberStateDecoder.TEMPLATE_ID + 1];
        Arrays.fill(shapes, MessageShape.ABSENT);
        shapes[NodeStartedDecoder.TEMPLATE_ID] = new MessageShape(NodeStartedDecoder.BLOCK_LENGTH, MessageShape.TEXT);
        shapes[CreateScopeCommandDecoder.TEMPLATE_ID] =
                new MessageShape(CreateScopeCommandDecoder.BLOCK_LENGTH, MessageShape.TEXT);
        shapes[DeleteScopeCommandDecoder.TEMPLATE_ID] =
                new MessageShape(DeleteScopeCommandDecoder.BLOCK_LENGTH, MessageShape.TEXT);
        shapes[CreateStreamCommandDecoder.TEMPLATE_ID] = new MessageShape(
                CreateStreamCommandDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT, MessageShape.BYTES);
        shapes[SealStreamCommandDecoder.TEMPLATE_ID] =
                new MessageShape(SealStreamCommandDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT);
        shapes[DeleteStreamCommandDecoder.TEMPLATE_ID] =
                new MessageShape(DeleteStreamCommandDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT);
        shapes[SetStreamHeaderCommandDecoder.TEMPLATE_ID] = new MessageShape(
                SetStreamHeaderCommandDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT, MessageShape.BYTES);
        shapes[TruncateStreamCommandDecoder.TEMPLATE_ID] = new MessageShape(
                        TruncateStreamCommandDecoder.BLOCK_LENGTH, MessageShape.TEXT, MessageShape.TEXT)
                .group(TruncateStreamCommandDecoder.CutDecoder.sbeBlockLength());
        shapes[EffectDoneDecoder.TEMPLATE_ID] = new MessageShape(EffectDoneDecoder.BLOCK_LENGTH)
                .value(
                        EffectDoneDecoder.actionEncodingOffset(),
                        EffectAction.CREATE_SEGMENT.value(),
                        EffectAction.TRUNCATE_SEGMENT.value());
        shapes[SegmentEffectDecoder.TEMPLATE_ID] = new MessageShape(SegmentEffectDecoder.BLOCK_LENGTH)
                .value(
                        SegmentEffectDecoder.actionEncodingOffset(),
                        EffectAction.CREATE_SEGMENT.value(),
                        EffectAction.TRUNCATE_SEGMENT.value());
        shapes[TickDecoder.TEMPLATE_ID] = new MessageShape(TickDecoder.BLOCK_LENGTH);
        shapes[ConfigureChainsCommandDecoder.TEMPLATE_ID] =
                new MessageShape(ConfigureChainsCommandDecoder.BLOCK_LENGTH);
        shapes[AddNodeCommandDecoder.TEMPLATE_ID] = new MessageShape(AddNodeCommandDecoder.BLOCK_LENGTH);
        shapes[DrainNodeCommandDecoder.TEMPLATE_ID] = new MessageShape(DrainNodeCommandDecoder.BLOCK_LENGTH);
        shapes[RemoveNodeCommandDecoder.TEMPLATE_ID] = new MessageShape(RemoveNodeCommandDecoder.BLOCK_LENGTH);
        shapes[ReplaceDeviceCommandDecoder.TEMPLATE_ID] = new MessageShape(ReplaceDeviceCommandDecoder.BLOCK_LENGTH);
        shapes[ForceInstallCommandDecoder.TEMPLATE_ID] = new MessageShape(
                        ForceInstallCommandDecoder.BLOCK_LENGTH, MessageShape.TEXT)
                .group(ForceInstallCommandDecoder.MembersDecoder.sbeBlockLength());
        shapes[SetFeatureLevelCommandDecoder.TEMPLATE_ID] =
                new MessageShape(SetFeatureLevelCommandDecoder.BLOCK_LENGTH);
        shapes[GroupSettingsDecoder.TEMPLATE_ID] = new MessageShape(GroupSettingsDecoder.BLOCK_LENGTH);
        shapes[MemberSavedDecoder.TEMPLATE_ID] = new MessageShape(MemberSavedDecoder.BLOCK_LENGTH);
        shapes[ImportPartDecoder.TEMPLATE_ID] = new MessageShape(ImportPartDecoder.BLOCK_LENGTH, MessageShape.BYTES);
        shapes[MemberStateDecoder.TEMPLATE_ID] = new MessageShape(MemberStateDecoder.BLOCK_LENGTH);
        return shapes;
    }
}
