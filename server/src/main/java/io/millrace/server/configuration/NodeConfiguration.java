package io.millrace.server.configuration;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * The values of a node's settings, checked. Precedence: option of the command line, then file, then default.
 *
 * <p><b>Threading:</b> immutable once built. <b>Invariants:</b> every {@link Setting} has a value inside its range and
 * no two contradict each other.
 */
public final class NodeConfiguration {
    /** The number of a size that is left to the program. */
    public static final long AUTO = -1;

    private static final String AUTO_TEXT = "auto";
    private static final String NAME_PATTERN = "[A-Za-z0-9._-]{1,255}";
    private static final int MAX_PORT = 65535;

    private final Map<Setting, Object> values;
    private final Map<Setting, String> origins;

    private NodeConfiguration(final Map<Setting, Object> values, final Map<Setting, String> origins) {
        this.values = values;
        this.origins = origins;
    }

    /**
     * Begins with the defaults.
     *
     * @return a builder.
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The value of a size, time span or count.
     *
     * @param setting of one of these kinds.
     * @return bytes, nanoseconds or a count, or {@link #AUTO}.
     */
    public long number(final Setting setting) {
        if (value(setting) instanceof Long number) {
            return number;
        }
        throw new IllegalArgumentException(setting.key() + " is no number");
    }

    /**
     * The value of a setting that fits an int.
     *
     * @param setting a size or count.
     * @return bytes or a count.
     */
    public int integer(final Setting setting) {
        return Math.toIntExact(number(setting));
    }

    /**
     * The value of a name, path, endpoint or choice.
     *
     * @param setting of one of these kinds.
     * @return may be empty for a path.
     */
    public String text(final Setting setting) {
        if (value(setting) instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(setting.key() + " is no text");
    }

    /**
     * The data directory.
     *
     * @return absolute.
     */
    public Path dataDirectory() {
        return Path.of(text(Setting.NODE_DATA)).toAbsolutePath().normalize();
    }

    /**
     * The journal's file or device.
     *
     * @return absolute.
     */
    public Path journalPath() {
        final String text = text(Setting.JOURNAL_PATH);
        return text.isEmpty()
                ? dataDirectory().resolve("journal.millrace")
                : Path.of(text).toAbsolutePath().normalize();
    }

    /**
     * The host to listen on.
     *
     * @return a name or an address.
     */
    public String listenHost() {
        final String endpoint = text(Setting.LISTEN_ENDPOINT);
        return endpoint.substring(0, endpoint.lastIndexOf(':'));
    }

    /**
     * Where a value comes from.
     *
     * @param setting any.
     * @return {@code default}, {@code file:line:column} or the option.
     */
    public String origin(final Setting setting) {
        return origins.getOrDefault(setting, "default");
    }

    private Object value(final Setting setting) {
        final Object value = values.get(setting);
        if (value == null) {
            throw new IllegalStateException(setting.key() + " has no value");
        }
        return value;
    }

    /** Collects values. <b>Threading:</b> one thread. */
    public static final class Builder {
        private final Map<Setting, Object> values = new EnumMap<>(Setting.class);
        private final Map<Setting, String> origins = new EnumMap<>(Setting.class);

        private Builder() {
            for (final Setting setting : Setting.values()) {
                values.put(setting, parse(setting, setting.defaultText(), "default"));
            }
        }

        /**
         * Takes the values of a file.
         *
         * @param file in TOML.
         * @return this.
         * @throws MillraceException MR-7001 to MR-7004, with file, line and column.
         */
        public Builder file(final Path file) {
            final TomlParseResult parsed;
            try {
                parsed = Toml.parse(Files.readString(file));
            } catch (final IOException e) {
                throw new MillraceException(
                        ErrorCode.CONFIGURATION_NOT_FOUND, file + ": cannot be read (" + e.getMessage() + ")");
            }
            if (parsed.hasErrors()) {
                final TomlParseError first = parsed.errors().get(0);
                final TomlPosition at = first.position();
                throw new MillraceException(
                        ErrorCode.CONFIGURATION_SYNTAX,
                        file + ":" + at.line() + ":" + at.column() + ": " + first.getMessage());
            }
            final Set<String> keys = new TreeSet<>();
            for (final List<String> path : parsed.keyPathSet()) {
                keys.add(String.join(".", path));
                take(file, parsed, path);
            }
            rejectEmptyTables(file, parsed, keys);
            return this;
        }

        /**
         * Takes one value of the command line.
         *
         * @param key of the setting.
         * @param text its value.
         * @param origin for messages: the option.
         * @return this.
         * @throws MillraceException MR-7001 or MR-7002.
         */
        public Builder set(final String key, final String text, final String origin) {
            final Setting setting = known(key, origin);
            values.put(setting, parse(setting, text, origin));
            origins.put(setting, origin);
            return this;
        }

        /**
         * Checks what only shows when all values are known.
         *
         * @return the configuration.
         * @throws MillraceException MR-7005 when two values contradict each other.
         */
        public NodeConfiguration conclude() {
            final NodeConfiguration concluded = new NodeConfiguration(
                    Collections.unmodifiableMap(new EnumMap<>(values)), Collections.unmodifiableMap(origins));
            powerOfTwo(concluded, Setting.JOURNAL_GRANULE);
            powerOfTwo(concluded, Setting.TRANSPORT_TERM_LENGTH);
            final long window = concluded.number(Setting.TRANSPORT_WINDOW);
            if (window * 2 > concluded.number(Setting.TRANSPORT_TERM_LENGTH)) {
                throw conflict(
                        concluded, Setting.TRANSPORT_WINDOW, Setting.TRANSPORT_TERM_LENGTH, "is more than half of");
            }
            final long granule = concluded.number(Setting.JOURNAL_GRANULE);
            if (concluded.number(Setting.JOURNAL_ZONE_SIZE) % granule != 0) {
                throw conflict(concluded, Setting.JOURNAL_ZONE_SIZE, Setting.JOURNAL_GRANULE, "is no multiple of");
            }
            if (concluded.number(Setting.JOURNAL_ZONE_SIZE) * 2 > concluded.number(Setting.JOURNAL_SIZE)) {
                throw conflict(concluded, Setting.JOURNAL_ZONE_SIZE, Setting.JOURNAL_SIZE, "is more than half of");
            }
            if (concluded.number(Setting.SESSION_HEARTBEAT) * 3 > concluded.number(Setting.SESSION_TIMEOUT)) {
                throw conflict(
                        concluded, Setting.SESSION_HEARTBEAT, Setting.SESSION_TIMEOUT, "is more than a third of");
            }
            return concluded;
        }

        private void take(final Path file, final TomlTable table, final List<String> path) {
            final String key = String.join(".", path);
            final TomlPosition at = table.inputPositionOf(path);
            final String origin = at == null ? file.toString() : file + ":" + at.line() + ":" + at.column();
            final Setting setting = known(key, origin);
            final Object raw = table.get(path);
            if (raw instanceof TomlArray || raw instanceof TomlTable || raw == null) {
                throw bad(setting, origin, "expected one value");
            }
            if (raw instanceof Long && setting.kind() == Setting.Kind.DURATION) {
                throw bad(setting, origin, "a time needs its unit, as in \"250us\", found " + raw);
            }
            final boolean wantsNumber = setting.kind() == Setting.Kind.COUNT || setting.kind() == Setting.Kind.SIZE;
            if (!(raw instanceof String) && !(raw instanceof Long && wantsNumber)) {
                throw bad(setting, origin, "expected " + setting.kind().unit() + ", found " + raw);
            }
            if (raw instanceof String && setting.kind() == Setting.Kind.COUNT) {
                throw bad(setting, origin, "expected a number without quotes, found \"" + raw + '"');
            }
            values.put(setting, parse(setting, raw.toString(), origin));
            origins.put(setting, origin);
        }

        /** A table without keys names no setting, but a mistyped one should not pass in silence. */
        private static void rejectEmptyTables(final Path file, final TomlTable root, final Set<String> keys) {
            for (final String name : root.keySet()) {
                final boolean used = keys.stream().anyMatch(key -> key.equals(name) || key.startsWith(name + "."));
                final boolean exists = Setting.of(name).isPresent()
                        || java.util.Arrays.stream(Setting.values())
                                .anyMatch(setting -> setting.key().startsWith(name + "."));
                if (!used && !exists) {
                    final TomlPosition at = root.inputPositionOf(List.of(name));
                    known(name, at == null ? file.toString() : file + ":" + at.line() + ":" + at.column());
                }
            }
        }

        private static Setting known(final String key, final String origin) {
            return Setting.of(key).orElseThrow(() -> {
                final String nearest = Setting.nearest(key);
                return new MillraceException(
                        ErrorCode.CONFIGURATION_UNKNOWN_KEY,
                        origin + ": unknown setting '" + key + "'"
                                + (nearest == null
                                        ? "; docs/configuration.md lists them"
                                        : "; did you mean '" + nearest + "'?"));
            });
        }

        private static Object parse(final Setting setting, final String text, final String origin) {
            try {
                return switch (setting.kind()) {
                    case COUNT -> inRange(setting, parseCount(text), text);
                    case SIZE ->
                        isAuto(setting, text) ? Long.valueOf(AUTO) : inRange(setting, Units.parseSize(text), text);
                    case DURATION -> inRange(setting, Units.parseDuration(text), text);
                    case NAME -> matching(text, NAME_PATTERN, "expected 1 to 255 of A-Z a-z 0-9 . _ -");
                    case PATH -> path(text);
                    case ENDPOINT -> endpoint(text);
                    case CHOICE -> choice(setting, text);
                };
            } catch (final IllegalArgumentException e) {
                throw bad(setting, origin, String.valueOf(e.getMessage()));
            }
        }

        private static boolean isAuto(final Setting setting, final String text) {
            return AUTO_TEXT.equals(setting.defaultText()) && AUTO_TEXT.equals(text);
        }

        private static long parseCount(final String text) {
            try {
                return Long.parseLong(text.strip());
            } catch (final NumberFormatException e) {
                throw new IllegalArgumentException("expected a whole number, found \"" + text + '"', e);
            }
        }

        private static Long inRange(final Setting setting, final long value, final String text) {
            if (value < setting.least() || value > setting.most()) {
                throw new IllegalArgumentException(text + " is not in its range, " + setting.range());
            }
            return value;
        }

        private static String matching(final String text, final String pattern, final String expected) {
            if (!text.matches(pattern)) {
                throw new IllegalArgumentException(expected + ", found \"" + text + '"');
            }
            return text;
        }

        private static String path(final String text) {
            return text.isEmpty() ? text : Path.of(text).toString();
        }

        private static String endpoint(final String text) {
            final int colon = text.lastIndexOf(':');
            final String port = text.substring(colon + 1);
            if (colon <= 0 || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > MAX_PORT) {
                throw new IllegalArgumentException("expected host:port, found \"" + text + '"');
            }
            return text;
        }

        private static String choice(final Setting setting, final String text) {
            if (!setting.choices().contains(text)) {
                throw new IllegalArgumentException("expected one of " + setting.range() + ", found \"" + text + '"');
            }
            return text;
        }

        private static void powerOfTwo(final NodeConfiguration configuration, final Setting setting) {
            if (Long.bitCount(configuration.number(setting)) != 1) {
                throw bad(setting, configuration.origin(setting), "expected a power of two");
            }
        }

        private static MillraceException conflict(
                final NodeConfiguration configuration, final Setting one, final Setting other, final String relation) {
            final @Nullable String where = configuration.origins.get(one);
            return new MillraceException(
                    ErrorCode.CONFIGURATION_CONFLICT,
                    (where == null ? configuration.origin(other) : where)
                            + ": " + one.key() + " = " + shown(configuration, one)
                            + " " + relation
                            + " " + other.key() + " = " + shown(configuration, other));
        }

        private static String shown(final NodeConfiguration configuration, final Setting setting) {
            final long number = configuration.number(setting);
            return setting.kind() == Setting.Kind.DURATION ? Units.duration(number) : Units.size(number);
        }

        private static MillraceException bad(final Setting setting, final String origin, final String what) {
            return new MillraceException(ErrorCode.CONFIGURATION_VALUE, origin + ": " + setting.key() + ": " + what);
        }
    }
}
