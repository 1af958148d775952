package io.millrace.perf.load;

import io.millrace.perf.system.Target;

/**
 * The system that does nothing: every event is acknowledged in the turn it was offered. A run against it shows the
 * rig's own error, which belongs beside every figure.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
public final class NullTarget implements Target {
    private long offered = -1;
    private long acknowledged = -1;

    @Override
    public boolean offer(final long index) {
        if (offered < 0) {
            acknowledged = index - 1;
        }
        offered = index;
        return true;
    }

    @Override
    public int poll(final Listener listener) {
        if (offered == acknowledged) {
            return 0;
        }
        final long first = acknowledged + 1;
        acknowledged = offered;
        listener.onAcknowledged(first, offered);
        return 1;
    }
}
