package io.millrace.simulation;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * One direction of a session: frames arrive once and in order, late when the wire loses some, not at all while it is
 * cut, and never again once the stream is ended.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class FrameStream {
    private static final long CUT_RETRY_NS = 10_000_000;
    private static final int WINDOW_BYTES = 256 * 1024;

    private final Scheduler scheduler;
    private final Wires wires;
    private final int from;
    private final int to;
    private final Consumer<byte[]> receiver;
    private final ArrayDeque<Flight> flights = new ArrayDeque<>();
    private long lastDueNs;
    private int bytesUnderWay;
    private boolean isPumping;
    private boolean isEnded;

    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    private record Flight(long dueNs, byte[] frame) {}

    /** Connects two places. */
    FrameStream(
            final Scheduler scheduler,
            final Wires wires,
            final int from,
            final int to,
            final Consumer<byte[]> receiver) {
        this.scheduler = scheduler;
        this.wires = wires;
        this.from = from;
        this.to = to;
        this.receiver = receiver;
    }

    /** Tells whether there is room for a frame. */
    boolean hasRoom(final int length) {
        return bytesUnderWay == 0 || bytesUnderWay + length <= WINDOW_BYTES;
    }

    /** Sends a frame; an empty one is a sign of life. */
    void send(final byte[] frame) {
        if (isEnded) {
            return;
        }
        lastDueNs = Math.max(lastDueNs, scheduler.nowNs() + wires.delayNs() + wires.retransmitNs());
        flights.add(new Flight(lastDueNs, frame));
        bytesUnderWay += frame.length;
        pump(lastDueNs - scheduler.nowNs());
    }

    /** Loses what is under way. */
    void end() {
        isEnded = true;
        flights.clear();
    }

    private void pump(final long delayNs) {
        if (!isPumping) {
            isPumping = true;
            scheduler.after(delayNs, this::arrive);
        }
    }

    private void arrive() {
        isPumping = false;
        if (isEnded) {
            return;
        }
        if (wires.isCut(from, to)) {
            pump(CUT_RETRY_NS);
            return;
        }
        while (!flights.isEmpty() && flights.peek().dueNs <= scheduler.nowNs() && !isEnded) {
            final byte[] frame = flights.remove().frame;
            bytesUnderWay -= frame.length;
            receiver.accept(frame);
        }
        if (!flights.isEmpty()) {
            pump(flights.peek().dueNs - scheduler.nowNs());
        }
    }
}
