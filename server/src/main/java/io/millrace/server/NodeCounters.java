package io.millrace.server;

import com.sun.management.ThreadMXBean;
import io.millrace.codec.CountersFile;
import io.millrace.control.consensus.ControlMember;
import io.millrace.control.consensus.ReplicaStatus;
import io.millrace.journal.JournalCounters;
import io.millrace.replication.ChainCounters;
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
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;
import org.jspecify.annotations.Nullable;

/**
 * The counters of a node: taken from where they are counted, ten times a second, and put into a file that outlives the
 * process, and into a table for this process's own readers. Of several devices each has its own, one behind the other.
 *
 * <p><b>Threading</b>: each device's thread takes those of its device, the first one those of the process as well; the
 * table may be read by any.
 */
final class NodeCounters implements AutoCloseable {
    private static final long INTERVAL_NS = 100_000_000L;
    private static final int PROCESS_COUNTERS = 32;
    private static final int DEVICE_COUNTERS = 224;

    private final CountersFile file;
    private final CountersManager manager;
    private final EpochNanoClock epochClock;
    private final List<NodeDevice> devices;
    private final List<Metric> metrics = new ArrayList<>();
    private final List<AtomicCounter> counters = new ArrayList<>();
    private final Column process = new Column();
    private final Column[] columns;
    private final MetricTable table;
    private volatile boolean isStopped;

    /** The counters that one thread takes. */
    private static final class Column {
        private final List<Integer> indices = new ArrayList<>();
        private final List<LongSupplier> sources = new ArrayList<>();
        private long dueNs;
    }

    /** Maps the file anew. */
    NodeCounters(final Path dataDirectory, final Node node, final EpochNanoClock epochClock) {
        this.epochClock = epochClock;
        devices = node.devices();
        columns = new Column[devices.size()];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = new Column();
        }
        file = CountersFile.create(dataDirectory, PROCESS_COUNTERS + devices.size() * DEVICE_COUNTERS);
        manager = file.manager();
        addProcess();
        addSessions();
        addJournal();
        addTransport(node);
        addChains();
        addMember(node.controlMember());
        addTimes(
                "append.queue.time",
                "Time of an append from being read to its batch being submitted",
                device -> device.agent().queueTimes());
        addTimes(
                "append.journal.time",
                "Time of an append from its batch being submitted to being durable",
                device -> device.agent().journalTimes());
        table = new MetricTable(metrics);
        take(process);
    }

    private void addProcess() {
        final ProcessHandle handle = ProcessHandle.current();
        final long startNs = NodeStatus.nanoseconds(handle.info().startInstant().orElse(Instant.EPOCH));
        add(process, new Metric(NodeStatus.PROCESS_ID, MetricKind.GAUGE, "Number of the node's process"), handle::pid);
        add(
                process,
                new Metric(NodeStatus.PROCESS_START, MetricKind.GAUGE, "When the node's process began, since 1970"),
                () -> startNs);
        add(
                process,
                new Metric(NodeStatus.UPDATED, MetricKind.GAUGE, "When these values were taken, since 1970"),
                epochClock::nanoTime);
        add(
                process,
                new Metric(NodeStatus.STOPPED, MetricKind.GAUGE, "1 once the node has ended in order"),
                () -> isStopped ? 1 : 0);
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        counter(
                "device.thread.allocated.bytes",
                "Heap allocated by the device thread",
                device -> threads::getCurrentThreadAllocatedBytes);
    }

    private void addSessions() {
        gauge("sessions", "Open sessions", device -> () -> device.acceptor().sessionCount());
        counter(
                "sessions.refused",
                "Sessions refused",
                device -> () -> device.acceptor().refusedSessionCount());
        counter(
                "frames.dropped",
                "Frames that made no sense and were dropped",
                device -> () -> device.acceptor().droppedFrameCount());
        counter(
                "records.committed",
                "Records committed",
                device -> () -> device.agent().committedRecordCount());
        counter(
                "acknowledgements",
                "Acknowledgements sent",
                device -> () -> device.agent().sentAckCount());
        counter(
                "writers.expired",
                "Writers forgotten after their retention",
                device -> () -> device.agent().expiredWriterCount());
        gauge("readers", "Read subscriptions", device -> () -> device.agent().readerCount());
        counter(
                "read.bytes",
                "Bytes sent to readers",
                device -> () -> device.agent().sentReadBytes());
    }

    private void addJournal() {
        journal("journal.batches", "Batches handed to the device", counted -> counted::batchCount);
        journal("journal.written.bytes", "Bytes handed to the device", counted -> counted::writtenBytes);
        journal(
                "journal.idle.marks",
                "Empty batches written once the journal fell idle",
                counted -> counted::idleMarkCount);
        journal("journal.checkpoints", "Checkpoints made durable", counted -> counted::checkpointCount);
        journal(
                "journal.freed.zones",
                "Zones freed by checkpoints, to be written again",
                counted -> counted::freedZoneCount);
        journal(
                "journal.scrubbed.bytes",
                "Bytes read from the device again and verified",
                counted -> counted::scrubbedBytes);
        journal(
                "journal.scrub.passes",
                "Passes of the scrub over all that is durable",
                counted -> counted::scrubPassCount);
        journal(
                "journal.scrub.damaged",
                "Damaged batches that the scrub has found",
                counted -> counted::scrubDamageCount);
        journal(
                "journal.copied.bytes",
                "Remnants copied forward, to free their zones",
                counted -> counted::copiedBytes);
        journal(
                "journal.cleaned.zones",
                "Zones whose remnants were copied forward",
                counted -> counted::cleanedZoneCount);
        journal(
                "journal.damaged.zones",
                "Zones that could not be cleaned: damaged",
                counted -> counted::damagedZoneCount);
        gauge(
                "journal.free.bytes",
                "Room for further batches",
                device -> () -> device.agent().journal().freeBytes());
        gauge(
                "journal.capacity.bytes",
                "Room for batches on the whole device",
                device -> () -> device.agent().journal().capacityBytes());
        gauge(
                "journal.full",
                "1 while events are refused for want of room",
                device -> () -> device.agent().isJournalFull() ? 1 : 0);
        journal("journal.io.stall", "Writes older than journal.stall-threshold", counted -> counted::stallCount);
        gauge(
                "journal.io.stall.longest.ns",
                "Oldest age of a stalled write",
                device -> device.agent().journal().counters()::longestStallNs);
        journal("journal.io.retry", "Writes repeated because the kernel had no room", counted -> counted::retryCount);
        journal(
                "journal.back.pressure",
                "Claims refused because all buffers were in flight",
                counted -> counted::backPressureCount);
        gauge(
                "journal.fenced",
                "1 once a write failed and the device takes no more",
                device -> () -> device.agent().fencedReason() == null ? 0 : 1);
    }

    private void journal(final String label, final String help, final Function<JournalCounters, LongSupplier> source) {
        counter(label, help, device -> source.apply(device.agent().journal().counters()));
    }

    /** The driver's counters are the same for every device that shares it. */
    private void addTransport(final Node node) {
        final NodeDevice first = devices.get(0);
        driver("naks", "Frames that were lost on their way here and asked for again", () -> first.transport()
                .nakCount());
        driver("retransmits", "Frames sent again", () -> first.transport().retransmitCount());
        counter(
                "transport.errors",
                "Errors of the media",
                device -> device == first
                        ? () -> first.transport().errorCount() + node.driverErrorCount()
                        : () -> device.transport().errorCount());
        counter(
                "transport.rebuilds",
                "Media made anew after a pause of the process",
                device -> device::transportRebuildCount);
    }

    /** Of a node alone they would be nothing but zeros. */
    private void addChains() {
        if (devices.get(0).agent().chainCounters() == null) {
            return;
        }
        chain("chain.records.sent", "Records sent to successors", ChainCounters::replicatedRecordCount);
        chain("chain.records.repeated", "Records that came a second time", ChainCounters::repeatedRecordCount);
        chain("chain.naks", "Requests to predecessors for missing records", ChainCounters::nakCount);
        chain("chain.back.pressure", "Frames that a link had no room for", ChainCounters::linkBackPressureCount);
        chain("chain.seals", "Epochs promised", ChainCounters::sealCount);
        chain("chain.installs", "Epochs installed", ChainCounters::installCount);
        chain("chain.records.cut", "Uncommitted records cut off by an epoch", ChainCounters::truncatedRecordCount);
        chain("chain.records.filled", "Damaged records repaired from a neighbour", ChainCounters::filledRecordCount);
        chain("chain.snapshots.needed", "Times that only a snapshot helped", ChainCounters::snapshotNeededCount);
        chain("chain.backstop.acks", "Acknowledgements by heads for the tail's", ChainCounters::backstopAckCount);
        chain("chain.divergences", "Contradictions between logs; each halts a replica", ChainCounters::divergenceCount);
        chain("chain.frames.malformed", "Frames of other devices that made no sense", ChainCounters::malformedCount);
    }

    private void chain(final String label, final String help, final ToLongFunction<ChainCounters> source) {
        counter(label, help, device -> {
            final ChainCounters counted = device.agent().chainCounters();
            return counted == null ? () -> 0 : () -> source.applyAsLong(counted);
        });
    }

    /** Of a node without a member of the control plane there is nothing to count. */
    private void addMember(final @Nullable ControlMember member) {
        if (member == null) {
            return;
        }
        member(
                "control.leads",
                MetricKind.GAUGE,
                "1 while the node's member leads the control plane",
                member,
                status -> status.isLeader() ? 1 : 0);
        member(
                "control.commands",
                MetricKind.COUNTER,
                "Commands that the control plane has applied, ever",
                member,
                ReplicaStatus::appliedPosition);
        member(
                "control.hashed.commands",
                MetricKind.GAUGE,
                "Commands applied when the member hashed its state last",
                member,
                ReplicaStatus::hashedPosition);
        member(
                "control.hashed.state",
                MetricKind.GAUGE,
                "Hash of its state there: the same on all members",
                member,
                ReplicaStatus::hashedState);
        member(
                "control.compared.commands",
                MetricKind.GAUGE,
                "Commands applied where all members were seen to hold the same last",
                member,
                ReplicaStatus::comparedPosition);
        member(
                "control.divergences",
                MetricKind.COUNTER,
                "Positions at which members were seen to hold different states",
                member,
                ReplicaStatus::divergenceCount);
        add(
                process,
                new Metric("control.restarts", MetricKind.COUNTER, "Restarts of a member that had stopped by itself"),
                member::restartCount);
    }

    private void member(
            final String label,
            final MetricKind kind,
            final String help,
            final ControlMember member,
            final ToLongFunction<ReplicaStatus> source) {
        add(process, new Metric(label, kind, help), () -> source.applyAsLong(member.status()));
    }

    private void driver(final String label, final String help, final LongSupplier source) {
        add(columns[0], new Metric(label, MetricKind.COUNTER, help), source);
    }

    private void addTimes(
            final String base, final String help, final Function<NodeDevice, LatencyHistogram> histograms) {
        for (final NodeDevice device : devices) {
            final LatencyHistogram histogram = histograms.apply(device);
            for (int i = 0; i < LatencyHistogram.BUCKET_COUNT; i++) {
                final int bucket = i;
                add(device, Metric.bucket(base, LatencyHistogram.boundNs(bucket), help), () -> histogram.count(bucket));
            }
            add(device, Metric.sum(base, help), histogram::sumNs);
        }
    }

    /** Returns the last values, for readers in this process. */
    MetricTable table() {
        return table;
    }

    /** Takes a device's values when they are due, and tells whether they were; on the device's thread. */
    boolean update(final int device, final long nowNs) {
        final boolean isDue = nowNs - columns[device].dueNs >= 0;
        if (isDue) {
            columns[device].dueNs = nowNs + INTERVAL_NS;
            take(device);
        }
        return isDue;
    }

    /** Takes a device's values; on its thread. */
    void take(final int device) {
        take(columns[device]);
        if (device == 0) {
            take(process);
        }
    }

    private void take(final Column column) {
        for (int i = 0; i < column.sources.size(); i++) {
            final long value = column.sources.get(i).getAsLong();
            final int index = column.indices.get(i);
            counters.get(index).setRelease(value);
            table.set(index, value);
        }
    }

    /** Notes that the node has ended in order; once no device turns any more. */
    void stopped() {
        isStopped = true;
        take(process);
    }

    private void counter(final String label, final String help, final Function<NodeDevice, LongSupplier> source) {
        each(new Metric(label, MetricKind.COUNTER, help), source);
    }

    private void gauge(final String label, final String help, final Function<NodeDevice, LongSupplier> source) {
        each(new Metric(label, MetricKind.GAUGE, help), source);
    }

    private void each(final Metric metric, final Function<NodeDevice, LongSupplier> source) {
        for (final NodeDevice device : devices) {
            add(device, metric, source.apply(device));
        }
    }

    private void add(final NodeDevice device, final Metric metric, final LongSupplier source) {
        add(columns[device.number()], devices.size() == 1 ? metric : metric.ofDevice(device.number()), source);
    }

    private void add(final Column column, final Metric metric, final LongSupplier source) {
        column.indices.add(metrics.size());
        column.sources.add(source);
        metrics.add(metric);
        counters.add(manager.newCounter(metric.label(), metric.kind().typeId()));
    }

    @Override
    public void close() {
        for (final AtomicCounter counter : counters) {
            counter.disconnectCountersManager();
        }
        file.close();
    }
}
