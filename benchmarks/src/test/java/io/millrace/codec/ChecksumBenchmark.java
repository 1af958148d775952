package io.millrace.codec;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
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
 * The CRC of a record: ours over a range of one buffer, beside the JDK's over the same bytes.
 *
 * <p><b>Threading:</b> one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ChecksumBenchmark {
    private static final int OFFSET = 64;

    /** Bytes covered: a record of one small event, one of 1 KiB, a full batch. */
    @Param({"200", "1100", "65536"})
    int lengthBytes;

    private ByteBuffer buffer = ByteBuffer.allocateDirect(0);
    private ByteBuffer view = buffer;
    private Crc32c ours = new Crc32c(buffer);
    private final CRC32C theirs = new CRC32C();

    /** Fills the buffer. */
    @Setup
    public void fill() {
        buffer = ByteBuffer.allocateDirect(OFFSET + lengthBytes);
        for (int i = 0; i < buffer.capacity(); i++) {
            buffer.put(i, (byte) (i * 31));
        }
        ours = new Crc32c(buffer);
        view = buffer.duplicate();
    }

    /** Ours. */
    @Benchmark
    public int crc() {
        return ours.compute(OFFSET, lengthBytes);
    }

    /** Baseline: the JDK's, on a view that is set by hand. */
    @Benchmark
    public long crcBaseline() {
        view.limit(OFFSET + lengthBytes).position(OFFSET);
        theirs.reset();
        theirs.update(view);
        return theirs.getValue();
    }
}
