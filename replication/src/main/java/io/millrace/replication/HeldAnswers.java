package io.millrace.replication;

import io.millrace.codec.wire.RefusalCode;
import io.millrace.transport.Session;
import org.jspecify.annotations.Nullable;

/**
 * Answers of one chain that were evaluated on state not yet committed and wait until it is (P2). When the epoch changes
 * they are dropped: the client asks again.
 *
 * <p><b>Threading</b>: the device thread.
 *
 * <p><b>Invariants</b>: hold positions never fall, so the oldest is released first.
 */
final class HeldAnswers {
    /** What is held. */
    enum Kind {
        /** A writer's set-up is committed. */
        WRITER_READY,
        /** A request is refused. */
        REFUSAL
    }

    /** One answer; reused. */
    static final class HeldAnswer {
        Kind kind = Kind.REFUSAL;
        long holdPosition;

        @Nullable
        Session session;

        RefusalCode code = RefusalCode.NULL_VAL;
        int requestTemplateId;
        long correlationId;
        long streamId;
        long segmentId;
        long detail;
        long writerIdHigh;
        long writerIdLow;
        long bindSecret;
    }

    /** Sends what is released. */
    interface Release {
        /**
         * Sends an answer.
         *
         * @param answer committed by now.
         * @return {@code false} when the session cannot take it now.
         */
        boolean release(HeldAnswer answer);
    }

    private final HeldAnswer[] ring;
    private long head;
    private long tail;

    /** Preallocates room for at least so many answers. */
    HeldAnswers(final int capacity) {
        ring = new HeldAnswer[Integer.highestOneBit(Math.max(2, capacity) - 1) << 1];
        for (int i = 0; i < ring.length; i++) {
            ring[i] = new HeldAnswer();
        }
    }

    /** Tells whether no answer can be added. */
    boolean isFull() {
        return tail - head == ring.length;
    }

    /** Takes the next free answer to fill in; not to be called when full. */
    HeldAnswer add(final Kind kind, final long holdPosition, final Session session) {
        if (isFull()) {
            throw new IllegalStateException("held answers: the caller did not look whether there is room");
        }
        final HeldAnswer answer = ring[(int) (tail++ & (ring.length - 1))];
        answer.kind = kind;
        answer.holdPosition = holdPosition;
        answer.session = session;
        return answer;
    }

    /** Sends all up to the commit position; one that a session cannot take now goes to the back of the queue. */
    int release(final long commitPosition, final Release release) {
        int released = 0;
        for (long remaining = tail - head; remaining > 0; remaining--) {
            final HeldAnswer answer = ring[(int) (head & (ring.length - 1))];
            if (answer.holdPosition > commitPosition) {
                break;
            }
            head++;
            final Session session = answer.session;
            if (session == null || !session.isOpen() || release.release(answer)) {
                answer.session = null;
                released++;
            } else {
                moveBehind(answer, commitPosition);
            }
        }
        return released;
    }

    /** Drops everything: nobody is answered any more. */
    void discard() {
        discard(null);
    }

    /**
     * Drops everything: the epoch has changed.
     *
     * @param bindings told whose set-up is not answered: they are to hear of the next epoch, and ask again; null:
     *     nobody.
     */
    void discard(final @Nullable WriterBindings bindings) {
        while (head < tail) {
            final HeldAnswer answer = ring[(int) (head++ & (ring.length - 1))];
            final Session session = answer.session;
            if (answer.kind == Kind.WRITER_READY
                    && session != null
                    && session.attachment() instanceof ClientSession client) {
                client.pendingSetups--;
                if (bindings != null) {
                    bindings.remember(session);
                }
            }
            answer.session = null;
        }
    }

    /** Gives the number of answers held. */
    int size() {
        return (int) (tail - head);
    }

    /** Puts an answer behind all that are released as well, before those that still wait. */
    private void moveBehind(final HeldAnswer answer, final long commitPosition) {
        long at = head;
        while (at < tail && ring[(int) (at & (ring.length - 1))].holdPosition <= commitPosition) {
            ring[(int) ((at - 1) & (ring.length - 1))] = ring[(int) (at & (ring.length - 1))];
            at++;
        }
        ring[(int) ((at - 1) & (ring.length - 1))] = answer;
        head--;
    }
}
