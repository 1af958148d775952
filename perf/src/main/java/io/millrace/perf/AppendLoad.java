package io.millrace.perf;

import com.sun.management.ThreadMXBean;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.DurableListener;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.RecoveryReport;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * Fills a journal with small records on one thread, without a network: one record for each event, its header encoded,
 * its bytes copied and covered by a CRC. What it wrote is then recovered, as after a crash.
 *
 * <p><b>Threading:</b> the rig's thread is the device thread.
 */
final class AppendLoad implements DurableListener {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CLAIMS_PER_TURN = 1024;
    private static final int WRITES_IN_FLIGHT = 2;
    private static final double WARM_UP_SHARE = 0.25;
    private static final double MEASURED_SHARE = 0.97;

    private final Path file;
    private final int eventLength;
    private final NanoClock clock;
    private final UnsafeBuffer event;
    private final RecordHeaderEncoder header = new RecordHeaderEncoder();
    private long durableCount;
    private long recoveredCount;
    private String fault = "";

    /**
     * What the appends gave.
     *
     * @param eventsPerSecond that became durable.
     * @param allocatedBytesPerEvent garbage of the thread.
     * @param eventsPerBatch mean of the batches.
     */
    record Appended(double eventsPerSecond, double allocatedBytesPerEvent, double eventsPerBatch) {}

    /**
     * What the recovery gave.
     *
     * @param bytesPerSecond of the batches that were read, checked and folded.
     * @param scannedBytes of them.
     */
    record Recovered(double bytesPerSecond, long scannedBytes) {}

    /**
     * Prepares a load.
     *
     * @param file of the journal; must not exist.
     * @param eventLength bytes of an event.
     * @param clock of the measurement.
     */
    AppendLoad(final Path file, final int eventLength, final NanoClock clock) {
        this.file = file;
        this.eventLength = eventLength;
        this.clock = clock;
        event = new UnsafeBuffer(new byte[eventLength]);
        event.setMemory(0, eventLength, (byte) 0x5a);
    }

    /**
     * Makes the journal and fills it; the first quarter is not measured.
     *
     * @param length bytes of the journal.
     * @return durable events per second.
     * @throws IOException when the journal fences.
     */
    Appended append(final long length) throws IOException {
        Journal.format(new FormatContext().file(file).length(length));
        try (Journal journal = open()) {
            journal.recover((buffer, index, recordLength, address) -> recoveredCount++);
            final long capacity = journal.capacityBytes();
            long position = fill(journal, 1, (long) (capacity * (1 - WARM_UP_SHARE)));
            final long allocatedBefore = allocatedBytes();
            final long durableBefore = durableCount;
            final long batchesBefore = journal.counters().batchCount();
            final long beginNs = clock.nanoTime();
            position = fill(journal, position, (long) (capacity * (1 - MEASURED_SHARE)));
            final long elapsedNs = clock.nanoTime() - beginNs;
            final long measured = durableCount - durableBefore;
            final double allocated = (double) (allocatedBytes() - allocatedBefore) / Math.max(1, measured);
            final long batches = journal.counters().batchCount() - batchesBefore;
            while (!journal.isDrained() && !journal.isFenced()) {
                turn(journal);
            }
            if (journal.isFenced() || durableCount != position - 1) {
                throw new IOException(
                        durableCount + " of " + (position - 1) + " records are durable in " + file + " " + fault);
            }
            return new Appended(
                    measured * 1e9 / Math.max(1, elapsedNs), allocated, (double) measured / Math.max(1, batches));
        }
    }

    /**
     * Opens the journal again and recovers it, counting every record.
     *
     * @return bytes per second.
     * @throws IOException when a durable record is missing.
     */
    Recovered recover() throws IOException {
        recoveredCount = 0;
        try (Journal journal = open()) {
            journal.recover((buffer, index, recordLength, address) -> recoveredCount++);
            if (recoveredCount != durableCount) {
                throw new IOException(
                        recoveredCount + " records recovered, " + durableCount + " were durable: " + file);
            }
            final RecoveryReport report = journal.recoveryReport();
            final long scanned = report.endAddress() - LogFormat.DEFAULT_DATA_ADDRESS;
            return new Recovered(scanned * 1e9 / Math.max(1, report.elapsedNs()), scanned);
        }
    }

    private Journal open() {
        return Journal.open(
                new JournalContext().file(file).writesInFlight(WRITES_IN_FLIGHT).listener(this));
    }

    private long fill(final Journal journal, final long firstPosition, final long untilFree) throws IOException {
        final int length = LogFormat.RECORD_HEADER_LENGTH + eventLength;
        long position = firstPosition;
        while (journal.freeBytes() > untilFree) {
            int claimed = 0;
            while (claimed < CLAIMS_PER_TURN) {
                final int index = journal.tryClaim(length);
                if (index < 0) {
                    break;
                }
                encode(journal, index, position);
                journal.commit(index, length);
                position++;
                claimed++;
            }
            if (journal.isFenced()) {
                throw new IOException(fault);
            }
            if (turn(journal) == 0 && claimed == 0) {
                YieldingIdleStrategy.INSTANCE.idle();
            }
        }
        return position;
    }

    private int turn(final Journal journal) {
        return journal.doWork(clock.nanoTime());
    }

    private void encode(final Journal journal, final int index, final long position) {
        header.wrap(journal.buffer(), index)
                .kind(RecordKind.APPEND)
                .flags((short) 0)
                .bodyVersion(LogFormat.BODY_VERSION)
                .chain(1)
                .chainEpoch(1)
                .position(position)
                .previousHash(position - 1)
                .commitMark(position - 1)
                .timestampNs(position)
                .effectNumber(0);
        journal.buffer().putBytes(index + LogFormat.RECORD_HEADER_LENGTH, event, 0, eventLength);
    }

    @Override
    public void onDurable(
            final DirectBuffer buffer,
            final int payloadIndex,
            final int payloadLength,
            final int recordCount,
            final long batchAddress,
            final long submittedNs,
            final long durableNs) {
        durableCount += recordCount;
    }

    @Override
    public void onFenced(final ErrorCode code, final String message) {
        fault = new MillraceException(code, message).toString();
    }

    @SuppressWarnings("deprecation") // Thread.threadId() came after release 17
    private static long allocatedBytes() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
