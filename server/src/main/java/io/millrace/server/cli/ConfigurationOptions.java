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
        final NodeConfiguration.Builder builder = NodeConfiguration.builder();
        if (config != null) {
            builder.file(config);
        } else if (Files.exists(DEFAULT_CONFIG)) {
            builder.file(DEFAULT_CONFIG);
        }
        if (data != null) {
            builder.set("node.data", data, "--data");
        }
        settings.forEach((key, value) -> builder.set(key, value, "--set"));
        return builder;
    }
}
