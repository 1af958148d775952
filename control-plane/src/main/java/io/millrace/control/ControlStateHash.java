package io.millrace.control;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.KeyHash;
import io.millrace.codec.MillraceException;
import java.util.NavigableMap;
import java.util.UUID;
import org.agrona.ExpandableArrayBuffer;

/**
 * Hashes all parts of a control state that decide what later commands do.
 *
 * <p><b>Threading:</b> no state.
 */
final class ControlStateHash {
    private ControlStateHash() {}

    /**
     * Hashes.
     *
     * @param lastStreamId ever given.
     * @param streamCount of all scopes.
     * @param segmentCount of all streams.
     * @param scopes by name, each with its streams by name.
     * @param chains data chains with their effects.
     * @param nodes that carry unreplicated chains.
     * @param requests remembered.
     * @param cluster nodes and chains that are replicated.
     * @return the hash; a state that has seen no command of a cluster has the one it had before there were clusters.
     */
    static long of(
            final long lastStreamId,
            final int streamCount,
            final int segmentCount,
            final NavigableMap<String, NavigableMap<String, Stream>> scopes,
            final ChainEffects[] chains,
            final NavigableMap<UUID, Node> nodes,
            final RequestTable requests,
            final Cluster cluster) {
        final StateHash hash = new StateHash();
        hash.add(lastStreamId).add(streamCount).add(segmentCount).add(scopes.size());
        scopes.forEach((name, streams) -> {
            hash.add(name).add(streams.size());
            for (final Stream stream : streams.values()) {
                stream.addTo(hash);
            }
        });
        hash.add(chains.length);
        for (final ChainEffects chain : chains) {
            chain.addTo(hash);
        }
        hash.add(nodes.size());
        nodes.forEach((id, node) -> hash.add(id.getMostSignificantBits())
                .add(id.getLeastSignificantBits())
                .add(node.device().getMostSignificantBits())
                .add(node.device().getLeastSignificantBits())
                .add(node.incarnation())
                .add(node.endpoint()));
        requests.addTo(hash);
        if (!cluster.isEmpty()) {
            final ExpandableArrayBuffer bytes = new ExpandableArrayBuffer();
            final SnapshotWriter writer = new SnapshotWriter(bytes, 0);
            new ClusterWriter(writer).write(cluster);
            hash.add(KeyHash.of(bytes, 0, writer.length()));
        }
        return hash.value();
    }

    /**
     * Checks that what a snapshot was read into is the state that was written.
     *
     * @param reader that has read.
     * @throws MillraceException when it is another one.
     */
    static void require(final SnapshotReader reader) {
        final long restoredHash = of(
                reader.lastStreamId(),
                reader.streamCount(),
                reader.segmentCount(),
                reader.scopes(),
                reader.chains(),
                reader.nodes(),
                reader.requests(),
                reader.cluster());
        if (restoredHash != reader.stateHash()) {
            throw new MillraceException(
                    ErrorCode.RECORD_INVALID,
                    "the snapshot of the control plane is damaged: its state has hash "
                            + Long.toHexString(restoredHash) + ", it was written with "
                            + Long.toHexString(reader.stateHash()));
        }
    }
}
