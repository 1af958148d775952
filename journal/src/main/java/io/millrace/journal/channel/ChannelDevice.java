package io.millrace.journal.channel;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.BlockDevice;
import io.millrace.journal.CompletionHandler;
import io.millrace.journal.DurabilityMode;
import io.millrace.journal.ResourceLedger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A file read and written by a {@link FileChannel}, past the page cache where the file system can, each write durable
 * before it returns.
 *
 * <p><b>Threading</b>: one thread at a time. Operations run when they are submitted and block; their completions are
 * delivered by the next poll.
 */
public final class ChannelDevice implements BlockDevice {
    private static final int GRANULE = 4096;
    private static final int QUEUE_LENGTH = 128;
    private static final int EIO = 5;

    private final Path path;
    private final long length;
    private final DurabilityMode durabilityMode;
    private final ResourceLedger ledger;
    private final FileChannel channel;
    private final long[] tokens = new long[QUEUE_LENGTH];
    private final int[] results = new int[QUEUE_LENGTH];

    private @Nullable ByteBuffer view;
    private int head;
    private int count;
    private boolean closed;

    /**
     * Opens a file.
     *
     * @param path of the file
     * @param length bytes of it to use
     * @param mode as found by the caller; its mechanism is replaced by what this backend does
     * @param readOnly true for the offline tools
     * @param ledger that counts the descriptor
     * @throws MillraceException MR-6011 when it cannot be opened
     */
    public ChannelDevice(
            final Path path,
            final long length,
            final DurabilityMode mode,
            final boolean readOnly,
            final ResourceLedger ledger) {
        this.path = path;
        this.length = length;
        this.ledger = ledger;
        final Set<OpenOption> options = new HashSet<>();
        options.add(StandardOpenOption.READ);
        if (!readOnly) {
            options.add(StandardOpenOption.WRITE);
            options.add(StandardOpenOption.DSYNC);
        }
        FileChannel opened;
        boolean direct = true;
        try {
            final Set<OpenOption> withDirect = new HashSet<>(options);
            withDirect.add(directOption());
            opened = FileChannel.open(path, withDirect);
        } catch (final UnsupportedOperationException | IOException e) {
            direct = false;
            try {
                opened = FileChannel.open(path, options);
            } catch (final IOException second) {
                throw new MillraceException(ErrorCode.DEVICE_IO, path + ": " + second.getMessage(), second);
            }
        }
        channel = opened;
        durabilityMode = new DurabilityMode(
                direct ? "O_DSYNC (FileChannel, direct)" : "O_DSYNC (FileChannel, page cache)",
                mode.survivesPowerLoss(),
                mode.device(),
                mode.writeCache(),
                mode.forceUnitAccess());
        ledger.addDescriptors(1);
    }

    /** Finds O_DIRECT by name: newer compilers refuse to name the JDK's own class for it without a warning. */
    private static OpenOption directOption() {
        try {
            for (final Object option :
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
                if (option instanceof OpenOption direct && option.toString().equals("DIRECT")) {
                    return direct;
                }
            }
        } catch (final ClassNotFoundException e) {
            throw new UnsupportedOperationException("this JDK opens no file with O_DIRECT", e);
        }
        throw new UnsupportedOperationException("this JDK opens no file with O_DIRECT");
    }

    @Override
    public int granule() {
        return GRANULE;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public String description() {
        return path + " on " + durabilityMode.device();
    }

    @Override
    public DurabilityMode durabilityMode() {
        return durabilityMode;
    }

    @Override
    public String backendName() {
        return "channel";
    }

    @Override
    public void register(final ByteBuffer arena) {
        view = arena.duplicate();
    }

    @Override
    public boolean submitWrite(final int arenaIndex, final int writeLength, final long address, final long token) {
        if (count == QUEUE_LENGTH) {
            return false;
        }
        final ByteBuffer buffer = range(arenaIndex, writeLength);
        int result;
        try {
            result = channel.write(buffer, address);
            while (buffer.hasRemaining() && result > 0) {
                final int more = channel.write(buffer, address + result);
                if (more <= 0) {
                    break;
                }
                result += more;
            }
        } catch (final IOException e) {
            result = -EIO;
        }
        complete(token, result);
        return true;
    }

    @Override
    public boolean submitRead(final int arenaIndex, final int readLength, final long address, final long token) {
        if (count == QUEUE_LENGTH) {
            return false;
        }
        final ByteBuffer buffer = range(arenaIndex, readLength);
        int result = 0;
        try {
            while (buffer.hasRemaining()) {
                final int more = channel.read(buffer, address + result);
                if (more <= 0) {
                    break;
                }
                result += more;
            }
        } catch (final IOException e) {
            result = -EIO;
        }
        complete(token, result);
        return true;
    }

    private ByteBuffer range(final int arenaIndex, final int rangeLength) {
        final ByteBuffer buffer = view;
        if (buffer == null) {
            throw new IllegalStateException("no buffer is registered");
        }
        return buffer.limit(arenaIndex + rangeLength).position(arenaIndex);
    }

    private void complete(final long token, final int result) {
        final int slot = (head + count) % QUEUE_LENGTH;
        tokens[slot] = token;
        results[slot] = result;
        count++;
    }

    @Override
    public int flush() {
        return 0;
    }

    @Override
    public int poll(final CompletionHandler handler, final int limit) {
        int done = 0;
        while (done < limit && count > 0) {
            final long token = tokens[head];
            final int result = results[head];
            head = (head + 1) % QUEUE_LENGTH;
            count--;
            handler.onCompletion(token, result);
            done++;
        }
        return done;
    }

    @Override
    public int await(final long timeoutNs) {
        if (count == 0) {
            LockSupport.parkNanos(timeoutNs);
        }
        return count;
    }

    @Override
    public boolean watch(final int fileDescriptor) {
        return false;
    }

    @Override
    public void unwatch(final int fileDescriptor) {
        // nothing is ever watched
    }

    @Override
    public void sync() {
        try {
            channel.force(false);
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DEVICE_IO, path + ": sync failed: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ledger.addDescriptors(-1);
            try {
                channel.close();
            } catch (final IOException e) {
                throw new MillraceException(ErrorCode.DEVICE_IO, path + ": close failed: " + e.getMessage(), e);
            }
        }
    }
}
