package io.millrace.control;

import io.millrace.codec.MillraceException;
import io.millrace.fuzz.Input;
import java.util.UUID;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Snapshots of the control plane: any bytes, or a whole one with changes; read, or refused by name. */
public final class SnapshotTarget {
    private static final byte[] WHOLE = whole();

    private SnapshotTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(final byte[] input) {
        final Input in = new Input(input);
        final byte[] snapshot;
        if (in.octet() == 0) {
            snapshot = in.rest();
        } else {
            snapshot = WHOLE.clone();
            in.edit(new UnsafeBuffer(snapshot));
        }
        final ControlState state = new ControlState(ControlLimits.DEFAULT);
        try {
            state.restore(new UnsafeBuffer(snapshot), 0, snapshot.length);
        } catch (final MillraceException e) {
            if (state.streamCount() != 0 || state.chainCount() != 0) {
                throw new AssertionError("refused, and yet something was taken over", e);
            }
            return;
        }
        state.forEachPendingEffect(new Silent());
        final ExpandableArrayBuffer again = new ExpandableArrayBuffer();
        state.encode(again, 0);
    }

    private static byte[] whole() {
        final ControlState state = new ControlState(ControlLimits.DEFAULT);
        final CommandWriter writer = new CommandWriter();
        final UUID node = new UUID(1, 2);
        int length = writer.nodeStarted(node, new UUID(3, 4), 1, 4, "localhost:8470");
        state.apply(writer.buffer(), 0, length, 1, new Silent());
        final ExpandableArrayBuffer commands = new ExpandableArrayBuffer();
        final var header = new io.millrace.codec.control.MessageHeaderEncoder();
        final var scope = new io.millrace.codec.control.CreateScopeCommandEncoder()
                .wrapAndApplyHeader(commands, 0, header)
                .clientIdHigh(1)
                .clientIdLow(2)
                .requestId(1)
                .scopeName("plant");
        state.apply(commands, 0, 8 + scope.encodedLength(), 2, new Silent());
        for (int i = 0; i < 3; i++) {
            final var stream = new io.millrace.codec.control.CreateStreamCommandEncoder()
                    .wrapAndApplyHeader(commands, 0, header)
                    .clientIdHigh(1)
                    .clientIdLow(2)
                    .requestId(2 + i)
                    .segmentCount(2 + i)
                    .scopeName("plant")
                    .streamName("sensors-" + i);
            stream.putHeader(new byte[] {1, 2, 3}, 0, 3);
            state.apply(commands, 0, 8 + stream.encodedLength(), 3 + i, new Silent());
        }
        if (state.streamCount() != 3 || state.pendingEffectCount() == 0) {
            throw new IllegalStateException("the sample has no streams");
        }
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        length = state.encode(buffer, 0);
        final byte[] bytes = new byte[length];
        buffer.getBytes(0, bytes);
        return bytes;
    }
}
