package io.millrace.replication;

/**
 * What a replica is and how far it has come, for reports and checks.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param chain number.
 * @param chainEpoch installed, 0: none.
 * @param promisedEpoch highest one promised, durable or not.
 * @param isSealed whether it takes part in no epoch.
 * @param index of it among the members, 0 for the head, -1 outside of any epoch.
 * @param memberCount members of the epoch; 1 for a chain that was never configured.
 * @param memberSinceEpoch of its durable record of membership, 0: none.
 * @param lastPosition of its log.
 * @param lastHash of its log.
 * @param durablePosition up to here its records are durable.
 * @param commitPosition up to here they are known to be committed.
 * @param appliedPosition up to here they are applied.
 * @param basePosition up to here a durable checkpoint holds them.
 * @param receivedByAllPosition up to here every member has received them, durable or not (MEMORY); 0 unknown.
 * @param isDamaged whether something is missing below the last position, or the replica was halted.
 * @param isUncertain whether the end of its device was torn or rotted.
 * @param isLearner whether it learns from another replica.
 * @param isComplete whether a learner has everything.
 * @param durableLagNs age of the oldest record received and not durable here, 0: none.
 * @param commitLagNs age of the oldest record received and not committed, 0: none.
 * @param predecessorSilenceNs since the last sign of life of the predecessor, 0 without one.
 * @param successorSilenceNs since the last sign of life of the successor, 0 without one.
 * @param successorLastPosition last position that the successor is known to have.
 * @param haltReason why the replica was halted, empty when it was not.
 */
public record ChainView(
        int chain,
        long chainEpoch,
        long promisedEpoch,
        boolean isSealed,
        int index,
        int memberCount,
        long memberSinceEpoch,
        long lastPosition,
        long lastHash,
        long durablePosition,
        long commitPosition,
        long appliedPosition,
        long basePosition,
        long receivedByAllPosition,
        boolean isDamaged,
        boolean isUncertain,
        boolean isLearner,
        boolean isComplete,
        long durableLagNs,
        long commitLagNs,
        long predecessorSilenceNs,
        long successorSilenceNs,
        long successorLastPosition,
        String haltReason) {}
