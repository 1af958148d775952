package io.millrace.fuzz;

import java.util.Map;
import java.util.TreeMap;

/** The names of all targets; {@code millrace fuzz} and the replay of the corpus read them here. */
public final class Targets {
    private static final Map<String, String> CLASSES = new TreeMap<>(Map.ofEntries(
            Map.entry("command", "io.millrace.control.CommandTarget"),
            Map.entry("configuration", "io.millrace.server.configuration.ConfigurationTarget"),
            Map.entry("counters", "io.millrace.codec.CountersTarget"),
            Map.entry("csv", "io.millrace.server.cli.CsvTarget"),
            Map.entry("frame", "io.millrace.control.FrameTarget"),
            Map.entry("image", "io.millrace.store.ImageTarget"),
            Map.entry("record", "io.millrace.codec.RecordTarget"),
            Map.entry("recovery", "io.millrace.journal.RecoveryTarget"),
            Map.entry("snapshot", "io.millrace.control.SnapshotTarget"),
            Map.entry("state", "io.millrace.store.StateTarget"),
            Map.entry("text", "io.millrace.transport.TextTarget")));

    private Targets() {}

    /** Gives name and class of each, sorted by name. */
    public static Map<String, String> classes() {
        return CLASSES;
    }
}
