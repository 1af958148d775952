package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.BatchHeaderEncoder;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Makes batches of an earlier life out of whole ones, for tests. */
final class StaleBatches {
    private StaleBatches() {}

    /** Lets a batch follow another one than it does: everything else of its header stays right. */
    static void changePreviousCrc(final byte[] medium, final int address) {
        final UnsafeBuffer buffer = new UnsafeBuffer(medium);
        final BatchHeaderDecoder header = new BatchHeaderDecoder()
                .wrap(buffer, address, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
        final BatchHeaderEncoder encoder = new BatchHeaderEncoder().wrap(buffer, address);
        encoder.previousBatchCrc(header.previousBatchCrc() ^ 0x5a5a5a5aL);
        encoder.headerCrc32c(Integer.toUnsignedLong(
                Crc32c.of(ByteBuffer.wrap(medium), address, LogFormat.BATCH_HEADER_CRC_COVERAGE)));
    }
}
