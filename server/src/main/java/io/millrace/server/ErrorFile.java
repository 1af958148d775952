package io.millrace.server;

import java.io.File;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.ErrorHandler;
import org.agrona.IoUtil;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.agrona.concurrent.errors.ErrorLogReader;
import org.jspecify.annotations.Nullable;

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

    private final File file;
    private final EpochClock clock;
    private final Consumer<String> operator;
    private final List<Throwable> early = new ArrayList<>();
    private @Nullable MappedByteBuffer mapped;
    private @Nullable DistinctErrorLog log;
    private long toldCount;

    /** Touches nothing yet: the directory may turn out to be that of a running node. */
    ErrorFile(final Path dataDirectory, final EpochClock clock, final Consumer<String> operator) {
        file = dataDirectory.resolve(FILE_NAME).toFile();
        this.clock = clock;
        this.operator = operator;
    }

    /** Maps the file anew, once the journal is locked, and records what has happened until then. */
    synchronized void open() {
        IoUtil.deleteIfExists(file);
        final MappedByteBuffer opened = IoUtil.mapNewFile(file, LENGTH);
        mapped = opened;
        log = new DistinctErrorLog(new UnsafeBuffer(opened), clock);
        early.forEach(this::onError);
        early.clear();
    }

    @Override
    public synchronized void onError(final Throwable error) {
        if (log == null) {
            early.add(error);
            return;
        }
        log.record(error);
        final int distinct = distinctCount();
        if (distinct != toldCount) {
            toldCount = distinct;
            operator.accept("error: " + error);
        }
    }

    /** Counts the distinct errors. */
    int distinctCount() {
        return mapped == null ? 0 : ErrorLogReader.read(new UnsafeBuffer(mapped), (count, first, last, text) -> {});
    }

    /** Errors that no file took are told to the operator. */
    @Override
    public synchronized void close() {
        early.forEach(error -> operator.accept("error: " + error));
        early.clear();
        log = null;
        IoUtil.unmap(mapped);
        mapped = null;
    }
}
