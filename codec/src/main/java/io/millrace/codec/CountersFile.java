package io.millrace.codec;

import java.io.File;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.BitUtil;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;

/**
 * The file of a node's counters: readable while the node runs, hangs or is dead.
 *
 * <p><b>Layout</b>: Agrona's counter metadata, {@value #METADATA_FACTOR} bytes for each byte of values, then the values
 * ({@value #VALUES_LENGTH} bytes; a reader takes the length from the file's).
 *
 * <p><b>Threading</b>: one writer; any reader.
 */
public final class CountersFile implements AutoCloseable {
    /** Name of the file in a node's data directory. */
    public static final String FILE_NAME = "counters";

    private static final long MAX_LENGTH = 64L << 20;
    private static final int VALUES_LENGTH = 32 * 1024;
    private static final int METADATA_FACTOR = CountersReader.METADATA_LENGTH / CountersReader.COUNTER_LENGTH;

    private final MappedByteBuffer mapped;
    private final int valuesLength;

    private CountersFile(final MappedByteBuffer mapped) {
        this.mapped = mapped;
        valuesLength = mapped.capacity() / (METADATA_FACTOR + 1);
    }

    /**
     * Makes the file anew, with room for {@value #VALUES_LENGTH} bytes of values.
     *
     * @param directory of the node's data.
     * @return the file, empty.
     */
    public static CountersFile create(final Path directory) {
        return create(directory, VALUES_LENGTH / CountersReader.COUNTER_LENGTH);
    }

    /**
     * Makes the file anew.
     *
     * @param directory of the node's data.
     * @param counterCount counters that must fit; there is room for more.
     * @return the file, empty.
     */
    public static CountersFile create(final Path directory, final int counterCount) {
        final File file = directory.resolve(FILE_NAME).toFile();
        IoUtil.deleteIfExists(file);
        final int valuesLength = Math.max(
                VALUES_LENGTH,
                BitUtil.findNextPositivePowerOfTwo(Math.multiplyExact(counterCount, CountersReader.COUNTER_LENGTH)));
        return new CountersFile(IoUtil.mapNewFile(file, (long) (METADATA_FACTOR + 1) * valuesLength));
    }

    /**
     * Opens the file of a node, for reading only.
     *
     * @param directory of the node's data.
     * @return the file.
     * @throws MillraceException MR-5012 when there is none, or it is another program's.
     */
    public static CountersFile open(final Path directory) {
        final Path file = directory.resolve(FILE_NAME);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final long length = channel.size();
            final int unit = (METADATA_FACTOR + 1) * CountersReader.COUNTER_LENGTH;
            if (length < unit || length % unit != 0 || length > MAX_LENGTH) {
                throw new MillraceException(
                        ErrorCode.DATA_DIRECTORY, file + " has " + length + " bytes: it is no counters file");
            }
            return new CountersFile(channel.map(FileChannel.MapMode.READ_ONLY, 0, length));
        } catch (final NoSuchFileException e) {
            throw new MillraceException(
                    ErrorCode.DATA_DIRECTORY,
                    file + " does not exist: no node has run with this data directory. Give it with --data",
                    e);
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DATA_DIRECTORY, file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Returns what makes counters; for the node alone. */
    public CountersManager manager() {
        return new CountersManager(
                new UnsafeBuffer(mapped, 0, METADATA_FACTOR * valuesLength),
                new UnsafeBuffer(mapped, METADATA_FACTOR * valuesLength, valuesLength),
                StandardCharsets.US_ASCII);
    }

    private CountersReader reader() {
        final UnsafeBuffer metadata = new UnsafeBuffer(mapped, 0, METADATA_FACTOR * valuesLength);
        checkLabels(metadata);
        return new CountersReader(
                metadata,
                new UnsafeBuffer(mapped, METADATA_FACTOR * valuesLength, valuesLength),
                StandardCharsets.US_ASCII);
    }

    /** The file may be damaged or another program's: the reader takes a label's length as it stands there. */
    private static void checkLabels(final UnsafeBuffer metadata) {
        for (int at = 0; at < metadata.capacity(); at += CountersReader.METADATA_LENGTH) {
            final int state = metadata.getIntVolatile(at);
            if (state == CountersReader.RECORD_UNUSED) {
                return;
            }
            final int length = metadata.getIntVolatile(at + CountersReader.LABEL_OFFSET);
            if (state == CountersReader.RECORD_ALLOCATED && (length < 0 || length > CountersReader.MAX_LABEL_LENGTH)) {
                throw new MillraceException(
                        ErrorCode.DATA_DIRECTORY,
                        FILE_NAME + ": the label of counter " + at / CountersReader.METADATA_LENGTH + " has " + length
                                + " bytes, at most " + CountersReader.MAX_LABEL_LENGTH
                                + " are possible: it is no counters file, or it is damaged");
            }
        }
    }

    /**
     * Visits all counters in the order in which they were made.
     *
     * @param visitor is told of each.
     * @throws MillraceException MR-5012 when the file is damaged or another program's.
     */
    public void forEach(final Visitor visitor) {
        final CountersReader reader = reader();
        reader.forEach((counterId, typeId, keyBuffer, label) ->
                visitor.onCounter(label, typeId, reader.getCounterValue(counterId)));
    }

    /** Is told of counters. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Takes one.
         *
         * @param label of the counter.
         * @param typeId that it was made with.
         * @param value of the moment.
         */
        void onCounter(String label, int typeId, long value);
    }

    /**
     * Finds a counter by its label.
     *
     * @param label of the counter.
     * @return its value, or -1 when there is no such counter.
     * @throws MillraceException MR-5012 when the file is damaged or another program's.
     */
    public long value(final String label) {
        final long[] found = {-1};
        reader().forEach((value, id, name) -> {
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
