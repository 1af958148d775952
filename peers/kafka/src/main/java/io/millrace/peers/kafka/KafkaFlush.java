package io.millrace.peers.kafka;

/**
 * Kafka that syncs each batch before it acknowledges it.
 *
 * <p><b>Threading:</b> as {@link KafkaSystem}.
 */
public final class KafkaFlush extends KafkaSystem {
    /** Does nothing: the service loader makes one of each. */
    public KafkaFlush() {
        super("kafka-flush", true);
    }
}
