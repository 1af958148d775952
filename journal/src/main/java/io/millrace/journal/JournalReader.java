package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import org.agrona.DirectBuffer;

/** Skeleton of the public API; the bodies follow with the next landing. */
@SuppressWarnings("DoNotCallSuggester")
public final class JournalReader implements AutoCloseable {
    /** What a reader holds. */
    public enum State {
        /** Nothing requested. */
        IDLE,
        /** A read of the device is under way. */
        PENDING,
        /** A batch can be read. */
        READY,
        /** The device could not be read or the batch is damaged; {@link JournalReader#failure()} says how. */
        FAILED
    }

    /** Made by the journal only. */
    JournalReader() {}

    /**
     * Asks for a batch. Serves from the write ring at once when it is still there, else from the device.
     *
     * @param batchAddress of a batch, from {@link Journal#addressOf} or {@link #nextBatchAddress()}
     * @return false when a read is pending, the device's queue is full, or the batch is not durable yet: ask again
     *     later
     */
    public boolean request(final long batchAddress) {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the state. Call it in each duty cycle before touching the buffer: a batch in the write ring that was
     * overwritten meanwhile turns the reader to PENDING, and later to READY with the same batch at another index. Keep
     * offsets relative to {@link #payloadIndex()}.
     *
     * @return state
     */
    public State state() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns what failed.
     *
     * @return code, meaningful in state FAILED
     */
    public ErrorCode failure() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the buffer that holds the batch in state READY.
     *
     * @return buffer; valid until the next doWork of the journal, then call {@link #state()} again
     */
    public DirectBuffer buffer() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns where the first record header is.
     *
     * @return index in {@link #buffer()}
     */
    public int payloadIndex() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the length of the records with their alignment.
     *
     * @return bytes; 0 for an empty batch
     */
    public int payloadLength() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the batch that was asked for last.
     *
     * @return address
     */
    public long batchAddress() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns where the batch behind this one begins.
     *
     * @return address, meaningful in state READY
     */
    public long nextBatchAddress() {
        throw new UnsupportedOperationException();
    }

    /**
     * Steps to the next batch if it is at hand.
     *
     * @return true when READY with the next batch; false: {@link #request} it by {@link #nextBatchAddress()}
     */
    public boolean nextBatch() {
        throw new UnsupportedOperationException();
    }

    /** Lets go of the batch: state IDLE (after a pending read has come back). */
    public void release() {
        throw new UnsupportedOperationException();
    }

    /** Gives the reader back to the pool. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
