package io.millrace.replication;

/**
 * Which chains a device of a node holds: data chains go round the devices, chain 0 lies on the first. Fixed for the
 * life of a node; nothing else decides, so that every start gives a device the same chains.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param chainCount data chains of the node; chain 0 comes on top.
 * @param device number of this device, from 0.
 * @param deviceCount devices of the node, at most as many as data chains.
 */
public record ChainPlacement(int chainCount, int device, int deviceCount) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException when a device would hold no chain, or there is no such device.
     */
    public ChainPlacement {
        if (device < 0 || device >= deviceCount || deviceCount > chainCount) {
            throw new IllegalArgumentException(
                    "device " + device + " of " + deviceCount + " with " + chainCount + " chains");
        }
    }

    /**
     * Places all chains on one device.
     *
     * @param chainCount data chains.
     * @return the placement of the only device.
     */
    public static ChainPlacement single(final int chainCount) {
        return new ChainPlacement(chainCount, 0, 1);
    }

    /**
     * Finds the device of a chain.
     *
     * @param chain from 0 to {@code chainCount}.
     * @return the device's number, from 0.
     */
    public int deviceOf(final int chain) {
        return chain == 0 ? 0 : (chain - 1) % deviceCount;
    }

    /**
     * Tells whether the device holds a chain.
     *
     * @param chain any number.
     * @return false for one that does not exist, too.
     */
    public boolean holds(final int chain) {
        return exists(chain) && deviceOf(chain) == device;
    }

    /**
     * Tells whether the node has a chain.
     *
     * @param chain any number.
     * @return true from 0 to {@code chainCount}.
     */
    public boolean exists(final int chain) {
        return chain >= 0 && chain <= chainCount;
    }
}
