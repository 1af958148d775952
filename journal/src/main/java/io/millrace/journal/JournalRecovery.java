package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.log.CheckpointBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads what a device holds: first the pieces of the newest checkpoint, then, from the batch that the checkpoint begins
 * with, every record in order (P1, P7: recovery believes the checkpoint and later batches, never older zones).
 *
 * <p><b>Threading</b>: the thread that recovers. Reads only.
 */
final class JournalRecovery {
    private static final int LENGTH_OFFSET = RecordHeaderDecoder.lengthEncodingOffset();
    private static final int KIND_OFFSET = RecordHeaderDecoder.kindEncodingOffset();
    private static final int CHAIN_OFFSET = RecordHeaderDecoder.chainEncodingOffset();
    private static final byte KIND_CHECKPOINT = (byte) RecordKind.CHECKPOINT.value();
    private static final byte KIND_FILL = (byte) RecordKind.FILL.value();
    private static final byte KIND_REMNANT = (byte) RecordKind.REMNANT.value();
    private static final int BODY_OFFSET = LogFormat.RECORD_HEADER_LENGTH;

    private final BlockingIo io;
    private final UnsafeBuffer buffer;
    private final Crc32c crc;
    private final int windowLength;
    private final Superblock superblock;
    private final ZoneMap zones;
    private final PositionIndex index;
    private final Consumer<String> warnings;
    private final String name;
    private final CheckpointBodyDecoder piece = new CheckpointBodyDecoder();
    private final LogWalker walker;
    private final TailScan scan;
    private int pieceCount;
    private long recordCount;

    /**
     * Makes a recovery of a device whose superblocks are read.
     *
     * @param io of the device
     * @param buffer registered, with a window at its beginning
     * @param crc over the buffer
     * @param windowLength bytes, at least a longest batch
     * @param superblock the newest
     * @param zones of the device, all free: is filled
     * @param index of positions, empty: is filled
     * @param warnings takes what an operator should know
     * @param name of the device, for messages
     */
    JournalRecovery(
            final BlockingIo io,
            final UnsafeBuffer buffer,
            final Crc32c crc,
            final int windowLength,
            final Superblock superblock,
            final ZoneMap zones,
            final PositionIndex index,
            final Consumer<String> warnings,
            final String name) {
        this.warnings = warnings;
        this.io = io;
        this.buffer = buffer;
        this.crc = crc;
        this.windowLength = windowLength;
        this.superblock = superblock;
        this.zones = zones;
        this.index = index;
        this.name = name;
        walker = newWalker();
        scan = new TailScan(io, buffer, crc, 0, windowLength, superblock, zones);
    }

    private LogWalker newWalker() {
        return new LogWalker(io, buffer, crc, 0, windowLength, superblock, zones, name);
    }

    /**
     * Reads it all.
     *
     * @param visitor takes pieces and records
     * @return what lies behind the last batch, never {@link TailState#CORRUPT}
     * @throws MillraceException MR-6005 corrupt, MR-6011 unreadable, MR-6014 a whole batch with a bad record
     */
    TailState run(final RecordVisitor visitor) {
        zones.discover(io, buffer, crc, 0, superblock);
        if (superblock.checkpointAddress() != 0) {
            restoreCheckpoint(visitor);
        }
        TailState tail = walk(visitor);
        while (tail == TailState.CORRUPT) {
            final String what = scan.describeCorruption(walker, name);
            final RecordVisitor.OnDamage action = visitor.onDamage(walker.address(), walker.sequence());
            if (action == RecordVisitor.OnDamage.CUT) {
                tail = TailState.UNCERTAIN;
            } else if (action == RecordVisitor.OnDamage.SKIP && walker.skipDamage(scan.proofAddress())) {
                warnings.accept(ErrorCode.JOURNAL_CORRUPT.id() + ": " + what
                        + " What is missing is fetched from the other members of its chains.");
                tail = walk(visitor);
            } else {
                throw new MillraceException(ErrorCode.JOURNAL_CORRUPT, what);
            }
        }
        zones.freeBehind(zones.zoneOf(walker.address()));
        return tail;
    }

    private TailState walk(final RecordVisitor visitor) {
        while (walker.next()) {
            visit(visitor);
            recordCount += walker.recordCount();
        }
        return scan.classify(walker);
    }

    private void visit(final RecordVisitor visitor) {
        int at = walker.payloadIndex();
        for (int i = 0; i < walker.recordCount(); i++) {
            final int length = buffer.getInt(at + LENGTH_OFFSET, ByteOrder.LITTLE_ENDIAN);
            final byte kind = buffer.getByte(at + KIND_OFFSET);
            if (kind == KIND_REMNANT || kind == KIND_FILL) {
                index.note(buffer, at, walker.address());
                index.settle(Long.MAX_VALUE); // what is folded is durable
            }
            if (kind == KIND_FILL) {
                visitor.onRecord(buffer, at, length, walker.address());
            } else if (kind != KIND_REMNANT && kind != KIND_CHECKPOINT) {
                index.note(buffer, at, walker.address());
                visitor.onRecord(buffer, at, length, walker.address());
            }
            at += LogFormat.align(length);
        }
    }

    private void restoreCheckpoint(final RecordVisitor visitor) {
        final LogWalker pieces = newWalker();
        boolean whole = false;
        while (!whole && pieces.next()) {
            whole = findPieces(pieces, visitor);
        }
        pieces.forgetWindow(); // the walk of the records has the same window
        if (!whole) {
            throw damaged("it is not whole: batch " + pieces.sequence() + " at address " + pieces.address() + ": "
                    + pieces.invalidReason());
        }
        zones.freeUnmarked(zones.zoneOf(superblock.checkpointAddress()), superblock.checkpointBatchSequence());
    }

    private boolean findPieces(final LogWalker pieces, final RecordVisitor visitor) {
        int at = pieces.payloadIndex();
        boolean whole = false;
        for (int i = 0; i < pieces.recordCount() && !whole; i++) {
            final int length = buffer.getInt(at + LENGTH_OFFSET, ByteOrder.LITTLE_ENDIAN);
            if (buffer.getByte(at + KIND_OFFSET) == KIND_CHECKPOINT) {
                whole = take(at, length, visitor);
            }
            at += LogFormat.align(length);
        }
        return whole;
    }

    private boolean take(final int at, final int length, final RecordVisitor visitor) {
        final int prefix = BODY_OFFSET + CheckpointBodyDecoder.BLOCK_LENGTH;
        if (length < prefix) {
            throw damaged("a piece of " + length + " bytes");
        }
        piece.wrap(buffer, at + BODY_OFFSET, CheckpointBodyDecoder.BLOCK_LENGTH, CheckpointBodyDecoder.SCHEMA_VERSION);
        if (piece.checkpoint() != superblock.checkpointBatchSequence()) {
            return false; // of one that was given up, or that was not yet named when the node ended
        }
        if (piece.piece() != pieceCount || piece.part() < 1 || piece.part() > CheckpointPart.MOVED.number()) {
            throw damaged("piece " + piece.piece() + " of part " + piece.part() + " where piece " + pieceCount
                    + " is expected");
        }
        pieceCount++;
        final CheckpointPart part = CheckpointPart.of(piece.part());
        final int chain = buffer.getInt(at + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN);
        final int from = at + prefix;
        final int bytes = length - prefix;
        switch (part) {
            case ZONES -> takeZones(from, bytes);
            case POSITIONS -> takePositions(chain, from, bytes);
            case MOVED -> takeMoved(chain, from, bytes);
            case END -> {
                visitor.onCheckpointEnd();
                return true;
            }
            default -> visitor.onCheckpoint(part, chain, buffer, from, bytes, piece.last() != 0);
        }
        return false;
    }

    private void takeZones(final int from, final int bytes) {
        final long first = zones.zoneOf(superblock.checkpointAddress());
        for (int i = 0; i + 2 * Long.BYTES <= bytes; i += 2 * Long.BYTES) {
            final long zone = buffer.getLong(from + i, ByteOrder.LITTLE_ENDIAN);
            final long place = buffer.getLong(from + i + Long.BYTES, ByteOrder.LITTLE_ENDIAN);
            if (zone < 0 || zone > first || place < 0 || place >= zones.count()) {
                throw damaged("zone " + zone + " at place " + place);
            }
            // a header that names a later zone is right: this superblock is the older one of two
            if (zone < first && zones.zoneAt((int) place) < first) {
                zones.put(zone, (int) place);
                zones.mark(zones.addressOf(zone), zones.addressOf(zone), superblock.checkpointBatchSequence());
            }
        }
    }

    private void takePositions(final int chain, final int from, final int bytes) {
        if (bytes < Long.BYTES) {
            throw damaged("positions of " + bytes + " bytes");
        }
        for (int i = Long.BYTES; i + 2 * Long.BYTES <= bytes; i += 2 * Long.BYTES) {
            final long position = buffer.getLong(from + i, ByteOrder.LITTLE_ENDIAN);
            final long address = buffer.getLong(from + i + Long.BYTES, ByteOrder.LITTLE_ENDIAN);
            if (position < 1 || (address != PositionIndex.HOLE && !isBeforeCheckpoint(address))) {
                throw damaged("position " + position + " at address " + address);
            }
            index.add(chain, position, isLeft(address) ? address : PositionIndex.HOLE);
        }
        index.lastPosition(chain, buffer.getLong(from, ByteOrder.LITTLE_ENDIAN));
    }

    private void takeMoved(final int chain, final int from, final int bytes) {
        if (bytes < Long.BYTES) {
            throw damaged("moved positions of " + bytes + " bytes");
        }
        for (int i = Long.BYTES; i + 3 * Long.BYTES <= bytes; i += 3 * Long.BYTES) {
            final long first = buffer.getLong(from + i, ByteOrder.LITTLE_ENDIAN);
            final long last = buffer.getLong(from + i + Long.BYTES, ByteOrder.LITTLE_ENDIAN);
            final long address = buffer.getLong(from + i + 2 * Long.BYTES, ByteOrder.LITTLE_ENDIAN);
            if (first < 1 || last < first || !isBeforeCheckpoint(address)) {
                throw damaged("positions " + first + " to " + last + " moved to address " + address);
            }
            if (isLeft(address)) {
                index.moved(chain).putRun(first, last, address, 0);
            }
        }
        index.lastPosition(chain, buffer.getLong(from, ByteOrder.LITTLE_ENDIAN));
    }

    private boolean isBeforeCheckpoint(final long address) {
        return address >= superblock.dataAddress() && address < superblock.checkpointAddress();
    }

    private boolean isLeft(final long address) {
        return address != PositionIndex.HOLE && zones.holds(address);
    }

    private MillraceException damaged(final String what) {
        return new MillraceException(
                ErrorCode.JOURNAL_CORRUPT,
                name + ": the checkpoint that begins with batch " + superblock.checkpointBatchSequence()
                        + " at address " + superblock.checkpointAddress() + " is damaged: " + what
                        + ". Nothing was changed.");
    }

    /** Gives the walker at the end of the log. */
    LogWalker walker() {
        return walker;
    }

    /** Gives the records folded. */
    long recordCount() {
        return recordCount;
    }

    /** Gives the bytes looked through behind the end. */
    long scannedBytes() {
        return scan.scannedBytes();
    }
}
