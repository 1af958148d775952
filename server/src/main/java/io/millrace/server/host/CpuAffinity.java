package io.millrace.server.host;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.annotations.SaveError;
import org.jspecify.annotations.Nullable;

/**
 * Binds threads to CPUs by sched_setaffinity(2).
 *
 * <p><b>Threading:</b> any; what is bound is the calling thread, and threads that it makes later inherit it.
 */
public final class CpuAffinity {
    /** 8192 CPUs: a mask shorter than the kernel's is refused with EINVAL. */
    private static final int MASK_BYTES = 1024;

    private static final int CALLING_THREAD = 0;

    /** The two system calls, of three arguments each. */
    public interface LibC {
        /**
         * See sched_setaffinity(2).
         *
         * @param pid of the thread, 0 for the calling one
         * @param length of the mask in bytes
         * @param mask one bit for each CPU
         * @return 0, or -1
         */
        @SaveError
        int sched_setaffinity(int pid, long length, @In byte[] mask);

        /**
         * See sched_getaffinity(2).
         *
         * @param pid of the thread, 0 for the calling one
         * @param length of the mask in bytes
         * @param mask one bit for each CPU
         * @return 0, or -1
         */
        @SaveError
        int sched_getaffinity(int pid, long length, @Out byte[] mask);
    }

    private final LibC libC = LibraryLoader.create(LibC.class).load("c");

    private CpuAffinity() {}

    /**
     * Loads libc.
     *
     * @return null where native calls do not work: then no thread can be bound.
     */
    public static @Nullable CpuAffinity load() {
        try {
            return new CpuAffinity();
        } catch (final UnsatisfiedLinkError | ExceptionInInitializerError | NoClassDefFoundError e) {
            return null;
        }
    }

    /**
     * Returns the CPUs that this process may use.
     *
     * @param affinity loaded, or null.
     * @param cores what the runtime says.
     * @return ascending; 0 to {@code cores - 1} when the kernel does not say.
     */
    public static List<Integer> allowed(final @Nullable CpuAffinity affinity, final int cores) {
        final List<Integer> known = affinity == null ? List.of() : affinity.allowed();
        if (!known.isEmpty()) {
            return known;
        }
        final List<Integer> guessed = new ArrayList<>();
        for (int cpu = 0; cpu < cores; cpu++) {
            guessed.add(cpu);
        }
        return guessed;
    }

    /**
     * Returns the CPUs that the calling thread may use.
     *
     * @return ascending; empty when the kernel does not say.
     */
    public List<Integer> allowed() {
        final byte[] mask = new byte[MASK_BYTES];
        // SAFETY: the kernel writes at most the length given, and the array has it.
        if (libC.sched_getaffinity(CALLING_THREAD, MASK_BYTES, mask) < 0) {
            return List.of();
        }
        final List<Integer> cpus = new ArrayList<>();
        for (int cpu = 0; cpu < MASK_BYTES * Byte.SIZE; cpu++) {
            if ((mask[cpu / Byte.SIZE] >> (cpu % Byte.SIZE) & 1) != 0) {
                cpus.add(cpu);
            }
        }
        return cpus;
    }

    /**
     * Binds the calling thread.
     *
     * @param cpu to run on from now on.
     * @param thread what is bound, for messages.
     * @throws MillraceException MR-5020 when the kernel refuses.
     */
    public void bind(final int cpu, final String thread) {
        final byte[] mask = new byte[MASK_BYTES];
        mask[cpu / Byte.SIZE] = (byte) (1 << (cpu % Byte.SIZE));
        // SAFETY: the kernel reads the length given, and the array has it.
        if (libC.sched_setaffinity(CALLING_THREAD, MASK_BYTES, mask) < 0) {
            throw new MillraceException(
                    ErrorCode.CPU_AFFINITY,
                    "thread " + thread + " cannot be bound to CPU " + cpu + ": sched_setaffinity fails with errno "
                            + LastError.getLastError(Runtime.getRuntime(libC)) + ". "
                            + ErrorCode.CPU_AFFINITY.remedy());
        }
    }
}
