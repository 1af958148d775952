package io.millrace.codec;

import io.millrace.codec.wire.RefusalCode;

/**
 * Every error a user can meet, with a number that never changes its meaning. Numbers 1000 to 4999 are the numbers of
 * {@link RefusalCode} on the wire; 5xxx host and start-up, 6xxx journal and device, 7xxx configuration, 8xxx client.
 * {@code docs/errors.md} is generated from this list.
 *
 * <p><b>Threading</b>: immutable. <b>Invariants</b>: numbers rise in the order of declaration and are never reused; a
 * constant of 1001 to 4999 has the name of its {@link RefusalCode}.
 */
public enum ErrorCode {
    /** A code of a newer version. */
    UNKNOWN(1000, 1, "an error code that this version does not know", "Upgrade the client; the text names the cause."),
    /** Major version differs. */
    PROTOCOL_VERSION(
            1001, 1, "client and node speak different major protocol versions", "Use a client of the node's version."),
    /** A frame failed the bounds checks. */
    MALFORMED(
            1002,
            1,
            "a frame is truncated, garbled or holds a value out of its range",
            "Check that both sides are Millrace of compatible versions; report it if so."),
    /** No more sessions. */
    SESSION_LIMIT(1003, 1, "the node has as many sessions as it allows", "Close clients or raise the session limit."),
    /** Session timed out or never opened. */
    SESSION_UNKNOWN(1004, 3, "the node does not know this session (any more)", "None: the client opens a new one."),
    /** Credentials or permission. */
    UNAUTHORIZED(1005, 4, "the credentials or permissions do not suffice", "Pass credentials that may do this."),
    /** The reply channel is not acceptable. */
    CHANNEL_REFUSED(
            1006,
            1,
            "the reply channel is neither aeron:udp?endpoint=<ip>:<port> nor aeron:ipc",
            "Let the client choose its reply channel, or give it a literal IP address."),
    /** Slow down. */
    THROTTLED(1007, 1, "the node takes no more for the moment", "None: the client tries again; lower the rate."),
    /** Starting or recovering. */
    NOT_READY(1008, 3, "the node is starting, recovering or stopping", "Wait; the client tries again."),
    /** Reserved by a later version. */
    UNSUPPORTED(1009, 1, "this node does not offer the function yet", "Use a node of a newer version."),
    /** No more bytes for sessions. */
    SESSION_MEMORY(
            1010,
            1,
            "the terms of the sessions take all the memory that the node gives them",
            "Let idle clients ask for small terms (termLength), close clients, or raise limits.session-memory."),

    /** Name rule. */
    BAD_NAME(
            2001,
            2,
            "a name is not 1 to 255 of [A-Za-z0-9._-], or begins with the reserved _",
            "Choose another name; a stream is scope/name."),
    /** No such scope. */
    SCOPE_NOT_FOUND(2002, 5, "the scope does not exist", "Create it, or create the stream together with its scope."),
    /** No such stream. */
    STREAM_NOT_FOUND(2003, 5, "the stream does not exist", "Check the name with: millrace stream list"),
    /** Delete needs a sealed stream. */
    STREAM_NOT_SEALED(2004, 5, "the stream must be sealed first", "Run: millrace stream seal SCOPE/STREAM"),
    /** No more writing. */
    STREAM_SEALED(2005, 5, "the stream is sealed: it takes no more events", "Write to another stream."),
    /** Delete needs an empty scope. */
    SCOPE_NOT_EMPTY(2006, 5, "the scope still has streams", "Seal and delete its streams first."),
    /** Exists, and differs. */
    STREAM_CONFLICT(
            2007,
            5,
            "a stream or scope of this name exists with other properties",
            "Describe it, and use it as it is or choose another name."),
    /** Out of range. */
    BAD_SEGMENT_COUNT(
            2008, 2, "the number of segments is out of its range", "Choose a number between 1 and the stated limit."),
    /** Between two states. */
    STREAM_BUSY(2009, 5, "the stream is just being created, sealed or deleted", "Try again in a moment."),
    /** Scopes, streams, segments. */
    LIMIT_REACHED(2010, 1, "a limit of the node on scopes, streams or segments is reached", "Delete some or raise it."),

    /** Not on this chain. */
    SEGMENT_NOT_FOUND(3001, 5, "the segment does not exist on this chain", "None: the client asks for the map again."),
    /** No more writing to the segment. */
    SEGMENT_SEALED(3002, 5, "the segment is sealed", "None: the client goes on with its successors, if any."),
    /** Bytes are gone. */
    SEGMENT_DELETED(3003, 5, "the segment is deleted", "None: its stream is deleted or truncated."),
    /** The configuration changed. */
    CHAIN_EPOCH(3004, 1, "the chain has a newer epoch", "None: the client sets its writers up again."),
    /** No entry in the writer table. */
    WRITER_UNKNOWN(
            3005,
            1,
            "the node no longer knows this writer's last event number",
            "Start a new writer; events sent but not acknowledged may be stored or not."),
    /** A newer epoch of the same writer. */
    WRITER_FENCED(3006, 5, "a newer writer with the same id has taken over", "Stop one of the two writers."),
    /** Numbers must be dense. */
    EVENT_NUMBER_GAP(
            3007,
            1,
            "an append skips event numbers of its writer",
            "None: the client sends again from the expected number; if two writers share an id, give each its own."),
    /** Over the limit. */
    EVENT_TOO_LARGE(3008, 2, "the event exceeds the largest size the node takes", "Split it; the limit is 8 MiB."),
    /** Conditional append. */
    OFFSET_MISMATCH(3009, 5, "the segment does not end at the expected offset", "Read on, then try again."),
    /** Acknowledgements of another writer. */
    BIND_SECRET(3010, 4, "the bind secret is not that of the writer's last set-up", "None: the client sets up again."),
    /** Reserved value. */
    DURABILITY_UNSUPPORTED(3011, 2, "the durability asked for is not offered", "Use MEDIA."),
    /** Fragments must be consecutive. */
    FRAGMENT_ORDER(3012, 1, "a fragment of a large event is missing or out of order", "None: the client sends again."),
    /** Before the start or behind the end. */
    OFFSET_OUT_OF_RANGE(
            3013,
            5,
            "the offset lies before the segment's start, behind its end or inside an event",
            "Start from HEAD, TAIL or a position that a reader returned."),
    /** Never opened or already closed. */
    SUBSCRIPTION_UNKNOWN(3014, 1, "the node does not know this read subscription", "None: the client subscribes anew."),
    /** No more subscriptions. */
    READER_LIMIT(3015, 1, "the node has as many read subscriptions as it allows", "Close readers or raise the limit."),
    /** No more writers. */
    WRITER_LIMIT(3016, 1, "the writer table of the chain is full", "Close writers or raise the limit."),
    /** Routed to the wrong segment. */
    KEY_RANGE(
            3017,
            1,
            "an event's key hash lies outside the key range of its segment",
            "Route each event by the segment map; report it if Millrace's own client did."),
    /** Below the start of the segment. */
    SEGMENT_TRUNCATED(
            3018,
            5,
            "the offset lies before the segment's start: those events were truncated",
            "Read from HEAD, or from a position at or behind the start offset."),
    /** Another device or node has it. */
    WRONG_NODE(
            3020,
            1,
            "the chain, or the control plane, is not served at this address",
            "None: the client asks again where it is; a client that was given this address needs the node's first."),

    /** No space. */
    JOURNAL_FULL(
            4001, 1, "the journal is full; everything acknowledged is kept", "Format a larger journal (journal.size)."),
    /** A write failed. */
    DEVICE_FENCED(
            4002,
            1,
            "a write to the device failed, so it takes no more; everything acknowledged is kept",
            "See the node's error log; check the device, then restart the node."),
    /** No space in the index. */
    INDEX_FULL(4003, 1, "the index of segment offsets is full", "Raise the index limit of the node."),
    /** Below the minimum. */
    REPLICAS_TOO_FEW(
            4004,
            1,
            "the chain has fewer replicas than its minimum; what was acknowledged is kept and can be read",
            "Start the nodes that are down; the client tries again."),
    /** No such node or device. */
    NODE_UNKNOWN(4010, 5, "the cluster does not know the node or the device", "Check the id; start the node first."),
    /** Replicas are on it. */
    NODE_IN_USE(4011, 5, "the node still carries replicas", "Drain it first and wait until it is empty."),
    /** Too few for the replication factor. */
    DEVICES_TOO_FEW(
            4012, 5, "the nodes that are added and alive have too few devices", "Add nodes or lower the factor."),
    /** Made once. */
    CHAINS_CONFIGURED(4013, 5, "the chains exist already, with other properties", "Use them as they are."),
    /** Nothing to force. */
    CHAIN_NOT_SEALED(
            4014, 5, "the chain does not wait for replicas in that epoch", "See its state; there is nothing to force."),
    /** Has no log to offer. */
    REPLICA_NOT_SEALED(
            4015,
            5,
            "a replica named has not answered the seal, or has lost what it held",
            "Name replicas that are sealed and hold a log."),

    /** Address in use. */
    PORT_IN_USE(5001, 1, "the listen address is in use", "Stop the other process (ss -ulpn) or choose another port."),
    /** Not an address of this host. */
    LISTEN_ADDRESS(5002, 2, "the listen address is not one of this host", "Give host:port of this host."),
    /** RLIMIT_MEMLOCK. */
    MEMLOCK_TOO_SMALL(
            5003,
            1,
            "the limit of locked memory (RLIMIT_MEMLOCK) is too small for the I/O buffers",
            "Run: ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit."),
    /** Forbidden by seccomp or sysctl. */
    IO_URING_DENIED(
            5004,
            1,
            "the kernel refuses io_uring (kernel.io_uring_disabled, seccomp) or is too old",
            "Run: sysctl kernel.io_uring_disabled=0, allow it in the container, or set journal.backend = \"channel\"."),
    /** See docs: kernel.sched_autogroup_enabled. */
    SCHEDULER_FAULT(
            5005,
            1,
            "this kernel starves the workers that complete direct I/O: durable writes can hang for seconds",
            "Before the start run: sysctl kernel.sched_autogroup_enabled=0"),
    /** Descriptors. */
    DESCRIPTOR_LIMIT(5006, 1, "the limit of open files (RLIMIT_NOFILE) is too small", "Run: ulimit -n 65536"),
    /** /dev/shm. */
    SHARED_MEMORY_TOO_SMALL(
            5007,
            1,
            "too little space for the media driver's buffers",
            "Free or enlarge /dev/shm, or set aeron.directory."),
    /** Memory budget. */
    MEMORY_TOO_SMALL(
            5008, 1, "the configured buffers exceed the memory of the host", "Lower the buffers named in the message."),
    /** System calls do not work as they should. */
    NATIVE_SELF_TEST(
            5009,
            1,
            "the self-test of native calls failed",
            "Use a JDK on Linux x86-64 or aarch64, or set journal.backend = \"channel\"."),
    /** Media driver. */
    MEDIA_DRIVER(5010, 1, "the media driver did not start or has died", "See the error log; remove its directory."),
    /** JVM flags. */
    JVM_FLAGS(5011, 1, "the Java runtime is too old or lacks a needed flag", "Start it by the script ./millrace"),
    /** Data directory in use or not writable. */
    DATA_DIRECTORY(5012, 1, "the data directory cannot be made, read or written", "Check its owner and permissions."),
    /** A broken invariant. */
    INVARIANT_BROKEN(
            5013,
            1,
            "an internal check failed; the node stops rather than answer wrongly",
            "Keep the journal and the error log and report it."),
    /** net.core.rmem_max. */
    HOST_BUFFERS(
            5014,
            1,
            "the host limits socket buffers below the receive window",
            "Run: sysctl -w net.core.rmem_max=2097152"),
    /** sched_setaffinity. */
    CPU_AFFINITY(
            5020,
            2,
            "a thread cannot be bound to the CPU that it is given",
            "Name CPUs that this process may use in the setting cpus, or set cpus = \"none\"."),
    /** A second process, with a copied configuration. */
    NODE_ID_IN_USE(
            5021,
            5,
            "another process runs as this node in the cluster",
            "Give each node its own node.name and node.data; end the other process if this one is to take its place."),
    /** The node has been a member elsewhere. */
    OTHER_CLUSTER(
            5022,
            5,
            "the node belongs to another cluster",
            "Correct cluster.members; to give up what the node holds, let it begin with an empty node.data."),

    /** Missing file. */
    DEVICE_NOT_FOUND(
            6001,
            5,
            "the device or journal file does not exist",
            "Check journal.path and mounts; a new one is made by: millrace journal format"),
    /** Less than the least. */
    DEVICE_TOO_SMALL(6002, 1, "the device is smaller than a journal needs or than it was", "Give it more space."),
    /** Node id differs. */
    DEVICE_OTHER_NODE(
            6003, 5, "the device belongs to another node", "Mount the device of this node, or format a new one."),
    /** Other process. */
    DEVICE_LOCKED(6004, 5, "another process has locked the device", "Stop the other node on this device."),
    /** Bits flipped. */
    JOURNAL_CORRUPT(
            6005,
            1,
            "a batch in the middle of the journal is damaged, and later ones are whole",
            "Nothing was cut off. Run: millrace journal verify; restore the device from a copy."),
    /** Reported, not refused. */
    JOURNAL_TORN(
            6006,
            1,
            "the last write before the stop was incomplete and was cut off; it was never acknowledged",
            "None: writers send again what was not acknowledged."),
    /** Both superblocks bad. */
    SUPERBLOCK_BAD(
            6007,
            1,
            "neither superblock is valid: not a Millrace device, or damaged",
            "Check journal.path; format it."),
    /** Newer or older format. */
    FORMAT_VERSION(6008, 1, "the device has a format version this program does not know", "Use the matching version."),
    /** No space at format. */
    DISK_FULL(
            6009, 1, "the file system has too little space to format the journal", "Free space or lower journal.size."),
    /** Exists already. */
    DEVICE_NOT_EMPTY(6010, 5, "the device already holds a journal", "Use it, or remove it by hand if it may go."),
    /** errno of a system call. */
    DEVICE_IO(6011, 1, "a read or an operation on the device failed", "Check dmesg, cabling and SMART data."),
    /** O_DIRECT and friends. */
    DEVICE_UNSUITABLE(
            6012,
            1,
            "the device or file system cannot do direct or durable writes as needed",
            "Use a local file system (ext4, xfs) or block device."),
    /** Permission. */
    DEVICE_PERMISSION(6013, 4, "the device may not be opened by this user", "Grant read and write access."),
    /** The fold found nonsense in whole batches. */
    RECORD_INVALID(
            6014,
            1,
            "a record in a whole batch breaks the rules of its chain (position, hash, epoch, kind)",
            "Nothing was cut off. Keep the device and report it."),
    /** Device UUID differs. */
    DEVICE_EXCHANGED(
            6015,
            5,
            "the device is not the one that the data directory has been used with",
            "Mount that device, or give this one a data directory of its own."),
    /** Chain 0 is on the device. */
    DEVICE_OF_NODE_ALONE(
            6016,
            5,
            "the device belongs to a node that was alone",
            "Start it without cluster.members, bring it along into a cluster that has no chains yet, or give the cluster's"
                    + " node a data directory of its own."),
    /** The other way round. */
    DEVICE_OF_CLUSTER(
            6017,
            5,
            "the device belongs to a node of a cluster",
            "Start it with its cluster.members, or give the node alone a data directory of its own."),
    /** Nobody to repair from. */
    REPAIR_IMPOSSIBLE(
            6020,
            1,
            "with one replica a damaged journal cannot be repaired without losing or inventing events",
            "Restore the device from a copy. journal repair --dry-run says what is damaged and what is not."),
    /** O_EXCL. */
    DEVICE_IN_USE(
            6021,
            5,
            "the block device, or a part of it, is mounted or claimed by somebody else",
            "Unmount or stop what uses it, or name another device: lsblk"),
    /** A file system, a partition table, anything. */
    DEVICE_FOREIGN(
            6022,
            5,
            "the block device holds something that is no Millrace journal",
            "If what it holds may go, run: millrace journal format --overwrite"),
    /** Found by the scrub. */
    BATCH_DAMAGED(
            6023,
            1,
            "the scrub found a damaged batch on the device",
            "Nothing was changed. Copy what can still be read to another device; run: millrace journal verify."),

    /** Unknown key. */
    CONFIGURATION_UNKNOWN_KEY(7001, 2, "the configuration has a key that does not exist", "See the nearest name."),
    /** Bad value. */
    CONFIGURATION_VALUE(7002, 2, "a configured value has a wrong type, unit or range", "See docs/configuration.md"),
    /** Not TOML. */
    CONFIGURATION_SYNTAX(7003, 2, "the configuration file is not valid TOML", "Mend it at the line named."),
    /** Missing file. */
    CONFIGURATION_NOT_FOUND(7004, 2, "the configuration file does not exist or cannot be read", "Check its path."),
    /** Settings that exclude each other. */
    CONFIGURATION_CONFLICT(7005, 2, "two settings contradict each other", "Change one of the two named."),

    /** Used after close. */
    CLIENT_CLOSED(8001, 1, "the client, writer or reader is closed", "Open a new one."),
    /** No answer. */
    UNREACHABLE(8002, 3, "no node answers at the address", "Check --connect, that the node runs, and firewalls."),
    /** Before it is sent. */
    PAYLOAD_TOO_LARGE(8003, 2, "the event exceeds the largest size a client sends", "Split it; the limit is 8 MiB."),
    /** Another writer took over. */
    CLIENT_FENCED(8004, 5, "this writer was fenced by a newer one with the same id", "Stop one of the two."),
    /** Stream or segment sealed. */
    CLIENT_SEALED(8005, 5, "the stream is sealed: unacknowledged events were not stored", "Write to another stream."),
    /** Deadline of the caller. */
    TIMED_OUT(8006, 3, "no answer within the caller's time; the outcome is unknown", "Look, then ask again."),
    /** host:port. */
    BAD_ADDRESS(8007, 2, "the address is not host:port or ipc", "Give --connect host:port or MILLRACE_CONNECT."),
    /** Too many unacknowledged. */
    BACK_PRESSURED(
            8008, 1, "the writer's window of unacknowledged events is full", "Poll acknowledgements, then retry."),
    /** Bytes do not parse. */
    BAD_EVENT_DATA(8009, 1, "bytes read from a stream are not whole events", "Report it, with stream and position."),
    /** Input of the command line. */
    BAD_INPUT(8010, 2, "an input file does not exist or is not of the stated format", "Check the file and --format."),
    /** Interrupted thread. */
    INTERRUPTED(8011, 1, "the waiting thread was interrupted; the outcome is unknown", "Look, then ask again.");

    private static final ErrorCode[] VALUES = values();

    private final int number;
    private final int exitCode;
    private final String id;
    private final String summary;
    private final String remedy;

    ErrorCode(final int number, final int exitCode, final String summary, final String remedy) {
        this.number = number;
        this.exitCode = exitCode;
        this.id = "MR-" + number;
        this.summary = summary;
        this.remedy = remedy;
    }

    /**
     * Finds the code of a number, e.g. one that came in a refusal. Allocation-free.
     *
     * @param number as on the wire
     * @return the code, or {@link #UNKNOWN} for a number this version does not know
     */
    public static ErrorCode of(final int number) {
        int low = 0;
        int high = VALUES.length - 1;
        while (low <= high) {
            final int middle = (low + high) >>> 1;
            final int found = VALUES[middle].number;
            if (found == number) {
                return VALUES[middle];
            }
            if (found < number) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return UNKNOWN;
    }

    /**
     * Finds the code of a refusal.
     *
     * @param code of the wire
     * @return the constant of the same name and number, or {@link #UNKNOWN}
     */
    public static ErrorCode of(final RefusalCode code) {
        return of(code.value());
    }

    /**
     * Returns the number, as on the wire.
     *
     * @return 1000 to 9999
     */
    public int number() {
        return number;
    }

    /**
     * Returns the name users see.
     *
     * @return {@code MR-nnnn}
     */
    public String id() {
        return id;
    }

    /**
     * Returns the exit code of a command that ends with this error.
     *
     * @return 1 failed, 2 usage, 3 unreachable, 4 refused by authorization, 5 not found or conflict
     */
    public int exitCode() {
        return exitCode;
    }

    /**
     * Returns what happened, in one line.
     *
     * @return lower case, no full stop
     */
    public String summary() {
        return summary;
    }

    /**
     * Returns what the user or the operator can do.
     *
     * @return one line; "None: …" when the program mends it by itself
     */
    public String remedy() {
        return remedy;
    }
}
