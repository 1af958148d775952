package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Position to batch, against a plain list. */
@Timeout(60)
final class PositionIndexTest {
    @Test
    void shouldFindBatchOfEveryPositionOfEveryChain() {
        final PositionIndex index = new PositionIndex(10);
        final List<List<Long>> expected = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        final Random random = new Random(5);
        for (long address = 4096; address < 4096L * 30_000; address += 4096) {
            for (int i = random.nextInt(5); i >= 0; i--) {
                final int chain = random.nextInt(3);
                expected.get(chain).add(address);
                index.add(chain, expected.get(chain).size(), address);
            }
        }
        for (int chain = 0; chain < 3; chain++) {
            for (int i = 0; i < expected.get(chain).size(); i++) {
                assertEquals(expected.get(chain).get(i), index.addressOf(chain, i + 1));
            }
            assertEquals(-1, index.addressOf(chain, expected.get(chain).size() + 1));
            assertEquals(-1, index.addressOf(chain, 0));
        }
        assertEquals(-1, index.addressOf(9, 1));
    }

    @Test
    void shouldTakePositionsAgainWhenChainWasTruncated() {
        final PositionIndex index = new PositionIndex(10);
        for (int position = 1; position <= 10; position++) {
            index.add(1, position, position * 4096L);
        }
        index.add(1, 6, 11 * 4096L);
        assertEquals(5 * 4096, index.addressOf(1, 5));
        assertEquals(11 * 4096, index.addressOf(1, 6));
        assertEquals(-1, index.addressOf(1, 7));
    }

    @Test
    void shouldTellWhatABatchHoldsThatCounts() {
        final PositionIndex index = new PositionIndex(10);
        final long first = 4096;
        final long cutOff = 2 * 4096;
        final long second = 3 * 4096;
        for (int position = 1; position <= 4; position++) {
            index.add(1, position, first);
        }
        for (int position = 5; position <= 9; position++) {
            index.add(1, position, cutOff);
        }
        assertEquals(9, index.lastWritten(1, 6, cutOff));
        for (int position = 3; position <= 6; position++) {
            index.add(1, position, second); // behind a cut to 2
        }
        assertEquals(2, index.lastWritten(1, 1, first));
        assertEquals(-1, index.lastWritten(1, 3, first));
        assertEquals(-1, index.lastWritten(1, 5, cutOff));
        assertEquals(-1, index.lastWritten(1, 7, cutOff), "never written again");
        assertEquals(6, index.lastWritten(1, 4, second));
        assertEquals(-1, index.lastWritten(2, 4, second));
        assertEquals(-1, index.lastWritten(1, 0, first));
    }

    @Test
    void shouldTellWhatABatchHoldsOverTheEndOfAChunk() {
        final PositionIndex index = new PositionIndex(10);
        for (int i = 0; i <= PositionIndex.CHUNK_LENGTH; i++) {
            index.add(1, 2 * i + 1, (i + 1) * 4096L);
            index.add(1, 2 * i + 2, (i + 1) * 4096L);
        }
        final long last = 2L * PositionIndex.CHUNK_LENGTH;
        assertEquals(last, index.lastWritten(1, last - 1, PositionIndex.CHUNK_LENGTH * 4096L));
        assertEquals(last + 2, index.lastWritten(1, last + 1, (PositionIndex.CHUNK_LENGTH + 1) * 4096L));
    }
}
