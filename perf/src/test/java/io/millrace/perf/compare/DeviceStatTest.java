package io.millrace.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Flushes are counted on the right device, and only what flushed enough is durable. */
@Timeout(20)
final class DeviceStatTest {
    private static final String SDA = "   8       0 sda 10 0 80 5 200 7 4096 50 0 30 60 0 0 0 0 ";

    @TempDir
    private Path root = Path.of("");

    @Test
    void shouldReadFlushesWhenTheKernelCountsThem() throws IOException {
        diskstats(SDA + "42 9");
        final DeviceStat stat = DeviceStat.read(root, "sda");
        assertEquals(new DeviceStat(42, 200, 4096 * 512L), stat);
        diskstats(SDA + "50 9");
        assertEquals(8, DeviceStat.read(root, "sda").since(stat).flushes());
    }

    @Test
    void shouldKnowNothingWhenTheDeviceIsNotThere() throws IOException {
        diskstats(SDA + "42 9");
        assertEquals(DeviceStat.UNKNOWN, DeviceStat.read(root, "sdb"));
        assertEquals(DeviceStat.UNKNOWN, DeviceStat.read(root, null));
        diskstats("   8       0 sda 10 0 80 5 200 7 4096 50 0 30 60");
        assertEquals(-1, DeviceStat.read(root, "sda").flushes(), "an old kernel has fewer columns");
        assertEquals(-1, DeviceStat.read(root, "sda").since(DeviceStat.UNKNOWN).writes());
    }

    @Test
    void shouldNameTheWholeDeviceWhenTheDirectoryIsOnAPartition() throws IOException {
        final Path disk = Files.createDirectories(root.resolve("sys/devices/pci0/block/zz9"));
        Files.createDirectories(disk.resolve("zz9p1"));
        Files.writeString(disk.resolve("zz9p1/partition"), "1\n");
        Files.createDirectories(root.resolve("sys/class/block"));
        Files.createSymbolicLink(root.resolve("sys/class/block/zz9p1"), disk.resolve("zz9p1"));
        final Path data = Files.createDirectories(root.resolve("data/inner")).toRealPath();
        mounts("25 1 8:1 / / rw - ext4 /dev/other rw\n" + "26 25 259:1 / " + data.getParent()
                + " rw shared:1 - xfs /dev/zz9p1 rw\n");
        assertEquals("zz9", DeviceStat.deviceOf(root, data));
    }

    @Test
    void shouldNameNoDeviceWhenTheFileSystemHasNone() throws IOException {
        mounts("25 1 0:24 / / rw - tmpfs tmpfs rw\n");
        assertNull(DeviceStat.deviceOf(root, root));
    }

    @Test
    void shouldBeDurableWhenFlushesKeepPaceWithTheLatency() {
        // 10,000/s at a median of 100 us: 5,000 flushes a second would do, a quarter of that is asked for.
        assertEquals(1250, DurabilityJudge.neededPerSecond(10_000, 100), 1);
        assertTrue(judge(true, true, 8_000 * 20, 100));
        assertTrue(judge(true, true, 240 * 20, 3_500), "a slow group commit flushes rarely");
        assertFalse(judge(true, true, 240 * 20, 100), "nobody waits 100 us for a flush every 4 ms");
    }

    @Test
    void shouldNotBeDurableWhenNothingFlushed() {
        assertFalse(judge(true, true, 0, 75));
        assertFalse(judge(true, true, 20, 75), "a flush a second is the file system's own");
        assertFalse(judge(true, true, -1, 75), "unknown is not proven");
        assertFalse(judge(false, true, 8_000 * 20, 100), "it does not even claim it");
    }

    @Test
    void shouldCountWritesWhenTheDeviceHasNoVolatileCache() {
        assertTrue(DurabilityJudge.isDurable(true, false, new DeviceStat(0, 8_000 * 20, 0), 20, 10_000, 100));
        assertFalse(DurabilityJudge.isDurable(true, false, new DeviceStat(0, 30, 0), 20, 10_000, 100));
    }

    private static boolean judge(
            final boolean claims, final boolean hasWriteCache, final long flushes, final double p50Micros) {
        return DurabilityJudge.isDurable(
                claims, hasWriteCache, new DeviceStat(flushes, 1_000_000, 0), 20, 10_000, p50Micros);
    }

    private void diskstats(final String line) throws IOException {
        Files.createDirectories(root.resolve("proc"));
        Files.writeString(root.resolve("proc/diskstats"), "   7       0 loop0 1 2 3\n" + line + "\n");
    }

    private void mounts(final String lines) throws IOException {
        Files.createDirectories(root.resolve("proc/self"));
        Files.writeString(root.resolve("proc/self/mountinfo"), lines);
    }
}
