package io.millrace.replication;

import io.millrace.codec.chain.InstallDecoder;

/**
 * A configuration that the control plane wants installed, copied out of its message.
 *
 * <p><b>Threading</b>: the device thread; immutable after it was read.
 */
final class InstallOrder {
    /** The most members of a chain that are believed. */
    private static final int MAX_MEMBERS = 64;

    final long epoch;
    final long orderNumber;
    final int minimum;
    final ReplicaAddress[] members;
    final long[] sinceEpochs;
    final EpochHistory history = new EpochHistory();

    /** Tells whether the history rises and the members are not too many. */
    final boolean isSound;

    /**
     * Copies a message.
     *
     * @param install wrapped; its groups are read.
     */
    InstallOrder(final InstallDecoder install) {
        epoch = install.chainEpoch();
        orderNumber = install.orderNumber();
        minimum = install.minimum();
        final InstallDecoder.MembersDecoder group = install.members();
        final int count = Math.min(MAX_MEMBERS, group.count());
        boolean sound = group.count() <= MAX_MEMBERS && count > 0;
        members = new ReplicaAddress[count];
        sinceEpochs = new long[count];
        for (int i = 0; group.hasNext(); i++) {
            group.next();
            final ReplicaAddress address = new ReplicaAddress(
                    group.nodeIdHigh(),
                    group.nodeIdLow(),
                    group.deviceUuidHigh(),
                    group.deviceUuidLow(),
                    group.incarnation(),
                    group.endpoint());
            if (i < count) {
                members[i] = address;
                sinceEpochs[i] = group.sinceEpoch();
            }
        }
        for (final InstallDecoder.LearnersDecoder learner : install.learners()) {
            learner.skipEndpoint();
        }
        for (final InstallDecoder.HistoryDecoder pair : install.history()) {
            sound &= history.add(pair.epoch(), pair.startPosition());
        }
        isSound = sound && history.lastEpoch() == epoch;
    }

    /** Finds this device among the members, -1 when it is none. */
    int indexOf(final ReplicaAddress own) {
        for (int i = 0; i < members.length; i++) {
            if (members[i].isSameDevice(own)) {
                return i;
            }
        }
        return -1;
    }
}
