package io.millrace.server.configuration;

import io.millrace.codec.MillraceException;
import io.millrace.fuzz.Input;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Configuration files and single values of any content: read, or refused with place and reason. */
@SuppressWarnings("EnumOrdinal") // any setting
public final class ConfigurationTarget {
    private static final Path FILE = file();

    private ConfigurationTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(final byte[] input) throws IOException {
        final Input in = new Input(input);
        final int choice = in.octet();
        if ((choice & 1) == 0) {
            Files.write(FILE, in.rest());
            try {
                NodeConfiguration.builder(fault -> fault.exception().code())
                        .file(FILE)
                        .conclude();
            } catch (final MillraceException e) {
                if (e.getMessage() == null) {
                    throw e;
                }
            }
        } else {
            final Setting setting = Setting.values()[(choice >>> 1) % Setting.values().length];
            final String text = new String(in.rest(), StandardCharsets.UTF_8);
            try {
                NodeConfiguration.builder().set(setting.key(), text, "--set").conclude();
            } catch (final MillraceException e) {
                if (e.getMessage() == null) {
                    throw e;
                }
            }
        }
    }

    private static Path file() {
        try {
            final Path file = Files.createTempFile("configuration", ".toml");
            file.toFile().deleteOnExit();
            return file;
        } catch (final IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
