package io.millrace.transport;

/**
 * Which images data has arrived for since they were looked at last: with a thousand senders, of which few send, nobody
 * has to ask them all. What does not fit is not forgotten: then everybody is to be asked.
 *
 * <p><b>Threading</b>: the driver's thread, which is the duty cycle's.
 */
final class ArrivedImages {
    private static final int CAPACITY = 256;

    private final int[] sessionIds = new int[CAPACITY];
    private final int[] streamIds = new int[CAPACITY];
    private int count;
    private boolean isOverflown;

    /** Made with the transport. */
    ArrivedImages() {}

    /**
     * Notes an image.
     *
     * @param sessionId of it.
     * @param streamId of it.
     */
    void add(final int sessionId, final int streamId) {
        if (count > 0 && sessionIds[count - 1] == sessionId && streamIds[count - 1] == streamId) {
            return;
        }
        if (count == CAPACITY) {
            isOverflown = true;
            return;
        }
        sessionIds[count] = sessionId;
        streamIds[count] = streamId;
        count++;
    }

    /** Returns the number of images noted; one may be noted several times. */
    int count() {
        return count;
    }

    /**
     * Returns an image's session id.
     *
     * @param index below {@link #count()}.
     */
    int sessionId(final int index) {
        return sessionIds[index];
    }

    /**
     * Returns an image's stream.
     *
     * @param index below {@link #count()}.
     */
    int streamId(final int index) {
        return streamIds[index];
    }

    /** Returns whether more came than could be noted. */
    boolean isOverflown() {
        return isOverflown;
    }

    /** Forgets all. */
    void clear() {
        count = 0;
        isOverflown = false;
    }
}
