package io.millrace.journal;

import org.jspecify.annotations.Nullable;

/**
 * The readers of a journal, each with a buffer of its own behind the write ring.
 *
 * <p><b>Threading</b>: device thread. <b>Invariants</b>: no reader is made after the journal was opened.
 */
final class ReaderPool {
    private static final long TOKEN = 1L << 55;

    private final JournalReader[] readers;

    /**
     * Makes all readers.
     *
     * @param journal that they read
     * @param shared device, arena and geometry
     * @param count of readers
     * @param firstIndex of their buffers in the arena
     * @param stride between their buffers
     * @param slotLength bytes of a buffer, the longest batch
     */
    ReaderPool(
            final Journal journal,
            final JournalReader.Shared shared,
            final int count,
            final int firstIndex,
            final int stride,
            final int slotLength) {
        readers = new JournalReader[count];
        for (int i = 0; i < count; i++) {
            readers[i] = new JournalReader(journal, shared, TOKEN | i, firstIndex + i * stride, slotLength);
        }
    }

    /** Takes a reader, or gives null when all are taken. */
    @Nullable
    JournalReader take() {
        for (final JournalReader reader : readers) {
            if (reader.tryTake()) {
                return reader;
            }
        }
        return null;
    }

    /** Tells whether a token is a reader's. */
    static boolean owns(final long token) {
        return (token & TOKEN) != 0;
    }

    /** Hands a completion to its reader. */
    void onRead(final long token, final int result) {
        readers[(int) (token & ~TOKEN)].onRead(result);
    }

    /** Tells whether a read is under way, also of a user that is gone. */
    boolean isReading() {
        for (final JournalReader reader : readers) {
            if (reader.isReading()) {
                return true;
            }
        }
        return false;
    }
}
