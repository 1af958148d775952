package io.millrace.store;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.SegmentEffectEncoder;
import io.millrace.codec.log.AppendBodyEncoder;
import io.millrace.codec.log.ChainMembershipBodyEncoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.WriterExpiryBodyEncoder;
import io.millrace.codec.log.WriterSetupBodyEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;

/** A chain log in memory with its committed state and its overlay: what a head does, without network and disk. */
final class ChainLog {
    static final int CHAIN = 3;
    static final long STREAM = 77;
    static final int HEADER = RecordHeaderEncoder.BLOCK_LENGTH;
    static final int PREFIX = HEADER + AppendBodyEncoder.BLOCK_LENGTH;
    static final StoreLimits LIMITS = new StoreLimits(8, 16, 8, 4, 8, 4096, 100_000);

    final ChainState state;
    final PendingOverlay overlay;
    final AppendRequest request = new AppendRequest();
    final List<UnsafeBuffer> records = new ArrayList<>();

    long chainEpoch = 1;
    long timestampNs = 1_000;

    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[16 * 1024]);
    private final RecordHeaderEncoder header = new RecordHeaderEncoder();
    private final AppendBodyEncoder append = new AppendBodyEncoder();
    private final WriterSetupBodyEncoder setup = new WriterSetupBodyEncoder();
    private final WriterExpiryBodyEncoder expiry = new WriterExpiryBodyEncoder();
    private final SegmentEffectEncoder effect = new SegmentEffectEncoder();
    private final MessageHeaderEncoder effectHeader = new MessageHeaderEncoder();

    ChainLog() {
        this(CHAIN, LIMITS);
    }

    ChainLog(final int chain, final StoreLimits limits) {
        state = new ChainState(chain, limits);
        overlay = new PendingOverlay(state);
    }

    /** Sequences an effect with the next number. */
    ChainLog effect(final EffectAction action, final long segmentId) {
        return effect(overlay.lastEffectNumber() + 1, action, segmentId);
    }

    /** Sequences a truncation. */
    ChainLog truncate(final long segmentId, final long startOffset) {
        final long number = overlay.lastEffectNumber() + 1;
        return sequence(effectRecord(number, EffectAction.TRUNCATE_SEGMENT, segmentId, startOffset));
    }

    ChainLog effect(final long number, final EffectAction action, final long segmentId) {
        return sequence(effectRecord(number, action, segmentId));
    }

    UnsafeBuffer effectRecord(final long number, final EffectAction action, final long segmentId) {
        return effectRecord(number, action, segmentId, 0);
    }

    UnsafeBuffer effectRecord(
            final long number, final EffectAction action, final long segmentId, final long startOffset) {
        begin(RecordKind.SEGMENT_EFFECT).effectNumber(number);
        effect.wrapAndApplyHeader(scratch, HEADER, effectHeader)
                .streamId(STREAM)
                .segmentId(segmentId)
                .keyLow(0)
                .keyHigh(-1)
                .action(action)
                .startOffset(startOffset);
        return finish(HEADER + MessageHeaderEncoder.ENCODED_LENGTH + SegmentEffectEncoder.BLOCK_LENGTH);
    }

    /** Sequences a set-up without asking the overlay. The secret is the writer's id times 10 plus its epoch. */
    ChainLog setUp(final long writer, final long segmentId, final int epoch) {
        return sequence(setUpRecord(writer, segmentId, epoch, secret(writer, epoch)));
    }

    UnsafeBuffer setUpRecord(final long writer, final long segmentId, final int epoch, final long secret) {
        begin(RecordKind.WRITER_SETUP);
        setup.wrap(scratch, HEADER)
                .streamId(STREAM)
                .segmentId(segmentId)
                .writerIdHigh(-writer)
                .writerIdLow(writer)
                .bindSecret(secret)
                .writerEpoch(epoch);
        return finish(HEADER + WriterSetupBodyEncoder.BLOCK_LENGTH);
    }

    ChainLog expire(final long writer, final long segmentId) {
        begin(RecordKind.WRITER_EXPIRY);
        expiry.wrap(scratch, HEADER)
                .streamId(STREAM)
                .segmentId(segmentId)
                .writerIdHigh(-writer)
                .writerIdLow(writer);
        return sequence(finish(HEADER + WriterExpiryBodyEncoder.BLOCK_LENGTH));
    }

    /** Asks the overlay for a list of events. */
    int check(final long writer, final long segmentId, final int epoch, final long first, final int count) {
        return overlay.checkAppend(who(writer, segmentId, epoch, -1).events(first, count, count * 20, false));
    }

    /** Asks the overlay for a fragment. */
    int checkFragment(
            final long writer,
            final long segmentId,
            final long number,
            final int offset,
            final int bytes,
            final int total,
            final int session) {
        return overlay.checkAppend(
                who(writer, segmentId, 1, -1).fragment(number, offset, bytes, total, offset + bytes == total, session));
    }

    AppendRequest who(final long writer, final long segmentId, final int epoch, final long expectedOffset) {
        return request.writer(-writer, writer, epoch, secret(writer, epoch)).segment(STREAM, segmentId, expectedOffset);
    }

    /** Asks and, when accepted whole, sequences events of 20 bytes each. */
    int append(final long writer, final long segmentId, final long first, final int count) {
        final int status = check(writer, segmentId, 1, first, count);
        if (status == StoreStatus.APPEND) {
            sequence(appendRecord(writer, segmentId, 1, overlay.appendOffset(), first, count, new byte[count * 20]));
        }
        return status;
    }

    /** Asks and, when accepted, sequences a fragment. */
    int fragment(
            final long writer,
            final long segmentId,
            final long number,
            final int offset,
            final int bytes,
            final int total,
            final int session) {
        final int status = checkFragment(writer, segmentId, number, offset, bytes, total, session);
        if (status == StoreStatus.APPEND) {
            sequence(fragmentRecord(writer, segmentId, 1, number, offset, total, session, new byte[bytes]));
        }
        return status;
    }

    UnsafeBuffer appendRecord(
            final long writer,
            final long segmentId,
            final int epoch,
            final long segmentOffset,
            final long first,
            final int count,
            final byte[] events) {
        begin(RecordKind.APPEND);
        append.wrap(scratch, HEADER)
                .streamId(STREAM)
                .segmentId(segmentId)
                .segmentOffset(segmentOffset)
                .writerIdHigh(-writer)
                .writerIdLow(writer)
                .firstEventNumber(first)
                .writerEpoch(epoch)
                .eventCount(count);
        scratch.putBytes(PREFIX, events);
        return finish(PREFIX + events.length);
    }

    UnsafeBuffer fragmentRecord(
            final long writer,
            final long segmentId,
            final int epoch,
            final long number,
            final int offset,
            final int total,
            final int session,
            final byte[] bytes) {
        begin(RecordKind.APPEND_FRAGMENT);
        append.wrap(scratch, HEADER)
                .streamId(STREAM)
                .segmentId(segmentId)
                .segmentOffset(-1)
                .writerIdHigh(-writer)
                .writerIdLow(writer)
                .firstEventNumber(number)
                .writerEpoch(epoch)
                .eventCount(1)
                .flags((short) (offset + bytes.length == total ? 3 : 1))
                .fragmentOffset(offset)
                .fragmentedLength(total)
                .fragmentSession(session);
        scratch.putBytes(PREFIX, bytes);
        return finish(PREFIX + bytes.length);
    }

    UnsafeBuffer membershipRecord(final long sinceEpoch, final long promisedEpoch) {
        begin(RecordKind.CHAIN_MEMBERSHIP).position(0).previousHash(0);
        new ChainMembershipBodyEncoder()
                .wrap(scratch, HEADER)
                .sinceEpoch(sinceEpoch)
                .promisedEpoch(promisedEpoch);
        return finish(HEADER + ChainMembershipBodyEncoder.BLOCK_LENGTH);
    }

    UnsafeBuffer bareRecord(final RecordKind kind, final int bodyLength) {
        begin(kind);
        return finish(HEADER + bodyLength);
    }

    /** Gives a record to the overlay and keeps it. */
    ChainLog sequence(final UnsafeBuffer record) {
        overlay.onSequenced(record, 0, record.capacity());
        records.add(record);
        return this;
    }

    /** Commits records up to a position. */
    ChainLog commitTo(final long position) {
        while (state.lastPosition() < position) {
            final UnsafeBuffer record = records.get((int) state.lastPosition());
            state.apply(record, 0, record.capacity());
            overlay.onCommitted(state.lastPosition());
        }
        return this;
    }

    ChainLog commit() {
        return commitTo(overlay.lastPosition());
    }

    /** Forgets what is pending, in the log too. */
    ChainLog lose() {
        overlay.discard();
        while (records.size() > state.lastPosition()) {
            records.remove(records.size() - 1);
        }
        return this;
    }

    Segment segment(final long segmentId) {
        final Segment segment = state.segment(STREAM, segmentId);
        if (segment == null) {
            throw new AssertionError("no segment " + segmentId);
        }
        return segment;
    }

    int slot(final long writer, final long segmentId) {
        return state.writers().find(-writer, writer, STREAM, segmentId);
    }

    static long secret(final long writer, final int epoch) {
        return writer * 10 + epoch;
    }

    private RecordHeaderEncoder begin(final RecordKind kind) {
        scratch.setMemory(0, 512, (byte) 0);
        return header.wrap(scratch, 0)
                .kind(kind)
                .chain(state.chain())
                .chainEpoch(chainEpoch)
                .position(overlay.nextPosition())
                .previousHash(overlay.lastHash())
                .commitMark(overlay.committedPosition())
                .timestampNs(timestampNs++);
    }

    private UnsafeBuffer finish(final int length) {
        header.length(length);
        return reseal(copyOf(scratch, length));
    }

    /** Computes the CRC anew. */
    static UnsafeBuffer reseal(final UnsafeBuffer record) {
        final CRC32C crc = new CRC32C();
        crc.update(record.byteArray(), 8, record.capacity() - 8);
        new RecordHeaderEncoder().wrap(record, 0).crc32c(crc.getValue());
        return record;
    }

    private static UnsafeBuffer copyOf(final UnsafeBuffer from, final int length) {
        final byte[] bytes = new byte[length];
        from.getBytes(0, bytes);
        return new UnsafeBuffer(bytes);
    }
}
