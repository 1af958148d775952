package io.millrace.transport;

import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalEncoder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Refusals that wait for room in a session's publication: a ring of encoded frames, allocated once.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 */
final class RefusalQueue {
    /** Refusals a session can be behind. */
    static final int CAPACITY = 16;

    private final SessionFrames frames;
    private final UnsafeBuffer slots = new UnsafeBuffer(new byte[CAPACITY * SessionFrames.REFUSAL_LENGTH_MAX]);
    private final int[] lengths = new int[CAPACITY];
    private int head;
    private int size;

    /**
     * Allocates the ring.
     *
     * @param frames writes messages.
     */
    RefusalQueue(final SessionFrames frames) {
        this.frames = frames;
    }

    /** Returns whether no refusal can be added. */
    boolean isFull() {
        return size == CAPACITY;
    }

    /**
     * Begins a refusal; {@link #isFull()} must be {@code false}.
     *
     * @param code why.
     * @param requestTemplateId of what is refused.
     * @param text for people.
     * @return encoder for the other numbers.
     */
    RefusalEncoder begin(final RefusalCode code, final int requestTemplateId, final String text) {
        final int slot = (head + size) % CAPACITY;
        return frames.refusal(slots, slot * SessionFrames.REFUSAL_LENGTH_MAX, code, requestTemplateId, text);
    }

    /** Adds the refusal begun. */
    void end() {
        lengths[(head + size) % CAPACITY] = frames.refusalLength();
        size++;
    }

    /**
     * Sends as many as there is room for, oldest first.
     *
     * @param path to the client.
     */
    void send(final ReplyPath path) {
        while (size > 0 && path.offer(slots, head * SessionFrames.REFUSAL_LENGTH_MAX, lengths[head]) > 0) {
            head = (head + 1) % CAPACITY;
            size--;
        }
    }
}
