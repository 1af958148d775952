package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What must hold for all commands. */
class ControlStatePropertyTest {
    private static final int STREAM_COUNT = 4;

    /** The same log gives the same state, effects and answers. */
    @Property(tries = 200)
    void shouldRepeatItselfWhenReplayed(@ForAll final long seed, @ForAll @IntRange(min = 1, max = 4) final int chains) {
        final Random random = new Random(seed);
        final StateBed first = StateBed.started(StateBed.SMALL, chains);
        for (int i = 0; i < 120; i++) {
            step(first, random, i);
        }
        final StateBed second = new StateBed(StateBed.SMALL);
        for (final byte[] command : first.commands) {
            second.apply(command);
        }
        assertEquals(first.state.stateHash(), second.state.stateHash());
        assertEquals(first.effects, second.effects);
        assertEquals(first.pending, second.pending);
        assertEquals(first.answers, second.answers);
    }

    /** The order of EffectDone commands, and repeats of them, make no difference. */
    @Property(tries = 200)
    void shouldReachSameStateWhenEffectsAreDoneInAnyOrder(
            @ForAll final long seed,
            @ForAll final long seedOfOrder,
            @ForAll @IntRange(min = 1, max = 4) final int chains) {
        final StateBed inOrder = StateBed.started(StateBed.SMALL, chains);
        final StateBed shuffled = StateBed.started(StateBed.SMALL, chains);
        final Random order = new Random(seedOfOrder);
        final Random random = new Random(seed);
        int requestId = 0;
        for (int round = 0; round < 20; round++) {
            for (int i = random.nextInt(3); i >= 0; i--) {
                requestId++;
                final RequestFrames.Frame frame = randomFrame(random, requestId);
                assertEquals(inOrder.request(1, frame), shuffled.request(1, frame));
            }
            inOrder.allDone();
            final List<StateBed.Effect> effects = new ArrayList<>(shuffled.pending);
            Collections.shuffle(effects, order);
            for (final StateBed.Effect effect : effects) {
                shuffled.done(effect);
                if (order.nextBoolean()) {
                    shuffled.done(effects.get(order.nextInt(effects.size())));
                }
            }
            assertEquals(inOrder.state.stateHash(), shuffled.state.stateHash());
        }
        assertEquals(inOrder.effects, shuffled.effects);
        assertEquals(0, shuffled.state.pendingEffectCount());
        assertEquals(Set.copyOf(inOrder.answers), Set.copyOf(shuffled.answers));
    }

    /** Numbers are dense per chain, stream ids are never used again, and every request is answered in the end. */
    @Property(tries = 200)
    void shouldNumberEffectsDenselyWhenCommandsAreRandom(
            @ForAll final long seed, @ForAll @IntRange(min = 1, max = 4) final int chains) {
        final Random random = new Random(seed);
        final StateBed bed = StateBed.started(StateBed.SMALL, chains);
        for (int i = 0; i < 120; i++) {
            step(bed, random, i);
        }
        bed.allDone();
        final long[] last = new long[chains + 1];
        final Set<String> done = new HashSet<>();
        for (final StateBed.Effect effect : bed.effects) {
            assertEquals(++last[effect.chain()], effect.number());
            assertTrue(
                    done.add(effect.action() + " " + effect.streamId() + " " + effect.segmentId() + " "
                            + effect.startOffset()),
                    "ordered once only");
        }
        assertEquals(0, bed.state.openRequestCount());
        assertEquals(0, bed.state.pendingEffectCount());
    }

    static void step(final StateBed bed, final Random random, final int requestId) {
        final int choice = random.nextInt(8);
        if (choice < 3 && !bed.pending.isEmpty()) {
            bed.done(bed.pending.get(random.nextInt(bed.pending.size())), random.nextInt(1_000));
        } else if (choice == 3 && !bed.effects.isEmpty()) {
            bed.done(bed.effects.get(random.nextInt(bed.effects.size())), random.nextInt(1_000));
        } else if (choice == 4 && !bed.commands.isEmpty()) {
            bed.apply(bed.commands.get(random.nextInt(bed.commands.size())));
        } else {
            bed.request(1 + random.nextInt(2), randomFrame(random, requestId));
        }
    }

    static RequestFrames.Frame randomFrame(final Random random, final long requestId) {
        final String stream = "t" + random.nextInt(STREAM_COUNT);
        final String scope = "s" + random.nextInt(2);
        return switch (random.nextInt(11)) {
            case 0 -> RequestFrames.createScope(requestId, scope);
            case 1 -> RequestFrames.deleteScope(requestId, scope);
            case 2, 3 -> RequestFrames.createStream(requestId, scope, stream, 1 + random.nextInt(3));
            case 4 -> RequestFrames.setStreamHeader(requestId, scope, stream, "h" + random.nextInt(3));
            case 5, 6 -> RequestFrames.sealStream(requestId, scope, stream);
            case 7, 8 ->
                RequestFrames.truncateStream(
                        requestId, 1 + random.nextInt(8), scope, stream, random.nextInt(200), random.nextInt(200));
            default -> RequestFrames.deleteStream(requestId, scope, stream);
        };
    }
}
