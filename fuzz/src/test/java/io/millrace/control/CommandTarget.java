package io.millrace.control;

import io.millrace.fuzz.Input;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Commands of chain 0 in any order and with any content: each is applied or refused; the state that follows survives a
 * snapshot.
 */
public final class CommandTarget {
    private CommandTarget() {}

    /** Runs one input: length of the command, command, and again. */
    public static void fuzzerTestOneInput(final byte[] input) {
        final Input in = new Input(input);
        final ControlState state = new ControlState(ControlLimits.DEFAULT);
        apply(state, in);
        final ExpandableArrayBuffer snapshot = new ExpandableArrayBuffer();
        final int length = state.encode(snapshot, 0);
        final ControlState restored = new ControlState(ControlLimits.DEFAULT);
        restored.restore(snapshot, 0, length);
        if (restored.stateHash() != state.stateHash()) {
            throw new AssertionError("a snapshot restores another state");
        }
    }

    /** Applies commands up to the first that is none. */
    static void apply(final ControlState state, final Input in) {
        long timestampNs = 1;
        while (in.hasMore()) {
            final byte[] command = in.take(in.pair());
            try {
                state.apply(new UnsafeBuffer(command), 0, command.length, timestampNs++, new Silent());
            } catch (final IllegalStateException e) {
                if (!String.valueOf(e.getMessage()).startsWith("chain 0 holds")) {
                    throw e;
                }
                return;
            }
        }
    }
}
