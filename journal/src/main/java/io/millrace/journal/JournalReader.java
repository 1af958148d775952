package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.BatchHeaderDecoder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads batches of a journal while it is written: out of the write ring without copying while they are there, else from
 * the device into a buffer of its own. Only durable batches are served. Never blocks.
 *
 * <p>Who goes on from batch to batch is read ahead of: while one half of the buffer is gone through, what follows is
 * read into the other one, so that neither the device waits for the reader nor the reader for the device.
 *
 * <p><b>Threading</b>: device thread.
 *
 * <p><b>Invariants</b>: one read at a time is under way, and never into the memory of the batch at hand; what is read
 * ahead begins with a batch.
 */
public final class JournalReader implements AutoCloseable {
    private static final int SMALLEST_READ = 64 * 1024;

    /** Long enough for the device's bandwidth, short enough for a write that comes meanwhile. */
    private static final int LONGEST_READ_AHEAD = 256 * 1024;

    private final Journal journal;
    private final BlockDevice device;
    private final UnsafeBuffer arena;
    private final Crc32c crc;
    private final Superblock superblock;
    private final ZoneMap zones;
    private final PositionIndex index;
    private final JournalCounters counters;
    private final long token;
    private final int slotIndex;
    private final int slotLength;
    private final BatchHeaderDecoder header = new BatchHeaderDecoder();

    private State state = State.IDLE;
    private ErrorCode failure = ErrorCode.UNKNOWN;
    private long ringSequence = -1;
    private long batchAddress = -1;
    private int batchIndex;
    private int batchLength;
    private int payloadLength;
    private long loadedAddress;
    private int loadedLength;
    private int loadedIndex;
    private long aheadAddress;
    private int aheadLength;
    private int aheadIndex;
    private int readLength;
    private boolean reading;
    private boolean readingAhead;
    private boolean taken;

    /** What a reader holds. */
    public enum State {
        /** Nothing requested. */
        IDLE,
        /** A read of the device is under way. */
        PENDING,
        /** A batch can be read. */
        READY,
        /** The device could not be read or the batch is damaged; {@link JournalReader#failure()} says how. */
        FAILED
    }

    /**
     * Made by the journal only.
     *
     * @param journal that is read
     * @param shared device, arena and geometry
     * @param token of this reader's requests
     * @param slotIndex of its own buffer in the arena
     * @param slotLength bytes, the longest batch
     */
    JournalReader(
            final Journal journal, final Shared shared, final long token, final int slotIndex, final int slotLength) {
        this.journal = journal;
        device = shared.device();
        arena = shared.arena();
        crc = shared.crc();
        superblock = shared.superblock();
        zones = shared.zones();
        index = shared.index();
        counters = shared.counters();
        this.token = token;
        this.slotIndex = slotIndex;
        this.slotLength = slotLength;
    }

    /**
     * What all readers of a journal share.
     *
     * @param device to read
     * @param arena registered buffer
     * @param crc over the arena
     * @param superblock geometry
     * @param zones where the zones of the log lie
     * @param index of positions
     * @param counters to count in
     */
    record Shared(
            BlockDevice device,
            UnsafeBuffer arena,
            Crc32c crc,
            Superblock superblock,
            ZoneMap zones,
            PositionIndex index,
            JournalCounters counters) {}

    /**
     * Finds the first position at or behind one whose record lies anywhere: records that nobody wants any more are
     * gone, others may have been copied forward.
     *
     * @param chain number
     * @param position in the chain log
     * @return position for {@link Journal#addressOf}, or -1 when there is none yet
     */
    public long seek(final int chain, final long position) {
        return index.ceiling(chain, position, zones);
    }

    /**
     * Tells whether a record is to be read from a copy: its batch holds it inside a {@code REMNANT} record.
     *
     * @param chain number
     * @param position in the chain log
     * @return true when it was copied forward
     */
    public boolean isCopy(final int chain, final long position) {
        return index.isMoved(chain, position);
    }

    /**
     * Tells which records of a chain in the batch at hand count: of a position that was cut off and written again only
     * the record written last does.
     *
     * @param chain number
     * @param position of a record in the batch
     * @return last position up to which, from this one on, the chain was written into this batch last, copies left out;
     *     -1 when not even this one was, or the zone of the batch was freed
     */
    public long lastWrittenHere(final int chain, final long position) {
        return index.lastWritten(chain, position, batchAddress);
    }

    /**
     * Tells whether the zone of the batch at hand is still there: else the index knows nothing of it.
     *
     * @return true when it was not freed
     */
    public boolean isHeld() {
        return zones.holds(batchAddress);
    }

    /**
     * Asks for a batch. Serves from the write ring at once when it is still there, else from the device.
     *
     * @param address of a batch, from {@link Journal#addressOf} or {@link #nextBatchAddress()}
     * @return false when a read is pending, the device's queue is full, or the batch is not durable yet: ask again
     *     later
     */
    public boolean request(final long address) {
        if ((reading && !readingAhead) || address >= journal.durableAddress()) {
            return false;
        }
        if (serveFromRing(journal.findInRing(address), address)) {
            return true;
        }
        if (isLoaded(address)) {
            ringSequence = -1;
            take(address);
            if (state == State.READY) {
                return true;
            }
        }
        if (address >= aheadAddress && address < aheadAddress + aheadLength && zones.holds(address)) {
            ringSequence = -1;
            batchAddress = address;
            if (reading) {
                state = State.PENDING;
            } else {
                takeAhead();
            }
            return true;
        }
        if (reading) {
            if (state == State.FAILED) {
                state = State.IDLE; // it is read once more
            }
            return false; // what is read ahead is not wanted: when it has come
        }
        final boolean sequential = address > loadedAddress && isNear(address);
        readLength = sequential
                ? Math.max(superblock.granule(), Math.min(longestAhead(), Math.max(readLength, SMALLEST_READ) * 2))
                : SMALLEST_READ;
        return startRead(address, Math.min(readLength, slotLength));
    }

    /**
     * Tells whether a batch begins in what this reader has read from the device last, or right behind it: to ask it is
     * cheaper than to ask another one.
     *
     * @param address of a batch
     * @return true when it does
     */
    public boolean isNear(final long address) {
        return isWithin(address, loadedAddress, loadedLength) || isWithin(address, aheadAddress, aheadLength);
    }

    private static boolean isWithin(final long address, final long from, final int length) {
        return length > 0 && address >= from && address - from <= length;
    }

    private int longestAhead() {
        return Math.min(LONGEST_READ_AHEAD, (slotLength >> 1) & -superblock.granule());
    }

    /** Goes on in the half that was read ahead. */
    private void takeAhead() {
        loadedAddress = aheadAddress;
        loadedLength = aheadLength;
        loadedIndex = aheadIndex;
        aheadLength = 0;
        take(batchAddress);
    }

    /** Reads what follows into the half that the loaded batches are not in, when they are gone through in order. */
    private void readAhead() {
        final int longest = longestAhead();
        if (reading
                || aheadLength > 0
                || batchAddress != loadedAddress
                || longest == 0
                || readLength < longest
                || loadedLength > longest) {
            return;
        }
        final long from = behindLoaded();
        final long end = Math.min(journal.durableAddress(), zones.holds(from) ? zones.zoneEnd(from) : 0);
        final long deviceAddress = from < end ? zones.deviceAddress(from) : ZoneMap.ABSENT;
        if (deviceAddress == ZoneMap.ABSENT || journal.findInRing(from) >= 0) {
            return;
        }
        final int index = loadedIndex == slotIndex ? slotIndex + longest : slotIndex;
        final int length = (int) Math.min(longest, end - from);
        if (device.submitRead(index, length, deviceAddress, token)) {
            reading = true;
            readingAhead = true;
            aheadAddress = from;
            aheadLength = length;
            aheadIndex = index;
            counters.deviceReadCount++;
        }
    }

    /** The first batch behind the one at hand that did not come whole. */
    private long behindLoaded() {
        long address = batchAddress + batchLength;
        while (isLoaded(address)) {
            final int length = header.batchLength();
            if (length < superblock.granule()) {
                break; // damaged: shown when it is taken
            }
            address += length;
        }
        return address;
    }

    /** Tells whether a whole batch lies in what was read last. */
    private boolean isLoaded(final long address) {
        final long loadedEnd = loadedAddress + loadedLength;
        if (address < loadedAddress || address + superblock.granule() > loadedEnd || !zones.holds(address)) {
            return false;
        }
        header.wrap(
                arena,
                loadedIndex + (int) (address - loadedAddress),
                BatchHeaderDecoder.BLOCK_LENGTH,
                BatchHeaderDecoder.SCHEMA_VERSION);
        final int payload = header.payloadLength();
        return header.address() == address
                && payload >= 0
                && payload <= loadedEnd - address - LogFormat.BATCH_HEADER_LENGTH;
    }

    private boolean serveFromRing(final long sequence, final long address) {
        if (sequence < 0) {
            return false;
        }
        final WriteRing ring = journal.ring();
        ringSequence = sequence;
        batchAddress = address;
        batchIndex = ring.index(sequence);
        batchLength = ring.batchLength(sequence);
        payloadLength = ring.payloadLength(sequence);
        state = State.READY;
        counters.ringReadCount++;
        return true;
    }

    private boolean startRead(final long address, final int wanted) {
        if (address < superblock.dataAddress() || address % superblock.granule() != 0) {
            throw new IllegalArgumentException("not the address of a batch: " + address);
        }
        final long deviceAddress = zones.deviceAddress(address);
        if (deviceAddress == ZoneMap.ABSENT) {
            ringSequence = -1;
            batchAddress = address;
            loadedLength = 0;
            fail(ErrorCode.SEGMENT_TRUNCATED);
            return true;
        }
        // what is durable ends here; a batch never crosses its zone, so nothing is missed by reading no further
        final long end = Math.min(journal.durableAddress(), zones.zoneEnd(address));
        final int length = (int) Math.min(wanted, end - address);
        if (!device.submitRead(slotIndex, length, deviceAddress, token)) {
            return false;
        }
        reading = true;
        state = State.PENDING;
        ringSequence = -1;
        batchAddress = address;
        loadedAddress = address;
        loadedLength = length;
        loadedIndex = slotIndex;
        aheadLength = 0;
        counters.deviceReadCount++;
        return true;
    }

    /**
     * Takes the completion of a read.
     *
     * @param result bytes or negative errno
     */
    void onRead(final int result) {
        reading = false;
        if (readingAhead) {
            readingAhead = false;
            onReadAhead(result);
            return;
        }
        if (state != State.PENDING) {
            loadedLength = 0;
            return; // released meanwhile
        }
        if (result != loadedLength) {
            loadedLength = 0;
            fail(ErrorCode.DEVICE_IO);
            return;
        }
        take(batchAddress);
    }

    /** What could not be read is asked for again when its turn comes, and tells then what ails it. */
    private void onReadAhead(final int result) {
        final boolean isWanted = state == State.PENDING;
        if (result == aheadLength && isWanted) {
            takeAhead();
        } else if (result != aheadLength) {
            aheadLength = 0;
            if (isWanted && !startRead(batchAddress, Math.min(SMALLEST_READ, slotLength))) {
                fail(ErrorCode.THROTTLED);
            }
        }
    }

    /** Checks the batch at an address inside what was read, and reads further when it is longer. */
    private void take(final long address) {
        final int room = (int) (loadedAddress + loadedLength - address);
        batchIndex = loadedIndex + (int) (address - loadedAddress);
        batchAddress = address;
        header.wrap(arena, batchIndex, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
        final boolean valid = LogWalker.isWholeHeader(header, batchIndex, crc)
                && LogWalker.isOfDevice(header, superblock)
                && header.address() == address
                && isOfRun(address);
        if (!valid) {
            damaged(address);
            return;
        }
        batchLength = header.batchLength();
        payloadLength = header.payloadLength();
        final int needed = LogFormat.BATCH_HEADER_LENGTH + payloadLength;
        final long end = Math.min(journal.durableAddress(), zones.zoneEnd(address));
        if (payloadLength < 0 || needed > batchLength || needed > slotLength || needed > end - address) {
            damaged(address);
        } else if (needed > room) {
            final int granule = superblock.granule();
            if (reading) {
                fail(ErrorCode.THROTTLED); // only a damaged header makes it longer than it was when it was loaded
            } else if (!startRead(address, (needed + granule - 1) & -granule)) {
                fail(ErrorCode.DEVICE_IO);
            }
        } else if ((int) header.payloadCrc32c()
                != crc.compute(batchIndex + LogFormat.BATCH_HEADER_LENGTH, payloadLength)) {
            damaged(address);
        } else {
            state = State.READY;
            readAhead();
        }
    }

    /**
     * Tells whether the batch is of the run that wrote its address. A batch that a recovery cut off is whole as well,
     * and lies where a later run's batch begins; it shows when the device has lost that one.
     */
    private boolean isOfRun(final long address) {
        final RecoveryReport run = journal.recoveryReport();
        return (address >= run.endAddress()) == (header.recoveryEpoch() == run.recoveryEpoch());
    }

    /** What was read is not the batch: its zone was freed while the read was under way, or the device lost it. */
    private void damaged(final long address) {
        fail(zones.holds(address) ? ErrorCode.JOURNAL_CORRUPT : ErrorCode.SEGMENT_TRUNCATED);
    }

    private void fail(final ErrorCode code) {
        state = State.FAILED;
        failure = code;
    }

    /**
     * Returns the state. Call it in each duty cycle before touching the buffer: a batch in the write ring that was
     * overwritten meanwhile turns the reader to PENDING, and later to READY with the same batch at another index. Keep
     * offsets relative to {@link #payloadIndex()}.
     *
     * @return state
     */
    public State state() {
        if (state == State.READY && ringSequence >= 0 && !journal.ring().holds(ringSequence)) {
            counters.overtakenReadCount++;
            final int granule = superblock.granule();
            final int needed = (LogFormat.BATCH_HEADER_LENGTH + payloadLength + granule - 1) & -granule;
            if (reading || !startRead(batchAddress, needed)) {
                fail(ErrorCode.THROTTLED);
            }
        }
        return state;
    }

    /**
     * Returns what failed: MR-6011 the device cannot be read, MR-6005 the batch is damaged, MR-3018 its zone was freed,
     * MR-1007 the device's queue was full when a batch had to be read again: ask again.
     *
     * @return code, meaningful in state FAILED
     */
    public ErrorCode failure() {
        return failure;
    }

    /**
     * Returns the buffer that holds the batch in state READY.
     *
     * @return buffer; valid until the next claim or doWork of the journal, then call {@link #state()} again
     */
    public DirectBuffer buffer() {
        return arena;
    }

    /**
     * Returns where the first record header is.
     *
     * @return index in {@link #buffer()}
     */
    public int payloadIndex() {
        return batchIndex + LogFormat.BATCH_HEADER_LENGTH;
    }

    /**
     * Returns the length of the records with their alignment.
     *
     * @return bytes; 0 for an empty batch
     */
    public int payloadLength() {
        return payloadLength;
    }

    /**
     * Returns the batch that was asked for last.
     *
     * @return address
     */
    public long batchAddress() {
        return batchAddress;
    }

    /**
     * Returns where the batch behind this one begins.
     *
     * @return address, meaningful in state READY
     */
    public long nextBatchAddress() {
        return batchAddress + batchLength;
    }

    /**
     * Steps to the next batch if it is at hand.
     *
     * @return true when READY with the next batch; false: {@link #request} it by {@link #nextBatchAddress()}
     */
    public boolean nextBatch() {
        final long next = nextBatchAddress();
        if (state() != State.READY || next >= journal.durableAddress()) {
            return false;
        }
        if (serveFromRing(journal.findInRing(next), next)) {
            return true;
        }
        if (ringSequence >= 0 || !isLoaded(next)) {
            return false; // not whole: to be requested
        }
        take(next);
        return state == State.READY;
    }

    /** Lets go of the batch: state IDLE. A read under way comes back into the reader's own buffer and is dropped. */
    public void release() {
        state = State.IDLE;
        ringSequence = -1;
    }

    /** Tells whether a read is under way, also of a user that is gone. */
    boolean isReading() {
        return reading;
    }

    /**
     * Takes the reader out of the pool.
     *
     * @return false when it is taken or a read of its last user is still under way
     */
    boolean tryTake() {
        if (taken || reading) {
            return false;
        }
        taken = true;
        loadedLength = 0;
        aheadLength = 0;
        readLength = 0;
        return true;
    }

    /** Gives the reader back to the pool. */
    @Override
    public void close() {
        release();
        taken = false;
    }
}
