package io.millrace.replication;

/**
 * Hears of read barriers.
 *
 * <p><b>Threading</b>: the device thread.
 */
@FunctionalInterface
public interface BarrierHandler {
    /**
     * Tells that a barrier has passed, or was refused.
     *
     * @param chain number.
     * @param barrierId as it was asked for.
     * @param passed whether every member took part in the epoch: what the chain's state shows now is linearizable.
     */
    void onBarrier(int chain, long barrierId, boolean passed);
}
