package io.millrace.peers.kafka;

/**
 * Kafka as everybody runs it: acknowledged when it is in the broker's page cache.
 *
 * <p><b>Threading:</b> as {@link KafkaSystem}.
 */
public final class KafkaPageCache extends KafkaSystem {
    /** Does nothing: the service loader makes one of each. */
    public KafkaPageCache() {
        super("kafka", false);
    }
}
