package io.millrace.transport;

import io.millrace.client.StreamPosition;
import io.millrace.codec.Names;
import java.nio.charset.StandardCharsets;

/** Texts that people and clients give: addresses, positions, names. */
public final class TextTarget {
    private TextTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(final byte[] input) {
        final String text = new String(input, StandardCharsets.UTF_8);
        final HostPort address = HostPort.tryParse(text);
        if (address != null) {
            if (address.port() < 0 || address.port() > 65_535) {
                throw new AssertionError("port " + address.port());
            }
            address.literal();
        }
        try {
            final StreamPosition position = StreamPosition.parse(text);
            if (!position.equals(StreamPosition.parse(position.asText()))) {
                throw new AssertionError("read back as another: " + position.asText());
            }
        } catch (final IllegalArgumentException e) {
            if (e.getClass() != IllegalArgumentException.class) {
                throw e;
            }
        }
        Names.isValid(text);
    }
}
