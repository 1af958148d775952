package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.server.http.Health;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * What the device thread says of the node's health, kept where other threads may read it.
 *
 * <p><b>Threading</b>: the device thread writes, any thread reads; every field is read alone and may be a tenth of a
 * second old.
 */
final class NodeHealth implements Health {
    private static final long TURNS_AT_LEAST_EVERY_NS = 10_000_000_000L;
    private static final long RESPONDS_WITHIN_NS = 2_000_000_000L;
    private static final long WRITE_LATE_NS = 1_000_000_000L;
    private static final long MILLIS = 1_000_000L;

    private final NanoClock clock;
    private final List<String> warnings;
    private volatile boolean isRunning;
    private volatile boolean isDraining;
    private volatile boolean isTransportDown;
    private volatile boolean isFull;
    private volatile @Nullable String fencedReason;
    private volatile @Nullable String damage;
    private volatile long oldestWriteNs;
    private volatile long turnedNs;

    /**
     * Makes the health of a node that is starting.
     *
     * @param clock monotonic, of the turns as well.
     * @param warnings what the host checks found and did not refuse.
     */
    NodeHealth(final NanoClock clock, final List<String> warnings) {
        this.clock = clock;
        this.warnings = List.copyOf(warnings);
        turnedNs = clock.nanoTime();
    }

    /** Notes a turn, every tenth of a second; allocates nothing. */
    void turned(final Node node, final long nowNs) {
        turnedNs = nowNs;
        isFull = node.agent().isJournalFull();
        fencedReason = node.agent().fencedReason();
        damage = node.agent().journal().scrub().damage();
        oldestWriteNs = node.agent().journal().inFlightCount() == 0
                ? 0
                : node.agent().journal().oldestInFlightNs(nowNs);
        isRunning = true;
    }

    /** Notes that the media are being made anew, or are there again. */
    void transportDown(final boolean isDown) {
        isTransportDown = isDown;
    }

    /** Notes that the node takes no more; from any thread. */
    void draining() {
        isDraining = true;
    }

    @Override
    public List<Reason> notLive() {
        final long silentNs = clock.nanoTime() - turnedNs;
        return isRunning && !isDraining && silentNs > TURNS_AT_LEAST_EVERY_NS ? List.of(silent(silentNs)) : List.of();
    }

    @Override
    public List<Reason> notReady() {
        final List<Reason> reasons = new ArrayList<>();
        if (!isRunning) {
            reasons.add(new Reason("starting", ErrorCode.NOT_READY, "the node is recovering its journal"));
            return reasons;
        }
        if (isDraining) {
            reasons.add(new Reason("draining", ErrorCode.NOT_READY, "the node was told to stop and takes no more"));
        }
        if (isTransportDown) {
            reasons.add(new Reason(
                    "transport-rebuilding", ErrorCode.MEDIA_DRIVER, "the media are made anew after a pause"));
        }
        final String fenced = fencedReason;
        if (fenced != null) {
            reasons.add(new Reason("device-fenced", ErrorCode.DEVICE_FENCED, fenced));
        }
        if (isFull) {
            reasons.add(new Reason("journal-full", ErrorCode.JOURNAL_FULL, ErrorCode.JOURNAL_FULL.summary()));
        }
        if (oldestWriteNs > WRITE_LATE_NS) {
            reasons.add(new Reason(
                    "host-fault",
                    ErrorCode.SCHEDULER_FAULT,
                    "a durable write has been in flight for " + oldestWriteNs / MILLIS + " ms"));
        }
        final long silentNs = clock.nanoTime() - turnedNs;
        if (silentNs > RESPONDS_WITHIN_NS && !isDraining) {
            reasons.add(silent(silentNs));
        }
        return reasons;
    }

    private static Reason silent(final long silentNs) {
        return new Reason(
                "not-responding",
                ErrorCode.NOT_READY,
                "the device thread has not turned for " + silentNs / MILLIS + " ms");
    }

    /** What the scrub found makes nothing unready: everything else is whole, and there is nobody else to send to. */
    @Override
    public List<String> warnings() {
        final String found = damage;
        if (found == null) {
            return warnings;
        }
        final List<String> all = new ArrayList<>(warnings);
        all.add(found);
        return all;
    }
}
