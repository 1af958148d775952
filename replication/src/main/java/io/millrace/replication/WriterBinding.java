package io.millrace.replication;

import io.millrace.transport.Session;
import org.jspecify.annotations.Nullable;

/**
 * Who may append as a writer to a segment, and who hears of it: one writer entry of a chain, as this run of the node
 * knows it. Bindings do not survive a restart; a client sets up again.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class WriterBinding {
    final ChainReplica replica;
    final int slot;

    /** Session whose set-up was committed last: the only one that may append. */
    @Nullable
    Session headSession;

    /** Secret of that set-up (P13). */
    long bindSecret;

    /** Session that showed the secret: acknowledgements go there. */
    @Nullable
    Session tailSession;

    /** Last number the client is known to have heard of. */
    long echoedNumber;

    /** Whether {@link #headSession} has said that it hears the tail, since it was set up. */
    boolean hasEchoed;

    /** Last number acknowledged to {@link #tailSession}. */
    long sentNumber;

    long queueNs;
    long journalNs;
    long chainNs;
    boolean dirty;

    /** The head waits for the client to echo an acknowledgement of the tail, until {@link #backstopNs}. */
    boolean awaitsEcho;

    long backstopNs;

    /** Follows the fragments of this session's atomic lists. */
    final ListFraming list = new ListFraming();

    /** Whether {@link #lastBoundNs} says when {@link WriterExpiry} saw it bound last. */
    boolean wasBound;

    long lastBoundNs;

    /** Binds nobody yet. */
    WriterBinding(final ChainReplica replica, final int slot) {
        this.replica = replica;
        this.slot = slot;
    }

    /** Tells whether a session appends as this writer or hears of it. */
    boolean isBound() {
        return headSession != null || tailSession != null;
    }

    /** Lets go of whoever it is: the writer has expired, and its slot may become another one's. */
    void forgetAll() {
        list.reset();
        headSession = null;
        bindSecret = 0;
        tailSession = null;
        echoedNumber = 0;
        hasEchoed = false;
        sentNumber = 0;
    }

    /** Lets go of a session that closed. */
    void forget(final Session session) {
        if (headSession == session) {
            list.reset();
            headSession = null;
            hasEchoed = false;
            bindSecret = 0;
        }
        if (tailSession == session) {
            tailSession = null;
        }
    }
}
