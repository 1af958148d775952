package io.millrace.peers.archive;

import io.aeron.archive.Archive;
import io.aeron.archive.ArchiveThreadingMode;
import io.aeron.archive.client.AeronArchive;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.millrace.codec.AllowedHere;
import io.millrace.perf.process.ParentWatch;
import java.io.File;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * Media driver and archive of one measurement, on one thread that yields when there is nothing to do: on few cores the
 * fastest arrangement of several that were tried.
 *
 * <p>Arguments: directory of the driver, directory of the archive, file sync level, MTU in bytes.
 *
 * <p><b>Threading:</b> the main thread runs everything until the process is ended.
 */
public final class ArchiveServer {
    /** Printed when clients may connect. */
    static final String READY = "the archive serves";

    private static final int TERM_LENGTH = 16 << 20;
    private static final int SOCKET_BUFFER_LENGTH = 2 << 20;
    private static final int SEGMENT_LENGTH = 128 << 20;
    private static final int FILE_IO_MAX_LENGTH = 1 << 20;
    /** The rig may be busy with something else between two phases, longer than Aeron lets a client be silent. */
    private static final long CLIENT_LIVENESS_NS = TimeUnit.SECONDS.toNanos(120);

    private ArchiveServer() {}

    /**
     * Runs until the process is ended.
     *
     * @param arguments as above.
     */
    @AllowedHere("says that it is ready on standard output, and its errors on standard error")
    public static void main(final String[] arguments) {
        ParentWatch.begin();
        final String aeronDirectory = arguments[0];
        final int mtuLength = Integer.parseInt(arguments[3]);
        final MediaDriver driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(aeronDirectory)
                .dirDeleteOnStart(true)
                .warnIfDirectoryExists(false)
                .threadingMode(ThreadingMode.INVOKER)
                .termBufferSparseFile(false)
                .publicationTermBufferLength(TERM_LENGTH)
                .ipcTermBufferLength(TERM_LENGTH)
                .mtuLength(mtuLength)
                .ipcMtuLength(mtuLength)
                .socketRcvbufLength(SOCKET_BUFFER_LENGTH)
                .socketSndbufLength(SOCKET_BUFFER_LENGTH)
                .initialWindowLength(SOCKET_BUFFER_LENGTH)
                .spiesSimulateConnection(true)
                .clientLivenessTimeoutNs(CLIENT_LIVENESS_NS)
                .publicationUnblockTimeoutNs(2 * CLIENT_LIVENESS_NS) // must be longer; nobody is blocked here
                .errorHandler(Throwable::printStackTrace));
        final Archive archive = Archive.launch(context(arguments, driver));
        System.out.println(READY);
        final IdleStrategy idle = YieldingIdleStrategy.INSTANCE;
        while (true) {
            idle.idle(archive.invoker().invoke());
        }
    }

    @AllowedHere("prints errors of the archive to standard error")
    private static Archive.Context context(final String[] arguments, final MediaDriver driver) {
        final int syncLevel = Integer.parseInt(arguments[2]);
        return new Archive.Context()
                .aeronDirectoryName(arguments[0])
                .archiveDir(new File(arguments[1]))
                .deleteArchiveOnStart(true)
                .mediaDriverAgentInvoker(driver.sharedAgentInvoker())
                .threadingMode(ArchiveThreadingMode.INVOKER)
                .fileSyncLevel(syncLevel)
                .catalogFileSyncLevel(syncLevel)
                .segmentFileLength(SEGMENT_LENGTH)
                .fileIoMaxLength(FILE_IO_MAX_LENGTH)
                .controlChannelEnabled(false) // clients are on this host: control goes over IPC
                .archiveClientContext(
                        new AeronArchive.Context().controlResponseChannel("aeron:udp?endpoint=127.0.0.1:0"))
                .replicationChannel("aeron:udp?endpoint=127.0.0.1:0")
                .recordingEventsEnabled(false)
                .errorHandler(Throwable::printStackTrace);
    }
}
