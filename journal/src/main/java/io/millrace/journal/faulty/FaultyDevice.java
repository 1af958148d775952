package io.millrace.journal.faulty;

import io.millrace.journal.BlockDevice;
import io.millrace.journal.CompletionHandler;
import io.millrace.journal.DurabilityMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A medium in memory whose writes stay in flight until a poll delivers them, and whose faults are told beforehand by
 * the number of the write or read, see {@link Fault}. What is in flight is on the medium only by chance:
 * {@link #crash()} decides sector by sector, {@link #crash(int)} tears at a given one.
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

    /** errno: no space left on the device. */
    public static final int ENOSPC = 28;

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
    private final Map<Long, Fault> writeFaults = new HashMap<>();
    private final Map<Long, Fault> readFaults = new HashMap<>();
    private final List<Strike> strikes = new ArrayList<>();
    private final TreeMap<Integer, byte[]> underCache = new TreeMap<>();
    private long writeCount;
    private long readCount;
    private long failedWriteCount;
    private long stickyWrite = Long.MAX_VALUE;
    private Fault stickyFault = Fault.lost();

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
        final Fault fault = result < 0 ? Fault.fail(-result) : Fault.shortBy(result);
        if (sticks) {
            stickyWrite = number;
            stickyFault = fault;
        }
        return onWrite(number, fault);
    }

    /**
     * Lets one write report success though nothing reaches the medium.
     *
     * @param number of the write, 1 for the first of this device
     * @return this
     */
    public FaultyDevice loseWrite(final long number) {
        return onWrite(number, Fault.lost());
    }

    /**
     * Says what happens to one write.
     *
     * @param number of the write, 1 for the first of this device
     * @param fault what happens
     * @return this
     */
    public FaultyDevice onWrite(final long number, final Fault fault) {
        writeFaults.put(number, fault);
        return this;
    }

    /**
     * Says what happens to one read.
     *
     * @param number of the read, 1 for the first of this device
     * @param fault what happens; kinds that only writes have are no faults here
     * @return this
     */
    public FaultyDevice onRead(final long number, final Fault fault) {
        readFaults.put(number, fault);
        return this;
    }

    /**
     * Returns the faults that have taken place, in the order of the completions.
     *
     * @return writes only, live
     */
    public List<Strike> strikes() {
        return strikes;
    }

    /**
     * Returns the writes whose completion said something else than success; EAGAIN does not count.
     *
     * @return count
     */
    public long failedWriteCount() {
        return failedWriteCount;
    }

    /**
     * A write that a fault hit.
     *
     * @param number of the write
     * @param address where it belonged
     * @param bytes what was to be written
     * @param fault what happened
     */
    @SuppressWarnings("ArrayRecordComponent") // read by tests, never compared
    public record Strike(long number, long address, byte[] bytes, Fault fault) {}

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

    /**
     * Returns the reads submitted so far.
     *
     * @return count
     */
    public long readCount() {
        return readCount;
    }

    /** Cuts the power: of each write in flight any set of sectors reaches the medium; nothing completes any more. */
    public void crash() {
        for (final Operation operation : inFlight) {
            if (operation.write) {
                final int kind = random.nextInt(4);
                for (int i = 0; i < operation.bytes.length; i += SECTOR) {
                    if (kind == 0 || (kind != 1 && random.nextBoolean())) {
                        put(operation.bytes, i, operation.address + i, SECTOR);
                    }
                }
            }
        }
        end(true);
    }

    /**
     * Cuts the power: each write in flight reaches the medium up to a sector, and no further.
     *
     * @param sectors of each write that reach it
     */
    public void crash(final int sectors) {
        for (final Operation operation : inFlight) {
            if (operation.write) {
                put(operation.bytes, 0, operation.address, Math.min(operation.bytes.length, sectors * SECTOR));
            }
        }
        end(false);
    }

    private void end(final boolean torn) {
        inFlight.clear();
        held = true;
        underCache.forEach((address, before) -> {
            if (!torn || random.nextInt(4) != 0) {
                System.arraycopy(before, 0, medium, address, SECTOR);
            }
        });
        underCache.clear();
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
        operation.fault = writeFaults.getOrDefault(writeCount, writeCount >= stickyWrite ? stickyFault : null);
        inFlight.add(operation);
        return true;
    }

    @Override
    public boolean submitRead(final int arenaIndex, final int length, final long address, final long token) {
        final Operation operation = new Operation(false, arenaIndex, address, token, new byte[length]);
        operation.fault = readFaults.get(++readCount);
        operation.number = readCount;
        inFlight.add(operation);
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
        if (!held) {
            inFlight.forEach(operation -> operation.polls++);
        }
        int done = 0;
        for (Operation next = nextDue(); next != null && done < Math.min(limit, latestDelivered); next = nextDue()) {
            inFlight.remove(next);
            handler.onCompletion(next.token, next.write ? write(next) : read(next));
            done++;
        }
        return done;
    }

    private @Nullable Operation nextDue() {
        final List<Operation> due = new ArrayList<>();
        for (final Operation operation : inFlight) {
            if (!held && operation.isDue()) {
                due.add(operation);
            }
        }
        return due.isEmpty() ? null : due.get(inOrder ? 0 : random.nextInt(due.size()));
    }

    private int write(final Operation operation) {
        final Fault fault = operation.fault;
        final int length = operation.bytes.length;
        if (fault == null || fault.kind() == Fault.Kind.LATE) {
            put(operation.bytes, 0, operation.address, length);
            return length;
        }
        strikes.add(new Strike(operation.number, operation.address, operation.bytes.clone(), fault));
        switch (fault.kind()) {
            case FAIL -> {
                failedWriteCount += fault.value() == EAGAIN ? 0 : 1;
                return (int) -fault.value();
            }
            case SHORT -> {
                final int bytes = (int) Math.min(length, fault.value());
                put(operation.bytes, 0, operation.address, bytes);
                failedWriteCount += bytes < length ? 1 : 0;
                return bytes;
            }
            case MISDIRECTED -> put(operation.bytes, 0, elsewhere(fault, length), length);
            case CACHED -> cache(operation);
            case ROTTEN -> {
                flip(operation.bytes, fault.value());
                put(operation.bytes, 0, operation.address, length);
            }
            default -> {
                // lost
            }
        }
        return length;
    }

    private void put(final byte[] bytes, final int from, final long address, final int length) {
        System.arraycopy(bytes, from, medium, (int) address, length);
        underCache.subMap((int) address, (int) address + length).clear();
    }

    private void cache(final Operation operation) {
        final int address = (int) operation.address;
        for (int i = 0; i < operation.bytes.length; i += SECTOR) {
            underCache.putIfAbsent(address + i, Arrays.copyOfRange(medium, address + i, address + i + SECTOR));
        }
        System.arraycopy(operation.bytes, 0, medium, address, operation.bytes.length);
    }

    private long elsewhere(final Fault fault, final int length) {
        return Math.max(0, Math.min(fault.value(), medium.length - (long) length)) & -GRANULE;
    }

    private static void flip(final byte[] bytes, final long bit) {
        final int at = (int) (bit % (bytes.length * (long) Byte.SIZE));
        bytes[at / Byte.SIZE] ^= (byte) (1 << (at % Byte.SIZE));
    }

    private int read(final Operation operation) {
        final Fault fault = operation.fault;
        final int length = operation.bytes.length;
        if (readsFail) {
            return -EIO;
        }
        if (fault != null && fault.kind() == Fault.Kind.FAIL) {
            return (int) -fault.value();
        }
        final long address =
                fault != null && fault.kind() == Fault.Kind.MISDIRECTED ? elsewhere(fault, length) : operation.address;
        System.arraycopy(medium, (int) address, operation.bytes, 0, length);
        int result = length;
        if (fault != null && fault.kind() == Fault.Kind.ROTTEN) {
            flip(operation.bytes, fault.value());
        } else if (fault != null && fault.kind() == Fault.Kind.SHORT) {
            result = (int) Math.min(length, fault.value());
        }
        registered().put(operation.arenaIndex, operation.bytes, 0, result);
        return result;
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
        underCache.clear(); // what completed is on the medium
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
        private long polls;
        private @Nullable Fault fault;

        private Operation(
                final boolean write, final int arenaIndex, final long address, final long token, final byte[] bytes) {
            this.write = write;
            this.arenaIndex = arenaIndex;
            this.address = address;
            this.token = token;
            this.bytes = bytes;
        }

        private boolean isDue() {
            final Fault late = fault;
            return late == null || late.kind() != Fault.Kind.LATE || polls > late.value();
        }
    }
}
