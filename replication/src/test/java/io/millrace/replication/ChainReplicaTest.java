package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.DurableListener;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.JournalStatus;
import io.millrace.journal.memory.MemoryDevice;
import io.millrace.store.StoreLimits;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What events leave of a journal, so that a full one can still be restarted, sealed and deleted. */
@Timeout(60)
final class ChainReplicaTest {
    private static final UUID NODE = new UUID(1, 2);
    private static final int COMMAND_LENGTH = 16 << 10;
    private static final int EVENT_LENGTH = 200;

    /** A sixteenth of a small journal, 4 MiB of a large one. */
    @ParameterizedTest
    @CsvSource({"16, false", "160, true"})
    void shouldKeepTheReserveForControlRecordsWhenTheJournalFills(final int mebibytes, final boolean isLarge) {
        final MemoryDevice device = new MemoryDevice(new byte[mebibytes << 20]);
        Journal.format(device, new FormatContext().zoneLength(4 << 20).nodeId(NODE));
        try (Journal journal = Journal.open(new JournalContext()
                .device(device)
                .nodeId(NODE)
                .bufferLength(4 << 20)
                .clock(SystemNanoClock.INSTANCE)
                .listener(new Nobody()))) {
            journal.recover((buffer, index, length, batchAddress) -> {});
            final ChainReplica control = replica(0, journal);
            final ChainReplica data = replica(1, journal);
            final long reserve = isLarge ? 4L << 20 : journal.capacityBytes() / 16;

            while (journal.freeBytes() >= reserve) {
                assertTrue(beginEvent(data) >= 0, () -> "refused with " + journal.freeBytes() + " bytes free");
                assertTrue(appendCommand(journal, control), "control records were refused");
            }

            assertTrue(journal.freeBytes() > reserve - (2 << 20), "the bound was passed by more than a batch");
            assertEquals(JournalStatus.FULL, beginEvent(data), "events took from the reserve");
            assertTrue(data.begin(RecordKind.SEGMENT_EFFECT, EVENT_LENGTH, 1) >= 0, "a seal or delete was refused");
            int commands = 0;
            while (appendCommand(journal, control)) {
                commands++;
            }
            assertTrue(
                    (long) commands * COMMAND_LENGTH > reserve / 4, "control records got " + commands + " places only");
            assertEquals(JournalStatus.FULL, control.begin(RecordKind.CONTROL_COMMAND, COMMAND_LENGTH, 0));
        }
    }

    /** Begins and leaves it: an unfinished claim is claimed again. */
    private static int beginEvent(final ChainReplica data) {
        return data.begin(RecordKind.APPEND, EVENT_LENGTH, 0);
    }

    private static boolean appendCommand(final Journal journal, final ChainReplica control) {
        int index = control.begin(RecordKind.CONTROL_COMMAND, COMMAND_LENGTH, 0);
        while (index == JournalStatus.BACK_PRESSURED) {
            journal.doWork(SystemNanoClock.INSTANCE.nanoTime());
            index = control.begin(RecordKind.CONTROL_COMMAND, COMMAND_LENGTH, 0);
        }
        if (index < 0) {
            return false;
        }
        control.sequence(index, COMMAND_LENGTH);
        journal.doWork(SystemNanoClock.INSTANCE.nanoTime());
        return true;
    }

    private static ChainReplica replica(final int chain, final Journal journal) {
        return new ChainReplica(
                chain,
                journal,
                SystemNanoClock.INSTANCE,
                new SystemEpochNanoClock(),
                StoreLimits.defaults(),
                ReplicationLimits.defaults(),
                null);
    }

    /** Nothing is committed here. */
    private static final class Nobody implements DurableListener {
        @Override
        public void onDurable(
                final DirectBuffer buffer,
                final int payloadIndex,
                final int payloadLength,
                final int recordCount,
                final long batchAddress,
                final long submittedNs,
                final long durableNs) {}

        @Override
        public void onFenced(final ErrorCode code, final String message) {
            throw new AssertionError(message);
        }
    }
}
