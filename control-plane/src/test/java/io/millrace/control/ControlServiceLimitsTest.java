package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.StreamDescriptionDecoder;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The service at its limits and under faults: one rule each. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class ControlServiceLimitsTest {
    private final FaultBed bed = FaultBed.started(ControlLimits.DEFAULT, 3);
    private final FaultBed.Client client = new FaultBed.Client(7);

    private static int refused(final RefusalCode code) {
        return -code.value();
    }

    @Test
    void shouldSayWhyWhenNodeMayNotStart() {
        final FaultBed fresh = new FaultBed(ControlLimits.DEFAULT, 1);
        fresh.logStatus = ControlLog.BACK_PRESSURED;
        assertFalse(fresh.service.tryStartNode(StateBed.NODE, StateBed.DEVICE, 1, 1, "h:1"));
        fresh.logStatus = ControlLog.JOURNAL_FULL;
        final MillraceException full = assertThrows(
                MillraceException.class, () -> fresh.service.tryStartNode(StateBed.NODE, StateBed.DEVICE, 1, 1, "h:1"));
        assertEquals(ErrorCode.JOURNAL_FULL, full.code());
        fresh.logStatus = 0;
        assertTrue(fresh.service.tryStartNode(StateBed.NODE, StateBed.DEVICE, 0, 1, "h:1"));
        fresh.commitCommands();
        assertEquals(ControlStatus.INCARNATION_NOT_NEW, fresh.service.startResult());
        assertFalse(fresh.service.isReady());

        final ControlService<FaultBed.Client> second =
                new ControlService<>(ControlLimits.DEFAULT, bed, bed, bed, bed, ChainPlaces.HERE);
        final byte[] start = bed.committedCommands.get(0);
        second.onCommitted(1, 1, new UnsafeBuffer(start), 0, start.length);
        final MillraceException chains = assertThrows(
                MillraceException.class, () -> second.tryStartNode(StateBed.NODE, StateBed.DEVICE, 2, 4, "h:1"));
        assertEquals(ErrorCode.CONFIGURATION_VALUE, chains.code());
    }

    @Test
    void shouldDescribeStreamWhenItHasMostSegmentsAndLongestNames() {
        final String longest = "n".repeat(255);
        bed.ask(client, RequestFrames.createStream(1, longest, longest, 1_024, true, "h".repeat(4_096)));
        final FaultBed.Message message = bed.ask(client, RequestFrames.describeStream(2, longest, longest));
        assertEquals(StreamDescriptionDecoder.TEMPLATE_ID, message.templateId());
        final StreamDescriptionDecoder description =
                new StreamDescriptionDecoder().wrapAndApplyHeader(message.buffer(), 0, new MessageHeaderDecoder());
        assertEquals(1_024, description.segments().count());
    }

    @Test
    void shouldRefuseWhenRequestIdStandsForAnotherCommand() {
        bed.deliver(client, RequestFrames.createScope(1, "a"));
        bed.deliver(client, RequestFrames.createScope(1, "b"));
        assertEquals(refused(RefusalCode.MALFORMED), client.last().result());
        bed.settle();
        assertEquals(ControlStatus.DONE, client.last().result());
        assertEquals(
                refused(RefusalCode.MALFORMED),
                bed.ask(client, RequestFrames.deleteScope(1, "a")).result());
        assertEquals(1, bed.service.state().scopeCount());
    }

    @Test
    void shouldSendNothingWhenSessionIsClosed() {
        bed.deliver(client, RequestFrames.createStream(1, "s", "a", 1));
        bed.service.onSessionClosed(client);
        bed.settle();
        assertTrue(client.inbox.isEmpty());
        assertEquals(1, bed.service.state().streamCount(), "the command goes on");
        final FaultBed.Client gone = new FaultBed.Client(8);
        gone.isGone = true;
        assertTrue(bed.deliver(gone, RequestFrames.createScope(1, "t")));
        bed.settle();
        assertEquals(0, bed.service.waitingRequestCount());
    }

    @Test
    void shouldAnswerLaterWhenSessionIsBackPressured() {
        client.isStuck = true;
        final FaultBed.Client other = new FaultBed.Client(8);
        bed.deliver(client, RequestFrames.createScope(1, "a"));
        bed.commitCommands();
        assertEquals(1, bed.service.waitingRequestCount());
        assertFalse(bed.deliver(client, RequestFrames.describeStream(2, "a", "b")), "a reading frame comes again");
        assertEquals(
                ControlStatus.DONE,
                bed.ask(other, RequestFrames.createScope(1, "b")).result());
        client.isStuck = false;
        bed.work();
        assertTrue(client.inbox.isEmpty(), "tried a moment ago");
        bed.nowNs += 1_000_000;
        bed.work();
        assertEquals(ControlStatus.DONE, client.last().result());
        assertEquals(0, bed.service.waitingRequestCount());
        client.isStuck = true;
        bed.deliver(client, RequestFrames.createScope(3, "c"));
        bed.commitCommands();
        bed.service.onSessionClosed(client);
        assertEquals(0, bed.service.waitingRequestCount());
    }

    @Test
    void shouldThrottleWhenTooManyRequestsWait() {
        final FaultBed small = FaultBed.started(StateBed.SMALL, 1);
        for (int i = 1; i <= StateBed.SMALL.maxWaitingRequests(); i++) {
            small.deliver(client, RequestFrames.createScope(i, "s"));
        }
        small.deliver(client, RequestFrames.createScope(50, "s"));
        assertEquals(refused(RefusalCode.THROTTLED), client.last().result());
        small.settle();
        assertEquals(
                ControlStatus.ALREADY,
                small.ask(client, RequestFrames.createScope(50, "s")).result());
    }

    @Test
    void shouldAskAgainWhenNewsOfCommitWasLost() {
        bed.isNewsLost = true;
        bed.deliver(client, RequestFrames.createStream(1, "s", "a", 1));
        bed.settle();
        assertTrue(client.inbox.isEmpty());
        bed.isNewsLost = false;
        bed.nowNs += EffectDispatch.RESEND_NS;
        bed.settle();
        assertEquals(ControlStatus.DONE, client.last().result());
        assertEquals(1, bed.chains.get(0).committed.size(), "and was not carried out twice");
    }

    @Test
    void shouldKeepOrderWhenSinkIsBackPressuredAndEffectsAreMany() {
        bed.isSinkPressed = true;
        bed.deliver(client, RequestFrames.createStream(1, "s", "a", 500));
        bed.commitCommands();
        assertEquals(0, bed.work());
        bed.isSinkPressed = false;
        assertEquals(64, bed.work(), "bounded per duty cycle");
        bed.settle();
        assertEquals(ControlStatus.DONE, client.last().result());
        assertEquals(500, bed.effectSendCount);
        assertEquals(0, bed.work());
    }
}
