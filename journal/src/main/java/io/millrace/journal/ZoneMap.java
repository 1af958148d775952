package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.log.BatchHeaderDecoder;
import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where the zones of the log lie on the device. Addresses of the log only rise: zone k of the log covers
 * {@code [dataAddress + k * zoneLength, + zoneLength)} and is never written twice; a zone of the device takes one zone
 * of the log after the other. On its first way through the device a log address is the device address.
 *
 * <p><b>Threading</b>: device thread, or the one thread of recovery or a tool. Look-ups and assignments do not
 * allocate.
 *
 * <p><b>Invariants</b>: a device zone holds at most one log zone; a log zone that was freed is never mapped again. A
 * zone that was cleaned is live for nobody any more: the next checkpoint frees it.
 */
final class ZoneMap {
    /** Answer for a log zone that lies nowhere. */
    static final int ABSENT = -1;

    private final long dataAddress;
    private final long zoneLength;
    private final long[] logZones;
    private final long[] marks;
    private final long[] liveBytes;
    private final long[] refusedBytes;
    private final boolean[] cleaned;
    private final Long2LongHashMap places;
    private int freeCount;
    private int next;

    /**
     * Makes a map of a device on which every zone is free.
     *
     * @param superblock geometry
     */
    ZoneMap(final Superblock superblock) {
        dataAddress = superblock.dataAddress();
        zoneLength = superblock.zoneLength();
        final int count = Math.toIntExact((superblock.deviceLength() - dataAddress) / zoneLength);
        logZones = new long[count];
        Arrays.fill(logZones, ABSENT);
        marks = new long[count];
        liveBytes = new long[count];
        refusedBytes = new long[count];
        cleaned = new boolean[count];
        places = new Long2LongHashMap(Math.max(8, count * 2), 0.6f, ABSENT);
        freeCount = count;
    }

    /**
     * Finds out which log zones lie on the device by the first batch header of each of its zones. Of two that claim the
     * same log zone, the one of the later recovery epoch is right.
     *
     * @param io of the device
     * @param arena registered buffer
     * @param crc over the arena
     * @param index of a granule in the arena
     * @param superblock of the device
     */
    void discover(
            final BlockingIo io,
            final UnsafeBuffer arena,
            final Crc32c crc,
            final int index,
            final Superblock superblock) {
        final long[] epochs = new long[logZones.length];
        final BatchHeaderDecoder header = new BatchHeaderDecoder();
        for (int place = 0; place < logZones.length; place++) {
            io.read(index, superblock.granule(), dataAddress + place * zoneLength);
            header.wrap(arena, index, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
            if (LogWalker.isWholeHeader(header, index, crc)
                    && LogWalker.isOfDevice(header, superblock)
                    && header.address() >= dataAddress
                    && (header.address() - dataAddress) % zoneLength == 0) {
                final long zone = zoneOf(header.address());
                final int known = placeOf(zone);
                epochs[place] = header.recoveryEpoch();
                if (known == ABSENT || epochs[known] < epochs[place]) {
                    put(zone, place);
                }
            }
        }
    }

    /**
     * Tells in which zone of the log an address lies.
     *
     * @param address of the log
     * @return zone, from 0
     */
    long zoneOf(final long address) {
        return (address - dataAddress) / zoneLength;
    }

    /**
     * Tells where a zone of the log begins.
     *
     * @param zone of the log
     * @return address of the log
     */
    long addressOf(final long zone) {
        return dataAddress + zone * zoneLength;
    }

    /**
     * Tells where the zone of a log address ends.
     *
     * @param address of the log
     * @return address of the log
     */
    long zoneEnd(final long address) {
        return addressOf(zoneOf(address) + 1);
    }

    /**
     * Translates an address.
     *
     * @param address of the log
     * @return address on the device, or {@link #ABSENT} when the zone was freed or never written
     */
    long deviceAddress(final long address) {
        final long zone = zoneOf(address);
        final int place = placeOf(zone);
        return place == ABSENT ? ABSENT : dataAddress + place * zoneLength + (address - addressOf(zone));
    }

    /**
     * Finds the device zone of a log zone.
     *
     * @param zone of the log
     * @return device zone, or {@link #ABSENT}
     */
    int placeOf(final long zone) {
        return (int) places.get(zone);
    }

    /**
     * Finds the log zone of a device zone.
     *
     * @param place device zone
     * @return zone of the log, or {@link #ABSENT} when it is free
     */
    long zoneAt(final int place) {
        return logZones[place];
    }

    /**
     * Finds the next zone of the log that lies on the device.
     *
     * @param zone of the log, or {@link #ABSENT} for the first one
     * @return a later zone, or {@link #ABSENT}
     */
    long next(final long zone) {
        long least = Long.MAX_VALUE;
        for (final long found : logZones) {
            if (found > zone && found < least) {
                least = found;
            }
        }
        return least == Long.MAX_VALUE ? ABSENT : least;
    }

    /**
     * Tells whether an address of the log lies on the device.
     *
     * @param address of the log
     * @return true when its zone is mapped
     */
    boolean holds(final long address) {
        return placeOf(zoneOf(address)) != ABSENT;
    }

    /**
     * Gives a log zone a device zone: the next free one behind that of the log zone before, so that recovery finds the
     * same one.
     *
     * @param zone of the log
     * @return false when none is free; true also when it has one already
     */
    boolean assign(final long zone) {
        if (placeOf(zone) != ABSENT) {
            return true;
        }
        if (freeCount == 0) {
            return false;
        }
        final int before = placeOf(zone - 1);
        int place = before == ABSENT ? next : (before + 1) % logZones.length;
        while (logZones[place] != ABSENT) {
            place = (place + 1) % logZones.length;
        }
        put(zone, place);
        return true;
    }

    /**
     * Says where a log zone lies; whatever was said of both before is forgotten.
     *
     * @param zone of the log
     * @param place device zone
     */
    void put(final long zone, final int place) {
        if (logZones[place] != ABSENT) {
            free(logZones[place]);
        }
        free(zone);
        places.put(zone, place);
        logZones[place] = zone;
        liveBytes[place] = 0;
        refusedBytes[place] = Long.MAX_VALUE;
        cleaned[place] = false;
        freeCount--;
        next = (place + 1) % logZones.length;
    }

    /**
     * Gives up a log zone.
     *
     * @param zone of the log; nothing happens when it is not mapped
     */
    void free(final long zone) {
        final int place = placeOf(zone);
        if (place != ABSENT) {
            places.remove(zone);
            logZones[place] = ABSENT;
            freeCount++;
        }
    }

    /**
     * Marks the mapped zones from that of one address to that of another.
     *
     * @param from address of the log
     * @param to address of the log, not below
     * @param mark larger than any mark before
     */
    void mark(final long from, final long to, final long mark) {
        for (long zone = zoneOf(from); zone <= zoneOf(to); zone++) {
            final int place = placeOf(zone);
            if (place != ABSENT) {
                marks[place] = mark;
            }
        }
    }

    /**
     * Marks the zone of an address, and counts live data in it.
     *
     * @param address of the log, of a zone that is kept
     * @param mark larger than any mark before
     * @param bytes of live data
     */
    void markLive(final long address, final long mark, final long bytes) {
        final int place = placeOf(zoneOf(address));
        marks[place] = mark;
        liveBytes[place] += bytes;
    }

    /** Begins to count live data anew. */
    void forgetLive() {
        Arrays.fill(liveBytes, 0);
    }

    /** Gives the live data counted in a device zone, in bytes. */
    long liveBytes(final int place) {
        return liveBytes[place];
    }

    /** Takes note that a zone was not worth cleaning with the live data that is counted in it now. */
    void refuse(final long zone) {
        final int place = placeOf(zone);
        if (place != ABSENT) {
            refusedBytes[place] = liveBytes[place];
        }
    }

    /** Takes note that a zone cannot be cleaned. */
    void refuseForEver(final long zone) {
        final int place = placeOf(zone);
        if (place != ABSENT) {
            refusedBytes[place] = 0;
        }
    }

    /** Gives the live data with which a device zone was not worth cleaning. */
    long refusedBytes(final int place) {
        return refusedBytes[place];
    }

    /** Takes note that all that is live in a zone was copied elsewhere, and that the copies are durable. */
    void clean(final long zone) {
        final int place = placeOf(zone);
        if (place != ABSENT) {
            cleaned[place] = true;
        }
    }

    /** Tells whether a device zone was cleaned. */
    boolean isCleaned(final int place) {
        return cleaned[place];
    }

    /** Tells whether the zone of an address is mapped and was not cleaned. */
    boolean isKept(final long address) {
        final int place = placeOf(zoneOf(address));
        return place != ABSENT && !cleaned[place];
    }

    /** Gives the length of a zone. */
    long zoneLength() {
        return zoneLength;
    }

    /** Gives the mark of a device zone. */
    long markOf(final int place) {
        return marks[place];
    }

    /**
     * Tells whether the zone of an address has a mark.
     *
     * @param address of the log
     * @param mark looked for
     * @return true when it has
     */
    boolean isMarked(final long address, final long mark) {
        final int place = placeOf(zoneOf(address));
        return place != ABSENT && marks[place] == mark;
    }

    /**
     * Frees the zones before one that do not have a mark.
     *
     * @param before first zone of the log that stays
     * @param mark of those that stay as well
     * @return zones freed
     */
    int freeUnmarked(final long before, final long mark) {
        int count = 0;
        for (int place = 0; place < logZones.length; place++) {
            if (logZones[place] != ABSENT && logZones[place] < before && marks[place] != mark) {
                free(logZones[place]);
                count++;
            }
        }
        return count;
    }

    /**
     * Counts what {@link #freeUnmarked} would free.
     *
     * @param before first zone of the log that stays
     * @param mark of those that stay as well
     * @return zones
     */
    int countUnmarked(final long before, final long mark) {
        int count = 0;
        for (int place = 0; place < logZones.length; place++) {
            if (logZones[place] != ABSENT && logZones[place] < before && marks[place] != mark) {
                count++;
            }
        }
        return count;
    }

    /**
     * Frees the zones behind one.
     *
     * @param last zone of the log that stays
     */
    void freeBehind(final long last) {
        for (final long zone : logZones) {
            if (zone > last) {
                free(zone);
            }
        }
    }

    /**
     * Gives the number of device zones without a log zone.
     *
     * @return count
     */
    int freeCount() {
        return freeCount;
    }

    /**
     * Gives the number of device zones.
     *
     * @return count
     */
    int count() {
        return logZones.length;
    }
}
