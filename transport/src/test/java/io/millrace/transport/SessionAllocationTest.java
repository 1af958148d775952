package io.millrace.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.AckEchoEncoder;
import io.millrace.codec.wire.AppendAckEncoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.RefusalCode;
import java.lang.management.ManagementFactory;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SessionAllocationTest {
    private static final int ROUNDS = 20_000;
    // What a late recompilation or the class loader of a counter may cost once: far less than a byte a frame.
    private static final long NOISE_BYTES = 4096;

    private final Bench bench = new Bench();
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final AckEchoEncoder echo = new AckEchoEncoder();
    private final AppendAckEncoder acknowledgement = new AppendAckEncoder();
    private long answeredCount;
    private long returnedCount;

    private final SessionHandler nodeSide = new SessionHandler() {
        @Override
        public boolean onFrame(
                final Session session,
                final int templateId,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long receivedNs) {
            if (session.tryClaim(MessageHeaderEncoder.ENCODED_LENGTH + AppendAckEncoder.BLOCK_LENGTH, claim) <= 0) {
                return false;
            }
            acknowledgement
                    .wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                    .durability(Durability.MEDIA);
            claim.commit();
            answeredCount++;
            return answeredCount % 100 != 0
                    || session.refuse(RefusalCode.THROTTLED, templateId, 1, 2, 3, 4, 5, 6, "slow down");
        }

        @Override
        public void onOpen(final Session session) {}

        @Override
        public void onClose(final Session session) {}

        @Override
        public void onHeartbeat(final Session session) {}
    };

    private final LinkHandler clientSide = new LinkHandler() {
        @Override
        public void onOpened(final Link link) {}

        @Override
        public void onLost(final Link link, final String reason) {}

        @Override
        public boolean onFrame(
                final Link link,
                final int templateId,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long receivedNs) {
            returnedCount++;
            return true;
        }

        @Override
        public void onRefused(final Link link, final RefusalCode code, final String text, final boolean isFinal) {}
    };

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void shouldAllocateNothingWhenFramesGoBackAndForth() {
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        bench.acceptor = new SessionAcceptor(bench.node, bench.acceptorContext, nodeSide);
        final Link link = new Link(
                bench.client,
                new LinkContext().endpoint(bench.acceptor().boundEndpoint()).client("allocation", 1, 1),
                clientSide);
        bench.links.add(link);
        bench.until(() -> link.state() == Link.State.OPEN);
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            run(link);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(10L * ROUNDS, answeredCount);
        assertTrue(returnedCount > answeredCount);
        assertTrue(least < NOISE_BYTES, least + " bytes for " + ROUNDS + " frames each way");
    }

    private void run(final Link link) {
        final long target = answeredCount + ROUNDS;
        int sent = 0;
        while (answeredCount < target) {
            if (sent < ROUNDS
                    && link.tryClaim(MessageHeaderEncoder.ENCODED_LENGTH + AckEchoEncoder.BLOCK_LENGTH, claim) > 0) {
                echo.wrapAndApplyHeader(claim.buffer(), claim.offset(), header).lastEventNumber(sent);
                claim.commit();
                sent++;
            }
            bench.step();
        }
    }
}
