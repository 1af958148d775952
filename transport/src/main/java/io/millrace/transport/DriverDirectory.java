package io.millrace.transport;

import io.aeron.CncFileDescriptor;
import io.aeron.CommonContext;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.File;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where a driver keeps its shared memory: a name of its own, space before it starts, and no living driver in the way.
 *
 * <p><b>Threading</b>: called at start, before a duty cycle runs.
 */
final class DriverDirectory {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    // Command, counters, error and loss files of a driver: 8.4 MiB measured with the default lengths of Aeron 1.51.
    private static final long DRIVER_FILES_LENGTH = 12L << 20;
    private static final int TERMS_PER_LOG = 3;
    private static final long ACTIVE_CHECK_MS = 10_000;

    private DriverDirectory() {}

    /** Returns a name that no other process or transport uses. */
    static String newName() {
        final Path parent = Files.isDirectory(SHARED_MEMORY) ? SHARED_MEMORY : new File(IoUtil.tmpDirName()).toPath();
        return parent.resolve("millrace-" + ProcessHandle.current().pid() + "-"
                        + UUID.randomUUID().toString().substring(0, 8))
                .toString();
    }

    /**
     * Makes sure that an embedded driver may start in a directory: deletes what a dead process left, refuses what a
     * living one uses, and checks the space.
     *
     * @param name of the directory.
     * @param termLength of one term, in bytes.
     */
    static void prepare(final String name, final int termLength) {
        final File directory = new File(name);
        if (new File(directory, CncFileDescriptor.CNC_FILE).exists()) {
            final long ownerPid = ownerPid(directory);
            final boolean isAlive = ownerPid > 0
                    && ProcessHandle.of(ownerPid).map(ProcessHandle::isAlive).orElse(false);
            if (isAlive && CommonContext.isDriverActive(directory, ACTIVE_CHECK_MS, message -> {})) {
                throw new MillraceException(
                        ErrorCode.MEDIA_DRIVER,
                        "directory " + name + " is used by the media driver of process " + ownerPid
                                + "; stop that process or give this one another aeron.directory");
            }
            IoUtil.delete(directory, true);
        }
        checkSpace(directory.getAbsoluteFile().getParentFile(), termLength);
    }

    /**
     * Makes sure that another process's driver lives in a directory.
     *
     * @param name of the directory.
     */
    static void checkForeign(final String name) {
        final File directory = new File(name);
        if (!new File(directory, CncFileDescriptor.CNC_FILE).exists()
                || !CommonContext.isDriverActive(directory, ACTIVE_CHECK_MS, message -> {})) {
            throw new MillraceException(
                    ErrorCode.UNREACHABLE, "no living media driver in " + name + "; start the node that owns it");
        }
    }

    private static void checkSpace(final File parent, final int termLength) {
        final long needed = DRIVER_FILES_LENGTH + 2L * TERMS_PER_LOG * termLength;
        final long usable;
        try {
            usable = Files.getFileStore(parent.toPath()).getUsableSpace();
        } catch (final IOException e) {
            throw new MillraceException(
                    ErrorCode.SHARED_MEMORY_TOO_SMALL, "cannot read the free space of " + parent, e);
        }
        if (usable < needed) {
            throw new MillraceException(
                    ErrorCode.SHARED_MEMORY_TOO_SMALL,
                    parent + " has " + usable + " bytes free, the media driver and one session need " + needed
                            + "; free some, run: mount -o remount,size=1G " + parent
                            + " or in a container: --shm-size=1g");
        }
    }

    private static long ownerPid(final File directory) {
        final File cnc = new File(directory, CncFileDescriptor.CNC_FILE);
        if (cnc.length() < CncFileDescriptor.META_DATA_LENGTH) {
            return 0;
        }
        final MappedByteBuffer mapped = IoUtil.mapExistingFile(cnc, CncFileDescriptor.CNC_FILE);
        try {
            return CncFileDescriptor.pid(new UnsafeBuffer(mapped));
        } finally {
            IoUtil.unmap(mapped);
        }
    }
}
