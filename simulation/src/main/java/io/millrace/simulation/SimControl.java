package io.millrace.simulation;

import io.millrace.codec.control.EffectAction;
import io.millrace.control.ChainPlaces;
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

/**
 * The control plane of a node that stands alone: its commands are records of chain 0 on the one device.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class SimControl implements ControlChain, ControlLog, EffectSink, Reply<Session>, SegmentLengths, ChainPlaces {
    private final DeviceAgent agent;
    private final ControlService<Session> service;

    /** Joins the two; the agent is told. */
    SimControl(final DeviceAgent agent, final ControlLimits limits) {
        this.agent = agent;
        service = new ControlService<>(limits, this, this, this, this, this);
        agent.controlChain(this);
    }

    /** Returns the service. */
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
    public boolean ask(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        final Segment segment = agent.state(chain).segment(streamId, segmentId);
        service.onSegmentLength(
                queryId,
                index,
                agent.chainEpoch(chain),
                segment == null || segment.isDeleted() ? SegmentLengths.ABSENT : segment.length(),
                segment == null ? 0 : segment.startOffset(),
                segment != null && segment.isSealed());
        return true;
    }

    @Override
    public String head(final int chain) {
        return "";
    }

    @Override
    public String tail(final int chain) {
        return "";
    }
}
