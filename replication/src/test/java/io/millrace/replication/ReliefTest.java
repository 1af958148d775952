package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.RefusalCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What makes room in a full journal, and what must not use up the room that is left. */
@Timeout(60)
final class ReliefTest {
    private static final long WRITER = 5;

    private static void fill(final Bed bed) {
        bed.effect(1, EffectAction.CREATE_SEGMENT);
        final Bed.Client client = bed.connect("a").writer(WRITER);
        final String payload = "z".repeat(6_000);
        long number = 0;
        while (client.refusals.isEmpty() && number < 10_000) {
            client.append(WRITER, ++number, payload);
            bed.turns(3);
        }
        bed.turns(2_000);
        assertTrue(client.refusals.contains(RefusalCode.JOURNAL_FULL), client.refusals::toString);
        assertTrue(bed.agent.isJournalFull());
    }

    @Test
    void shouldKeepTheReserveWhenTruncationsFreeNoZone() {
        try (Bed bed = new Bed(24 << 20, 2 << 20)) {
            fill(bed);
            final long filled = bed.agent.journal().counters().checkpointCount();
            long effect = 1;
            for (int i = 1; i <= 150; i++) {
                bed.truncate(++effect, i * 6012L);
                bed.turns(60);
            }
            assertEquals(filled, bed.agent.journal().counters().checkpointCount(), "none would free a zone");
            bed.effect(++effect, EffectAction.SEAL_SEGMENT);
            bed.effect(++effect, EffectAction.DELETE_SEGMENT);
            bed.turns(5_000);
            assertFalse(bed.agent.isJournalFull(), "everything is deleted and the journal is full");
        }
    }

    @Test
    void shouldMakeRoomAfterARestartWhenAllWasDeletedBefore() {
        try (Bed bed = new Bed(24 << 20, 2 << 20)) {
            fill(bed);
            bed.effect(2, EffectAction.SEAL_SEGMENT);
            bed.effect(3, EffectAction.DELETE_SEGMENT);
            bed.crashAndRestart();
            bed.turns(3_000);
            assertFalse(bed.agent.isJournalFull(), "everything is deleted and the journal is full");
        }
    }
}
