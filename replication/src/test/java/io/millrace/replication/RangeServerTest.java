package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.chain.FetchRangeEncoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.RangeDataDecoder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a source answers to learners when the records they ask for have to be read from the device. */
@Timeout(60)
final class RangeServerTest {
    private static final int EVENTS = 5_000;
    private static final String PAYLOAD = "z".repeat(2_000);

    /** Takes the answers to one learner, which asks again like a learner does. */
    private static final class Asker implements PeerLink {
        private final UnsafeBuffer question = new UnsafeBuffer(new byte[128]);
        private final RangeDataDecoder data = new RangeDataDecoder();
        private final MessageHeaderDecoder header = new MessageHeaderDecoder();
        private long from;
        private int answers;

        Asker(final long from) {
            this.from = from;
        }

        void ask(final ChainBed bed, final int node) {
            new FetchRangeEncoder()
                    .wrapAndApplyHeader(question, 0, new MessageHeaderEncoder())
                    .requestId(1)
                    .fromPosition(from)
                    .toPosition(Long.MAX_VALUE)
                    .previousHash(0)
                    .chain(ChainBed.CHAIN)
                    .committedOnly((short) 1);
            final int length = MessageHeaderEncoder.ENCODED_LENGTH + FetchRangeEncoder.BLOCK_LENGTH;
            bed.nodes[node].agent.onPeerFrame(this, question, 0, length);
        }

        @Override
        public long offer(final DirectBuffer buffer, final int offset, final int length) {
            data.wrapAndApplyHeader(buffer, offset, header);
            assertEquals(RangeServer.RECORDS, data.status());
            answers += data.recordCount() > 0 ? 1 : 0;
            from += data.recordCount();
            return 1;
        }

        @Override
        public int preferredFrameLength() {
            return 8_000;
        }

        @Override
        public int maxFrameLength() {
            return 128 << 10;
        }
    }

    /** Writes more than the source still has in memory, so many events in a batch. */
    private static ChainBed filled(final int events, final String payload, final int eventsPerBatch) {
        final ChainBed bed = new ChainBed(1).begin(1);
        for (int i = 1; i <= events; i++) {
            bed.nodes[0].append(i, payload);
            if (i % eventsPerBatch == 0) {
                bed.turns(1);
            }
        }
        bed.settle();
        return bed;
    }

    /**
     * A learner that has to wait for its next attempt, batch by batch, never comes up with a chain that is written to.
     */
    @Test
    void shouldAnswerByItselfWhenTheRecordsAreRead() {
        try (ChainBed bed = filled(EVENTS, PAYLOAD, 10)) {
            final Asker asker = new Asker(100);
            for (int i = 1; i <= 50; i++) {
                asker.ask(bed, 0);
                bed.turns(10);
                assertEquals(i, asker.answers, "answers to so many questions, from position " + asker.from);
            }
        }
    }

    @Test
    void shouldReadManyBatchesAtOnceWhenTheyAreSmall() {
        try (ChainBed bed = filled(1_500, "z".repeat(100), 1)) {
            final Asker asker = new Asker(1);
            for (int i = 0; i < 10; i++) {
                asker.ask(bed, 0);
                bed.turns(100);
            }
            assertTrue(asker.from > 100, "records in ten answers: " + (asker.from - 1));
        }
    }

    /** Three chains whose tail is one node, and two learners of each: they are more than the readers of the source. */
    @Test
    void shouldAnswerEveryLearnerWhenThereAreMoreOfThemThanReaders() {
        try (ChainBed bed = filled(EVENTS, PAYLOAD, 10)) {
            final Asker[] askers = new Asker[2 * ChainLimits.defaults().sourceReaders()];
            for (int i = 0; i < askers.length; i++) {
                askers[i] = new Asker(100 + 200L * i);
            }
            for (int round = 0; round < 100; round++) {
                for (final Asker asker : askers) {
                    asker.ask(bed, 0);
                    bed.turns(25);
                }
            }
            for (final Asker asker : askers) {
                assertTrue(asker.answers >= 20, "answers from position " + asker.from + ": " + asker.answers);
            }
        }
    }
}
