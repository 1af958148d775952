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
import java.util.concurrent.locks.LockSupport;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * A file on which a second thread writes by {@code pwritev2} with {@code RWF_DSYNC}, past the page cache.
 *
 * <p><b>Threading</b>: one device thread at a time, and the worker of this device. The worker yields for a while after
 * its last request and then sleeps until the next one is flushed.
 */
public final class PwritevDevice implements BlockDevice {
    /** Requests that can be queued or in flight. */
    public static final int QUEUE_LENGTH = 128;

    private static final int GRANULE = 4096;
    private static final int RWF_DSYNC = 2;
    private static final int EINTR = 4;
    private static final int EIO = 5;
    private static final int EINVAL = 22;
    private static final int INTERRUPT_LIMIT = 16;
    private static final int IDLE_TURNS_BEFORE_SLEEP = 2_000;
    private static final int IO_VECTOR_LENGTH = 16;
    private static final long WORKER_SLEEP_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long DRAIN_STEP_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int DRAIN_STEP_LIMIT = 100;

    private final Path path;
    private final long length;
    private final DurabilityMode durabilityMode;
    private final ResourceLedger ledger;
    private final LibC libc = LibC.load();
    private final int descriptor;
    private final RequestRing requests = new RequestRing(QUEUE_LENGTH);
    private final ByteBuffer vectorMemory = BufferUtil.allocateDirectAligned(IO_VECTOR_LENGTH, 64);
    private final UnsafeBuffer vector = new UnsafeBuffer(vectorMemory);
    private final CompletionHandler discard = (token, result) -> {};
    private final Thread worker;

    private @Nullable ByteBuffer arena;
    private long arenaAddress;
    private int arenaLength;
    private volatile boolean workerSleeps;
    private volatile @Nullable Thread sleeper;
    private volatile boolean stopping;
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
        worker = new Thread(this::work, "millrace-pwritev2");
        worker.setDaemon(true);
        worker.start();
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
        return requests.add(write, arenaIndex, ioLength, address, token);
    }

    @Override
    public int flush() {
        final int count = requests.publish();
        if (count > 0 && workerSleeps) {
            LockSupport.unpark(worker);
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
            sleeper = Thread.currentThread();
            if (requests.readyCount() == 0) {
                LockSupport.parkNanos(this, timeoutNs);
            }
            sleeper = null;
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

    private void work() {
        int idleTurns = 0;
        while (!stopping) {
            final int slot = requests.next();
            if (slot >= 0) {
                idleTurns = 0;
                requests.answer(slot, transfer(slot));
                final Thread waiting = sleeper;
                if (waiting != null) {
                    LockSupport.unpark(waiting);
                }
            } else if (idleTurns < IDLE_TURNS_BEFORE_SLEEP) {
                idleTurns++;
                YieldingIdleStrategy.INSTANCE.idle();
            } else {
                workerSleeps = true;
                if (requests.next() < 0 && !stopping) {
                    LockSupport.parkNanos(this, WORKER_SLEEP_NS);
                }
                workerSleeps = false;
            }
        }
    }

    /** Makes one blocking call; whatever goes wrong becomes the request's result. */
    private int transfer(final int slot) {
        // SAFETY: submit() checked the range against the registered buffer, which its owner keeps until close().
        final long memory = arenaAddress + requests.arenaIndex(slot);
        for (int i = 0; i < INTERRUPT_LIMIT; i++) {
            final long result;
            if (requests.isWrite(slot)) {
                vector.putLong(0, memory);
                vector.putLong(Long.BYTES, requests.length(slot));
                result = libc.pwritev2(descriptor, vector.addressOffset(), 1, requests.address(slot), RWF_DSYNC);
            } else {
                result = libc.pread(descriptor, memory, requests.length(slot), requests.address(slot));
            }
            if (result >= 0) {
                return (int) result;
            }
            final int errno = errno();
            if (errno != EINTR) {
                return -errno;
            }
        }
        return -EIO;
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
        stopping = true;
        LockSupport.unpark(worker);
        joinWorker();
        libc.close(descriptor);
        ledger.addDescriptors(-1);
    }

    private void joinWorker() {
        boolean interrupted = false;
        try {
            worker.join(TimeUnit.NANOSECONDS.toMillis(DRAIN_STEP_NS * DRAIN_STEP_LIMIT));
        } catch (final InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
