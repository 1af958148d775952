package io.millrace.control;

import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A node of a cluster: its starts, its lease, its devices.
 *
 * <p><b>Threading:</b> one thread. <b>Invariant:</b> the incarnation only rises.
 */
final class ClusterNode {
    /** Whether a node may carry replicas; the numbers stand in snapshots. */
    enum Standing implements Numbered {
        /** Registered, and not yet added by an operator. */
        CANDIDATE(0),
        /** May carry replicas. */
        ADDED(1),
        /** Its replicas move elsewhere. */
        DRAINING(2);

        private final int value;

        Standing(final int value) {
            this.value = value;
        }

        @Override
        public int value() {
            return value;
        }
    }

    final UUID id;
    final TreeMap<UUID, Device> devices = new TreeMap<>();
    UUID startId = new UUID(0, 0);
    Standing standing = Standing.CANDIDATE;

    /** Of its last start, 0: it was added and has not registered yet. */
    long incarnation;

    /** What it said in its last registration. */
    long previousIncarnation;

    long heartbeatNumber;

    /** Time of the control plane at which it was heard last. */
    long lastSeenNs;

    /** A device that the node has or had. */
    static final class Device {
        final UUID uuid;
        String endpoint;
        long capacityBytes;
        boolean isPresent;

        @Nullable
        UUID replacement;

        /**
         * Makes a device.
         *
         * @param uuid made when it was formatted.
         * @param endpoint host:port where it is served.
         * @param capacityBytes of its journal.
         */
        Device(final UUID uuid, final String endpoint, final long capacityBytes) {
            this.uuid = uuid;
            this.endpoint = endpoint;
            this.capacityBytes = capacityBytes;
            isPresent = true;
        }
    }

    /**
     * Makes a node that has not registered.
     *
     * @param id of the node.
     */
    ClusterNode(final UUID id) {
        this.id = id;
    }
}
