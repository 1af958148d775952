package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.journal.faulty.FaultyDevice;
import java.nio.ByteBuffer;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Reading ahead of a walk, over a device that answers in any order. */
class ReadAheadTest {
    private static final int ZONES = 4;
    private static final int ZONE = TestJournals.ZONE_LENGTH;
    private static final int DATA = (int) LogFormat.DEFAULT_DATA_ADDRESS;
    private static final int GRANULE = 4096;

    private final byte[] medium = TestJournals.medium(ZONES);
    private final ZoneMap zones = new ZoneMap(superblock());

    private Superblock superblock() {
        final ByteBuffer head = ByteBuffer.wrap(medium);
        return SuperblockPair.read(new UnsafeBuffer(medium), 0, new Crc32c(head), "test")
                .newest("test");
    }

    private ReadAhead over(final BlockDevice device, final UnsafeBuffer arena) {
        device.register(arena.byteBuffer());
        return new ReadAhead(new BlockingIo(device, "test"), arena, 0, arena.capacity(), GRANULE, zones, "test");
    }

    private static UnsafeBuffer arena(final int length) {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 4096));
    }

    @Property(tries = 200)
    void shouldGiveWhatTheDeviceHoldsWhateverTheOrderOfAnswers(@ForAll final long seed) {
        final Random random = new Random(seed);
        final UnsafeBuffer expected = new UnsafeBuffer(medium);
        for (int i = DATA; i < medium.length; i += 8) {
            expected.putLong(i, i * 31L);
        }
        final int shift = random.nextInt(ZONES);
        for (int zone = 0; zone < ZONES; zone++) {
            zones.put(zone, (zone + shift) % ZONES); // no log zone need lie where it did at first
        }
        final FaultyDevice device = new FaultyDevice(medium, seed).inOrder(random.nextBoolean());
        device.completionsPerPoll(1 + random.nextInt(4));
        final UnsafeBuffer arena = arena((16 + random.nextInt(64)) * GRANULE);
        final ReadAhead ahead = over(device, arena);
        final long end = DATA + (long) ZONES * ZONE;
        long at = DATA;
        while (at < end) {
            final int room = (int) Math.min(64 * 1024, zones.zoneEnd(at) - at);
            final int length = GRANULE * (1 + random.nextInt(room / GRANULE));
            assertHolds(expected, arena, ahead.load(at, GRANULE), at, GRANULE);
            assertHolds(expected, arena, ahead.load(at, length), at, length);
            at += random.nextInt(8) == 0 ? Math.min(zones.zoneEnd(at) - at, length * 4L) : length;
            if (random.nextInt(20) == 0) {
                ahead.stop();
                at = Math.max(DATA, at - 3L * GRANULE);
            }
        }
        ahead.stop();
    }

    private void assertHolds(
            final UnsafeBuffer expected, final UnsafeBuffer arena, final int index, final long at, final int length) {
        final long device = zones.deviceAddress(at);
        for (int i = 0; i < length; i += 8) {
            assertEquals(expected.getLong((int) device + i), arena.getLong(index + i), "address " + (at + i));
        }
    }

    @Test
    void shouldHaveManyReadsInFlightAndGoOnInTheNextZone() {
        zones.assign(0);
        zones.assign(1);
        final FaultyDevice device = new FaultyDevice(medium, 1);
        final UnsafeBuffer arena = arena(64 * GRANULE);
        final ReadAhead ahead = over(device, arena);
        device.completionsPerPoll(1);
        ahead.load(DATA + ZONE - 2L * GRANULE, GRANULE);
        assertTrue(device.await(0) >= 4, "reads in flight: " + device.await(0));
        ahead.stop();
        assertEquals(0, device.await(0));
    }

    @Test
    void shouldNameTheAddressOnlyWhenWhatFailedIsNeeded() {
        zones.assign(0);
        final FaultyDevice device = new FaultyDevice(medium, 1);
        final ReadAhead ahead = over(device, arena(64 * GRANULE));
        ahead.load(DATA, GRANULE);
        device.failReads(true);
        final MillraceException e = assertThrows(MillraceException.class, () -> {
            for (long at = DATA; at < DATA + ZONE; at += GRANULE) {
                ahead.load(at, GRANULE);
            }
        });
        assertEquals(ErrorCode.DEVICE_IO, e.code());
        assertTrue(String.valueOf(e.getMessage()).contains("errno 5"), e::toString);
        device.failReads(false);
        ahead.stop();
        ahead.load(DATA, GRANULE);
        ahead.stop();
    }

    @Test
    void shouldReadAtOnceWhatThePiecesCannotHold() {
        zones.assign(0);
        final FaultyDevice device = new FaultyDevice(medium, 1);
        final UnsafeBuffer arena = arena(16 * GRANULE);
        final ReadAhead ahead = over(device, arena);
        new UnsafeBuffer(medium).putLong(DATA + 15 * GRANULE, 77);
        final int index = ahead.load(DATA, 16 * GRANULE);
        assertEquals(77, arena.getLong(index + 15 * GRANULE));
        final MillraceException e = assertThrows(MillraceException.class, () -> ahead.load(DATA, 17 * GRANULE));
        assertEquals(ErrorCode.RECORD_INVALID, e.code());
        ahead.stop();
    }
}
