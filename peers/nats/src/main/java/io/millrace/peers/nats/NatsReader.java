package io.millrace.peers.nats;

import io.millrace.perf.system.CatchUpReader;
import io.nats.client.ConsumeOptions;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusCheckedException;
import io.nats.client.Message;
import io.nats.client.StreamContext;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.OrderedConsumerConfiguration;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * An ordered consumer from the first event, pulling large pieces.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class NatsReader implements CatchUpReader {
    private static final int EVENTS_A_PULL = 20_000;
    private static final int EVENTS_A_TURN = 1024;
    private static final long WAIT_MS = 100;

    private final IterableConsumer consumer;
    private long lastIndex = -1;
    private @Nullable String failure;

    /**
     * Begins to pull.
     *
     * @param stream to read.
     * @throws IOException when the server refuses.
     */
    NatsReader(final StreamContext stream) throws IOException {
        try {
            consumer = stream.createOrderedConsumer(new OrderedConsumerConfiguration().deliverPolicy(DeliverPolicy.All))
                    .iterate(ConsumeOptions.builder().batchSize(EVENTS_A_PULL).build());
        } catch (final JetStreamApiException e) {
            throw new IOException("nats: no reader", e);
        }
    }

    /**
     * The number of an event.
     *
     * @param event as it was published.
     * @return what is in its first eight bytes.
     */
    static long indexOf(final Message event) {
        return ByteBuffer.wrap(event.getData()).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    }

    @Override
    public long poll() {
        long count = 0;
        try {
            Message event = consumer.nextMessage(WAIT_MS);
            while (event != null) {
                lastIndex = Math.max(lastIndex, indexOf(event));
                count++;
                event = count < EVENTS_A_TURN ? consumer.nextMessage(WAIT_MS) : null;
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            failure = "interrupted";
        } catch (final JetStreamStatusCheckedException | RuntimeException e) {
            failure = "the consumer failed: " + e;
        }
        return count;
    }

    @Override
    public @Nullable String failure() {
        return failure;
    }

    @Override
    public void close() {
        try {
            consumer.close();
        } catch (final Exception e) {
            failure = "the consumer did not end: " + e;
        }
    }
}
