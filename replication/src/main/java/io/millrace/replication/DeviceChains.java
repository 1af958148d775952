package io.millrace.replication;

import java.util.Arrays;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The replicas of one device, by the numbers of their chains.
 *
 * <p><b>Threading</b>: the device thread. <b>Invariants</b>: in order of the numbers; the last one is of a data chain.
 */
final class DeviceChains {
    private final ChainPlacement placement;
    private final ChainReplica[] held;
    private final @Nullable ChainReplica[] byNumber;

    /**
     * Makes the replicas.
     *
     * @param placement says which.
     * @param maker makes one, given its chain's number.
     */
    DeviceChains(final ChainPlacement placement, final IntFunction<ChainReplica> maker) {
        this.placement = placement;
        byNumber = new ChainReplica[placement.chainCount() + 1];
        int count = 0;
        for (int chain = 0; chain < byNumber.length; chain++) {
            if (placement.holds(chain)) {
                byNumber[chain] = maker.apply(chain);
                count++;
            }
        }
        held = new ChainReplica[count];
        int next = 0;
        for (final ChainReplica replica : byNumber) {
            if (replica != null) {
                held[next++] = replica;
            }
        }
    }

    /** Returns the replicas in the order of their chains; not to be changed. */
    ChainReplica[] held() {
        return held;
    }

    /** Returns the replicas of data chains in the order of their chains. */
    ChainReplica[] heldData() {
        return held[0].chain() == 0 ? Arrays.copyOfRange(held, 1, held.length) : held;
    }

    /** Returns the replica of a chain, null when it is not held here or does not exist. */
    @Nullable
    ChainReplica find(final int chain) {
        return chain >= 0 && chain < byNumber.length ? byNumber[chain] : null;
    }

    /** Returns the replica of a data chain, null when it is none, or not held here. */
    @Nullable
    ChainReplica findData(final int chain) {
        return chain == 0 ? null : find(chain);
    }

    /**
     * Returns the replica of a chain that a record names.
     *
     * @throws IllegalStateException when it is not held here.
     */
    ChainReplica get(final int chain) {
        final ChainReplica replica = find(chain);
        if (replica == null) {
            throw new IllegalStateException("the journal of device " + placement.device() + " holds chain " + chain
                    + ", which is not one of its chains: the number of chains, and of devices and their order, are"
                    + " fixed when a node is first started (now " + placement.chainCount() + " chains over "
                    + placement.deviceCount() + " devices)");
        }
        return replica;
    }

    /** Tells whether a data chain exists, and is held by another device. */
    boolean isElsewhere(final int chain) {
        return chain != 0 && placement.exists(chain) && find(chain) == null;
    }

    /** Returns how the node's chains are placed. */
    ChainPlacement placement() {
        return placement;
    }
}
