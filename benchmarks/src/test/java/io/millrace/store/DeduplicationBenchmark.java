package io.millrace.store;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.SegmentEffectEncoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import java.util.concurrent.TimeUnit;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.collections.Long2LongHashMap;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Is this append new? The look-up of the writer by its four-part key and the whole judgement of an append, beside a map
 * from one long to one long. Writers come in an order that no cache foresees.
 *
 * <p><b>Threading:</b> one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DeduplicationBenchmark {
    private static final int CHAIN = 1;
    private static final long STREAM = 77;
    private static final long SECRET = 5;
    private static final long ABSENT = -1;
    private static final int STRIDE = 7919; // prime: every writer comes by, none beside the last one

    /** Writers of the chain. */
    @Param({"16", "100000"})
    int writers;

    private final ChainState committed = new ChainState(CHAIN, StoreLimits.defaults());
    private final PendingOverlay overlay = new PendingOverlay(committed);
    private final AppendRequest request = new AppendRequest();
    private final Long2LongHashMap map = new Long2LongHashMap(ABSENT);
    private int stride;
    private int next;

    /** Makes a segment and its writers, each of which has appended ten events. */
    @Setup
    public void fill() {
        stride = STRIDE % writers; // less than a round, so that one subtraction is enough
        createSegment();
        for (int writer = 0; writer < writers; writer++) {
            final int slot = committed.writers().add(idHigh(writer), idLow(writer), STREAM, 0, 1, 1);
            committed.writers().setUp(slot, 1, SECRET);
            committed.writers().appended(slot, 10, 0);
            map.put(idLow(writer), slot);
        }
        overlay.discard();
        require(newEvents() == StoreStatus.APPEND);
        require(duplicate() == StoreStatus.DUPLICATE);
        require(find() != WriterTable.ABSENT);
        require(findBaseline() != ABSENT);
    }

    /** The writer table alone. */
    @Benchmark
    public int find() {
        final int writer = nextWriter();
        return committed.writers().find(idHigh(writer), idLow(writer), STREAM, 0);
    }

    /** Baseline of {@link #find}: Agrona's map. */
    @Benchmark
    public long findBaseline() {
        return map.get(idLow(nextWriter()));
    }

    /** The whole judgement of an append that is new. */
    @Benchmark
    public int newEvents() {
        return overlay.checkAppend(from(nextWriter()).events(11, 1, 112, false));
    }

    /** The whole judgement of an append that came before. */
    @Benchmark
    public int duplicate() {
        return overlay.checkAppend(from(nextWriter()).events(10, 1, 112, false));
    }

    private int nextWriter() {
        next += stride;
        if (next >= writers) {
            next -= writers;
        }
        return next;
    }

    private AppendRequest from(final int writer) {
        return request.writer(idHigh(writer), idLow(writer), 1, SECRET).segment(STREAM, 0, -1);
    }

    private static long idHigh(final int writer) {
        return writer * 0x9E37_79B9_7F4A_7C15L;
    }

    private static long idLow(final int writer) {
        return writer * 0xC2B2_AE3D_27D4_EB4FL + 1;
    }

    private void createSegment() {
        final ExpandableArrayBuffer record = new ExpandableArrayBuffer();
        final int length = RecordHeaderEncoder.BLOCK_LENGTH
                + MessageHeaderEncoder.ENCODED_LENGTH
                + SegmentEffectEncoder.BLOCK_LENGTH;
        new RecordHeaderEncoder()
                .wrap(record, 0)
                .length(length)
                .kind(RecordKind.SEGMENT_EFFECT)
                .chain(CHAIN)
                .chainEpoch(1)
                .position(1)
                .previousHash(committed.lastHash())
                .timestampNs(1)
                .effectNumber(1);
        new SegmentEffectEncoder()
                .wrapAndApplyHeader(record, RecordHeaderEncoder.BLOCK_LENGTH, new MessageHeaderEncoder())
                .streamId(STREAM)
                .segmentId(0)
                .keyLow(0)
                .keyHigh(-1)
                .action(EffectAction.CREATE_SEGMENT);
        committed.apply(record, 0, length);
    }

    private static void require(final boolean holds) {
        if (!holds) {
            throw new IllegalStateException("the state is not what is to be measured");
        }
    }
}
