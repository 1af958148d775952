package io.millrace.peers.archive;

import io.aeron.Aeron;
import io.aeron.Publication;
import io.aeron.archive.client.AeronArchive;
import io.aeron.archive.status.RecordingPos;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.Target;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.agrona.concurrent.status.CountersReader;
import org.jspecify.annotations.Nullable;

/**
 * The writing side: publications in turn, each with its recording's position.
 *
 * <p><b>Threading:</b> the rig's thread. <b>Invariants:</b> nothing is allocated per event.
 */
final class ArchiveTarget implements Target {
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int EVENTS_UNDER_WAY = 1 << 18;
    /** Turns between two of Aeron's client conductor, which has nothing to do while events flow but to stay alive. */
    private static final int CONDUCTOR_TURNS = 1024;

    private final SystemContext context;
    private final AgentInvoker conductor;
    private final CountersReader counters;
    private final AeronArchive archive;
    private final String channel;
    private final UnsafeBuffer event;
    private final List<Writer> writers = new ArrayList<>();
    private int turns;
    private @Nullable String failure;

    /** One publication: the end positions of its events under way, in a ring. */
    private static final class Writer {
        private final Publication publication;
        private final int counterId;
        private final long recordingId;
        private final long[] ends = new long[EVENTS_UNDER_WAY];
        private final long[] indexes = new long[EVENTS_UNDER_WAY];
        private long head;
        private long tail;

        Writer(final Publication publication, final int counterId, final long recordingId) {
            this.publication = publication;
            this.counterId = counterId;
            this.recordingId = recordingId;
        }
    }

    /**
     * Makes a target without writers.
     *
     * @param context sizes and clock.
     * @param aeron the client.
     * @param archive its session with the archive.
     * @param channel of the publications, for messages.
     */
    ArchiveTarget(final SystemContext context, final Aeron aeron, final AeronArchive archive, final String channel) {
        this.context = context;
        this.conductor = aeron.conductorAgentInvoker();
        this.counters = aeron.countersReader();
        this.archive = archive;
        this.channel = channel;
        this.event = new UnsafeBuffer(new byte[Math.max(Long.BYTES, context.eventLength())]);
    }

    /**
     * Adds a writer.
     *
     * @param publication recorded, or about to be.
     * @throws IOException when its recording does not begin in ten seconds.
     */
    void add(final Publication publication) throws IOException {
        final long deadlineNs = context.clock().nanoTime() + TIMEOUT_NS;
        int counterId = CountersReader.NULL_COUNTER_ID;
        while (counterId == CountersReader.NULL_COUNTER_ID || !publication.isConnected()) {
            conductor.invoke();
            counterId = RecordingPos.findCounterIdBySession(counters, publication.sessionId(), archive.archiveId());
            if (context.clock().nanoTime() - deadlineNs > 0) {
                throw new IOException("the archive does not record " + channel);
            }
            YieldingIdleStrategy.INSTANCE.idle();
        }
        writers.add(new Writer(publication, counterId, RecordingPos.getRecordingId(counters, counterId)));
    }

    /**
     * The recording of a writer.
     *
     * @param writer its number.
     * @return the archive's id of it.
     */
    long recordingId(final int writer) {
        return writers.get(writer).recordingId;
    }

    /**
     * How far a writer's recording is.
     *
     * @param writer its number.
     * @return position in bytes.
     */
    long recordedPosition(final int writer) {
        return counters.getCounterValue(writers.get(writer).counterId);
    }

    @Override
    public boolean offer(final long index) {
        final Writer writer = writers.get((int) (index % writers.size()));
        if (writer.tail - writer.head == EVENTS_UNDER_WAY) {
            return false;
        }
        event.putLong(0, index, ByteOrder.LITTLE_ENDIAN);
        final long end = writer.publication.offer(event, 0, context.eventLength());
        if (end < 0) {
            if (end != Publication.BACK_PRESSURED && end != Publication.ADMIN_ACTION) {
                failure = "the publication refuses: " + Publication.errorString(end);
            }
            return false;
        }
        final int slot = (int) writer.tail & (EVENTS_UNDER_WAY - 1);
        writer.ends[slot] = end;
        writer.indexes[slot] = index;
        writer.tail++;
        return true;
    }

    @Override
    public int poll(final Listener listener) {
        int work = 0;
        for (int i = 0; i < writers.size(); i++) {
            work += acknowledge(writers.get(i), listener);
        }
        if (++turns == CONDUCTOR_TURNS) {
            turns = 0;
            work += conductor.invoke();
        }
        return work;
    }

    @Override
    public @Nullable String failure() {
        return failure;
    }

    private int acknowledge(final Writer writer, final Listener listener) {
        if (writer.head == writer.tail) {
            return 0;
        }
        final long recorded = counters.getCounterValue(writer.counterId);
        final long before = writer.head;
        final boolean isAlone = writers.size() == 1;
        long first = -1;
        long last = -1;
        while (writer.head < writer.tail) {
            final int slot = (int) writer.head & (EVENTS_UNDER_WAY - 1);
            if (writer.ends[slot] > recorded) {
                break;
            }
            last = writer.indexes[slot];
            if (!isAlone) {
                listener.onAcknowledged(last, last);
            } else if (first < 0) {
                first = last;
            }
            writer.head++;
        }
        if (first >= 0) {
            listener.onAcknowledged(first, last); // one writer: its events are consecutive
        }
        return (int) (writer.head - before);
    }
}
