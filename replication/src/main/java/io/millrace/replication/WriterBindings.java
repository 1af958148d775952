package io.millrace.replication;

import io.millrace.transport.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bindings of a chain's writers by their slots, and the sessions that had one in an epoch that is over.
 *
 * <p><b>Threading</b>: the device thread. Only a set-up allocates.
 */
final class WriterBindings {
    private final ChainReplica replica;
    private final ArrayList<Session> formerSessions = new ArrayList<>();
    private @Nullable WriterBinding[] bindings = new WriterBinding[64];

    /** Starts with none. */
    WriterBindings(final ChainReplica replica) {
        this.replica = replica;
    }

    /** Finds the binding of a slot. */
    @Nullable
    WriterBinding find(final int slot) {
        return slot >= 0 && slot < bindings.length ? bindings[slot] : null;
    }

    /** Finds or makes the binding of a slot. */
    WriterBinding bind(final int slot) {
        if (slot >= bindings.length) {
            bindings = Arrays.copyOf(bindings, Math.max(slot + 1, bindings.length * 2));
        }
        WriterBinding binding = bindings[slot];
        if (binding == null) {
            binding = new WriterBinding(replica, slot);
            bindings[slot] = binding;
        }
        return binding;
    }

    /** Forgets the binding of a slot whose writer has expired. */
    void forget(final int slot) {
        final WriterBinding binding = find(slot);
        if (binding != null) {
            binding.forgetAll();
            bindings[slot] = null;
        }
    }

    /** Forgets who is bound; whose session is open is to hear of the next epoch. */
    void forgetAll() {
        for (final WriterBinding binding : bindings) {
            if (binding != null) {
                remember(binding.headSession);
                remember(binding.tailSession);
                binding.forgetAll();
            }
        }
    }

    /** Notes that a session is to hear of the next epoch. */
    void remember(final @Nullable Session session) {
        if (session != null && session.isOpen() && !formerSessions.contains(session)) {
            formerSessions.add(session);
        }
    }

    /** Gives the sessions that wait to hear of the next epoch. */
    List<Session> formerSessions() {
        return formerSessions;
    }
}
