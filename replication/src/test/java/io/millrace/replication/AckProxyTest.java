package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.aeron.logbuffer.BufferClaim;
import io.aeron.protocol.DataHeaderFlyweight;
import io.millrace.codec.wire.AppendAckDecoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.transport.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who acknowledges what a longer chain has committed, and when. */
@Timeout(60)
final class AckProxyTest {
    private static final long BACKSTOP_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private final HeadSession session = new HeadSession();

    /** A client's session with the head; keeps the acknowledgements that it was sent. */
    private static final class HeadSession implements Session {
        final List<Long> acknowledged = new ArrayList<>();
        private final UnsafeBuffer out = new UnsafeBuffer(new byte[1024]);

        @Override
        public long id() {
            return 1;
        }

        @Override
        public long clientIdHigh() {
            return 0;
        }

        @Override
        public long clientIdLow() {
            return 1;
        }

        @Override
        public String clientName() {
            return "client";
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public boolean isIpc() {
            return false;
        }

        @Override
        public int maxFrameLength() {
            return out.capacity();
        }

        @Override
        public int maxOfferLength() {
            return out.capacity();
        }

        @Override
        public long tryClaim(final int length, final BufferClaim claim) {
            take();
            out.setMemory(0, out.capacity(), (byte) 0);
            claim.wrap(out, 0, DataHeaderFlyweight.HEADER_LENGTH + length);
            return length;
        }

        /** The last claim was filled since. */
        void take() {
            final int at = DataHeaderFlyweight.HEADER_LENGTH;
            final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(out, at);
            if (header.templateId() == AppendAckDecoder.TEMPLATE_ID) {
                acknowledged.add(new AppendAckDecoder()
                        .wrapAndApplyHeader(out, at, header)
                        .lastEventNumber());
                out.setMemory(0, out.capacity(), (byte) 0);
            }
        }

        @Override
        public long offer(final DirectBuffer buffer, final int offset, final int length) {
            return -1;
        }

        @Override
        public boolean refuse(
                final RefusalCode code,
                final int requestTemplateId,
                final long requestId,
                final long streamId,
                final long segmentId,
                final long detail,
                final long writerIdHigh,
                final long writerIdLow,
                final String text) {
            return true;
        }

        @Override
        public @Nullable Object attachment() {
            return null;
        }

        @Override
        public void attach(final @Nullable Object object) {
            // nothing is kept with it
        }

        @Override
        public void close() {
            // it is a list
        }
    }

    private static void commit(final ChainBed bed, final long number) {
        bed.nodes[0].append(number, "event " + number);
        bed.settle();
        assertEquals(number + 2, bed.nodes[0].view().appliedPosition());
    }

    private List<Long> acknowledged() {
        session.take();
        return session.acknowledged;
    }

    private WriterBinding bind(final ChainBed bed) {
        final ChainReplica replica = bed.nodes[0].replica;
        final int slot = replica.state().writers().find(ChainBed.WRITER, 0, ChainBed.STREAM, ChainBed.SEGMENT);
        final WriterBinding binding = new WriterBinding(replica, slot);
        binding.headSession = session;
        return binding;
    }

    /** A session with a tail that was a learner a moment ago takes its time; nobody is to wait for it. */
    @Test
    void shouldAcknowledgeAtTheHeadUntilTheClientHearsTheTail() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            final AckProxy acks = new AckProxy(Durability.MEDIA, BACKSTOP_NS, ChainRules.ALL);
            final WriterBinding binding = bind(bed);
            for (long number = 1; number <= 2; number++) {
                commit(bed, number);
                acks.mark(binding);
                acks.doWork(number);
            }
            assertEquals(List.of(1L, 2L), acknowledged());

            binding.hasEchoed = true;
            binding.echoedNumber = 2;
            commit(bed, 3);
            acks.mark(binding);
            acks.doWork(3);
            assertEquals(List.of(1L, 2L), acknowledged(), "the tail does so from now on");
            acks.doWork(4);
            acks.doWork(4 + BACKSTOP_NS);
            assertEquals(List.of(1L, 2L, 3L), acknowledged(), "nothing is said of what the client does not echo");
        }
    }

    @Test
    void shouldNotAcknowledgeInTheMiddle() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            final AckProxy acks = new AckProxy(Durability.MEDIA, BACKSTOP_NS, ChainRules.ALL);
            commit(bed, 1);
            final ChainReplica middle = bed.nodes[1].replica;
            final WriterBinding binding = new WriterBinding(middle, 0);
            binding.headSession = session;
            acks.mark(binding);
            acks.doWork(1);
            assertEquals(List.of(), acknowledged());
        }
    }
}
