package io.millrace.journal;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
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
 * From a position of a chain to the batch that holds it, and the note of a new record; beside a binary search and a
 * map.
 *
 * <p><b>Threading:</b> one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PositionIndexBenchmark {
    private static final int CHAIN = 1;
    private static final int BATCH = 4096;
    private static final int STRIDE = 7919;
    private static final int NOTES = 1 << 22;
    private static final int RECORDS_PER_BATCH = 4;

    /** Batches that the index knows. */
    @Param({"1000", "1000000"})
    int batches;

    private PositionIndex index = new PositionIndex(0);
    private PositionIndex growing = new PositionIndex(0);
    private final Long2LongHashMap map = new Long2LongHashMap(-1);
    private long[] positions = new long[0];
    private int stride;
    private int next;
    private long position;

    /** Fills all of them with the same positions. */
    @Setup
    public void fill() {
        stride = STRIDE % batches; // less than a round, so that one subtraction is enough
        index = new PositionIndex(batches);
        positions = new long[batches];
        for (int i = 0; i < batches; i++) {
            positions[i] = i + 1L;
            index.add(CHAIN, i + 1L, (i + 1L) * BATCH);
            map.put(i + 1L, (i + 1L) * BATCH);
        }
        if (index.addressOf(CHAIN, batches) != (long) batches * BATCH) {
            throw new IllegalStateException("the index does not hold what was put");
        }
    }

    /** The look-up. */
    @Benchmark
    public long find() {
        return index.addressOf(CHAIN, nextPosition());
    }

    /** Baseline: a binary search of one array. */
    @Benchmark
    public int findBaselineArray() {
        return Arrays.binarySearch(positions, nextPosition());
    }

    /** Baseline: Agrona's map. */
    @Benchmark
    public long findBaselineMap() {
        return map.get(nextPosition());
    }

    /** The note of a record, four of which share a batch; now and then in a new index, so that it has an end. */
    @Benchmark
    public long note() {
        if (position++ % NOTES == 0) {
            growing = new PositionIndex(NOTES / RECORDS_PER_BATCH);
        }
        growing.add(CHAIN, position, (1 + position / RECORDS_PER_BATCH) * BATCH);
        return position;
    }

    private long nextPosition() {
        next += stride;
        if (next >= batches) {
            next -= batches;
        }
        return next + 1L;
    }
}
