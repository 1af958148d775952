package io.millrace.codec;

import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.fuzz.Decoders;
import org.agrona.concurrent.UnsafeBuffer;

/** {@link LogRecords} over any bytes: what it accepts can be read. */
public final class RecordTarget {
    private static final Decoders CONTROL = new Decoders("control");

    private RecordTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(final byte[] input) {
        final UnsafeBuffer buffer = new UnsafeBuffer(input);
        final int length = LogRecords.check(buffer, 0, input.length);
        if (length < 0) {
            return;
        }
        if (length > input.length) {
            throw new AssertionError("a record of " + length + " bytes in " + input.length);
        }
        final UnsafeBuffer record = new UnsafeBuffer(input, 0, length);
        final RecordHeaderDecoder header = new RecordHeaderDecoder().wrap(record, 0, 64, 0);
        header.appendTo(new StringBuilder());
        final int body = LogFormat.RECORD_HEADER_LENGTH;
        if (header.kind() == RecordKind.CONTROL_COMMAND || header.kind() == RecordKind.SEGMENT_EFFECT) {
            CONTROL.readAll(ControlFrames.check(record, body, length - body), record, body);
        } else if (header.kind() == RecordKind.APPEND) {
            new AppendBodyDecoder()
                    .wrap(record, body, AppendBodyDecoder.BLOCK_LENGTH, 0)
                    .appendTo(new StringBuilder());
            final int events = body + AppendBodyDecoder.BLOCK_LENGTH;
            EventFrame.validate(record, events, length);
        }
    }
}
