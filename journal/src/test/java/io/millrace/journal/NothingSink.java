package io.millrace.journal;

import io.millrace.codec.log.BatchHeaderDecoder;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/** Takes what a dump finds, and keeps nothing. */
final class NothingSink implements DumpSink {
    @Override
    public void onSuperblock(final String name, final @Nullable Superblock superblock, final boolean current) {}

    @Override
    public boolean onBatch(final BatchHeaderDecoder batch) {
        return true;
    }

    @Override
    public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {}
}
