package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** A snapshot stands for the commands before it, and damaged bytes stand for nothing. */
class ControlSnapshotPropertyTest {
    private static final long FRESH_HASH = new ControlState(StateBed.SMALL).stateHash();
    private static final int GUARD = 16;
    private static final int[] ODD_NUMBERS = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 0, 1, 2, 65_536, -4, -12};

    /** Later commands do on a restored state what they do on the one that saw all commands. */
    @Property(tries = 300)
    void shouldContinueAlikeWhenRestored(
            @ForAll final long seed, @ForAll @IntRange(min = 0, max = 4) final int chains) {
        final Random random = new Random(seed);
        final StateBed first = history(random, chains);
        final byte[] snapshot = encode(first.state);
        final StateBed second = new StateBed(StateBed.SMALL);
        restore(second.state, snapshot);
        assertEquals(first.state.stateHash(), second.state.stateHash());
        assertArrayEquals(snapshot, encode(second.state), "encoded again");
        second.state.forEachPendingEffect(second);
        assertEquals(inChainOrder(first.pending), second.pending);
        assertEquals(first.state.openRequestCount(), second.state.openRequestCount());
        assertEquals(first.state.incarnation(StateBed.NODE), second.state.incarnation(StateBed.NODE));

        final int effectsBefore = first.effects.size();
        final int pendingBefore = second.effects.size();
        final int answersBefore = first.answers.size();
        for (int i = 0; i < 80; i++) {
            final int commandsBefore = first.commands.size();
            step(first, random, 1_000 + i);
            for (final byte[] command : first.commands.subList(commandsBefore, first.commands.size())) {
                second.apply(command);
            }
            assertEquals(first.state.stateHash(), second.state.stateHash());
        }
        assertEquals(
                first.effects.subList(effectsBefore, first.effects.size()),
                second.effects.subList(pendingBefore, second.effects.size()));
        assertEquals(first.answers.subList(answersBefore, first.answers.size()), second.answers);
        assertEquals(
                first.results.subList(first.results.size() - second.results.size(), first.results.size()),
                second.results);
        assertEquals(first.state.streamCount(), second.state.streamCount());
        assertEquals(first.state.segmentCount(), second.state.segmentCount());
        assertEquals(first.state.openRequestCount(), second.state.openRequestCount());
        assertArrayEquals(encode(first.state), encode(second.state));
    }

    /** A cut snapshot is refused by name, wherever the cut is, and leaves the state as it was. */
    @Property(tries = 30)
    void shouldRefuseWhenTruncated(@ForAll final long seed, @ForAll @IntRange(min = 0, max = 4) final int chains) {
        final byte[] snapshot = encode(history(new Random(seed), chains).state);
        final ControlState state = new ControlState(StateBed.SMALL);
        for (int length = 0; length < snapshot.length; length++) {
            final byte[] cut = Arrays.copyOf(snapshot, length);
            final MillraceException thrown =
                    assertThrows(MillraceException.class, () -> restore(state, cut), "cut to " + length);
            assertEquals(ErrorCode.RECORD_INVALID, thrown.code());
            assertEquals(FRESH_HASH, state.stateHash());
        }
        restore(state, snapshot);
    }

    /**
     * Changed bytes are refused by name, or were of no meaning: nothing else is thrown, nothing beyond the bytes is
     * read, and a refusal leaves the state as it was.
     */
    @Property(tries = 2_000)
    void shouldRefuseWhenMutated(
            @ForAll final long seed,
            @ForAll final long mutationSeed,
            @ForAll @IntRange(min = 1, max = 4) final int chains,
            @ForAll @IntRange(min = 1, max = 3) final int mutations) {
        final StateBed bed = history(new Random(seed), chains);
        final byte[] snapshot = encode(bed.state);
        final Random random = new Random(mutationSeed);
        final byte[] mutated = snapshot.clone();
        final UnsafeBuffer buffer = new UnsafeBuffer(mutated);
        for (int i = 0; i < mutations; i++) {
            switch (random.nextInt(3)) {
                case 0 -> mutated[random.nextInt(mutated.length)] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
                default ->
                    buffer.putInt(
                            random.nextInt(mutated.length - 3),
                            ODD_NUMBERS[random.nextInt(ODD_NUMBERS.length)],
                            ByteOrder.LITTLE_ENDIAN);
            }
        }
        final ControlState state = new ControlState(StateBed.SMALL);
        try {
            restore(state, mutated);
            assertEquals(bed.state.stateHash(), state.stateHash());
            assertArrayEquals(snapshot, encode(state));
        } catch (final MillraceException e) {
            assertTrue(e.code() == ErrorCode.RECORD_INVALID || e.code() == ErrorCode.FORMAT_VERSION, e.getMessage());
            assertEquals(FRESH_HASH, state.stateHash());
            restore(state, snapshot);
            assertEquals(bed.state.stateHash(), state.stateHash());
        }
    }

    /** Whole messages that are lost, come twice, or change places are refused, or the order is of no meaning. */
    @Property(tries = 500)
    void shouldRefuseWhenMessagesAreMoved(@ForAll final long seed, @ForAll final long mutationSeed) {
        final StateBed bed = history(new Random(seed), 2);
        final byte[] snapshot = encode(bed.state);
        final Random random = new Random(mutationSeed);
        final List<byte[]> messages = split(snapshot);
        final byte[] one = messages.get(random.nextInt(messages.size()));
        switch (random.nextInt(3)) {
            case 0 -> messages.remove(one);
            case 1 -> messages.add(random.nextInt(messages.size()), one);
            default -> {
                messages.remove(one);
                messages.add(random.nextInt(messages.size() + 1), one);
            }
        }
        final ControlState state = new ControlState(StateBed.SMALL);
        try {
            restore(state, join(messages));
            assertArrayEquals(snapshot, encode(state));
        } catch (final MillraceException e) {
            assertEquals(ErrorCode.RECORD_INVALID, e.code());
            assertEquals(FRESH_HASH, state.stateHash());
        }
    }

    /** Splits a snapshot at its lengths, which stay with the messages. */
    static List<byte[]> split(final byte[] snapshot) {
        final UnsafeBuffer buffer = new UnsafeBuffer(snapshot);
        final List<byte[]> messages = new ArrayList<>();
        int next = 0;
        while (next < snapshot.length) {
            final int end = next + SnapshotWriter.LENGTH_LENGTH + buffer.getInt(next, ByteOrder.LITTLE_ENDIAN);
            messages.add(Arrays.copyOfRange(snapshot, next, end));
            next = end;
        }
        return messages;
    }

    /** Puts a snapshot together again. */
    static byte[] join(final List<byte[]> messages) {
        int length = 0;
        for (final byte[] message : messages) {
            length += message.length;
        }
        final byte[] snapshot = new byte[length];
        int next = 0;
        for (final byte[] message : messages) {
            System.arraycopy(message, 0, snapshot, next, message.length);
            next += message.length;
        }
        return snapshot;
    }

    /** Encodes at an odd offset of a buffer that has to grow. */
    static byte[] encode(final ControlState state) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(GUARD);
        final byte[] bytes = new byte[state.encode(buffer, 3)];
        buffer.getBytes(3, bytes);
        return bytes;
    }

    /** Restores from a buffer that checks bounds and ends with the snapshot; what lies behind is no zeros. */
    static void restore(final ControlState state, final byte[] snapshot) {
        final byte[] memory = new byte[GUARD + snapshot.length + GUARD];
        Arrays.fill(memory, (byte) 1);
        System.arraycopy(snapshot, 0, memory, GUARD, snapshot.length);
        state.restore(new UnsafeBuffer(memory, 1, GUARD - 1 + snapshot.length), GUARD - 1, snapshot.length);
    }

    /** A state after up to 120 commands; without a start of a node when there are no chains. */
    private static StateBed history(final Random random, final int chains) {
        final StateBed bed = chains == 0 ? new StateBed(StateBed.SMALL) : StateBed.started(StateBed.SMALL, chains);
        final int length = random.nextInt(120);
        for (int i = 0; i < length; i++) {
            step(bed, random, i);
        }
        return bed;
    }

    private static void step(final StateBed bed, final Random random, final int requestId) {
        if (random.nextInt(20) == 0 && bed.state.chainCount() > 0) {
            final UUID node = random.nextBoolean() ? StateBed.NODE : new UUID(-1, 2);
            bed.startNode(node, StateBed.DEVICE, 1 + random.nextInt(50), bed.state.chainCount());
        } else {
            ControlStatePropertyTest.step(bed, random, requestId);
        }
    }

    private static List<StateBed.Effect> inChainOrder(final List<StateBed.Effect> effects) {
        final List<StateBed.Effect> sorted = new ArrayList<>(effects);
        sorted.sort((a, b) -> a.chain() == b.chain() ? Long.compare(a.number(), b.number()) : a.chain() - b.chain());
        return sorted;
    }
}
