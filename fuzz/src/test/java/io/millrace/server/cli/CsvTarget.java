package io.millrace.server.cli;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/** Lines and CSV records of any input: every byte is in one record or between two. */
public final class CsvTarget {
    private CsvTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(final byte[] input) throws IOException {
        for (final RecordSplitter.Quoting quoting : RecordSplitter.Quoting.values()) {
            final RecordSplitter splitter = new RecordSplitter(new ByteArrayInputStream(input), quoting, "input");
            final CsvFields fields = new CsvFields();
            long count = 0;
            try {
                while (splitter.next()) {
                    if (++count > input.length) {
                        throw new AssertionError("more records than bytes");
                    }
                    for (int column = 0; column < 3; column++) {
                        fields.select(splitter.bytes(), splitter.offset(), splitter.length(), column);
                        if (fields.valueLength() > splitter.length()) {
                            throw new AssertionError("a field longer than its record");
                        }
                    }
                }
            } catch (final MillraceException e) {
                if (e.code() != ErrorCode.BAD_INPUT && e.code() != ErrorCode.PAYLOAD_TOO_LARGE) {
                    throw e;
                }
            }
        }
    }
}
