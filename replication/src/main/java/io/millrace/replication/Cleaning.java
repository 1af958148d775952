package io.millrace.replication;

import io.millrace.codec.LogFormat;
import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.Journal;
import io.millrace.journal.ZoneCleaner;
import io.millrace.store.Segment;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;

/**
 * Decides when remnants are copied forward and which records are remnants. Zones are cleaned while few are free: those
 * with the least live data, up to half of a zone; in a full journal up to seven eighths, and events leave one zone of
 * room for it. So events are never refused for ever while about 70 % of the journal or less is live, and nothing is
 * copied in a journal that is full of live data.
 *
 * <p><b>Threading</b>: the device thread. One piece of copies at a time; while the device is busy with events, one
 * every few milliseconds, the fewer the more room there is.
 */
final class Cleaning {
    private static final int SMALLEST_ZONE_COUNT = 4;
    private static final int SMALL_ZONE_COUNT = 8;
    private static final int MAX_THRESHOLD = 64;
    private static final int REST_BETWEEN_WALKS_MS = 100;
    private static final long LONGEST_WAIT_NS = TimeUnit.MILLISECONDS.toNanos(4);

    private final Journal journal;
    private final ZoneCleaner cleaner;
    private final DeviceChains chains;
    private final ChainReplica[] replicas;
    private final boolean isEnabled;
    private final long thresholdBytes;
    private final RecordHeaderDecoder header = new RecordHeaderDecoder();
    private final AppendBodyDecoder body = new AppendBodyDecoder();
    private boolean stopped;
    private long cleanedAtWalk = -1;
    private long walkNs;
    private long writtenNs;

    /** Takes the cleaner of a journal. */
    Cleaning(final Journal journal, final DeviceChains chains) {
        this.journal = journal;
        this.chains = chains;
        replicas = chains.held();
        cleaner = journal.checkpoint().cleaner();
        cleaner.filter(this::isLive);
        isEnabled = cleaner.zoneCount() >= SMALLEST_ZONE_COUNT;
        thresholdBytes = Math.max(2, Math.min(cleaner.zoneCount() / 4, MAX_THRESHOLD)) * cleaner.zoneLength();
    }

    /** Gives the room that events leave for copies, in bytes. */
    long reserveBytes() {
        if (!isEnabled) {
            return 0;
        }
        return cleaner.zoneCount() < SMALL_ZONE_COUNT ? cleaner.zoneLength() / 2 : cleaner.zoneLength();
    }

    /** Gives the length of a zone in bytes. */
    long zoneLength() {
        return cleaner.zoneLength();
    }

    /** Tells whether zones are being cleaned. */
    boolean isBusy() {
        return cleaner.isBusy();
    }

    /** Tells whether copies wait to become durable: no checkpoint may begin. */
    boolean isWriting() {
        return cleaner.isWriting();
    }

    /** Tells whether a walk over what is live is worth it before the next checkpoint is due. */
    boolean wantsWalk(final boolean full, final long nowNs) {
        if (!isActive() || cleaner.isBusy()) {
            return false;
        }
        final boolean gained = journal.counters().cleanedZoneCount() != cleanedAtWalk;
        final boolean rested = nowNs - walkNs >= TimeUnit.MILLISECONDS.toNanos(REST_BETWEEN_WALKS_MS);
        return (gained || rested) && (!cleaner.knowsLive() || cleaner.hasCandidate(mostBytes(full)));
    }

    /** Tells whether a checkpoint should free now what was cleaned. */
    boolean wantsCheckpoint(final boolean full) {
        return (full || spareBytes() < thresholdBytes / 2) && !cleaner.isBusy() && cleaner.hasCleaned();
    }

    /** Chooses zones; the walk of the checkpoint or trial that begins now finds what is live in them. */
    void prepare(final boolean full, final long nowNs) {
        if (isActive()) {
            if (cleaner.knowsLive()) {
                cleanedAtWalk = journal.counters().cleanedZoneCount();
                walkNs = nowNs;
            }
            cleaner.choose(mostBytes(full));
        }
    }

    private boolean isActive() {
        return isEnabled && !stopped && spareBytes() < thresholdBytes;
    }

    private long spareBytes() {
        return replicas[replicas.length - 1].spareBytes();
    }

    private long mostBytes(final boolean full) {
        return full ? cleaner.zoneLength() / 8 * 7 : cleaner.zoneLength() / 2;
    }

    /**
     * Goes on, between two checkpoints.
     *
     * @param nowNs the turn's monotonic time.
     * @param reservedBytes what is kept for checkpoints.
     * @return work done.
     */
    int doWork(final long nowNs, final long reservedBytes) {
        final boolean wasWriting = cleaner.isWriting();
        final long roomBytes = journal.freeBytes() - reservedBytes;
        final int work = cleaner.doWork(mostBytes(spareBytes() < 0), roomBytes, mayWrite(nowNs));
        if (!wasWriting && cleaner.isWriting()) {
            writtenNs = nowNs;
        }
        return work;
    }

    /** Events go first, but never for ever; the less room they have left the less copies wait for them. */
    private boolean mayWrite(final long nowNs) {
        if (journal.inFlightCount() < journal.writesInFlight()) {
            return true;
        }
        final double spare = Math.max(0, Math.min(1, (double) spareBytes() / thresholdBytes));
        return nowNs - writtenNs >= (long) (LONGEST_WAIT_NS * spare);
    }

    /** Stops at the next piece: the node ends. */
    void stop() {
        stopped = true;
        cleaner.giveUp();
    }

    private boolean isLive(final DirectBuffer buffer, final int index, final int length, final boolean named) {
        header.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
        final ChainReplica replica = chains.find(header.chain());
        if (replica == null || length < LogFormat.APPEND_PREFIX_LENGTH) {
            return false;
        }
        body.wrap(buffer, index + LogFormat.RECORD_HEADER_LENGTH, AppendBodyDecoder.BLOCK_LENGTH, 0);
        final Segment segment = replica.state().segment(body.streamId(), body.segmentId());
        if (segment == null || segment.isDeleted()) {
            return false;
        }
        if (header.kind() == RecordKind.APPEND_FRAGMENT) {
            return named; // its offset stands in the index only
        }
        return body.segmentOffset() + length - LogFormat.APPEND_PREFIX_LENGTH > segment.startOffset();
    }
}
