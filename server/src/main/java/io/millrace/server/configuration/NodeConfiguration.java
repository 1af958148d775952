package io.millrace.server.configuration;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.JournalPlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * The values of a node's settings, checked. Precedence: option of the command line, then environment, then file, then
 * default.
 *
 * <p><b>Threading:</b> immutable once built. <b>Invariants:</b> every {@link Setting} has a value inside its range and
 * no two contradict each other.
 */
public final class NodeConfiguration {
    /** The number of a size that is left to the program. */
    public static final long AUTO = -1;

    /** The text of an endpoint that is not wanted. */
    public static final String OFF = "off";

    private static final String AUTO_TEXT = "auto";
    private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "[::]", "::", "*");

    private final Map<Setting, Object> values;
    private final Map<Setting, Origin> origins;

    private NodeConfiguration(final Map<Setting, Object> values, final Map<Setting, Origin> origins) {
        this.values = values;
        this.origins = origins;
    }

    /**
     * Begins with the defaults.
     *
     * @return a builder.
     */
    public static Builder builder() {
        return new Builder(fault -> {
            throw fault.exception();
        });
    }

    /**
     * Begins with the defaults and goes on behind a fault, to find them all.
     *
     * @param faults takes what is wrong; the setting keeps the value it had.
     * @return a builder that throws nothing.
     */
    public static Builder builder(final Consumer<ConfigurationFault> faults) {
        return new Builder(faults);
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
     * The journals' files or devices, one for each device of the node.
     *
     * @return absolute, in the order of the devices; one at least. A disk named by its serial number is looked for.
     * @throws MillraceException MR-6001 when no disk has the serial number, MR-6012 when several have.
     */
    public List<Path> journalPaths() {
        final String text = text(Setting.JOURNAL_PATHS);
        if (text.isEmpty()) {
            return List.of(onlyJournalPath());
        }
        final List<Path> paths = new ArrayList<>();
        for (final String path : text.split(",", -1)) {
            paths.add(JournalPlace.resolve(path));
        }
        return List.copyOf(paths);
    }

    /**
     * The address that a device listens on.
     *
     * @param device number, from 0.
     * @return host:port: the ports rise with the devices, unless any free one is asked for.
     */
    public String listenEndpoint(final int device) {
        final int port = port(Setting.LISTEN_ENDPOINT);
        return listenHost() + ":" + (port == 0 ? 0 : port + device);
    }

    /**
     * The members of the control plane.
     *
     * @return host:port of each in their order; empty for a node alone.
     */
    public List<String> clusterMembers() {
        final String text = text(Setting.CLUSTER_MEMBERS);
        return text.isEmpty() ? List.of() : List.of(text.split(",", -1));
    }

    /**
     * The address that clients and other nodes reach a device at.
     *
     * @param device number, from 0.
     * @param bound host:port where it listens.
     * @return host:port: that of cluster.endpoint, whose ports rise with the devices and where 0 is the bound one; else
     *     the bound one.
     */
    public String advertisedEndpoint(final int device, final String bound) {
        final String text = text(Setting.CLUSTER_ENDPOINT);
        if (AUTO_TEXT.equals(text)) {
            return bound;
        }
        final int port = port(Setting.CLUSTER_ENDPOINT);
        return text.substring(0, text.lastIndexOf(':'))
                + (port == 0 ? bound.substring(bound.lastIndexOf(':')) : ":" + (port + device));
    }

    private int port(final Setting setting) {
        final String endpoint = text(setting);
        return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
    }

    /**
     * The first device's journal.
     *
     * @return absolute.
     * @throws MillraceException MR-6001 when no disk has the serial number, MR-6012 when several have.
     */
    public Path journalPath() {
        return journalPaths().get(0);
    }

    private Path onlyJournalPath() {
        final String text = text(Setting.JOURNAL_PATH);
        return text.isEmpty() ? dataDirectory().resolve("journal.millrace") : JournalPlace.resolve(text);
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
     * @return {@code default}, {@code file:line:column}, {@code environment NAME} or the option.
     */
    public String origin(final Setting setting) {
        return originOf(setting).toString();
    }

    /**
     * Tells whether somebody gave a value.
     *
     * @param setting any.
     * @return false where the default holds.
     */
    public boolean isSet(final Setting setting) {
        return !originOf(setting).equals(Origin.DEFAULT);
    }

    private Origin originOf(final Setting setting) {
        return origins.getOrDefault(setting, Origin.DEFAULT);
    }

    /**
     * A value as it would be written in the file, without quotes.
     *
     * @param setting any.
     * @return may be empty for a path.
     */
    public String shown(final Setting setting) {
        if (value(setting) instanceof Long number) {
            return switch (setting.kind()) {
                case SIZE -> number == AUTO ? AUTO_TEXT : Units.size(number);
                case DURATION -> Units.duration(number);
                default -> Long.toString(number);
            };
        }
        return text(setting);
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
        private static final Comparator<@Nullable TomlPosition> BY_PLACE = Comparator.nullsFirst(
                Comparator.comparingInt(TomlPosition::line).thenComparingInt(TomlPosition::column));

        /** Six terms; their metadata are less than a seventh, as short as terms may be. */
        private static final int TERMS_PER_SESSION = 7;

        private final Map<Setting, Object> values = new EnumMap<>(Setting.class);
        private final Map<Setting, Origin> origins = new EnumMap<>(Setting.class);
        private final Consumer<ConfigurationFault> faults;
        private boolean hasFaults;

        private Builder(final Consumer<ConfigurationFault> faults) {
            this.faults = faults;
            for (final Setting setting : Setting.values()) {
                values.put(setting, SettingText.parse(setting, setting.defaultText()));
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
                fault(
                        ErrorCode.CONFIGURATION_NOT_FOUND,
                        Origin.of(file, null),
                        e instanceof NoSuchFileException ? "there is no such file" : "cannot be read (" + e + ")",
                        null);
                return this;
            }
            for (final TomlParseError error : parsed.errors()) {
                fault(
                        ErrorCode.CONFIGURATION_SYNTAX,
                        Origin.of(file, error.position()),
                        String.valueOf(error.getMessage()),
                        null);
            }
            final Set<String> keys = new TreeSet<>();
            for (final List<String> path : inOrder(parsed)) {
                keys.add(String.join(".", path));
                take(file, parsed, path);
            }
            rejectEmptyTables(file, parsed, keys);
            return this;
        }

        /**
         * Takes the values of the environment: {@code MILLRACE__SECTION__KEY}, other variables are not looked at.
         *
         * @param environment names and values.
         * @return this.
         * @throws MillraceException MR-7001 or MR-7002.
         */
        public Builder environment(final Map<String, String> environment) {
            for (final Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
                final String name = variable.getKey();
                if (name.startsWith(Setting.ENVIRONMENT_PREFIX)) {
                    final Origin origin = Origin.named("environment " + name);
                    final Setting setting = Setting.ofEnvironment(name).orElse(null);
                    if (setting == null) {
                        unknown("unknown setting '" + name + "'", Setting.nearestEnvironment(name), origin);
                    } else {
                        put(setting, variable.getValue(), origin);
                    }
                }
            }
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
            final Origin place = Origin.named(origin);
            final Setting setting = known(key, place);
            if (setting != null) {
                put(setting, text, place);
            }
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
            if (!hasFaults) {
                checkTogether(concluded);
            }
            return concluded;
        }

        private void checkTogether(final NodeConfiguration concluded) {
            powerOfTwo(concluded, Setting.JOURNAL_GRANULE);
            powerOfTwo(concluded, Setting.TRANSPORT_TERM_LENGTH);
            final long window = concluded.number(Setting.TRANSPORT_WINDOW);
            if (window * 2 > concluded.number(Setting.TRANSPORT_TERM_LENGTH)) {
                conflict(concluded, Setting.TRANSPORT_WINDOW, Setting.TRANSPORT_TERM_LENGTH, "is more than half of");
            }
            if (concluded.number(Setting.TRANSPORT_TERM_LENGTH) * TERMS_PER_SESSION
                    > concluded.number(Setting.LIMITS_SESSION_MEMORY)) {
                conflict(
                        concluded,
                        Setting.LIMITS_SESSION_MEMORY,
                        Setting.TRANSPORT_TERM_LENGTH,
                        "is less than the seven times that one session of full size takes:");
            }
            final long granule = concluded.number(Setting.JOURNAL_GRANULE);
            if (concluded.number(Setting.JOURNAL_ZONE_SIZE) % granule != 0) {
                conflict(concluded, Setting.JOURNAL_ZONE_SIZE, Setting.JOURNAL_GRANULE, "is no multiple of");
            }
            if (concluded.number(Setting.JOURNAL_ZONE_SIZE) * 2 > concluded.number(Setting.JOURNAL_SIZE)) {
                conflict(concluded, Setting.JOURNAL_ZONE_SIZE, Setting.JOURNAL_SIZE, "is more than half of");
            }
            checkDevices(concluded);
            checkCluster(concluded);
            if (concluded.number(Setting.SESSION_HEARTBEAT) * 3 > concluded.number(Setting.SESSION_TIMEOUT)) {
                conflict(concluded, Setting.SESSION_HEARTBEAT, Setting.SESSION_TIMEOUT, "is more than a third of");
            }
        }

        private void checkDevices(final NodeConfiguration concluded) {
            final int count = concluded.journalPaths().size();
            checkCpus(concluded, count);
            if (count == 1) {
                return;
            }
            if (concluded.isSet(Setting.JOURNAL_PATH)) {
                conflict(concluded, Setting.JOURNAL_PATHS, Setting.JOURNAL_PATH, "stands beside");
            }
            if (count > concluded.number(Setting.CHAINS)) {
                conflict(concluded, Setting.JOURNAL_PATHS, Setting.CHAINS, "names more devices than");
            }
            if ("single".equals(concluded.text(Setting.THREADING))) {
                conflict(concluded, Setting.JOURNAL_PATHS, Setting.THREADING, "names several devices beside");
            }
            if (concluded.port(Setting.LISTEN_ENDPOINT) + count - 1 > 65_535) {
                conflict(concluded, Setting.JOURNAL_PATHS, Setting.LISTEN_ENDPOINT, "leaves too few ports above");
            }
        }

        private void checkCluster(final NodeConfiguration concluded) {
            final List<String> members = concluded.clusterMembers();
            final long member = concluded.number(Setting.CLUSTER_MEMBER);
            if (member >= members.size()) {
                conflict(concluded, Setting.CLUSTER_MEMBER, Setting.CLUSTER_MEMBERS, "is not below the number of");
            }
            if (members.isEmpty()) {
                return;
            }
            if (concluded.number(Setting.CLUSTER_HEARTBEAT) * 3 > concluded.number(Setting.CLUSTER_LEASE)) {
                conflict(concluded, Setting.CLUSTER_HEARTBEAT, Setting.CLUSTER_LEASE, "is more than a third of");
            }
            if (concluded.journalPaths().size() > 1) {
                conflict(concluded, Setting.JOURNAL_PATHS, Setting.CLUSTER_MEMBERS, "names several devices beside");
            }
            final boolean isWildcard = WILDCARDS.contains(concluded.listenHost());
            if (isWildcard && AUTO_TEXT.equals(concluded.text(Setting.CLUSTER_ENDPOINT))) {
                conflict(
                        concluded,
                        Setting.LISTEN_ENDPOINT,
                        Setting.CLUSTER_ENDPOINT,
                        "is an address that nobody can connect to, beside");
            }
        }

        /** Of the CPUs there are only the start knows. */
        private void checkCpus(final NodeConfiguration concluded, final int deviceCount) {
            final String cpus = concluded.text(Setting.CPUS);
            final String threading = concluded.text(Setting.THREADING);
            final boolean isList = !CpuList.AUTO.equals(cpus) && !CpuList.NONE.equals(cpus);
            final boolean isDedicated = "dedicated".equals(threading) || ("auto".equals(threading) && deviceCount > 1);
            if (isList && isDedicated && CpuList.parse(cpus).size() <= deviceCount) {
                conflict(
                        concluded,
                        Setting.CPUS,
                        deviceCount > 1 ? Setting.JOURNAL_PATHS : Setting.THREADING,
                        "names too few CPUs: each device and the media driver need one each, with");
            }
        }

        private void put(final Setting setting, final String text, final Origin origin) {
            try {
                values.put(setting, SettingText.parse(setting, text));
                origins.put(setting, origin);
            } catch (final IllegalArgumentException e) {
                bad(setting, origin, String.valueOf(e.getMessage()));
            }
        }

        private static List<List<String>> inOrder(final TomlTable table) {
            final List<List<String>> paths = new ArrayList<>(table.keyPathSet());
            paths.sort(Comparator.comparing(table::inputPositionOf, BY_PLACE));
            return paths;
        }

        private void take(final Path file, final TomlTable table, final List<String> path) {
            final Origin origin = Origin.of(file, table.inputPositionOf(path));
            final Setting setting = known(String.join(".", path), origin);
            if (setting == null) {
                return;
            }
            final Object raw = table.get(path);
            final boolean isList = setting.kind() == Setting.Kind.PATHS || setting.kind() == Setting.Kind.ENDPOINTS;
            if (isList && raw instanceof TomlArray array) {
                takeArray(setting, array, origin);
                return;
            }
            final boolean wantsNumber = setting.kind() == Setting.Kind.COUNT || setting.kind() == Setting.Kind.SIZE;
            if (raw instanceof TomlArray || raw instanceof TomlTable || raw == null) {
                bad(setting, origin, "expected one value");
            } else if (raw instanceof Long && setting.kind() == Setting.Kind.DURATION) {
                bad(setting, origin, "a time needs its unit, as in \"250us\", found " + raw);
            } else if (!(raw instanceof String) && !(raw instanceof Long && wantsNumber)) {
                bad(setting, origin, "expected " + setting.kind().unit() + ", found " + raw);
            } else if (raw instanceof String && setting.kind() == Setting.Kind.COUNT) {
                bad(setting, origin, "expected a number without quotes, found \"" + raw + '"');
            } else {
                put(setting, raw.toString(), origin);
            }
        }

        private void takeArray(final Setting setting, final TomlArray array, final Origin origin) {
            final List<String> parts = new ArrayList<>();
            for (int i = 0; i < array.size(); i++) {
                if (!(array.get(i) instanceof String part) || part.indexOf(',') >= 0) {
                    bad(
                            setting,
                            origin,
                            "expected " + setting.kind().unit() + " without commas, found " + array.get(i));
                    return;
                }
                parts.add(part);
            }
            put(setting, String.join(",", parts), origin);
        }

        /** A table without keys names no setting, but a mistyped one should not pass in silence. */
        private void rejectEmptyTables(final Path file, final TomlTable root, final Set<String> keys) {
            for (final String name : root.keySet()) {
                final boolean used = keys.stream().anyMatch(key -> key.equals(name) || key.startsWith(name + "."));
                final boolean exists = Setting.of(name).isPresent()
                        || java.util.Arrays.stream(Setting.values())
                                .anyMatch(setting -> setting.key().startsWith(name + "."));
                if (!used && !exists) {
                    known(name, Origin.of(file, root.inputPositionOf(List.of(name))));
                }
            }
        }

        private @Nullable Setting known(final String key, final Origin origin) {
            final Setting setting = Setting.of(key).orElse(null);
            if (setting == null) {
                unknown("unknown setting '" + key + "'", Setting.nearest(key), origin);
            }
            return setting;
        }

        private void unknown(final String what, final @Nullable String nearest, final Origin origin) {
            fault(ErrorCode.CONFIGURATION_UNKNOWN_KEY, origin, what, nearest);
        }

        private void fault(
                final ErrorCode code, final Origin origin, final String what, final @Nullable String nearest) {
            hasFaults = true;
            faults.accept(new ConfigurationFault(code, origin, what, nearest));
        }

        private void powerOfTwo(final NodeConfiguration configuration, final Setting setting) {
            if (Long.bitCount(configuration.number(setting)) != 1) {
                bad(setting, configuration.originOf(setting), "expected a power of two");
            }
        }

        private void conflict(
                final NodeConfiguration configuration, final Setting one, final Setting other, final String relation) {
            final Origin where = configuration.origins.get(one);
            fault(
                    ErrorCode.CONFIGURATION_CONFLICT,
                    where == null ? configuration.originOf(other) : where,
                    one.key() + " = " + configuration.shown(one) + " " + relation + " " + other.key() + " = "
                            + configuration.shown(other),
                    null);
        }

        private void bad(final Setting setting, final Origin origin, final String what) {
            fault(ErrorCode.CONFIGURATION_VALUE, origin, setting.key() + ": " + what, null);
        }
    }
}
