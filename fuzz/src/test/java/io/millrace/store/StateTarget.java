package io.millrace.store;

import io.millrace.codec.LogFormat;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.SegmentEffectEncoder;
import io.millrace.codec.log.AppendBodyEncoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.WriterExpiryBodyEncoder;
import io.millrace.codec.log.WriterSetupBodyEncoder;
import io.millrace.fuzz.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A chain's records with any content, whole and sealed: each is applied, or refused without changing the state; what
 * follows survives an image.
 */
public final class StateTarget {
    private static final int HEADER = LogFormat.RECORD_HEADER_LENGTH;
    private static final int CHAIN = 1;
    private static final int MOST_RECORDS = 300;

    private StateTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(final byte[] input) {
        final ChainState state = new ChainState(CHAIN, StoreLimits.defaults());
        apply(state, new Input(input));
        final Image image = new Image(state);
        final ChainState restored = image.restore();
        if (restored.stateHash() != state.stateHash()) {
            throw new AssertionError("an image restores another state");
        }
    }

    /** Applies records until the input ends. */
    static void apply(final ChainState state, final Input in) {
        final UnsafeBuffer record = new UnsafeBuffer(new byte[HEADER + 256 + 512]);
        for (int i = 0; i < MOST_RECORDS && in.hasMore(); i++) {
            record.setMemory(0, record.capacity(), (byte) 0);
            final int length = write(record, state, in);
            final long before = state.stateHash();
            try {
                state.apply(record, 0, length);
            } catch (final ChainCheckException e) {
                if (state.stateHash() != before) {
                    throw new AssertionError("refused, and yet the state has changed", e);
                }
            }
        }
    }

    private static int write(final UnsafeBuffer record, final ChainState state, final Input in) {
        final int choice = in.octet();
        final RecordHeaderEncoder header = new RecordHeaderEncoder().wrap(record, 0);
        header.chain(CHAIN)
                .chainEpoch(1)
                .position(state.lastPosition() + 1)
                .previousHash(state.lastHash())
                .timestampNs(state.lastTimestampNs() + 1);
        final int length =
                switch (choice & 7) {
                    case 0 -> effect(record, header, state, in);
                    case 1 -> setup(record, header, in);
                    case 2, 3 -> append(record, header, state, in, false);
                    case 4 -> append(record, header, state, in, true);
                    case 5 -> expiry(record, header, in);
                    default -> raw(record, in);
                };
        if ((choice & 0x80) != 0) {
            final int place = in.octet() % (length - 3);
            record.putInt(place, (int) in.mostlySmall());
        }
        if ((choice & 0x40) == 0) {
            header.length(length);
        }
        final CRC32C crc = new CRC32C();
        crc.update(record.byteArray(), LogFormat.RECORD_CRC_START, length - LogFormat.RECORD_CRC_START);
        header.crc32c(crc.getValue());
        return length;
    }

    private static int raw(final UnsafeBuffer record, final Input in) {
        final byte[] bytes = in.take(HEADER + in.octet());
        record.putBytes(0, bytes);
        return Math.max(HEADER, bytes.length);
    }

    private static int effect(
            final UnsafeBuffer record, final RecordHeaderEncoder header, final ChainState state, final Input in) {
        final EffectAction[] actions = EffectAction.values();
        header.kind(RecordKind.SEGMENT_EFFECT).effectNumber(state.lastEffectNumber() + in.octet() % 3);
        final EffectAction action = actions[in.octet() % (actions.length - 1)];
        new SegmentEffectEncoder()
                .wrapAndApplyHeader(record, HEADER, new MessageHeaderEncoder())
                .streamId(1 + (in.octet() & 1))
                .segmentId(in.octet() & 3)
                .keyLow(in.mostlySmall())
                .keyHigh(in.mostlySmall())
                .action(action)
                .startOffset(in.mostlySmall());
        return HEADER + MessageHeaderEncoder.ENCODED_LENGTH + SegmentEffectEncoder.BLOCK_LENGTH;
    }

    private static int setup(final UnsafeBuffer record, final RecordHeaderEncoder header, final Input in) {
        header.kind(RecordKind.WRITER_SETUP);
        new WriterSetupBodyEncoder()
                .wrap(record, HEADER)
                .streamId(1 + (in.octet() & 1))
                .segmentId(in.octet() & 3)
                .writerIdHigh(0)
                .writerIdLow(in.octet() & 3)
                .bindSecret(in.octet())
                .writerEpoch((int) in.mostlySmall());
        return HEADER + WriterSetupBodyEncoder.BLOCK_LENGTH;
    }

    private static int expiry(final UnsafeBuffer record, final RecordHeaderEncoder header, final Input in) {
        header.kind(RecordKind.WRITER_EXPIRY);
        new WriterExpiryBodyEncoder()
                .wrap(record, HEADER)
                .streamId(1 + (in.octet() & 1))
                .segmentId(in.octet() & 3)
                .writerIdHigh(0)
                .writerIdLow(in.octet() & 3);
        return HEADER + WriterExpiryBodyEncoder.BLOCK_LENGTH;
    }

    /** Follows on from segment and writer unless the input says otherwise. */
    private static int append(
            final UnsafeBuffer record,
            final RecordHeaderEncoder header,
            final ChainState state,
            final Input in,
            final boolean fragment) {
        final long stream = 1L + (in.octet() & 1);
        final long segmentId = in.octet() & 3;
        final long writer = in.octet() & 3;
        final Segment segment = state.segment(stream, segmentId);
        final int slot = state.writers().find(0, writer, stream, segmentId);
        final long last = slot == WriterTable.ABSENT ? 0 : state.writers().lastEventNumber(slot);
        final int twist = in.octet();
        final int count = fragment ? 1 : 1 + (in.octet() & 7);
        final int bytes = count * 20;
        final int offset = fragment ? in.octet() : 0;
        header.kind(fragment ? RecordKind.APPEND_FRAGMENT : RecordKind.APPEND);
        new AppendBodyEncoder()
                .wrap(record, HEADER)
                .streamId(stream)
                .segmentId(segmentId)
                .segmentOffset(fragment ? -1 : segment == null ? 0 : segment.length())
                .writerIdHigh(0)
                .writerIdLow(writer)
                .firstEventNumber((twist & 1) == 0 ? last + 1 : in.mostlySmall())
                .writerEpoch((twist & 2) == 0 ? 1 : (int) in.mostlySmall())
                .eventCount((twist & 4) == 0 ? count : (int) in.mostlySmall())
                .flags((short) (fragment ? 1 + (twist >>> 6 & 2) : 0))
                .fragmentOffset(offset)
                .fragmentedLength(fragment ? in.pair() : 0)
                .fragmentSession(in.octet() & 1);
        final int events = HEADER + AppendBodyEncoder.BLOCK_LENGTH;
        for (int i = 0; i < count; i++) {
            record.putInt(events + i * 20, 8);
        }
        return events + bytes;
    }

    /** A captured image. */
    static final class Image {
        final UnsafeBuffer fixed;
        final List<UnsafeBuffer> pieces = new ArrayList<>();

        Image(final ChainState state) {
            final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
            final int length = state.encode(buffer, 0);
            fixed = new UnsafeBuffer(new byte[length]);
            buffer.getBytes(0, fixed, 0, length);
            final IndexImage image = new IndexImage();
            image.begin(state, fixed, 0, length);
            final UnsafeBuffer piece = new UnsafeBuffer(new byte[IndexImage.MAX_PIECE_LENGTH]);
            int written = image.next(piece, 0, piece.capacity(), (first, last, bytes) -> {});
            while (written > 0) {
                final UnsafeBuffer copy = new UnsafeBuffer(new byte[written]);
                copy.putBytes(0, piece, 0, written);
                pieces.add(copy);
                written = image.next(piece, 0, piece.capacity(), (first, last, bytes) -> {});
            }
        }

        ChainState restore() {
            final ChainState state = new ChainState(CHAIN, StoreLimits.defaults());
            state.restore(fixed, 0, fixed.capacity());
            for (final UnsafeBuffer piece : pieces) {
                state.restoreIndex(piece, 0, piece.capacity());
            }
            state.restored();
            return state;
        }
    }
}
