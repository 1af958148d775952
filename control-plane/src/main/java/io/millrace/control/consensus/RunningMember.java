package io.millrace.control.consensus;

import io.aeron.archive.Archive;
import io.aeron.archive.ArchiveThreadingMode;
import io.aeron.archive.client.AeronArchive;
import io.aeron.cluster.ClusterControl;
import io.aeron.cluster.ConsensusModule;
import io.aeron.cluster.service.ClusterTerminationException;
import io.aeron.cluster.service.ClusteredServiceContainer;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.exceptions.AeronEvent;
import io.aeron.exceptions.AeronException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.IoUtil;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NoOpLock;
import org.agrona.concurrent.status.AtomicCounter;
import org.jspecify.annotations.Nullable;

/**
 * A member of the group from its start to its end: media driver, archive, consensus module and service, each on a
 * thread of its own.
 *
 * <p><b>Threading:</b> made, worked and closed by one thread; {@link #replica} is for any.
 *
 * <p><b>Invariants:</b> what the archive and the consensus module acknowledge is on the medium (sync level 1). Files
 * that only say whether a process lives stand in memory, so that a member that was killed starts at once: the lock on
 * its directory says it better.
 */
final class RunningMember implements AutoCloseable {
    /** Terms of the log: sparse, and three of them stay mapped on every member. A message has an eighth at most. */
    private static final String LOG_CHANNEL = "aeron:udp?term-length=4m|alias=millrace-control-log";

    private static final String INGRESS_CHANNEL = "aeron:udp?term-length=512k";
    private static final String SNAPSHOT_CHANNEL = "aeron:ipc?alias=snapshot|term-length=512k";
    private static final String LOCAL_CONTROL_CHANNEL = "aeron:ipc?term-length=64k";
    private static final int TERM_LENGTH = 512 * 1024;
    private static final int CONTROL_TERM_LENGTH = 64 * 1024;

    /** The log is pruned by whole segments. */
    private static final int SEGMENT_LENGTH = 4 << 20;

    /** The driver writes zeros over all of it: eight thousand counters are more than enough. */
    static final int COUNTERS_LENGTH = 1024 * 1024;

    private static final int CATALOG_CAPACITY = 128 * 1024;
    private static final long LOW_STORAGE_BYTES = 64L << 20;
    private static final int MAX_SESSIONS = 256;

    /** A process that stands still for less than this goes on with the same driver and clients. */
    private static final long LIVENESS_NS = TimeUnit.SECONDS.toNanos(30);

    /** The log and the snapshots under way: each is a recording. */
    private static final int MOST_REPAIRS = 8;

    private final GroupContext context;
    private final ControlReplica replica;
    private final MediaDriver driver;
    private final Archive archive;
    private final ConsensusModule consensusModule;
    private final ClusteredServiceContainer container;
    private final LogPruner pruner;
    private final @Nullable AtomicCounter toggle;
    private long seenSnapshotCount = -1;
    private long lastSnapshotNs;

    // ORDER: set by the keeper's thread, read by those of the group.
    private volatile boolean isStopped;

    // ORDER: set by the threads of the group, read by the keeper's.
    private volatile boolean isTerminated;

    // ORDER: set by the keeper's thread, read by any.
    private volatile long lastSnapshotPosition;
    private volatile long prunedPosition;

    /**
     * Starts a member; mends first what a kill or a power cut has torn.
     *
     * @param context concluded.
     * @return what runs.
     */
    static RunningMember launch(final GroupContext context) {
        for (int repairs = 0; ; repairs++) {
            try {
                return new RunningMember(context);
            } catch (final RuntimeException e) {
                if (repairs == MOST_REPAIRS
                        || !TornRecordings.repair(archiveDirectory(context), e, context.warnings())) {
                    throw e;
                }
            }
        }
    }

    private RunningMember(final GroupContext context) {
        this.context = context;
        final ErrorHandler errors = this::onError;
        replica = new ControlReplica(context, context.nanoClock(), context.proposedClusterId());
        lastSnapshotNs = context.nanoClock().nanoTime();
        MediaDriver startedDriver = null;
        Archive startedArchive = null;
        ConsensusModule startedModule = null;
        try {
            startedDriver = MediaDriver.launch(driverContext(errors));
            startedArchive = Archive.launch(archiveContext(errors));
            startedModule = ConsensusModule.launch(moduleContext(errors));
            container = ClusteredServiceContainer.launch(containerContext(errors));
        } catch (final RuntimeException e) {
            CloseHelper.quietCloseAll(startedModule, startedArchive, startedDriver);
            IoUtil.delete(markDirectory().toFile(), true);
            throw e;
        }
        driver = startedDriver;
        archive = startedArchive;
        consensusModule = startedModule;
        pruner = new LogPruner(clusterDirectory(), clientContext());
        toggle = ClusterControl.findControlToggle(
                consensusModule.context().aeron().countersReader(),
                consensusModule.context().clusterId());
    }

    /** Returns the copy of the state. */
    ControlReplica replica() {
        return replica;
    }

    /**
     * Tells whether the member has stopped by itself: wholly, or one of its three clients has given the driver up,
     * after which the others may wait for it without end.
     */
    boolean isTerminated() {
        return isTerminated
                || consensusModule.context().aeron().isClosed()
                || archive.context().aeron().isClosed()
                || container.context().aeron().isClosed();
    }

    /** Returns up to where its log was pruned. */
    long prunedPosition() {
        return prunedPosition;
    }

    /** Returns the log position of its last durable snapshot, 0: none. */
    long lastSnapshotPosition() {
        return lastSnapshotPosition;
    }

    /**
     * Has snapshots taken and what lies before them removed.
     *
     * @param nowNs of a clock that never goes back.
     */
    void keepHouse(final long nowNs) {
        final long count = consensusModule.context().snapshotCounter().get();
        if (count != seenSnapshotCount) {
            seenSnapshotCount = count;
            final long durable = pruner.lastSnapshotPosition();
            if (durable > lastSnapshotPosition) {
                lastSnapshotPosition = durable;
                lastSnapshotNs = nowNs;
                replica.signals().durableSnapshotPosition(durable);
            }
        }
        final ReplicaStatus status = replica.signals().status();
        final long since = status.logPosition() - lastSnapshotPosition;
        if (status.isLeader()
                && (since >= context.snapshotAfterBytes()
                        || (since > 0 && nowNs - lastSnapshotNs >= context.snapshotAfterNs()))) {
            // One that comes to nothing is asked for again after a while.
            lastSnapshotNs = nowNs;
            askForSnapshot();
        }
        if (status.allSavedPosition() > prunedPosition) {
            pruner.prune(status.allSavedPosition());
            prunedPosition = status.allSavedPosition();
        }
    }

    /**
     * Has all members take a snapshot, when this one leads and none is being taken.
     *
     * @return true when it was asked for.
     */
    boolean askForSnapshot() {
        return toggle != null && ClusterControl.ToggleState.SNAPSHOT.toggle(toggle);
    }

    @Override
    public void close() {
        if (!isStopped) {
            isStopped = true;
            CloseHelper.closeAll(context.errorHandler(), container, consensusModule, archive, driver);
            IoUtil.delete(markDirectory().toFile(), true);
        }
    }

    private void onError(final Throwable error) {
        if (isStopped && error instanceof ClusterTerminationException) {
            return; // its election was waiting for the service, which is closed first
        }
        final boolean isWarning = error instanceof AeronEvent
                || (error instanceof AeronException thrown && thrown.category() == AeronException.Category.WARN);
        if (isWarning) {
            context.warnings().accept(String.valueOf(error.getMessage()));
        } else {
            context.errorHandler().onError(error);
        }
    }

    private static Path archiveDirectory(final GroupContext context) {
        return context.directory().resolve("archive");
    }

    private Path clusterDirectory() {
        return context.directory().resolve("cluster");
    }

    /** Marks of running processes: in memory, beside the driver's files. */
    private Path markDirectory() {
        return Path.of(context.aeronDirectory() + "-marks");
    }

    private String driverDirectory() {
        return context.aeronDirectory().toString();
    }

    private IdleStrategy idle() {
        return new RestingIdleStrategy(context.times());
    }

    private String replicationChannel() {
        return "aeron:udp?endpoint=" + context.addresses().host(context.member()) + ":0";
    }

    private MediaDriver.Context driverContext(final ErrorHandler errors) {
        IoUtil.delete(markDirectory().toFile(), true);
        return new MediaDriver.Context()
                .aeronDirectoryName(driverDirectory())
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true)
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(idle())
                .asyncExecutorIdleStrategy(idle())
                .termBufferSparseFile(true)
                .publicationTermBufferLength(TERM_LENGTH)
                .ipcTermBufferLength(TERM_LENGTH)
                .counterValuesBufferLength(COUNTERS_LENGTH)
                .clientLivenessTimeoutNs(LIVENESS_NS)
                .publicationConnectionTimeoutNs(GroupSession.CONNECTION_TIMEOUT_NS)
                .publicationUnblockTimeoutNs(2 * LIVENESS_NS)
                .errorHandler(errors);
    }

    private Archive.Context archiveContext(final ErrorHandler errors) {
        return new Archive.Context()
                .aeronDirectoryName(driverDirectory())
                .archiveDir(archiveDirectory(context).toFile())
                .markFileDir(markDirectory().toFile())
                .controlChannel("aeron:udp?endpoint=" + context.addresses().archiveEndpoint(context.member()))
                .localControlChannel(LOCAL_CONTROL_CHANNEL)
                .controlTermBufferLength(CONTROL_TERM_LENGTH)
                .controlTermBufferSparse(true)
                .recordingEventsEnabled(false)
                .replicationChannel(replicationChannel())
                .threadingMode(ArchiveThreadingMode.SHARED)
                .idleStrategySupplier(this::idle)
                .segmentFileLength(SEGMENT_LENGTH)
                .fileSyncLevel(1)
                .catalogFileSyncLevel(1)
                .recordChecksum(new FrameChecksum())
                .fileIoMaxLength(SEGMENT_LENGTH) // the end of a recording is looked at in one piece
                .catalogCapacity(CATALOG_CAPACITY)
                .lowStorageSpaceThreshold(LOW_STORAGE_BYTES)
                .errorHandler(errors);
    }

    private AeronArchive.Context clientContext() {
        return new AeronArchive.Context()
                .aeronDirectoryName(driverDirectory())
                .controlRequestChannel(LOCAL_CONTROL_CHANNEL)
                .controlResponseChannel(LOCAL_CONTROL_CHANNEL)
                .controlTermBufferLength(CONTROL_TERM_LENGTH)
                .controlTermBufferSparse(true)
                .lock(NoOpLock.INSTANCE);
    }

    private ConsensusModule.Context moduleContext(final ErrorHandler errors) {
        final GroupTimes times = context.times();
        return new ConsensusModule.Context()
                .aeronDirectoryName(driverDirectory())
                .clusterMemberId(context.member())
                .clusterMembers(context.addresses().clusterMembers())
                .clusterDir(clusterDirectory().toFile())
                .markFileDir(markDirectory().toFile())
                .archiveContext(clientContext())
                .ingressChannel(INGRESS_CHANNEL)
                .logChannel(LOG_CHANNEL)
                .snapshotChannel(SNAPSHOT_CHANNEL)
                .replicationChannel(replicationChannel())
                .serviceCount(1)
                .fileSyncLevel(1)
                .maxConcurrentSessions(MAX_SESSIONS)
                .leaderHeartbeatIntervalNs(times.heartbeatIntervalNs())
                .leaderHeartbeatTimeoutNs(times.heartbeatTimeoutNs())
                .electionTimeoutNs(times.electionTimeoutNs())
                .electionStatusIntervalNs(times.heartbeatIntervalNs())
                .startupCanvassTimeoutNs(times.startupWaitNs())
                .sessionTimeoutNs(times.sessionTimeoutNs())
                .idleStrategySupplier(this::idle)
                .terminationHook(this::onTerminated)
                .errorHandler(errors);
    }

    private ClusteredServiceContainer.Context containerContext(final ErrorHandler errors) {
        return new ClusteredServiceContainer.Context()
                .aeronDirectoryName(driverDirectory())
                .archiveContext(clientContext())
                .clusterDir(clusterDirectory().toFile())
                .markFileDir(markDirectory().toFile())
                .snapshotChannel(SNAPSHOT_CHANNEL)
                .serviceId(0)
                .serviceName("control-replica")
                .clusteredService(replica)
                .idleStrategySupplier(this::idle)
                .terminationHook(this::onTerminated)
                .errorHandler(errors);
    }

    private void onTerminated() {
        isTerminated = true;
    }
}
