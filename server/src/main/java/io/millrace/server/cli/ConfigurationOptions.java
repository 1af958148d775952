package io.millrace.server.cli;

import io.millrace.server.configuration.NodeConfiguration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that give a node its settings. <b>Threading:</b> one thread; picocli fills it. */
final class ConfigurationOptions {
    private static final Path DEFAULT_CONFIG = Path.of("millrace.toml");

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings in TOML (millrace.toml when it is there); docs/configuration.md lists them.")
    private @Nullable Path config;

    @Option(names = "--data", paramLabel = "DIR", description = "Directory of the journal; made when missing.")
    private @Nullable String data;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Any setting, e.g. --set journal.size=1GiB.")
    private Map<String, String> settings = new LinkedHashMap<>();

    /**
     * Collects the settings.
     *
     * @return a builder that takes more.
     * @throws io.millrace.codec.MillraceException MR-7001 to MR-7004.
     */
    NodeConfiguration.Builder builder() {
        return fill(NodeConfiguration.builder());
    }

    /**
     * Gives the settings to a builder: file, then environment, then options.
     *
     * @param builder to be filled.
     * @return the same.
     * @throws io.millrace.codec.MillraceException as the builder throws.
     */
    NodeConfiguration.Builder fill(final NodeConfiguration.Builder builder) {
        final Path file = file();
        if (file != null) {
            builder.file(file);
        }
        builder.environment(System.getenv());
        if (data != null) {
            builder.set("node.data", data, "--data");
        }
        settings.forEach((key, value) -> builder.set(key, value, "--set"));
        return builder;
    }

    /**
     * Names the file that is read.
     *
     * @return null when there is none.
     */
    @Nullable
    Path file() {
        return config != null ? config : Files.exists(DEFAULT_CONFIG) ? DEFAULT_CONFIG : null;
    }
}
