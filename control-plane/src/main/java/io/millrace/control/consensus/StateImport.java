package io.millrace.control.consensus;

import io.millrace.codec.MillraceException;
import io.millrace.codec.control.ImportPartDecoder;
import io.millrace.control.ControlService;
import java.util.UUID;
import org.agrona.ExpandableArrayBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Puts together the state of a node that was alone: the node offers it in parts, and every member has them from the
 * log.
 *
 * <p><b>Threading:</b> the service's thread.
 *
 * <p><b>Invariant:</b> what is put together follows from the log alone. A snapshot of the group drops what is not
 * whole, on every member.
 */
final class StateImport {
    private static final int FIRST_LENGTH = 16 * 1024;
    private static final long MAX_LENGTH = 256L << 20;

    private @Nullable UUID importId;
    private @Nullable ExpandableArrayBuffer received;
    private long snapshotLength;
    private int receivedLength;

    /** Starts with nothing. */
    StateImport() {}

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
            received = new ExpandableArrayBuffer(FIRST_LENGTH);
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
     * Has a group go on with the state that was put together, and forgets it.
     *
     * @param service of the group.
     * @return why it was not taken, null: it was.
     */
    @Nullable
    String handTo(final ControlService<?> service) {
        final ExpandableArrayBuffer whole = received;
        if (whole == null) {
            throw new IllegalStateException("no import is whole");
        }
        try {
            return service.takeOver(whole, 0, receivedLength)
                    ? null
                    : "the cluster has streams or chains already, or the state is not that of a node alone";
        } catch (final MillraceException e) {
            return e.getMessage();
        } finally {
            drop();
        }
    }

    /** Forgets what has come of an import. */
    void drop() {
        importId = null;
        received = null;
        receivedLength = 0;
    }
}
