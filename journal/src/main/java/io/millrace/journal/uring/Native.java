package io.millrace.journal.uring;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.HeapInvocationBuffer;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.SaveError;
import org.agrona.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * The system calls of the backend. Results are 0 or more, or a negative errno.
 *
 * <p><b>Threading</b>: any thread; errno is read on the calling thread at once. Nothing is allocated by
 * {@link #enter(int, int, int, int)} and {@link #call(long, HeapInvocationBuffer)}.
 */
final class Native {
    /** Operation not permitted. */
    static final int EPERM = 1;

    /** Interrupted. */
    static final int EINTR = 4;

    /** Try again. */
    static final int EAGAIN = 11;

    /** Busy. */
    static final int EBUSY = 16;

    /** Invalid argument. */
    static final int EINVAL = 22;

    /** No such system call. */
    static final int ENOSYS = 38;

    /** Timer expired. */
    static final int ETIME = 62;

    /** Not supported. */
    static final int EOPNOTSUPP = 95;

    /** Open for reading and writing. */
    static final int O_RDWR = 2;

    /** Past the page cache. */
    static final int O_DIRECT = "aarch64".equals(System.getProperty("os.arch")) ? 0200000 : 040000;

    /** Not inherited by children. */
    static final int O_CLOEXEC = 02000000;

    /** Address of {@code syscall} in libc. */
    static final long SYSCALL_ADDRESS;

    private static final int SYS_IO_URING_SETUP = 425;
    private static final int SYS_IO_URING_ENTER = 426;
    private static final int SYS_IO_URING_REGISTER = 427;
    private static final long MMAP_ADDRESS;
    private static final long SNPRINTF_ADDRESS;
    private static final Invoker INVOKER = Invoker.getInstance();
    private static final CallContext SIX;
    private static final CallContext SEVEN;
    private static final LibC LIBC = LibraryLoader.create(LibC.class).load("c");
    private static final @Nullable String SELF_TEST_FAILURE;

    static {
        final Library library = Library.getCachedInstance("libc.so.6", Library.LAZY);
        SYSCALL_ADDRESS = library.getSymbolAddress("syscall");
        MMAP_ADDRESS = library.getSymbolAddress("mmap");
        SNPRINTF_ADDRESS = library.getSymbolAddress("snprintf");
        SIX = context(6);
        SEVEN = context(7);
        SELF_TEST_FAILURE = selfTest();
    }

    private Native() {}

    /** Calls with at most five integer arguments: jnr-ffi 2.2.17 garbles the sixth. */
    public interface LibC {
        /**
         * See open(2).
         *
         * @param path of the file
         * @param flags of open
         * @param mode for a new file
         * @return descriptor, or -1
         */
        @SaveError
        int open(String path, int flags, int mode);

        /**
         * See close(2).
         *
         * @param fileDescriptor to close
         * @return 0, or -1
         */
        @SaveError
        int close(int fileDescriptor);

        /**
         * See fdatasync(2).
         *
         * @param fileDescriptor to make durable
         * @return 0, or -1
         */
        @SaveError
        int fdatasync(int fileDescriptor);

        /**
         * See fallocate(2).
         *
         * @param fileDescriptor of the file
         * @param mode 0
         * @param offset bytes
         * @param length bytes
         * @return 0, or -1
         */
        @SaveError
        int fallocate(int fileDescriptor, int mode, long offset, long length);

        /**
         * See munmap(2).
         *
         * @param address of the mapping
         * @param length bytes
         * @return 0, or -1
         */
        @SaveError
        int munmap(long address, long length);
    }

    /**
     * Returns the calls of few arguments; read {@link #errno()} after a -1.
     *
     * @return libc
     */
    static LibC libc() {
        return LIBC;
    }

    /**
     * Returns the errno of this thread's last call.
     *
     * @return positive errno
     */
    static int errno() {
        return LastError.getInstance().get();
    }

    /**
     * Refuses to go on when native calls do not pass their arguments as they should.
     *
     * @throws MillraceException MR-5009 with what was seen
     */
    static void requireSelfTest() {
        if (SELF_TEST_FAILURE != null) {
            throw new MillraceException(ErrorCode.NATIVE_SELF_TEST, SELF_TEST_FAILURE);
        }
    }

    /**
     * See io_uring_setup(2).
     *
     * @param entries of the submission queue
     * @param parametersAddress of struct io_uring_params
     * @return descriptor or negative errno
     */
    static int setup(final int entries, final long parametersAddress) {
        return result(six(SYSCALL_ADDRESS, SYS_IO_URING_SETUP, entries, parametersAddress, 0, 0, 0));
    }

    /**
     * See io_uring_enter(2), without a signal mask.
     *
     * @param ring descriptor
     * @param submitCount requests to submit
     * @param minimumCount completions to wait for
     * @param flags of enter
     * @return requests submitted or negative errno
     */
    static int enter(final int ring, final int submitCount, final int minimumCount, final int flags) {
        return result(six(SYSCALL_ADDRESS, SYS_IO_URING_ENTER, ring, submitCount, minimumCount, flags, 0));
    }

    /**
     * See io_uring_register(2).
     *
     * @param ring descriptor
     * @param operation of register
     * @param address of the argument
     * @param count of arguments
     * @return 0 or more, or negative errno
     */
    static int register(final int ring, final int operation, final long address, final int count) {
        return result(six(SYSCALL_ADDRESS, SYS_IO_URING_REGISTER, ring, operation, address, count, 0));
    }

    /**
     * See mmap(2), shared and populated, readable and writable.
     *
     * @param length bytes
     * @param fileDescriptor of the ring
     * @param offset that names the region
     * @return address, or negative errno
     */
    static long map(final long length, final int fileDescriptor, final long offset) {
        final int readWrite = 3;
        final int sharedPopulate = 0x8001;
        final long address = six(MMAP_ADDRESS, 0, length, readWrite, sharedPopulate, fileDescriptor, offset);
        return address == -1 ? -errno() : address;
    }

    /**
     * Prepares io_uring_enter(2) with a time-out: seven arguments that never change, so that calling it allocates
     * nothing.
     *
     * @param ring descriptor
     * @param argumentAddress of struct io_uring_getevents_arg
     * @return call for {@link #call}
     */
    static HeapInvocationBuffer prepareTimedWait(final int ring, final long argumentAddress) {
        final int getEventsExtendedArgument = 1 | 8;
        final int argumentLength = 24;
        return seven(SYS_IO_URING_ENTER, ring, 0, 1, getEventsExtendedArgument, argumentAddress, argumentLength);
    }

    /**
     * Makes a prepared call.
     *
     * @param function address
     * @param prepared arguments
     * @return 0 or more, or negative errno
     */
    static int call(final long function, final HeapInvocationBuffer prepared) {
        return result(INVOKER.invokeLong(SEVEN, function, prepared));
    }

    private static HeapInvocationBuffer seven(final long... arguments) {
        final HeapInvocationBuffer buffer = new HeapInvocationBuffer(SEVEN);
        for (final long argument : arguments) {
            buffer.putLong(argument);
        }
        return buffer;
    }

    private static int result(final long returned) {
        return returned == -1 ? -errno() : (int) returned;
    }

    // SAFETY: function is a libc symbol that takes at most six integer arguments; pointers among them stay reachable by
    // their owners for the duration of the call.
    private static long six(
            final long function,
            final long first,
            final long second,
            final long third,
            final long fourth,
            final long fifth,
            final long sixth) {
        return INVOKER.invokeL6(SIX, function, first, second, third, fourth, fifth, sixth);
    }

    private static CallContext context(final int count) {
        final Type[] types = new Type[count];
        java.util.Arrays.fill(types, Type.SINT64);
        return CallContext.getCallContext(Type.SINT64, types, CallingConvention.DEFAULT, true);
    }

    /**
     * Lets libc print three and four different numbers: the sixth and seventh argument must arrive as they were given.
     */
    private static @Nullable String selfTest() {
        final ByteBuffer buffer = BufferUtil.allocateDirectAligned(256, 64);
        final long text = BufferUtil.address(buffer);
        final byte[] format = "%ld %ld %ld\0%ld %ld %ld %ld\0".getBytes(StandardCharsets.US_ASCII);
        buffer.put(128, format);
        six(SNPRINTF_ADDRESS, text, 64, text + 128, 11, -22, 1L << 40);
        final String sixSeen = read(buffer);
        INVOKER.invokeLong(SEVEN, SNPRINTF_ADDRESS, seven(text, 64, text + 128 + 12, 5, 6, -7, 1L << 41));
        final String sevenSeen = read(buffer);
        final boolean good = "11 -22 1099511627776".equals(sixSeen) && "5 6 -7 2199023255552".equals(sevenSeen);
        return good
                ? null
                : "snprintf by jffi printed \"" + sixSeen + "\" and \"" + sevenSeen
                        + "\": arguments of native calls do not arrive";
    }

    private static String read(final ByteBuffer buffer) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < 64 && buffer.get(i) != 0; i++) {
            text.append((char) buffer.get(i));
        }
        return text.toString();
    }
}
