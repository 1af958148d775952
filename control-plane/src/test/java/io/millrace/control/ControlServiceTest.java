package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.MillraceException;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.CommandDoneDecoder;
import io.millrace.codec.wire.CommandOutcome;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.codec.wire.StreamDescriptionDecoder;
import io.millrace.codec.wire.StreamState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Metadata frames from a client's hand to the answer, with log, chains and sessions beside the service. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class ControlServiceTest {
    private final ServiceBed bed = ServiceBed.started();
    private final ServiceBed.Client client = new ServiceBed.Client(7);
    private long requestId;

    private RequestFrames.Frame create(final String stream, final int segmentCount) {
        return RequestFrames.createStream(++requestId, "s", stream, segmentCount);
    }

    private RequestFrames.Frame seal(final String stream) {
        return RequestFrames.sealStream(++requestId, "s", stream);
    }

    private RequestFrames.Frame delete(final String stream) {
        return RequestFrames.deleteStream(++requestId, "s", stream);
    }

    private void done(final RequestFrames.Frame frame) {
        assertTrue(bed.frame(client, frame));
        bed.settle();
        assertDone(client.last(), requestId);
    }

    private static void assertDone(final ServiceBed.Answer answer, final long requestId) {
        assertAnswer(answer, CommandDoneDecoder.TEMPLATE_ID, requestId, CommandOutcome.DONE.value());
    }

    private static void assertRefused(final ServiceBed.Answer answer, final long requestId, final RefusalCode code) {
        assertAnswer(answer, RefusalDecoder.TEMPLATE_ID, requestId, code.value());
    }

    private static void assertAnswer(
            final ServiceBed.Answer answer, final int templateId, final long requestId, final int code) {
        assertEquals(
                List.of((long) templateId, requestId, (long) code),
                List.of((long) answer.templateId(), answer.requestId(), (long) answer.code()));
    }

    private static List<RequestFrames.Frame> oneOfEach(final String scope, final String stream) {
        return List.of(
                RequestFrames.createScope(1, scope),
                RequestFrames.deleteScope(2, scope),
                RequestFrames.createStream(3, scope, stream, 1),
                RequestFrames.sealStream(4, scope, stream),
                RequestFrames.deleteStream(5, scope, stream),
                RequestFrames.describeStream(6, scope, stream),
                RequestFrames.listStreams(7, scope, "", 10),
                RequestFrames.setStreamHeader(8, scope, stream, "h"));
    }

    @Test
    void shouldRefuseWithNotReadyWhenNodeStartIsNotCommitted() {
        final ServiceBed fresh = new ServiceBed(ControlLimits.DEFAULT);
        fresh.logRefusal = ControlLog.BACK_PRESSURED;
        assertFalse(fresh.tryStart(2));
        fresh.logRefusal = ControlLog.FENCED;
        assertThrows(MillraceException.class, () -> fresh.tryStart(2));
        fresh.logRefusal = 0;
        assertTrue(fresh.tryStart(2));
        assertTrue(fresh.tryStart(2));
        assertEquals(1, fresh.log.size(), "appended once");
        for (final RequestFrames.Frame frame : oneOfEach("s", "a")) {
            assertTrue(fresh.frame(client, frame));
            assertRefused(client.last(), client.answers.size(), RefusalCode.NOT_READY);
        }
        assertEquals(ControlStatus.OPEN, fresh.service.startResult());
        fresh.commitLog();
        assertTrue(fresh.service.isReady());
        assertTrue(fresh.frame(client, RequestFrames.createScope(9, "s")));
        fresh.commitLog();
        assertDone(client.last(), 9);
    }

    @Test
    void shouldNotStartWhenNumberOfChainsChanged() {
        bed.crash(true);
        assertThrows(MillraceException.class, () -> bed.tryStart(3));
        assertFalse(bed.service.isReady(), "an earlier start does not count");
        bed.start();
        assertTrue(bed.service.isReady());
    }

    @Test
    void shouldAnswerCreateWhenEverySegmentIsCommittedAndNotBefore() {
        bed.frame(client, create("a", 3));
        assertEquals(0, bed.work(), "nothing is committed yet");
        bed.commitLog();
        bed.work();
        assertEquals(3, bed.sent.size());
        assertTrue(client.answers.isEmpty());
        final List<StateBed.Effect> effects = List.copyOf(bed.sent);
        for (final StateBed.Effect effect : effects) {
            assertTrue(client.answers.isEmpty());
            bed.service.onEffectCommitted(
                    effect.chain(), effect.number(), effect.action(), effect.streamId(), effect.segmentId(), 0);
            bed.work();
            assertTrue(client.answers.isEmpty(), "EffectDone is not committed");
            bed.commitLog();
        }
        assertEquals(1, client.answers.size());
        assertDone(client.last(), 1);
        assertEquals(1, client.last().streamId());
        assertEquals(0, bed.service.waitingRequestCount());
        assertEquals(0, bed.service.state().pendingEffectCount());
    }

    @Test
    void shouldAnswerTruncationWhenCommittedAndRefuseACutBehindTheEnd() {
        done(create("a", 1));
        bed.lengths.put(0L, 77L);
        final int answers = client.answers.size();
        bed.frame(client, RequestFrames.truncateStream(8, 1, "s", "a", 78));
        assertRefused(client.last(), 8, RefusalCode.OFFSET_OUT_OF_RANGE);
        final int commands = bed.log.size();
        final RequestFrames.Frame whole = RequestFrames.truncateStream(9, 1, "s", "a", 77);
        bed.frame(client, whole);
        bed.commitLog();
        bed.work();
        bed.commitEffects();
        bed.work();
        assertEquals(answers + 1, client.answers.size());
        bed.commitLog();
        assertDone(client.last(), 9);
        assertEquals(commands + 2, bed.log.size(), "the command and its EffectDone; a refused one is not in the log");
        assertEquals(77, bed.sent.get(bed.sent.size() - 1).startOffset());
        bed.lengths.put(0L, 0L);
        bed.frame(client, whole);
        assertDone(client.last(), 9);
        assertEquals(answers + 3, client.answers.size());
    }

    @Test
    void shouldAnswerSealAndDeleteWhenReachedAndNotBefore() {
        done(create("a", 3));
        for (final RequestFrames.Frame frame : List.of(seal("a"), delete("a"))) {
            requestId = client.answers.size() + 1L;
            assertTrue(bed.frame(client, frame));
            bed.commitLog();
            bed.work();
            assertEquals(requestId - 1, client.answers.size());
            bed.commitEffects();
            assertEquals(requestId - 1, client.answers.size());
            bed.work();
            assertEquals(requestId - 1, client.answers.size());
            bed.commitLog();
            assertDone(client.last(), requestId);
        }
        bed.frame(client, RequestFrames.describeStream(9, "s", "a"));
        assertRefused(client.last(), 9, RefusalCode.STREAM_NOT_FOUND);
    }

    @Test
    void shouldRefuseThroughTheLogWhenStateDoesNotAllow() {
        done(create("a", 1));
        bed.frame(client, delete("a"));
        assertEquals(1, client.answers.size(), "only what is committed decides");
        bed.commitLog();
        assertRefused(client.last(), 2, RefusalCode.STREAM_NOT_SEALED);
        bed.frame(client, seal("b"));
        bed.commitLog();
        assertRefused(client.last(), 3, RefusalCode.STREAM_NOT_FOUND);
        assertTrue(client.last().text().contains("s/b"), client.last().text());
    }

    @Test
    void shouldShowHeaderWhenItsChangeIsCommitted() {
        done(create("a", 1));
        bed.frame(client, RequestFrames.setStreamHeader(++requestId, "s", "a", "time;value"));
        bed.frame(client, RequestFrames.describeStream(50, "s", "a"));
        assertEquals(1, client.last().description().segments().count());
        assertEquals("", header(client.last()));
        bed.commitLog();
        assertDone(client.last(), 2);
        bed.frame(client, RequestFrames.describeStream(51, "s", "a"));
        assertEquals("time;value", header(client.last()));
    }

    @Test
    void shouldAnswerTheNewestSessionOnceWhenRequestIsRepeatedBeforeItIsDone() {
        final ServiceBed.Client again = new ServiceBed.Client(client.id);
        final RequestFrames.Frame frame = create("a", 2);
        bed.frame(client, frame);
        assertTrue(bed.frame(client, frame));
        assertEquals(2, bed.log.size(), "the node's start and one command");
        bed.commitLog();
        assertTrue(bed.frame(again, frame));
        assertEquals(2, bed.log.size());
        bed.service.onSessionClosed(client);
        bed.settle();
        assertTrue(client.answers.isEmpty());
        assertEquals(1, again.answers.size());
        assertDone(again.last(), 1);
    }

    @Test
    void shouldAnswerInTheEndWhenItsUncommittedCommandIsLost() {
        bed.work();
        bed.frame(client, create("a", 2));
        bed.loseAppended();
        bed.settle();
        assertTrue(client.answers.isEmpty());
        assertEquals(0, bed.log.size() - bed.logCommit, "it may be slow only");

        bed.work(2_000_000_000L);
        bed.settle();
        assertDone(client.last(), requestId);
        assertEquals(1, client.answers.size());
        assertEquals(0, bed.service.waitingRequestCount());
        final int commands = bed.log.size();
        bed.work(60_000_000_000L);
        assertEquals(commands, bed.log.size(), "nothing is left to repeat");
    }

    @Test
    void shouldAnswerOnceWhenItsCommandWasSlowAndNotLost() {
        bed.work();
        bed.frame(client, create("a", 1));
        for (int i = 0; i < 5; i++) {
            bed.work(2_000_000_000L);
        }
        assertTrue(bed.log.size() > bed.logCommit + 1, "appended again");
        bed.settle();
        assertDone(client.last(), requestId);
        assertEquals(1, client.answers.size());
        assertEquals(1, bed.service.state().streamCount());
    }

    @Test
    void shouldRefuseEveryoneWhoWaitsWhenTheDeviceHasFailed() {
        bed.effectsAreLost = true;
        bed.frame(client, create("a", 1));
        bed.settle();
        final ServiceBed.Client full = new ServiceBed.Client(8);
        full.isFull = true;
        bed.frame(full, RequestFrames.createScope(9, "b"));
        bed.logRefusal = ControlLog.FENCED;

        bed.service.onFenced();

        assertRefused(client.last(), requestId, RefusalCode.DEVICE_FENCED);
        assertEquals(1, bed.service.waitingRequestCount(), "the other session cannot take it now");
        full.isFull = false;
        bed.work();
        assertRefused(full.last(), 9, RefusalCode.DEVICE_FENCED);
        assertEquals(0, bed.service.waitingRequestCount());
    }

    @Test
    void shouldRefuseWhenALostCommandCannotBeAppendedAgain() {
        bed.work();
        bed.frame(client, create("a", 1));
        bed.work();
        bed.loseAppended();
        bed.logRefusal = ControlLog.BACK_PRESSURED;
        bed.work(2_000_000_000L);
        assertTrue(client.answers.isEmpty());
        bed.logRefusal = ControlLog.JOURNAL_FULL;
        bed.work(1);
        assertRefused(client.last(), requestId, RefusalCode.JOURNAL_FULL);
        assertEquals(0, bed.service.waitingRequestCount());
    }

    @Test
    void shouldTellWhatItsOwnCommandDidWhenAClosedSessionUsedTheSameRequestId() {
        bed.frame(client, RequestFrames.createScope(5, "old"));
        bed.service.onSessionClosed(client);
        final ServiceBed.Client again = new ServiceBed.Client(client.id);
        bed.frame(again, RequestFrames.createScope(5, "new"));
        bed.settle();
        assertTrue(client.answers.isEmpty());
        assertEquals(1, again.answers.size());
        assertRefused(again.last(), 5, RefusalCode.MALFORMED);
        assertEquals(0, bed.service.waitingRequestCount());
        assertTrue(bed.service.state().scopes().containsKey("old"));
        assertFalse(bed.service.state().scopes().containsKey("new"));
    }

    @Test
    void shouldAnswerANewSessionWhenItRepeatsTheRequestOfAClosedOne() {
        final RequestFrames.Frame frame = create("a", 1);
        bed.frame(client, frame);
        bed.service.onSessionClosed(client);
        final ServiceBed.Client again = new ServiceBed.Client(client.id);
        bed.frame(again, frame);
        bed.settle();
        assertDone(again.last(), requestId);
        assertEquals(1, again.answers.size());
        assertEquals(1, bed.service.state().streamCount());
    }

    @Test
    void shouldRepeatTheAnswerAtOnceWhenRequestIsRepeatedAfterItIsDone() {
        final RequestFrames.Frame frame = create("a", 2);
        done(frame);
        final int logLength = bed.log.size();
        bed.frame(client, frame);
        assertEquals(2, client.answers.size());
        assertDone(client.last(), 1);
        assertEquals(1, client.last().streamId());
        bed.frame(client, RequestFrames.createStream(1, "s", "other", 2));
        assertRefused(client.last(), 1, RefusalCode.MALFORMED);
        assertEquals(logLength, bed.log.size());
        final ServiceBed.Client other = new ServiceBed.Client(8);
        bed.frame(other, frame);
        assertEquals(logLength + 1, bed.log.size(), "another client's request");
        bed.commitLog();
        assertAnswer(other.last(), CommandDoneDecoder.TEMPLATE_ID, 1, CommandOutcome.ALREADY.value());
    }

    @Test
    void shouldTakeFrameLaterWhenLogIsBackPressured() {
        bed.logRefusal = ControlLog.BACK_PRESSURED;
        final RequestFrames.Frame frame = create("a", 1);
        assertFalse(bed.frame(client, frame));
        assertFalse(bed.frame(client, frame));
        assertEquals(0, bed.service.waitingRequestCount());
        bed.logRefusal = 0;
        done(frame);
        assertEquals(1, client.answers.size());
        bed.logRefusal = ControlLog.JOURNAL_FULL;
        assertTrue(bed.frame(client, create("b", 1)));
        assertRefused(client.last(), 2, RefusalCode.JOURNAL_FULL);
        bed.logRefusal = ControlLog.FENCED;
        assertTrue(bed.frame(client, create("c", 1)));
        assertRefused(client.last(), 3, RefusalCode.DEVICE_FENCED);
        assertEquals(0, bed.service.waitingRequestCount());
    }

    @Test
    void shouldAppendEffectDoneLaterWhenLogIsBackPressured() {
        bed.frame(client, create("a", 2));
        bed.commitLog();
        bed.work();
        bed.commitEffects();
        bed.logRefusal = ControlLog.BACK_PRESSURED;
        bed.work();
        bed.logRefusal = 0;
        bed.work();
        bed.commitLog();
        assertDone(client.last(), 1);
    }

    @Test
    void shouldTakeFrameLaterWhenSessionIsBackPressured() {
        done(create("a", 1));
        client.isFull = true;
        final List<RequestFrames.Frame> frames = List.of(
                RequestFrames.describeStream(2, "s", "a"),
                RequestFrames.listStreams(3, "", "", 10),
                RequestFrames.createStream(4, "no good", "a", 1));
        frames.forEach(frame -> assertFalse(bed.frame(client, frame)));
        client.isFull = false;
        frames.forEach(frame -> assertTrue(bed.frame(client, frame)));
        assertEquals(4, client.answers.size());
    }

    @Test
    void shouldOfferAnswerAgainWhenSessionIsBackPressured() {
        final ServiceBed.Client other = new ServiceBed.Client(8);
        client.isFull = true;
        bed.frame(client, RequestFrames.createScope(1, "a"));
        bed.frame(other, RequestFrames.createScope(1, "b"));
        bed.commitLog();
        bed.work();
        assertDone(other.last(), 1);
        assertEquals(1, bed.service.waitingRequestCount());
        client.isFull = false;
        bed.work(999_999);
        assertTrue(client.answers.isEmpty(), "tried every millisecond");
        bed.work(1);
        assertDone(client.last(), 1);
        bed.work(10_000_000);
        assertEquals(1, client.answers.size());
        assertEquals(0, bed.service.waitingRequestCount());
    }

    @Test
    void shouldCarryOnWithoutTheSessionWhenItIsGone() {
        final RequestFrames.Frame frame = create("a", 2);
        bed.frame(client, frame);
        bed.commitLog();
        bed.service.onSessionClosed(client);
        assertEquals(0, bed.service.waitingRequestCount());
        bed.settle();
        assertTrue(client.answers.isEmpty());
        final ServiceBed.Client again = new ServiceBed.Client(client.id);
        bed.frame(again, frame);
        assertDone(again.last(), 1);
        again.isGone = true;
        bed.frame(again, RequestFrames.createScope(2, "x"));
        bed.commitLog();
        assertEquals(0, bed.service.waitingRequestCount(), "dropped, not kept for a session that is gone");
        again.isGone = false;
        again.isFull = true;
        bed.frame(again, RequestFrames.createScope(3, "y"));
        bed.commitLog();
        bed.service.onSessionClosed(again);
        assertEquals(0, bed.service.waitingRequestCount());
    }

    @Test
    void shouldSendEffectsAgainAfterAHundredMillisecondsWhenLost() {
        bed.effectsAreLost = true;
        bed.frame(client, create("a", 2));
        bed.commitLog();
        bed.work();
        assertEquals(2, bed.sent.size());
        bed.work(99_999_999);
        assertEquals(2, bed.sent.size());
        assertEquals(0, bed.service.effectResendCount());
        bed.work(1);
        assertEquals(4, bed.sent.size());
        assertEquals(2, bed.service.effectResendCount());
        bed.effectsAreLost = false;
        bed.work(100_000_000);
        bed.settle();
        assertDone(client.last(), 1);
        final int sent = bed.sent.size();
        bed.work(10_000_000_000L);
        assertEquals(sent, bed.sent.size());
    }

    @Test
    void shouldOfferEffectsInTheNextCycleWhenSinkIsFull() {
        bed.sinkIsFull = true;
        bed.frame(client, create("a", 4));
        bed.commitLog();
        bed.work();
        bed.sinkIsFull = false;
        bed.work();
        assertEquals(4, bed.sent.size());
        assertEquals(0, bed.service.effectResendCount());
        bed.settle();
        assertDone(client.last(), 1);
        bed.chainLogs.forEach((chain, effects) -> {
            for (int i = 0; i < effects.size(); i++) {
                assertEquals(i + 1, effects.get(i).number());
            }
        });
    }

    @Test
    void shouldAppendEffectDoneAgainAfterASecondWhenItIsNotCommitted() {
        bed.frame(client, create("a", 1));
        bed.commitLog();
        bed.work();
        bed.commitEffects();
        bed.work();
        assertEquals(3, bed.log.size());
        bed.work(999_999_999);
        assertEquals(3, bed.log.size());
        bed.work(1);
        assertEquals(4, bed.log.size());
        bed.commitLog();
        assertEquals(1, client.answers.size(), "the repeat does nothing");
        assertEquals(1, bed.sent.size());
    }

    @Test
    void shouldReportEffectAtOnceWhenChainAnswersFromWithinTheSend() {
        bed.frame(client, create("a", 1));
        bed.commitLog();
        bed.work();
        bed.effectsAreLost = true;
        bed.crash(true);
        bed.start();
        bed.work();
        bed.effectsAreLost = false;
        bed.frame(client, RequestFrames.createStream(1, "s", "a", 1));
        bed.work(EffectDispatch.RESEND_NS);
        assertEquals(1, bed.service.effectResendCount());
        bed.work();
        bed.commitLog();
        assertDone(client.last(), 1);
    }

    @Test
    void shouldCompleteWhenNodeCrashesAtAnyStepAndReplays() {
        final List<RequestFrames.Frame> frames = List.of(create("a", 3), seal("a"), delete("a"));
        for (int crashAt = 0; crashAt < 24; crashAt++) {
            for (final boolean keepsAppended : List.of(false, true)) {
                runWithCrashAt(frames, crashAt, keepsAppended);
            }
        }
    }

    /** Steps of a request: append, commit, send, commit of the effects, append of EffectDone, commit. */
    private static void runWithCrashAt(
            final List<RequestFrames.Frame> frames, final int crashAt, final boolean keepsAppended) {
        final ServiceBed bed = ServiceBed.started();
        final String where = "crash at " + crashAt + ", appended are kept: " + keepsAppended;
        int step = 0;
        for (int i = 0; i < frames.size(); i++) {
            ServiceBed.Client client = new ServiceBed.Client(7);
            bed.frame(client, frames.get(i));
            for (int part = 0; part < 8; part++) {
                if (step++ == crashAt) {
                    bed.crash(keepsAppended);
                    bed.start();
                    client = new ServiceBed.Client(7);
                    bed.frame(client, frames.get(i));
                }
                switch (part & 3) {
                    case 0, 3 -> bed.commitLog();
                    case 1 -> bed.work();
                    default -> bed.commitEffects();
                }
            }
            bed.settle();
            assertEquals(1, client.answers.size(), where);
            assertDone(client.last(), i + 1L);
        }
        final List<EffectAction> actions = new ArrayList<>();
        bed.chainLogs.values().forEach(effects -> effects.forEach(effect -> actions.add(effect.action())));
        assertEquals(9, actions.size(), "every effect once: " + where);
        assertEquals(0, bed.service.state().pendingEffectCount());
        assertEquals(0, bed.service.state().streamCount());
        final long hash = bed.service.state().stateHash();
        bed.crash(true);
        assertEquals(hash, bed.service.state().stateHash(), where);
    }

    @Test
    void shouldDescribeStateAndCommittedLengthsWhenStreamMovesOn() {
        bed.frame(client, create("a", 2));
        bed.commitLog();
        bed.frame(client, RequestFrames.describeStream(20, "s", "a"));
        assertDescription(StreamState.CREATING, 0, false);
        bed.settle();
        bed.chainLogs.values().forEach(effects -> effects.forEach(effect -> bed.lengths.put(effect.segmentId(), 77L)));
        bed.frame(client, RequestFrames.describeStream(21, "s", "a"));
        assertDescription(StreamState.ACTIVE, 77, false);
        bed.frame(client, seal("a"));
        bed.commitLog();
        bed.frame(client, RequestFrames.describeStream(22, "s", "a"));
        assertDescription(StreamState.SEALING, 77, false);
        bed.settle();
        bed.frame(client, RequestFrames.describeStream(23, "s", "a"));
        assertDescription(StreamState.SEALED, 77, true);
        bed.frame(client, delete("a"));
        bed.commitLog();
        bed.work();
        bed.commitEffects();
        bed.frame(client, RequestFrames.describeStream(24, "s", "a"));
        assertDescription(StreamState.DELETING, 77, true);
        assertEquals(24, client.last().requestId());
    }

    private void assertDescription(final StreamState state, final long length, final boolean sealed) {
        final StreamDescriptionDecoder description = client.last().description();
        assertEquals(1, description.streamId());
        assertEquals(state, description.state());
        long low = 0;
        int count = 0;
        for (final StreamDescriptionDecoder.SegmentsDecoder segment : description.segments()) {
            assertEquals(low, segment.keyLow());
            low = segment.keyHigh() + 1;
            assertEquals(length, segment.length());
            assertEquals(sealed ? 1 : 0, segment.segmentSealed());
            count++;
        }
        assertEquals(2, count);
        assertEquals(0, low, "the ranges tile the unsigned space");
        int chains = 0;
        for (final StreamDescriptionDecoder.ChainsDecoder chain : description.chains()) {
            chains++;
            assertEquals(chains, chain.chain(), "each chain once");
            assertEquals(10 + chain.chain(), chain.chainEpoch());
            assertEquals("", chain.head());
            assertEquals("", chain.tail());
        }
        assertEquals(2, chains);
        assertEquals("s", description.scopeName());
        assertEquals("a", description.streamName());
    }

    @Test
    void shouldListEveryStreamOnceWhenPaged() {
        final List<String> expected = new ArrayList<>();
        for (final String name : List.of("a/1", "a/2", "a/3", "b/1", "c/1", "c/2", "c/3")) {
            expected.add(name);
            final String[] parts = name.split("/", -1);
            bed.frame(client, RequestFrames.createStream(++requestId, parts[0], parts[1], 1));
        }
        bed.frame(client, RequestFrames.createScope(++requestId, "bb"));
        bed.settle();
        for (int pageSize = 0; pageSize <= 8; pageSize++) {
            assertEquals(expected, listAll("", pageSize));
            assertEquals(List.of("c/1", "c/2", "c/3"), listAll("c", pageSize));
        }
        assertEquals(List.of(), listAll("bb", 3));
        assertEquals(List.of("c/1", "c/2", "c/3"), page("", "b/zz", 9), "the last one seen may be gone");
        assertEquals(List.of("b/1"), page("b", "aa/1", 9));
        assertEquals(List.of(), page("a", "b/1", 9));
        bed.frame(client, RequestFrames.listStreams(60, "nope", "", 3));
        assertRefused(client.last(), 60, RefusalCode.SCOPE_NOT_FOUND);
    }

    @Test
    void shouldCutPageWhenReplyIsFull() {
        final ControlLimits small = new ControlLimits(9, 200, 8, 900, 16, 2, 2, 400, 300, 300, 2048);
        final ServiceBed smallBed = ServiceBed.started(small);
        final String longName = "n".repeat(200);
        for (int i = 0; i < 40; i++) {
            smallBed.frame(client, RequestFrames.createStream(++requestId, "s", longName + (10 + i), 1));
        }
        smallBed.settle();
        final List<String> names = new ArrayList<>();
        String after = "";
        int pageCount = 0;
        do {
            smallBed.frame(client, RequestFrames.listStreams(++requestId, "", after, 1_000));
            names.addAll(client.last().names());
            after = names.get(names.size() - 1);
            pageCount++;
            assertTrue(client.last().frame().capacity() <= 2048);
        } while (client.last().isMore() && pageCount < 40);
        assertEquals(40, names.size());
        assertEquals(names.stream().sorted().distinct().toList(), names);
        assertTrue(pageCount >= 5, "pages: " + pageCount);
    }

    private List<String> listAll(final String scope, final int pageSize) {
        final List<String> names = new ArrayList<>(page(scope, "", pageSize));
        for (int i = 0; client.last().isMore() && i < 10; i++) {
            names.addAll(page(scope, names.get(names.size() - 1), pageSize));
        }
        assertFalse(client.last().isMore());
        return names;
    }

    private List<String> page(final String scope, final String after, final int pageSize) {
        assertTrue(bed.frame(client, RequestFrames.listStreams(++requestId, scope, after, pageSize)));
        assertEquals(requestId, client.last().requestId());
        return client.last().names();
    }

    @Test
    void shouldRefuseAtOnceWhenNameIsBad() {
        for (final String bad : List.of("a b", "a/b", "_a", "x".repeat(256), "\u001b[2J")) {
            for (final RequestFrames.Frame frame : oneOfEach("s", bad)) {
                if (!List.of(10, 11, 16).contains(frame.templateId())) {
                    assertBad(frame);
                }
            }
            for (final RequestFrames.Frame frame : oneOfEach(bad, "a")) {
                if (frame.templateId() != 16 || !bad.equals("_a")) {
                    assertBad(frame);
                }
            }
        }
        oneOfEach("", "a").stream().filter(frame -> frame.templateId() != 16).forEach(this::assertBad);
        assertBad(RequestFrames.listStreams(1, "", "no-slash", 3));
        assertBad(RequestFrames.listStreams(1, "", "/a", 3));
        assertEquals(1, bed.log.size());
    }

    private void assertBad(final RequestFrames.Frame frame) {
        final int before = client.answers.size();
        assertTrue(bed.frame(client, frame));
        assertEquals(before + 1, client.answers.size(), "at once");
        assertEquals(RefusalCode.BAD_NAME.value(), client.last().code());
        assertTrue(
                client.last().text().chars().allMatch(c -> c >= ' ' && c <= '~'),
                client.last().text());
    }

    @Test
    void shouldRefuseAtOnceWhenALimitIsPassed() {
        bed.frame(client, RequestFrames.createStream(1, "s", "a", 0));
        assertRefused(client.last(), 1, RefusalCode.BAD_SEGMENT_COUNT);
        bed.frame(client, RequestFrames.createStream(2, "s", "a", 1_025));
        assertRefused(client.last(), 2, RefusalCode.BAD_SEGMENT_COUNT);
        bed.frame(client, RequestFrames.setStreamHeader(3, "s", "a", "h".repeat(4_097)));
        assertRefused(client.last(), 3, RefusalCode.LIMIT_REACHED);
        assertTrue(client.last().text().contains("4097"), client.last().text());
        assertEquals(1, bed.log.size());
        for (int i = 0; i < ControlLimits.DEFAULT.maxWaitingRequests(); i++) {
            bed.frame(client, RequestFrames.createScope(10 + i, "x" + i));
        }
        assertEquals(3, client.answers.size());
        bed.frame(client, RequestFrames.createScope(5, "y"));
        assertRefused(client.last(), 5, RefusalCode.THROTTLED);
        bed.commitLog();
        bed.frame(client, RequestFrames.createScope(5, "z"));
        bed.commitLog();
        assertEquals(5, client.last().requestId());
    }

    @Test
    void shouldStopWhenLogOrChainContradictsItself() {
        final byte[] command = bed.log.get(0);
        final var buffer = new org.agrona.concurrent.UnsafeBuffer(command);
        assertThrows(IllegalStateException.class, () -> bed.service.onCommitted(1, 1, buffer, 0, command.length));
        bed.frame(client, create("a", 1));
        bed.commitLog();
        bed.work();
        final StateBed.Effect effect = bed.sent.get(0);
        assertThrows(
                IllegalStateException.class,
                () -> bed.service.onEffectCommitted(
                        effect.chain(),
                        effect.number(),
                        EffectAction.DELETE_SEGMENT,
                        effect.streamId(),
                        effect.segmentId(),
                        0));
        bed.service.onEffectCommitted(9, 1, effect.action(), 1, 1, 0);
    }

    private static String header(final ServiceBed.Answer answer) {
        final StreamDescriptionDecoder description = answer.description();
        description.segments().forEach(segment -> {});
        description.chains().forEach(chain -> {
            chain.skipHead();
            chain.skipTail();
        });
        description.scopeName();
        description.streamName();
        final byte[] bytes = new byte[description.headerLength()];
        description.getHeader(bytes, 0, bytes.length);
        return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    }
}
