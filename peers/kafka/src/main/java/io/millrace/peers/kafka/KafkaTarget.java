package io.millrace.peers.kafka;

import io.millrace.perf.system.CompletionWindow;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.Target;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Producers in turn, one for each writer.
 *
 * <p><b>Threading:</b> the rig's thread; callbacks come on each producer's sender thread.
 */
final class KafkaTarget implements Target, AutoCloseable {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    private static final int BUFFER_BYTES = 128 << 20;

    private final int eventLength;
    private final String[] topics;
    private final List<Writer> writers = new ArrayList<>();
    private @Nullable String failure;

    /** A producer and what it has under way. */
    private record Writer(KafkaProducer<byte[], byte[]> producer, CompletionWindow window) {}

    /**
     * Connects the producers.
     *
     * @param context sizes and clock.
     * @param bootstrap the broker.
     * @param topics that exist.
     * @param settings of the producers, beyond those that are the same for all measurements.
     */
    KafkaTarget(final SystemContext context, final String bootstrap, final String[] topics, final Properties settings) {
        this.eventLength = Math.max(Long.BYTES, context.eventLength());
        this.topics = topics.clone();
        final Properties all = new Properties();
        all.putAll(settings);
        all.put("bootstrap.servers", bootstrap);
        all.put("buffer.memory", Integer.toString(BUFFER_BYTES));
        all.put("key.serializer", ByteArraySerializer.class);
        all.put("value.serializer", ByteArraySerializer.class);
        final int capacity =
                Math.max(64, Integer.highestOneBit(CompletionWindow.capacityFor(context.load()) / context.writers()));
        for (int i = 0; i < context.writers(); i++) {
            final KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(all);
            writers.add(new Writer(producer, new CompletionWindow(capacity, context.clock())));
            for (final String topic : topics) {
                producer.partitionsFor(topic); // else the first send waits for it
            }
        }
    }

    @Override
    public boolean offer(final long index) {
        final Writer writer = writers.get((int) (index % writers.size()));
        final CompletionWindow window = writer.window;
        if (!window.hasRoom()) {
            return false;
        }
        final byte[] event = new byte[eventLength]; // the producer keeps it until it is sent
        ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN).putLong(0, index);
        final String topic = topics[(int) (index % topics.length)];
        try {
            final var unused = writer.producer.send(new ProducerRecord<>(topic, 0, null, event), (metadata, error) -> {
                if (error == null) {
                    window.completed(index);
                } else {
                    window.fail("an event was refused: " + error);
                }
            });
        } catch (final KafkaException e) {
            failure = "the producer refuses: " + e;
            return false;
        }
        window.offered();
        return true;
    }

    @Override
    public int poll(final Listener listener) {
        int work = 0;
        for (int i = 0; i < writers.size(); i++) {
            work += writers.get(i).window.poll(listener);
        }
        return work;
    }

    @Override
    public @Nullable String failure() {
        for (int i = 0; failure == null && i < writers.size(); i++) {
            failure = writers.get(i).window.failure();
        }
        return failure;
    }

    @Override
    public void close() {
        for (final Writer writer : writers) {
            writer.producer.close(CLOSE_TIMEOUT);
        }
    }
}
