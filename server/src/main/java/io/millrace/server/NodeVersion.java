package io.millrace.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of this build. <b>Threading</b>: pure. */
public final class NodeVersion {
    private NodeVersion() {}

    /**
     * Reads it from the jar.
     *
     * @return for example {@code 0.1.0}.
     */
    public static String get() {
        final Properties properties = new Properties();
        try (InputStream in = NodeVersion.class.getResourceAsStream("/io/millrace/server/version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version", "unknown");
    }
}
