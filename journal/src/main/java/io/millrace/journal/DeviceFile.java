package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;

/**
 * Opens a file as the block device a journal on it would have, without looking at what lies on it: for measuring what
 * the device itself can do. Nothing is locked, so the file must be the caller's own, never one of a node.
 *
 * <p><b>Threading</b>: any thread; the device belongs to the thread that uses it.
 */
public final class DeviceFile {
    private DeviceFile() {}

    /**
     * Opens the device with the backend and the durability mode that {@link Journal#open} would choose.
     *
     * @param context names the file, the wish for a backend and who is warned; the rest is not used
     * @param arenaLength bytes of the buffer that will be registered
     * @return device, to be closed
     * @throws MillraceException MR-6011 the file cannot be read, MR-5003 limit of locked memory, MR-5004 io_uring
     *     denied though asked for
     */
    public static BlockDevice open(final JournalContext context, final int arenaLength) {
        final long fileLength;
        try {
            fileLength = JournalPlace.lengthOf(context.file());
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DEVICE_IO, context.file() + ": " + e, e);
        }
        return Backends.open(context, SyncMethod.RWF_DSYNC, arenaLength, fileLength);
    }
}
