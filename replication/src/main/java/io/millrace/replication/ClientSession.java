package io.millrace.replication;

import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What the device thread keeps with a session: its writers and its readers.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ClientSession {
    final ArrayList<WriterBinding> bindings = new ArrayList<>();
    final ArrayList<ReadSession> readers = new ArrayList<>();
    int pendingSetups;

    /** The other device at the end of the session, once a frame of the chains has come by it. */
    @Nullable
    SessionPeer peer;

    /** Keeps a binding once. */
    void add(final WriterBinding binding) {
        for (int i = bindings.size() - 1; i >= 0; i--) {
            if (bindings.get(i) == binding) {
                return;
            }
        }
        bindings.add(binding);
    }
}
