package io.millrace.peers.kafka;

import io.millrace.perf.system.CatchUpReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * A consumer from the first event.
 *
 * <p><b>Threading:</b> the thread that made it.
 */
final class KafkaReader implements CatchUpReader {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int RECORDS_A_POLL = 5000;
    private static final int FETCH_BYTES = 8 << 20;

    private final KafkaConsumer<byte[], byte[]> consumer;
    private long lastIndex = -1;
    private @Nullable String failure;

    /**
     * Connects.
     *
     * @param bootstrap the broker.
     * @param topic that exists, with one partition.
     */
    KafkaReader(final String bootstrap, final String topic) {
        final Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("key.deserializer", ByteArrayDeserializer.class);
        settings.put("value.deserializer", ByteArrayDeserializer.class);
        settings.put("max.poll.records", Integer.toString(RECORDS_A_POLL));
        settings.put("max.partition.fetch.bytes", Integer.toString(FETCH_BYTES));
        consumer = new KafkaConsumer<>(settings);
        final TopicPartition partition = new TopicPartition(topic, 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        consumer.position(partition); // finds the leader and the offset now
    }

    /**
     * Waits for events, a tenth of a second at most.
     *
     * @return what came.
     */
    ConsumerRecords<byte[], byte[]> records() {
        return consumer.poll(POLL);
    }

    /**
     * The number of an event.
     *
     * @param event as it was written.
     * @return what is in its first eight bytes.
     */
    static long indexOf(final ConsumerRecord<byte[], byte[]> event) {
        return ByteBuffer.wrap(event.value()).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    }

    @Override
    public long poll() {
        try {
            final ConsumerRecords<byte[], byte[]> records = records();
            for (final ConsumerRecord<byte[], byte[]> event : records) {
                lastIndex = Math.max(lastIndex, indexOf(event));
            }
            return records.count();
        } catch (final KafkaException e) {
            failure = "the consumer failed: " + e;
            return 0;
        }
    }

    @Override
    public @Nullable String failure() {
        return failure;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
