package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.Ids;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.StreamState;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One rule of the control state each. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class ControlStateTest {
    private static final long CLIENT = 7;
    private final StateBed bed = StateBed.started(ControlLimits.DEFAULT, 4);
    private long requestId;

    private int create(final String stream, final int segmentCount) {
        return bed.request(CLIENT, RequestFrames.createStream(++requestId, "s", stream, segmentCount));
    }

    private int seal(final String stream) {
        return bed.request(CLIENT, RequestFrames.sealStream(++requestId, "s", stream));
    }

    private int delete(final String stream) {
        return bed.request(CLIENT, RequestFrames.deleteStream(++requestId, "s", stream));
    }

    private Stream stream(final String name) {
        return Objects.requireNonNull(bed.state.findStream("s", name));
    }

    private static int refused(final RefusalCode code) {
        return -code.value();
    }

    @Test
    void shouldAnswerAlreadyWhenScopeExists() {
        assertEquals(ControlStatus.DONE, bed.request(CLIENT, RequestFrames.createScope(1, "plant")));
        assertEquals(ControlStatus.ALREADY, bed.request(CLIENT, RequestFrames.createScope(2, "plant")));
        assertEquals(1, bed.state.scopeCount());
        assertEquals(ControlStatus.ALREADY, bed.lastAnswer().result());
    }

    @Test
    void shouldDeleteScopeOnlyWhenEmpty() {
        create("a", 1);
        assertEquals(
                refused(RefusalCode.SCOPE_NOT_EMPTY), bed.request(CLIENT, RequestFrames.deleteScope(++requestId, "s")));
        bed.allDone();
        seal("a");
        bed.allDone();
        delete("a");
        assertEquals(
                refused(RefusalCode.SCOPE_NOT_EMPTY), bed.request(CLIENT, RequestFrames.deleteScope(++requestId, "s")));
        bed.allDone();
        assertEquals(ControlStatus.DONE, bed.request(CLIENT, RequestFrames.deleteScope(++requestId, "s")));
        assertEquals(
                refused(RefusalCode.SCOPE_NOT_FOUND), bed.request(CLIENT, RequestFrames.deleteScope(++requestId, "s")));
    }

    @Test
    void shouldOrderOneSegmentPerChainWhenStreamIsCreated() {
        assertEquals(ControlStatus.OPEN, create("a", 4));
        assertEquals(StreamState.CREATING, stream("a").state());
        assertTrue(bed.answers.isEmpty());
        final Set<Integer> chains = new HashSet<>();
        long low = 0;
        for (int i = 0; i < 4; i++) {
            final StateBed.Effect effect = bed.effects.get(i);
            chains.add(effect.chain());
            assertEquals(1, effect.number());
            assertEquals(EffectAction.CREATE_SEGMENT, effect.action());
            assertEquals(1, effect.streamId());
            assertEquals(Ids.segmentId(0, i), effect.segmentId());
            assertEquals(low, effect.keyLow());
            low = effect.keyHigh() + 1;
        }
        assertEquals(0, low, "the ranges tile the unsigned space");
        assertEquals(Set.of(1, 2, 3, 4), chains);

        bed.allDone();
        assertEquals(StreamState.ACTIVE, stream("a").state());
        assertEquals(new StateBed.Answer(CLIENT, 1, ControlStatus.DONE, 1, 0), bed.lastAnswer());
        assertEquals(1_000, stream("a").createdNs());
    }

    @Test
    void shouldPlaceOnChainWithFewestSegmentsWhenUneven() {
        create("a", 1);
        create("b", 1);
        create("c", 1);
        create("d", 1);
        create("e", 5);
        final int[] counts = new int[5];
        bed.effects.forEach(effect -> counts[effect.chain()]++);
        Arrays.sort(counts, 1, 5);
        assertEquals(List.of(2, 2, 2, 3), Arrays.stream(counts, 1, 5).boxed().toList());
    }

    @Test
    void shouldOrderTruncationOnlyOfSegmentsWhoseStartRises() {
        create("a", 3);
        bed.allDone();
        final int before = bed.effects.size();
        assertEquals(ControlStatus.OPEN, truncate(1, "a", 100, 0, 300));
        assertEquals(before + 2, bed.effects.size());
        final StateBed.Effect first = bed.effects.get(before);
        assertEquals(EffectAction.TRUNCATE_SEGMENT, first.action());
        assertEquals(Ids.segmentId(0, 0), first.segmentId());
        assertEquals(100, first.startOffset());
        assertEquals(300, bed.effects.get(before + 1).startOffset());
        assertEquals(ControlStatus.OPEN, truncate(1, "a", 50), "waits for what is under way");
        assertEquals(1, bed.answers.size());
        bed.allDone();
        assertEquals(new StateBed.Answer(CLIENT, 2, ControlStatus.DONE, 1, 0), bed.answers.get(1));
        assertEquals(new StateBed.Answer(CLIENT, 3, ControlStatus.ALREADY, 1, 0), bed.answers.get(2));
        assertEquals(ControlStatus.ALREADY, truncate(1, "a", 100, 0, 300));
        assertEquals(before + 2, bed.effects.size());
        assertEquals(StreamState.ACTIVE, stream("a").state());
    }

    @Test
    void shouldRefuseTruncationWhenCutIsOfAnotherStreamOrNoCut() {
        create("a", 1);
        bed.allDone();
        final int before = bed.effects.size();
        assertEquals(refused(RefusalCode.STREAM_NOT_FOUND), truncate(2, "a", 1));
        assertEquals(refused(RefusalCode.STREAM_NOT_FOUND), truncate(1, "b", 1));
        assertEquals(refused(RefusalCode.SEGMENT_NOT_FOUND), truncate(1, "a", 1, 1));
        assertEquals(1, bed.lastAnswer().detail());
        assertEquals(refused(RefusalCode.OFFSET_OUT_OF_RANGE), truncate(1, "a", -1));
        assertEquals(before, bed.effects.size());
    }

    @Test
    void shouldForgetStreamOnlyWhenTruncationOrderedBeforeItsDeletionIsDone() {
        create("a", 1);
        bed.allDone();
        seal("a");
        bed.allDone();
        truncate(1, "a", 10);
        delete("a");
        final StateBed.Effect truncation = bed.effects.get(bed.effects.size() - 2);
        final StateBed.Effect deletion = bed.effects.get(bed.effects.size() - 1);
        assertEquals(ControlStatus.DONE, bed.done(deletion));
        assertEquals(1, bed.state.streamCount());
        assertEquals(ControlStatus.DONE, bed.done(truncation));
        assertEquals(0, bed.state.streamCount());
        assertEquals(0, bed.state.openRequestCount());
    }

    private int truncate(final long streamId, final String stream, final long... offsets) {
        return bed.request(CLIENT, RequestFrames.truncateStream(++requestId, streamId, "s", stream, offsets));
    }

    @Test
    void shouldAnswerAlreadyWhenStreamExistsWithSameSegmentCount() {
        create("a", 2);
        assertEquals(ControlStatus.OPEN, create("a", 2), "waits for the same effects");
        bed.allDone();
        assertEquals(2, bed.answers.size());
        assertEquals(new StateBed.Answer(CLIENT, 2, ControlStatus.ALREADY, 1, 0), bed.lastAnswer());
        assertEquals(ControlStatus.ALREADY, create("a", 2));
        assertEquals(refused(RefusalCode.STREAM_CONFLICT), create("a", 3));
        assertEquals(2, bed.lastAnswer().detail());
        assertEquals(2, bed.effects.size());
    }

    @Test
    void shouldRefuseStreamWhenScopeIsMissing() {
        assertEquals(
                refused(RefusalCode.SCOPE_NOT_FOUND),
                bed.request(CLIENT, RequestFrames.createStream(1, "s", "a", 1, false, "")));
        assertEquals(0, bed.state.scopeCount());
    }

    @Test
    void shouldRefuseNameWhenBadOrReserved() {
        for (final String name : List.of("", "a b", "a/b", "_a", "ä", "x".repeat(256))) {
            assertEquals(refused(RefusalCode.BAD_NAME), create(name, 1), name);
            assertEquals(
                    refused(RefusalCode.BAD_NAME), bed.request(CLIENT, RequestFrames.createScope(++requestId, name)));
        }
        assertEquals(0, bed.state.scopeCount());
        assertEquals(ControlStatus.OPEN, create("x".repeat(255), 1));
    }

    @Test
    void shouldRefuseSegmentCountWhenOutOfRange() {
        for (final int count : new int[] {Integer.MIN_VALUE, -1, 0, 1_025, Integer.MAX_VALUE}) {
            assertEquals(refused(RefusalCode.BAD_SEGMENT_COUNT), create("a", count));
            assertEquals(1_024, bed.lastAnswer().detail());
        }
        assertEquals(ControlStatus.OPEN, create("a", 1_024));
    }

    @Test
    void shouldRefuseDeleteWhenNotSealed() {
        create("a", 1);
        assertEquals(refused(RefusalCode.STREAM_NOT_SEALED), delete("a"));
        bed.allDone();
        assertEquals(refused(RefusalCode.STREAM_NOT_SEALED), delete("a"));
        seal("a");
        assertEquals(refused(RefusalCode.STREAM_BUSY), delete("a"));
        bed.allDone();
        assertEquals(ControlStatus.OPEN, delete("a"));
        assertEquals(refused(RefusalCode.STREAM_NOT_FOUND), delete("b"));
    }

    @Test
    void shouldSealOnceWhenSealIsRepeated() {
        create("a", 2);
        bed.allDone();
        assertEquals(ControlStatus.OPEN, seal("a"));
        assertEquals(ControlStatus.OPEN, seal("a"));
        assertEquals(StreamState.SEALING, stream("a").state());
        for (final StateBed.Effect effect : List.copyOf(bed.pending)) {
            bed.done(effect, 500 + effect.segmentId());
        }
        assertEquals(StreamState.SEALED, stream("a").state());
        assertEquals(500, stream("a").segments()[0].finalLength());
        assertEquals(501, stream("a").segments()[1].finalLength());
        assertEquals(ControlStatus.ALREADY, seal("a"));
        assertEquals(4, bed.effects.size());
        assertEquals(
                List.of(ControlStatus.DONE, ControlStatus.DONE, ControlStatus.ALREADY, ControlStatus.ALREADY),
                bed.answers.stream().map(StateBed.Answer::result).toList());
    }

    @Test
    void shouldSealAfterCreateWhenSealComesEarly() {
        create("a", 1);
        assertEquals(ControlStatus.OPEN, seal("a"));
        final List<StateBed.Effect> both = List.copyOf(bed.pending);
        assertEquals(1, both.get(0).number());
        assertEquals(2, both.get(1).number());
        bed.done(both.get(1));
        assertTrue(bed.answers.isEmpty());
        bed.done(both.get(0));
        assertEquals(StreamState.SEALED, stream("a").state());
        assertEquals(2, bed.answers.size());
    }

    @Test
    void shouldGiveNewIdWhenStreamIsRecreated() {
        create("a", 2);
        bed.allDone();
        seal("a");
        bed.allDone();
        delete("a");
        assertEquals(StreamState.DELETING, stream("a").state());
        assertEquals(ControlStatus.OPEN, delete("a"), "waits for the same effects");
        assertEquals(refused(RefusalCode.STREAM_BUSY), create("a", 2));
        assertEquals(refused(RefusalCode.STREAM_NOT_FOUND), seal("a"));
        bed.allDone();
        assertNull(bed.state.findStream("s", "a"));
        assertEquals(0, bed.state.streamCount());
        assertEquals(0, bed.state.segmentCount());
        assertEquals(refused(RefusalCode.STREAM_NOT_FOUND), delete("a"));
        create("a", 1);
        bed.allDone();
        assertEquals(2, stream("a").id());
        assertEquals(StreamState.ACTIVE, stream("a").state());
    }

    @Test
    void shouldKeepHeaderWhenSet() {
        bed.request(CLIENT, RequestFrames.createStream(++requestId, "s", "a", 1, true, "date,high"));
        assertEquals("date,high", header("a"));
        assertEquals(ControlStatus.DONE, setHeader("a", "date,low"));
        assertEquals("date,low", header("a"));
        assertEquals(ControlStatus.ALREADY, setHeader("a", "date,low"));
        assertEquals(ControlStatus.DONE, setHeader("a", ""));
        assertEquals("", header("a"));
        assertEquals(ControlStatus.DONE, setHeader("a", "h".repeat(4_096)));
        assertEquals(refused(RefusalCode.LIMIT_REACHED), setHeader("a", "h".repeat(4_097)));
        assertEquals(refused(RefusalCode.STREAM_NOT_FOUND), setHeader("b", "x"));
    }

    private int setHeader(final String stream, final String text) {
        return bed.request(CLIENT, RequestFrames.setStreamHeader(++requestId, "s", stream, text));
    }

    private String header(final String stream) {
        return new String(stream(stream).header(), StandardCharsets.UTF_8);
    }

    @Test
    void shouldRepeatAnswerWhenRequestIsRepeated() {
        final RequestFrames.Frame frame = RequestFrames.createStream(1, "s", "a", 1);
        bed.request(CLIENT, frame);
        assertEquals(ControlStatus.REPEATED, bed.request(CLIENT, frame));
        assertTrue(bed.answers.isEmpty(), "in progress: no answer yet");
        bed.allDone();
        assertEquals(1, bed.answers.size());
        final long hash = bed.state.stateHash();
        assertEquals(ControlStatus.REPEATED, bed.request(CLIENT, frame));
        assertEquals(bed.answers.get(0), bed.answers.get(1));
        assertEquals(hash, bed.state.stateHash());
        assertEquals(ControlStatus.ALREADY, bed.request(CLIENT + 1, frame), "another client's request");
    }

    @Test
    void shouldRefuseRequestIdWhenUsedForAnotherCommand() {
        bed.request(CLIENT, RequestFrames.createScope(1, "a"));
        assertEquals(ControlStatus.REPEATED, bed.request(CLIENT, RequestFrames.createScope(1, "b")));
        assertEquals(refused(RefusalCode.MALFORMED), bed.lastAnswer().result());
        assertEquals(1, bed.state.scopeCount());
    }

    @Test
    void shouldJudgeAnewWhenRefusalWasPassing() {
        create("a", 1);
        bed.allDone();
        seal("a");
        final RequestFrames.Frame delete = RequestFrames.deleteStream(50, "s", "a");
        assertEquals(refused(RefusalCode.STREAM_BUSY), bed.request(CLIENT, delete));
        bed.allDone();
        assertEquals(ControlStatus.OPEN, bed.request(CLIENT, delete));
    }

    @Test
    void shouldForgetOldestAnswersWhenTooMany() {
        final StateBed small = StateBed.started(StateBed.SMALL, 1);
        for (int i = 1; i <= 5; i++) {
            small.request(CLIENT, RequestFrames.createScope(i, "same"));
        }
        assertNull(small.state.findRequest(new RequestKey(0, CLIENT, 1)));
        for (int i = 2; i <= 5; i++) {
            assertNotNull(small.state.findRequest(new RequestKey(0, CLIENT, i)));
        }
    }

    @Test
    void shouldRefuseWhenLimitIsReached() {
        final StateBed small = StateBed.started(StateBed.SMALL, 2);
        for (int i = 1; i <= 3; i++) {
            assertEquals(ControlStatus.DONE, small.request(CLIENT, RequestFrames.createScope(i, "s" + i)));
        }
        assertEquals(refused(RefusalCode.LIMIT_REACHED), small.request(CLIENT, RequestFrames.createScope(4, "s4")));
        assertEquals(3, small.lastAnswer().detail());
        assertEquals(
                refused(RefusalCode.LIMIT_REACHED), small.request(CLIENT, RequestFrames.createStream(5, "s4", "a", 1)));
        small.request(CLIENT, RequestFrames.createStream(6, "s1", "a", 8));
        small.request(CLIENT, RequestFrames.createStream(7, "s1", "b", 8));
        assertEquals(
                refused(RefusalCode.LIMIT_REACHED), small.request(CLIENT, RequestFrames.createStream(8, "s1", "c", 5)));
        assertEquals(20, small.lastAnswer().detail(), "segments");
        small.request(CLIENT, RequestFrames.createStream(9, "s1", "c", 1));
        assertEquals(3, small.state.openRequestCount());
        assertEquals(
                refused(RefusalCode.THROTTLED), small.request(CLIENT, RequestFrames.createStream(10, "s1", "d", 1)));
        small.allDone();
        small.request(CLIENT, RequestFrames.createStream(11, "s1", "d", 1));
        small.allDone();
        assertEquals(
                refused(RefusalCode.LIMIT_REACHED),
                small.request(CLIENT, RequestFrames.createStream(12, "s1", "e", 1)));
        assertEquals(4, small.lastAnswer().detail(), "streams");
        assertEquals(
                refused(RefusalCode.LIMIT_REACHED),
                small.request(CLIENT, RequestFrames.createStream(13, "s1", "f", 1, true, "h".repeat(17))));
    }

    @Test
    void shouldFixChainsAndRaiseIncarnationWhenNodesStart() {
        final StateBed fresh = new StateBed(StateBed.SMALL);
        assertEquals(refused(RefusalCode.NOT_READY), fresh.request(CLIENT, RequestFrames.createStream(1, "s", "a", 1)));
        assertEquals(ControlStatus.CHAIN_COUNT_MISMATCH, fresh.startNode(1, 0));
        assertEquals(ControlStatus.CHAIN_COUNT_MISMATCH, fresh.startNode(1, 5), "limit 4");
        assertEquals(ControlStatus.INCARNATION_NOT_NEW, fresh.startNode(0, 2));
        assertEquals(0, fresh.state.chainCount());
        assertEquals(ControlStatus.DONE, fresh.startNode(1, 2));
        assertEquals(ControlStatus.INCARNATION_NOT_NEW, fresh.startNode(1, 2));
        assertEquals(ControlStatus.CHAIN_COUNT_MISMATCH, fresh.startNode(2, 3));
        assertEquals(ControlStatus.DONE, fresh.startNode(5, 2));
        assertEquals(5, fresh.state.incarnation(StateBed.NODE));
        assertEquals(ControlStatus.DEVICE_MISMATCH, fresh.startNode(StateBed.NODE, new UUID(9, 9), 6, 2));
        assertEquals(ControlStatus.DONE, fresh.startNode(new UUID(8, 8), StateBed.DEVICE, 1, 2));
        assertEquals(ControlStatus.NODE_LIMIT, fresh.startNode(new UUID(8, 9), StateBed.DEVICE, 1, 2));
        assertEquals(2, fresh.state.chainCount());
    }

    @Test
    void shouldChangeNothingWhenEffectDoneDoesNotFit() {
        create("a", 1);
        final StateBed.Effect effect = bed.pending.get(0);
        final long hash = bed.state.stateHash();
        assertEquals(ControlStatus.EFFECT_MISMATCH, bed.done(with(effect, 0, 1, 1, EffectAction.CREATE_SEGMENT)));
        assertEquals(ControlStatus.EFFECT_MISMATCH, bed.done(with(effect, 5, 1, 1, EffectAction.CREATE_SEGMENT)));
        assertEquals(ControlStatus.EFFECT_MISMATCH, bed.done(with(effect, effect.chain(), 2, 1, effect.action())));
        assertEquals(ControlStatus.EFFECT_MISMATCH, bed.done(with(effect, effect.chain(), 1, 2, effect.action())));
        assertEquals(
                ControlStatus.EFFECT_MISMATCH, bed.done(with(effect, effect.chain(), 1, 1, EffectAction.SEAL_SEGMENT)));
        assertEquals(hash, bed.state.stateHash());
        assertEquals(ControlStatus.DONE, bed.done(effect));
        assertEquals(ControlStatus.REPEATED, bed.done(effect));
        assertEquals(StreamState.ACTIVE, stream("a").state());
    }

    private static StateBed.Effect with(
            final StateBed.Effect effect,
            final int chain,
            final long number,
            final long streamId,
            final EffectAction action) {
        return new StateBed.Effect(
                chain, number, action, streamId, effect.segmentId(), effect.keyLow(), effect.keyHigh(), 0);
    }

    @Test
    void shouldStopWhenLogHoldsNoKnownCommand() {
        final byte[] command = bed.commands.get(0);
        assertThrows(IllegalStateException.class, () -> bed.apply(Arrays.copyOf(command, command.length - 1)));
        assertThrows(IllegalStateException.class, () -> bed.apply(new byte[3]));
        assertThrows(IllegalStateException.class, () -> bed.apply(new byte[64]));
        final CommandWriter writer = new CommandWriter();
        final int length = writer.segmentEffect(EffectAction.CREATE_SEGMENT, 1, 0, 0, -1, 0);
        assertThrows(IllegalStateException.class, () -> bed.apply(writer.buffer(), 0, length));
    }

    @Test
    void shouldTellPendingEffectsAgainInOrderWhenAsked() {
        create("a", 6);
        seal("a");
        final StateBed again = new StateBed(ControlLimits.DEFAULT);
        bed.state.forEachPendingEffect(again);
        assertEquals(12, again.effects.size());
        assertEquals(12, bed.state.pendingEffectCount());
        assertEquals(Set.copyOf(bed.pending), Set.copyOf(again.effects));
        for (int i = 1; i < 12; i++) {
            final StateBed.Effect before = again.effects.get(i - 1);
            final StateBed.Effect effect = again.effects.get(i);
            assertTrue(before.chain() < effect.chain() || before.number() + 1 == effect.number());
        }
    }

    @Test
    void shouldChangeHashWhenStateChanges() {
        final Set<Long> hashes = new HashSet<>();
        hashes.add(bed.state.stateHash());
        create("a", 1);
        assertTrue(hashes.add(bed.state.stateHash()));
        bed.allDone();
        assertTrue(hashes.add(bed.state.stateHash()));
        setHeader("a", "x");
        assertTrue(hashes.add(bed.state.stateHash()));
        seal("b");
        assertTrue(hashes.add(bed.state.stateHash()), "a kept refusal is state");
        assertFalse(hashes.add(bed.state.stateHash()));
        assertNotEquals(0, bed.state.stateHash());
    }
}
