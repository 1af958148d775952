package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.EventFrame;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.AppendEncoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.StartAt;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class DeviceAgentAllocationTest {
    private static final long WRITER = 42;
    private static final int EVENTS_PER_FRAME = 10;
    private static final int EVENT_LENGTH = 100;
    private static final int WINDOWS = 25;
    private static final int FRAMES_PER_WINDOW = 2_500;
    private static final long ALLOWED_BYTES = 256;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final AppendEncoder append = new AppendEncoder();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final BufferClaim claim = new BufferClaim();
    private long next = 1;

    @Test
    void shouldNotAllocatePerEventWhenAppendingAcknowledgingAndReading() {
        try (Bed bed = Bed.overPlainMemory(400 << 20, 8 << 20)) {
            bed.effect(1, EffectAction.CREATE_SEGMENT);
            final Bed.Client writer = bed.connect("w").writer(WRITER);
            final Bed.Client reader = bed.connect("r");
            reader.subscribe(1, StartAt.TAIL, 0, 16 << 20);
            bed.until("reader", () -> reader.readStarted == 0);
            run(bed, writer, 20_000);
            threads.getCurrentThreadAllocatedBytes();
            // What is allocated per event shows in every window; the position index grows by a chunk in one of many.
            // Aeron's pollers make an iterator a turn until the compilers, late on a busy machine, have removed it.
            long allocated = Long.MAX_VALUE;
            for (int window = 0; window < WINDOWS && allocated >= ALLOWED_BYTES; window++) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                allocated = Math.min(allocated, run(bed, writer, FRAMES_PER_WINDOW));
            }
            assertEquals(next - 1, writer.acked);
            assertTrue(bed.agent.sentReadBytes() > 0);
            assertTrue(
                    allocated < ALLOWED_BYTES,
                    "allocated " + allocated + " bytes for 25,000 events on the node's side");
        }
    }

    /** Sends frames until all are acknowledged; returns what the node's side allocated. */
    private long run(final Bed bed, final Bed.Client client, final int frames) {
        long allocated = 0;
        int sent = 0;
        final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + 60_000_000_000L;
        while (sent < frames || client.acked < next - 1) {
            if (sent < frames && send(client)) {
                sent++;
            }
            assertTrue(
                    SystemNanoClock.INSTANCE.nanoTime() < deadlineNs,
                    () -> "acknowledged " + client.acked + ", refused "
                            + client.refusals.stream().limit(3).toList());
            bed.stepClients();
            final long before = threads.getCurrentThreadAllocatedBytes();
            bed.stepNode(SystemNanoClock.INSTANCE.nanoTime());
            allocated += threads.getCurrentThreadAllocatedBytes() - before;
        }
        return allocated;
    }

    private boolean send(final Bed.Client client) {
        final int bytes = EVENTS_PER_FRAME * EventFrame.frameLength(EVENT_LENGTH);
        final int prefix =
                MessageHeaderEncoder.ENCODED_LENGTH + AppendEncoder.BLOCK_LENGTH + AppendEncoder.eventsHeaderLength();
        if (client.link.tryClaim(prefix + bytes, claim) < 0) {
            return false;
        }
        append.wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                .writerIdHigh(WRITER)
                .writerIdLow(0)
                .streamId(Bed.STREAM)
                .segmentId(Bed.SEGMENT)
                .chainEpoch(1)
                .firstEventNumber(next)
                .expectedOffset(-1)
                .chain(Bed.CHAIN)
                .writerEpoch(0)
                .eventCount(EVENTS_PER_FRAME)
                .fragmentOffset(0)
                .fragmentedLength(0)
                .durability(Durability.MEDIA);
        append.flags().clear();
        claim.buffer().putInt(claim.offset() + prefix - 4, bytes);
        int at = claim.offset() + prefix;
        for (int i = 0; i < EVENTS_PER_FRAME; i++) {
            EventFrame.putHeader(claim.buffer(), at, i, EVENT_LENGTH);
            at += EventFrame.frameLength(EVENT_LENGTH);
        }
        claim.commit();
        next += EVENTS_PER_FRAME;
        return true;
    }
}
