package io.millrace.control.consensus;

import io.aeron.Aeron;
import io.aeron.archive.client.AeronArchive;
import io.aeron.archive.client.ArchiveException;
import io.aeron.cluster.ConsensusModule;
import io.aeron.cluster.RecordingLog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.agrona.collections.MutableLong;

/**
 * Removes what a member will not need again: the log before a snapshot that all members have, and all but the last two
 * snapshots.
 *
 * <p><b>Threading:</b> the keeper's thread; its calls wait for the archive.
 *
 * <p><b>Invariant:</b> the log from the last snapshot that every member has stays: any member can catch up from it.
 */
final class LogPruner {
    private static final int KEPT_SNAPSHOTS = 2;
    private static final int SERVICE_ID = 0;

    private final Path clusterDirectory;
    private final AeronArchive.Context archiveContext;

    /**
     * Knows where to look.
     *
     * @param clusterDirectory of the consensus module.
     * @param archiveContext to reach the member's archive.
     */
    LogPruner(final Path clusterDirectory, final AeronArchive.Context archiveContext) {
        this.clusterDirectory = clusterDirectory;
        this.archiveContext = archiveContext;
    }

    /** Returns the log position of the last snapshot that is durable and recorded, 0: none. */
    long lastSnapshotPosition() {
        try (RecordingLog log = new RecordingLog(clusterDirectory.toFile(), false)) {
            final RecordingLog.Entry module = log.getLatestSnapshot(ConsensusModule.Configuration.SERVICE_ID);
            final RecordingLog.Entry service = log.getLatestSnapshot(SERVICE_ID);
            return module == null || service == null ? 0 : Math.min(module.logPosition, service.logPosition);
        }
    }

    /**
     * Prunes.
     *
     * @param position of a snapshot that all members have; the segment it lies in stays.
     */
    void prune(final long position) {
        final long logRecordingId;
        final List<RecordingLog.Entry> snapshots = new ArrayList<>();
        try (RecordingLog log = new RecordingLog(clusterDirectory.toFile(), false)) {
            logRecordingId = log.findLastTermRecordingId();
            for (final RecordingLog.Entry entry : log.entries()) {
                if (entry.isValid && entry.type == RecordingLog.ENTRY_TYPE_SNAPSHOT) {
                    snapshots.add(entry);
                }
            }
        }
        if (logRecordingId == Aeron.NULL_VALUE) {
            return;
        }
        try (AeronArchive archive = AeronArchive.connect(archiveContext.clone())) {
            purgeLog(archive, logRecordingId, position);
            purgeSnapshots(archive, snapshots);
        }
    }

    private static void purgeLog(final AeronArchive archive, final long recordingId, final long position) {
        final MutableLong base = new MutableLong(-1);
        final MutableLong first = new MutableLong(-1);
        archive.listRecording(
                recordingId,
                (controlSessionId,
                        correlationId,
                        id,
                        startTimestamp,
                        stopTimestamp,
                        startPosition,
                        stopPosition,
                        initialTermId,
                        segmentFileLength,
                        termBufferLength,
                        mtuLength,
                        sessionId,
                        streamId,
                        strippedChannel,
                        originalChannel,
                        sourceIdentity) -> {
                    first.set(startPosition);
                    base.set(AeronArchive.segmentFileBasePosition(
                            startPosition, position, termBufferLength, segmentFileLength));
                });
        if (base.get() > first.get() && first.get() >= 0) {
            archive.purgeSegments(recordingId, base.get());
        }
    }

    private static void purgeSnapshots(final AeronArchive archive, final List<RecordingLog.Entry> snapshots) {
        final TreeSet<Long> positions = new TreeSet<>();
        snapshots.forEach(entry -> positions.add(entry.logPosition));
        while (positions.size() > KEPT_SNAPSHOTS) {
            final long oldest = positions.first();
            positions.remove(oldest);
            for (final RecordingLog.Entry entry : snapshots) {
                if (entry.logPosition == oldest) {
                    purgeSnapshot(archive, entry.recordingId);
                }
            }
        }
    }

    private static void purgeSnapshot(final AeronArchive archive, final long recordingId) {
        try {
            archive.purgeRecording(recordingId);
        } catch (final ArchiveException e) {
            // The consensus module's record of it stays for ever: most of them were purged before.
            if (e.errorCode() != ArchiveException.UNKNOWN_RECORDING) {
                throw e;
            }
        }
    }
}
