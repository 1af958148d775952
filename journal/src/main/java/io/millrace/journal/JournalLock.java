package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The exclusive lock on a journal file or block device. It is a POSIX record lock: closing any other descriptor of the
 * same file in this process would release it, so the device is closed before it, and nothing else opens the file
 * meanwhile. A block device is claimed as well ({@link DeviceClaim}), against everybody who asks for no lock.
 *
 * <p><b>Threading</b>: one thread.
 */
final class JournalLock implements AutoCloseable {
    private static final Set<Object> LOCKED_HERE = ConcurrentHashMap.newKeySet();

    private final FileChannel channel;
    private final Object key;
    private final long length;
    private final ResourceLedger ledger;
    private final @Nullable BlockFacts facts;
    private final @Nullable DeviceClaim claim;
    private boolean closed;

    private JournalLock(
            final FileChannel channel,
            final Object key,
            final long length,
            final ResourceLedger ledger,
            final @Nullable BlockFacts facts,
            final @Nullable DeviceClaim claim) {
        this.channel = channel;
        this.key = key;
        this.length = length;
        this.ledger = ledger;
        this.facts = facts;
        this.claim = claim;
        ledger.addDescriptors(1);
    }

    /**
     * Locks a journal file or block device.
     *
     * @param file to lock
     * @param ledger that counts the descriptors
     * @return lock
     * @throws MillraceException MR-6001, MR-6002, MR-6004, MR-6011, MR-6012 a directory, or a device that cannot be
     *     used, MR-6013, MR-6021 a device that is in use
     */
    static JournalLock take(final Path file, final ResourceLedger ledger) {
        if (!Files.exists(file)) {
            throw new MillraceException(
                    ErrorCode.DEVICE_NOT_FOUND, file + " does not exist. " + ErrorCode.DEVICE_NOT_FOUND.remedy());
        }
        JournalPlace.requireUsable(file);
        final Object key = requireNotLockedHere(file);
        final BlockFacts facts = BlockFacts.of(file).orElse(null);
        FileChannel channel = null;
        DeviceClaim claim = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            final long length = channel.size();
            if (length < LogFormat.DEFAULT_DATA_ADDRESS + LogFormat.MIN_GRANULE) {
                throw new MillraceException(
                        ErrorCode.DEVICE_TOO_SMALL,
                        file + " has " + length + " bytes, a journal needs more than "
                                + LogFormat.DEFAULT_DATA_ADDRESS);
            }
            final FileLock lock = channel.tryLock();
            if (lock == null) {
                throw locked(file, "another process");
            }
            if (facts != null) {
                requireFits(file, facts);
                claim = DeviceClaim.take(file, facts, ledger);
            }
            final JournalLock taken = new JournalLock(channel, key, length, ledger, facts, claim);
            LOCKED_HERE.add(key);
            channel = null;
            claim = null;
            return taken;
        } catch (final OverlappingFileLockException e) {
            throw locked(file, "this process");
        } catch (final AccessDeniedException e) {
            throw new MillraceException(ErrorCode.DEVICE_PERMISSION, file + ": permission denied", e);
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DEVICE_IO, file + ": " + e.getMessage(), e);
        } finally {
            CloseHelper.quietCloseAll(claim, channel);
        }
    }

    private static void requireFits(final Path file, final BlockFacts facts) {
        if (facts.readOnly()) {
            throw new MillraceException(
                    ErrorCode.DEVICE_UNSUITABLE, file + " is read-only. Make it writable: blockdev --setrw " + file);
        }
        if (facts.logicalBlockLength() > LogFormat.MIN_GRANULE) {
            throw new MillraceException(
                    ErrorCode.DEVICE_UNSUITABLE,
                    file + " has logical blocks of " + facts.logicalBlockLength() + " bytes; at most "
                            + LogFormat.MIN_GRANULE + " can be used. Format it with smaller ones: nvme format --lbaf");
        }
    }

    /**
     * Refuses a file that this process has locked: opening and closing it would release the lock.
     *
     * @param file existing file
     * @return what tells it from other files, whatever its path
     * @throws MillraceException MR-6004, MR-6011
     */
    static Object requireNotLockedHere(final Path file) {
        try {
            final Object found =
                    Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            final Object key = found == null ? file.toRealPath() : found;
            if (LOCKED_HERE.contains(key)) {
                throw locked(file, "this process");
            }
            return key;
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DEVICE_IO, file + ": " + e.getMessage(), e);
        }
    }

    private static MillraceException locked(final Path file, final String who) {
        return new MillraceException(
                ErrorCode.DEVICE_LOCKED,
                file + " is locked by " + who + ". " + ErrorCode.DEVICE_LOCKED.remedy() + " Find it with: fuser "
                        + file);
    }

    /**
     * Returns the file's length when it was locked.
     *
     * @return bytes
     */
    long length() {
        return length;
    }

    /**
     * Returns the locked descriptor, for who writes before a journal is there.
     *
     * @return open as long as the lock
     */
    FileChannel channel() {
        return channel;
    }

    /**
     * Returns what the kernel says of a locked block device.
     *
     * @return facts, null for a file
     */
    @Nullable
    BlockFacts facts() {
        return facts;
    }

    /**
     * Reads what the superblocks say of a calibration, before the device is opened as they say. Read through the lock's
     * own descriptor: closing another one would release the lock.
     *
     * @param name of the device, for messages that nobody sees
     * @return calibration; {@link Calibration#NONE} also when the superblocks cannot be read, which the journal reports
     */
    Calibration calibration(final String name) {
        final ByteBuffer head = ByteBuffer.allocate(JournalContext.HEAD_LENGTH);
        try {
            int read = 1;
            while (head.hasRemaining() && read > 0) {
                read = channel.read(head, head.position());
            }
            return SuperblockPair.read(new UnsafeBuffer(head.array()), 0, new Crc32c(head), name)
                    .newest(name)
                    .calibration();
        } catch (final IOException | MillraceException e) {
            return Calibration.NONE;
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ledger.addDescriptors(-1);
            CloseHelper.quietCloseAll(claim, channel); // releases the lock
            LOCKED_HERE.remove(key);
        }
    }
}
