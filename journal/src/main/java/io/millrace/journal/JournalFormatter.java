package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.journal.uring.UringDevice;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import org.agrona.CloseHelper;
import org.jspecify.annotations.Nullable;

/**
 * Makes a journal file: preallocated, zero-written (appends and unwritten extents leave the fast path), with both
 * superblocks, durable under its name or not there at all. It grows under another name and is renamed when it is
 * complete. A lock beside it lets one at a time do this: the second would take the first one's growing file away.
 *
 * <p><b>Threading</b>: the caller's thread; blocks.
 */
final class JournalFormatter implements CompletionHandler {
    private static final int PIECE_LENGTH = 1 << 20;
    private static final int PIECES_IN_FLIGHT = 8;
    private static final long PROGRESS_STEP = 64L << 20;
    private static final long WAIT_NS = 100_000_000L;
    private static final int ENOSPC = 28;
    private static final int EFBIG = 27;
    private static final int EDQUOT = 122;
    private static final String SUFFIX = ".formatting";
    private static final int LOCK_ATTEMPT_LIMIT = 16;
    private static final String LOCK_SUFFIX = ".formatting.lock";

    private final FormatContext context;
    private int inFlightCount;
    private long doneBytes;
    private long reportedBytes;
    private int failure;

    private JournalFormatter(final FormatContext context) {
        this.context = context;
    }

    /**
     * Makes a journal file, or a journal of a block device.
     *
     * @param context what to make
     * @throws MillraceException MR-6001 a device that is not there, MR-6002, MR-6004, MR-6009, MR-6010, MR-6011,
     *     MR-6013; for a device also MR-6012, MR-6021, MR-6022
     */
    static void format(final FormatContext context) {
        if (JournalPlace.isBlockDevice(context.file())) {
            RawFormatter.format(context);
            return;
        }
        final Superblock superblock = plan(context, context.length());
        final Path file = context.file().toAbsolutePath();
        requireMissing(file);
        JournalPlace.requireNoDeviceNamed(file);
        final Path growing = file.resolveSibling(file.getFileName() + SUFFIX);
        final Path lockFile = file.resolveSibling(file.getFileName() + LOCK_SUFFIX);
        try {
            final FileChannel lock = lock(lockFile, file);
            try {
                requireMissing(file); // whoever held the lock before may have made it
                grow(context, superblock, file, growing);
            } finally {
                Files.deleteIfExists(lockFile);
                lock.close();
            }
        } catch (final NoSuchFileException e) {
            throw new MillraceException(
                    ErrorCode.DEVICE_NOT_FOUND, file + ": the directory " + file.getParent() + " does not exist", e);
        } catch (final java.nio.file.AccessDeniedException e) {
            throw new MillraceException(ErrorCode.DEVICE_PERMISSION, file + ": permission denied", e);
        } catch (final IOException e) {
            throw failed(file, superblock.deviceLength(), isFull(e), String.valueOf(e.getMessage()));
        }
    }

    private static void requireMissing(final Path file) {
        if (Files.exists(file)) {
            throw new MillraceException(
                    ErrorCode.DEVICE_NOT_EMPTY, file + " exists. " + ErrorCode.DEVICE_NOT_EMPTY.remedy());
        }
    }

    /** The file that was locked may be one that its last holder has removed meanwhile: then another is made. */
    private static FileChannel lock(final Path lockFile, final Path file) throws IOException {
        for (int i = 0; i < LOCK_ATTEMPT_LIMIT; i++) {
            if (!Files.exists(lockFile)) {
                Files.newByteChannel(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE)
                        .close();
            }
            final Object seen = keyOf(lockFile);
            final FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            final boolean isLocked = tryLock(channel);
            if (isLocked && seen != null && seen.equals(keyOf(lockFile))) {
                return channel;
            }
            channel.close();
            if (!isLocked) {
                break;
            }
        }
        throw new MillraceException(
                ErrorCode.DEVICE_LOCKED,
                file + " is just being formatted by another start or journal format. Wait until it is done");
    }

    private static @Nullable Object keyOf(final Path lockFile) throws IOException {
        try {
            return Files.readAttributes(lockFile, BasicFileAttributes.class).fileKey();
        } catch (final NoSuchFileException e) {
            return null;
        }
    }

    private static boolean tryLock(final FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null; // released with the channel
        } catch (final OverlappingFileLockException e) {
            return false; // this very process is at it
        }
    }

    private static void grow(
            final FormatContext context, final Superblock superblock, final Path file, final Path growing)
            throws IOException {
        boolean complete = false;
        try {
            Files.deleteIfExists(growing);
            Files.createFile(growing);
            new JournalFormatter(context).write(growing, superblock);
            Files.move(growing, file, StandardCopyOption.ATOMIC_MOVE);
            syncDirectory(file);
            complete = true;
        } finally {
            if (!complete) {
                deleteQuietly(growing);
            }
        }
    }

    /**
     * Writes the superblocks of a device that is all zeros.
     *
     * @param device to make a journal of
     * @param context what to make
     */
    static void format(final BlockDevice device, final FormatContext context) {
        final Superblock superblock = plan(context, device.length() - LogFormat.DEFAULT_DATA_ADDRESS);
        final int granule = superblock.granule();
        final Arena arena = new Arena(2 * granule, context.ledger());
        try {
            device.register(arena.bytes());
            encodeBoth(arena, superblock);
            final BlockingIo io = new BlockingIo(device, device.description());
            io.write(0, granule, 0);
            io.write(granule, granule, granule);
        } finally {
            arena.close();
        }
    }

    /**
     * Plans the geometry.
     *
     * @param context what to make
     * @param length room for batches in bytes
     * @return first superblock
     * @throws MillraceException MR-6002 when there is no room, or the geometry makes no sense
     */
    static Superblock plan(final FormatContext context, final long length) {
        final long zones = Math.max(1, length / Math.max(1, context.zoneLength()));
        final Superblock superblock = new Superblock(
                context.granule(),
                context.deviceUuid(),
                context.nodeId(),
                1,
                0,
                0,
                LogFormat.DEFAULT_DATA_ADDRESS + zones * context.zoneLength(),
                LogFormat.DEFAULT_DATA_ADDRESS,
                context.zoneLength(),
                context.epochClock().nanoTime(),
                Calibration.NONE,
                0,
                0,
                0);
        if (!superblock.isSane() || length < context.zoneLength()) {
            throw new MillraceException(
                    ErrorCode.DEVICE_TOO_SMALL,
                    context.file() + ": length " + length + ", zone length " + context.zoneLength()
                            + ", granule " + context.granule()
                            + ": a journal has at least one zone, a zone whole granules of 4 to 32 KiB");
        }
        return superblock;
    }

    private void write(final Path file, final Superblock superblock) throws IOException {
        final boolean uring = context.probe().probe() == 0;
        if (uring) {
            writeZeros(file, superblock.deviceLength());
        } else {
            writeZerosByChannel(file, superblock.deviceLength());
        }
        writeSuperblocks(file, superblock);
    }

    private void writeZeros(final Path file, final long length) {
        final DurabilityMode mode = DeviceIdentity.of(file, "none");
        final Arena arena = new Arena(PIECE_LENGTH, context.ledger());
        UringDevice device = null;
        try {
            device = new UringDevice(file, length, mode, false, context.ledger());
            failOn(file, length, device.preallocate());
            device.register(arena.bytes());
            long next = 0;
            while (failure == 0 && (next < length || inFlightCount > 0)) {
                while (failure == 0 && next < length && inFlightCount < PIECES_IN_FLIGHT) {
                    final int piece = (int) Math.min(PIECE_LENGTH, length - next);
                    device.submitWrite(0, piece, next, piece);
                    inFlightCount++;
                    next += piece;
                }
                device.await(WAIT_NS);
                device.poll(this, PIECES_IN_FLIGHT);
                report(length);
            }
            failOn(file, length, failure);
            device.sync();
        } finally {
            CloseHelper.quietCloseAll(device, arena);
        }
    }

    /**
     * Takes the completion of a piece.
     *
     * @param token its length
     * @param result bytes or negative errno
     */
    @Override
    public void onCompletion(final long token, final int result) {
        inFlightCount--;
        if (result == token) {
            doneBytes += token;
        } else if (failure == 0) {
            failure = result < 0 ? result : -ENOSPC; // a short write of zeros: there was no room for more
        }
    }

    private void writeZerosByChannel(final Path file, final long length) throws IOException {
        final Arena arena = new Arena(PIECE_LENGTH, context.ledger());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            long next = 0;
            while (next < length) {
                final int piece = (int) Math.min(PIECE_LENGTH, length - next);
                next += channel.write(arena.bytes().limit(piece).position(0), next);
                doneBytes = next;
                report(length);
            }
            channel.force(true);
        } finally {
            arena.close();
        }
    }

    private void report(final long length) {
        if (doneBytes - reportedBytes >= PROGRESS_STEP || doneBytes == length) {
            reportedBytes = doneBytes;
            context.progress().onProgress(doneBytes, length);
        }
    }

    private void writeSuperblocks(final Path file, final Superblock superblock) throws IOException {
        final Arena arena = new Arena(2 * superblock.granule(), context.ledger());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            encodeBoth(arena, superblock);
            long written = 0;
            while (arena.bytes().hasRemaining()) {
                written += channel.write(arena.bytes(), written);
            }
            channel.force(true);
        } finally {
            arena.close();
        }
    }

    /**
     * Encodes the superblocks of a new device, A before B.
     *
     * @param arena of two granules
     * @param superblock first one
     */
    static void encodeBoth(final Arena arena, final Superblock superblock) {
        final Crc32c crc = new Crc32c(arena.bytes());
        superblock.encode(arena.buffer(), 0, crc);
        superblock.next(2, 0, 0).encode(arena.buffer(), superblock.granule(), crc);
    }

    private static void failOn(final Path file, final long length, final int result) {
        if (result < 0) {
            final boolean full = result == -ENOSPC || result == -EFBIG || result == -EDQUOT;
            throw failed(file, length, full, "errno " + -result);
        }
    }

    private static MillraceException failed(final Path file, final long length, final boolean full, final String what) {
        long free = -1;
        final Path directory = file.toAbsolutePath().getParent();
        try {
            free = directory == null ? -1 : Files.getFileStore(directory).getUsableSpace();
        } catch (final IOException e) {
            free = -1; // only for the message
        }
        return new MillraceException(
                full ? ErrorCode.DISK_FULL : ErrorCode.DEVICE_IO,
                file + ": writing " + length + " bytes failed (" + what + "); the file system has " + free
                        + " bytes free; nothing is left behind. "
                        + (full ? ErrorCode.DISK_FULL.remedy() : ErrorCode.DEVICE_IO.remedy()));
    }

    private static boolean isFull(final IOException e) {
        final String text = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        return text.contains("no space") || text.contains("too large") || text.contains("quota");
    }

    private static void syncDirectory(final Path file) throws IOException {
        final Path directory = file.getParent();
        if (directory != null) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private static void deleteQuietly(final Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (final IOException e) {
            file.toFile().deleteOnExit(); // the fault that brought us here is the one to report
        }
    }
}
