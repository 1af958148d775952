package io.millrace.control;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.ControlFrames;
import io.millrace.codec.WireFrames;
import io.millrace.fuzz.Decoders;
import org.agrona.concurrent.UnsafeBuffer;

/** Frames of the wire and messages of chain 0: what the checks accept can be read to the last field. */
public final class FrameTarget {
    private static final Decoders WIRE = new Decoders("wire");
    private static final Decoders CONTROL = new Decoders("control");
    private static final Decoders CHAIN = new Decoders("chain");

    private FrameTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(final byte[] input) {
        final UnsafeBuffer buffer = new UnsafeBuffer(input);
        final int wire = WireFrames.check(buffer, 0, input.length);
        if (wire >= 0) {
            WIRE.readAll(wire, buffer, 0);
            if (ControlService.handles(wire)) {
                new MetadataRequest().read(wire, buffer, 0);
            }
        }
        final int control = ControlFrames.check(buffer, 0, input.length);
        if (control >= 0) {
            CONTROL.readAll(control, buffer, 0);
        }
        final int chain = ChainFrames.check(buffer, 0, input.length);
        if (chain >= 0) {
            CHAIN.readAll(chain, buffer, 0);
        }
        final int snapshot = ControlFrames.checkSnapshot(buffer, 0, input.length);
        if (snapshot >= 0) {
            CONTROL.readAll(snapshot, buffer, 0);
        }
    }
}
