package io.millrace.journal.faulty;

import io.millrace.journal.BlockDevice;
import io.millrace.journal.CompletionHandler;
import io.millrace.journal.DurabilityMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A medium in memory whose writes stay in flight until a poll delivers them, and whose faults are told beforehand by
 * the number of the write. What is in flight is on the medium only by chance: {@link #crash()} decides sector by
 * sector.
 *
 * <p><b>Threading</b>: one thread at a time. Allocates: for tests only.
 */
public final class FaultyDevice implements BlockDevice {
    /** What a power cut writes or loses as a whole. */
    public static final int SECTOR = 512;

    /** errno of a media error. */
    public static final int ENODATA = 61;

    /** errno of an I/O error. */
    public static final int EIO = 5;

    /** errno: try again. */
    public static final int EAGAIN = 11;

    private static final int GRANULE = 4096;
    private static final DurabilityMode MODE = new DurabilityMode("copy", false, "faulty memory", "unknown", "unknown");

    private final byte[] medium;
    private final Random random;
    private final List<Operation> inFlight = new ArrayList<>();
    private @Nullable ByteBuffer arena;
    private boolean inOrder = true;
    private boolean held;
    private boolean readsFail;
    private int latestDelivered = Integer.MAX_VALUE;
    private long writeCount;
    private long faultyWrite = -1;
    private int faultyResult;
    private boolean faultSticks;
    private long lostWrite = -1;

    /**
     * Opens a medium.
     *
     * @param medium its length is a multiple of 4096
     * @param seed of order and torn sectors
     */
    public FaultyDevice(final byte[] medium, final long seed) {
        this.medium = medium;
        random = new Random(seed);
    }

    /**
     * Sets whether completions keep the order of submission.
     *
     * @param value false: any order
     * @return this
     */
    public FaultyDevice inOrder(final boolean value) {
        inOrder = value;
        return this;
    }

    /**
     * Holds all completions back, as a stalled device does.
     *
     * @param value true: nothing completes
     */
    public void hold(final boolean value) {
        held = value;
    }

    /**
     * Limits how many completions one poll delivers.
     *
     * @param value count
     */
    public void completionsPerPoll(final int value) {
        latestDelivered = value;
    }

    /**
     * Lets one write fail or come back short; its bytes reach the medium only as far as the result says.
     *
     * @param number of the write, 1 for the first of this device
     * @param result negative errno, or bytes fewer than asked for
     * @param sticks true: this and all later writes
     * @return this
     */
    public FaultyDevice failWrite(final long number, final int result, final boolean sticks) {
        faultyWrite = number;
        faultyResult = result;
        faultSticks = sticks;
        return this;
    }

    /**
     * Lets one write report success though nothing reaches the medium.
     *
     * @param number of the write, 1 for the first of this device
     * @return this
     */
    public FaultyDevice loseWrite(final long number) {
        lostWrite = number;
        return this;
    }

    /**
     * Lets all reads fail with EIO.
     *
     * @param value true: they fail
     */
    public void failReads(final boolean value) {
        readsFail = value;
    }

    /**
     * Returns the writes submitted so far.
     *
     * @return count
     */
    public long writeCount() {
        return writeCount;
    }

    /** Cuts the power: of each write in flight any set of sectors reaches the medium; nothing completes any more. */
    public void crash() {
        for (final Operation operation : inFlight) {
            if (!operation.write) {
                continue;
            }
            final int kind = random.nextInt(4);
            for (int i = 0; i < operation.bytes.length; i += SECTOR) {
                final boolean lands = kind == 0 || (kind != 1 && random.nextBoolean());
                if (lands) {
                    System.arraycopy(operation.bytes, i, medium, (int) operation.address + i, SECTOR);
                }
            }
        }
        inFlight.clear();
        held = true;
    }

    @Override
    public int granule() {
        return GRANULE;
    }

    @Override
    public long length() {
        return medium.length;
    }

    @Override
    public String description() {
        return "faulty memory, " + medium.length + " bytes";
    }

    @Override
    public DurabilityMode durabilityMode() {
        return MODE;
    }

    @Override
    public String backendName() {
        return "faulty";
    }

    @Override
    public void register(final ByteBuffer buffer) {
        arena = buffer;
    }

    @Override
    public boolean submitWrite(final int arenaIndex, final int length, final long address, final long token) {
        final Operation operation = new Operation(true, arenaIndex, address, token, new byte[length]);
        registered().get(arenaIndex, operation.bytes);
        operation.number = ++writeCount;
        inFlight.add(operation);
        return true;
    }

    @Override
    public boolean submitRead(final int arenaIndex, final int length, final long address, final long token) {
        inFlight.add(new Operation(false, arenaIndex, address, token, new byte[length]));
        return true;
    }

    private ByteBuffer registered() {
        final ByteBuffer buffer = arena;
        if (buffer == null) {
            throw new IllegalStateException("no buffer is registered");
        }
        return buffer;
    }

    @Override
    public int flush() {
        return 0;
    }

    @Override
    public int poll(final CompletionHandler handler, final int limit) {
        int done = 0;
        while (!held && done < Math.min(limit, latestDelivered) && !inFlight.isEmpty()) {
            final Operation next = inFlight.remove(inOrder ? 0 : random.nextInt(inFlight.size()));
            handler.onCompletion(next.token, next.write ? write(next) : read(next));
            done++;
        }
        return done;
    }

    private int write(final Operation operation) {
        if (operation.number == lostWrite) {
            return operation.bytes.length;
        }
        final boolean fails = operation.number == faultyWrite || (faultSticks && operation.number > faultyWrite);
        final int result = fails && faultyWrite > 0 ? faultyResult : operation.bytes.length;
        System.arraycopy(operation.bytes, 0, medium, (int) operation.address, Math.max(0, result));
        return result;
    }

    private int read(final Operation operation) {
        if (readsFail) {
            return -EIO;
        }
        registered().put(operation.arenaIndex, medium, (int) operation.address, operation.bytes.length);
        return operation.bytes.length;
    }

    @Override
    public int await(final long timeoutNs) {
        return held ? 0 : inFlight.size();
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
        // what completed is on the medium
    }

    @Override
    public void close() {
        inFlight.clear();
    }

    /** One write or read that has not completed. */
    private static final class Operation {
        private final boolean write;
        private final int arenaIndex;
        private final long address;
        private final long token;
        private final byte[] bytes;
        private long number;

        private Operation(
                final boolean write, final int arenaIndex, final long address, final long token, final byte[] bytes) {
            this.write = write;
            this.arenaIndex = arenaIndex;
            this.address = address;
            this.token = token;
            this.bytes = bytes;
        }
    }
}
