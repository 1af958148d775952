package io.millrace.simulation;

import java.util.TreeMap;
import java.util.UUID;

/**
 * The bytes of one device, which outlive its opening; and what of them lies only in a cache that lied.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class SimMedium {
    /** What a power cut writes, loses or tears as a whole. */
    static final int SECTOR = 512;

    private final UUID uuid;
    private final byte[] bytes;
    private final TreeMap<Integer, byte[]> underCache = new TreeMap<>();
    private final Rot rot = new Rot();
    private int writtenEnd;

    /** Takes zeros. */
    SimMedium(final UUID uuid, final int length) {
        this.uuid = uuid;
        bytes = new byte[length];
    }

    /** Returns the device's identity, made when it is formatted. */
    UUID uuid() {
        return uuid;
    }

    /** Returns the bytes as a reader sees them. */
    byte[] bytes() {
        return bytes;
    }

    /** Returns what rot has made unreadable. */
    Rot rot() {
        return rot;
    }

    /** Writes durably. */
    void put(final byte[] from, final int index, final int address, final int length) {
        System.arraycopy(from, index, bytes, address, length);
        writtenEnd = Math.max(writtenEnd, address + length);
        if (!underCache.isEmpty()) {
            underCache.subMap(address, address + length).clear();
        }
    }

    /** Writes into the cache of a device that reports it as durable. */
    void cache(final byte[] from, final int address) {
        for (int i = 0; i < from.length; i += SECTOR) {
            final byte[] before = new byte[SECTOR];
            System.arraycopy(bytes, address + i, before, 0, SECTOR);
            underCache.putIfAbsent(address + i, before);
        }
        System.arraycopy(from, 0, bytes, address, from.length);
    }

    /** Writes the cache back at last. */
    void flushCache() {
        underCache.clear();
    }

    /** Loses what lies in the cache, sector by sector, as a power cut does. */
    void loseCache(final Randomness.Stream random) {
        underCache.forEach((address, before) -> {
            if (random.below(4) != 0) {
                System.arraycopy(before, 0, bytes, address, SECTOR);
            }
        });
        underCache.clear();
    }

    /** Tells whether the first bytes lie at an address as they were written. */
    boolean holds(final byte[] expected, final int length, final int address) {
        for (int i = 0; i < length; i++) {
            if (bytes[address + i] != expected[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Flips a bit of what was written.
     *
     * @return address of its byte
     */
    int rot(final Randomness.Stream random) {
        final int address = random.below(Math.max(1, writtenEnd));
        rot(address, random.below(Byte.SIZE));
        return address;
    }

    /** Flips one bit, where a directed schedule wants it. */
    void rot(final int address, final int bit) {
        rot.note(bytes, address);
        bytes[address] = (byte) (bytes[address] ^ 1 << bit);
    }
}
