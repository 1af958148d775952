package io.millrace.transport;

import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.driver.exceptions.ActiveDriverException;
import io.aeron.driver.status.SystemCounterDescriptor;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.agrona.BitUtil;
import org.agrona.ErrorHandler;
import org.agrona.IoUtil;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.status.CountersReader;
import org.jspecify.annotations.Nullable;

/**
 * The media: an embedded media driver and an Aeron client that both run on the caller's thread, or an Aeron client on
 * the directory of a driver of another process (ipc).
 *
 * <p><b>Threading</b>: one thread calls everything.
 *
 * <p><b>Invariants</b>: the directory of an embedded driver belongs to this process alone and is deleted by
 * {@link #close()}.
 */
public final class Transport implements AutoCloseable {
    private static final int CONDUCTOR_EVERY_TURNS = 256;
    private static final int CONDUCTOR_EVERY_IDLE_TURNS = 16;
    private static final int FLUSH_TURNS = 16;
    private static final long IMAGE_LIVENESS_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long LINGER_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long RESOURCE_LINGER_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Context context;
    private final DriverSockets sockets = new DriverSockets();
    private final LogMemory logMemory;
    private final ImageLimits imageLimits;
    private final DriverTurns turns = new DriverTurns();
    private final ArrivedImages arrived = new ArrivedImages();
    private final @Nullable MediaDriver driver;
    private final @Nullable AgentInvoker driverInvoker;
    private final Aeron aeron;
    private final AgentInvoker conductorInvoker;
    private final CountersReader counters;
    private long errorCount;

    // Of the driver's counters as read last: once Aeron has given up, their memory is unmapped.
    private long lastNakCount;
    private long lastRetransmitCount;
    private long lastInvalidCount;
    private int turn;
    private boolean isClosed;

    private Transport(final Context context) {
        this.context = context;
        this.logMemory = new LogMemory(context.logMemoryLimit);
        this.imageLimits = imageLimits(context, logMemory);
        MediaDriver startedDriver = null;
        try {
            startedDriver = context.isDriverEmbedded ? launchDriver() : null;
            this.driver = startedDriver;
            this.driverInvoker = startedDriver == null ? null : startedDriver.sharedAgentInvoker();
            if (startedDriver != null) {
                logMemory.start(startedDriver.context().systemCounters());
                turns.install(startedDriver, context.networkMtuLength, context.loopbackMtuLength, context.warning);
            }
            this.aeron = Aeron.connect(aeronContext());
        } catch (final RuntimeException e) {
            if (startedDriver != null) {
                startedDriver.close();
            } else if (context.isDriverEmbedded && !(e instanceof ActiveDriverException)) {
                IoUtil.delete(new File(context.concludedDirectory), true);
            }
            sockets.close();
            throw e instanceof MillraceException
                    ? e
                    : new MillraceException(
                            ErrorCode.MEDIA_DRIVER,
                            "no media driver in " + context.concludedDirectory + ": " + e.getMessage(),
                            e);
        }
        this.conductorInvoker = aeron.conductorAgentInvoker();
        this.counters = aeron.countersReader();
    }

    /**
     * Starts driver and client.
     *
     * @param context what to start; concluded here.
     * @return the running transport.
     * @throws MillraceException when the directory has no space or is in use by a living process, when the driver does
     *     not start, or when there is no living driver in a directory of another process.
     */
    public static Transport launch(final Context context) {
        context.conclude();
        return new Transport(context);
    }

    /**
     * Runs the driver once, and the client's conductor every 256th turn, or every 16th when there was nothing to do.
     *
     * @return work count.
     */
    public int doWork() {
        int workCount = driverInvoker == null ? 0 : driverInvoker.invoke();
        turn++;
        if (turn % CONDUCTOR_EVERY_TURNS == 0 || (workCount == 0 && turn % CONDUCTOR_EVERY_IDLE_TURNS == 0)) {
            workCount += conductorInvoker.invoke();
        }
        return workCount;
    }

    /** Returns the Aeron client. */
    public Aeron aeron() {
        return aeron;
    }

    /**
     * Returns whether Aeron gave up (after a pause longer than its time-outs) or {@link #close()} was called: the owner
     * then closes this one, launches another and calls {@code rebind} on acceptor and links.
     */
    public boolean isClosed() {
        return isClosed || aeron.isClosed() || (driverInvoker != null && driverInvoker.isClosed());
    }

    /** Returns the number of open sockets that receive; 0 when {@code sun.nio.ch} is not opened to this module. */
    public int socketDescriptorCount() {
        return sockets.count();
    }

    /**
     * Returns a socket's file descriptor.
     *
     * @param index below {@link #socketDescriptorCount()}.
     * @return the descriptor's number.
     */
    public int socketDescriptor(final int index) {
        return sockets.descriptor(index);
    }

    /** Returns a number that changes whenever a socket was opened or closed. */
    public long socketDescriptorsVersion() {
        return sockets.version();
    }

    /**
     * Returns a wait on the sockets that needs neither io_uring nor an opened {@code sun.nio.ch}: a selector of its
     * own, with time-outs of whole milliseconds; it does not wait for less than one.
     */
    public KernelWait socketWait() {
        return sockets;
    }

    /** Returns the negative acknowledgements sent and received by this driver since its start: lost frames. */
    public long nakCount() {
        if (!isClosed()) {
            lastNakCount = counters.getCounterValue(SystemCounterDescriptor.NAK_MESSAGES_SENT.id())
                    + counters.getCounterValue(SystemCounterDescriptor.NAK_MESSAGES_RECEIVED.id());
        }
        return lastNakCount;
    }

    /** Returns the frames this driver sent again since its start. */
    public long retransmitCount() {
        if (!isClosed()) {
            lastRetransmitCount = counters.getCounterValue(SystemCounterDescriptor.RETRANSMITS_SENT.id());
        }
        return lastRetransmitCount;
    }

    /** Returns the datagrams this driver dropped because they were no frames, or asked for too much memory. */
    public long invalidPacketCount() {
        if (!isClosed()) {
            lastInvalidCount = counters.getCounterValue(SystemCounterDescriptor.INVALID_PACKETS.id());
        }
        return lastInvalidCount + imageLimits.refusedCount();
    }

    /** Returns the errors handed to the error handler. */
    public long errorCount() {
        return errorCount;
    }

    /** Returns the directory of the driver, for clients that come by ipc. */
    public String aeronDirectory() {
        return context.concludedDirectory;
    }

    /** Returns the receiver's window in force, in bytes. */
    public int windowLength() {
        return context.concludedWindowLength;
    }

    /** Closes client and driver and deletes the directory, when it is this process's own; idempotent. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        if (driverInvoker != null && !aeron.isClosed()) {
            for (int i = 0; i < FLUSH_TURNS; i++) {
                driverInvoker.invoke();
            }
        }
        aeron.close();
        if (driver != null) {
            driver.close();
        }
        sockets.close();
    }

    /** Returns the shared memory that publications and images of an embedded driver take, and may take. */
    LogMemory logMemory() {
        return logMemory;
    }

    /** Returns the images that data arrived for, or {@code null} when no driver on this thread could note them. */
    @Nullable
    ArrivedImages arrivedImages() {
        return driverInvoker == null ? null : arrived;
    }

    /**
     * Makes the driver look after a publication in its very next turns.
     *
     * @param registrationId of the publication.
     */
    void touchPublication(final long registrationId) {
        turns.touchPublication(registrationId);
    }

    /** Returns the default term length of publications, in bytes. */
    int termLength() {
        return context.termLength;
    }

    /** Returns the longest term of an image, in bytes. */
    int maxImageTermLength() {
        return context.maxImageTermLength;
    }

    /** Returns the frame length on ipc, in bytes. */
    int ipcMtuLength() {
        return context.loopbackMtuLength;
    }

    /**
     * Returns the frame length towards an address.
     *
     * @param address of the receiver; one of this host's own is reached by loopback.
     * @return bytes.
     */
    int mtuLength(final InetAddress address) {
        return isLocal(address) ? context.loopbackMtuLength : context.networkMtuLength;
    }

    /**
     * Counts an error and hands it on.
     *
     * @param error met by acceptor or link in their calls of Aeron.
     */
    void onError(final Throwable error) {
        errorCount++;
        context.errorHandler.onError(error);
    }

    private static boolean isLocal(final InetAddress address) {
        try {
            return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
        } catch (final SocketException e) {
            return false;
        }
    }

    private Aeron.Context aeronContext() {
        final Aeron.Context result = new Aeron.Context()
                .aeronDirectoryName(context.concludedDirectory)
                .useConductorAgentInvoker(true)
                .resourceLingerDurationNs(RESOURCE_LINGER_NS)
                .errorHandler(this::onError)
                .subscriberErrorHandler(this::onError);
        if (driverInvoker != null) {
            result.driverAgentInvoker(driverInvoker);
        }
        return result;
    }

    private MediaDriver launchDriver() {
        return MediaDriver.launch(driverContext(context, this::onError)
                .threadingMode(ThreadingMode.INVOKER)
                .sendChannelEndpointSupplier(PacedSendEndpoint::new)
                .receiveChannelEndpointSupplier((channel, dispatcher, status, driverContext) -> {
                    final ObservedReceiveEndpoint endpoint = new ObservedReceiveEndpoint(
                            sockets, imageLimits, channel, dispatcher, status, driverContext);
                    endpoint.observe(turns, arrived);
                    return endpoint;
                }));
    }

    /** Returns what senders may ask of a driver with these settings. */
    static ImageLimits imageLimits(final Context context, final LogMemory logMemory) {
        return new ImageLimits(context.maxImageTermLength, context.concludedWindowLength, logMemory);
    }

    /**
     * Returns the settings of a driver that do not depend on its threads.
     *
     * @param context concluded.
     * @param errorHandler called on the driver's threads.
     * @return to be completed and launched.
     */
    static MediaDriver.Context driverContext(final Context context, final ErrorHandler errorHandler) {
        return new MediaDriver.Context()
                .aeronDirectoryName(context.concludedDirectory)
                .dirDeleteOnStart(false)
                .dirDeleteOnShutdown(true)
                .warnIfDirectoryExists(false)
                .asyncExecutorEnabled(false)
                .termBufferSparseFile(false)
                .publicationTermBufferLength(context.termLength)
                .ipcTermBufferLength(context.termLength)
                .mtuLength(context.networkMtuLength)
                .ipcMtuLength(context.loopbackMtuLength)
                .initialWindowLength(context.concludedWindowLength)
                .socketRcvbufLength(context.receiveBufferLength)
                .socketSndbufLength(context.sendBufferLength)
                .streamSessionLimit(context.imageLimit)
                .imageLivenessTimeoutNs(IMAGE_LIVENESS_NS)
                .publicationLingerTimeoutNs(LINGER_NS)
                .spiesSimulateConnection(false)
                .lowStorageWarningThreshold(0)
                .errorHandler(errorHandler);
    }

    /** The settings of a transport; every length in bytes. Not reused: one context, one transport. */
    public static final class Context {
        private static final int WINDOW_LENGTH_MAX = 512 << 10;
        private static final int SOCKET_BUFFER_LENGTH = 4 << 20;
        private static final int TERM_LENGTH_MIN = 64 << 10;
        private static final int TERM_LENGTH_MAX = 64 << 20;
        private static final int MTU_MIN = 1088;
        private static final int MTU_MAX = 65_504;
        private static final int MTU_ALIGNMENT = 32;
        // The kernel's own default, where /proc cannot be read.
        private static final int SOCKET_BUFFER_DEFAULT = 212_992;

        private @Nullable String aeronDirectory;
        private boolean isDriverEmbedded = true;
        private int loopbackMtuLength = 8192;
        private int networkMtuLength = 1408;
        private int windowLength = WINDOW_LENGTH_MAX;
        private int termLength = 1 << 20;
        private int maxImageTermLength = 4 << 20;
        private int imageLimit = 128;
        private long logMemoryLimit = Long.MAX_VALUE;
        private ErrorHandler errorHandler = error -> {};
        private Consumer<String> warning = text -> {};

        private String concludedDirectory = "";
        private int concludedWindowLength;
        private int receiveBufferLength;
        private int sendBufferLength;

        /** Default settings: embedded driver, directory of its own under {@code /dev/shm}. */
        public Context() {}

        /**
         * Names the directory. Embedded: a directory left by a dead process is deleted, one of a living process
         * refused. Not embedded: the other driver's directory.
         *
         * @param directory path; without it an embedded driver takes a new one, so that one left behind by a killed
         *     process stays for ever: a process that may be killed names its own.
         * @return this.
         */
        public Context aeronDirectory(final String directory) {
            this.aeronDirectory = directory;
            return this;
        }

        /** Returns the directory, if one is named. */
        public @Nullable String aeronDirectory() {
            return aeronDirectory;
        }

        /**
         * Chooses between a driver of its own and that of another process.
         *
         * @param embedded default {@code true}.
         * @return this.
         */
        public Context embeddedDriver(final boolean embedded) {
            this.isDriverEmbedded = embedded;
            return this;
        }

        /**
         * Sets the frame length on loopback and ipc.
         *
         * @param lengthBytes default 8192; a multiple of 32.
         * @return this.
         */
        public Context loopbackMtuLength(final int lengthBytes) {
            this.loopbackMtuLength = lengthBytes;
            return this;
        }

        /**
         * Sets the frame length on every other path.
         *
         * @param lengthBytes default 1408; 8192 pays where the network carries jumbo frames; a multiple of 32.
         * @return this.
         */
        public Context networkMtuLength(final int lengthBytes) {
            this.networkMtuLength = lengthBytes;
            return this;
        }

        /**
         * Sets the receiver's window, which is cut to what {@code net.core.rmem_max} allows.
         *
         * @param lengthBytes default and maximum 512 KiB: a larger one overflowed the socket's buffer.
         * @return this.
         */
        public Context windowLength(final int lengthBytes) {
            this.windowLength = lengthBytes;
            return this;
        }

        /**
         * Sets the term length of publications made here, unless a session or link sets its own.
         *
         * @param lengthBytes power of two ≥ 64 KiB, default 1 MiB; a publication takes three.
         * @return this.
         */
        public Context termLength(final int lengthBytes) {
            this.termLength = lengthBytes;
            return this;
        }

        /**
         * Sets the largest term a peer may ask this driver to keep an image with.
         *
         * @param lengthBytes default 4 MiB; set-ups above it are dropped and counted.
         * @return this.
         */
        public Context maxImageTermLength(final int lengthBytes) {
            this.maxImageTermLength = lengthBytes;
            return this;
        }

        /**
         * Limits the images per stream.
         *
         * @param count default 128.
         * @return this.
         */
        public Context imageLimit(final int count) {
            this.imageLimit = count;
            return this;
        }

        /**
         * Limits the shared memory of all publications and images of the embedded driver together.
         *
         * @param limitBytes default: no limit but that of the file system.
         * @return this.
         */
        public Context logMemoryLimit(final long limitBytes) {
            this.logMemoryLimit = limitBytes;
            return this;
        }

        /** Returns the bytes that all logs of the driver together may take. */
        long logMemoryLimit() {
            return logMemoryLimit;
        }

        /**
         * Sets where Aeron's errors go; called on the duty cycle's thread.
         *
         * @param handler default: counts only.
         * @return this.
         */
        public Context errorHandler(final ErrorHandler handler) {
            this.errorHandler = handler;
            return this;
        }

        /**
         * Sets where warnings to the operator go.
         *
         * @param sink default: nowhere.
         * @return this.
         */
        public Context warning(final Consumer<String> sink) {
            this.warning = sink;
            return this;
        }

        /** Returns the directory in use. */
        String concludedDirectory() {
            return concludedDirectory;
        }

        /** Returns where errors go. */
        ErrorHandler errorHandler() {
            return errorHandler;
        }

        /** Checks the settings, makes room for an embedded driver, and refuses what cannot be. */
        void conclude() {
            checkTerm("termLength", termLength);
            checkTerm("maxImageTermLength", maxImageTermLength);
            checkMtu("loopbackMtuLength", loopbackMtuLength);
            checkMtu("networkMtuLength", networkMtuLength);
            check("imageLimit", imageLimit, 1, 1 << 16);
            check("windowLength", windowLength, Math.max(loopbackMtuLength, networkMtuLength), WINDOW_LENGTH_MAX);
            final int receiveMax = kernelLimit("rmem_max");
            receiveBufferLength = Math.min(receiveMax, SOCKET_BUFFER_LENGTH);
            sendBufferLength = Math.min(kernelLimit("wmem_max"), SOCKET_BUFFER_LENGTH);
            concludedWindowLength = windowFor(receiveMax);
            final String directory = aeronDirectory;
            if (isDriverEmbedded) {
                concludedDirectory = directory == null ? DriverDirectory.newName() : directory;
                DriverDirectory.prepare(concludedDirectory, termLength);
            } else if (directory == null) {
                throw new MillraceException(
                        ErrorCode.CONFIGURATION_VALUE, "a driver of another process needs its directory");
            } else {
                concludedDirectory = directory;
                DriverDirectory.checkForeign(directory);
            }
        }

        private int windowFor(final int receiveMax) {
            if (windowLength <= receiveMax) {
                return windowLength;
            }
            // A power of two at most half of what the kernel, which doubles the figure, grants for frames and overhead.
            final int cut = Integer.highestOneBit(receiveMax);
            warning.accept("net.core.rmem_max is " + receiveMax + ": the receiver's window is cut from " + windowLength
                    + " to " + cut + " bytes, which caps the throughput of a session; run: sysctl -w net.core.rmem_max="
                    + SOCKET_BUFFER_LENGTH);
            return cut;
        }

        private static int kernelLimit(final String name) {
            // Files.readString asks for one byte first, and sysctl files answer only one read: it would get "4".
            final byte[] bytes = new byte[32];
            try (InputStream in = Files.newInputStream(Path.of("/proc/sys/net/core", name))) {
                final int length = in.read(bytes);
                final String text = new String(bytes, 0, Math.max(0, length), StandardCharsets.US_ASCII);
                return (int) Math.min(Integer.MAX_VALUE, Long.parseLong(text.trim()));
            } catch (final IOException | NumberFormatException e) {
                return SOCKET_BUFFER_DEFAULT;
            }
        }

        /**
         * Checks a term length.
         *
         * @param name of the setting.
         * @param length its value, in bytes.
         */
        static void checkTerm(final String name, final int length) {
            check(name, length, TERM_LENGTH_MIN, TERM_LENGTH_MAX);
            if (!BitUtil.isPowerOfTwo(length)) {
                throw new MillraceException(
                        ErrorCode.CONFIGURATION_VALUE, name + " is " + length + ", must be a power of two");
            }
        }

        private static void checkMtu(final String name, final int length) {
            check(name, length, MTU_MIN, MTU_MAX);
            if (length % MTU_ALIGNMENT != 0) {
                throw new MillraceException(
                        ErrorCode.CONFIGURATION_VALUE, name + " is " + length + ", must be a multiple of 32");
            }
        }

        /**
         * Checks a range.
         *
         * @param name of the setting.
         * @param value of the setting.
         * @param min least value.
         * @param max greatest value.
         */
        static void check(final String name, final int value, final int min, final int max) {
            if (value < min || value > max) {
                throw new MillraceException(
                        ErrorCode.CONFIGURATION_VALUE,
                        name + " is " + value + ", must lie between " + min + " and " + max);
            }
        }
    }
}
