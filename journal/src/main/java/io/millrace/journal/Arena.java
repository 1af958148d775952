package io.millrace.journal;

import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Aligned native memory that I/O uses, freed when it is closed and not when the collector finds time.
 *
 * <p><b>Threading</b>: closed by the thread that owns the device, after the device.
 */
final class Arena implements AutoCloseable {
    private static final int ALIGNMENT = 4096;

    private final ByteBuffer memory;
    private final ByteBuffer aligned;
    private final UnsafeBuffer buffer;
    private final ResourceLedger ledger;
    private boolean closed;

    /**
     * Takes zeroed memory.
     *
     * @param length bytes
     * @param ledger that counts it
     */
    Arena(final int length, final ResourceLedger ledger) {
        this.ledger = ledger;
        memory = ByteBuffer.allocateDirect(length + ALIGNMENT);
        final int skip = (int) (-BufferUtil.address(memory) & (ALIGNMENT - 1));
        aligned = memory.slice(skip, length);
        buffer = new UnsafeBuffer(aligned);
        ledger.addNativeBytes(memory.capacity());
    }

    /**
     * Returns the memory as a byte buffer.
     *
     * @return position 0, limit and capacity its length
     */
    ByteBuffer bytes() {
        return aligned;
    }

    /**
     * Returns the memory as a buffer.
     *
     * @return buffer
     */
    UnsafeBuffer buffer() {
        return buffer;
    }

    // SAFETY: the device has ended everything in flight, and nothing is called any more after close().
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ledger.addNativeBytes(-memory.capacity());
            BufferUtil.free(memory);
        }
    }
}
