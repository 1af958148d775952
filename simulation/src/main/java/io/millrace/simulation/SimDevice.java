package io.millrace.simulation;

import io.millrace.journal.BlockDevice;
import io.millrace.journal.CompletionHandler;
import io.millrace.journal.DurabilityMode;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A device over a {@link SimMedium}: each request takes its time, completions come in any order, and a power cut leaves
 * of each write in flight every sector old, new or torn, independently.
 *
 * <p><b>Threading</b>: the simulation's thread. A caller that waits ({@link #await}) is served at once: virtual time
 * stands still for those that block, at start and at recovery.
 */
final class SimDevice implements BlockDevice {
    private static final int GRANULE = 4096;
    private static final int QUEUE_LENGTH = 256;
    private static final int EIO = 5;
    private static final DurabilityMode MODE = new DurabilityMode("simulated", true, "simulation", "none", "yes");

    private final SimMedium medium;
    private final Scheduler scheduler;
    private final Randomness.Stream random;
    private final DeviceBehaviour behaviour;
    private final Observer observer;
    private final Runnable wake;
    private final List<Operation> inFlight = new ArrayList<>();
    private final ArrayDeque<Operation> done = new ArrayDeque<>();
    private @Nullable ByteBuffer arena;
    private long blockingLimit = Long.MAX_VALUE;
    private boolean isDead;
    long readCount;
    long readBytes;

    /** Who watches the disk from outside. */
    interface Observer {
        /** Tells of a write that was handed over. */
        void onSubmitted(long address, byte[] bytes);

        /** Tells of a write that the device reports as durable. */
        void onDurable(long address, byte[] bytes);

        /** Tells that the power went, and what is on the medium now. */
        void onPowerCut(SimMedium medium);
    }

    /** The power went while a node started: it unwinds the start. */
    static final class PowerCut extends RuntimeException {
        private static final long serialVersionUID = 1;

        private PowerCut() {
            super("power cut", null, false, false);
        }
    }

    private static final class Operation {
        private final boolean isWrite;
        private final int arenaIndex;
        private final int length;
        private final int address;
        private final long token;
        private final byte[] bytes;
        private int result;
        private boolean isDone;

        private Operation(
                final boolean isWrite,
                final int arenaIndex,
                final int length,
                final int address,
                final long token,
                final byte[] bytes) {
            this.isWrite = isWrite;
            this.arenaIndex = arenaIndex;
            this.length = length;
            this.address = address;
            this.token = token;
            this.bytes = bytes;
        }
    }

    /**
     * Opens a medium.
     *
     * @param wake called when something is there to be polled
     */
    SimDevice(
            final SimMedium medium,
            final Scheduler scheduler,
            final Randomness.Stream random,
            final DeviceBehaviour behaviour,
            final Observer observer,
            final Runnable wake) {
        this.medium = medium;
        this.scheduler = scheduler;
        this.random = random;
        this.behaviour = behaviour;
        this.observer = observer;
        this.wake = wake;
    }

    /** Has the power go in the middle of a start, behind so many requests that somebody waited for. */
    void cutPowerWhileBlocked(final long requests) {
        blockingLimit = requests;
    }

    /** Cuts the power: nothing completes any more, and the medium shows what was in flight, or not. */
    void cutPower() {
        if (isDead) {
            return;
        }
        isDead = true;
        for (final Operation operation : inFlight) {
            if (operation.isWrite && !operation.isDone) {
                tear(operation);
            }
        }
        inFlight.clear();
        done.clear();
        medium.loseCache(random);
        observer.onPowerCut(medium);
    }

    /** Finishes what was handed over, as a kernel does for a process that died. */
    void finishAll() {
        while (!isDead && !inFlight.isEmpty()) {
            complete(inFlight.get(0));
        }
        if (!isDead) {
            isDead = true;
            observer.onPowerCut(medium);
        }
    }

    private void tear(final Operation operation) {
        if (behaviour.fate() != DeviceBehaviour.Fate.CHANCE) {
            if (behaviour.fate() == DeviceBehaviour.Fate.TORN) {
                medium.put(operation.bytes, 0, operation.address, SimMedium.SECTOR / 4);
            }
            return;
        }
        final int mood = random.below(4); // all, nothing, or each for itself
        for (int i = 0; i < operation.length; i += SimMedium.SECTOR) {
            final int fate = mood == 0 ? 0 : mood == 1 ? 1 : random.below(5);
            if (fate == 0 || fate == 3) {
                medium.put(operation.bytes, i, operation.address + i, SimMedium.SECTOR);
            } else if (fate == 2) {
                medium.put(operation.bytes, i, operation.address + i, 1 + random.below(SimMedium.SECTOR - 1));
            }
        }
    }

    @Override
    public int granule() {
        return GRANULE;
    }

    @Override
    public long length() {
        return medium.bytes().length;
    }

    @Override
    public String description() {
        return "simulated device " + medium.uuid();
    }

    @Override
    public DurabilityMode durabilityMode() {
        return MODE;
    }

    @Override
    public String backendName() {
        return "memory";
    }

    @Override
    public void register(final ByteBuffer buffer) {
        arena = buffer;
    }

    @Override
    public boolean submitWrite(final int arenaIndex, final int length, final long address, final long token) {
        if (inFlight.size() == QUEUE_LENGTH) {
            return false;
        }
        final byte[] bytes = new byte[length];
        registered().get(arenaIndex, bytes);
        observer.onSubmitted(address, bytes);
        start(new Operation(true, arenaIndex, length, (int) address, token, bytes), behaviour.writeNs(random));
        return true;
    }

    @Override
    public boolean submitRead(final int arenaIndex, final int length, final long address, final long token) {
        if (inFlight.size() == QUEUE_LENGTH) {
            return false;
        }
        readCount++;
        readBytes += length;
        start(new Operation(false, arenaIndex, length, (int) address, token, new byte[0]), behaviour.readNs(random));
        return true;
    }

    private void start(final Operation operation, final long durationNs) {
        inFlight.add(operation);
        scheduler.after(durationNs, () -> finish(operation));
    }

    private void finish(final Operation operation) {
        if (isDead || operation.isDone) {
            return;
        }
        final long stalledNs = behaviour.stalledUntilNs() - scheduler.nowNs();
        if (stalledNs > 0) {
            scheduler.after(Math.min(stalledNs, behaviour.stallStepNs()), () -> finish(operation));
            return;
        }
        complete(operation);
        wake.run();
    }

    private void complete(final Operation operation) {
        operation.isDone = true;
        inFlight.remove(operation);
        done.add(operation);
        operation.result = operation.length;
        if (!operation.isWrite) {
            operation.result = behaviour.failsRead(random) ? -EIO : operation.length;
            registered().put(operation.arenaIndex, medium.bytes(), operation.address, operation.length);
        } else if (behaviour.failsWrite(random)) {
            operation.result = -EIO;
            tear(operation);
        } else if (behaviour.isLying(random)) {
            medium.cache(operation.bytes, operation.address);
            observer.onDurable(operation.address, operation.bytes);
            scheduler.after(behaviour.cacheNs(random), this::writeBack);
        } else {
            medium.put(operation.bytes, 0, operation.address, operation.length);
            observer.onDurable(operation.address, operation.bytes);
        }
    }

    private void writeBack() {
        if (!isDead) {
            medium.flushCache();
        }
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
        int count = 0;
        for (Operation next = done.poll(); next != null; next = count < limit ? done.poll() : null) {
            handler.onCompletion(next.token, next.result);
            count++;
        }
        return count;
    }

    @Override
    public int await(final long timeoutNs) {
        if (done.isEmpty() && !inFlight.isEmpty()) {
            if (--blockingLimit < 0) {
                throw new PowerCut();
            }
            complete(inFlight.get(0));
        }
        return done.size();
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
        medium.flushCache();
    }

    @Override
    public void close() {
        isDead = true;
    }
}
