/**
 * Kafka as a peer: one broker that is its own controller (KRaft), one partition a topic, {@code acks=all}; with the
 * page cache as everybody runs it ({@code kafka}), or synced before every acknowledgement ({@code kafka-flush}).
 *
 * <p>Threads: the rig's offers; Kafka's sender thread acknowledges; a thread of ours polls the tail's consumer.
 *
 * <p>Owns: the broker's process and its log directory, given by the rig.
 *
 * <p>May not: block the rig's thread in {@code send}: events and bytes under way are bounded below what the producer
 * has room for. Start with {@link io.millrace.peers.kafka.KafkaSystem}.
 */
@NullMarked
package io.millrace.peers.kafka;

import org.jspecify.annotations.NullMarked;
