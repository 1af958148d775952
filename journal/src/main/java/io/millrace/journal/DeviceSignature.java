package io.millrace.journal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Names what lies on a block device by the marks that file systems, partition tables, volume managers and RAID leave at
 * its beginning and end. What has no known mark and is not all zeros is named, too.
 *
 * <p><b>Threading</b>: pure.
 */
final class DeviceSignature {
    /** Bytes looked at from the beginning of a device, and from its end. */
    static final int LENGTH = 1 << 20;

    private static final int BOOT_MARK = 510;
    private static final String BOOT_BYTES = "U\u00aa";
    private static final int FIRST_PARTITION_TYPE = 446 + 4;
    private static final int PARTITION_STRIDE = 16;
    private static final int PARTITIONS = 4;
    private static final int SMALL_BLOCK = 512;
    private static final int LARGE_BLOCK = 4096;

    /**
     * A mark: what it means, and where it is, from the beginning (0 or more) or from the end (negative).
     *
     * @param what it means
     * @param place of it
     * @param characters of it, a byte each
     */
    private record Mark(String what, int place, String characters) {}

    private static final List<Mark> MARKS = List.of(
            hex("an ext2, ext3 or ext4 file system", 1080, "53ef"),
            text("an XFS file system", 0, "XFSB"),
            text("a btrfs file system", 0x10040, "_BHRfS_M"),
            hex("an F2FS file system", 1024, "1020f5f2"),
            text("an NTFS file system", 3, "NTFS    "),
            text("an exFAT file system", 3, "EXFAT   "),
            text("a FAT file system", 54, "FAT1"),
            text("a FAT32 file system", 82, "FAT32   "),
            text("a JFS file system", 0x8000, "JFS1"),
            text("a ReiserFS file system", 0x10034, "ReIsEr"),
            text("an ISO 9660 file system", 0x8001, "CD001"),
            text("a squashfs file system", 0, "hsqs"),
            hex("an EROFS file system", 1024, "e2e1f5e0"),
            text("swap space", 4086, "SWAPSPACE2"),
            text("swap space", 4086, "SWAP-SPACE"),
            hex("a LUKS encrypted volume", 0, "4c554b53babe"),
            text("an LVM physical volume", 512, "LABELONE"),
            text("an LVM physical volume", 0, "LABELONE"),
            hex("a member of a Linux RAID", 0, "fc4e2ba9"),
            hex("a member of a Linux RAID", 4096, "fc4e2ba9"),
            hex("a member of a Linux RAID", -8192, "fc4e2ba9"),
            hex("a member of a Linux RAID", -65536, "fc4e2ba9"),
            hex("a member of a ZFS pool", 0x20000, "0cb1ba00"),
            hex("a member of a ZFS pool", 0x21000, "0cb1ba00"),
            hex("a bcache device", 4120, "c68573f64e1a45ca"),
            text("a Ceph BlueStore device", 0, "bluestore block device"),
            text("a GPT partition table", SMALL_BLOCK, "EFI PART"),
            text("a GPT partition table", LARGE_BLOCK, "EFI PART"),
            text("the second copy of a GPT partition table", -SMALL_BLOCK, "EFI PART"),
            text("the second copy of a GPT partition table", -LARGE_BLOCK, "EFI PART"));

    private DeviceSignature() {}

    private static Mark text(final String what, final int place, final String text) {
        return new Mark(what, place, text);
    }

    private static Mark hex(final String what, final int place, final String digits) {
        return new Mark(what, place, new String(HexFormat.of().parseHex(digits), StandardCharsets.ISO_8859_1));
    }

    /**
     * Names what lies there.
     *
     * @param head first bytes of the device
     * @param tail last bytes of the device
     * @return what was found, empty when the head is all zeros and the tail has no known mark
     */
    static List<String> find(final ByteBuffer head, final ByteBuffer tail) {
        final List<String> found = new ArrayList<>();
        for (final Mark mark : MARKS) {
            final ByteBuffer where = mark.place < 0 ? tail : head;
            final int at = mark.place < 0 ? tail.capacity() + mark.place : mark.place;
            if (isAt(where, at, mark.characters) && !found.contains(mark.what)) {
                found.add(mark.what);
            }
        }
        if (hasPartitions(head)) {
            found.add("an MBR partition table");
        }
        if (found.isEmpty()) {
            for (int i = 0; i < head.capacity(); i++) {
                if (head.get(i) != 0) {
                    found.add("something unknown (not zeros at address " + i + ")");
                    break;
                }
            }
        }
        return found;
    }

    private static boolean hasPartitions(final ByteBuffer head) {
        if (!isAt(head, BOOT_MARK, BOOT_BYTES)) {
            return false;
        }
        for (int i = 0; i < PARTITIONS; i++) {
            if (head.get(FIRST_PARTITION_TYPE + i * PARTITION_STRIDE) != 0) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAt(final ByteBuffer where, final int at, final String characters) {
        if (at < 0 || at + characters.length() > where.capacity()) {
            return false;
        }
        for (int i = 0; i < characters.length(); i++) {
            if (where.get(at + i) != (byte) characters.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
