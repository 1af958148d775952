package io.millrace.journal.pwritev2;

import com.kenai.jffi.LastError;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * Makes the blocking calls of a device, one after the other. It yields for a while after its last request and then
 * sleeps until it is woken.
 *
 * <p><b>Threading</b>: its own thread; {@link #wake}, {@link #sleepUntilAnswer} and {@link #stop} by the device thread.
 */
final class WriteWorker {
    private static final int RWF_DSYNC = 2;
    private static final int EINTR = 4;
    private static final int EIO = 5;
    private static final int EAGAIN = 11;
    private static final int INTERRUPT_LIMIT = 16;
    private static final int IDLE_TURNS_BEFORE_SLEEP = 2_000;
    private static final int IO_VECTOR_LENGTH = 16;
    private static final long SLEEP_NS = TimeUnit.SECONDS.toNanos(1);

    private final LibC libc;
    private final int descriptor;
    private final RequestRing requests;
    private final ByteBuffer vectorMemory = BufferUtil.allocateDirectAligned(IO_VECTOR_LENGTH, 64);
    private final UnsafeBuffer vector = new UnsafeBuffer(vectorMemory);
    private final Thread thread;
    private volatile boolean sleeps;
    private volatile @Nullable Thread waiting;
    private volatile boolean stopping;

    /**
     * Starts the thread.
     *
     * @param libc to call
     * @param descriptor of the file, open for direct reads and writes
     * @param requests to answer
     */
    WriteWorker(final LibC libc, final int descriptor, final RequestRing requests) {
        this.libc = libc;
        this.descriptor = descriptor;
        this.requests = requests;
        thread = new Thread(this::run, "millrace-pwritev2");
        thread.setDaemon(true);
        thread.start();
    }

    /** Ends the worker's sleep, if it sleeps; never blocks. */
    void wake() {
        if (sleeps) {
            LockSupport.unpark(thread);
        }
    }

    /**
     * Sleeps on the calling thread until a request is answered or the time is over.
     *
     * @param timeoutNs nanoseconds
     */
    void sleepUntilAnswer(final long timeoutNs) {
        waiting = Thread.currentThread();
        if (requests.readyCount() == 0) {
            LockSupport.parkNanos(this, timeoutNs);
        }
        waiting = null;
    }

    /**
     * Ends the worker.
     *
     * @param timeoutNs longest wait for a call that hangs
     */
    void stop(final long timeoutNs) {
        stopping = true;
        LockSupport.unpark(thread);
        try {
            thread.join(TimeUnit.NANOSECONDS.toMillis(timeoutNs));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        int idleTurns = 0;
        while (!stopping) {
            final int slot = requests.next();
            if (slot >= 0) {
                idleTurns = 0;
                requests.answer(slot, transfer(slot));
                final Thread sleeper = waiting;
                if (sleeper != null) {
                    LockSupport.unpark(sleeper);
                }
            } else if (idleTurns < IDLE_TURNS_BEFORE_SLEEP) {
                idleTurns++;
                YieldingIdleStrategy.INSTANCE.idle();
            } else {
                sleeps = true;
                if (requests.next() < 0 && !stopping) {
                    LockSupport.parkNanos(this, SLEEP_NS);
                }
                sleeps = false;
            }
        }
    }

    /** Makes one blocking call; whatever goes wrong becomes the request's result. */
    private int transfer(final int slot) {
        // SAFETY: the device checked the range against the registered buffer, which its owner keeps until close().
        final long memory = requests.memory(slot);
        // Once it is told to stop, a call that hung is not repeated: its descriptor may be another file's by then.
        for (int i = 0; i < INTERRUPT_LIMIT && !stopping; i++) {
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
            final int errno = LastError.getInstance().get();
            if (errno != EINTR) {
                return errno == EAGAIN ? -EIO : -errno; // a call that may block has no reason for it: never repeated
            }
        }
        return -EIO;
    }
}
