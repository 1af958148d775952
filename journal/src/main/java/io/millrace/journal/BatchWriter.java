package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.BatchHeaderEncoder;
import java.util.UUID;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes the headers of batches: what is known when a batch is sealed, and the rest when it is submitted.
 *
 * <p><b>Threading</b>: device thread. Allocates nothing.
 */
final class BatchWriter {
    private static final int RESERVED_OFFSET =
            BatchHeaderDecoder.payloadCrc32cEncodingOffset() + BatchHeaderDecoder.payloadCrc32cEncodingLength();

    private final UnsafeBuffer buffer;
    private final Crc32c crc;
    private final int granule;
    private final long uuidHigh;
    private final long uuidLow;
    private final BatchHeaderEncoder header = new BatchHeaderEncoder();
    private long previousCrc;
    private long pendingCrc;

    /**
     * Makes a writer whose first batch is the first of the device.
     *
     * @param buffer that holds the batches
     * @param crc over the buffer
     * @param granule bytes
     * @param deviceUuid of the device
     */
    BatchWriter(final UnsafeBuffer buffer, final Crc32c crc, final int granule, final UUID deviceUuid) {
        this.buffer = buffer;
        this.crc = crc;
        this.granule = granule;
        uuidHigh = deviceUuid.getMostSignificantBits();
        uuidLow = deviceUuid.getLeastSignificantBits();
    }

    /**
     * Goes on behind a batch.
     *
     * @param headerCrc of the last batch on the device, 0 when there is none
     */
    void follow(final long headerCrc) {
        previousCrc = headerCrc;
    }

    /**
     * Ends a batch: pads it with zeros and writes all of its header that does not change any more.
     *
     * @param index of the batch in the buffer
     * @param used bytes of header and records
     * @param recordCount records
     * @param recoveryEpoch of this run
     * @param sequence of the batch
     * @param address on the device
     * @param batchLength bytes on the device
     * @return bytes to write, a multiple of the granule
     */
    int seal(
            final int index,
            final int used,
            final int recordCount,
            final long recoveryEpoch,
            final long sequence,
            final long address,
            final int batchLength) {
        final int writeLength = (used + granule - 1) & -granule;
        buffer.setMemory(index + used, writeLength - used, (byte) 0);
        final int payloadLength = used - LogFormat.BATCH_HEADER_LENGTH;
        header.wrap(buffer, index)
                .magic(LogFormat.BATCH_MAGIC)
                .formatVersion(LogFormat.FORMAT_VERSION)
                .flags(0)
                .recordCount(recordCount)
                .deviceUuidHigh(uuidHigh)
                .deviceUuidLow(uuidLow)
                .recoveryEpoch(recoveryEpoch)
                .batchSequence(sequence)
                .address(address)
                .batchLength(batchLength)
                .payloadLength(payloadLength)
                .payloadCrc32c(
                        Integer.toUnsignedLong(crc.compute(index + LogFormat.BATCH_HEADER_LENGTH, payloadLength)));
        buffer.putInt(index + RESERVED_OFFSET, 0);
        return writeLength;
    }

    /**
     * Writes what is known only when a batch is submitted: what is durable (P4), and the CRC of the batch before.
     *
     * @param index of the batch in the buffer
     * @param durableSequence last batch of the contiguous durable prefix
     * @param timestampNs nanoseconds since 1970
     */
    void finish(final int index, final long durableSequence, final long timestampNs) {
        header.wrap(buffer, index)
                .durableBatchSequence(durableSequence)
                .timestampNs(timestampNs)
                .previousBatchCrc(previousCrc);
        pendingCrc = Integer.toUnsignedLong(crc.compute(index, LogFormat.BATCH_HEADER_CRC_COVERAGE));
        header.headerCrc32c(pendingCrc);
    }

    /** Takes note that the batch finished last was submitted: the next one follows it. */
    void submitted() {
        previousCrc = pendingCrc;
    }
}
