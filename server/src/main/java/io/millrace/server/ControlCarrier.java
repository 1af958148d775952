package io.millrace.server;

import io.millrace.codec.control.EffectAction;
import io.millrace.control.ControlLimits;
import io.millrace.control.ControlLog;
import io.millrace.control.ControlService;
import io.millrace.control.EffectSink;
import io.millrace.control.Reply;
import io.millrace.control.SegmentLengths;
import io.millrace.journal.JournalStatus;
import io.millrace.replication.ControlChain;
import io.millrace.replication.DeviceAgent;
import io.millrace.store.Segment;
import io.millrace.transport.Session;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Carries the control plane on chain 0 of the device: joins {@link ControlService}, which knows no device, to
 * {@link DeviceAgent}, which knows no metadata. A consensus log will replace this class and neither of the two.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ControlCarrier implements ControlChain, ControlLog, EffectSink, Reply<Session>, SegmentLengths {
    private final DeviceAgent agent;
    private final ControlService<Session> service;

    /**
     * Joins the two; the agent is told.
     *
     * @param agent of the device that holds chain 0.
     * @param limits of the control plane.
     * @throws IllegalArgumentException when a chain holds fewer segments than the control plane may order on it.
     */
    ControlCarrier(final DeviceAgent agent, final ControlLimits limits) {
        for (int chain = 1; chain <= agent.chainCount(); chain++) {
            final int room = agent.state(chain).limits().maxSegments();
            if (room < limits.maxSegments()) {
                throw new IllegalArgumentException("chain " + chain + " holds " + room
                        + " segments, but the control plane may order " + limits.maxSegments()
                        + " on it: StoreLimits.maxSegments must not be below ControlLimits.maxSegments");
            }
        }
        this.agent = agent;
        service = new ControlService<>(limits, this, this, this, this);
        agent.controlChain(this);
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
        return service.doWork(nowNs);
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
        return agent.appendEffect(chain, effectNumber, segmentEffect, offset, length);
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
    public long length(final int chain, final long streamId, final long segmentId) {
        final Segment segment = segment(chain, streamId, segmentId);
        return segment == null || segment.isDeleted() ? -1 : segment.length();
    }

    @Override
    public long startOffset(final int chain, final long streamId, final long segmentId) {
        final Segment segment = segment(chain, streamId, segmentId);
        return segment == null ? 0 : segment.startOffset();
    }

    @Override
    public boolean isSealed(final int chain, final long streamId, final long segmentId) {
        final Segment segment = segment(chain, streamId, segmentId);
        return segment != null && segment.isSealed();
    }

    @Override
    public long chainEpoch(final int chain) {
        return agent.chainEpoch(chain);
    }

    private @Nullable Segment segment(final int chain, final long streamId, final long segmentId) {
        return agent.state(chain).segment(streamId, segmentId);
    }
}
