package io.millrace.replication;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalReader;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Finds a record of a chain by its position, wherever it lies: in the write ring while it is there, else on the device,
 * also in a copy or a fill. Never blocks: what has to be read first is asked for again in a later turn.
 *
 * <p>A batch that was read for somebody stays until he has come for it, or has had the time to: were it given up for
 * the next one who asks, more askers than readers would take each other's batches for ever and none would get a record.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated.
 */
final class RecordSource {
    /** {@link #buffer} and {@link #index} show the record until the next call of anything. */
    static final int READY = 0;

    /** It is being read, or not durable yet: ask again in a later turn. */
    static final int PENDING = 1;

    /** It is not here any more, or not yet. */
    static final int GONE = 2;

    /** It cannot be read: the device lost it. */
    static final int DAMAGED = 3;

    /** Who was told {@link #PENDING} comes again much earlier, if at all. */
    private static final long KEEP_NS = 100_000_000L;

    private final Journal journal;
    private final Slot[] slots;
    private final RecordHeaderDecoder header = new RecordHeaderDecoder();
    private DirectBuffer buffer;
    private int index;
    private long useCount;
    private long nowNs;

    /** One batch at a time. */
    private static final class Slot {
        final JournalReader reader;
        long address = -1;
        long lastUse;

        /** Nobody has had a record of the batch since it was asked for, then. */
        boolean isAwaited;

        long askedNs;

        /** Where the search for the next position goes on, in the payload; good for one chain. */
        int consumed;

        int chain = -1;
        long position;

        Slot(final JournalReader reader) {
            this.reader = reader;
        }
    }

    /**
     * Takes its readers from the journal.
     *
     * @param journal to read.
     * @param readerCount batches at a time.
     */
    RecordSource(final Journal journal, final int readerCount) {
        this.journal = journal;
        buffer = journal.buffer();
        slots = new Slot[readerCount];
        for (int i = 0; i < readerCount; i++) {
            final JournalReader reader = journal.newReader();
            if (reader == null) {
                throw new IllegalStateException("the journal has fewer readers than chains want: " + i);
            }
            slots[i] = new Slot(reader);
        }
    }

    /**
     * Begins a turn.
     *
     * @param turnNs its monotonic time.
     */
    void turn(final long turnNs) {
        nowNs = turnNs;
    }

    /**
     * Looks a record up.
     *
     * @param replica of its chain.
     * @param position of it.
     * @return one of the constants of this class.
     */
    int find(final ChainReplica replica, final long position) {
        final int recent = replica.recentIndex(position);
        if (recent >= 0) {
            buffer = journal.buffer();
            index = recent;
            return READY;
        }
        final int found = findOnDevice(replica.chain(), position);
        if (found == DAMAGED) {
            Unreadable.mark(replica, journal, position);
        }
        return found;
    }

    /** Gives the buffer that holds the record found. */
    DirectBuffer buffer() {
        return buffer;
    }

    /** Gives where the header of the record found is. */
    int index() {
        return index;
    }

    private int findOnDevice(final int chain, final long position) {
        final long address = journal.addressOf(chain, position);
        if (address < 0) {
            return GONE;
        }
        final Slot slot = slotOf(address);
        if (slot == null) {
            return PENDING;
        }
        slot.lastUse = ++useCount;
        if (slot.address != address || slot.reader.state() == JournalReader.State.IDLE) {
            slot.reader.release();
            slot.address = address;
            slot.chain = -1;
            slot.isAwaited = false;
            if (!slot.reader.request(address)) {
                slot.address = -1;
                return PENDING;
            }
            slot.isAwaited = true;
            slot.askedNs = nowNs;
        }
        return switch (slot.reader.state()) {
            case READY -> search(slot, chain, position);
            case FAILED -> failed(slot);
            default -> PENDING;
        };
    }

    private static int failed(final Slot slot) {
        final ErrorCode failure = slot.reader.failure();
        slot.reader.release();
        slot.address = -1;
        slot.isAwaited = false;
        return failure == ErrorCode.THROTTLED ? PENDING : failure == ErrorCode.SEGMENT_TRUNCATED ? GONE : DAMAGED;
    }

    private @Nullable Slot slotOf(final long address) {
        Slot near = null;
        Slot free = null;
        for (final Slot slot : slots) {
            if (slot.address == address) {
                return slot;
            }
            if (isFree(slot)) {
                near = slot.reader.isNear(address) ? slot : near;
                free = free == null || slot.lastUse < free.lastUse ? slot : free;
            }
        }
        return near == null ? free : near;
    }

    private boolean isFree(final Slot slot) {
        final boolean isKept = slot.isAwaited && nowNs - slot.askedNs < KEEP_NS;
        return slot.reader.state() != JournalReader.State.PENDING && !isKept;
    }

    private int search(final Slot slot, final int chain, final long position) {
        slot.isAwaited = false;
        final JournalReader reader = slot.reader;
        final DirectBuffer batch = reader.buffer();
        final boolean isCopy = reader.isCopy(chain, position);
        int consumed = slot.chain == chain && slot.position < position && !isCopy ? slot.consumed : 0;
        while (consumed < reader.payloadLength()) {
            final int outer = reader.payloadIndex() + consumed;
            header.wrap(batch, outer, RecordHeaderDecoder.BLOCK_LENGTH, 0);
            final int outerLength = header.length();
            final int inner = outer + prefixOf(header.kind());
            if (inner != outer == isCopy) {
                header.wrap(batch, inner, RecordHeaderDecoder.BLOCK_LENGTH, 0);
                if (header.chain() == chain && header.position() == position) {
                    slot.chain = chain;
                    slot.position = position;
                    slot.consumed = consumed + LogFormat.align(outerLength);
                    buffer = batch;
                    index = inner;
                    return READY;
                }
            }
            consumed += LogFormat.align(outerLength);
        }
        return DAMAGED; // the batch that should hold it does not: the one that did is lost
    }

    /** Gives where the record inside a copy or a fill begins, 0 for every other kind. */
    static int prefixOf(final RecordKind kind) {
        return kind == RecordKind.REMNANT
                ? LogFormat.RECORD_HEADER_LENGTH
                : kind == RecordKind.FILL ? LogFormat.FILL_PREFIX_LENGTH : 0;
    }
}
