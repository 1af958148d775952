package io.millrace.journal.pwritev2;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.SaveError;

/**
 * The system calls of this backend; all have at most five integer arguments (jnr-ffi 2.2.17 garbles a sixth).
 *
 * <p><b>Threading</b>: any thread; errno belongs to the calling thread. Nothing is allocated by the calls that take
 * numbers only.
 */
public interface LibC {
    /** Open for reading and writing. */
    int O_RDWR = 2;

    /** Past the page cache. */
    int O_DIRECT = "aarch64".equals(System.getProperty("os.arch")) ? 0200000 : 040000;

    /** Not inherited by children. */
    int O_CLOEXEC = 02000000;

    /**
     * Loads it.
     *
     * @return libc
     */
    static LibC load() {
        return LibraryLoader.create(LibC.class).load("c");
    }

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
     * See pread(2).
     *
     * @param fileDescriptor to read
     * @param memory address of the bytes
     * @param length bytes
     * @param offset in the file
     * @return bytes read, or -1
     */
    @SaveError
    long pread(int fileDescriptor, long memory, long length, long offset);

    /**
     * See pwritev2(2).
     *
     * @param fileDescriptor to write
     * @param vectors address of struct iovec
     * @param count of vectors
     * @param offset in the file
     * @param flags RWF_*
     * @return bytes written, or -1
     */
    @SaveError
    long pwritev2(int fileDescriptor, long vectors, int count, long offset, int flags);
}
