package io.millrace.journal.uring;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.BlockDevice;
import io.millrace.journal.CompletionHandler;
import io.millrace.journal.DurabilityMode;
import io.millrace.journal.ResourceLedger;
import io.millrace.journal.SyncMethod;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import org.agrona.BufferUtil;
import org.agrona.collections.IntArrayList;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/**
 * A file on which direct writes run through io_uring, each durable by {@code RWF_DSYNC} or by a linked FSYNC.
 *
 * <p><b>Threading</b>: one thread at a time. The ring is made on the first thread that submits, polls or waits; when
 * another thread comes while nothing is in flight, it gets a ring of its own (the kernel binds a ring to a thread).
 */
public final class UringDevice implements BlockDevice {
    /** Requests that can be queued or in flight. */
    public static final int QUEUE_LENGTH = 128;

    private static final int GRANULE = 4096;
    private static final int RWF_DSYNC = 2;
    private static final int POLL_IN = 1;
    private static final int KIND_SHIFT = 56;
    private static final long KIND_WATCH = 1;
    private static final long KIND_IGNORED = 2;
    private static final long KIND_LINKED_WRITE = 3;
    private static final long KIND_LINKED_SYNC = 4;
    private static final int FSYNC_DATASYNC = 1;
    private static final int EIO = 5;
    private static final long TOKEN_MASK = (1L << KIND_SHIFT) - 1;
    private static final int ENOMEM = 12;
    private static final int ECANCELED = 125;
    private static final long DRAIN_STEP_NS = 100_000_000L;
    private static final int DRAIN_STEP_LIMIT = 100;

    private final Path path;
    private final long length;
    private final DurabilityMode durabilityMode;
    private final ResourceLedger ledger;
    private final int descriptor;
    private final int writeFlags;
    private final @Nullable LinkedWrites links;
    private final IntArrayList watched = new IntArrayList();
    /** Sockets with a poll in the ring: armed by a sleep, fired once, so that frames under load cost nothing here. */
    private final IntHashSet armed = new IntHashSet();

    private final CompletionHandler discard = (token, result) -> {};

    private @Nullable ByteBuffer arena;
    private long arenaAddress;
    private int arenaLength;
    private @Nullable Ring ring;
    private @Nullable Thread owner;
    private int inFlightCount;
    private boolean linksBroken;
    private boolean closed;

    /**
     * Opens a file for writes with {@code RWF_DSYNC}, or for writes that are not durable.
     *
     * @param path of the file
     * @param length bytes of it to use
     * @param durabilityMode as found by the caller, who knows the file system
     * @param durableWrites false only for writing zeros at format
     * @param ledger that counts descriptors and mappings
     * @throws MillraceException MR-6011, MR-6012 when it cannot be opened for direct writes, MR-5009 self-test
     */
    public UringDevice(
            final Path path,
            final long length,
            final DurabilityMode durabilityMode,
            final boolean durableWrites,
            final ResourceLedger ledger) {
        this(path, length, durabilityMode, durableWrites ? RWF_DSYNC : 0, null, ledger);
    }

    /**
     * Opens a file.
     *
     * @param path of the file
     * @param length bytes of it to use
     * @param durabilityMode as found by the caller, who knows the file system
     * @param method {@code RWF_DSYNC} or {@code LINKED_FSYNC}
     * @param ledger that counts descriptors and mappings
     * @throws MillraceException MR-6011, MR-6012 when it cannot be opened for direct writes, MR-5009 self-test
     */
    public UringDevice(
            final Path path,
            final long length,
            final DurabilityMode durabilityMode,
            final SyncMethod method,
            final ResourceLedger ledger) {
        this(
                path,
                length,
                durabilityMode,
                method == SyncMethod.LINKED_FSYNC ? 0 : RWF_DSYNC,
                method == SyncMethod.LINKED_FSYNC ? new LinkedWrites(QUEUE_LENGTH) : null,
                ledger);
    }

    private UringDevice(
            final Path path,
            final long length,
            final DurabilityMode durabilityMode,
            final int writeFlags,
            final @Nullable LinkedWrites links,
            final ResourceLedger ledger) {
        Native.requireSelfTest();
        this.path = path;
        this.length = length;
        this.durabilityMode = durabilityMode;
        this.ledger = ledger;
        this.writeFlags = writeFlags;
        this.links = links;
        descriptor = Native.libc().open(path.toString(), Native.O_RDWR | Native.O_DIRECT | Native.O_CLOEXEC, 0);
        if (descriptor < 0) {
            final int errno = Native.errno();
            throw new MillraceException(
                    errno == Native.EINVAL ? ErrorCode.DEVICE_UNSUITABLE : ErrorCode.DEVICE_IO,
                    path + ": open for direct writes gave errno " + errno);
        }
        ledger.addDescriptors(1);
    }

    /**
     * Tries whether this process may use io_uring.
     *
     * @return 0, or a negative errno
     */
    public static int probe() {
        return Ring.probe();
    }

    /**
     * Preallocates the file's blocks, so that a lack of space shows before anything is written.
     *
     * @return 0 (also when the file system cannot), or a negative errno
     */
    public int preallocate() {
        if (Native.libc().fallocate(descriptor, 0, 0, length) == 0) {
            return 0;
        }
        final int errno = Native.errno();
        return errno == Native.EOPNOTSUPP || errno == Native.ENOSYS ? 0 : -errno;
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
        return "uring";
    }

    @Override
    public void register(final ByteBuffer buffer) {
        if (ring != null) {
            ring.close(); // it knows another buffer; the next use makes a new one
            ring = null;
        }
        arena = buffer;
        arenaAddress = BufferUtil.address(buffer);
        arenaLength = buffer.capacity();
    }

    @Override
    public boolean submitWrite(final int arenaIndex, final int writeLength, final long address, final long token) {
        return links == null
                ? submit(Ring.OPERATION_WRITE_FIXED, arenaIndex, writeLength, address, writeFlags, token)
                : submitLinked(links, arenaIndex, writeLength, address, token);
    }

    /** Queues both entries or none: a chain must reach the kernel in one call. */
    private boolean submitLinked(
            final LinkedWrites linked, final int arenaIndex, final int ioLength, final long address, final long token) {
        final Ring current = ring();
        requireInArena(arenaIndex, ioLength);
        if (current.room() < 2) {
            return false;
        }
        final int slot = linked.take(token, ioLength);
        if (slot < 0) {
            return false;
        }
        // SAFETY: the range lies in the registered buffer, which the caller keeps until close().
        current.prepare(
                Ring.OPERATION_WRITE_FIXED | (Ring.FLAG_FIXED_FILE | Ring.FLAG_LINK) << 8,
                0,
                address,
                arenaAddress + arenaIndex,
                ioLength,
                0,
                KIND_LINKED_WRITE << KIND_SHIFT | slot);
        current.prepare(
                Ring.OPERATION_FSYNC | Ring.FLAG_FIXED_FILE << 8,
                0,
                0,
                0,
                0,
                FSYNC_DATASYNC,
                KIND_LINKED_SYNC << KIND_SHIFT | slot);
        inFlightCount++;
        return true;
    }

    private void requireInArena(final int arenaIndex, final int ioLength) {
        if (arenaIndex < 0 || ioLength < 0 || arenaIndex > arenaLength - ioLength) {
            throw new IllegalArgumentException("range " + arenaIndex + "+" + ioLength + " of " + arenaLength);
        }
    }

    @Override
    public boolean submitRead(final int arenaIndex, final int readLength, final long address, final long token) {
        return submit(Ring.OPERATION_READ_FIXED, arenaIndex, readLength, address, 0, token);
    }

    private boolean submit(
            final int operation,
            final int arenaIndex,
            final int ioLength,
            final long address,
            final int flags,
            final long token) {
        final Ring current = ring();
        requireInArena(arenaIndex, ioLength);
        // SAFETY: the range lies in the registered buffer, which the caller keeps until close().
        if (inFlightCount >= QUEUE_LENGTH
                || !current.prepare(
                        operation | Ring.FLAG_FIXED_FILE << 8,
                        0,
                        address,
                        arenaAddress + arenaIndex,
                        ioLength,
                        flags,
                        token & TOKEN_MASK)) {
            return false;
        }
        inFlightCount++;
        return true;
    }

    @Override
    public int flush() {
        final Ring current = ring();
        return current.pendingCount() == 0 && !linksBroken ? 0 : submit(current);
    }

    /** Submits; where a chain may have been cut in two, no later result of this device can be believed. */
    private int submit(final Ring current) {
        final int result = current.submit();
        if (links != null && result > 0 && current.pendingCount() > 0) {
            linksBroken = true;
        }
        return linksBroken ? -EIO : result;
    }

    @Override
    public int poll(final CompletionHandler handler, final int limit) {
        final Ring current = ring();
        current.runDeferredWork();
        int count = 0;
        while (count < limit && current.readyCount() > 0) {
            final long userData = current.userData();
            final int result = current.result();
            current.advance();
            final long kind = userData >>> KIND_SHIFT;
            if (kind == 0) {
                inFlightCount--;
                handler.onCompletion(userData, result);
                count++;
            } else if (kind >= KIND_LINKED_WRITE) {
                count += completeLinked(handler, kind == KIND_LINKED_WRITE, (int) userData, result);
            } else if (kind == KIND_WATCH && result != -ECANCELED) {
                armed.remove((int) userData);
                if (result < 0) {
                    watched.removeInt((int) userData); // no socket any more: arming it again would end every sleep
                }
            }
        }
        return count;
    }

    private int completeLinked(
            final CompletionHandler handler, final boolean isWrite, final int slot, final int result) {
        final LinkedWrites linked = Objects.requireNonNull(links);
        final boolean complete = isWrite ? linked.onWrite(slot, result) : linked.onSync(slot, result);
        if (!complete) {
            return 0;
        }
        inFlightCount--;
        final long token = linked.token(slot);
        handler.onCompletion(token, linksBroken ? -EIO : linked.release(slot));
        return 1;
    }

    @Override
    public int await(final long timeoutNs) {
        final Ring current = ring();
        armWatches(current);
        if (current.pendingCount() > 0) {
            submit(current);
        }
        if (current.readyCount() == 0) {
            current.waitFor(timeoutNs);
        }
        return current.readyCount();
    }

    @Override
    public boolean watch(final int fileDescriptor) {
        if (!watched.containsInt(fileDescriptor)) {
            watched.addInt(fileDescriptor);
        }
        return true;
    }

    @Override
    public void unwatch(final int fileDescriptor) {
        watched.removeInt(fileDescriptor);
        if (armed.remove(fileDescriptor)) {
            ring().prepare(
                            Ring.OPERATION_POLL_REMOVE,
                            -1,
                            0,
                            KIND_WATCH << KIND_SHIFT | fileDescriptor,
                            0,
                            0,
                            KIND_IGNORED << KIND_SHIFT);
            flush();
        }
    }

    private void armWatches(final Ring current) {
        for (int i = 0; i < watched.size(); i++) {
            final int fileDescriptor = watched.getInt(i);
            if (!armed.contains(fileDescriptor) && !arm(current, fileDescriptor)) {
                submit(current); // the queue is full
                arm(current, fileDescriptor);
            }
        }
    }

    private boolean arm(final Ring current, final int fileDescriptor) {
        final boolean taken = current.prepare(
                Ring.OPERATION_POLL_ADD, fileDescriptor, 0, 0, 0, POLL_IN, KIND_WATCH << KIND_SHIFT | fileDescriptor);
        if (taken) {
            armed.add(fileDescriptor);
        }
        return taken;
    }

    @Override
    public void sync() {
        if (Native.libc().fdatasync(descriptor) != 0) {
            throw new MillraceException(
                    ErrorCode.DEVICE_IO, path + ": fdatasync gave errno " + Native.errno() + "; nothing was read");
        }
    }

    private Ring ring() {
        final Ring current = ring;
        return current != null && owner == Thread.currentThread() ? current : attach();
    }

    private Ring attach() {
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
        if (inFlightCount > 0) {
            throw new IllegalStateException(path + " is used by " + owner + " with " + inFlightCount + " in flight");
        }
        if (ring != null) {
            ring.close();
            ring = null;
        }
        final Ring made = Ring.create(QUEUE_LENGTH, ledger);
        try {
            check(made.registerFile(descriptor), "registering the file");
            if (arena != null) {
                check(
                        made.registerBuffer(arenaAddress, arenaLength),
                        "registering " + arenaLength + " bytes of buffer");
            }
        } catch (final MillraceException e) {
            made.close();
            throw e;
        }
        ring = made;
        owner = Thread.currentThread();
        armed.clear(); // what another ring watched is gone with it
        return made;
    }

    private void check(final int result, final String what) {
        if (result == -ENOMEM) {
            throw new MillraceException(ErrorCode.MEMLOCK_TOO_SMALL, path + ": " + what + " gave ENOMEM");
        }
        if (result < 0) {
            throw new MillraceException(ErrorCode.DEVICE_IO, path + ": " + what + " gave errno " + -result);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (ring != null && owner == Thread.currentThread()) {
            for (int i = 0; i < DRAIN_STEP_LIMIT && inFlightCount > 0; i++) {
                await(DRAIN_STEP_NS);
                poll(discard, QUEUE_LENGTH);
            }
        }
        closed = true;
        if (ring != null) {
            ring.close(); // the kernel keeps the pages of what is in flight pinned until it has ended
            ring = null;
        }
        Native.libc().close(descriptor);
        ledger.addDescriptors(-1);
    }
}
