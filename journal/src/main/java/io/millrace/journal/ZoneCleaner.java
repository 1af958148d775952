package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Copies remnants forward: what is live in zones of which most is not goes to the end of the log in {@code REMNANT}
 * records, so that the next checkpoint frees the zones (P7).
 *
 * <p>The walk of a checkpoint, or of a trial, counts what is live in each zone. {@link #choose} picks victims by these
 * counts before the next walk, which tells in which batches of a victim the live data lies. Each of those batches is
 * read twice: first to measure what a copy would take, then, when the zone is worth it, to copy. A piece of copies goes
 * into the open batch at once and is durable before the next is taken. Where a record lies counts once its copy is
 * durable; a zone is cleaned once all its copies are.
 *
 * <p><b>Threading</b>: device thread. Reads by a {@link JournalReader}, never blocks; a few records a turn.
 *
 * <p><b>Invariants</b>: only records are copied that lie in a durable batch, are named by the committed state, have a
 * right CRC, and lie nowhere newer. Nothing is copied while a checkpoint is under way. A zone with a damaged live
 * record is left as it is and reported.
 */
public final class ZoneCleaner {
    /** Zones cleaned between two walks. */
    static final int VICTIM_LIMIT = 8;

    /** Positions that may be named alone; with more the victims are given up. */
    static final int NAMED_LIMIT = 1 << 18;

    /** Runs of moved positions of all chains; with more nothing is copied. 32 MiB of memory. */
    static final long MOVED_LIMIT = 1 << 20;

    private static final int PIECE_LENGTH = 64 * 1024;
    private static final int RECORDS_A_TURN = 128;
    private static final int BATCHES_A_TURN = 16;

    /** A zone whose live data times this is little enough is not measured: what small records add is less. */
    private static final long ESTIMATE_MARGIN = 8;

    private static final int HEADER = LogFormat.RECORD_HEADER_LENGTH;
    private static final int REFUSAL_SHARE = 16;
    private static final int LENGTH_OFFSET = RecordHeaderDecoder.lengthEncodingOffset();
    private static final int CRC_OFFSET = RecordHeaderDecoder.crc32cEncodingOffset();
    private static final int KIND_OFFSET = RecordHeaderDecoder.kindEncodingOffset();
    private static final int CHAIN_OFFSET = RecordHeaderDecoder.chainEncodingOffset();
    private static final int POSITION_OFFSET = RecordHeaderDecoder.positionEncodingOffset();
    private static final byte KIND_APPEND = (byte) RecordKind.APPEND.value();
    private static final byte KIND_FRAGMENT = (byte) RecordKind.APPEND_FRAGMENT.value();
    private static final byte KIND_FILL = (byte) RecordKind.FILL.value();
    private static final byte KIND_REMNANT = (byte) RecordKind.REMNANT.value();
    private static final RemnantFilter EVERYTHING = (buffer, index, length, named) -> true;

    private final Journal journal;
    private final PositionIndex index;
    private final ZoneMap zones;
    private final Crc32c crc;
    private final int granule;
    private final Consumer<String> warnings;
    private final EpochNanoClock epochClock;
    private final RecordHeaderEncoder header = new RecordHeaderEncoder();
    private final long[] victims = new long[VICTIM_LIMIT];
    private final long[][] wanted = new long[VICTIM_LIMIT][];
    private final LongHashSet named = new LongHashSet();
    private final UnsafeBuffer staged;

    private RemnantFilter filter = EVERYTHING;
    private @Nullable JournalReader reader;
    private State state = State.IDLE;
    private boolean knowsLive;
    private int victimCount;
    private int victim;
    private int bit;
    private int consumed;
    private boolean copying;
    private long measuredBytes;
    private int budget;
    private int stagedLength;
    private int stagedOffset;

    private enum State {
        /** No victims, or the walk that tells where their live data lies has not ended. */
        IDLE,
        /** A walk tells where live data lies. */
        WALKING,
        /** Reads the batches of a victim. */
        READING,
        /** Hands staged copies to the journal. */
        WRITING,
        /** Waits until they are durable. */
        AWAITING
    }

    /**
     * Made by the journal only.
     *
     * @param journal to read and to write
     * @param index of its positions
     * @param zones of its device
     * @param crc over the journal's buffer
     * @param granule of the device
     * @param warnings takes one line about a damaged zone
     * @param epochClock for the timestamps of records
     */
    ZoneCleaner(
            final Journal journal,
            final PositionIndex index,
            final ZoneMap zones,
            final Crc32c crc,
            final int granule,
            final Consumer<String> warnings,
            final EpochNanoClock epochClock) {
        this.journal = journal;
        this.index = index;
        this.zones = zones;
        this.crc = crc;
        this.granule = granule;
        this.warnings = warnings;
        this.epochClock = epochClock;
        final int longs = (int) ((zones.zoneLength() / granule + Long.SIZE - 1) / Long.SIZE);
        for (int i = 0; i < VICTIM_LIMIT; i++) {
            wanted[i] = new long[longs];
        }
        staged = new UnsafeBuffer(new byte[Math.max(PIECE_LENGTH, LogFormat.align(journal.maxRecordLength()))]);
    }

    /**
     * Sets who tells live records from dead ones.
     *
     * @param value filter
     */
    public void filter(final RemnantFilter value) {
        filter = value;
    }

    /**
     * Tells whether a walk has counted what is live in each zone since the journal was opened.
     *
     * @return true when {@link #choose} can choose
     */
    public boolean knowsLive() {
        return knowsLive;
    }

    /**
     * Chooses the zones to clean, those with the least live data first, the oldest of equals. Call it before
     * {@link CheckpointWriter#begin} or {@code beginTrial}: that walk tells where their live data lies.
     *
     * @param mostLiveBytes zones with more are left alone
     * @return zones chosen; 0 also while zones are being cleaned
     */
    public int choose(final long mostLiveBytes) {
        if (state != State.IDLE || !knowsLive || index.movedRunCount() >= MOVED_LIMIT) {
            return 0;
        }
        victimCount = 0;
        for (int place = nextCandidate(mostLiveBytes);
                place >= 0 && victimCount < VICTIM_LIMIT;
                place = nextCandidate(mostLiveBytes)) {
            victims[victimCount++] = zones.zoneAt(place);
        }
        return victimCount;
    }

    /**
     * Tells whether {@link #choose} would find a zone.
     *
     * @param mostLiveBytes zones with more are left alone
     * @return true when it would
     */
    public boolean hasCandidate(final long mostLiveBytes) {
        if (state != State.IDLE || !knowsLive || index.movedRunCount() >= MOVED_LIMIT) {
            return false;
        }
        victimCount = 0;
        return nextCandidate(mostLiveBytes) >= 0;
    }

    private int nextCandidate(final long mostLiveBytes) {
        final long end = zones.zoneOf(journal.durableAddress());
        int best = -1;
        for (int place = 0; place < zones.count(); place++) {
            final long zone = zones.zoneAt(place);
            final long live = zones.liveBytes(place);
            final boolean isCandidate = zone != ZoneMap.ABSENT
                    && zone < end
                    && !zones.isCleaned(place)
                    && live > 0
                    && live <= mostLiveBytes
                    && live < zones.refusedBytes(place) - zones.zoneLength() / REFUSAL_SHARE
                    && !isVictim(zone);
            if (isCandidate
                    && (best < 0
                            || live < zones.liveBytes(best)
                            || (live == zones.liveBytes(best) && zone < zones.zoneAt(best)))) {
                best = place;
            }
        }
        return best;
    }

    private boolean isVictim(final long zone) {
        return ordinalOf(zone) >= 0;
    }

    private int ordinalOf(final long zone) {
        for (int i = 0; i < victimCount; i++) {
            if (victims[i] == zone) {
                return i;
            }
        }
        return -1;
    }

    /** A walk begins: of victims that are not cleaned yet, it tells anew where their live data lies. */
    void onWalkBegin(final long startAddress) {
        releaseReader();
        if (state != State.IDLE) {
            victimCount -= victim; // those before are done
            System.arraycopy(victims, victim, victims, 0, victimCount);
        }
        for (int i = victimCount - 1; i >= 0; i--) {
            if (victims[i] >= zones.zoneOf(startAddress)) {
                victims[i] = victims[--victimCount];
            }
        }
        for (int i = 0; i < victimCount; i++) {
            Arrays.fill(wanted[i], 0);
        }
        named.clear();
        zones.forgetLive();
        knowsLive = false;
        stagedLength = 0;
        state = State.WALKING;
    }

    /** A batch holds live data. */
    void onLive(final int chain, final long first, final long last, final long address) {
        final int ordinal = ordinalOf(zones.zoneOf(address));
        if (ordinal < 0) {
            return;
        }
        final int granules = (int) ((address - zones.addressOf(victims[ordinal])) / granule);
        wanted[ordinal][granules >> 6] |= 1L << granules;
        if (first == last) {
            if (named.size() < NAMED_LIMIT) {
                named.add(nameOf(chain, first));
            } else {
                victimCount = 0;
            }
        }
    }

    /** The walk has ended; whole or not. */
    void onWalkEnd(final boolean whole) {
        knowsLive = whole;
        if (!whole) {
            victimCount = 0;
        }
        victim = -1;
        state = State.IDLE;
        if (victimCount > 0) {
            nextVictim();
        }
    }

    /**
     * Tells whether there are zones to clean.
     *
     * @return true until each is cleaned, refused, or given up
     */
    public boolean isBusy() {
        return state != State.IDLE;
    }

    /**
     * Tells whether copies wait to become durable: no checkpoint may begin.
     *
     * @return true while they do
     */
    public boolean isWriting() {
        return (state == State.WRITING && stagedOffset > 0) || state == State.AWAITING;
    }

    /**
     * Tells whether a zone was cleaned that no checkpoint has freed yet.
     *
     * @return true when a checkpoint would free one
     */
    public boolean hasCleaned() {
        for (int place = 0; place < zones.count(); place++) {
            if (zones.isCleaned(place) && zones.zoneAt(place) != ZoneMap.ABSENT) {
                return true;
            }
        }
        return false;
    }

    /** Gives all victims up; what was copied stays copied. */
    public void giveUp() {
        if (state == State.READING || (state == State.WRITING && stagedOffset == 0)) {
            releaseReader();
            victimCount = 0;
            stagedLength = 0;
            state = State.IDLE;
        } else if (state != State.IDLE && state != State.WALKING) {
            victimCount = 0; // ends when the piece is durable
        }
    }

    /**
     * Returns the zones without a log zone.
     *
     * @return count
     */
    public int freeZoneCount() {
        return zones.freeCount();
    }

    /**
     * Returns the zones of the device.
     *
     * @return count
     */
    public int zoneCount() {
        return zones.count();
    }

    /**
     * Returns the length of a zone.
     *
     * @return bytes
     */
    public long zoneLength() {
        return zones.zoneLength();
    }

    /**
     * Goes on cleaning; between two duty cycles, and not while a checkpoint is under way.
     *
     * @param mostCopyBytes zones whose copies would take more are refused
     * @param roomBytes what may be written now
     * @param mayWrite false: read only
     * @return work done
     */
    public int doWork(final long mostCopyBytes, final long roomBytes, final boolean mayWrite) {
        return switch (state) {
            case IDLE, WALKING -> 0;
            case READING -> readSome(mostCopyBytes, roomBytes);
            case WRITING -> mayWrite ? write() : 0;
            case AWAITING -> await();
        };
    }

    private int readSome(final long mostCopyBytes, final long roomBytes) {
        budget = RECORDS_A_TURN;
        int work = 0;
        for (int i = 0; i < BATCHES_A_TURN && state == State.READING && budget > 0; i++) {
            final int done = read(mostCopyBytes, roomBytes);
            if (done == 0) {
                break;
            }
            work += done;
        }
        return work;
    }

    private int read(final long mostCopyBytes, final long roomBytes) {
        if (!copying && measuredBytes == 0 && isSurelyWorthIt(Math.min(mostCopyBytes, roomBytes))) {
            copying = true;
        }
        final long[] bits = wanted[victim];
        while (bit < bits.length * Long.SIZE && (bits[bit >> 6] & 1L << bit) == 0) {
            bit = nextBit(bits, bit);
        }
        if (bit >= bits.length * Long.SIZE) {
            return endPass(mostCopyBytes, roomBytes);
        }
        if (reader == null) {
            reader = journal.newReader();
        }
        final JournalReader batch = reader;
        if (batch == null) {
            return 0;
        }
        final long address = zones.addressOf(victims[victim]) + (long) bit * granule;
        switch (batch.state()) {
            case IDLE -> {
                consumed = 0;
                return batch.request(address) ? 1 : 0;
            }
            case PENDING -> {
                return 0;
            }
            case FAILED -> {
                if (batch.failure() == ErrorCode.THROTTLED) {
                    batch.release();
                } else if (batch.failure() == ErrorCode.SEGMENT_TRUNCATED) {
                    nextVictim(); // its zone is free already
                } else {
                    damaged(address, batch.failure());
                }
                return 1;
            }
            default -> {
                return take(batch, address);
            }
        }
    }

    private boolean isSurelyWorthIt(final long bytes) {
        final int place = zones.placeOf(victims[victim]);
        return place != ZoneMap.ABSENT && zones.liveBytes(place) * ESTIMATE_MARGIN + 4L * PIECE_LENGTH <= bytes;
    }

    private static int nextBit(final long[] bits, final int from) {
        final long rest = bits[from >> 6] & (-1L << from);
        return rest != 0 ? (from & -Long.SIZE) + Long.numberOfTrailingZeros(rest) : (from & -Long.SIZE) + Long.SIZE;
    }

    /** Takes some records of the batch; a piece that is full is written before the next is taken. */
    private int take(final JournalReader batch, final long address) {
        final UnsafeBuffer buffer = (UnsafeBuffer) batch.buffer();
        for (; budget > 0 && consumed < batch.payloadLength(); budget--) {
            final int at = batch.payloadIndex() + consumed;
            final int length = buffer.getInt(at + LENGTH_OFFSET, ByteOrder.LITTLE_ENDIAN);
            if (length < HEADER || length > batch.payloadLength() - consumed) {
                damaged(address, ErrorCode.RECORD_INVALID);
                return 1;
            }
            final byte kind = buffer.getByte(at + KIND_OFFSET);
            final int prefix = kind == KIND_REMNANT ? HEADER : kind == KIND_FILL ? LogFormat.FILL_PREFIX_LENGTH : 0;
            final int record = at + prefix;
            final int recordLength = length - prefix;
            if (isHere(buffer, record, address)) {
                final int expected = buffer.getInt(record + CRC_OFFSET, ByteOrder.LITTLE_ENDIAN);
                final int start = LogFormat.RECORD_CRC_START;
                if (crc.compute(record + start, recordLength - start) != expected) {
                    damaged(address, ErrorCode.RECORD_INVALID);
                    return 1;
                }
                if (isLive(buffer, record, recordLength) && !take(buffer, record, recordLength)) {
                    return 1; // the piece is full: this record again
                }
            }
            consumed += LogFormat.align(length);
        }
        if (consumed >= batch.payloadLength()) {
            batch.release();
            consumed = 0;
            bit++;
        }
        return 1;
    }

    /** Tells whether a record is one of a segment, and lies nowhere newer. */
    private boolean isHere(final UnsafeBuffer buffer, final int record, final long address) {
        final byte kind = buffer.getByte(record + KIND_OFFSET);
        return (kind == KIND_APPEND || kind == KIND_FRAGMENT)
                && index.addressOf(
                                buffer.getInt(record + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN),
                                buffer.getLong(record + POSITION_OFFSET, ByteOrder.LITTLE_ENDIAN))
                        == address;
    }

    private boolean isLive(final UnsafeBuffer buffer, final int record, final int length) {
        final int chain = buffer.getInt(record + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN);
        final long position = buffer.getLong(record + POSITION_OFFSET, ByteOrder.LITTLE_ENDIAN);
        return filter.isLive(buffer, record, length, named.contains(nameOf(chain, position)));
    }

    /** Measures or stages a record; false when it does not fit into the piece any more. */
    private boolean take(final UnsafeBuffer buffer, final int record, final int length) {
        final int copyLength = LogFormat.align(HEADER + length);
        if (!copying) {
            measuredBytes += copyLength > journal.maxRecordLength() ? zones.zoneLength() : copyLength;
            return true;
        }
        final int aligned = LogFormat.align(length);
        if (stagedLength > 0 && stagedLength + aligned > PIECE_LENGTH) {
            beginWriting();
            return false;
        }
        staged.putBytes(stagedLength, buffer, record, length);
        stagedLength += aligned;
        return true;
    }

    private int endPass(final long mostCopyBytes, final long roomBytes) {
        if (copying) {
            if (stagedLength > 0) {
                beginWriting();
            } else {
                zones.clean(victims[victim]);
                journal.counters().cleanedZoneCount++;
                nextVictim();
            }
            return 1;
        }
        final long withBatches = measuredBytes + measuredBytes / 16 + 2L * PIECE_LENGTH;
        if (measuredBytes > mostCopyBytes) {
            zones.refuse(victims[victim]);
            nextVictim();
        } else if (withBatches > roomBytes) {
            nextVictim(); // not now
        } else {
            copying = true;
            bit = 0;
        }
        return 1;
    }

    private void beginWriting() {
        if (reader != null) {
            reader.release(); // the batch is asked for again: the write ring needs not hold it meanwhile
        }
        stagedOffset = 0;
        state = State.WRITING;
    }

    private int write() {
        while (stagedOffset < stagedLength) {
            final int length = staged.getInt(stagedOffset + LENGTH_OFFSET, ByteOrder.LITTLE_ENDIAN);
            final int at = journal.tryClaim(HEADER + length);
            if (at == JournalStatus.BACK_PRESSURED) {
                return 0;
            }
            if (at < 0) {
                victimCount = 0; // full or fenced: what is in the journal already may become durable
                state = State.AWAITING;
                return 1;
            }
            journal.buffer().putBytes(at + HEADER, staged, stagedOffset, length);
            header.wrap(journal.buffer(), at)
                    .length(HEADER + length)
                    .kind(RecordKind.REMNANT)
                    .flags((short) 0)
                    .bodyVersion(0)
                    .chain(staged.getInt(stagedOffset + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN))
                    .chainEpoch(0)
                    .position(0)
                    .previousHash(0)
                    .commitMark(0)
                    .timestampNs(epochClock.nanoTime())
                    .effectNumber(0);
            journal.commit(at, HEADER + length);
            journal.counters().copiedBytes += HEADER + length;
            stagedOffset += LogFormat.align(length);
        }
        state = State.AWAITING;
        return 1;
    }

    private int await() {
        if (index.settle(journal.durableAddress()) > 0) {
            return 0;
        }
        stagedLength = 0;
        stagedOffset = 0;
        state = victimCount > 0 ? State.READING : State.IDLE;
        if (state == State.IDLE) {
            releaseReader();
        }
        return 1;
    }

    private void damaged(final long address, final ErrorCode code) {
        journal.counters().damagedZoneCount++;
        warnings.accept(code.id() + ": zone " + victims[victim] + " cannot be cleaned: the batch at address " + address
                + " holds live records and is damaged; it stays as it is. " + code.remedy());
        zones.refuseForEver(victims[victim]);
        stagedLength = 0;
        nextVictim();
    }

    private void nextVictim() {
        releaseReader();
        bit = 0;
        consumed = 0;
        copying = false;
        measuredBytes = 0;
        if (++victim < victimCount) {
            state = State.READING;
        } else {
            victimCount = 0;
            state = State.IDLE;
        }
    }

    private void releaseReader() {
        if (reader != null) {
            reader.close();
            reader = null;
        }
    }

    private static long nameOf(final int chain, final long position) {
        return (long) chain << 48 ^ position;
    }
}
