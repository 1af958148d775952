package io.millrace.server.cli;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.Names;
import picocli.CommandLine.Parameters;

/** The stream that a command is about. <b>Threading:</b> one thread; picocli fills it. */
final class StreamParameter {
    @Parameters(index = "0", paramLabel = "SCOPE/STREAM", description = "The stream, for example plant/sensors.")
    private String stream = "";

    /**
     * Checks and returns the name.
     *
     * @return scope/stream.
     * @throws MillraceException {@code BAD_NAME}.
     */
    String name() {
        final int slash = Names.slashIndex(stream);
        if (slash < 0 || Names.isReserved(stream) || Names.isReserved(stream.substring(slash + 1))) {
            throw new MillraceException(
                    ErrorCode.BAD_NAME,
                    "'" + stream + "' is not SCOPE/STREAM, each 1 to " + Names.MAX_LENGTH
                            + " of [A-Za-z0-9._-] without a leading _");
        }
        return stream;
    }
}
