package io.millrace.journal.uring;

import com.kenai.jffi.HeapInvocationBuffer;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.ResourceLedger;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One io_uring: submission and completion queue, mapped.
 *
 * <p><b>Threading</b>: the thread that made it (SINGLE_ISSUER); any other gets EEXIST from the kernel.
 *
 * <p><b>Layout</b> of a submission entry (64 bytes): operation 0, flags 1, file 4, address on the device 8, memory 16,
 * length 24, operation flags 28, user data 32, buffer index 40. Of a completion entry (16 bytes): user data 0, result
 * 8, flags 12. Queue indexes are ints that wrap: they are compared by difference.
 */
final class Ring implements AutoCloseable {
    /** Make what was written durable. */
    static final int OPERATION_FSYNC = 3;

    /** Read into a registered buffer. */
    static final int OPERATION_READ_FIXED = 4;

    /** Write from a registered buffer. */
    static final int OPERATION_WRITE_FIXED = 5;

    /** Watch a descriptor. */
    static final int OPERATION_POLL_ADD = 6;

    /** Take a watch back. */
    static final int OPERATION_POLL_REMOVE = 7;

    /** The file is an index of the registered files. */
    static final int FLAG_FIXED_FILE = 1;

    /** The next entry starts when this one has succeeded in full, else it is cancelled. */
    static final int FLAG_LINK = 1 << 2;

    private static final int SETUP_CQSIZE = 1 << 3;
    private static final int SETUP_SUBMIT_ALL = 1 << 7;
    private static final int SETUP_COOP_TASKRUN = 1 << 8;
    private static final int SETUP_TASKRUN_FLAG = 1 << 9;
    private static final int SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int SETUP_DEFER_TASKRUN = 1 << 13;
    private static final int[] SETUP_STEPS = {
        SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_TASKRUN_FLAG | SETUP_SUBMIT_ALL | SETUP_CQSIZE,
        SETUP_COOP_TASKRUN | SETUP_TASKRUN_FLAG | SETUP_SUBMIT_ALL | SETUP_CQSIZE,
        SETUP_CQSIZE,
        0
    };

    private static final int FEATURE_SINGLE_MMAP = 1;
    private static final int FEATURE_NODROP = 1 << 1;
    private static final int FEATURE_EXT_ARG = 1 << 8;
    private static final int NEEDED_FEATURES = FEATURE_SINGLE_MMAP | FEATURE_NODROP | FEATURE_EXT_ARG;
    private static final int ENTER_GETEVENTS = 1;
    private static final int SQ_CQ_OVERFLOW = 2;
    private static final int SQ_TASKRUN = 4;
    private static final int REGISTER_BUFFERS = 0;
    private static final int REGISTER_FILES = 2;
    private static final long OFFSET_SUBMISSION_ENTRIES = 0x10000000L;
    private static final int RETRY_LIMIT = 16;

    private final ResourceLedger ledger;
    private final int descriptor;
    private final int setupFlags;
    private final long queueAddress;
    private final long queueLength;
    private final long entriesAddress;
    private final long entriesLength;
    private final UnsafeBuffer queues;
    private final UnsafeBuffer submissions;
    private final ByteBuffer scratchMemory;
    private final UnsafeBuffer scratch;
    private final HeapInvocationBuffer timedWait;
    private final int submissionHead;
    private final int submissionTail;
    private final int submissionFlags;
    private final int submissionCapacity;
    private final int completionHead;
    private final int completionTail;
    private final int completionEntries;
    private final int completionMask;

    private int tail;
    private int submitted;
    private int head;
    private boolean closed;

    private Ring(final int descriptor, final int flags, final UnsafeBuffer parameters, final ResourceLedger ledger) {
        this.descriptor = descriptor;
        this.ledger = ledger;
        setupFlags = flags;
        submissionCapacity = parameters.getInt(0);
        completionMask = parameters.getInt(4) - 1;
        submissionHead = parameters.getInt(40);
        submissionTail = parameters.getInt(44);
        submissionFlags = parameters.getInt(56);
        final int submissionArray = parameters.getInt(64);
        completionHead = parameters.getInt(80);
        completionTail = parameters.getInt(84);
        completionEntries = parameters.getInt(100);
        queueLength =
                Math.max(submissionArray + submissionCapacity * 4L, completionEntries + (completionMask + 1) * 16L);
        entriesLength = submissionCapacity * 64L;
        queueAddress = map(queueLength, 0);
        entriesAddress = map(entriesLength, OFFSET_SUBMISSION_ENTRIES);
        ledger.addDescriptors(1);
        ledger.addMappedBytes(queueLength + entriesLength);
        // SAFETY: both mappings live until close(), after which nothing is called any more.
        queues = new UnsafeBuffer(queueAddress, (int) queueLength);
        submissions = new UnsafeBuffer(entriesAddress, (int) entriesLength);
        for (int i = 0; i < submissionCapacity; i++) {
            queues.putInt(submissionArray + i * 4, i);
        }
        scratchMemory = BufferUtil.allocateDirectAligned(64, 64);
        scratch = new UnsafeBuffer(scratchMemory);
        scratch.putLong(16, scratch.addressOffset() + 32); // io_uring_getevents_arg.ts -> timespec at 32
        timedWait = Native.prepareTimedWait(descriptor, scratch.addressOffset());
        tail = queues.getInt(submissionTail);
        submitted = tail;
        head = queues.getInt(completionHead);
    }

    /**
     * Makes a ring on the calling thread, stepping down to what the kernel knows.
     *
     * @param entries of the submission queue; completions get four times as many
     * @param ledger that counts it
     * @return ring
     * @throws MillraceException MR-5004 when the kernel refuses
     */
    static Ring create(final int entries, final ResourceLedger ledger) {
        Native.requireSelfTest();
        final UnsafeBuffer parameters = new UnsafeBuffer(BufferUtil.allocateDirectAligned(128, 64));
        int result = -Native.EINVAL;
        for (final int flags : SETUP_STEPS) {
            result = setup(entries, flags, parameters);
            if (result >= 0) {
                return new Ring(result, flags, parameters, ledger);
            }
            if (result != -Native.EINVAL) {
                break;
            }
        }
        throw new MillraceException(ErrorCode.IO_URING_DENIED, "io_uring_setup gave errno " + -result);
    }

    /**
     * Tries to set up a ring and gives it back.
     *
     * @return 0, or the negative errno of the refusal; ENOSYS also when the kernel lacks a needed feature
     */
    static int probe() {
        Native.requireSelfTest();
        final UnsafeBuffer parameters = new UnsafeBuffer(BufferUtil.allocateDirectAligned(128, 64));
        final int result = setup(1, 0, parameters);
        if (result < 0) {
            return result;
        }
        Native.libc().close(result);
        return (parameters.getInt(20) & NEEDED_FEATURES) == NEEDED_FEATURES ? 0 : -Native.ENOSYS;
    }

    private static int setup(final int entries, final int flags, final UnsafeBuffer parameters) {
        parameters.setMemory(0, parameters.capacity(), (byte) 0);
        parameters.putInt(4, (flags & SETUP_CQSIZE) != 0 ? entries * 4 : 0);
        parameters.putInt(8, flags);
        return Native.setup(entries, parameters.addressOffset());
    }

    private long map(final long length, final long offset) {
        final long address = Native.map(length, descriptor, offset);
        if (address < 0 && address > -4096) {
            if (offset != 0) {
                Native.libc().munmap(queueAddress, queueLength);
            }
            Native.libc().close(descriptor);
            throw new MillraceException(ErrorCode.IO_URING_DENIED, "mmap of the ring gave errno " + -address);
        }
        return address;
    }

    /**
     * Registers one buffer, as index 0.
     *
     * @param address of the first byte
     * @param length bytes
     * @return 0 or negative errno
     */
    int registerBuffer(final long address, final long length) {
        scratch.putLong(32, address);
        scratch.putLong(40, length);
        return Native.register(descriptor, REGISTER_BUFFERS, scratch.addressOffset() + 32, 1);
    }

    /**
     * Registers one file, as index 0.
     *
     * @param fileDescriptor of the file
     * @return 0 or negative errno
     */
    int registerFile(final int fileDescriptor) {
        scratch.putInt(32, fileDescriptor);
        return Native.register(descriptor, REGISTER_FILES, scratch.addressOffset() + 32, 1);
    }

    /**
     * Fills the next submission entry.
     *
     * @param operation with flags in the second byte
     * @param file index or descriptor
     * @param address on the device
     * @param memory address, or the operation's argument
     * @param length bytes, or the operation's argument
     * @param operationFlags e.g. RWF_DSYNC
     * @param userData given back with the completion
     * @return false when the queue is full
     */
    boolean prepare(
            final int operation,
            final int file,
            final long address,
            final long memory,
            final int length,
            final int operationFlags,
            final long userData) {
        // ORDER: acquire of the head: the kernel has taken the entry before we overwrite it.
        if (tail - queues.getIntVolatile(submissionHead) >= submissionCapacity) {
            return false;
        }
        final int entry = (tail & (submissionCapacity - 1)) << 6;
        submissions.putInt(entry, operation);
        submissions.putInt(entry + 4, file);
        submissions.putLong(entry + 8, address);
        submissions.putLong(entry + 16, memory);
        submissions.putInt(entry + 24, length);
        submissions.putInt(entry + 28, operationFlags);
        submissions.putLong(entry + 32, userData);
        submissions.putLong(entry + 40, 0);
        submissions.putLong(entry + 48, 0);
        submissions.putLong(entry + 56, 0);
        tail++;
        return true;
    }

    /**
     * Tells how many entries can be prepared.
     *
     * @return count
     */
    int room() {
        return submissionCapacity - (tail - queues.getIntVolatile(submissionHead));
    }

    /**
     * Submits what is prepared and runs the kernel's deferred work, in one call.
     *
     * @return requests submitted, 0 when the kernel asks to reap first, or a negative errno that is no use to retry
     */
    int submit() {
        // ORDER: release of the tail: the entries are written before the kernel sees them.
        queues.putIntRelease(submissionTail, tail);
        for (int i = 0; i < RETRY_LIMIT; i++) {
            final int result = Native.enter(descriptor, tail - submitted, 0, ENTER_GETEVENTS);
            if (result >= 0) {
                submitted += result;
                return result;
            }
            if (result == -Native.EAGAIN || result == -Native.EBUSY) {
                return 0;
            }
            if (result != -Native.EINTR) {
                return result;
            }
        }
        return 0;
    }

    /**
     * Tells how many prepared entries are not submitted.
     *
     * @return count
     */
    int pendingCount() {
        return tail - submitted;
    }

    /** Runs deferred work of the kernel when it says that there is some; otherwise costs one load. */
    void runDeferredWork() {
        if ((queues.getIntVolatile(submissionFlags) & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0) {
            Native.enter(descriptor, 0, 0, ENTER_GETEVENTS);
        }
    }

    /**
     * Sleeps until a completion or the time-out.
     *
     * @param timeoutNs nanoseconds
     */
    void waitFor(final long timeoutNs) {
        scratch.putLong(32, timeoutNs / 1_000_000_000L);
        scratch.putLong(40, timeoutNs % 1_000_000_000L);
        Native.call(Native.SYSCALL_ADDRESS, timedWait);
    }

    /**
     * Tells how many completions can be read.
     *
     * @return count
     */
    int readyCount() {
        // ORDER: acquire of the tail: the kernel has written the entries before we read them.
        return queues.getIntVolatile(completionTail) - head;
    }

    /**
     * Reads the oldest completion.
     *
     * @return user data
     */
    long userData() {
        return queues.getLong(completionEntries + (head & completionMask) * 16);
    }

    /**
     * Reads the oldest completion.
     *
     * @return bytes or negative errno
     */
    int result() {
        return queues.getInt(completionEntries + (head & completionMask) * 16 + 8);
    }

    /** Gives the oldest completion back to the kernel. */
    void advance() {
        head++;
        // ORDER: release of the head: our reads of the entry come before its reuse.
        queues.putIntRelease(completionHead, head);
    }

    /**
     * Tells the flags the kernel accepted.
     *
     * @return set-up flags
     */
    int setupFlags() {
        return setupFlags;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Native.libc().munmap(entriesAddress, entriesLength);
            Native.libc().munmap(queueAddress, queueLength);
            Native.libc().close(descriptor);
            ledger.addMappedBytes(-(queueLength + entriesLength));
            ledger.addDescriptors(-1);
        }
    }
}
