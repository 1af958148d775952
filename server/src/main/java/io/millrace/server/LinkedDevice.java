package io.millrace.server;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.control.ControlService;
import io.millrace.replication.ControlChain;
import io.millrace.replication.DeviceAgent;
import io.millrace.transport.Session;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.ControlledMessageHandler;

/**
 * The control plane as a device sees it that does not carry it: orders come by a {@link DeviceLink}, news go back, and
 * clients are told where to ask.
 *
 * <p><b>Threading</b>: the device's thread.
 */
final class LinkedDevice implements ControlChain, DeviceLink.Orders {
    /** Every metadata request begins with its id. */
    private static final int REQUEST_ID_OFFSET = 8;

    private final DeviceAgent agent;
    private final DeviceLink link;
    private final ControlledMessageHandler obedience = DeviceLink.obedience(this);
    private String elsewhere = "";
    private boolean isFenceUntold;

    /** Joins the two; the agent is told. */
    LinkedDevice(final DeviceAgent agent, final DeviceLink link) {
        this.agent = agent;
        this.link = link;
        agent.controlChain(this);
    }

    /** Names the address that serves the control plane; before frames arrive. */
    void controlEndpoint(final String endpoint) {
        elsewhere = "streams are managed at another address of this node: " + endpoint;
    }

    @Override
    public boolean handles(final int templateId) {
        return ControlService.handles(templateId);
    }

    @Override
    public boolean onFrame(
            final Session session,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        return session.refuse(
                RefusalCode.WRONG_NODE,
                templateId,
                buffer.getLong(offset + REQUEST_ID_OFFSET, ByteOrder.LITTLE_ENDIAN),
                0,
                0,
                0,
                0,
                0,
                elsewhere);
    }

    @Override
    public void onSessionClosed(final Session session) {
        // Nothing of a session is kept here.
    }

    @Override
    public void onCommitted(
            final long position,
            final long timestampNs,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        throw new IllegalStateException("a command of chain 0 on a device without it");
    }

    @Override
    public int encode(final MutableDirectBuffer buffer, final int offset) {
        return 0;
    }

    @Override
    public void restore(final DirectBuffer buffer, final int offset, final int length) {
        throw new IllegalStateException("a state of chain 0 on a device without it");
    }

    @Override
    public void onEffectCommitted(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        // When there is no room it is told again: the effect is ordered again until it is heard of.
        link.tellEffectDone(chain, effectNumber, action, streamId, segmentId, finalLength);
    }

    @Override
    public void onFenced() {
        isFenceUntold = true;
    }

    @Override
    public int doWork(final long nowNs) {
        if (isFenceUntold && link.tellFenced()) {
            isFenceUntold = false;
        }
        return link.obey(obedience);
    }

    @Override
    public boolean onEffect(
            final int chain, final long effectNumber, final DirectBuffer buffer, final int offset, final int length) {
        return agent.appendEffect(chain, effectNumber, buffer, offset, length);
    }

    @Override
    public void onAskLength(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        final SegmentAnswer answer = SegmentAnswer.of(agent, chain, streamId, segmentId);
        // When there is no room it is asked again.
        link.tellLength(
                queryId, index, agent.chainEpoch(chain), answer.length(), answer.startOffset(), answer.isSealed());
    }
}
