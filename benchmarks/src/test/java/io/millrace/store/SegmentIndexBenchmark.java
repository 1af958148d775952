package io.millrace.store;

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
 * From an offset in a segment to the place of its record: what a reader asks that is not at the tail. Beside a binary
 * search of one array, and a map that knows exact offsets only.
 *
 * <p><b>Threading:</b> one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SegmentIndexBenchmark {
    private static final int STEP_BYTES = 112 * SegmentIndex.SPACING_POSITIONS;
    private static final int STRIDE = 7919;

    /** Entries of the index: of 32,000 and of 3.2 million events. */
    @Param({"1000", "100000"})
    int entries;

    private final SegmentIndex index = new SegmentIndex(new IndexArena(false));
    private final Long2LongHashMap map = new Long2LongHashMap(-1);
    private long[] offsets = new long[0];
    private int stride;
    private int next;

    /** Fills all three with the same offsets. */
    @Setup
    public void fill() {
        stride = STRIDE % entries; // less than a round, so that one subtraction is enough
        offsets = new long[entries];
        for (int i = 0; i < entries; i++) {
            final long position = 1 + (long) i * SegmentIndex.SPACING_POSITIONS;
            index.onAppend((long) i * STEP_BYTES, position);
            offsets[i] = (long) i * STEP_BYTES;
            map.put(offsets[i], position);
        }
        final long last = offsets[entries - 1];
        if (index.count() != entries || index.position(index.find(last + 1)) != map.get(last)) {
            throw new IllegalStateException("the index does not hold what was put");
        }
    }

    /** The index: greatest entry at or below an offset, and its position. */
    @Benchmark
    public long find() {
        return index.position(index.find(nextOffset() + STEP_BYTES / 2));
    }

    /** Baseline: a binary search of one array. */
    @Benchmark
    public int findBaselineArray() {
        return Arrays.binarySearch(offsets, nextOffset() + STEP_BYTES / 2);
    }

    /** Baseline: Agrona's map, which finds exact offsets only. */
    @Benchmark
    public long findBaselineMap() {
        return map.get(nextOffset());
    }

    private long nextOffset() {
        next += stride;
        if (next >= entries) {
            next -= entries;
        }
        return offsets[next];
    }
}
