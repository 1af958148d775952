package io.millrace.codec;

import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.AppendEncoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * An append of one event of 100 bytes on the wire: written by the client, checked and read by the node; beside plain
 * stores and loads of as many bytes.
 *
 * <p><b>Threading:</b> one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AppendFrameBenchmark {
    private static final int PAYLOAD = 100;
    private static final int FRAME = MessageHeaderEncoder.ENCODED_LENGTH
            + AppendEncoder.BLOCK_LENGTH
            + AppendEncoder.eventsHeaderLength()
            + EventFrame.HEADER_LENGTH
            + PAYLOAD;
    private static final int FIXED = FRAME - EventFrame.HEADER_LENGTH - PAYLOAD;

    private final UnsafeBuffer frame = new UnsafeBuffer(ByteBuffer.allocateDirect(256));
    private final UnsafeBuffer event = new UnsafeBuffer(ByteBuffer.allocateDirect(256));
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final AppendEncoder encoder = new AppendEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final AppendDecoder decoder = new AppendDecoder();
    private long number;

    /** Makes an event and a frame to read. */
    @Setup
    public void fill() {
        event.setMemory(0, 256, (byte) 7);
        EventFrame.putHeader(event, 0, 0x1234_5678_9abc_def0L, PAYLOAD);
        encode();
    }

    /** The client's part: header, fixed block, the event's bytes. */
    @Benchmark
    public int encode() {
        encoder.wrapAndApplyHeader(frame, 0, headerEncoder)
                .writerIdHigh(1)
                .writerIdLow(2)
                .streamId(3)
                .segmentId(4)
                .chainEpoch(1)
                .firstEventNumber(++number)
                .expectedOffset(-1)
                .chain(1)
                .writerEpoch(1)
                .eventCount(1)
                .fragmentOffset(0)
                .fragmentedLength(0)
                .durability(Durability.MEDIA);
        encoder.flags().clear();
        encoder.putEvents(event, 0, EventFrame.HEADER_LENGTH + PAYLOAD);
        return encoder.encodedLength();
    }

    /** Baseline of {@link #encode}: the same number of bytes as plain stores and one copy. */
    @Benchmark
    public int encodeBaseline() {
        final long value = ++number;
        for (int i = 0; i < FIXED; i += Long.BYTES) {
            frame.putLong(i, value, ByteOrder.LITTLE_ENDIAN);
        }
        frame.putBytes(FIXED, event, 0, EventFrame.HEADER_LENGTH + PAYLOAD);
        return FRAME;
    }

    /** The node's part: bounds of the frame, every field the chain needs, bounds of the events in it. */
    @Benchmark
    public long decode() {
        final int template = WireFrames.check(frame, 0, FRAME);
        decoder.wrapAndApplyHeader(frame, 0, headerDecoder);
        final long fields = decoder.writerIdHigh()
                ^ decoder.writerIdLow()
                ^ decoder.streamId()
                ^ decoder.segmentId()
                ^ decoder.chainEpoch()
                ^ decoder.firstEventNumber()
                ^ decoder.expectedOffset()
                ^ decoder.chain()
                ^ decoder.writerEpoch()
                ^ decoder.flags().getRaw();
        final int length = decoder.eventsLength();
        final int begin = decoder.limit() + AppendDecoder.eventsHeaderLength();
        return fields ^ template ^ EventFrame.validateAll(frame, begin, begin + length, decoder.eventCount());
    }

    /** Baseline of {@link #decode}: plain loads of the fixed block. */
    @Benchmark
    public long decodeBaseline() {
        long fields = 0;
        for (int i = 0; i < FIXED; i += Long.BYTES) {
            fields ^= frame.getLong(i, ByteOrder.LITTLE_ENDIAN);
        }
        return fields ^ frame.getInt(FIXED, ByteOrder.LITTLE_ENDIAN);
    }
}
