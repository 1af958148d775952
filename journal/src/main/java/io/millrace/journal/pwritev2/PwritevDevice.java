package io.millrace.journal.pwritev2;

import com.kenai.jffi.LastError;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.BlockDevice;
import io.millrace.journal.CompletionHandler;
import io.millrace.journal.DurabilityMode;
import io.millrace.journal.ResourceLedger;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * A file on which a second thread writes by {@code pwritev2} with {@code RWF_DSYNC}, past the page cache.
 *
 * <p><b>Threading</b>: one device thread at a time, and the worker of this device.
 */
public final class PwritevDevice implements BlockDevice {
    /** Requests that can be queued or in flight. */
    public static final int QUEUE_LENGTH = 128;

    private static final int GRANULE = 4096;
    private static final int EINVAL = 22;
    private static final long DRAIN_STEP_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int DRAIN_STEP_LIMIT = 100;

    private final Path path;
    private final long length;
    private final DurabilityMode durabilityMode;
    private final ResourceLedger ledger;
    private final LibC libc = LibC.load();
    private final int descriptor;
    private final RequestRing requests = new RequestRing(QUEUE_LENGTH);
    private final CompletionHandler discard = (token, result) -> {};
    private final WriteWorker worker;

    private @Nullable ByteBuffer arena;
    private long arenaAddress;
    private int arenaLength;
    private boolean closed;

    /**
     * Opens a file and starts the worker.
     *
     * @param path of the file
     * @param length bytes of it to use
     * @param durabilityMode as found by the caller, who knows the file system
     * @param ledger that counts the descriptor
     * @throws MillraceException MR-6011, MR-6012 when it cannot be opened for direct writes
     */
    public PwritevDevice(
            final Path path, final long length, final DurabilityMode durabilityMode, final ResourceLedger ledger) {
        this.path = path;
        this.length = length;
        this.durabilityMode = durabilityMode;
        this.ledger = ledger;
        descriptor = libc.open(path.toString(), LibC.O_RDWR | LibC.O_DIRECT | LibC.O_CLOEXEC, 0);
        if (descriptor < 0) {
            final int errno = errno();
            throw new MillraceException(
                    errno == EINVAL ? ErrorCode.DEVICE_UNSUITABLE : ErrorCode.DEVICE_IO,
                    path + ": open for direct writes gave errno " + errno);
        }
        ledger.addDescriptors(1);
        worker = new WriteWorker(libc, descriptor, requests);
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
        return "pwritev2";
    }

    @Override
    public void register(final ByteBuffer buffer) {
        arena = buffer;
        arenaAddress = BufferUtil.address(buffer);
        arenaLength = buffer.capacity();
    }

    @Override
    public boolean submitWrite(final int arenaIndex, final int writeLength, final long address, final long token) {
        return submit(true, arenaIndex, writeLength, address, token);
    }

    @Override
    public boolean submitRead(final int arenaIndex, final int readLength, final long address, final long token) {
        return submit(false, arenaIndex, readLength, address, token);
    }

    private boolean submit(
            final boolean write, final int arenaIndex, final int ioLength, final long address, final long token) {
        if (closed || arena == null) {
            throw new IllegalStateException(path + (closed ? " is closed" : ": no buffer is registered"));
        }
        if (arenaIndex < 0 || ioLength < 0 || arenaIndex > arenaLength - ioLength) {
            throw new IllegalArgumentException("range " + arenaIndex + "+" + ioLength + " of " + arenaLength);
        }
        return requests.add(write, arenaAddress + arenaIndex, ioLength, address, token);
    }

    @Override
    public int flush() {
        final int count = requests.publish();
        if (count > 0) {
            worker.wake();
        }
        return count;
    }

    @Override
    public int poll(final CompletionHandler handler, final int limit) {
        final int count = Math.min(limit, requests.readyCount());
        for (int i = 0; i < count; i++) {
            final long token = requests.token();
            final int result = requests.result();
            requests.take();
            handler.onCompletion(token, result);
        }
        return count;
    }

    @Override
    public int await(final long timeoutNs) {
        flush();
        if (requests.readyCount() == 0) {
            worker.sleepUntilAnswer(timeoutNs);
        }
        return requests.readyCount();
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
        if (libc.fdatasync(descriptor) != 0) {
            throw new MillraceException(
                    ErrorCode.DEVICE_IO, path + ": fdatasync gave errno " + errno() + "; nothing was read");
        }
    }

    private static int errno() {
        return LastError.getInstance().get();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        flush();
        for (int i = 0; i < DRAIN_STEP_LIMIT && requests.inFlightCount() > 0; i++) {
            await(DRAIN_STEP_NS);
            poll(discard, QUEUE_LENGTH);
        }
        closed = true;
        worker.stop(DRAIN_STEP_NS * DRAIN_STEP_LIMIT);
        libc.close(descriptor);
        ledger.addDescriptors(-1);
    }
}
