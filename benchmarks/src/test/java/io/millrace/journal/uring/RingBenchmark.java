package io.millrace.journal.uring;

import io.millrace.journal.CompletionHandler;
import io.millrace.journal.DurabilityMode;
import io.millrace.journal.ResourceLedger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.CloseHelper;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A write through the ring on a real file, from its submission to its completion, beside one by {@link FileChannel}.
 * Undurable writes show what ring and system call cost, durable ones what the device adds. The file lies below
 * {@code java.io.tmpdir}.
 *
 * <p><b>Threading:</b> one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RingBenchmark implements CompletionHandler {
    private static final int GRANULE = 4096;
    private static final int LENGTH = 64 << 20;

    /** Whether a write is durable when it completes. */
    @Param({"true", "false"})
    boolean durable;

    private final ResourceLedger ledger = ResourceLedger.create();
    private Path file = Path.of("");
    private ByteBuffer arena = ByteBuffer.allocate(0);
    private @Nullable UringDevice device;
    private @Nullable FileChannel channel;
    private long address;
    private int completed;

    /**
     * Makes the file, all of its blocks written once.
     *
     * @throws IOException when it cannot be made.
     */
    @Setup
    public void open() throws IOException {
        file = Files.createTempFile("millrace-ring-", ".benchmark");
        arena = BufferUtil.allocateDirectAligned(1 << 20, GRANULE);
        try (FileChannel filling = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (long at = 0; at < LENGTH; at += arena.capacity()) {
                filling.write(arena.duplicate(), at);
            }
            filling.force(true);
        }
        device = new UringDevice(file, LENGTH, new DurabilityMode("benchmark", false, "-", "-", "-"), durable, ledger);
        device.register(arena);
        channel = durable
                ? FileChannel.open(file, StandardOpenOption.WRITE, direct(), StandardOpenOption.DSYNC)
                : FileChannel.open(file, StandardOpenOption.WRITE, direct());
    }

    /** By name: compilers warn when the JDK's own class is named. */
    private static OpenOption direct() {
        try {
            for (final Object option :
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
                if (option instanceof OpenOption direct && option.toString().equals("DIRECT")) {
                    return direct;
                }
            }
        } catch (final ClassNotFoundException e) {
            throw new IllegalStateException("this JDK opens no file with O_DIRECT", e);
        }
        throw new IllegalStateException("this JDK opens no file with O_DIRECT");
    }

    /**
     * Removes it.
     *
     * @throws IOException when it cannot be removed.
     */
    @TearDown
    public void close() throws IOException {
        CloseHelper.closeAll(device, channel);
        Files.deleteIfExists(file);
        if (!ledger.isEmpty()) {
            throw new IllegalStateException("left open: " + ledger);
        }
    }

    /** Ours: queue, submit, look for the completion until it is there. */
    @Benchmark
    public int write() {
        final UringDevice current = device;
        if (current == null || !current.submitWrite(0, GRANULE, nextAddress(), 1)) {
            throw new IllegalStateException("the ring takes no write");
        }
        completed = 0;
        current.flush();
        while (completed == 0) {
            if (current.poll(this, 1) == 0) {
                YieldingIdleStrategy.INSTANCE.idle(); // one of the kernel's workers may need this processor
            }
        }
        if (completed != GRANULE) {
            throw new IllegalStateException("the write gave " + completed);
        }
        return completed;
    }

    /**
     * Baseline: a blocking positional write to the same file, direct as well.
     *
     * @throws IOException when it fails.
     */
    @Benchmark
    public int writeBaseline() throws IOException {
        final FileChannel current = channel;
        if (current == null) {
            throw new IllegalStateException("no file");
        }
        arena.limit(GRANULE).position(0);
        return current.write(arena, nextAddress());
    }

    @Override
    public void onCompletion(final long token, final int result) {
        completed = result;
    }

    private long nextAddress() {
        address = address + 2L * GRANULE > LENGTH ? 0 : address + GRANULE;
        return address;
    }
}
