package io.millrace.replication;

import java.util.ArrayList;

/**
 * What the device thread keeps with a session: its writers and its readers.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ClientSession {
    final ArrayList<WriterBinding> bindings = new ArrayList<>();
    final ArrayList<ReadSession> readers = new ArrayList<>();
    int pendingSetups;

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
