package io.millrace.server;

import com.sun.management.ThreadMXBean;
import io.millrace.codec.CountersFile;
import io.millrace.journal.JournalCounters;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;

/**
 * The counters of a node: taken from where they are counted, ten times a second, and put into a file that outlives the
 * process.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class NodeCounters implements AutoCloseable {
    private static final long INTERVAL_NS = 100_000_000L;

    private final CountersFile file;
    private final CountersManager manager;
    private final List<AtomicCounter> counters = new ArrayList<>();
    private final List<LongSupplier> sources = new ArrayList<>();
    private long dueNs;

    /** Maps the file anew. */
    NodeCounters(final Path dataDirectory, final Node node) {
        file = CountersFile.create(dataDirectory);
        manager = file.manager();
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final JournalCounters journal = node.agent().journal().counters();
        add("device.thread.allocated.bytes", threads::getCurrentThreadAllocatedBytes);
        add("sessions", () -> node.acceptor().sessionCount());
        add("sessions.refused", () -> node.acceptor().refusedSessionCount());
        add("frames.dropped", () -> node.acceptor().droppedFrameCount());
        add("records.committed", () -> node.agent().committedRecordCount());
        add("acknowledgements", () -> node.agent().sentAckCount());
        add("writers.expired", () -> node.agent().expiredWriterCount());
        add("readers", () -> node.agent().readerCount());
        add("read.bytes", () -> node.agent().sentReadBytes());
        add("journal.batches", journal::batchCount);
        add("journal.written.bytes", journal::writtenBytes);
        add("journal.free.bytes", () -> node.agent().journal().freeBytes());
        add("journal.io.stall", journal::stallCount);
        add("journal.io.stall.longest.ns", journal::longestStallNs);
        add("journal.back.pressure", journal::backPressureCount);
        add("journal.fenced", () -> node.agent().fencedReason() == null ? 0 : 1);
        add("naks", () -> node.transport().nakCount());
        add("retransmits", () -> node.transport().retransmitCount());
        add("transport.errors", () -> node.transport().errorCount());
        add("transport.rebuilds", node::transportRebuildCount);
    }

    /** Takes the values when they are due. */
    void update(final long nowNs) {
        if (nowNs - dueNs >= 0) {
            dueNs = nowNs + INTERVAL_NS;
            for (int i = 0; i < counters.size(); i++) {
                counters.get(i).setRelease(sources.get(i).getAsLong());
            }
        }
    }

    private void add(final String label, final LongSupplier source) {
        counters.add(manager.newCounter(label));
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
