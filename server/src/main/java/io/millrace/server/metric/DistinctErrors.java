package io.millrace.server.metric;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.ErrorLogReader;

/**
 * The distinct errors of a data directory: each kind once, with its count. Reads the file {@code errors}, whether its
 * node lives or not.
 *
 * <p><b>Threading</b>: pure.
 */
public final class DistinctErrors {
    private static final String FILE_NAME = "errors";
    private static final long MAX_LENGTH = 64L << 20;

    private DistinctErrors() {}

    /**
     * One kind of error.
     *
     * @param count how often.
     * @param firstMs first time, milliseconds since 1970.
     * @param lastMs last time, milliseconds since 1970.
     * @param text with its stack.
     */
    public record Entry(int count, long firstMs, long lastMs, String text) {
        /** Returns its first line. */
        public String headline() {
            return text.lines().findFirst().orElse("");
        }
    }

    /**
     * Reads the file.
     *
     * @param dataDirectory of the node.
     * @return the errors in the order of their first time.
     * @throws MillraceException MR-5012 when there is no such file, or it cannot be read.
     */
    public static List<Entry> read(final Path dataDirectory) {
        final Path file = dataDirectory.resolve(FILE_NAME);
        if (!Files.exists(file)) {
            throw new MillraceException(
                    ErrorCode.DATA_DIRECTORY,
                    file + " does not exist: no node has run with this data directory. Give it with --data");
        }
        final List<Entry> entries = new ArrayList<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final long length = channel.size();
            if (length == 0 || length > MAX_LENGTH) {
                throw new MillraceException(
                        ErrorCode.DATA_DIRECTORY, file + " has " + length + " bytes: it is no error log");
            }
            final var mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, length);
            try {
                ErrorLogReader.read(
                        new UnsafeBuffer(mapped),
                        (count, first, last, text) -> entries.add(new Entry(count, first, last, text)));
            } finally {
                IoUtil.unmap(mapped);
            }
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DATA_DIRECTORY, file + " cannot be read: " + e.getMessage(), e);
        }
        return entries;
    }
}
