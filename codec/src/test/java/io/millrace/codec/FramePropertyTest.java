package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.Schema.Message;
import io.millrace.codec.wire.CreateScopeEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Untrusted frames. Every buffer here ends with its last byte and checks bounds, so that a read beyond it throws and
 * the property fails; the answer of the check is compared with that of {@link Schema#judge}, which knows the XML alone.
 */
final class FramePropertyTest {
    private static final int TRIES = 3000;
    private static final int GUARD = 24;
    private static final Schema WIRE = Schema.of("wire");
    private static final Schema CONTROL = Schema.of("control");
    private static final Schema CHAIN = Schema.of("chain");

    /** A change of a few bytes, which lands in headers and lengths more often than elsewhere. */
    record Mutation(int at, int value, int cut) {}

    @Property(tries = TRIES)
    void shouldStayInBoundsWhenBytesAreRandom(
            @ForAll("randomBytes") final byte[] bytes, @ForAll("offset") final int at) {
        assertJudged(WIRE, bytes, at);
        assertJudged(CONTROL, bytes, at);
        assertJudged(CHAIN, bytes, at);
    }

    @Property(tries = TRIES)
    void shouldStayInBoundsWhenBodyIsRandomBehindAGoodHeader(
            @ForAll("message") final Message message, @ForAll("randomBytes") final byte[] body) {
        final byte[] frame = Arrays.copyOf(Golden.read(message.toString()), 8 + body.length);
        System.arraycopy(body, 0, frame, 8, body.length);
        assertJudged(message.schema, frame, 0);
    }

    @Property(tries = TRIES)
    void shouldStayInBoundsWhenFrameIsMutated(
            @ForAll("message") final Message message,
            @ForAll("mutations") final List<Mutation> mutations,
            @ForAll("offset") final int at) {
        byte[] frame = Golden.read(message.toString());
        for (final Mutation m : mutations) {
            frame[m.at % frame.length] = (byte) m.value;
            frame = Arrays.copyOf(frame, Math.max(8, frame.length + m.cut));
        }
        assertJudged(message.schema, frame, at);
    }

    @Property(tries = TRIES)
    void shouldStayInBoundsWhenLengthsAreHuge(
            @ForAll("message") final Message message,
            @ForAll("hugeLength") final long huge,
            @ForAll final boolean newer,
            @ForAll @IntRange(max = 300) final int at) {
        final byte[] frame = Golden.read(message.toString());
        final ByteBuffer bytes = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
        // Behind the block lie group headers and the lengths of variable data.
        final int tail = frame.length - 8 - message.blockLength;
        final int index = tail < 4 ? at % (frame.length - 4) : 8 + message.blockLength + at % (tail - 3);
        frame[6] = (byte) (newer ? 1 : 0); // of a newer version bytes may be left over at the end
        if (huge > 0 && huge < 0x1_0000) {
            bytes.putShort(index, (short) huge);
        } else {
            bytes.putInt(index, (int) huge);
        }
        assertJudged(message.schema, frame, 0);
    }

    @Example
    void shouldRefuseWhenTextIsLongerThanTheLimit() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[5000]);
        for (final int length : new int[] {4096, 4097}) {
            final CreateScopeEncoder frame = new CreateScopeEncoder()
                    .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                    .requestId(1)
                    .putScopeName(new byte[4096], 0, 4096);
            final int text = MessageHeaderEncoder.ENCODED_LENGTH + CreateScopeEncoder.BLOCK_LENGTH;
            buffer.putShort(text, (short) length, ByteOrder.LITTLE_ENDIAN);
            final int end = MessageHeaderEncoder.ENCODED_LENGTH + frame.encodedLength() + length - 4096;
            final int expected = length == 4096 ? CreateScopeEncoder.TEMPLATE_ID : FrameStatus.LENGTH;
            assertEquals(expected, WireFrames.check(buffer, 0, end));
        }
    }

    @Property(tries = 200)
    void shouldRefuseWhenFrameIsTruncatedAnywhere(@ForAll("message") final Message message) {
        final byte[] frame = Golden.read(message.toString());
        for (int length = 0; length < frame.length; length++) {
            final byte[] cut = Arrays.copyOf(frame, length);
            assertTrue(check(message.schema, new UnsafeBuffer(cut), 0, length) < 0, message + " cut to " + length);
        }
    }

    @Property(tries = 200)
    void shouldAcceptWhenNewerVersionAppendsToTheBlock(@ForAll("message") final Message message) {
        final byte[] frame = Golden.read(message.toString());
        final int end = 8 + message.blockLength;
        final byte[] newer = new byte[frame.length + 5];
        System.arraycopy(frame, 0, newer, 0, end);
        System.arraycopy(frame, end, newer, end + 5, frame.length - end);
        newer[0] = (byte) (message.blockLength + 5);
        newer[6] = 1;
        assertEquals(message.templateId, check(message.schema, new UnsafeBuffer(newer), 0, newer.length));
        Flyweights.decodeAndCompare(message, new UnsafeBuffer(newer), 0);
        newer[6] = 0;
        assertEquals(FrameStatus.BLOCK_LENGTH, check(message.schema, new UnsafeBuffer(newer), 0, newer.length));
    }

    /** Checks one frame at an offset of a slice that ends with the frame. */
    private static void assertJudged(final Schema schema, final byte[] frame, final int at) {
        final byte[] memory = new byte[GUARD + at + frame.length + GUARD];
        Arrays.fill(memory, (byte) 1);
        System.arraycopy(frame, 0, memory, GUARD + at, frame.length);
        final UnsafeBuffer buffer = new UnsafeBuffer(memory, GUARD, at + frame.length);
        final int answer = check(schema, buffer, at, frame.length);
        final int judged = schema.judge(frame);
        assertEquals(judged, Math.max(answer, -1), "frame " + Arrays.toString(frame));
        if (answer > 0) {
            final Message message = schema.messages.values().stream()
                    .filter(m -> m.templateId == answer)
                    .findFirst()
                    .orElseThrow();
            Flyweights.decodeAll(message, buffer, at);
        }
    }

    private static int check(final Schema schema, final UnsafeBuffer buffer, final int at, final int length) {
        if (schema.id == WIRE.id) {
            return WireFrames.check(buffer, at, length);
        }
        if (schema.id == CHAIN.id) {
            return ChainFrames.check(buffer, at, length);
        }
        final int command = ControlFrames.check(buffer, at, length);
        final int snapshot = ControlFrames.checkSnapshot(buffer, at, length);
        assertTrue(command < 0 || snapshot < 0, "taken for a command and for a snapshot");
        return command == FrameStatus.TEMPLATE ? snapshot : command;
    }

    @Provide
    Arbitrary<Message> message() {
        return Arbitraries.of(
                Schema.allMessages().stream().filter(m -> m.schema.hasHeaders()).toList());
    }

    @Provide
    Arbitrary<byte[]> randomBytes() {
        return Arbitraries.bytes().array(byte[].class).ofMaxSize(200);
    }

    @Provide
    Arbitrary<Long> hugeLength() {
        return Arbitraries.of(
                -1L, -4L, -5L, -8L, -30L, -100L, 0x7FFF_FFFFL, 0x8000_0000L, 0x7FFF_FFF0L, 0xFFFFL, 0x7FFFL);
    }

    @Provide
    Arbitrary<Integer> offset() {
        return Arbitraries.integers().between(0, 40);
    }

    @Provide
    Arbitrary<List<Mutation>> mutations() {
        final Arbitrary<Integer> value = Arbitraries.oneOf(
                Arbitraries.of(0, 1, 2, 3, 4, 5, 8, 16, 127, 128, 255),
                Arbitraries.integers().between(0, 255));
        final Arbitrary<Integer> cut = Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(3, Arbitraries.just(0)),
                net.jqwik.api.Tuple.of(1, Arbitraries.integers().between(-12, 12)));
        return Combinators.combine(Arbitraries.integers().between(0, 400), value, cut)
                .as(Mutation::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(4);
    }
}
