package io.millrace.control.consensus;

import io.aeron.archive.checksum.Checksum;
import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * CRC32C of a frame of the control plane's log, kept beside it in the recording. With it a start after a kill can tell
 * a frame that was written whole and ends in zeros from one that was torn at a page: the one may have been promised,
 * the other never was.
 *
 * <p>The one that comes with the archive needs a package of the JDK opened. Frames are few; this one copies them.
 *
 * <p><b>Threading</b>: any.
 */
final class FrameChecksum implements Checksum {
    /**
     * Computes the checksum of a range.
     *
     * @param address of the memory.
     * @param offset of the first byte behind the address.
     * @param length in bytes.
     * @return CRC32C as 32 bits.
     */
    @Override
    public int compute(final long address, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        new UnsafeBuffer(address + offset, length).getBytes(0, bytes);
        final CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
