package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import org.agrona.DirectBuffer;

/**
 * Is told what has become durable, in the order of the batches and without a gap.
 *
 * <p><b>Threading</b>: device thread, from inside {@link Journal#doWork}. It may claim and commit further records; it
 * must not call {@code doWork}.
 */
public interface DurableListener {
    /**
     * Is called once for each batch with records when it and all before it are durable.
     *
     * @param buffer holds the batch until the listener returns
     * @param payloadIndex of the first record's header
     * @param payloadLength bytes of records with their alignment
     * @param recordCount records in the payload
     * @param batchAddress address of the batch on the device
     * @param submittedNs when the batch was handed to the device, by the journal's clock
     * @param durableNs when its completion was seen, by the journal's clock
     */
    void onDurable(
            DirectBuffer buffer,
            int payloadIndex,
            int payloadLength,
            int recordCount,
            long batchAddress,
            long submittedNs,
            long durableNs);

    /**
     * Is called once, when a write failed or its outcome is unknown. No batch becomes durable afterwards.
     *
     * @param code what happened
     * @param message where, the value seen, what can be done
     */
    void onFenced(ErrorCode code, String message);
}
