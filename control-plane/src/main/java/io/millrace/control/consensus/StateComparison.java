package io.millrace.control.consensus;

import org.jspecify.annotations.Nullable;

/**
 * Whether all members hold the same: each says by the log what hash its state has at the same positions, and every
 * member sees what all have said.
 *
 * <p>The positions are far apart, so that the hash of a large state is rarely made. They follow from the log alone: a
 * member that starts again or was behind comes by the same ones.
 *
 * <p><b>Threading:</b> the service's thread.
 *
 * <p><b>Invariants:</b> nothing here has an effect on the state. What is compared is of one position.
 */
final class StateComparison {
    /** A group of three nodes without requests applies so many commands in about 20 s. */
    static final int INTERVAL = 512;

    private final long[] reported;
    private final long[] hashes;
    private long ownPosition;
    private long ownHash;
    private long position;
    private long comparedPosition;
    private long comparedHash;
    private long divergenceCount;
    private long divergedPosition = -1;

    /**
     * Starts with nothing said.
     *
     * @param memberCount of the group.
     */
    StateComparison(final int memberCount) {
        reported = new long[memberCount];
        hashes = new long[memberCount];
    }

    /**
     * Tells whether the state is to be hashed at a position.
     *
     * @param appliedPosition commands applied.
     */
    static boolean isDue(final long appliedPosition) {
        return appliedPosition % INTERVAL == 0;
    }

    /**
     * Notes what this member holds.
     *
     * @param appliedPosition that is due.
     * @param stateHash there.
     */
    void own(final long appliedPosition, final long stateHash) {
        ownPosition = appliedPosition;
        ownHash = stateHash;
    }

    /**
     * Tells whether what a member holds is still to be said.
     *
     * @param member this one.
     */
    boolean isToReport(final int member) {
        return ownPosition > reported[member];
    }

    /** Returns the position of this member's last hash, 0: none yet. */
    long ownPosition() {
        return ownPosition;
    }

    /** Returns this member's last hash. */
    long ownHash() {
        return ownHash;
    }

    /**
     * Takes what a member says; of a position that others have left behind it is too late.
     *
     * @param member index; one that there is not says nothing.
     * @param appliedPosition where.
     * @param stateHash of its state.
     * @return what differs, the first time at a position; null: nothing does.
     */
    @Nullable
    String onReport(final int member, final long appliedPosition, final long stateHash) {
        if (member < 0 || member >= reported.length || appliedPosition < position) {
            return null;
        }
        position = appliedPosition;
        reported[member] = appliedPosition;
        hashes[member] = stateHash;
        boolean isOfAll = true;
        boolean isSame = appliedPosition != ownPosition || stateHash == ownHash;
        for (int other = 0; other < reported.length; other++) {
            final boolean isThere = reported[other] == appliedPosition;
            isOfAll &= isThere;
            isSame &= !isThere || hashes[other] == stateHash;
        }
        if (!isSame && divergedPosition != appliedPosition) {
            divergedPosition = appliedPosition;
            divergenceCount++;
            return describe();
        }
        if (isSame && isOfAll) {
            comparedPosition = appliedPosition;
            comparedHash = stateHash;
        }
        return null;
    }

    private String describe() {
        final StringBuilder text = new StringBuilder("the members of the control plane hold different states after ")
                .append(position)
                .append(" commands:");
        for (int member = 0; member < reported.length; member++) {
            if (reported[member] == position) {
                text.append(" member ").append(member).append(' ').append(Long.toHexString(hashes[member]));
            }
        }
        if (ownPosition == position) {
            text.append(" here ").append(Long.toHexString(ownHash));
        }
        return text.toString();
    }

    /** Returns the last position at which all members were seen to hold the same, 0: none yet. */
    long comparedPosition() {
        return comparedPosition;
    }

    /** Returns the hash of all at {@link #comparedPosition}. */
    long comparedHash() {
        return comparedHash;
    }

    /** Returns at how many positions members were seen to hold different states. */
    long divergenceCount() {
        return divergenceCount;
    }
}
