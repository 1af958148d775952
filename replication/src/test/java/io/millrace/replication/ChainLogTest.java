package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.RecordHash;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.TruncateBodyDecoder;
import io.millrace.codec.log.TruncateBodyEncoder;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** What recovery makes of the records of a log, in the order in which they were written. */
final class ChainLogTest {
    private static final int LENGTH = 128;

    private final ChainLog log = new ChainLog(1);
    private final RecordHeaderDecoder header = new RecordHeaderDecoder();
    private long hash = RecordHash.START;

    private void fold(final long epoch, final long position, final long commitMark) {
        fold(epoch, position, commitMark, true);
    }

    /** Writes a record, and has it folded unless it was lost. */
    private void fold(final long epoch, final long position, final long commitMark, final boolean isFound) {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[RecordHeaderEncoder.BLOCK_LENGTH]);
        final int crc = (int) (31 * epoch + position);
        new RecordHeaderEncoder()
                .wrap(bytes, 0)
                .chain(1)
                .chainEpoch(epoch)
                .position(position)
                .previousHash(hash)
                .commitMark(commitMark)
                .crc32c(Integer.toUnsignedLong(crc));
        hash = RecordHash.next(hash, crc, LENGTH);
        if (isFound) {
            log.fold(header.wrap(bytes, 0, RecordHeaderDecoder.BLOCK_LENGTH, 0), LENGTH);
        }
    }

    private void cut(final long epoch, final long toPosition, final long hashThere) {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[RecordHeaderEncoder.BLOCK_LENGTH]);
        new RecordHeaderEncoder().wrap(bytes, 0).chain(1).previousHash(hashThere);
        final UnsafeBuffer body = new UnsafeBuffer(new byte[TruncateBodyEncoder.BLOCK_LENGTH]);
        new TruncateBodyEncoder().wrap(body, 0).newEpoch(epoch).toPosition(toPosition);
        log.fold(
                header.wrap(bytes, 0, RecordHeaderDecoder.BLOCK_LENGTH, 0),
                new TruncateBodyDecoder().wrap(body, 0, TruncateBodyDecoder.BLOCK_LENGTH, 0));
    }

    /** The hole has swallowed an epoch: by history the log ends before it, whatever is known to be committed. */
    @Test
    void shouldCutAtAHoleBelowWhatIsCommitted() {
        fold(1, 1, 0);
        fold(1, 2, 1);
        final long hashAtCut = hash;
        fold(2, 3, 2, false);
        fold(2, 4, 3, false);
        fold(3, 5, 4);
        assertEquals(4, log.knownCommit());

        cut(4, 2, hashAtCut);
        assertTrue(log.holes().isEmpty());
        assertEquals(2, log.lastPosition());
        assertEquals(2, log.knownCommit(), "what was cut off is not here");

        hash = hashAtCut;
        fold(2, 3, 2);
        fold(2, 4, 5);
        fold(3, 5, 5);
        assertEquals(5, log.lastPosition());
        assertEquals(5, log.knownCommit());
    }

    @Test
    void shouldRefuseToCutWhatIsCommittedWhereNothingIsMissing() {
        fold(1, 1, 0);
        final long hashAtCut = hash;
        fold(1, 2, 1);
        fold(1, 3, 2);
        assertEquals(
                ErrorCode.JOURNAL_CORRUPT,
                assertThrows(MillraceException.class, () -> cut(2, 1, hashAtCut))
                        .code());
    }

    @Test
    void shouldRefuseToCutBelowAHoleWhatIsCommitted() {
        fold(1, 1, 0);
        final long hashAtCut = hash;
        fold(1, 2, 1);
        fold(1, 3, 2, false);
        fold(1, 4, 3);
        assertThrows(MillraceException.class, () -> cut(2, 1, hashAtCut));
    }
}
