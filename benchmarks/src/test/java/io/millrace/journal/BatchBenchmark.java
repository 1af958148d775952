package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.memory.MemoryDevice;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A record of one small event goes into the open batch: claim, header, bytes, CRC, index; every 64 of them the journal
 * turns: it seals, writes to memory and takes the completion. Beside a copy with a CRC into plain memory.
 *
 * <p><b>Threading:</b> one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BatchBenchmark {
    /** Records of one call; a new journal for each, because a journal without a checkpoint fills up. */
    static final int RECORDS = 100_000;

    private static final int EVENT = 112;
    private static final int LENGTH = LogFormat.RECORD_HEADER_LENGTH + EVENT;
    private static final int RECORDS_PER_TURN = 64;

    private final byte[] medium = new byte[64 << 20];
    private final UnsafeBuffer event = new UnsafeBuffer(ByteBuffer.allocateDirect(EVENT));
    private final RecordHeaderEncoder header = new RecordHeaderEncoder();
    private final ByteBuffer plain = ByteBuffer.allocateDirect(RECORDS_PER_TURN * 256);
    private final UnsafeBuffer plainBuffer = new UnsafeBuffer(plain);
    private final Crc32c crc = new Crc32c(plain);
    private final Durable durable = new Durable();
    private long durableCount;
    private long nowNs;
    private @Nullable Journal journal;

    private final class Durable implements DurableListener {
        @Override
        public void onDurable(
                final DirectBuffer buffer,
                final int payloadIndex,
                final int payloadLength,
                final int recordCount,
                final long batchAddress,
                final long submittedNs,
                final long durableNs) {
            durableCount += recordCount;
        }

        @Override
        public void onFenced(final ErrorCode code, final String message) {
            throw new IllegalStateException(message);
        }
    }

    /** Makes an empty journal. */
    @Setup(Level.Invocation)
    public void open() {
        final MemoryDevice device = new MemoryDevice(medium);
        Journal.format(device, new FormatContext().zoneLength(4 << 20));
        final Journal opened = Journal.open(
                new JournalContext().device(device).bufferLength(4 << 20).listener(durable));
        opened.recover((buffer, index, length, address) -> {});
        journal = opened;
        durableCount = 0;
    }

    /** Closes it. */
    @TearDown(Level.Invocation)
    public void close() {
        journal().close();
        journal = null;
    }

    /** Records into batches, all of them durable at the end. */
    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public long fill() {
        final Journal open = journal();
        for (int i = 1; i <= RECORDS; i++) {
            final int index = claim(open);
            encode(open.buffer(), index, i);
            open.commit(index, LENGTH);
            if (i % RECORDS_PER_TURN == 0) {
                open.doWork(++nowNs);
            }
        }
        while (!open.isDrained()) {
            open.doWork(++nowNs);
        }
        if (durableCount != RECORDS) {
            throw new IllegalStateException(durableCount + " of " + RECORDS + " are durable");
        }
        return durableCount;
    }

    /** Baseline: header and bytes into plain memory, with a CRC. */
    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public long fillBaseline() {
        long sum = 0;
        for (int i = 1; i <= RECORDS; i++) {
            final int index = i % RECORDS_PER_TURN * 256;
            encode(plainBuffer, index, i);
            sum += crc.compute(index + LogFormat.RECORD_CRC_START, LENGTH - LogFormat.RECORD_CRC_START);
        }
        return sum;
    }

    private int claim(final Journal open) {
        int index = open.tryClaim(LENGTH);
        while (index < 0) {
            open.doWork(++nowNs);
            index = open.tryClaim(LENGTH);
        }
        return index;
    }

    private void encode(final MutableDirectBuffer buffer, final int index, final long position) {
        header.wrap(buffer, index)
                .kind(RecordKind.APPEND)
                .flags((short) 0)
                .bodyVersion(LogFormat.BODY_VERSION)
                .chain(1)
                .chainEpoch(1)
                .position(position)
                .previousHash(position - 1)
                .commitMark(position - 1)
                .timestampNs(position)
                .effectNumber(0);
        buffer.putBytes(index + LogFormat.RECORD_HEADER_LENGTH, event, 0, EVENT);
    }

    private Journal journal() {
        final Journal open = journal;
        if (open == null) {
            throw new IllegalStateException("no journal");
        }
        return open;
    }
}
