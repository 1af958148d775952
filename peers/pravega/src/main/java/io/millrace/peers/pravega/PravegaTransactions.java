package io.millrace.peers.pravega;

import io.millrace.perf.system.Transactions;
import io.pravega.client.stream.Transaction;
import io.pravega.client.stream.TransactionalEventStreamWriter;
import io.pravega.client.stream.TxnFailedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.NanoClock;

/**
 * Transactions on the one stream. After {@code commit} the state is asked for until it is COMMITTED, because before
 * that no reader sees the events.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class PravegaTransactions implements Transactions, AutoCloseable {
    private static final long ASK_AGAIN_NS = 200_000;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);

    private final TransactionalEventStreamWriter<ByteBuffer> writer;
    private final int eventLength;
    private final NanoClock clock;

    /**
     * Takes over a writer.
     *
     * @param writer closed with this.
     * @param eventLength bytes of every event.
     * @param clock the context's.
     */
    PravegaTransactions(
            final TransactionalEventStreamWriter<ByteBuffer> writer, final int eventLength, final NanoClock clock) {
        this.writer = writer;
        this.eventLength = Math.max(Long.BYTES, eventLength);
        this.clock = clock;
    }

    @Override
    public void run(final long firstIndex, final int eventCount) throws IOException {
        final Transaction<ByteBuffer> transaction = writer.beginTxn();
        try {
            for (int i = 0; i < eventCount; i++) {
                transaction.writeEvent("k", PravegaTarget.event(firstIndex + i, eventLength));
            }
            transaction.commit();
        } catch (final TxnFailedException e) {
            throw new IOException("a transaction was refused", e);
        }
        final long deadlineNs = clock.nanoTime() + TIMEOUT_NS;
        Transaction.Status status = transaction.checkStatus();
        while (status != Transaction.Status.COMMITTED) {
            if (status == Transaction.Status.ABORTED || clock.nanoTime() - deadlineNs > 0) {
                throw new IOException("a transaction is " + status + " and not committed");
            }
            LockSupport.parkNanos(ASK_AGAIN_NS);
            status = transaction.checkStatus();
        }
    }

    @Override
    public void close() {
        writer.close();
    }
}
