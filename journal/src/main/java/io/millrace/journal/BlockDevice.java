package io.millrace.journal;

import java.nio.ByteBuffer;

/**
 * Port to a device that reads and durably writes whole granules, asynchronously, out of and into one registered buffer.
 *
 * <p><b>Threading</b>: one thread at a time. A backend that binds resources to a thread binds them to the first one
 * that submits, polls or waits, and moves them when another one comes while nothing is in flight.
 *
 * <p><b>Invariants</b>: a write that completes with its full length is durable in the sense of
 * {@link #durabilityMode()}; completions may come in any order; a submitted range of the buffer belongs to the device
 * until its completion.
 */
public interface BlockDevice extends AutoCloseable {
    /**
     * Returns the unit of addresses, lengths and buffer indexes.
     *
     * @return bytes, a power of two
     */
    int granule();

    /**
     * Returns the device's size.
     *
     * @return bytes, a multiple of the granule
     */
    long length();

    /**
     * Describes the device to an operator: path, file system, block device.
     *
     * @return one line
     */
    String description();

    /**
     * Returns how a completed write is made durable and what is known about the device's honesty.
     *
     * @return the mode, fixed while the device is open
     */
    DurabilityMode durabilityMode();

    /**
     * Returns the backend's name as in the configuration.
     *
     * @return {@code uring}, {@code channel}, {@code memory} or {@code faulty}
     */
    String backendName();

    /**
     * Registers the buffer that all I/O uses; called once before anything is submitted. The caller keeps it until the
     * device is closed.
     *
     * @param arena direct, aligned to 4096 bytes
     */
    void register(ByteBuffer arena);

    /**
     * Queues a durable write; nothing happens before {@link #flush()}.
     *
     * @param arenaIndex of the first byte in the registered buffer, a multiple of the granule
     * @param length bytes, a multiple of the granule
     * @param address on the device, a multiple of the granule
     * @param token given back with the completion, 0 to 2^56 - 1
     * @return false when the queue is full
     */
    boolean submitWrite(int arenaIndex, int length, long address, long token);

    /**
     * Queues a read; nothing happens before {@link #flush()}.
     *
     * @param arenaIndex of the first byte in the registered buffer, a multiple of the granule
     * @param length bytes, a multiple of the granule
     * @param address on the device, a multiple of the granule
     * @param token given back with the completion, 0 to 2^56 - 1
     * @return false when the queue is full
     */
    boolean submitRead(int arenaIndex, int length, long address, long token);

    /**
     * Hands everything queued to the device, in at most one system call that also collects finished completions.
     *
     * @return requests handed over, or a negative errno that is not worth a retry (the device is then unusable)
     */
    int flush();

    /**
     * Delivers finished completions; does not wait.
     *
     * @param handler called once for each
     * @param limit most completions to deliver
     * @return completions delivered
     */
    int poll(CompletionHandler handler, int limit);

    /**
     * Sleeps until a completion is ready, a watched socket becomes readable, or the time is over. Flushes first.
     *
     * @param timeoutNs longest sleep in nanoseconds
     * @return 1 or more when there is something to do, 0 when the time was over
     */
    int await(long timeoutNs);

    /**
     * Lets {@link #await} end when a socket is readable: drain sockets before waiting. Sockets are looked at only while
     * the thread sleeps; frames that arrive while it runs cost nothing here.
     *
     * @param fileDescriptor of the socket
     * @return false when this backend cannot
     */
    boolean watch(int fileDescriptor);

    /**
     * Takes a watch back; unknown descriptors are ignored. Call it before the socket is closed.
     *
     * @param fileDescriptor as given to {@link #watch}
     */
    void unwatch(int fileDescriptor);

    /** Makes all that was ever written to the device durable, also by a process that died; blocks. */
    void sync();

    /** Waits for what is in flight, then releases everything; a second call does nothing. */
    @Override
    void close();
}
