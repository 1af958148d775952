package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.channel.ChannelDevice;
import io.millrace.journal.pwritev2.PwritevDevice;
import io.millrace.journal.uring.UringDevice;
import java.nio.file.Path;

/**
 * Chooses and opens a backend. The only class of this package that knows them.
 *
 * <p><b>Threading</b>: any thread.
 */
final class Backends {
    private Backends() {}

    /**
     * Makes the probe of this process.
     *
     * @return probe
     */
    static IoUringProbe systemProbe() {
        final Integer denied = Integer.getInteger(IoUringProbe.DENIED_PROPERTY);
        return denied != null ? () -> -denied : UringDevice::probe;
    }

    /**
     * Opens a locked journal for writing, as its superblocks say that it was calibrated.
     *
     * @param context names the file, the wish and the probe
     * @param lock on the file
     * @param arenaLength bytes that io_uring would have to lock
     * @return device
     * @throws MillraceException MR-5003, MR-5004, MR-6011, MR-6012
     */
    static BlockDevice openLocked(final JournalContext context, final JournalLock lock, final long arenaLength) {
        final Calibration calibration = lock.calibration(context.file().toString());
        return open(context, calibration.methodToUse(), arenaLength, lock.length());
    }

    /**
     * Opens a journal file for writing.
     *
     * @param context names the file, the wish and the probe
     * @param calibrated method that was found best; {@code RWF_DSYNC} when nothing was
     * @param arenaLength bytes that io_uring would have to lock
     * @param fileLength bytes
     * @return device
     * @throws MillraceException MR-5003, MR-5004, MR-6011, MR-6012
     */
    static BlockDevice open(
            final JournalContext context, final SyncMethod calibrated, final long arenaLength, final long fileLength) {
        final Path file = context.file();
        final SyncMethod method = choose(context.backend(), calibrated);
        final DurabilityMode mode = DeviceIdentity.of(file, method.mechanism());
        if (!mode.survivesPowerLoss()) {
            context.warnings().accept(file + " lies on " + mode.device() + ": memory, nothing on it is durable");
        }
        if (method == SyncMethod.PWRITEV2) {
            return new PwritevDevice(file, fileLength, mode, context.ledger());
        }
        if (method != SyncMethod.CHANNEL) {
            final int refusal = context.probe().probe();
            if (refusal == 0) {
                requireLockableMemory(context, arenaLength);
                return new UringDevice(file, fileLength, mode, method, context.ledger());
            }
            final String reason = "io_uring is denied (errno " + -refusal + ", "
                    + (refusal == -1 ? "EPERM" : refusal == -38 ? "ENOSYS" : "see errno(3)") + ")";
            if (context.backend() == Backend.URING) {
                throw new MillraceException(
                        ErrorCode.IO_URING_DENIED, file + ": " + reason + " and journal.backend = \"uring\"");
            }
            context.warnings()
                    .accept(ErrorCode.IO_URING_DENIED.id() + ": " + reason + "; " + file
                            + " falls back to backend channel: every write blocks the device thread. "
                            + ErrorCode.IO_URING_DENIED.remedy());
        }
        return new ChannelDevice(file, fileLength, mode, false, context.ledger());
    }

    /** What the operator wants goes before what the calibration found. */
    private static SyncMethod choose(final Backend wanted, final SyncMethod calibrated) {
        return switch (wanted) {
            case AUTO -> calibrated;
            case URING -> calibrated == SyncMethod.LINKED_FSYNC ? calibrated : SyncMethod.RWF_DSYNC;
            case PWRITEV2 -> SyncMethod.PWRITEV2;
            case CHANNEL -> SyncMethod.CHANNEL;
        };
    }

    /**
     * Opens a journal file for the offline tools.
     *
     * @param file to read
     * @param fileLength bytes
     * @param ledger that counts the descriptor
     * @return device that must not be written
     */
    static BlockDevice openReadOnly(final Path file, final long fileLength, final ResourceLedger ledger) {
        return new ChannelDevice(file, fileLength, DeviceIdentity.of(file, "none"), true, ledger);
    }

    private static void requireLockableMemory(final JournalContext context, final long arenaLength) {
        final long limit = context.memoryLockLimit().limitBytes();
        if (limit < arenaLength) {
            throw new MillraceException(
                    ErrorCode.MEMLOCK_TOO_SMALL,
                    context.file() + ": the journal locks " + arenaLength + " bytes of I/O buffers, the limit is "
                            + limit
                            + " bytes (RLIMIT_MEMLOCK). " + ErrorCode.MEMLOCK_TOO_SMALL.remedy()
                            + " Or set a smaller journal.buffer-size.");
        }
    }
}
