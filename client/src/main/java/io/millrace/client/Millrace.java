package io.millrace.client;

import io.millrace.client.core.ClientConductor;
import io.millrace.client.core.Housekeeper;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.util.UUID;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A client of a Millrace node: where everything begins.
 *
 * <pre>{@code
 * try (Millrace millrace = Millrace.connect("127.0.0.1:8470")) {
 *     millrace.streams().createStream("demo/ticks", StreamConfiguration.fixed(4));
 *     try (EventWriter writer = millrace.openWriter("demo/ticks");
 *             EventReader reader = millrace.openReader("demo/ticks", StreamPosition.HEAD)) {
 *         writer.append("AAPL", "187.20".getBytes(UTF_8)); // returns when it is durable
 *         System.out.println(reader.read(Duration.ofSeconds(5)).asText());
 *     }
 * }
 * }</pre>
 *
 * <p>A lost node is reconnected to for ever; writers send again what was not acknowledged, readers go on where they
 * were. The same holds when this process was stopped for longer than the transport's time-outs.
 *
 * <p><b>Threading</b>: by default ("friendly") every method of this class and of all it opens may be called by any
 * thread: one re-entrant lock, and a daemon thread that works whenever no caller does. With
 * {@link Context#invoker(boolean)} there is neither: one thread calls everything, {@link #doWork()} at least every
 * second.
 */
public final class Millrace implements AutoCloseable {
    private static final int MIN_TERM_LENGTH = 64 << 10;
    private static final int MAX_TERM_LENGTH = 64 << 20;
    private static final int MIN_BUFFER_LENGTH = 2 * 1024 * 1024;
    private static final int MAX_BUFFER_LENGTH = 256 * 1024 * 1024;
    private static final int MIN_PENDING_EVENTS = 16;
    private static final int MAX_PENDING_EVENTS = 4 * 1024 * 1024;

    private final ClientConductor conductor;
    private final @Nullable Housekeeper housekeeper;

    private Millrace(final ClientConductor conductor, final @Nullable Housekeeper housekeeper) {
        this.conductor = conductor;
        this.housekeeper = housekeeper;
    }

    /**
     * Connects with all settings at their defaults.
     *
     * @param endpoint {@code host:port} of a node, or of several nodes of a cluster, parted by commas
     * @return connected client, to be closed
     * @throws MillraceException as {@link #connect(Context)}
     */
    public static Millrace connect(final String endpoint) {
        return connect(new Context().endpoint(endpoint));
    }

    /**
     * Connects.
     *
     * @param context settings; read once
     * @return connected client, to be closed
     * @throws MillraceException {@code BAD_ADDRESS}; {@code UNREACHABLE} when no node answered within
     *     {@link Context#connectTimeoutNs()}; {@code PROTOCOL_VERSION} or {@code UNAUTHORIZED} when it refused
     */
    public static Millrace connect(final Context context) {
        check(context);
        final ClientConductor conductor;
        try {
            final UUID random = UUID.randomUUID();
            final long seed = context.seed() == 0
                    ? random.getMostSignificantBits() ^ random.getLeastSignificantBits()
                    : context.seed();
            conductor = ClientConductor.launch(context, seed);
        } catch (final IllegalAccessError | ExceptionInInitializerError | NoClassDefFoundError e) {
            throw new MillraceException(
                    ErrorCode.JVM_FLAGS,
                    "the client needs the JVM flag --add-opens java.base/jdk.internal.misc=ALL-UNNAMED: " + e,
                    e);
        }
        final Housekeeper housekeeper =
                context.invoker() ? null : new Housekeeper(conductor, "millrace-client " + context.endpoint());
        final Millrace millrace = new Millrace(conductor, housekeeper);
        boolean isConnected = false;
        try {
            if (housekeeper != null) {
                housekeeper.start();
            }
            conductor.awaitConnected(context.connectTimeoutNs());
            isConnected = true;
        } finally {
            if (!isConnected) {
                millrace.close();
            }
        }
        return millrace;
    }

    private static void check(final Context context) {
        for (final String endpoint : context.endpoint().split(",", -1)) {
            final int colon = endpoint.lastIndexOf(':');
            final boolean isIpc = endpoint.equals("ipc") && endpoint.equals(context.endpoint());
            if (!isIpc && (colon < 1 || !endpoint.substring(colon + 1).matches("[0-9]{1,5}"))) {
                throw new MillraceException(ErrorCode.BAD_ADDRESS, "not host:port or ipc: " + endpoint);
            }
        }
        checkRange("writerBufferLength", context.writerBufferLength(), MIN_BUFFER_LENGTH, MAX_BUFFER_LENGTH);
        if (context.termLength() != 0) {
            checkRange("termLength", context.termLength(), MIN_TERM_LENGTH, MAX_TERM_LENGTH);
        }
        checkRange("readerWindowLength", context.readerWindowLength(), MIN_BUFFER_LENGTH, MAX_BUFFER_LENGTH);
        checkRange("writerMaxPendingEvents", context.writerMaxPendingEvents(), MIN_PENDING_EVENTS, MAX_PENDING_EVENTS);
        if (context.writerMaxInFlight() < 1 || context.writerMaxInFlight() > MAX_PENDING_EVENTS) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "writerMaxInFlight is " + context.writerMaxInFlight() + ", but must be from 1 to "
                            + MAX_PENDING_EVENTS);
        }
        if (context.connectTimeoutNs() < 0 || context.requestTimeoutNs() <= 0) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "time-outs must be positive: connectTimeoutNs " + context.connectTimeoutNs() + ", requestTimeoutNs "
                            + context.requestTimeoutNs());
        }
    }

    private static void checkRange(final String name, final int value, final int least, final int most) {
        if (value < least || value > most || Integer.bitCount(value) != 1) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    name + " is " + value + ", but must be a power of two from " + least + " to " + most);
        }
    }

    /**
     * Returns the administration of streams.
     *
     * @return the same object every time
     */
    public StreamManager streams() {
        return conductor.requests();
    }

    /**
     * Returns the administration of the cluster.
     *
     * @return the same object every time
     */
    public ClusterManager cluster() {
        return conductor.clusterRequests();
    }

    /**
     * Opens a writer with a random identity.
     *
     * @param stream scope/stream
     * @return to be closed
     * @throws MillraceException {@code STREAM_SEALED}, or as {@link StreamManager#describe}
     */
    public EventWriter openWriter(final String stream) {
        return conductor.openWriter(stream, 0, 0);
    }

    /**
     * Opens a writer with a given identity: its event numbers go on where the last writer of this identity ended, and
     * that one, should it still live, is fenced.
     *
     * @param stream scope/stream
     * @param writerId 128 bits of the caller's choice
     * @return to be closed
     * @throws MillraceException {@code STREAM_SEALED}, or as {@link StreamManager#describe}
     */
    public EventWriter openWriter(final String stream, final UUID writerId) {
        return conductor.openWriter(stream, writerId.getMostSignificantBits(), writerId.getLeastSignificantBits());
    }

    /**
     * Opens a reader of all segments of a stream.
     *
     * @param stream scope/stream
     * @param from {@link StreamPosition#HEAD}, {@link StreamPosition#TAIL} or a position of this stream
     * @return to be closed
     * @throws MillraceException as {@link EventReader#seek}
     */
    public EventReader openReader(final String stream, final StreamPosition from) {
        return conductor.openReader(stream, from);
    }

    /**
     * Does what is to be done for all sessions, writers and readers of this client.
     *
     * @return amount of work done, 0 when idle
     * @throws MillraceException when the client is closed or was finally refused by its node
     */
    public int doWork() {
        return conductor.work();
    }

    /**
     * Tells whether there is a session with the node just now.
     *
     * @return false while the client tries to reconnect
     */
    public boolean isConnected() {
        return conductor.isConnected();
    }

    /**
     * Returns what the node said of itself at the newest session.
     *
     * @return null before the first session
     */
    public @Nullable NodeInfo node() {
        return conductor.node();
    }

    /**
     * Returns what this client has met.
     *
     * @return live values, the same object every time
     */
    public ClientCounters counters() {
        return conductor.counters();
    }

    /**
     * Closes all writers, without waiting for their events, all readers, the sessions and the transport. Idempotent.
     */
    @Override
    public void close() {
        conductor.close();
        if (housekeeper != null) {
            housekeeper.close();
        }
    }

    /**
     * Settings of a client. Setters return this object.
     *
     * <p><b>Threading</b>: not safe; hand it over and leave it alone.
     */
    public static final class Context {
        private String endpoint = "127.0.0.1:8470";
        private String clientName = "millrace-client";
        private byte[] credentials = new byte[0];
        private @Nullable String aeronDirectory;
        private boolean invoker;
        private long connectTimeoutNs = 5_000_000_000L;
        private long requestTimeoutNs = 10_000_000_000L;
        private int writerBufferLength = 4 * 1024 * 1024;
        private int writerMaxPendingEvents = 64 * 1024;
        private int writerMaxInFlight = 16 * 1024;
        private int readerWindowLength = 2 * 1024 * 1024;
        private int mtuLength;
        private int termLength;
        private long seed;
        private NanoClock nanoClock = SystemNanoClock.INSTANCE;

        /** Makes a context with all settings at their defaults. */
        public Context() {}

        /**
         * Sets where to begin: the address of a node, or of several nodes of a cluster. One of them that answers is
         * asked where streams are, another one when it falls silent; writers and readers go to the nodes that have
         * them.
         *
         * @param value {@code host:port}, several parted by commas, or {@code ipc} with
         *     {@link #aeronDirectory(String)}; default 127.0.0.1:8470
         * @return this
         */
        public Context endpoint(final String value) {
            endpoint = value;
            return this;
        }

        /**
         * Returns where to begin.
         *
         * @return {@code host:port}, several parted by commas, or {@code ipc}
         */
        public String endpoint() {
            return endpoint;
        }

        /**
         * Sets the name under which nodes list this client.
         *
         * @param value for people; default {@code millrace-client}
         * @return this
         */
        public Context clientName(final String value) {
            clientName = value;
            return this;
        }

        /**
         * Returns the name under which nodes list this client.
         *
         * @return name
         */
        public String clientName() {
            return clientName;
        }

        /**
         * Sets what the node judges this client by.
         *
         * @param value opaque bytes; default none
         * @return this
         */
        public Context credentials(final byte[] value) {
            credentials = value.clone();
            return this;
        }

        /**
         * Returns what the node judges this client by.
         *
         * @return a copy
         */
        public byte[] credentials() {
            return credentials.clone();
        }

        /**
         * Sets the directory of a media driver that runs elsewhere on this host; needed for {@code ipc}.
         *
         * @param value path, or null (default) for a driver embedded in this client
         * @return this
         */
        public Context aeronDirectory(final @Nullable String value) {
            aeronDirectory = value;
            return this;
        }

        /**
         * Returns the directory of an external media driver.
         *
         * @return path, null for an embedded driver
         */
        public @Nullable String aeronDirectory() {
            return aeronDirectory;
        }

        /**
         * Sets who drives the client.
         *
         * @param value true: no lock and no thread, the user's one thread calls {@link Millrace#doWork()} at least
         *     every second; false (default): any thread may call anything, a daemon thread works when no caller does
         * @return this
         */
        public Context invoker(final boolean value) {
            invoker = value;
            return this;
        }

        /**
         * Tells who drives the client.
         *
         * @return true for the user's own duty cycle
         */
        public boolean invoker() {
            return invoker;
        }

        /**
         * Sets how long {@link Millrace#connect(Context)} waits for a session.
         *
         * @param value nanoseconds; 0: not at all, the client connects while it works; default 5 s
         * @return this
         */
        public Context connectTimeoutNs(final long value) {
            connectTimeoutNs = value;
            return this;
        }

        /**
         * Returns how long connecting waits for a session.
         *
         * @return nanoseconds
         */
        public long connectTimeoutNs() {
            return connectTimeoutNs;
        }

        /**
         * Sets how long blocking calls wait that take no time-out of their own.
         *
         * @param value nanoseconds, &gt; 0; default 10 s
         * @return this
         */
        public Context requestTimeoutNs(final long value) {
            requestTimeoutNs = value;
            return this;
        }

        /**
         * Returns how long blocking calls wait.
         *
         * @return nanoseconds
         */
        public long requestTimeoutNs() {
            return requestTimeoutNs;
        }

        /**
         * Sets the window of unacknowledged bytes of each writer and segment; allocated when the segment is first used,
         * 1 MiB more than asked for. It grows for an event or list that needs more, to 24 MiB for 8 MiB.
         *
         * @param value bytes, a power of two from 2 MiB to 256 MiB; default 4 MiB
         * @return this
         */
        public Context writerBufferLength(final int value) {
            writerBufferLength = value;
            return this;
        }

        /**
         * Returns the window of unacknowledged bytes of each writer and segment.
         *
         * @return bytes
         */
        public int writerBufferLength() {
            return writerBufferLength;
        }

        /**
         * Sets the window of unacknowledged (or not yet polled) events of each writer and segment.
         *
         * @param value events, a power of two from 16 to 4 Mi; default 65,536
         * @return this
         */
        public Context writerMaxPendingEvents(final int value) {
            writerMaxPendingEvents = value;
            return this;
        }

        /**
         * Returns the window of unacknowledged events of each writer and segment.
         *
         * @return events
         */
        public int writerMaxPendingEvents() {
            return writerMaxPendingEvents;
        }

        /**
         * Sets how many futures of one writer may be pending; {@link EventWriter#appendAsync} blocks beyond.
         *
         * @param value futures, 1 to 4 Mi; default 16,384
         * @return this
         */
        public Context writerMaxInFlight(final int value) {
            writerMaxInFlight = value;
            return this;
        }

        /**
         * Returns how many futures of one writer may be pending.
         *
         * @return futures
         */
        public int writerMaxInFlight() {
            return writerMaxInFlight;
        }

        /**
         * Sets how many unread bytes a node may send ahead for each segment of a reader; allocated with the first one.
         *
         * @param value bytes, a power of two from 2 MiB to 256 MiB; default 2 MiB; grows for an event that needs more
         * @return this
         */
        public Context readerWindowLength(final int value) {
            readerWindowLength = value;
            return this;
        }

        /**
         * Returns how many unread bytes a node may send ahead for each segment of a reader.
         *
         * @return bytes
         */
        public int readerWindowLength() {
            return readerWindowLength;
        }

        /**
         * Sets the largest datagram.
         *
         * @param value bytes, 0 (default): 8192 on loopback, 1408 elsewhere
         * @return this
         */
        public Context mtuLength(final int value) {
            mtuLength = value;
            return this;
        }

        /**
         * Returns the largest datagram.
         *
         * @return bytes, 0 for the transport's choice
         */
        public int mtuLength() {
            return mtuLength;
        }

        /**
         * Sets how large the buffers of a session are, on this side and at the node: three terms for each direction, of
         * this length. A node gives all its sessions together a limited memory ({@code limits.session-memory}); a
         * client that mostly waits, or writes little, takes least of it with 64 KiB. At most half a term is under way
         * at a time.
         *
         * @param value bytes, a power of two from 64 KiB to 64 MiB; 0 (default): 1 MiB here, at the node what it has
         *     configured, which is also the most it gives
         * @return this
         */
        public Context termLength(final int value) {
            termLength = value;
            return this;
        }

        /**
         * Returns how large the buffers of a session are.
         *
         * @return bytes of one term, 0 for the defaults
         */
        public int termLength() {
            return termLength;
        }

        /**
         * Sets the seed of random identities and of hashes for events without a key, so that a test can be repeated.
         *
         * @param value any; 0 (default): a random one
         * @return this
         */
        public Context seed(final long value) {
            seed = value;
            return this;
        }

        /**
         * Returns the seed.
         *
         * @return 0 for a random one
         */
        public long seed() {
            return seed;
        }

        /**
         * Sets the clock of time-outs and intervals.
         *
         * @param value monotonic; default the system's
         * @return this
         */
        public Context nanoClock(final NanoClock value) {
            nanoClock = value;
            return this;
        }

        /**
         * Returns the clock of time-outs and intervals.
         *
         * @return clock
         */
        public NanoClock nanoClock() {
            return nanoClock;
        }
    }
}
