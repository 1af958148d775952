package io.millrace.fuzz;

import org.agrona.concurrent.UnsafeBuffer;

/** Takes numbers and bytes from the front of an input; behind its end everything is zero. */
public final class Input {
    private final byte[] bytes;
    private int at;

    /** Begins at the first byte. */
    public Input(final byte[] bytes) {
        this.bytes = bytes;
    }

    /** Tells whether something is left. */
    public boolean hasMore() {
        return at < bytes.length;
    }

    /** Takes 0 to 255. */
    public int octet() {
        return at < bytes.length ? bytes[at++] & 0xFF : 0;
    }

    /** Takes 0 to 65,535. */
    public int pair() {
        return octet() | octet() << 8;
    }

    /** Takes any long. */
    public long number() {
        return pair() | (long) pair() << 16 | (long) pair() << 32 | (long) pair() << 48;
    }

    /** Takes a small number, or one time in sixteen any. */
    public long mostlySmall() {
        final int octet = octet();
        return octet >= 0xF0 ? number() : octet;
    }

    /** Takes as many bytes as are left, but not more than these. */
    public byte[] take(final int most) {
        final int length = Math.min(most, bytes.length - at);
        final byte[] taken = new byte[length];
        System.arraycopy(bytes, at, taken, 0, length);
        at += length;
        return taken;
    }

    /** Takes all that is left. */
    public byte[] rest() {
        return take(bytes.length);
    }

    /** Overwrites places of a buffer as the rest of the input says: place, width, value. */
    public void edit(final UnsafeBuffer buffer) {
        while (hasMore() && buffer.capacity() >= Long.BYTES) {
            final int place = pair() % (buffer.capacity() - Long.BYTES + 1);
            switch (octet() & 7) {
                case 0, 1 -> buffer.putByte(place, (byte) octet());
                case 2 -> buffer.putShort(place, (short) pair());
                case 3 -> buffer.putInt(place, (int) mostlySmall());
                case 4 -> buffer.putLong(place, mostlySmall());
                case 5 -> buffer.putInt(place, buffer.getInt(place) + (byte) octet());
                case 6 -> buffer.putLong(place, buffer.getLong(place) + (byte) octet());
                default -> buffer.putByte(place, (byte) (buffer.getByte(place) ^ (1 << (octet() & 7))));
            }
        }
    }
}
