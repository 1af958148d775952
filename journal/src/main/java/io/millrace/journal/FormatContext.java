package io.millrace.journal;

import io.millrace.codec.LogFormat;
import java.nio.file.Path;
import java.util.UUID;
import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.SystemEpochNanoClock;

/**
 * What a new journal is to look like.
 *
 * <p><b>Threading</b>: filled by one thread, then read by {@link Journal#format}.
 */
public final class FormatContext {
    /** Default size of a journal: {@code journal.size}. */
    public static final long DEFAULT_LENGTH = 4L << 30;

    /** As much as a block device has. */
    public static final long WHOLE_DEVICE = Long.MAX_VALUE;

    private Path file = Path.of("journal.mrj");
    private long length = DEFAULT_LENGTH;
    private long zoneLength = LogFormat.DEFAULT_ZONE_LENGTH;
    private int granule = LogFormat.MIN_GRANULE;
    private boolean overwrite;
    private UUID nodeId = new UUID(0, 0);
    private UUID deviceUuid = UUID.randomUUID();
    private IoUringProbe probe = IoUringProbe.system();
    private FormatProgress progress = (done, total) -> {};
    private EpochNanoClock epochClock = new SystemEpochNanoClock();
    private ResourceLedger ledger = ResourceLedger.process();

    /** Makes a context with the defaults. */
    public FormatContext() {}

    /**
     * Sets the file to make, which must not exist, or the block device to make a journal of.
     *
     * @param value path in an existing directory
     * @return this
     */
    public FormatContext file(final Path value) {
        file = value;
        return this;
    }

    /**
     * Returns the file to make, or the block device.
     *
     * @return path
     */
    public Path file() {
        return file;
    }

    /**
     * Sets the room for batches; rounded down to whole zones, at least one. On a block device it is the most to use.
     *
     * @param value bytes, or {@link #WHOLE_DEVICE}
     * @return this
     */
    public FormatContext length(final long value) {
        length = value;
        return this;
    }

    /**
     * Returns the room for batches.
     *
     * @return bytes, before rounding
     */
    public long length() {
        return length;
    }

    /**
     * Sets the length of a zone.
     *
     * @param value bytes, a multiple of the granule
     * @return this
     */
    public FormatContext zoneLength(final long value) {
        zoneLength = value;
        return this;
    }

    /**
     * Returns the length of a zone.
     *
     * @return bytes
     */
    public long zoneLength() {
        return zoneLength;
    }

    /**
     * Sets the unit of addresses and batch lengths: the logical block of the device, if that is larger than 4 KiB.
     *
     * @param value bytes, a power of two, 4096 to 65536
     * @return this
     */
    public FormatContext granule(final int value) {
        granule = value;
        return this;
    }

    /**
     * Returns the unit of addresses and batch lengths.
     *
     * @return bytes
     */
    public int granule() {
        return granule;
    }

    /**
     * Sets whether what a block device holds is given up. A file is never overwritten, nor a device in use.
     *
     * @param value true: it is
     * @return this
     */
    public FormatContext overwrite(final boolean value) {
        overwrite = value;
        return this;
    }

    /**
     * Returns whether what a block device holds is given up.
     *
     * @return true: it is
     */
    public boolean overwrite() {
        return overwrite;
    }

    /**
     * Sets the node that the device belongs to (P5).
     *
     * @param value node id
     * @return this
     */
    public FormatContext nodeId(final UUID value) {
        nodeId = value;
        return this;
    }

    /**
     * Returns the node that the device belongs to.
     *
     * @return node id
     */
    public UUID nodeId() {
        return nodeId;
    }

    /**
     * Sets the identity of the device itself; random by default.
     *
     * @param value device UUID
     * @return this
     */
    public FormatContext deviceUuid(final UUID value) {
        deviceUuid = value;
        return this;
    }

    /**
     * Returns the identity of the device itself.
     *
     * @return device UUID
     */
    public UUID deviceUuid() {
        return deviceUuid;
    }

    /**
     * Sets the probe that says whether io_uring may be used; without it zeros are written more slowly.
     *
     * @param value probe
     * @return this
     */
    public FormatContext probe(final IoUringProbe value) {
        probe = value;
        return this;
    }

    /**
     * Returns the probe that says whether io_uring may be used.
     *
     * @return probe
     */
    public IoUringProbe probe() {
        return probe;
    }

    /**
     * Sets who is told how far writing zeros is.
     *
     * @param value called about every 64 MiB
     * @return this
     */
    public FormatContext progress(final FormatProgress value) {
        progress = value;
        return this;
    }

    /**
     * Returns who is told how far writing zeros is.
     *
     * @return listener
     */
    public FormatProgress progress() {
        return progress;
    }

    /**
     * Sets the clock that stamps the superblock.
     *
     * @param value nanoseconds since 1970
     * @return this
     */
    public FormatContext epochClock(final EpochNanoClock value) {
        epochClock = value;
        return this;
    }

    /**
     * Returns the clock that stamps the superblock.
     *
     * @return nanoseconds since 1970
     */
    public EpochNanoClock epochClock() {
        return epochClock;
    }

    /**
     * Sets the ledger that counts native memory and descriptors.
     *
     * @param value ledger
     * @return this
     */
    public FormatContext ledger(final ResourceLedger value) {
        ledger = value;
        return this;
    }

    /**
     * Returns the ledger that counts native memory and descriptors.
     *
     * @return ledger
     */
    public ResourceLedger ledger() {
        return ledger;
    }
}
