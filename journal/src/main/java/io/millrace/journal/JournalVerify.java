package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.RecordHash;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import java.nio.file.Path;
import org.agrona.DirectBuffer;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Verifies a journal file read-only: superblocks, every batch and record, what lies behind the last one (P4), and the
 * rules of each chain log: dense positions and the chain of hashes.
 *
 * <p><b>Threading</b>: the caller's thread; blocks. See {@link JournalDump} about running nodes.
 */
public final class JournalVerify implements DumpSink {
    private final DumpSink next;
    private final Int2ObjectHashMap<ChainEnd> chains = new Int2ObjectHashMap<>();
    private final RecordHeaderDecoder header = new RecordHeaderDecoder();
    private String chainFault = "";
    private boolean forward;

    private JournalVerify(final DumpSink next) {
        this.next = next;
    }

    /**
     * Verifies a journal file.
     *
     * @param file to read
     * @param progress is given the superblocks and batches on the way; its answer to a batch decides whether it gets
     *     the records too
     * @return what was found; MR-6014 when a chain breaks its rules
     * @throws io.millrace.codec.MillraceException as {@link JournalDump#dump}
     */
    public static DumpSummary verify(final Path file, final DumpSink progress) {
        final JournalVerify verify = new JournalVerify(progress);
        final DumpSummary found = JournalDump.dump(file, verify);
        if (verify.chainFault.isEmpty() || !found.isSound()) {
            return found;
        }
        return new DumpSummary(
                found.device(),
                found.superblock(),
                found.badSuperblockCount(),
                found.batchCount(),
                found.recordCount(),
                found.endAddress(),
                found.endSequence(),
                found.tail(),
                found.detail(),
                found.scannedBytes(),
                ErrorCode.RECORD_INVALID,
                file + ": " + verify.chainFault);
    }

    @Override
    public void onSuperblock(final String name, final @Nullable Superblock superblock, final boolean current) {
        next.onSuperblock(name, superblock, current);
    }

    @Override
    public boolean onBatch(final BatchHeaderDecoder batch) {
        forward = next.onBatch(batch);
        return true;
    }

    @Override
    public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
        header.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, RecordHeaderDecoder.SCHEMA_VERSION);
        if (chainFault.isEmpty() && header.position() > 0 && header.kind() != RecordKind.FILL) {
            check(length, batchAddress);
        }
        if (forward) {
            next.onRecord(buffer, index, length, batchAddress);
        }
    }

    private void check(final int length, final long batchAddress) {
        final int chain = header.chain();
        ChainEnd end = chains.get(chain);
        if (end == null) {
            end = new ChainEnd();
            chains.put(chain, end);
        }
        final boolean first = end.position < 0;
        if (!first && (header.position() != end.position + 1 || header.previousHash() != end.hash)) {
            chainFault = "record at position " + header.position() + " of chain " + chain + " in the batch at address "
                    + batchAddress + " does not follow position " + end.position + " (hash 0x"
                    + Long.toHexString(end.hash) + ", it names 0x" + Long.toHexString(header.previousHash()) + ")";
        }
        end.position = header.kind() == RecordKind.TRUNCATE ? -1 : header.position(); // P1: positions are taken again
        end.hash = RecordHash.next(header.previousHash(), (int) header.crc32c(), length);
    }

    /** The last record of a chain. */
    private static final class ChainEnd {
        private long position = -1;
        private long hash;
    }
}
