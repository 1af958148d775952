package io.millrace.server;

import io.millrace.codec.control.EffectAction;
import io.millrace.control.ChainPlaces;
import io.millrace.control.ControlLimits;
import io.millrace.control.ControlLog;
import io.millrace.control.ControlService;
import io.millrace.control.EffectSink;
import io.millrace.control.Reply;
import io.millrace.control.SegmentLengths;
import io.millrace.journal.JournalStatus;
import io.millrace.replication.ChainPlacement;
import io.millrace.replication.ControlChain;
import io.millrace.replication.DeviceAgent;
import io.millrace.transport.Session;
import java.util.Arrays;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.ControlledMessageHandler;

/**
 * Carries the control plane on chain 0 of the device: joins {@link ControlService}, which knows no device, to
 * {@link DeviceAgent}, which knows no metadata. Chains of other devices are spoken to by {@link DeviceLink}s. A
 * consensus log will replace this class and neither of the two.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ControlCarrier
        implements ControlChain, ControlLog, EffectSink, Reply<Session>, SegmentLengths, ChainPlaces, DeviceLink.News {
    private final DeviceAgent agent;
    private final ChainPlacement placement;
    private final List<DeviceLink> links;
    private final String[] places;
    private final ControlledMessageHandler hearing = DeviceLink.hearing(this);
    private final ControlService<Session> service;

    /**
     * Joins the two; the agent is told.
     *
     * @param agent of the device that holds chain 0.
     * @param links to the other devices, in their order from device 1 on.
     * @param limits of the control plane.
     * @throws IllegalArgumentException when a chain holds fewer segments than the control plane may order on it.
     */
    ControlCarrier(final DeviceAgent agent, final List<DeviceLink> links, final ControlLimits limits) {
        final int room = agent.state(0).limits().maxSegments();
        if (room < limits.maxSegments()) {
            throw new IllegalArgumentException("each chain holds " + room
                    + " segments, but the control plane may order " + limits.maxSegments()
                    + " on one: StoreLimits.maxSegments must not be below ControlLimits.maxSegments");
        }
        this.agent = agent;
        this.links = List.copyOf(links);
        placement = agent.placement();
        places = new String[links.size() + 1];
        Arrays.fill(places, "");
        service = new ControlService<>(limits, this, this, this, this, this);
        agent.controlChain(this);
    }

    /**
     * Names where the other devices listen: on the host of this one.
     *
     * @param device number, from 1.
     * @param endpoint host:port.
     */
    void place(final int device, final String endpoint) {
        places[device] = endpoint.substring(endpoint.lastIndexOf(':'));
    }

    /** Returns the control plane's service. */
    ControlService<Session> service() {
        return service;
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
        return service.onFrame(
                session, session.clientIdHigh(), session.clientIdLow(), templateId, buffer, offset, length);
    }

    @Override
    public void onSessionClosed(final Session session) {
        service.onSessionClosed(session);
    }

    @Override
    public void onCommitted(
            final long position,
            final long timestampNs,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        service.onCommitted(position, timestampNs, buffer, offset, length);
    }

    @Override
    public int encode(final MutableDirectBuffer buffer, final int offset) {
        return service.encode(buffer, offset);
    }

    @Override
    public void restore(final DirectBuffer buffer, final int offset, final int length) {
        service.restore(buffer, offset, length);
    }

    @Override
    public void onEffectCommitted(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        service.onEffectCommitted(chain, effectNumber, action, streamId, segmentId, finalLength);
    }

    @Override
    public void onFenced() {
        service.onFenced();
    }

    @Override
    public int doWork(final long nowNs) {
        int work = 0;
        for (int i = 0; i < links.size(); i++) {
            work += links.get(i).hear(hearing);
        }
        return work + service.doWork(nowNs);
    }

    @Override
    public void onEffectDone(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        service.onEffectCommitted(chain, effectNumber, action, streamId, segmentId, finalLength);
    }

    @Override
    public void onLength(
            final long queryId,
            final int index,
            final long chainEpoch,
            final long length,
            final long startOffset,
            final boolean isSealed) {
        service.onSegmentLength(queryId, index, chainEpoch, length, startOffset, isSealed);
    }

    @Override
    public void onDeviceFenced() {
        service.onOtherDeviceFenced();
    }

    @Override
    public long tryAppend(final DirectBuffer command, final int length) {
        final long position = agent.appendControl(command, length);
        if (position >= 0) {
            return position;
        }
        return switch ((int) position) {
            case JournalStatus.BACK_PRESSURED -> ControlLog.BACK_PRESSURED;
            case JournalStatus.FENCED -> ControlLog.FENCED;
            default -> ControlLog.JOURNAL_FULL;
        };
    }

    @Override
    public boolean trySend(
            final int chain,
            final long effectNumber,
            final DirectBuffer segmentEffect,
            final int offset,
            final int length) {
        final int device = placement.deviceOf(chain);
        return device == placement.device()
                ? agent.appendEffect(chain, effectNumber, segmentEffect, offset, length)
                : links.get(device - 1).orderEffect(chain, effectNumber, segmentEffect, offset, length);
    }

    @Override
    public int tryReply(final Session session, final DirectBuffer buffer, final int offset, final int length) {
        if (!session.isOpen()) {
            return Reply.GONE;
        }
        if (session.offer(buffer, offset, length) > 0) {
            return Reply.SENT;
        }
        return session.isOpen() ? Reply.BACK_PRESSURED : Reply.GONE;
    }

    @Override
    public boolean ask(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        final int device = placement.deviceOf(chain);
        if (device != placement.device()) {
            return links.get(device - 1).askLength(queryId, index, chain, streamId, segmentId);
        }
        final SegmentAnswer answer = SegmentAnswer.of(agent, chain, streamId, segmentId);
        service.onSegmentLength(
                queryId, index, agent.chainEpoch(chain), answer.length(), answer.startOffset(), answer.isSealed());
        return true;
    }

    @Override
    public String head(final int chain) {
        return places[placement.deviceOf(chain)];
    }

    @Override
    public String tail(final int chain) {
        return head(chain);
    }
}
