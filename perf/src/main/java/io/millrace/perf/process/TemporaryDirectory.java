package io.millrace.perf.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A directory of our own on a file system that keeps what it is told to keep, removed with all it holds when closed.
 *
 * <p><b>Threading:</b> any thread; the first {@link #close()} removes it.
 */
public final class TemporaryDirectory implements AutoCloseable {
    /** File systems in memory: a durable write to one of them means nothing. */
    private static final Set<String> VOLATILE = Set.of("tmpfs", "ramfs", "devtmpfs");

    private final Path path;

    private TemporaryDirectory(final Path path) {
        this.path = path;
    }

    /**
     * Makes one: below {@code parent}, or below the system's temporary directory, or, when that is memory, below the
     * working directory.
     *
     * @param parent where the user wants it, or null.
     * @return the directory.
     * @throws IOException when it cannot be made.
     */
    public static TemporaryDirectory create(final @Nullable Path parent) throws IOException {
        if (parent != null) {
            Files.createDirectories(parent);
            return new TemporaryDirectory(Files.createTempDirectory(parent, "millrace-"));
        }
        final Path system = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
        final boolean isVolatile = VOLATILE.contains(Files.getFileStore(system).type());
        final Path chosen = isVolatile ? Path.of("").toAbsolutePath() : system;
        return new TemporaryDirectory(Files.createTempDirectory(chosen, "millrace-"));
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** Bytes that may still be written to its file system. */
    public long freeBytes() throws IOException {
        return Files.getFileStore(path).getUsableSpace();
    }

    /** Removes the directory and everything in it; does nothing when it is gone. */
    @Override
    public synchronized void close() {
        if (!Files.exists(path)) {
            return;
        }
        try {
            Files.walkFileTree(path, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes)
                        throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(final Path directory, final @Nullable IOException failure)
                        throws IOException {
                    Files.deleteIfExists(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (final NoSuchFileException e) {
            close(); // a dying node removed something while we walked
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot remove " + path, e);
        }
    }
}
