package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.CreateStreamCommandEncoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.control.ControlLimits;
import io.millrace.control.ControlState;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.memory.MemoryDevice;
import io.millrace.replication.ChainPlacement;
import io.millrace.replication.DeviceAgent;
import io.millrace.replication.ReplicationLimits;
import io.millrace.store.StoreLimits;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The control plane over the device's chains, without a network: every create it accepts must find room. */
@Timeout(60)
final class ControlCarrierTest {
    private static final UUID NODE = new UUID(1, 2);
    private static final int CHAIN = 1;
    private static final ControlLimits LIMITS = ControlLimits.DEFAULT;

    private final MemoryDevice device = new MemoryDevice(new byte[64 << 20]);
    private final ExpandableArrayBuffer command = new ExpandableArrayBuffer();
    private final CreateStreamCommandEncoder create = new CreateStreamCommandEncoder();
    private DeviceAgent agent = agent(StoreLimits.defaults());
    private long requestId;

    @AfterEach
    void close() {
        agent.close();
    }

    @Test
    void shouldGiveEverySegmentRoomWhenAllStreamsLieOnOneChain() {
        final ControlCarrier carrier = started();
        final ControlState state = carrier.service().state();
        final int streams = LIMITS.maxSegments() / LIMITS.maxSegmentsPerStream();
        for (int i = 0; i < streams; i++) {
            create(carrier, "stream-" + i);
        }
        until(() -> state.streamCount() == streams && state.pendingEffectCount() == 0);
        assertEquals(LIMITS.maxSegments(), agent.state(CHAIN).segmentCount());
        assertEquals(0, state.openRequestCount());

        create(carrier, "one-too-many");
        until(agent::isDrained);

        assertEquals(streams, state.streamCount(), "refused at creation");
        assertEquals(0, state.pendingEffectCount());
        assertEquals(LIMITS.maxSegments(), agent.state(CHAIN).segmentCount());
    }

    @Test
    void shouldRefuseToStartWhenAChainHoldsFewerSegmentsThanTheControlPlanePromises() {
        agent.close();
        final StoreLimits defaults = StoreLimits.defaults();
        agent = agent(new StoreLimits(
                LIMITS.maxSegments() - 1,
                defaults.maxWriters(),
                defaults.maxWritersPerSegment(),
                defaults.maxOpenFragmentedEvents(),
                defaults.maxFragmentsPerEvent(),
                defaults.maxFragmentedLength(),
                defaults.maxIndexEntries()));

        final IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> new ControlCarrier(agent, List.of(), LIMITS));

        assertTrue(String.valueOf(refused.getMessage()).contains("65535"), refused::toString);
    }

    private ControlCarrier started() {
        final ControlCarrier carrier = new ControlCarrier(agent, List.of(), LIMITS);
        agent.recover();
        assertTrue(carrier.service().tryStartNode(NODE, NODE, agent.journal().incarnation(), 1, "localhost:1"));
        until(carrier.service()::isReady);
        return carrier;
    }

    private void create(final ControlCarrier carrier, final String stream) {
        create.wrapAndApplyHeader(command, 0, new MessageHeaderEncoder())
                .clientIdHigh(0)
                .clientIdLow(7)
                .requestId(++requestId)
                .segmentCount(LIMITS.maxSegmentsPerStream())
                .createScope((short) 1)
                .scopeName("scope")
                .streamName(stream)
                .putHeader(new byte[0], 0, 0);
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + create.encodedLength();
        until(() -> carrier.tryAppend(command, length) > 0);
    }

    private void until(final java.util.function.BooleanSupplier condition) {
        final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            final long nowNs = SystemNanoClock.INSTANCE.nanoTime();
            assertTrue(nowNs < deadlineNs, "did not come about");
            agent.doWork(nowNs);
        }
    }

    private DeviceAgent agent(final StoreLimits limits) {
        Journal.format(device, new FormatContext().zoneLength(4 << 20).nodeId(NODE));
        return new DeviceAgent(
                new JournalContext().device(device).nodeId(NODE).bufferLength(4 << 20),
                ChainPlacement.single(1),
                limits,
                ReplicationLimits.defaults(),
                SystemNanoClock.INSTANCE,
                new SystemEpochNanoClock(),
                () -> 1);
    }
}
