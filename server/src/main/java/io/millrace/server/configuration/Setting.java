package io.millrace.server.configuration;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Every setting of a node: its key in {@code millrace.toml}, unit, default, range and the reason for the default.
 * {@code docs/configuration.md} is generated from this list.
 *
 * <p><b>Threading:</b> immutable. <b>Invariants:</b> at most 40; keys are unique; defaults lie in their ranges.
 */
public enum Setting {
    /** Who the node is. */
    NODE_NAME("node.name", Kind.NAME, "node-1", 0, 0, "Stands in the superblock: a device of another node is refused."),
    /** Where its files are. */
    NODE_DATA("node.data", Kind.PATH, "millrace-data", 0, 0, "Beside the place it is started in; made when missing."),
    /** Where clients reach it. */
    LISTEN_ENDPOINT(
            "listen.endpoint",
            Kind.ENDPOINT,
            "127.0.0.1:8470",
            0,
            0,
            "Loopback: a node without authorization is not offered to a network by accident. Port 0 takes a free one."),
    /** Where an operator's tools look. */
    HTTP_ENDPOINT(
            "http.endpoint",
            Kind.ENDPOINT_OR_OFF,
            "127.0.0.1:8471",
            0,
            0,
            "Health and metrics, without authorization, so on loopback only. Port 0 takes a free one; off: no port."),
    /** Who runs what. */
    THREADING(
            "threading",
            Kind.CHOICE,
            "auto",
            0,
            0,
            "auto: single for one device on up to 4 CPUs, where more threads would only take each other's core; else"
                    + " dedicated: the media driver and each device have threads of their own.",
            "auto",
            "single",
            "dedicated"),
    /** Which thread runs where. */
    CPUS(
            "cpus",
            Kind.CPUS,
            "auto",
            0,
            0,
            "CPUs that the devices' threads and then the media driver's are bound to, one each, such as 2-5,8. auto:"
                    + " where threading is dedicated and more than 4 CPUs are allowed, the last ones. Give each node of a"
                    + " host its own list, or none."),
    /** What an idle turn does. */
    IDLE_POLICY(
            "idle.policy",
            Kind.CHOICE,
            "auto",
            0,
            0,
            "auto: kernel-wait where the device can watch the sockets, else yield. spin only on isolated cores.",
            "auto",
            "yield",
            "spin",
            "kernel-wait"),
    /** How many chains. */
    CHAINS("chains", Kind.COUNT, "8", 1, 64, "Fixed for the life of a cluster; 8 spread over 3 nodes evenly enough."),
    /** The device. */
    JOURNAL_PATH(
            "journal.path",
            Kind.PATH,
            "",
            0,
            0,
            "Empty: journal.millrace in node.data, made by the first start. A file or raw block device named here, or"
                    + " serial: and a disk's serial number, is not: journal format."),
    /** Several devices. */
    JOURNAL_PATHS(
            "journal.paths",
            Kind.PATHS,
            "",
            0,
            0,
            "Empty: one device, journal.path. Several devices, in an order that never changes: each has its journal of"
                    + " journal.size, its thread and its port, from that of listen.endpoint upwards."),
    /** Its length. */
    JOURNAL_SIZE(
            "journal.size",
            Kind.SIZE,
            "4GiB",
            32L << 20,
            16L << 40,
            "Preallocated and written with zeros when it is formatted; a full journal refuses events, nothing is lost."
                    + " Not set, a raw block device is used whole."),
    /** Zones. */
    JOURNAL_ZONE_SIZE(
            "journal.zone-size",
            Kind.SIZE,
            "64MiB",
            2L << 20,
            1L << 30,
            "Used again as a whole, once nothing in it is live."),
    /** How often the state is written down. */
    JOURNAL_CHECKPOINT_INTERVAL(
            "journal.checkpoint-interval",
            Kind.SIZE,
            "256MiB",
            1L << 20,
            1L << 40,
            "Recovery reads hardly more than this; at most an eighth of the journal counts."),
    /** How fast the device is read again. */
    JOURNAL_SCRUB_RATE(
            "journal.scrub-rate",
            Kind.SIZE,
            "8MiB",
            0,
            1L << 30,
            "Bytes a second at which the device is read again and verified: a terabyte in a day and a half. 0: never."),
    /** Alignment. */
    JOURNAL_GRANULE(
            "journal.granule",
            Kind.SIZE,
            "4KiB",
            512,
            64L << 10,
            "The logical block of nearly every device; smaller pads less where the device allows it."),
    /** The ring of batches. */
    JOURNAL_BUFFER_SIZE(
            "journal.buffer-size",
            Kind.SIZE,
            "32MiB",
            4L << 20,
            1L << 30,
            "Batches being written and read at the tail; locked in memory when io_uring is used."),
    /** How bytes reach the device. */
    JOURNAL_BACKEND(
            "journal.backend",
            Kind.CHOICE,
            "auto",
            0,
            0,
            "auto: as calibrated (hw calibrate), else io_uring, and where the kernel forbids it the slower file channel,"
                    + " loudly.",
            "auto",
            "uring",
            "pwritev2",
            "channel"),
    /** K. */
    JOURNAL_WRITES_IN_FLIGHT(
            "journal.writes-in-flight",
            Kind.COUNT,
            "2",
            1,
            8,
            "A write does not wait for the one before; more make smaller batches (docs/adr/0006). Not set: as"
                    + " calibrated, where hw calibrate was run."),
    /** The watchdog. */
    JOURNAL_STALL_THRESHOLD(
            "journal.stall-threshold",
            Kind.DURATION,
            "20ms",
            1_000_000L,
            60_000_000_000L,
            "No healthy device was seen to take longer; older writes are counted as stalls."),
    /** When a write is given up. */
    JOURNAL_IO_DEADLINE(
            "journal.io-deadline",
            Kind.DURATION,
            "30s",
            100_000_000L,
            600_000_000_000L,
            "A write that has not completed by then has an unknown outcome: the device is fenced. Above every stall that"
                    + " was seen on a sound device (10 s)."),
    /** Datagram size. */
    TRANSPORT_MTU(
            "transport.mtu",
            Kind.SIZE,
            "auto",
            1408,
            65504,
            "auto: 8 KiB on loopback, 1408 B elsewhere; 8 KiB needs jumbo frames on every hop."),
    /** Receiver window. */
    TRANSPORT_WINDOW(
            "transport.window",
            Kind.SIZE,
            "512KiB",
            64L << 10,
            16L << 20,
            "A larger one overflowed the socket's buffer with small frames; cut to net.core.rmem_max."),
    /** Term buffers. */
    TRANSPORT_TERM_LENGTH(
            "transport.term-length",
            Kind.SIZE,
            "1MiB",
            64L << 10,
            64L << 20,
            "A power of two, at least twice the window; six of them a session lie in shared memory."),
    /** The media driver's files. */
    AERON_DIRECTORY(
            "aeron.directory",
            Kind.PATH,
            "",
            0,
            0,
            "Empty: below /dev/shm, or in node.data where /dev/shm is too small. Removed at the end."),
    /** Sessions. */
    LIMITS_SESSIONS(
            "limits.sessions",
            Kind.COUNT,
            "256",
            1,
            4096,
            "Few enough for the descriptors every host gives; limits.session-memory may come first."),
    /** What they may take. */
    LIMITS_SESSION_MEMORY(
            "limits.session-memory",
            Kind.SIZE,
            "192MiB",
            1L << 20,
            1L << 40,
            "Terms of all sessions: 32 of 1 MiB or 490 of 64 KiB, and with the rest below shared memory of 256 MiB."),
    /** Readers. */
    LIMITS_READERS("limits.readers", Kind.COUNT, "64", 1, 4096, "Read subscriptions of all sessions together."),
    /** Idle writers. */
    LIMITS_WRITER_RETENTION(
            "limits.writer-retention",
            Kind.DURATION,
            "168h",
            60_000_000_000L,
            87_600L * 3_600_000_000_000L,
            "A week: a writer without a session is forgotten then; one that returns later cannot resend safely."),
    /** Heartbeats. */
    SESSION_HEARTBEAT(
            "session.heartbeat",
            Kind.DURATION,
            "100ms",
            1_000_000L,
            10_000_000_000L,
            "Ten a second cost nothing measurable and show a dead peer well within the time-out."),
    /** Silence. */
    SESSION_TIMEOUT(
            "session.timeout",
            Kind.DURATION,
            "5s",
            100_000_000L,
            600_000_000_000L,
            "Longer than a collector's or a scheduler's pause, shorter than Aeron's own 10 s."),
    /** The control plane's members. */
    CLUSTER_MEMBERS(
            "cluster.members",
            Kind.ENDPOINTS,
            "",
            0,
            0,
            "Empty: a node alone. Else host:port of each member of the control plane, one, three or five, the same list"
                    + " in the same order on every node; a member uses five ports from this one upwards."),
    /** Which of them this node is. */
    CLUSTER_MEMBER(
            "cluster.member",
            Kind.COUNT,
            "-1",
            -1,
            6,
            "Which of cluster.members runs in this node, from 0; -1: none, as on every node beyond those of the list."),
    /** Where others reach this node. */
    CLUSTER_ENDPOINT(
            "cluster.endpoint",
            Kind.ENDPOINT_OR_AUTO,
            "auto",
            0,
            0,
            "auto: where it listens. Where that is a wildcard or behind a translation, what clients and nodes connect to."),
    /** Reports to the control plane. */
    CLUSTER_HEARTBEAT(
            "cluster.heartbeat",
            Kind.DURATION,
            "200ms",
            10_000_000L,
            500_000_000L,
            "Several are lost before the lease ends."),
    /** After what silence a node is judged dead. */
    CLUSTER_LEASE(
            "cluster.lease",
            Kind.DURATION,
            "1200ms",
            300_000_000L,
            60_000_000_000L,
            "A node that the control plane has not heard for so long is taken out of its chains. The same on every member."
                    + " Leaves room for stalls of a shared machine; 500ms on cores of its own."),
    /** After what silence a neighbour's word counts. */
    CLUSTER_SUSPICION(
            "cluster.suspicion",
            Kind.DURATION,
            "1s",
            100_000_000L,
            60_000_000_000L,
            "A member of a chain whose neighbours have not heard it for so long is taken out of it. The same on every"
                    + " member; 200ms on cores of its own."),
    /** How long a request waits. */
    CLUSTER_REQUEST_TIMEOUT(
            "cluster.request-timeout",
            Kind.DURATION,
            "4s",
            100_000_000L,
            60_000_000_000L,
            "A metadata request waits so long for the control plane before the client hears why: longer than an election.");

    /** What kind of value a setting has, and so how its text is read. */
    public enum Kind {
        /** A name: 1 to 255 of {@code A-Za-z0-9._-}. */
        NAME("name"),
        /** A path, relative to the working directory. */
        PATH("path"),
        /** Paths, parted by commas; in the file an array. */
        PATHS("paths"),
        /** Numbers of CPUs, {@code 2-5,8}. */
        CPUS("CPUs"),
        /** {@code host:port}. */
        ENDPOINT("host:port"),
        /** {@code host:port}, or {@code off}. */
        ENDPOINT_OR_OFF("host:port"),
        /** {@code host:port}, or {@code auto}. */
        ENDPOINT_OR_AUTO("host:port"),
        /** {@code host:port} of several, parted by commas; in the file an array. */
        ENDPOINTS("host:port"),
        /** A whole number. */
        COUNT("count"),
        /** Bytes, {@code 64KiB}. */
        SIZE("bytes"),
        /** A time span, {@code 250us}. */
        DURATION("time"),
        /** One word of a list. */
        CHOICE("choice");

        private final String unit;

        Kind(final String unit) {
            this.unit = unit;
        }

        /**
         * Names the unit for people.
         *
         * @return one word.
         */
        public String unit() {
            return unit;
        }
    }

    /** What the names of variables begin with that are settings. */
    static final String ENVIRONMENT_PREFIX = "MILLRACE__";

    private final String key;
    private final Kind kind;
    private final String defaultText;
    private final long least;
    private final long most;
    private final String reason;
    private final String choices;

    Setting(
            final String key,
            final Kind kind,
            final String defaultText,
            final long least,
            final long most,
            final String reason,
            final String... choices) {
        this.key = key;
        this.kind = kind;
        this.defaultText = defaultText;
        this.least = least;
        this.most = most;
        this.reason = reason;
        this.choices = String.join(" ", choices);
    }

    /**
     * The name in {@code millrace.toml}.
     *
     * @return a dotted key.
     */
    public String key() {
        return key;
    }

    /**
     * How its text is read.
     *
     * @return the kind.
     */
    public Kind kind() {
        return kind;
    }

    /**
     * The default as it would be written in the file.
     *
     * @return may be empty, or {@code auto}.
     */
    public String defaultText() {
        return defaultText;
    }

    /**
     * The least value.
     *
     * @return bytes, nanoseconds or a count.
     */
    public long least() {
        return least;
    }

    /**
     * The greatest value.
     *
     * @return bytes, nanoseconds or a count.
     */
    public long most() {
        return most;
    }

    /**
     * Why the default is what it is.
     *
     * @return one sentence.
     */
    public String reason() {
        return reason;
    }

    /**
     * The words of a choice.
     *
     * @return empty for other kinds.
     */
    public List<String> choices() {
        return choices.isEmpty() ? List.of() : List.of(choices.split(" ", -1));
    }

    /**
     * Finds a setting by its key.
     *
     * @param key as in the file.
     * @return empty when there is none.
     */
    public static Optional<Setting> of(final String key) {
        for (final Setting setting : values()) {
            if (setting.key.equals(key)) {
                return Optional.of(setting);
            }
        }
        return Optional.empty();
    }

    /**
     * The key nearest to a wrong one.
     *
     * @param key that does not exist.
     * @return null when none is near.
     */
    static @Nullable String nearest(final String key) {
        String best = null;
        int bestDistance = Math.max(3, key.length() / 2);
        for (final Setting setting : values()) {
            final int full = EditDistance.between(key, setting.key);
            final int last = EditDistance.between(lastPart(key), lastPart(setting.key)) + 1;
            final int distance = Math.min(full, last);
            if (distance < bestDistance) {
                bestDistance = distance;
                best = setting.key;
            }
        }
        return best;
    }

    /**
     * The name of its variable in the environment.
     *
     * @return {@code MILLRACE__SECTION__KEY}.
     */
    public String environmentName() {
        return ENVIRONMENT_PREFIX
                + key.toUpperCase(Locale.ROOT).replace(".", "__").replace('-', '_');
    }

    /**
     * Finds a setting by its variable.
     *
     * @param name of the variable.
     * @return empty when there is none.
     */
    static Optional<Setting> ofEnvironment(final String name) {
        return Arrays.stream(values())
                .filter(setting -> setting.environmentName().equals(name))
                .findFirst();
    }

    /**
     * The variable nearest to a wrong one.
     *
     * @param name that means no setting.
     * @return null when none is near.
     */
    static @Nullable String nearestEnvironment(final String name) {
        final String capitals = name.toUpperCase(Locale.ROOT);
        String best = null;
        int bestDistance = Math.max(3, (name.length() - ENVIRONMENT_PREFIX.length()) / 2);
        for (final Setting setting : values()) {
            final int distance = EditDistance.between(capitals, setting.environmentName());
            if (distance < bestDistance) {
                bestDistance = distance;
                best = setting.environmentName();
            }
        }
        return best;
    }

    /**
     * Says the range for people.
     *
     * @return for example {@code 512B to 64KiB}.
     */
    String range() {
        return switch (kind) {
            case NAME -> "1 to 255 of A-Z a-z 0-9 . _ -";
            case PATH -> "a path";
            case PATHS -> "2 to 64 paths";
            case CPUS -> "such as 2-5,8, or auto, or none";
            case ENDPOINT -> "host:port, port 0 to 65535";
            case ENDPOINT_OR_OFF -> "host:port, port 0 to 65535, or off";
            case ENDPOINT_OR_AUTO -> "host:port, port 0 to 65535, or auto";
            case ENDPOINTS -> "1, 3, 5 or 7 of host:port, port 1 to 65531";
            case COUNT -> least + " to " + most;
            case SIZE -> Units.size(least) + " to " + Units.size(most);
            case DURATION -> Units.duration(least) + " to " + Units.duration(most);
            case CHOICE -> choices.replace(" ", ", ");
        };
    }

    private static String lastPart(final String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }
}
