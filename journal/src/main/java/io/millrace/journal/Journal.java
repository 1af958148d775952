package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.agrona.CloseHelper;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The journal of one device. Records are written once, in place, into the open batch of the write ring. Group commit
 * without timers: each duty cycle, when fewer than K writes are in flight and the open batch is not empty, it is sealed
 * and submitted; so batches grow with the load. What is durable is a prefix: batches are told to the listener in order,
 * whatever order their writes complete in.
 *
 * <p><b>Threading</b>: one device thread for everything behind {@link #open}; {@link #format} anywhere.
 *
 * <p><b>Invariants</b>: a batch is never rewritten on the device; after a write that failed or whose outcome is unknown
 * nothing is acknowledged any more; the recovery epoch and incarnation of this run are durable before its first batch.
 *
 * <p><b>Layout</b> of a device (batches and records: {@code docs/formats.md}):
 *
 * <pre>
 *   0            granule        65,536          + zone length
 *   +------------+------------+----------------+----------------+----
 *   | superblock | superblock | zone 0         | zone 1         | ...
 *   |     A      |     B      | batch batch .. | batch batch .. |
 *   +------------+------------+----------------+----------------+----
 * </pre>
 */
public final class Journal implements AutoCloseable, CompletionHandler {
    private static final long SUPERBLOCK_TOKEN = 1L << 54;
    private static final long SCRUB_TOKEN = 1L << 53;
    private static final int COMPLETION_LIMIT = 128;
    private static final int QUIET_STEP_LIMIT = 100;
    private static final long QUIET_STEP_NS = 10_000_000L;
    private static final int RETRY_LIMIT = 3;
    private static final int EAGAIN = 11;
    private static final int HEAD_LENGTH = JournalContext.HEAD_LENGTH;
    private static final int MARK_RESERVE_DIVISOR = 16;
    private static final int LONGEST_WINDOW = 8 << 20;
    private static final long LARGEST_FIRST_INDEX = 1 << 20;
    private static final WriteRing NO_RING = new WriteRing(1, 1, 1, 0, -1);

    private final String name;
    private final @Nullable JournalLock lock;
    private final BlockDevice device;
    private final Arena arena;
    private final UnsafeBuffer buffer;
    private final Crc32c crc;
    private final NanoClock clock;
    private final EpochNanoClock epochClock;
    private final DurableListener listener;
    private final Consumer<String> warnings;
    private final JournalCounters counters = new JournalCounters();
    private final PositionIndex index;
    private final ZoneMap zones;
    private final CheckpointWriter checkpoint;
    private final ReaderPool readers;
    private final Scrub scrub;
    private final BatchWriter batches;
    private final int ringLength;
    private final int maxBatchLength;
    private final OpenBatch open;
    private final SuperblockWriter superblocks;
    private final int writesInFlight;
    private final IoWatchdog watchdog;
    private final long idleMarkDelayNs;
    private final int badSuperblockCount;

    private Superblock superblock;
    private WriteRing ring = NO_RING;
    private @Nullable RecoveryReport report;
    private long durableAddress;
    private int inFlightCount;
    private boolean markDue;
    private long quietSinceNs;
    private boolean fenced;
    private boolean closed;

    private Journal(
            final JournalContext context,
            final @Nullable JournalLock lock,
            final BlockDevice device,
            final Arena arena) {
        this.lock = lock;
        this.device = device;
        this.arena = arena;
        buffer = arena.buffer();
        crc = new Crc32c(arena.bytes());
        clock = context.clock();
        epochClock = context.epochClock();
        listener = context.listener();
        warnings = context.warnings();
        watchdog = new IoWatchdog(context.stallThresholdNs(), context.ioDeadlineNs(), counters);
        idleMarkDelayNs = context.idleMarkDelayNs();
        ringLength = context.bufferLength();
        final int superblockIndex = buffer.capacity() - HEAD_LENGTH;
        name = lock == null ? device.description() : context.file().toString();

        new BlockingIo(device, name).read(superblockIndex, HEAD_LENGTH, 0);
        final SuperblockPair pair = SuperblockPair.read(buffer, superblockIndex, crc, name);
        superblock = pair.newest(name);
        writesInFlight = superblock.calibration().writesInFlight(context);
        badSuperblockCount = pair.badCount();
        superblocks = new SuperblockWriter(device, buffer, superblockIndex, crc, pair, superblock);
        superblock.requireFits(context.nodeId(), device.length(), name);
        batches = new BatchWriter(buffer, crc, superblock.granule(), superblock.deviceUuid());
        maxBatchLength = (int) Math.min(context.maxBatchLength(), superblock.zoneLength());
        JournalContext.check(maxBatchLength % superblock.granule() == 0, "maxBatchLength " + maxBatchLength);
        index = new PositionIndex(Math.min(LARGEST_FIRST_INDEX, superblock.deviceLength() / superblock.granule()));
        zones = new ZoneMap(superblock);
        open = new OpenBatch(
                buffer, crc, index, zones, batches, counters, superblock.granule(), maxBatchLength, NO_RING);
        checkpoint = new CheckpointWriter(this, index, zones, crc, superblock.granule(), warnings, epochClock);
        final JournalReader.Shared shared =
                new JournalReader.Shared(device, buffer, crc, superblock, zones, index, counters);
        readers = new ReaderPool(
                this, shared, context.readerLimit(), ringLength, context.maxBatchLength(), maxBatchLength);
        final int scrubIndex = superblockIndex - Scrub.CHUNK_LENGTH;
        scrub = new Scrub(this, shared, index, arena.bytes(), scrubIndex, name, context.scrubBytesPerSecond());
    }

    /**
     * Makes a journal file: preallocated, zero-written, durable, with both superblocks. Blocks; leaves nothing behind
     * when it fails.
     *
     * @param context what to make
     * @throws io.millrace.codec.MillraceException MR-6009 disk full, MR-6010 exists already, MR-6011 other failures
     */
    public static void format(final FormatContext context) {
        JournalFormatter.format(context);
    }

    /**
     * Makes a journal on a device that is all zeros, e.g. one in memory: writes both superblocks. The device stays
     * open.
     *
     * @param device its room is cut to whole zones; the file and length of the context are not used
     * @param context what to make
     * @throws io.millrace.codec.MillraceException MR-6002 too small, MR-6011 a write failed
     */
    public static void format(final BlockDevice device, final FormatContext context) {
        JournalFormatter.format(device, context);
    }

    /**
     * Opens and locks a journal and checks its identity. Nothing is read but the superblocks; call {@link #recover}
     * next.
     *
     * @param context settings and components
     * @return journal, not yet writable
     * @throws io.millrace.codec.MillraceException MR-6001 missing, MR-6002 too small, MR-6003 of another node, MR-6004
     *     locked, MR-6007 both superblocks bad, MR-6008 unknown version, MR-6013 not permitted, MR-5003 limit of locked
     *     memory, MR-5004 io_uring denied though asked for
     */
    public static Journal open(final JournalContext context) {
        final JournalLock lock = context.device() == null ? JournalLock.take(context.file(), context.ledger()) : null;
        BlockDevice device = context.device();
        Arena arena = null;
        try {
            final int arenaLength = context.conclude();
            if (device == null) {
                device = Backends.openLocked(context, Objects.requireNonNull(lock), arenaLength);
            }
            arena = new Arena(arenaLength, context.ledger());
            device.register(arena.bytes());
            return new Journal(context, lock, device, arena);
        } catch (final RuntimeException | Error e) {
            CloseHelper.quietCloseAll(device, arena, lock);
            throw e;
        }
    }

    /**
     * Gives the newest checkpoint and folds all records since it in order, classifies what lies behind the last valid
     * batch (P4), and makes the next recovery epoch and incarnation durable. Blocks. Call it on the device thread,
     * once, before anything is claimed.
     *
     * @param visitor takes the pieces of the checkpoint, and every record
     * @throws io.millrace.codec.MillraceException MR-6005 corrupt, nothing was changed; MR-6011 the device cannot be
     *     read
     */
    public void recover(final RecordVisitor visitor) {
        if (report != null) {
            throw new IllegalStateException("recovered already");
        }
        final long startedNs = clock.nanoTime();
        device.sync();
        final BlockingIo io = new BlockingIo(device, name);
        final int window = Math.min(ringLength, LONGEST_WINDOW);
        final JournalRecovery recovery =
                new JournalRecovery(io, buffer, crc, window, superblock, zones, index, warnings, name);
        final TailState tail = recovery.run(visitor);
        final LogWalker walker = recovery.walker();
        if (tail == TailState.UNCERTAIN) {
            warnings.accept(ErrorCode.JOURNAL_TORN.id() + ": " + name + ": batch " + walker.sequence() + " at address "
                    + walker.address() + " is cut off: " + walker.invalidReason());
        }
        final long checkpoint = superblock.checkpointBatchSequence();
        superblock = superblocks.nextRun(io, walker.recoveryEpoch(), badSuperblockCount);
        if (badSuperblockCount > 0) {
            warnings.accept(ErrorCode.SUPERBLOCK_BAD.id() + ": " + name
                    + ": one of two superblocks was bad; it was written again");
        }
        durableAddress = walker.address();
        batches.follow(walker.previousCrc());
        ring = new WriteRing(
                ringLength, maxBatchLength, superblock.granule(), walker.sequence() - 1, walker.lastAddress());
        open.follow(ring, durableAddress, superblock.recoveryEpoch());
        report = new RecoveryReport(
                checkpoint,
                walker.sequence() - Math.max(1, checkpoint),
                recovery.recordCount(),
                walker.sequence() - 1,
                durableAddress,
                tail,
                walker.invalidReason(),
                recovery.scannedBytes(),
                badSuperblockCount,
                superblock.recoveryEpoch(),
                superblock.incarnation(),
                clock.nanoTime() - startedNs);
    }

    /**
     * Returns what recovery found.
     *
     * @return report
     * @throws IllegalStateException before {@link #recover}
     */
    public RecoveryReport recoveryReport() {
        final RecoveryReport found = report;
        if (found == null) {
            throw new IllegalStateException(name + " is not recovered yet");
        }
        return found;
    }

    /**
     * Returns this run's incarnation, durable since recovery.
     *
     * @return 1, 2, 3 …
     */
    public long incarnation() {
        return superblock.incarnation();
    }

    /**
     * Returns the device's identity, made at format (P5).
     *
     * @return UUID
     */
    public UUID deviceUuid() {
        return superblock.deviceUuid();
    }

    /**
     * Claims room for a record in the open batch. The claim stands until {@link #commit}, the next claim or the next
     * {@link #doWork}; an unused one costs nothing.
     *
     * @param recordLength header and body in bytes, without alignment
     * @return index in {@link #buffer()}, aligned to 8, where the record header goes; or
     *     {@link JournalStatus#BACK_PRESSURED}, {@link JournalStatus#FULL}, {@link JournalStatus#FENCED},
     *     {@link JournalStatus#TOO_LARGE}
     */
    public int tryClaim(final int recordLength) {
        return fenced ? JournalStatus.FENCED : open.tryClaim(recordLength);
    }

    /**
     * Returns the buffer that claims point into; always the same one.
     *
     * @return buffer
     */
    public MutableDirectBuffer buffer() {
        return buffer;
    }

    /**
     * Adds the claimed record to the open batch. The caller has written the whole header but its length and CRC, which
     * are written here, and the body.
     *
     * @param index as returned by {@link #tryClaim}
     * @param recordLength bytes, at most as claimed
     */
    public void commit(final int index, final int recordLength) {
        open.commit(index, recordLength);
    }

    /**
     * Adds the claimed record, copied whole from another replica, if its CRC is right. It is not trusted otherwise: its
     * bounds and its place in the chain are for the caller to check.
     *
     * @param index as returned by {@link #tryClaim}
     * @param recordLength bytes, as claimed
     * @return false when the CRC is wrong; nothing was added
     */
    public boolean commitCopied(final int index, final int recordLength) {
        return open.commitCopied(index, recordLength);
    }

    /**
     * Names the batch that took the last record; see {@link #holdsBatch}.
     *
     * @return sequence of the batch that is open, or of the next one
     */
    public long openBatchSequence() {
        return ring.sealed() + 1;
    }

    /**
     * Tells whether a batch of this run is still in the write ring: its records lie where they were written.
     *
     * @param sequence as {@link #openBatchSequence} gave it
     * @return false once its place may have been taken
     */
    public boolean holdsBatch(final long sequence) {
        return ring.holds(sequence);
    }

    /**
     * Tells whether a {@code FILL} record can be claimed; else copies have to become durable first.
     *
     * @return true nearly always
     */
    public boolean hasRoomForFill() {
        return index.settle(durableAddress) >= 0 && index.hasRoomForCopy();
    }

    /**
     * Says that a chain's log goes on behind a position, whose record and those before it lie here in copies at most.
     *
     * @param chain number
     * @param position of the last record that a state restored from elsewhere holds
     */
    public void startChainAt(final int chain, final long position) {
        index.lastPosition(chain, position);
    }

    /**
     * Checks a record that was copied into the journal's buffer inside another one.
     *
     * @param recordIndex of its header
     * @param recordLength header and body in bytes
     * @return whether its CRC is right
     */
    public boolean isWhole(final int recordIndex, final int recordLength) {
        return open.isWhole(recordIndex, recordLength);
    }

    /**
     * Lets {@code FILL} records and copies be found that have become durable; call it when one has.
     *
     * @return those that are not durable yet
     */
    public int settleFills() {
        return index.settle(durableAddress);
    }

    /**
     * Runs one duty cycle: takes completions, tells the listener, seals and submits, enters the kernel at most once for
     * what was submitted.
     *
     * @param nowNs the journal's clock, read by the caller at the start of its duty cycle
     * @return work done, 0 when idle
     */
    public int doWork(final long nowNs) {
        if (ring == NO_RING) {
            throw new IllegalStateException(name + " is not recovered yet");
        }
        final boolean scrubbed = scrub.isReading();
        int work = device.poll(this, COMPLETION_LIMIT);
        work -= scrubbed && !scrub.isReading() ? 1 : 0; // a node that only scrubs is idle
        work += advance();
        if (!fenced) {
            work += submit();
            if (markDue) {
                work += submitMark(nowNs);
            }
            work += checkpoint.doWork();
            scrub.doWork(nowNs, SCRUB_TOKEN);
            if (watchdog.isLate(Math.max(oldestInFlightNs(nowNs), superblocks.ageNs(nowNs)), nowNs, ring)) {
                fence("batch " + (ring.durable() + 1) + " or a superblock is not complete after "
                        + watchdog.deadlineNs() / 1_000_000 + " ms");
            }
        }
        final int result = device.flush();
        if (result < 0) {
            fence("entering the kernel gave errno " + -result);
        }
        return work;
    }

    /**
     * Sleeps in the kernel until a completion, a watched socket, or the time-out; see {@link BlockDevice#await}.
     *
     * @param timeoutNs longest sleep in nanoseconds
     * @return 1 or more when there is something to do
     */
    public int await(final long timeoutNs) {
        return device.await(timeoutNs);
    }

    /**
     * Lets {@link #await} end when a socket becomes readable; see {@link BlockDevice#watch}.
     *
     * @param fileDescriptor of the socket
     * @return false when the backend cannot
     */
    public boolean watch(final int fileDescriptor) {
        return device.watch(fileDescriptor);
    }

    /**
     * Takes a watch back.
     *
     * @param fileDescriptor as given to {@link #watch}
     */
    public void unwatch(final int fileDescriptor) {
        device.unwatch(fileDescriptor);
    }

    /**
     * Returns the end of the contiguous durable prefix.
     *
     * @return address; every batch below it is durable
     */
    public long durableAddress() {
        return durableAddress;
    }

    /**
     * Tells whether a write failed: nothing is taken or acknowledged any more.
     *
     * @return true once and for ever
     */
    public boolean isFenced() {
        return fenced;
    }

    /**
     * Tells whether everything committed is durable and nothing is in flight.
     *
     * @return true when a graceful stop loses nothing
     */
    public boolean isDrained() {
        return open.recordCount() == 0 && ring.durable() == ring.sealed() && !checkpoint.isNaming();
    }

    /**
     * Says in the superblock that the log ends here, so that what lies behind is no torn write for the next recovery.
     * Blocks. Nothing happens unless everything is durable and nothing is in flight.
     */
    public void markEnd() {
        scrub.stop();
        for (int i = 0; i < QUIET_STEP_LIMIT && (scrub.isReading() || readers.isReading()); i++) {
            device.await(QUIET_STEP_NS);
            device.poll(this, COMPLETION_LIMIT);
        }
        if (report != null
                && !fenced
                && isDrained()
                && checkpoint.isIdle()
                && !readers.isReading()
                && !scrub.isReading()) {
            superblocks.endRun(new BlockingIo(device, name), ring.durable());
        }
    }

    /**
     * Returns the longest record that can be claimed.
     *
     * @return bytes, header and body
     */
    public int maxRecordLength() {
        return open.maxRecordLength();
    }

    /**
     * Returns the room for further batches.
     *
     * @return bytes, batch headers and padding included
     */
    public long freeBytes() {
        final long next = open.nextAddress();
        final long rest = zones.holds(next) ? zones.zoneEnd(next) - next : 0;
        return rest + zones.freeCount() * superblock.zoneLength() - open.usedBytes();
    }

    /**
     * Returns the room for batches on the whole device.
     *
     * @return bytes
     */
    public long capacityBytes() {
        return superblock.deviceLength() - superblock.dataAddress();
    }

    /**
     * Returns the number of writes in flight.
     *
     * @return 0 to K
     */
    public int inFlightCount() {
        return inFlightCount;
    }

    /**
     * Returns the age of the oldest write in flight, for the idle policy.
     *
     * @param nowNs the journal's clock
     * @return nanoseconds, 0 when nothing is in flight
     */
    public long oldestInFlightNs(final long nowNs) {
        return inFlightCount == 0 ? 0 : Math.max(0, nowNs - ring.submittedNs(ring.durable() + 1));
    }

    /**
     * Returns the counters.
     *
     * @return counters, live
     */
    public JournalCounters counters() {
        return counters;
    }

    /**
     * Returns what a calibration found for the device.
     *
     * @return calibration, {@link Calibration#NONE} when there was none
     */
    public Calibration calibration() {
        return superblock.calibration();
    }

    /**
     * Returns the most writes in flight.
     *
     * @return K
     */
    public int writesInFlight() {
        return writesInFlight;
    }

    /**
     * Returns how writes are made durable.
     *
     * @return mode of the device
     */
    public DurabilityMode durabilityMode() {
        return device.durabilityMode();
    }

    /**
     * Returns the backend in use.
     *
     * @return {@code uring}, {@code channel}, {@code memory} or {@code faulty}
     */
    public String backendName() {
        return device.backendName();
    }

    /**
     * Describes the device.
     *
     * @return one line
     */
    public String deviceDescription() {
        return device.description();
    }

    /**
     * Finds the batch that holds a record of a chain.
     *
     * @param chain chain number
     * @param position in the chain log
     * @return address of the batch, or -1 when the position was never written here
     */
    public long addressOf(final int chain, final long position) {
        return index.addressOf(chain, position);
    }

    /**
     * Takes a reader from the pool.
     *
     * @return reader, or null when all are taken
     */
    public @Nullable JournalReader newReader() {
        return readers.take();
    }

    /**
     * Returns what writes the checkpoints of this journal.
     *
     * @return writer, always the same one
     */
    public CheckpointWriter checkpoint() {
        return checkpoint;
    }

    /**
     * Returns what reads the device again in the background.
     *
     * @return scrub, always the same one
     */
    public Scrub scrub() {
        return scrub;
    }

    /**
     * Returns the log that recovery would fold now.
     *
     * @return bytes behind the beginning of the newest durable checkpoint
     */
    public long uncheckpointedBytes() {
        return open.nextAddress() - Math.max(superblock.dataAddress(), superblock.checkpointAddress());
    }

    private int submit() {
        int count = 0;
        while (inFlightCount < writesInFlight) {
            if (ring.submitted() == ring.sealed()) {
                if (open.recordCount() == 0) {
                    break;
                }
                open.seal(0);
            }
            final long sequence = ring.submitted() + 1;
            batches.finish(ring.index(sequence), ring.durable(), epochClock.nanoTime());
            if (!device.submitWrite(
                    ring.index(sequence),
                    ring.writeLength(sequence),
                    zones.deviceAddress(ring.address(sequence)),
                    sequence)) {
                break;
            }
            ring.submit(clock.nanoTime());
            batches.submitted();
            inFlightCount++;
            counters.batchCount++;
            counters.writtenBytes += ring.writeLength(sequence);
            count++;
        }
        return count;
    }

    /**
     * Once everything has been durable for a while, says so in an empty batch (P4): a fault that hits the last batches
     * later is told from a torn tail then. One for each time the journal falls idle. Not in the last sixteenth of the
     * device, which is kept for control records.
     */
    private int submitMark(final long nowNs) {
        if (open.recordCount() > 0 || ring.durable() < ring.sealed() || nowNs - quietSinceNs < idleMarkDelayNs) {
            return 0;
        }
        open.dropClaim();
        if (freeBytes() < capacityBytes() / MARK_RESERVE_DIVISOR) {
            markDue = false;
            return 0;
        }
        if (!open.sealEmpty()) {
            return 0;
        }
        markDue = false;
        counters.idleMarkCount++;
        return submit();
    }

    /**
     * Takes a completion; called by the device from inside {@link #doWork}.
     *
     * @param token sequence of a batch, or a reader's
     * @param result bytes or negative errno
     */
    @Override
    public void onCompletion(final long token, final int result) {
        if (ReaderPool.owns(token)) {
            readers.onRead(token, result);
            return;
        }
        if (token == SCRUB_TOKEN) {
            scrub.onRead(result);
            return;
        }
        if (token == SUPERBLOCK_TOKEN) {
            onSuperblockWritten(result);
            return;
        }
        inFlightCount--;
        if (fenced) {
            return;
        }
        if (result == ring.writeLength(token)) {
            ring.complete(token);
        } else if (result == -EAGAIN
                && ring.retry(token) <= RETRY_LIMIT
                && device.submitWrite(
                        ring.index(token), ring.writeLength(token), zones.deviceAddress(ring.address(token)), token)) {
            inFlightCount++;
            counters.retryCount++;
        } else {
            fence("writing batch " + token + " (" + ring.writeLength(token) + " bytes) at address "
                    + ring.address(token) + " gave " + (result < 0 ? "errno " + -result : result + " bytes"));
        }
    }

    /**
     * Submits a superblock that names a newer checkpoint; {@link CheckpointWriter#onSuperblockDurable} follows.
     *
     * @param address of the batch that the checkpoint begins with
     * @param batchSequence of that batch
     * @return false when the device's queue is full: again later
     */
    boolean submitSuperblock(final long address, final long batchSequence) {
        return superblocks.submit(
                superblock.withCheckpoint(address, batchSequence), SUPERBLOCK_TOKEN, clock.nanoTime());
    }

    private void onSuperblockWritten(final int result) {
        if (superblocks.onWritten(result)) {
            superblock = superblocks.current();
            checkpoint.onSuperblockDurable();
        } else if (result != -EAGAIN || !superblocks.again(SUPERBLOCK_TOKEN)) {
            fence("writing a superblock gave " + (result < 0 ? "errno " + -result : result + " bytes"));
        }
    }

    private int advance() {
        int count = 0;
        long nowNs = 0;
        while (!fenced && ring.advanceDurable()) {
            final long sequence = ring.durable();
            nowNs = nowNs == 0 ? clock.nanoTime() : nowNs;
            durableAddress = ring.address(sequence) + ring.batchLength(sequence);
            final int records = ring.recordCount(sequence);
            counters.durableRecordCount += records;
            if (records > 0) {
                markDue = idleMarkDelayNs > 0;
                quietSinceNs = nowNs;
                listener.onDurable(
                        buffer,
                        ring.index(sequence) + LogFormat.BATCH_HEADER_LENGTH,
                        ring.payloadLength(sequence),
                        records,
                        ring.address(sequence),
                        ring.submittedNs(sequence),
                        nowNs);
            }
            ring.release();
            count++;
        }
        return count;
    }

    private void fence(final String what) {
        if (!fenced) {
            fenced = true;
            listener.onFenced(
                    ErrorCode.DEVICE_FENCED,
                    name + ": " + what + "; the device takes no more, everything acknowledged is kept. "
                            + ErrorCode.DEVICE_FENCED.remedy());
        }
    }

    /**
     * Finds a durable batch in the write ring.
     *
     * @param address of the batch
     * @return sequence, or -1
     */
    long findInRing(final long address) {
        return ring.find(address);
    }

    /**
     * Returns the write ring.
     *
     * @return ring
     */
    WriteRing ring() {
        return ring;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            CloseHelper.closeAll(device, arena, lock);
        }
    }
}
