package io.millrace.transport;

import io.aeron.Aeron;
import java.util.function.Consumer;
import org.agrona.ErrorHandler;
import org.jspecify.annotations.Nullable;

/**
 * The media: an embedded media driver and an Aeron client that both run on the caller's thread, or an Aeron client on
 * the directory of a driver of another process (ipc).
 *
 * <p><b>Threading</b>: one thread calls everything.
 *
 * <p><b>Invariants</b>: the directory is this process's own and is deleted by {@link #close()}.
 */
public final class Transport implements AutoCloseable {
    private final Aeron aeron;

    private Transport(final Aeron aeron) {
        this.aeron = aeron;
    }

    /**
     * Starts driver and client.
     *
     * @param context what to start; concluded here.
     * @return the running transport.
     * @throws io.millrace.codec.MillraceException when the directory has no space or is in use by a living process, or
     *     when the driver does not start.
     */
    public static Transport launch(final Context context) {
        final Aeron.Context aeronContext = new Aeron.Context().useConductorAgentInvoker(true);
        if (context.aeronDirectory != null) {
            aeronContext.aeronDirectoryName(context.aeronDirectory);
        }
        return new Transport(Aeron.connect(aeronContext));
    }

    /**
     * Runs the driver once, and the client's conductor every 256th turn or when there was nothing to do.
     *
     * @return work count.
     */
    public int doWork() {
        return 0;
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
        return false;
    }

    /** Returns the number of open sockets; 0 when {@code sun.nio.ch} is not opened to this module. */
    public int socketDescriptorCount() {
        return 0;
    }

    /**
     * Returns a socket's file descriptor.
     *
     * @param index below {@link #socketDescriptorCount()}.
     * @return the descriptor's number.
     */
    public int socketDescriptor(final int index) {
        return index;
    }

    /** Returns a number that changes whenever a socket was opened or closed. */
    public long socketDescriptorsVersion() {
        return 0;
    }

    /**
     * Returns a wait on the sockets that needs neither io_uring nor an opened {@code sun.nio.ch}: a selector of its
     * own, with time-outs of whole milliseconds.
     */
    public KernelWait socketWait() {
        return timeoutNs -> false;
    }

    /** Returns the negative acknowledgements sent and received by this driver since its start: lost frames. */
    public long nakCount() {
        return 0;
    }

    /** Returns the frames this driver sent again since its start. */
    public long retransmitCount() {
        return 0;
    }

    /** Returns the directory of the driver, for clients that come by ipc. */
    public String aeronDirectory() {
        return "";
    }

    /** Closes client and driver and deletes the directory, when it is this process's own; idempotent. */
    @Override
    public void close() {
        aeron.close();
    }

    /** The settings of a transport; every length in bytes. Not reused: one context, one transport. */
    public static final class Context {
        private @Nullable String aeronDirectory;

        /** Default settings: embedded driver, directory of its own under {@code /dev/shm}. */
        public Context() {}

        /**
         * Names the directory. Embedded: a directory left by a dead process is deleted, one of a living process
         * refused. Not embedded: the other driver's directory.
         *
         * @param directory path; without it an embedded driver takes a new one.
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
            return this;
        }

        /**
         * Sets the frame length on loopback and ipc.
         *
         * @param lengthBytes default 8192.
         * @return this.
         */
        public Context loopbackMtuLength(final int lengthBytes) {
            return this;
        }

        /**
         * Sets the frame length on every other path.
         *
         * @param lengthBytes default 1408; 8192 pays where the network carries jumbo frames.
         * @return this.
         */
        public Context networkMtuLength(final int lengthBytes) {
            return this;
        }

        /**
         * Sets the receiver's window, which is cut to what {@code net.core.rmem_max} allows.
         *
         * @param lengthBytes default and maximum 512 KiB.
         * @return this.
         */
        public Context windowLength(final int lengthBytes) {
            return this;
        }

        /**
         * Sets the term length of publications made here, unless a session or link sets its own.
         *
         * @param lengthBytes power of two ≥ 64 KiB, default 1 MiB; a publication takes three.
         * @return this.
         */
        public Context termLength(final int lengthBytes) {
            return this;
        }

        /**
         * Sets the largest term a peer may ask this driver to keep an image with.
         *
         * @param lengthBytes default 4 MiB; set-ups above it are dropped and counted.
         * @return this.
         */
        public Context maxImageTermLength(final int lengthBytes) {
            return this;
        }

        /**
         * Limits the images per stream.
         *
         * @param count default 128.
         * @return this.
         */
        public Context imageLimit(final int count) {
            return this;
        }

        /**
         * Sets where Aeron's errors go; called on the duty cycle's thread.
         *
         * @param handler default: counts only.
         * @return this.
         */
        public Context errorHandler(final ErrorHandler handler) {
            return this;
        }

        /**
         * Sets where warnings to the operator go.
         *
         * @param warning default: nowhere.
         * @return this.
         */
        public Context warning(final Consumer<String> warning) {
            return this;
        }
    }
}
