package io.millrace.store;

import io.millrace.fuzz.Input;
import org.agrona.concurrent.UnsafeBuffer;

/** Images of a chain's state with any change, fixed part and index: taken over, or refused by name. */
public final class ImageTarget {
    private static final byte[] HISTORY = history();

    private ImageTarget() {}

    /** Runs one input: which piece is changed, and how. */
    public static void fuzzerTestOneInput(final byte[] input) {
        final ChainState source = new ChainState(1, StoreLimits.defaults());
        StateTarget.apply(source, new Input(HISTORY));
        final StateTarget.Image image = new StateTarget.Image(source);
        final Input in = new Input(input);
        final int choice = in.octet();
        UnsafeBuffer changed = image.fixed;
        if ((choice & 3) == 3 && !image.pieces.isEmpty()) {
            changed = image.pieces.get((choice >>> 2) % image.pieces.size());
        }
        if (choice == 0xFF) {
            final byte[] raw = in.rest();
            changed.putBytes(0, raw, 0, Math.min(raw.length, changed.capacity()));
        } else {
            in.edit(changed);
        }
        final ChainState restored;
        try {
            restored = image.restore();
        } catch (final ChainCheckException e) {
            return;
        }
        restored.stateHash();
        new StateTarget.Image(restored);
        StateTarget.apply(restored, new Input(HISTORY));
    }

    /** Two segments, writers, events, one event in fragments, a truncation. */
    private static byte[] history() {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[400]);
        int at = 0;
        for (int segment = 0; segment < 3; segment++) {
            at = put(bytes, at, 0, 1, 0, 0, segment, 0, 200, 0);
            for (int writer = 1; writer < 3; writer++) {
                at = put(bytes, at, 1, 0, segment, writer, 7, 1);
                for (int i = 0; i < 3; i++) {
                    at = put(bytes, at, 2, 0, segment, writer, 0, 3, 0);
                }
            }
        }
        at = put(bytes, at, 4, 0, 0, 1, 0, 0, 100, 0, 0); // the first fragment of an event of 100 bytes
        final byte[] history = new byte[at];
        bytes.getBytes(0, history);
        return history;
    }

    private static int put(final UnsafeBuffer bytes, final int at, final int... values) {
        for (int i = 0; i < values.length; i++) {
            bytes.putByte(at + i, (byte) values[i]);
        }
        return at + values.length;
    }
}
