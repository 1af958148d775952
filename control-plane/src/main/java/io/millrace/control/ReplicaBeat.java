package io.millrace.control;

/**
 * What a heartbeat says of one replica.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param chainEpoch installed, 0: none.
 * @param lastPosition of its log.
 * @param durablePosition of its device.
 * @param commitPosition it knows.
 * @param basePosition of its checkpoint.
 * @param durableLagNs age of the oldest record received and not durable.
 * @param stallNs for how long its device has completed nothing, 0: it completes.
 * @param suspects bits {@link Replica#PREDECESSOR} and {@link Replica#SUCCESSOR}.
 * @param predecessorSilenceNs for how long its predecessor has been silent, 0: not long enough to suspect it, or the
 *     feature level leaves it out.
 * @param successorSilenceNs likewise.
 */
record ReplicaBeat(
        long chainEpoch,
        long lastPosition,
        long durablePosition,
        long commitPosition,
        long basePosition,
        long durableLagNs,
        long stallNs,
        int suspects,
        long predecessorSilenceNs,
        long successorSilenceNs) {}
