package io.millrace.control.consensus;

import io.millrace.codec.control.ImportPartDecoder;
import io.millrace.codec.control.ImportPartEncoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.control.ControlService;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A group without history takes over the state of a node that ran alone: its first leader offers the snapshot in parts,
 * and every member puts them together.
 *
 * <p><b>Threading:</b> the service's thread.
 *
 * <p><b>Invariant:</b> what is put together follows from the log alone. A snapshot of the group drops what is not
 * whole, on every member.
 */
final class StateImport {
    private static final int PART_LENGTH = 16 * 1024;
    private static final long MAX_LENGTH = 256L << 20;
    private static final long OFFER_AGAIN_NS = TimeUnit.SECONDS.toNanos(3);

    private final UnsafeBuffer offered = new UnsafeBuffer(0, 0);
    private final ExpandableArrayBuffer message = new ExpandableArrayBuffer(PART_LENGTH + 128);
    private final UUID ownId;
    private int offeredUpTo;
    private long nextOfferNs;
    private boolean isOffered;
    private @Nullable UUID importId;
    private @Nullable ExpandableArrayBuffer received;
    private long snapshotLength;
    private int receivedLength;

    /**
     * Takes what this member would offer.
     *
     * @param initialState what {@link ControlService#encode} of chain 0 wrote; empty: nothing.
     */
    StateImport(final byte[] initialState) {
        offered.wrap(initialState);
        isOffered = initialState.length > 0;
        ownId = new UUID(
                initialState.length, UUID.nameUUIDFromBytes(initialState).getLeastSignificantBits());
    }

    /** Tells whether there is something that the group has not taken or refused. */
    boolean isOffered() {
        return isOffered;
    }

    /**
     * Offers the next part.
     *
     * @param session to offer it by.
     * @param nowNs of a clock that never goes back.
     * @return true when it is on its way.
     */
    boolean offer(final GroupSession session, final long nowNs) {
        final int length = offered.capacity();
        if (offeredUpTo >= length) {
            if (nowNs - nextOfferNs < 0) {
                return false;
            }
            // A part was lost: all of it again.
            offeredUpTo = 0;
        }
        nextOfferNs = nowNs + OFFER_AGAIN_NS;
        final int count = Math.min(PART_LENGTH, length - offeredUpTo);
        final int encoded = new ImportPartEncoder()
                .wrapAndApplyHeader(message, 0, new MessageHeaderEncoder())
                .importIdHigh(ownId.getMostSignificantBits())
                .importIdLow(ownId.getLeastSignificantBits())
                .fromByte(offeredUpTo)
                .snapshotLength(length)
                .putBytes(offered, offeredUpTo, count)
                .encodedLength();
        if (!session.offer(message, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoded)) {
            return false;
        }
        offeredUpTo += count;
        return true;
    }

    /**
     * Takes a part from the log.
     *
     * @param part of an import; one that does not follow the last one begins nothing and is ignored.
     * @return true when it was the last one.
     */
    boolean onPart(final ImportPartDecoder part) {
        final UUID id = new UUID(part.importIdHigh(), part.importIdLow());
        final long from = part.fromByte();
        final int count = part.bytesLength();
        if (from == 0) {
            if (part.snapshotLength() < 1 || part.snapshotLength() > MAX_LENGTH) {
                return false;
            }
            importId = id;
            snapshotLength = part.snapshotLength();
            received = new ExpandableArrayBuffer(PART_LENGTH);
            receivedLength = 0;
        }
        final ExpandableArrayBuffer target = received;
        if (target == null || !id.equals(importId) || from != receivedLength || count > snapshotLength - from) {
            return false;
        }
        part.getBytes(target, receivedLength, count);
        receivedLength += count;
        return receivedLength == snapshotLength;
    }

    /**
     * Restores the state that was put together.
     *
     * @param service that has seen no command.
     */
    void restore(final ControlService<?> service) {
        final ExpandableArrayBuffer whole = received;
        if (whole == null) {
            throw new IllegalStateException("no import is whole");
        }
        service.restore(whole, 0, receivedLength);
        service.markImported();
        isOffered = false;
    }

    /** Forgets what has come of an import. */
    void drop() {
        importId = null;
        received = null;
        receivedLength = 0;
    }
}
