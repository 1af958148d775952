package io.millrace.control;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a replicated chain as it is now, for carriers, tools and checkers.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param chain data chain, from 1.
 * @param epoch of the configuration that was decided last.
 * @param sealEpoch the highest epoch that replicas were asked to promise.
 * @param phase NORMAL, SEALING or INSTALLING.
 * @param block why a seal finds nobody to go on, 0: it does or has not tried; the numbers are those of the choice.
 * @param cause why it was sealed last.
 * @param startPosition first position the epoch writes.
 * @param floorPosition up to where every member held the chosen log.
 * @param members from head to tail.
 * @param others learners and former members.
 * @param targets where the members should be, from head to tail.
 */
public record ChainView(
        int chain,
        long epoch,
        long sealEpoch,
        String phase,
        int block,
        String cause,
        long startPosition,
        long floorPosition,
        List<Member> members,
        List<ReplicaId> others,
        List<ReplicaId> targets) {
    /**
     * A member.
     *
     * @param replica where it lies.
     * @param incarnation of its node that the configuration is bound to.
     * @param isInstalled whether it has said so.
     * @param isSealed whether it has answered the Seal under way.
     * @param endpoint host:port of its device.
     */
    public record Member(ReplicaId replica, long incarnation, boolean isInstalled, boolean isSealed, String endpoint) {}

    /**
     * Returns whom writers, and questions about lengths, are sent to: the head; while nobody can go on, the first
     * member that is sealed, which can say why.
     *
     * @return null when the chain has no members.
     */
    public @Nullable Member head() {
        for (int i = 0; block != 0 && i < members.size(); i++) {
            if (members.get(i).isSealed()) {
                return members.get(i);
            }
        }
        return members.isEmpty() ? null : members.get(0);
    }

    /**
     * Returns whom readers are sent to: the tail; while nobody can go on, the last member that is sealed, which serves
     * what it knows to be committed.
     *
     * @return null when the chain has no members.
     */
    public @Nullable Member tail() {
        for (int i = members.size() - 1; block != 0 && i >= 0; i--) {
            if (members.get(i).isSealed()) {
                return members.get(i);
            }
        }
        return members.isEmpty() ? null : members.get(members.size() - 1);
    }
}
