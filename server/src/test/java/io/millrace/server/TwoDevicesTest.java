package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.CreateStreamCommandEncoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.control.ControlLimits;
import io.millrace.control.ControlState;
import io.millrace.control.ControlStatus;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.replication.ChainPlacement;
import io.millrace.replication.DeviceAgent;
import io.millrace.replication.ReplicationLimits;
import io.millrace.store.StoreLimits;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two devices with a link, stepped by hand: effects, loss of either, failure of one. */
@Timeout(60)
final class TwoDevicesTest {
    private static final UUID NODE = new UUID(1, 2);
    private static final int CHAINS = 2;

    private final byte[][] media = {new byte[32 << 20], new byte[32 << 20]};
    private final FaultyDevice[] devices = new FaultyDevice[2];
    private final DeviceAgent[] agents = new DeviceAgent[2];
    private final ExpandableArrayBuffer command = new ExpandableArrayBuffer();
    private ControlCarrier carrier;
    private long requestId;

    TwoDevicesTest() {
        for (int i = 0; i < 2; i++) {
            Journal.format(
                    new FaultyDevice(media[i], 1).inOrder(true),
                    new FormatContext().zoneLength(4 << 20).nodeId(NODE));
        }
        carrier = start();
    }

    @AfterEach
    void close() {
        agents[0].close();
        agents[1].close();
    }

    private ControlCarrier start() {
        for (int i = 0; i < 2; i++) {
            devices[i] = new FaultyDevice(media[i], 2).inOrder(true);
            agents[i] = agent(i, 2);
        }
        final DeviceLink link = new DeviceLink();
        final ControlCarrier started = new ControlCarrier(agents[0], List.of(link), ControlLimits.DEFAULT);
        assertNotNull(new LinkedDevice(agents[1], link));
        agents[0].recover();
        agents[1].recover();
        assertTrue(
                started.service().tryStartNode(NODE, NODE, agents[0].journal().incarnation(), CHAINS, "localhost:1"));
        carrier = started;
        until(started.service()::isReady);
        return started;
    }

    private DeviceAgent agent(final int number, final int deviceCount) {
        return new DeviceAgent(
                new JournalContext().device(devices[number]).nodeId(NODE).bufferLength(4 << 20),
                new ChainPlacement(CHAINS, number, deviceCount),
                StoreLimits.defaults(),
                ReplicationLimits.defaults(),
                SystemNanoClock.INSTANCE,
                new SystemEpochNanoClock(),
                () -> 1);
    }

    private ControlState state() {
        return carrier.service().state();
    }

    private void until(final BooleanSupplier condition) {
        final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            final long nowNs = SystemNanoClock.INSTANCE.nanoTime();
            assertTrue(nowNs < deadlineNs, "did not come about");
            agents[0].doWork(nowNs);
            agents[1].doWork(nowNs);
        }
    }

    private void create(final String stream, final int segments) {
        final CreateStreamCommandEncoder encoder = new CreateStreamCommandEncoder();
        encoder.wrapAndApplyHeader(command, 0, new MessageHeaderEncoder())
                .clientIdHigh(0)
                .clientIdLow(7)
                .requestId(++requestId)
                .segmentCount(segments)
                .createScope((short) 1)
                .scopeName("scope")
                .streamName(stream)
                .putHeader(new byte[0], 0, 0);
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + encoder.encodedLength();
        until(() -> carrier.tryAppend(command, length) > 0);
    }

    @Test
    void shouldCreateEachSegmentOnTheDeviceOfItsChain() {
        create("a", 4);
        until(() -> state().streamCount() == 1 && state().pendingEffectCount() == 0);
        assertEquals(2, agents[0].state(1).segmentCount());
        assertEquals(2, agents[1].state(2).segmentCount());
    }

    @Test
    void shouldDoEachEffectOnceWhenBothDevicesAreKilledBetweenOrderAndNews() {
        create("a", 4);
        until(() -> state().streamCount() == 1);
        devices[0].crash();
        devices[1].crash();
        agents[0].close();
        agents[1].close();
        carrier = start();
        until(() -> state().streamCount() == 1 && state().pendingEffectCount() == 0);
        assertEquals(2, agents[0].state(1).segmentCount());
        assertEquals(2, agents[1].state(2).segmentCount());
        assertEquals(2, agents[1].state(2).lastEffectNumber());
    }

    @Test
    void shouldServeTheOtherDeviceWhenOneIsFenced() {
        devices[1].failWrite(devices[1].writeCount(), -5, true);
        create("a", 2);
        until(() -> agents[1].fencedReason() != null
                && agents[0].state(1).segmentCount() == 1
                && state().pendingEffectCount() == 1);
        assertNull(agents[0].fencedReason());
        create("b", 2);
        until(() -> agents[0].state(1).segmentCount() == 2 && state().pendingEffectCount() == 2);
        assertEquals(0, agents[1].state(2).lastEffectNumber(), "what the fenced device owes stays owed");
        agents[0].close();
        agents[1].close();
        carrier = start();
        until(() -> state().pendingEffectCount() == 0);
        assertEquals(2, agents[1].state(2).segmentCount());
    }

    @Test
    void shouldRefuseRecordsOfAChainThatTheDeviceDoesNotHold() {
        create("a", 2);
        until(() -> state().streamCount() == 1 && state().pendingEffectCount() == 0 && agents[1].isDrained());
        agents[1].close();
        devices[1] = new FaultyDevice(media[1], 3).inOrder(true);
        agents[1] = new DeviceAgent(
                new JournalContext().device(devices[1]).nodeId(NODE).bufferLength(4 << 20),
                new ChainPlacement(CHAINS, 0, 2),
                StoreLimits.defaults(),
                ReplicationLimits.defaults(),
                SystemNanoClock.INSTANCE,
                new SystemEpochNanoClock(),
                () -> 1);
        final IllegalStateException refused = assertThrows(IllegalStateException.class, agents[1]::recover);
        assertTrue(String.valueOf(refused.getMessage()).contains("chain 2"), refused::toString);
    }

    @Test
    void shouldRefuseTheStartWhenChainZeroWasUsedWithOtherDevices() {
        agents[0].close();
        agents[1].close();
        devices[0] = new FaultyDevice(media[0], 2).inOrder(true);
        devices[1] = new FaultyDevice(media[1], 2).inOrder(true);
        agents[0] = agent(0, 2);
        agents[1] = agent(1, 2);
        carrier = new ControlCarrier(agents[0], List.of(new DeviceLink()), ControlLimits.DEFAULT);
        agents[0].recover();
        agents[1].recover();
        assertTrue(carrier.service()
                .tryStartNode(NODE, new UUID(9, 9), agents[0].journal().incarnation(), CHAINS, "localhost:1"));
        until(() -> carrier.service().startResult() != ControlStatus.OPEN);
        assertEquals(ControlStatus.DEVICE_MISMATCH, carrier.service().startResult());
    }
}
