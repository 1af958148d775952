package io.millrace.journal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts what the garbage collector does not see, so that tests can assert that nothing is left.
 *
 * <p><b>Threading</b>: any thread.
 */
public final class ResourceLedger {
    private static final ResourceLedger PROCESS = new ResourceLedger();

    private final AtomicLong nativeBytes = new AtomicLong();
    private final AtomicLong descriptors = new AtomicLong();
    private final AtomicLong mappedBytes = new AtomicLong();

    private ResourceLedger() {}

    /**
     * Makes an empty ledger, e.g. for one test.
     *
     * @return ledger
     */
    public static ResourceLedger create() {
        return new ResourceLedger();
    }

    /**
     * Returns the ledger that everything uses unless told otherwise.
     *
     * @return the same object always
     */
    public static ResourceLedger process() {
        return PROCESS;
    }

    /**
     * Notes native memory taken or given back.
     *
     * @param bytes positive when taken, negative when given back
     */
    public void addNativeBytes(final long bytes) {
        nativeBytes.addAndGet(bytes);
    }

    /**
     * Notes descriptors opened or closed.
     *
     * @param count positive when opened, negative when closed
     */
    public void addDescriptors(final int count) {
        descriptors.addAndGet(count);
    }

    /**
     * Notes memory mapped or unmapped.
     *
     * @param bytes positive when mapped, negative when unmapped
     */
    public void addMappedBytes(final long bytes) {
        mappedBytes.addAndGet(bytes);
    }

    /**
     * Returns native memory held.
     *
     * @return bytes
     */
    public long nativeBytes() {
        return nativeBytes.get();
    }

    /**
     * Returns descriptors held.
     *
     * @return count
     */
    public long descriptors() {
        return descriptors.get();
    }

    /**
     * Returns mapped memory held.
     *
     * @return bytes
     */
    public long mappedBytes() {
        return mappedBytes.get();
    }

    /**
     * Tells whether everything was given back.
     *
     * @return true when all counts are zero
     */
    public boolean isEmpty() {
        return nativeBytes() == 0 && descriptors() == 0 && mappedBytes() == 0;
    }

    @Override
    public String toString() {
        return "native " + nativeBytes() + " B, descriptors " + descriptors() + ", mapped " + mappedBytes() + " B";
    }
}
