package io.millrace.store;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.WriterExpiryBodyDecoder;
import io.millrace.codec.log.WriterSetupBodyDecoder;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a log means, told in the simplest way there is: maps, and the bytes of every segment. It shares no code with the
 * state under test and believes whatever the records say.
 */
final class LogOracle {
    final Map<Long, Log> segments = new HashMap<>();
    final Map<Key, Entry> writers = new HashMap<>();
    /** How often a writer was set up anew on a segment; it outlives the entries. */
    final Map<Key, Integer> lives = new HashMap<>();

    record Key(long writer, long segment) {}

    static final class Log {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        boolean sealed;
        boolean deleted;
        long start;
    }

    static final class Entry {
        int epoch;
        long secret;
        long last;
        long changedNs;

        @Nullable
        Open open;
    }

    static final class Open {
        final long number;
        final int total;
        final int session;
        int count;
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Open(final long number, final int total, final int session) {
            this.number = number;
            this.total = total;
            this.session = session;
        }
    }

    int life(final long writer, final long segment) {
        return lives.getOrDefault(new Key(writer, segment), 0);
    }

    int openCount() {
        int count = 0;
        for (final Entry entry : writers.values()) {
            count += entry.open == null ? 0 : 1;
        }
        return count;
    }

    void add(final UnsafeBuffer record) {
        final RecordHeaderDecoder header = new RecordHeaderDecoder().wrap(record, 0, ChainLog.HEADER, 0);
        switch (header.kind()) {
            case SEGMENT_EFFECT -> effect(record);
            case WRITER_SETUP -> setUp(record);
            case WRITER_EXPIRY -> expire(record);
            case APPEND, APPEND_FRAGMENT -> append(record, header.kind() == RecordKind.APPEND_FRAGMENT);
            default -> throw new AssertionError(header.kind());
        }
    }

    private void effect(final UnsafeBuffer record) {
        final SegmentEffectDecoder effect =
                new SegmentEffectDecoder().wrapAndApplyHeader(record, ChainLog.HEADER, new MessageHeaderDecoder());
        final long segmentId = effect.segmentId();
        final EffectAction action = effect.action();
        final Log known = segments.get(segmentId);
        if (action == EffectAction.CREATE_SEGMENT) {
            segments.putIfAbsent(segmentId, new Log());
        } else if (action == EffectAction.TRUNCATE_SEGMENT) {
            if (known != null && !known.deleted && effect.startOffset() <= known.bytes.size()) {
                known.start = Math.max(known.start, effect.startOffset());
            }
        } else if (known != null) {
            known.sealed = true;
            known.deleted |= action == EffectAction.DELETE_SEGMENT;
            writers.forEach((key, entry) -> {
                if (key.segment() == segmentId) {
                    entry.open = null;
                }
            });
        }
    }

    private void setUp(final UnsafeBuffer record) {
        final WriterSetupBodyDecoder body =
                new WriterSetupBodyDecoder().wrap(record, ChainLog.HEADER, WriterSetupBodyDecoder.BLOCK_LENGTH, 0);
        final Key key = new Key(body.writerIdLow(), body.segmentId());
        if (!writers.containsKey(key)) {
            lives.merge(key, 1, Integer::sum);
        }
        final Entry entry = writers.computeIfAbsent(key, k -> new Entry());
        entry.epoch = body.writerEpoch();
        entry.secret = body.bindSecret();
        entry.changedNs = timestampNs(record);
        entry.open = null;
    }

    private void expire(final UnsafeBuffer record) {
        final WriterExpiryBodyDecoder body =
                new WriterExpiryBodyDecoder().wrap(record, ChainLog.HEADER, WriterExpiryBodyDecoder.BLOCK_LENGTH, 0);
        writers.remove(new Key(body.writerIdLow(), body.segmentId()));
    }

    private static long timestampNs(final UnsafeBuffer record) {
        return new RecordHeaderDecoder().wrap(record, 0, ChainLog.HEADER, 0).timestampNs();
    }

    private void append(final UnsafeBuffer record, final boolean fragment) {
        final AppendBodyDecoder body =
                new AppendBodyDecoder().wrap(record, ChainLog.HEADER, AppendBodyDecoder.BLOCK_LENGTH, 0);
        final Entry entry = Objects.requireNonNull(writers.get(new Key(body.writerIdLow(), body.segmentId())));
        final Log segment = Objects.requireNonNull(segments.get(body.segmentId()));
        entry.changedNs = timestampNs(record);
        final byte[] bytes = new byte[record.capacity() - ChainLog.PREFIX];
        record.getBytes(ChainLog.PREFIX, bytes);
        if (!fragment) {
            segment.bytes.writeBytes(bytes);
            entry.last += body.eventCount();
            entry.open = null;
            return;
        }
        if (body.fragmentOffset() == 0) {
            entry.open = new Open(body.firstEventNumber(), body.fragmentedLength(), body.fragmentSession());
        }
        final Open open = Objects.requireNonNull(entry.open);
        open.bytes.writeBytes(bytes);
        open.count++;
        if ((body.flags() & AppendRequest.FLAG_LAST_FRAGMENT) != 0) {
            segment.bytes.writeBytes(open.bytes.toByteArray());
            entry.last++;
            entry.open = null;
        }
    }
}
