package io.millrace.control.consensus;

import io.millrace.control.GroupView;
import java.util.UUID;

/**
 * What a member of the group is and has.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param isLeader whether it leads.
 * @param term leadership term, -1: none yet.
 * @param leaderMember index of who leads the term, -1: none yet.
 * @param logPosition in the log, bytes.
 * @param appliedPosition commands applied, ever.
 * @param allSavedPosition up to here every member has a durable snapshot.
 * @param group what the state knows of the group.
 * @param hasHash whether the hash is of this position.
 * @param stateHash of the state.
 * @param hashedPosition commands applied when the member hashed its state last by itself, 0: it has not yet.
 * @param hashedState its hash there.
 * @param comparedPosition the last such position at which all members were seen to hold the same, 0: none yet.
 * @param comparedState the hash of all of them there.
 * @param divergenceCount positions at which members were seen to hold different states.
 * @param ignoredCount messages that changed nothing: malformed, or not of the control plane.
 * @param droppedCount messages to nodes that were not sent.
 */
public record ReplicaStatus(
        boolean isLeader,
        long term,
        int leaderMember,
        long logPosition,
        long appliedPosition,
        long allSavedPosition,
        GroupView group,
        boolean hasHash,
        long stateHash,
        long hashedPosition,
        long hashedState,
        long comparedPosition,
        long comparedState,
        long divergenceCount,
        long ignoredCount,
        long droppedCount) {
    /** Before the start. */
    static final ReplicaStatus NONE = new ReplicaStatus(
            false, -1, -1, 0, 0, 0, new GroupView(new UUID(0, 0), 0, 1, false, 0), false, 0, 0, 0, 0, 0, 0, 0, 0);
}
