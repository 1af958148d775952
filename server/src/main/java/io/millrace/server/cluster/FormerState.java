package io.millrace.server.cluster;

import io.millrace.codec.control.ImportPartEncoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.control.ChainPlaces;
import io.millrace.control.ControlLimits;
import io.millrace.control.ControlLog;
import io.millrace.control.ControlPlaneLink;
import io.millrace.control.ControlService;
import io.millrace.control.Reply;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What chain 0 says of a node that was alone: its scopes, streams and segments, until the cluster that the node has
 * joined has them.
 *
 * <p>It is read from the device at every start. Whether the cluster has it, the cluster says at every start as well, so
 * nothing here has to be noted durably; the first checkpoint behind that leaves it out.
 *
 * <p><b>Threading</b>: the device thread.
 *
 * <p><b>Invariants</b>: nothing is appended to chain 0; a state that no cluster is known to have is in every
 * checkpoint.
 */
final class FormerState {
    private static final int PART_LENGTH = 16 * 1024;
    private static final long OFFER_AGAIN_NS = TimeUnit.SECONDS.toNanos(3);

    private final ExpandableArrayBuffer message = new ExpandableArrayBuffer(PART_LENGTH + 128);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ImportPartEncoder part = new ImportPartEncoder();
    private @Nullable ControlService<Object> service;
    private UnsafeBuffer offered = new UnsafeBuffer(0, 0);
    private UUID importId = new UUID(0, 0);
    private int offeredUpTo;
    private long nextOfferNs;

    /** Starts with nothing. */
    FormerState() {}

    /** Tells whether there is something that no cluster is known to have. */
    boolean isHeld() {
        return service != null;
    }

    /**
     * Returns the number of the node's last start alone.
     *
     * @param node its id.
     * @return from 1; 0: it was never alone here.
     */
    long lastStart(final UUID node) {
        final ControlService<Object> held = service;
        return held == null ? 0 : held.state().incarnation(node);
    }

    /** Applies a command of chain 0. */
    void apply(
            final long position,
            final long timestampNs,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        held().onCommitted(position, timestampNs, buffer, offset, length);
    }

    /** Begins with the state of a checkpoint. */
    void restore(final DirectBuffer buffer, final int offset, final int length) {
        held().restore(buffer, offset, length);
    }

    /** Writes the state for a checkpoint; nothing when it is not held. */
    int encode(final MutableDirectBuffer buffer, final int offset) {
        final ControlService<Object> state = service;
        return state == null ? 0 : state.encode(buffer, offset);
    }

    /** Forgets it: the cluster has it. */
    void handedOver() {
        service = null;
        offered = new UnsafeBuffer(0, 0);
    }

    /**
     * Offers the next part to the control plane; all of it again when nobody has said for long that it is taken.
     *
     * @param link to the control plane.
     * @param nowNs monotonic time of this turn.
     * @return work done.
     */
    int offer(final ControlPlaneLink link, final long nowNs) {
        final ControlService<Object> state = service;
        if (state == null) {
            return 0;
        }
        if (offered.capacity() == 0) {
            final ExpandableArrayBuffer snapshot = new ExpandableArrayBuffer(PART_LENGTH);
            offered = new UnsafeBuffer(snapshot, 0, state.encode(snapshot, 0));
            importId = UUID.nameUUIDFromBytes(
                    (state.appliedPosition() + " " + state.state().stateHash()).getBytes(StandardCharsets.US_ASCII));
        }
        final int length = offered.capacity();
        if (offeredUpTo >= length) {
            if (nowNs - nextOfferNs < 0) {
                return 0;
            }
            offeredUpTo = 0;
        }
        nextOfferNs = nowNs + OFFER_AGAIN_NS;
        final int count = Math.min(PART_LENGTH, length - offeredUpTo);
        final int encoded = part.wrapAndApplyHeader(message, 0, header)
                .importIdHigh(importId.getMostSignificantBits())
                .importIdLow(importId.getLeastSignificantBits())
                .fromByte(offeredUpTo)
                .snapshotLength(length)
                .putBytes(offered, offeredUpTo, count)
                .encodedLength();
        if (!link.report(message, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoded)) {
            return 0;
        }
        offeredUpTo += count;
        return 1;
    }

    /** It only ever applies: what it would append, send or answer is nobody's. */
    private ControlService<Object> held() {
        ControlService<Object> state = service;
        if (state == null) {
            state = new ControlService<>(
                    ControlLimits.DEFAULT,
                    (command, length) -> ControlLog.BACK_PRESSURED,
                    (chain, effectNumber, effect, offset, length) -> false,
                    (session, buffer, offset, length) -> Reply.GONE,
                    (queryId, index, chain, streamId, segmentId) -> false,
                    ChainPlaces.HERE);
            service = state;
        }
        return state;
    }
}
