package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * Makes a journal of a raw block device: refuses one that holds anything, or that anybody uses, takes away the marks of
 * what it held, and writes both superblocks. The device is not written with zeros but where it matters: its first and
 * last mebibyte, and the first granule of each zone, so that recovery takes no zone that was never written for one
 * whose beginning was lost. What else was there before can never be taken for a batch: it lacks the device's new UUID.
 *
 * <p>A crash on the way leaves a device without a valid superblock, or a whole journal.
 *
 * <p><b>Threading</b>: the caller's thread; blocks.
 */
final class RawFormatter {
    private static final int PROGRESS_ZONES = 1024;

    private final FormatContext context;
    private final Path device;

    private RawFormatter(final FormatContext context) {
        this.context = context;
        device = context.file().toAbsolutePath();
    }

    /**
     * Formats a block device.
     *
     * @param context what to make
     * @throws MillraceException MR-6002, MR-6004, MR-6010 holds a journal, MR-6011, MR-6012, MR-6013, MR-6021 in use,
     *     MR-6022 holds something else
     */
    static void format(final FormatContext context) {
        final RawFormatter formatter = new RawFormatter(context);
        final JournalLock lock = JournalLock.take(formatter.device, context.ledger());
        try {
            formatter.run(lock);
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DEVICE_IO, formatter.device + ": " + e.getMessage(), e);
        } finally {
            lock.close();
        }
    }

    private void run(final JournalLock lock) throws IOException {
        final long length = lock.length();
        final FileChannel channel = lock.channel();
        final Superblock superblock =
                JournalFormatter.plan(context, Math.min(context.length(), length - LogFormat.DEFAULT_DATA_ADDRESS));
        final ByteBuffer head = ByteBuffer.allocate((int) Math.min(DeviceSignature.LENGTH, length));
        final ByteBuffer tail = ByteBuffer.allocate(head.capacity());
        read(channel, head, 0);
        read(channel, tail, length - tail.capacity());
        if (!context.overwrite()) {
            requireEmpty(lock, head, tail);
        }
        final ByteBuffer zeros = ByteBuffer.allocate(head.capacity());
        write(channel, zeros.clear(), 0);
        write(channel, zeros.clear(), length - zeros.capacity());
        clearZones(channel, zeros, superblock);
        channel.force(true); // nothing old is valid any more before anything new is
        writeSuperblocks(channel, superblock);
        channel.force(true);
        context.progress().onProgress(superblock.deviceLength(), superblock.deviceLength());
    }

    private void requireEmpty(final JournalLock lock, final ByteBuffer head, final ByteBuffer tail) {
        final String journal = journalIn(head);
        if (!journal.isEmpty()) {
            throw new MillraceException(
                    ErrorCode.DEVICE_NOT_EMPTY,
                    device + " holds " + journal + "; nothing was changed. Use it, or, if it may go, give --overwrite");
        }
        final BlockFacts facts = lock.facts();
        if (facts != null && facts.isPartition()) {
            throw new MillraceException(
                    ErrorCode.DEVICE_FOREIGN,
                    device + " is a partition of /dev/" + facts.disk() + "; nothing was changed. Name the whole disk,"
                            + " or, if the partition is meant, give --overwrite");
        }
        final List<String> found = DeviceSignature.find(head, tail);
        if (!found.isEmpty()) {
            throw new MillraceException(
                    ErrorCode.DEVICE_FOREIGN,
                    device + " holds " + String.join(", ", found) + "; nothing was changed. "
                            + ErrorCode.DEVICE_FOREIGN.remedy());
        }
    }

    private String journalIn(final ByteBuffer head) {
        try {
            final SuperblockPair pair = SuperblockPair.read(
                    new org.agrona.concurrent.UnsafeBuffer(head), 0, new Crc32c(head), device.toString());
            if (pair.badCount() == 2) {
                return "";
            }
            final Superblock superblock = pair.newest(device.toString());
            return "the journal of device " + superblock.deviceUuid() + " of node " + superblock.nodeId();
        } catch (final MillraceException e) {
            return "a journal of another version (" + e.getMessage() + ")";
        }
    }

    private void clearZones(final FileChannel channel, final ByteBuffer zeros, final Superblock superblock)
            throws IOException {
        int count = 0;
        for (long at = superblock.dataAddress(); at < superblock.deviceLength(); at += superblock.zoneLength()) {
            write(channel, zeros.clear().limit(superblock.granule()), at);
            if (++count % PROGRESS_ZONES == 0) {
                context.progress().onProgress(at, superblock.deviceLength());
            }
        }
    }

    private void writeSuperblocks(final FileChannel channel, final Superblock superblock) throws IOException {
        final Arena arena = new Arena(2 * superblock.granule(), context.ledger());
        try {
            JournalFormatter.encodeBoth(arena, superblock);
            write(channel, arena.bytes().clear(), 0);
        } finally {
            arena.close();
        }
    }

    private static void read(final FileChannel channel, final ByteBuffer into, final long address) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into, address + into.position()) <= 0) {
                throw new IOException("reading at address " + (address + into.position()) + " found the end");
            }
        }
    }

    private static void write(final FileChannel channel, final ByteBuffer from, final long address) throws IOException {
        final int start = from.position();
        while (from.hasRemaining()) {
            channel.write(from, address + from.position() - start);
        }
    }
}
