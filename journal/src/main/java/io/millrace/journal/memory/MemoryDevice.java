package io.millrace.journal.memory;

import io.millrace.journal.BlockDevice;
import io.millrace.journal.CompletionHandler;
import io.millrace.journal.DurabilityMode;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A device whose medium is a byte array. Operations take effect at once and complete at the next poll.
 *
 * <p><b>Threading</b>: one thread at a time. The medium outlives the device: open another one over it to restart.
 */
public final class MemoryDevice implements BlockDevice {
    /** Alignment that is asked for. */
    public static final int GRANULE = 4096;

    private static final DurabilityMode MODE = new DurabilityMode("copy", false, "memory", "none", "no");
    private static final int QUEUE_LENGTH = 128;

    private final byte[] medium;
    private final long[] tokens = new long[QUEUE_LENGTH];
    private final int[] results = new int[QUEUE_LENGTH];
    private @Nullable ByteBuffer arena;
    private int head;
    private int count;

    /**
     * Opens a medium.
     *
     * @param medium its length is a multiple of {@link #GRANULE}
     */
    public MemoryDevice(final byte[] medium) {
        this.medium = medium;
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
        return "memory, " + medium.length + " bytes";
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
        if (count == QUEUE_LENGTH) {
            return false;
        }
        final int room = (int) Math.max(0, Math.min(length, medium.length - address));
        registered().get(arenaIndex, medium, (int) address, room);
        complete(token, room);
        return true;
    }

    @Override
    public boolean submitRead(final int arenaIndex, final int length, final long address, final long token) {
        if (count == QUEUE_LENGTH) {
            return false;
        }
        final int room = (int) Math.max(0, Math.min(length, medium.length - address));
        registered().put(arenaIndex, medium, (int) address, room);
        complete(token, room);
        return true;
    }

    private ByteBuffer registered() {
        final ByteBuffer buffer = arena;
        if (buffer == null) {
            throw new IllegalStateException("no buffer is registered");
        }
        return buffer;
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
            final int slot = head;
            head = (head + 1) % QUEUE_LENGTH;
            count--;
            handler.onCompletion(tokens[slot], results[slot]);
            done++;
        }
        return done;
    }

    @Override
    public int await(final long timeoutNs) {
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
        // memory is as durable as it gets
    }

    @Override
    public void close() {
        count = 0;
    }
}
