package io.millrace.server;

import com.sun.management.ThreadMXBean;
import io.millrace.codec.CountersFile;
import io.millrace.journal.JournalCounters;
import io.millrace.replication.LatencyHistogram;
import io.millrace.server.metric.Metric;
import io.millrace.server.metric.MetricKind;
import io.millrace.server.metric.MetricTable;
import io.millrace.server.metric.NodeStatus;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;

/**
 * The counters of a node: taken from where they are counted, ten times a second, and put into a file that outlives the
 * process, and into a table for this process's own readers.
 *
 * <p><b>Threading</b>: the device thread; the table may be read by any.
 */
final class NodeCounters implements AutoCloseable {
    private static final long INTERVAL_NS = 100_000_000L;

    private final CountersFile file;
    private final CountersManager manager;
    private final EpochNanoClock epochClock;
    private final List<Metric> metrics = new ArrayList<>();
    private final List<AtomicCounter> counters = new ArrayList<>();
    private final List<LongSupplier> sources = new ArrayList<>();
    private final MetricTable table;
    private boolean isStopped;
    private long dueNs;

    /** Maps the file anew. */
    NodeCounters(final Path dataDirectory, final Node node, final EpochNanoClock epochClock) {
        this.epochClock = epochClock;
        file = CountersFile.create(dataDirectory);
        manager = file.manager();
        addProcess();
        addSessions(node);
        addJournal(node);
        addTransport(node);
        addTimes(
                "append.queue.time",
                "Time of an append from being read to its batch being submitted",
                node.agent().queueTimes());
        addTimes(
                "append.journal.time",
                "Time of an append from its batch being submitted to being durable",
                node.agent().journalTimes());
        table = new MetricTable(metrics);
        take();
    }

    private void addProcess() {
        final ProcessHandle process = ProcessHandle.current();
        final long startNs =
                NodeStatus.nanoseconds(process.info().startInstant().orElse(Instant.EPOCH));
        gauge(NodeStatus.PROCESS_ID, "Number of the node's process", process::pid);
        gauge(NodeStatus.PROCESS_START, "When the node's process began, since 1970", () -> startNs);
        gauge(NodeStatus.UPDATED, "When these values were taken, since 1970", epochClock::nanoTime);
        gauge(NodeStatus.STOPPED, "1 once the node has ended in order", () -> isStopped ? 1 : 0);
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        counter(
                "device.thread.allocated.bytes",
                "Heap allocated by the device thread",
                threads::getCurrentThreadAllocatedBytes);
    }

    private void addSessions(final Node node) {
        gauge("sessions", "Open sessions", () -> node.acceptor().sessionCount());
        counter("sessions.refused", "Sessions refused", () -> node.acceptor().refusedSessionCount());
        counter("frames.dropped", "Frames that made no sense and were dropped", () -> node.acceptor()
                .droppedFrameCount());
        counter("records.committed", "Records committed", () -> node.agent().committedRecordCount());
        counter("acknowledgements", "Acknowledgements sent", () -> node.agent().sentAckCount());
        counter("writers.expired", "Writers forgotten after their retention", () -> node.agent()
                .expiredWriterCount());
        gauge("readers", "Read subscriptions", () -> node.agent().readerCount());
        counter("read.bytes", "Bytes sent to readers", () -> node.agent().sentReadBytes());
    }

    private void addJournal(final Node node) {
        final JournalCounters journal = node.agent().journal().counters();
        counter("journal.batches", "Batches handed to the device", journal::batchCount);
        counter("journal.written.bytes", "Bytes handed to the device", journal::writtenBytes);
        counter("journal.idle.marks", "Empty batches written once the journal fell idle", journal::idleMarkCount);
        counter("journal.checkpoints", "Checkpoints made durable", journal::checkpointCount);
        counter("journal.freed.zones", "Zones freed by checkpoints, to be written again", journal::freedZoneCount);
        counter("journal.scrubbed.bytes", "Bytes read from the device again and verified", journal::scrubbedBytes);
        counter("journal.scrub.passes", "Passes of the scrub over all that is durable", journal::scrubPassCount);
        counter("journal.scrub.damaged", "Damaged batches that the scrub has found", journal::scrubDamageCount);
        counter("journal.copied.bytes", "Remnants copied forward, to free their zones", journal::copiedBytes);
        counter("journal.cleaned.zones", "Zones whose remnants were copied forward", journal::cleanedZoneCount);
        counter("journal.damaged.zones", "Zones that could not be cleaned: damaged", journal::damagedZoneCount);
        gauge("journal.free.bytes", "Room for further batches", () -> node.agent()
                .journal()
                .freeBytes());
        gauge("journal.capacity.bytes", "Room for batches on the whole device", () -> node.agent()
                .journal()
                .capacityBytes());
        gauge(
                "journal.full",
                "1 while events are refused for want of room",
                () -> node.agent().isJournalFull() ? 1 : 0);
        counter("journal.io.stall", "Writes older than journal.stall-threshold", journal::stallCount);
        gauge("journal.io.stall.longest.ns", "Oldest age of a stalled write", journal::longestStallNs);
        counter("journal.io.retry", "Writes repeated because the kernel had no room", journal::retryCount);
        counter(
                "journal.back.pressure",
                "Claims refused because all buffers were in flight",
                journal::backPressureCount);
        gauge(
                "journal.fenced",
                "1 once a write failed and the device takes no more",
                () -> node.agent().fencedReason() == null ? 0 : 1);
    }

    private void addTransport(final Node node) {
        counter("naks", "Frames that were lost on their way here and asked for again", () -> node.transport()
                .nakCount());
        counter("retransmits", "Frames sent again", () -> node.transport().retransmitCount());
        counter("transport.errors", "Errors of the media driver", () -> node.transport()
                .errorCount());
        counter("transport.rebuilds", "Media made anew after a pause of the process", node::transportRebuildCount);
    }

    private void addTimes(final String base, final String help, final LatencyHistogram histogram) {
        for (int i = 0; i < LatencyHistogram.BUCKET_COUNT; i++) {
            final int bucket = i;
            add(Metric.bucket(base, LatencyHistogram.boundNs(bucket), help), () -> histogram.count(bucket));
        }
        add(Metric.sum(base, help), histogram::sumNs);
    }

    /** Returns the last values, for readers in this process. */
    MetricTable table() {
        return table;
    }

    /** Takes the values when they are due, and tells whether they were. */
    boolean update(final long nowNs) {
        final boolean isDue = nowNs - dueNs >= 0;
        if (isDue) {
            dueNs = nowNs + INTERVAL_NS;
            take();
        }
        return isDue;
    }

    private void take() {
        for (int i = 0; i < counters.size(); i++) {
            final long value = sources.get(i).getAsLong();
            counters.get(i).setRelease(value);
            table.set(i, value);
        }
    }

    /** Takes the last values of a node that has ended in order. */
    void stopped() {
        isStopped = true;
        take();
    }

    private void counter(final String label, final String help, final LongSupplier source) {
        add(new Metric(label, MetricKind.COUNTER, help), source);
    }

    private void gauge(final String label, final String help, final LongSupplier source) {
        add(new Metric(label, MetricKind.GAUGE, help), source);
    }

    private void add(final Metric metric, final LongSupplier source) {
        metrics.add(metric);
        counters.add(manager.newCounter(metric.label(), metric.kind().typeId()));
        sources.add(source);
    }

    @Override
    public void close() {
        for (final AtomicCounter counter : counters) {
            counter.disconnectCountersManager();
        }
        file.close();
    }
}
