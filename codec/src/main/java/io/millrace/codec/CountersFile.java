package io.millrace.codec;

import java.io.File;
import java.nio.MappedByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;

/**
 * The file of a node's counters: readable while the node runs, hangs or is dead.
 *
 * <p><b>Layout</b>: Agrona's counter metadata ({@value #METADATA_LENGTH} bytes), then its values
 * ({@value #VALUES_LENGTH} bytes).
 *
 * <p><b>Threading</b>: one writer; any reader.
 */
public final class CountersFile implements AutoCloseable {
    /** Name of the file in a node's data directory. */
    public static final String FILE_NAME = "counters";

    private static final int VALUES_LENGTH = 16 * 1024;
    private static final int METADATA_LENGTH =
            VALUES_LENGTH * (CountersReader.METADATA_LENGTH / CountersReader.COUNTER_LENGTH);

    private final MappedByteBuffer mapped;

    private CountersFile(final MappedByteBuffer mapped) {
        this.mapped = mapped;
    }

    /**
     * Makes the file anew.
     *
     * @param directory of the node's data.
     * @return the file, empty.
     */
    public static CountersFile create(final Path directory) {
        final File file = directory.resolve(FILE_NAME).toFile();
        IoUtil.deleteIfExists(file);
        return new CountersFile(IoUtil.mapNewFile(file, METADATA_LENGTH + VALUES_LENGTH));
    }

    /**
     * Opens the file of a node, for reading.
     *
     * @param directory of the node's data.
     * @return the file.
     * @throws IllegalStateException when there is none.
     */
    public static CountersFile open(final Path directory) {
        return new CountersFile(
                IoUtil.mapExistingFile(directory.resolve(FILE_NAME).toFile(), FILE_NAME));
    }

    /** Returns what makes counters; for the node alone. */
    public CountersManager manager() {
        return new CountersManager(
                new UnsafeBuffer(mapped, 0, METADATA_LENGTH),
                new UnsafeBuffer(mapped, METADATA_LENGTH, VALUES_LENGTH),
                StandardCharsets.US_ASCII);
    }

    /**
     * Finds a counter by its label.
     *
     * @param label of the counter.
     * @return its value, or -1 when there is no such counter.
     */
    public long value(final String label) {
        final CountersReader reader = new CountersReader(
                new UnsafeBuffer(mapped, 0, METADATA_LENGTH),
                new UnsafeBuffer(mapped, METADATA_LENGTH, VALUES_LENGTH),
                StandardCharsets.US_ASCII);
        final long[] found = {-1};
        reader.forEach((value, id, name) -> {
            if (name.equals(label)) {
                found[0] = value;
            }
        });
        return found[0];
    }

    @Override
    public void close() {
        IoUtil.unmap(mapped);
    }
}
