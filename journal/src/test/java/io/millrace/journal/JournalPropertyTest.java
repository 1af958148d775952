package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.journal.TestJournals.Acknowledged;
import io.millrace.journal.faulty.FaultyDevice;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Acknowledged is a subset of recovered, and recovered is a prefix of written, wherever the power is cut. */
class JournalPropertyTest {
    @Property(tries = 150)
    void shouldRecoverWhatWasAcknowledgedWhereverThePowerIsCut(
            @ForAll final long seed, @ForAll @IntRange(min = 1, max = 4) final int writesInFlight) {
        final Random random = new Random(seed);
        final byte[] medium = TestJournals.medium(6);
        long written = 0;
        List<Long> recovered = List.of();
        for (int run = 0; run < 4; run++) {
            final FaultyDevice device = new FaultyDevice(medium, random.nextLong()).inOrder(random.nextBoolean());
            final Acknowledged acknowledged = new Acknowledged();
            try (Journal journal = Journal.open(
                    TestJournals.context().device(device).listener(acknowledged).writesInFlight(writesInFlight))) {
                recovered = TestJournals.recover(journal);
                assertDense(recovered);
                assertTrue(recovered.size() <= written, "nothing is made up");
                written = recovered.size();
                final int steps = random.nextInt(40);
                device.completionsPerPoll(1 + random.nextInt(3));
                for (int step = 0; step < steps; step++) {
                    device.hold(random.nextInt(4) == 0);
                    for (int i = random.nextInt(5); i > 0; i--) {
                        final int length = 64 + random.nextInt(random.nextInt(8) == 0 ? 50_000 : 3000);
                        if (TestJournals.append(journal, 0, written + 1, length) >= 0) {
                            written++;
                        }
                    }
                    journal.doWork(step);
                }
                device.crash();
            }
            final long kept = recovered.size();
            for (int i = 0; i < acknowledged.positions.size(); i++) {
                assertEquals(kept + i + 1, acknowledged.positions.get(i));
            }
            final long acknowledgedTo = kept + acknowledged.positions.size();
            try (Journal journal = TestJournals.open(new FaultyDevice(medium, 0))) {
                recovered = TestJournals.recover(journal);
                assertDense(recovered);
                assertTrue(
                        recovered.size() >= acknowledgedTo,
                        "acknowledged to " + acknowledgedTo + ", recovered " + recovered.size());
            }
        }
    }

    private static void assertDense(final List<Long> positions) {
        for (int i = 0; i < positions.size(); i++) {
            assertEquals(i + 1, positions.get(i));
        }
    }
}
