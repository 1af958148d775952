package io.millrace.perf.limit;

import io.millrace.journal.BlockDevice;
import io.millrace.journal.DeviceFile;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The file the device probe writes to, made like a journal (preallocated, written with zeros, synced), because appends
 * and unwritten extents are slower.
 *
 * <p><b>Threading:</b> one thread; {@link #close} also from the shutdown hook.
 */
public final class ProbeFile implements AutoCloseable {
    private final Path path;

    private ProbeFile(final Path path) {
        this.path = path;
    }

    /**
     * Makes the file.
     *
     * @param path must not exist.
     * @param length bytes.
     * @return the file.
     * @throws IOException when it cannot be made.
     */
    public static ProbeFile create(final Path path, final long length) throws IOException {
        Journal.format(new FormatContext().file(path).length(length));
        return new ProbeFile(path);
    }

    /**
     * Opens it with the backend and durability mode a node would choose.
     *
     * @return to be closed before the next open.
     */
    public BlockDevice open() {
        return DeviceFile.open(new JournalContext().file(path), DeviceProbe.ARENA_LENGTH);
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(path);
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot remove " + path, e);
        }
    }
}
