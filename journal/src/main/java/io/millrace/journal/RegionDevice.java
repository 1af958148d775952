package io.millrace.journal;

import java.nio.ByteBuffer;

/**
 * A part of a device, with addresses of its own from 0. Nothing outside of the part can be read or written through it.
 *
 * <p><b>Threading</b>: as the device.
 */
final class RegionDevice implements BlockDevice {
    private final BlockDevice device;
    private final long start;
    private final long length;

    /**
     * Makes a part.
     *
     * @param device whole, closed with the part
     * @param start address of the part's first byte, a multiple of the granule
     * @param length bytes, a multiple of the granule
     */
    RegionDevice(final BlockDevice device, final long start, final long length) {
        if (start < 0 || length < 0 || start > device.length() - length) {
            throw new IllegalArgumentException("part " + start + "+" + length + " of " + device.length());
        }
        this.device = device;
        this.start = start;
        this.length = length;
    }

    private void requireInside(final int ioLength, final long address) {
        if (address < 0 || address > length - ioLength) {
            throw new IllegalArgumentException("range " + address + "+" + ioLength + " of " + length);
        }
    }

    @Override
    public int granule() {
        return device.granule();
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public String description() {
        return device.description() + " from address " + start;
    }

    @Override
    public DurabilityMode durabilityMode() {
        return device.durabilityMode();
    }

    @Override
    public String backendName() {
        return device.backendName();
    }

    @Override
    public void register(final ByteBuffer arena) {
        device.register(arena);
    }

    @Override
    public boolean submitWrite(final int arenaIndex, final int ioLength, final long address, final long token) {
        requireInside(ioLength, address);
        return device.submitWrite(arenaIndex, ioLength, start + address, token);
    }

    @Override
    public boolean submitRead(final int arenaIndex, final int ioLength, final long address, final long token) {
        requireInside(ioLength, address);
        return device.submitRead(arenaIndex, ioLength, start + address, token);
    }

    @Override
    public int flush() {
        return device.flush();
    }

    @Override
    public int poll(final CompletionHandler handler, final int limit) {
        return device.poll(handler, limit);
    }

    @Override
    public int await(final long timeoutNs) {
        return device.await(timeoutNs);
    }

    @Override
    public boolean watch(final int fileDescriptor) {
        return device.watch(fileDescriptor);
    }

    @Override
    public void unwatch(final int fileDescriptor) {
        device.unwatch(fileDescriptor);
    }

    @Override
    public void sync() {
        device.sync();
    }

    @Override
    public void close() {
        device.close();
    }
}
