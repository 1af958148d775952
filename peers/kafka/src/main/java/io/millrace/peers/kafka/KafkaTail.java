package io.millrace.peers.kafka;

import io.millrace.perf.system.QueueTailReader;
import org.agrona.concurrent.NanoClock;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * A consumer on a thread of its own that waits at the end.
 *
 * <p><b>Threading:</b> {@link #close} by any thread; the consumer lives on this one's own thread.
 */
final class KafkaTail implements AutoCloseable {
    private static final long STOP_TIMEOUT_MS = 3_000;

    private final QueueTailReader seen;
    private final KafkaReader reader;
    private final Thread thread;
    private volatile boolean stopped;

    /**
     * Connects and begins to wait.
     *
     * @param bootstrap the broker.
     * @param topic that exists and is empty.
     * @param clock of the times.
     */
    KafkaTail(final String bootstrap, final String topic, final NanoClock clock) {
        seen = new QueueTailReader(clock);
        reader = new KafkaReader(bootstrap, topic);
        thread = new Thread(this::read, "kafka-tail");
        thread.setDaemon(true);
        thread.start();
    }

    /** What it has seen, for the rig. */
    QueueTailReader seen() {
        return seen;
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join(STOP_TIMEOUT_MS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read() {
        try {
            while (!stopped) {
                for (final ConsumerRecord<byte[], byte[]> event : reader.records()) {
                    seen.seen(KafkaReader.indexOf(event));
                }
            }
            reader.close();
        } catch (final KafkaException e) {
            seen.fail("the consumer failed: " + e);
        }
    }
}
