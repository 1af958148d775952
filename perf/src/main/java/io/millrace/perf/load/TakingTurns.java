package io.millrace.perf.load;

import io.millrace.perf.system.Target;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several writers as one target: event {@code i} goes through writer {@code i % n}. Only writers with events under way
 * are polled, since a turn over a thousand idle ones would be the rig's time and not the system's.
 *
 * <p><b>Threading:</b> the rig's thread. <b>Invariants:</b> nothing is allocated per event.
 */
public final class TakingTurns implements Target {
    private final ClientTarget[] writers;
    private final int[] busy;
    private final boolean[] isBusy;
    private int busyCount;

    /**
     * Takes over the writers.
     *
     * @param writers at least one, each with their number as its stride.
     */
    public TakingTurns(final List<ClientTarget> writers) {
        this.writers = writers.toArray(new ClientTarget[0]);
        this.busy = new int[this.writers.length];
        this.isBusy = new boolean[this.writers.length];
    }

    @Override
    public boolean offer(final long index) {
        final int writer = (int) (index % writers.length);
        if (!writers[writer].offer(index)) {
            return false;
        }
        if (!isBusy[writer]) {
            isBusy[writer] = true;
            busy[busyCount++] = writer;
        }
        return true;
    }

    @Override
    public int poll(final Listener listener) {
        if (busyCount == 0) {
            return writers[0].poll(listener); // the client's own duties: heartbeats, echoes of acknowledgements
        }
        int work = 0;
        int kept = 0;
        for (int i = 0; i < busyCount; i++) {
            final int writer = busy[i];
            work += writers[writer].poll(listener);
            if (writers[writer].pendingCount() > 0) {
                busy[kept++] = writer;
            } else {
                isBusy[writer] = false;
            }
        }
        busyCount = kept;
        return work;
    }

    @Override
    public @Nullable String failure() {
        for (int i = 0; i < busyCount; i++) {
            final String failure = writers[busy[i]].failure();
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }
}
