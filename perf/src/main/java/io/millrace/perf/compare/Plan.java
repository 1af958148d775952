package io.millrace.perf.compare;

import io.millrace.perf.system.SystemContext;
import java.util.List;

/**
 * What one run is to do, as it is told to the process that does it.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param mode what is done.
 * @param eventLength bytes of an event.
 * @param writers independent writers.
 * @param streams streams.
 * @param ratePerSecond of the open loop; 0 where there is none.
 * @param warmUpNs before the measurement, not recorded.
 * @param durationNs of the measurement.
 * @param readBackBytes payload that is written before it is read from the start; 0 where nothing is.
 */
record Plan(
        Mode mode,
        int eventLength,
        int writers,
        int streams,
        double ratePerSecond,
        long warmUpNs,
        long durationNs,
        long readBackBytes) {
    /** Bytes a second that a search may come to: room is made for its events. */
    private static final double SEARCH_BYTES_PER_SECOND = 300e6;

    /** Rate that compilers are warmed up with, when the measured one is lower. */
    static final double WARM_UP_RATE = 20_000;

    /** Events that are written before they are read back. */
    long readBackEvents() {
        return readBackBytes / eventLength;
    }

    /** The most events that will be offered. */
    long eventCount() {
        final double seconds = (warmUpNs + durationNs) / 1e9;
        final double offered = mode == Mode.SEARCH
                ? (seconds + Search.TOTAL_SECONDS_AT_THE_TOP) * SEARCH_BYTES_PER_SECOND / Math.max(100, eventLength)
                : (mode == Mode.BESIDE ? 2 * seconds : seconds) * Math.max(ratePerSecond, WARM_UP_RATE);
        return (long) offered + readBackEvents() + 1;
    }

    /** What the system is told to expect. */
    SystemContext.Load load() {
        return new SystemContext.Load(
                eventLength, writers, streams, mode.hasRate() ? ratePerSecond : 0, eventCount(), mode.isReadBack());
    }

    /** The options of the hidden command that does it. */
    List<String> arguments() {
        return List.of(
                "--mode=" + mode,
                "--size=" + eventLength,
                "--writers=" + writers,
                "--streams=" + streams,
                "--rate=" + (long) ratePerSecond,
                "--warmup=" + warmUpNs + "ns",
                "--duration=" + durationNs + "ns",
                "--read-back=" + readBackBytes);
    }
}
