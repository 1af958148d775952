package io.millrace.store;

import java.util.Arrays;

/** One fragmented event and where its fragments lie so far. Reused by {@link OpenEvents}. */
final class OpenEvent {
    private int writerSlot = WriterTable.ABSENT;
    private long eventNumber;
    private int session;
    private int totalLength;
    private int receivedLength;
    private int fragmentCount;
    private long[] positions = new long[16];
    private int[] offsets = new int[16];

    /** Creates it unused. */
    OpenEvent() {}

    /** Tells whether an event is open here. */
    boolean inUse() {
        return writerSlot != WriterTable.ABSENT;
    }

    /** Gives the writer entry's slot. */
    int writerSlot() {
        return writerSlot;
    }

    /** Gives the number of the event, of the first one in an atomic list. */
    long eventNumber() {
        return eventNumber;
    }

    /** Gives the session its fragments belong to. */
    int session() {
        return session;
    }

    /** Gives the bytes of all fragments so far. */
    int receivedLength() {
        return receivedLength;
    }

    /** Gives the bytes of the whole event. */
    int totalLength() {
        return totalLength;
    }

    /** Gives the number of fragments so far. */
    int fragmentCount() {
        return fragmentCount;
    }

    /** Gives a fragment's position in the chain log. */
    long position(final int index) {
        return positions[index];
    }

    /** Gives a fragment's byte offset in the event. */
    int offset(final int index) {
        return offsets[index];
    }

    /** Tells whether a later fragment belongs to this event. */
    boolean continues(final long number, final int total, final int fragmentSession) {
        return eventNumber == number && totalLength == total && session == fragmentSession;
    }

    /** Begins an event with no fragment. */
    void begin(final int slot, final long number, final int total, final int fragmentSession) {
        writerSlot = slot;
        eventNumber = number;
        totalLength = total;
        session = fragmentSession;
        receivedLength = 0;
        fragmentCount = 0;
    }

    /** Takes note of the next fragment. */
    void add(final long position, final int length) {
        if (fragmentCount == positions.length) {
            positions = Arrays.copyOf(positions, fragmentCount * 2);
            offsets = Arrays.copyOf(offsets, fragmentCount * 2);
        }
        positions[fragmentCount] = position;
        offsets[fragmentCount] = receivedLength;
        fragmentCount++;
        receivedLength += length;
    }

    /** Ends the event. */
    void end() {
        writerSlot = WriterTable.ABSENT;
    }

    /** Takes over another one. */
    void copyFrom(final OpenEvent other) {
        begin(other.writerSlot, other.eventNumber, other.totalLength, other.session);
        receivedLength = other.receivedLength;
        fragmentCount = other.fragmentCount;
        positions = other.positions.clone();
        offsets = other.offsets.clone();
    }

    /** Hashes all but the writer's slot. */
    long stateHash() {
        long hash = StateHash.mix(eventNumber, session, totalLength, receivedLength);
        for (int i = 0; i < fragmentCount; i++) {
            hash = StateHash.mix(hash, positions[i], offsets[i], 0);
        }
        return hash;
    }
}
