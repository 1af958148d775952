package io.millrace.server;

import java.io.File;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.agrona.ErrorHandler;
import org.agrona.IoUtil;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.DistinctErrorLog;

/**
 * The distinct error log of a node: each error once, with a count, in a mapped file that outlives the process; each new
 * one is also told to the operator.
 *
 * <p><b>Threading</b>: any.
 */
final class ErrorFile implements ErrorHandler, AutoCloseable {
    /** Name of the file in the data directory. */
    static final String FILE_NAME = "errors";

    private static final int LENGTH = 256 * 1024;

    private final MappedByteBuffer mapped;
    private final DistinctErrorLog log;
    private final Consumer<String> operator;
    private long toldCount;

    /** Maps the file anew. */
    ErrorFile(final Path dataDirectory, final EpochClock clock, final Consumer<String> operator) {
        final File file = dataDirectory.resolve(FILE_NAME).toFile();
        IoUtil.deleteIfExists(file);
        mapped = IoUtil.mapNewFile(file, LENGTH);
        log = new DistinctErrorLog(new UnsafeBuffer(mapped), clock);
        this.operator = operator;
    }

    @Override
    public synchronized void onError(final Throwable error) {
        log.record(error);
        final int distinct = distinctCount();
        if (distinct != toldCount) {
            toldCount = distinct;
            operator.accept("error: " + error);
        }
    }

    /** Counts the distinct errors. */
    int distinctCount() {
        return org.agrona.concurrent.errors.ErrorLogReader.read(
                new UnsafeBuffer(mapped), (count, first, last, text) -> {});
    }

    @Override
    public void close() {
        IoUtil.unmap(mapped);
    }
}
