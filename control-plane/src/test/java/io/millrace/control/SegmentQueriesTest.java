package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.wire.CommandDoneDecoder;
import io.millrace.codec.wire.CommandOutcome;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.codec.wire.StreamDescriptionDecoder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Descriptions and cuts of streams whose chains lie on another device, which answers later, late, twice or never. */
@Timeout(30)
final class SegmentQueriesTest {
    private static final int REMOTE = 2;

    private final ServiceBed bed = ServiceBed.started(limits(4));
    private final ServiceBed.Client client = new ServiceBed.Client(7);

    private static ControlLimits limits(final int maxWaitingRequests) {
        final ControlLimits limits = ControlLimits.DEFAULT;
        return new ControlLimits(
                limits.maxScopes(),
                limits.maxStreams(),
                limits.maxSegmentsPerStream(),
                limits.maxSegments(),
                limits.maxHeaderLength(),
                limits.maxChains(),
                limits.maxNodes(),
                limits.maxKeptReplies(),
                limits.maxOpenRequests(),
                maxWaitingRequests,
                limits.maxReplyLength());
    }

    @BeforeEach
    void createStream() {
        bed.frame(client, RequestFrames.createStream(1, "s", "a", 2));
        bed.settle();
        bed.chainLogs.values().forEach(effects -> effects.forEach(effect -> bed.lengths.put(effect.segmentId(), 77L)));
        bed.remoteChain = REMOTE;
        client.answers.clear();
    }

    private boolean describe(final long requestId) {
        return bed.frame(client, RequestFrames.describeStream(requestId, "s", "a"));
    }

    private List<Long> described() {
        final List<Long> lengths = new ArrayList<>();
        final StreamDescriptionDecoder description = client.last().description();
        for (final StreamDescriptionDecoder.SegmentsDecoder segment : description.segments()) {
            lengths.add(segment.length());
        }
        return lengths;
    }

    @Test
    void shouldDescribeOnlyOnceTheOtherDeviceHasAnswered() {
        assertTrue(describe(2));
        bed.work(1_000_000);
        assertEquals(0, client.answers.size());
        assertEquals(1, bed.service.waitingRequestCount());

        bed.answerQuestions();
        bed.work();

        assertEquals(List.of(77L, 77L), described());
        assertEquals(0, bed.service.waitingRequestCount());
        final List<String> places = new ArrayList<>();
        final StreamDescriptionDecoder description = client.last().description();
        description.segments().forEach(StreamDescriptionDecoder.SegmentsDecoder::segmentId);
        for (final StreamDescriptionDecoder.ChainsDecoder chain : description.chains()) {
            places.add(chain.chain() + "@" + chain.chainEpoch() + chain.head() + chain.tail());
        }
        assertEquals(List.of("1@11", "2@12:8471:8471"), places);
    }

    @Test
    void shouldAskAgainAndAnswerOnceWhenAQuestionIsLostAndAnotherIsAnsweredTwice() {
        describe(2);
        bed.questions.clear();
        bed.work(SegmentQueries.ASK_AGAIN_NS);
        assertEquals(1, bed.questions.size(), "only what is not known");
        final Runnable answer = bed.questions.get(0);
        answer.run();
        answer.run();
        bed.work();
        answer.run();
        bed.work(SegmentQueries.ASK_AGAIN_NS);
        assertEquals(1, client.answers.size());
        assertEquals(List.of(77L, 77L), described());
    }

    @Test
    void shouldAskAgainSoonWhenTheLinkWasFull() {
        bed.linkIsFull = true;
        assertTrue(describe(2));
        bed.work();
        bed.linkIsFull = false;
        bed.work(SegmentQueries.ASK_AGAIN_NS);
        bed.answerQuestions();
        bed.work();
        assertEquals(List.of(77L, 77L), described());
    }

    @Test
    void shouldSayWhichChainIsSilentWhenTheTimeIsUp() {
        describe(2);
        bed.work(SegmentQueries.LATE_NS - 1);
        assertEquals(0, client.answers.size());
        bed.work(1_000_000);
        assertEquals(RefusalDecoder.TEMPLATE_ID, client.last().templateId());
        assertEquals(RefusalCode.NOT_READY.value(), client.last().code());
        assertTrue(client.last().text().contains("does not answer: 2"), client.last()::text);
        bed.answerQuestions();
        bed.work(1_000_000);
        assertEquals(1, client.answers.size());
        assertEquals(0, bed.service.waitingRequestCount());
    }

    @Test
    void shouldRefuseOneMoreWhenAsManyAreHeldAsAllowed() {
        for (int i = 0; i < 4; i++) {
            assertTrue(describe(10 + i));
        }
        assertEquals(0, client.answers.size());
        assertTrue(describe(20));
        assertEquals(RefusalCode.THROTTLED.value(), client.last().code());
        bed.answerQuestions();
        bed.work();
        assertEquals(5, client.answers.size());
        assertTrue(describe(21));
        bed.answerQuestions();
        bed.work(1_000_000);
        assertEquals(6, client.answers.size());
    }

    @Test
    void shouldSendTheDescriptionAgainUntilTheSessionTakesIt() {
        describe(2);
        client.isFull = true;
        bed.answerQuestions();
        bed.work();
        assertEquals(1, bed.service.waitingRequestCount());
        client.isFull = false;
        bed.work(1_000_000);
        assertEquals(List.of(77L, 77L), described());
    }

    @Test
    void shouldForgetWhenTheSessionIsClosed() {
        describe(2);
        bed.frame(client, RequestFrames.truncateStream(3, 1, "s", "a", 77, 77));
        assertEquals(2, bed.service.waitingRequestCount());
        bed.service.onSessionClosed(client);
        assertEquals(0, bed.service.waitingRequestCount());
        bed.answerQuestions();
        bed.work(2_000_000_000);
        assertEquals(0, client.answers.size());
    }

    @Test
    void shouldAppendATruncationOnlyOnceItsCutIsKnownToLieWithin() {
        final int before = bed.log.size();
        bed.frame(client, RequestFrames.truncateStream(3, 1, "s", "a", 77, 77));
        bed.work(1_500_000_000);
        assertEquals(before, bed.log.size(), "neither at once nor by its repeat");
        assertTrue(bed.frame(client, RequestFrames.truncateStream(3, 1, "s", "a", 77, 77)), "the same, again");
        bed.answerQuestions();
        bed.work();
        bed.settle();
        assertEquals(1, client.answers.size());
        assertEquals(CommandDoneDecoder.TEMPLATE_ID, client.last().templateId());
        assertEquals(CommandOutcome.DONE.value(), client.last().code());
        assertFalse(bed.sent.isEmpty());
    }

    @Test
    void shouldRefuseATruncationBehindTheEndOfASegmentElsewhere() {
        final int before = bed.log.size();
        bed.frame(client, RequestFrames.truncateStream(3, 1, "s", "a", 77, 78));
        bed.answerQuestions();
        bed.work();
        assertEquals(RefusalCode.OFFSET_OUT_OF_RANGE.value(), client.last().code());
        assertEquals(before, bed.log.size());
        assertEquals(0, bed.service.waitingRequestCount());
        bed.work(2_000_000_000);
        assertEquals(before, bed.log.size());
    }

    @Test
    void shouldRefuseATruncationWhoseChainIsSilent() {
        bed.frame(client, RequestFrames.truncateStream(3, 1, "s", "a", 77, 77));
        bed.work(SegmentQueries.LATE_NS);
        assertEquals(RefusalCode.NOT_READY.value(), client.last().code());
        assertEquals(0, bed.service.waitingRequestCount());
    }

    @Test
    void shouldTellThoseWhoWaitForLongWhenAnotherDeviceIsFenced() {
        bed.sinkIsFull = true;
        bed.frame(client, RequestFrames.createStream(5, "s", "b", 2));
        bed.commitLog();
        bed.service.onOtherDeviceFenced();
        bed.work(1_000_000_000);
        assertEquals(0, client.answers.size(), "what the others owe may still come");
        bed.work(1_500_000_000);
        assertEquals(RefusalCode.DEVICE_FENCED.value(), client.last().code());
        bed.sinkIsFull = false;
        bed.frame(client, RequestFrames.createStream(5, "s", "b", 2));
        bed.settle();
        assertEquals(CommandDoneDecoder.TEMPLATE_ID, client.last().templateId(), "the true answer, asked again");
    }
}
