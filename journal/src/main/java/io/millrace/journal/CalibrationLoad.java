package io.millrace.journal;

import java.util.Arrays;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * A node's load on a device, without the node: events arrive at a fixed rate whatever the device does, a client thread
 * that never rests hands them over, the device thread commits them in groups with at most K writes in flight. Measured
 * is the time from an event's scheduled arrival until everything up to it is durable, so a stall counts in full.
 *
 * <p><b>Threading</b>: {@link #run} on the device thread; it starts and ends the client.
 */
final class CalibrationLoad implements CompletionHandler {
    private static final long INTERVAL_NS = 100_000;
    private static final int RECORD_LENGTH = 168;
    private static final int LONGEST_BATCH = 64 * 1024;
    private static final int POLL_LIMIT = 16;
    private static final long DRAIN_LIMIT_NS = 20_000_000_000L;

    private final BlockDevice device;
    private final int writesInFlight;
    private final NanoClock clock;
    private final int granule;
    private final long[] lastEvents;
    private final int[] lengths;
    private final boolean[] completed;
    private long[] samplesNs = {};
    private int sampleCount;
    private long address;
    private long submittedBatches;
    private long durableBatches;
    private int failure;

    /**
     * Prepares a load.
     *
     * @param device with a registered buffer of {@link #arenaLength}
     * @param writesInFlight K
     * @param clock of the measurement
     */
    CalibrationLoad(final BlockDevice device, final int writesInFlight, final NanoClock clock) {
        this.device = device;
        this.writesInFlight = writesInFlight;
        this.clock = clock;
        granule = device.granule();
        lastEvents = new long[writesInFlight];
        lengths = new int[writesInFlight];
        completed = new boolean[writesInFlight];
    }

    /**
     * Returns the memory that a load needs.
     *
     * @param writesInFlight K
     * @return bytes
     */
    static int arenaLength(final int writesInFlight) {
        return writesInFlight * LONGEST_BATCH;
    }

    /**
     * Runs the load.
     *
     * @param durationNs how long events arrive
     * @return 0, or what the failed write gave: negative errno, or bytes
     */
    int run(final long durationNs) {
        final int eventCount = (int) Math.max(1, durationNs / INTERVAL_NS);
        samplesNs = new long[eventCount];
        sampleCount = 0;
        final long startNs = clock.nanoTime();
        try (CalibrationClient client = new CalibrationClient(clock, startNs, INTERVAL_NS, eventCount)) {
            work(client, startNs, eventCount, startNs + durationNs + DRAIN_LIMIT_NS);
        }
        return failure;
    }

    private void work(final CalibrationClient client, final long startNs, final int eventCount, final long deadlineNs) {
        long taken = 0;
        while (sampleCount < eventCount && failure == 0) {
            int work = device.poll(this, POLL_LIMIT);
            advance(startNs);
            while (submittedBatches - durableBatches < writesInFlight) {
                final long due = Math.min(client.arrived() - taken, LONGEST_BATCH / RECORD_LENGTH);
                if (due <= 0 || !submit(taken + due, (int) due * RECORD_LENGTH)) {
                    break;
                }
                taken += due;
                work++;
            }
            final int flushed = device.flush();
            if (flushed < 0) {
                failure = flushed;
            } else if (work == 0) {
                if (clock.nanoTime() - deadlineNs > 0) {
                    failure = -1;
                }
                YieldingIdleStrategy.INSTANCE.idle();
            }
        }
    }

    private boolean submit(final long lastEvent, final int payloadLength) {
        final int slot = (int) (submittedBatches % writesInFlight);
        final int length = (payloadLength + granule - 1) & -granule;
        if (address + length > device.length()) {
            address = 0;
        }
        if (!device.submitWrite(slot * LONGEST_BATCH, length, address, submittedBatches)) {
            return false;
        }
        lastEvents[slot] = lastEvent;
        lengths[slot] = length;
        completed[slot] = false;
        address += length;
        submittedBatches++;
        return true;
    }

    @Override
    public void onCompletion(final long token, final int result) {
        final int slot = (int) (token % writesInFlight);
        completed[slot] = true;
        if (result != lengths[slot] && failure == 0) {
            failure = result == 0 ? -1 : result;
        }
    }

    private void advance(final long startNs) {
        while (failure == 0
                && durableBatches < submittedBatches
                && completed[(int) (durableBatches % writesInFlight)]) {
            final long nowNs = clock.nanoTime();
            final long last = lastEvents[(int) (durableBatches % writesInFlight)];
            while (sampleCount < last) {
                samplesNs[sampleCount] = nowNs - startNs - (sampleCount + 1) * INTERVAL_NS;
                sampleCount++;
            }
            durableBatches++;
        }
    }

    /**
     * Returns the times of the last run.
     *
     * @return nanoseconds, one for each event that became durable, ascending
     */
    long[] sortedSamples() {
        final long[] sorted = Arrays.copyOf(samplesNs, sampleCount);
        Arrays.sort(sorted);
        return sorted;
    }
}
