package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.CloseHelper;

/**
 * Finds the durability mode and the number of writes in flight that suit a device, and writes them into both
 * superblocks. The load runs on a file of its own beside the journal, preallocated and zero-written like it; the
 * journal is locked meanwhile, and nothing of it but the superblocks is written. On a raw block device there is nothing
 * beside the journal: the load runs in a zone of it that holds nothing, found as recovery finds it, and leaves zeros.
 *
 * <p>All candidates are equally durable: a calibration never chooses a weaker mode (see {@link SyncMethod}).
 *
 * <p><b>Threading</b>: the caller's thread becomes the device thread; blocks.
 */
public final class Calibrator {
    private static final String SUFFIX = ".calibrating";
    private static final long SCRATCH_LENGTH = 64L << 20;
    private static final int RECOVERY_WINDOW_LENGTH = 4 << 20;
    private static final long WARM_UP_NS = 200_000_000L;
    private static final int ROUNDS = 2;
    private static final int[] WRITES_IN_FLIGHT = {1, 2, 4};

    private final JournalContext context;
    private final long methodDurationNs;
    private final Consumer<CalibrationCandidate> progress;

    /**
     * Prepares a calibration.
     *
     * @param context names the journal and its node; gives clocks, probe, ledger
     * @param methodDurationNs how long each method is measured, its K together; at least 5 s say something
     * @param progress is told each candidate when it is measured
     */
    public Calibrator(
            final JournalContext context, final long methodDurationNs, final Consumer<CalibrationCandidate> progress) {
        this.context = context;
        this.methodDurationNs = methodDurationNs;
        this.progress = progress;
    }

    /**
     * Calibrates.
     *
     * @return what is in the superblocks now
     * @throws MillraceException MR-6001 missing, MR-6003 of another node, MR-6004 locked: the node runs, MR-6007 both
     *     superblocks bad, MR-6009 no room for the file, MR-6011 the device fails; on a raw device also MR-4001 no zone
     *     is free, MR-6005 and MR-6014 as recovery, MR-6021 in use
     */
    public Calibration calibrate() {
        final Path file = context.file().toAbsolutePath();
        final JournalLock lock = JournalLock.take(file, context.ledger());
        final Path scratch = file.resolveSibling(file.getFileName() + SUFFIX);
        final int arenaLength = lock.facts() == null ? JournalContext.HEAD_LENGTH : RECOVERY_WINDOW_LENGTH;
        BlockDevice device = null;
        Arena arena = null;
        try {
            // Open until the end: closing any descriptor of the journal would release its lock, and a node could start.
            // (The claim on a raw device outlives that.)
            device = Backends.open(context, SyncMethod.RWF_DSYNC, arenaLength, lock.length());
            arena = new Arena(arenaLength, context.ledger());
            device.register(arena.bytes());
            final Superblock superblock = read(device, arena).newest(file.toString()); // refuses before it measures
            final Scratch place = lock.facts() == null
                    ? makeScratch(scratch)
                    : new Scratch(
                            file, lock.length(), findFreeZone(device, arena, superblock), superblock.zoneLength());
            final CalibrationCandidate best = CalibrationCandidate.best(measure(place));
            final Calibration found = new Calibration(
                    best.method(),
                    best.writesInFlight(),
                    best.p50Ns(),
                    best.p99Ns(),
                    context.epochClock().nanoTime());
            store(device, arena, found);
            return found;
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DEVICE_IO, scratch + ": " + e.getMessage(), e);
        } catch (final IllegalArgumentException e) {
            throw new MillraceException(ErrorCode.DEVICE_IO, file + ": " + e.getMessage(), e);
        } finally {
            CloseHelper.quietCloseAll(device, arena, lock);
            if (lock.facts() == null) {
                deleteQuietly(scratch);
            }
        }
    }

    /**
     * Where the load runs.
     *
     * @param path of a file or device
     * @param pathLength bytes of it
     * @param start address of the part that may be written
     * @param length bytes of that part
     */
    private record Scratch(Path path, long pathLength, long start, long length) {}

    private Scratch makeScratch(final Path scratch) throws IOException {
        Files.deleteIfExists(scratch);
        Journal.format(new FormatContext()
                .file(scratch)
                .length(SCRATCH_LENGTH)
                .zoneLength(SCRATCH_LENGTH)
                .probe(context.probe())
                .ledger(context.ledger()));
        return new Scratch(scratch, SCRATCH_LENGTH, 0, SCRATCH_LENGTH);
    }

    /** The last one, which comes last of all to be written by the journal. */
    private long findFreeZone(final BlockDevice device, final Arena arena, final Superblock superblock) {
        final String name = context.file().toString();
        final ZoneMap zones = new ZoneMap(superblock);
        new JournalRecovery(
                        new BlockingIo(device, name),
                        arena.buffer(),
                        new Crc32c(arena.bytes()),
                        RECOVERY_WINDOW_LENGTH,
                        superblock,
                        zones,
                        new PositionIndex(0),
                        warning -> {},
                        name)
                .run((buffer, index, length, batchAddress) -> {});
        for (int place = zones.count() - 1; place >= 0; place--) {
            if (zones.zoneAt(place) == ZoneMap.ABSENT) {
                return superblock.dataAddress() + place * superblock.zoneLength();
            }
        }
        throw new MillraceException(
                ErrorCode.JOURNAL_FULL,
                name + ": all " + zones.count() + " zones hold something; a calibration writes to a free one."
                        + " Start the node, truncate streams, stop it and try again");
    }

    private List<CalibrationCandidate> measure(final Scratch scratch) {
        final List<CalibrationCandidate> candidates = new ArrayList<>();
        for (final SyncMethod method : SyncMethod.values()) {
            final boolean needsUring = method == SyncMethod.RWF_DSYNC || method == SyncMethod.LINKED_FSYNC;
            if (needsUring && context.probe().probe() != 0) {
                continue;
            }
            // a channel blocks the device thread: there is never a second write
            final int[] counts = method == SyncMethod.CHANNEL ? new int[] {1} : WRITES_IN_FLIGHT;
            for (final int writesInFlight : counts) {
                final CalibrationCandidate candidate =
                        measure(scratch, method, writesInFlight, methodDurationNs / counts.length);
                candidates.add(candidate);
                progress.accept(candidate);
            }
        }
        return candidates;
    }

    private CalibrationCandidate measure(
            final Scratch scratch, final SyncMethod method, final int writesInFlight, final long durationNs) {
        final int arenaLength = CalibrationLoad.arenaLength(writesInFlight);
        final JournalContext scratchContext = new JournalContext()
                .file(scratch.path())
                .probe(context.probe())
                .memoryLockLimit(context.memoryLockLimit())
                .ledger(context.ledger());
        BlockDevice device = null;
        Arena arena = null;
        long[] samples = {};
        int failure = 0;
        try {
            device = new RegionDevice(
                    Backends.open(scratchContext, method, arenaLength, scratch.pathLength()),
                    scratch.start(),
                    scratch.length());
            arena = new Arena(arenaLength, context.ledger());
            device.register(arena.bytes());
            final CalibrationLoad load = new CalibrationLoad(device, writesInFlight, context.clock());
            failure = load.run(WARM_UP_NS);
            for (int i = 0; i < ROUNDS && failure == 0; i++) {
                failure = load.run(durationNs / ROUNDS);
                samples = merge(samples, load.sortedSamples());
            }
        } catch (final MillraceException e) {
            return new CalibrationCandidate(method, writesInFlight, 0, 0, String.valueOf(e.getMessage()));
        } finally {
            CloseHelper.quietCloseAll(device, arena);
        }
        return failure == 0
                ? CalibrationCandidate.of(method, writesInFlight, samples)
                : new CalibrationCandidate(method, writesInFlight, 0, 0, "a write gave " + failure);
    }

    private static long[] merge(final long[] first, final long[] second) {
        final long[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        Arrays.sort(all);
        return all;
    }

    private SuperblockPair read(final BlockDevice device, final Arena arena) {
        final String name = context.file().toString();
        new BlockingIo(device, name).read(0, JournalContext.HEAD_LENGTH, 0);
        final SuperblockPair pair = SuperblockPair.read(arena.buffer(), 0, new Crc32c(arena.bytes()), name);
        pair.newest(name).requireFits(context.nodeId(), device.length(), name);
        return pair;
    }

    /** Writes both superblocks, the older one first. */
    private void store(final BlockDevice device, final Arena arena, final Calibration found) {
        final String name = context.file().toString();
        final SuperblockPair pair = read(device, arena);
        final Superblock superblock = pair.newest(name).with(found);
        final BlockingIo io = new BlockingIo(device, name);
        final Crc32c crc = new Crc32c(arena.bytes());
        // a lost superblock may have been one run ahead of the one that is left, as in recovery
        final int lost = pair.badCount();
        final long older = pair.nextAddress(superblock.granule());
        write(io, arena, crc, superblock, lost, 1, older);
        write(io, arena, crc, superblock, lost, 2, older == 0 ? superblock.granule() : 0);
    }

    private static void write(
            final BlockingIo io,
            final Arena arena,
            final Crc32c crc,
            final Superblock superblock,
            final int lost,
            final int step,
            final long address) {
        superblock
                .next(
                        superblock.sequence() + lost + step,
                        superblock.recoveryEpoch() + lost,
                        superblock.incarnation() + lost)
                .encode(arena.buffer(), 0, crc);
        io.write(0, superblock.granule(), address);
    }

    private static void deleteQuietly(final Path scratch) {
        try {
            Files.deleteIfExists(scratch);
        } catch (final IOException e) {
            scratch.toFile().deleteOnExit(); // the next calibration removes it, too
        }
    }
}
