package io.millrace.codec;

import io.millrace.codec.control.CreateScopeCommandDecoder;
import io.millrace.codec.control.CreateStreamCommandDecoder;
import io.millrace.codec.control.DeleteScopeCommandDecoder;
import io.millrace.codec.control.DeleteStreamCommandDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.EffectDoneDecoder;
import io.millrace.codec.control.NodeStartedDecoder;
import io.millrace.codec.control.SealStreamCommandDecoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.control.SetStreamHeaderCommandDecoder;
import io.millrace.codec.control.TruncateStreamCommandDecoder;
import java.util.Arrays;
import org.agrona.DirectBuffer;

/**
 * Checks the bodies of CONTROL_COMMAND and SEGMENT_EFFECT records before anything is read from them, as
 * {@link WireFrames} does for frames. Every one-byte enumeration is checked as well.
 *
 * <p><b>Threading</b>: pure functions. Nothing is allocated.
 */
public final class ControlFrames {
    private static final MessageShape[] SHAPES = shapes();

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

    private static MessageShape[] shapes() {
        final MessageShape[] shapes = new MessageShape[SegmentEffectDecoder.TEMPLATE_ID + 1];
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
        return shapes;
    }
}
