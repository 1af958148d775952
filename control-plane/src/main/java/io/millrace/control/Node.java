package io.millrace.control;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A node by its last NodeStarted.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param device UUID of its device, the same at every start (P5).
 * @param incarnation of its last start, from 1.
 * @param endpoint host:port where clients reach it.
 */
record Node(UUID device, long incarnation, String endpoint) {
    /**
     * Checks a start.
     *
     * @param known the node by its last start, null: it never was.
     * @param device it starts with.
     * @param incarnation it starts in.
     * @return {@link ControlStatus#DONE}, or why it may not.
     */
    static int checkStart(final @Nullable Node known, final UUID device, final long incarnation) {
        if (known != null && !known.device().equals(device)) {
            return ControlStatus.DEVICE_MISMATCH;
        }
        final long last = known == null ? 0 : known.incarnation();
        return incarnation <= last ? ControlStatus.INCARNATION_NOT_NEW : ControlStatus.DONE;
    }
}
