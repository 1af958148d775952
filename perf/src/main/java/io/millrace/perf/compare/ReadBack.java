package io.millrace.perf.compare;

import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.CatchUpReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * Writes a stream as fast as it goes and reads it from the start: out of caches, from the device, or again and again
 * beside a writer.
 *
 * <p><b>Threading:</b> the rig's thread; {@link Endless} has one of its own.
 */
final class ReadBack {
    private static final double FILL_RATE = 200_000;
    private static final long FILL_DRAIN_NS = TimeUnit.MINUTES.toNanos(10);
    private static final int FEWEST_PASSES = 3;
    /** What a reader naps when it is ahead of the system, as clients do that block. */
    private static final long NAP_NS = TimeUnit.MICROSECONDS.toNanos(50);

    private static final int LOOKS_BEFORE_A_NAP = 10;
    private static final long STALL_NS = TimeUnit.SECONDS.toNanos(30);

    private final Plan plan;
    private final BenchSystem system;
    private final NanoClock clock;
    private final Consumer<String> say;

    /**
     * What the passes gave.
     *
     * @param eventsPerSecond median of the passes after the warm-up.
     * @param count of them.
     */
    record Passes(double eventsPerSecond, int count) {}

    /**
     * Prepares it.
     *
     * @param plan what to do.
     * @param system started.
     * @param clock of all times.
     * @param say takes lines for people.
     */
    ReadBack(final Plan plan, final BenchSystem system, final NanoClock clock, final Consumer<String> say) {
        this.plan = plan;
        this.system = system;
        this.clock = clock;
        this.say = say;
    }

    /**
     * Writes the events.
     *
     * @param loop over the system's target.
     * @return how many there are now.
     * @throws IOException when not all of them were acknowledged.
     */
    long fill(final OpenLoop loop) throws IOException {
        final OpenLoop.Phase phase = loop.run(FILL_RATE, plan.readBackEvents(), FILL_DRAIN_NS);
        if (!phase.isComplete()) {
            throw new IOException("of " + phase.eventCount() + " events to read back only " + phase.acknowledgedCount()
                    + " were acknowledged");
        }
        say.accept(String.format(
                Locale.ROOT, "  %,d events are there, at %,.0f/s", phase.eventCount(), phase.achievedRate()));
        return phase.eventCount();
    }

    /**
     * Reads everything again and again: first for the warm-up's time, then for the measurement's, several times at
     * least. A pass may take a tenth of a second, and compilers take longer.
     *
     * @param events that are there.
     * @param directory whose pages the kernel is told to forget before each cold pass.
     * @param onWarm told when the measurement begins.
     * @return the rate.
     * @throws IOException when a reader fails.
     */
    Passes passes(final long events, final Path directory, final Runnable onWarm) throws IOException {
        final long startNs = clock.nanoTime();
        do {
            say.accept("  warm-up: " + words(coldOrWarm(events, directory)));
        } while (clock.nanoTime() - startNs < plan.warmUpNs());
        onWarm.run();
        final List<Double> rates = new ArrayList<>();
        final long warmNs = clock.nanoTime();
        while (rates.size() < FEWEST_PASSES || clock.nanoTime() - warmNs < plan.durationNs()) {
            rates.add(coldOrWarm(events, directory));
        }
        final double median = Percentiles.median(rates, rate -> rate);
        say.accept("  " + rates.size() + " passes: " + words(median));
        return new Passes(median, rates.size());
    }

    private double coldOrWarm(final long events, final Path directory) throws IOException {
        if (plan.mode() == Mode.COLD) {
            forget(directory);
        }
        return pass(events);
    }

    private String words(final double rate) {
        return String.format(Locale.ROOT, "%,.0f events/s, %,.0f MB/s", rate, rate * plan.eventLength() / 1e6);
    }

    /**
     * Starts reading everything, again and again, on a thread of its own.
     *
     * @param events that are there at least.
     * @return ends it when closed.
     */
    Endless endless(final long events) {
        return new Endless(events);
    }

    private double pass(final long events) throws IOException {
        try (CatchUpReader reader = system.openCatchUpReader()) {
            final long startNs = clock.nanoTime();
            long count = 0;
            long lastNs = startNs;
            while (count < events) {
                final long read = reader.poll();
                count += read;
                if (read == 0) {
                    final long nowNs = clock.nanoTime();
                    if (reader.failure() != null || nowNs - lastNs > STALL_NS) {
                        throw new IOException("after " + count + " of " + events + " events: "
                                + (reader.failure() == null ? "nothing comes" : reader.failure()));
                    }
                    YieldingIdleStrategy.INSTANCE.idle();
                } else {
                    lastNs = clock.nanoTime();
                }
            }
            return count * 1e9 / Math.max(1, clock.nanoTime() - startNs);
        }
    }

    /** Out of the system's memory first, then out of the kernel's: only pages of the run's own files. */
    private void forget(final Path directory) throws IOException {
        if (!system.dropCaches()) {
            say.accept("  the system's own cache could not be dropped: it may answer from it");
        }
        final List<Path> files;
        try (Stream<Path> tree = Files.walk(directory)) {
            files = tree.filter(Files::isRegularFile).toList();
        } catch (final UncheckedIOException e) {
            throw e.getCause();
        }
        for (final Path file : files) {
            drop(file);
        }
    }

    private static void drop(final Path file) throws IOException {
        // POSIX_FADV_DONTNEED over the whole file, dirty pages written first.
        final Process process = new ProcessBuilder(
                        "dd", "of=" + file, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none")
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            process.waitFor(1, TimeUnit.MINUTES);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    /** A reader that begins again at the start whenever it is through. <b>Threading:</b> a thread of its own. */
    final class Endless implements AutoCloseable {
        private final AtomicLong readCount = new AtomicLong();
        private final long events;
        private final long startNs = clock.nanoTime();
        private final Thread thread = new Thread(this::read, "perf-reader");
        private volatile boolean closed;
        private volatile @Nullable Exception failure;

        private Endless(final long events) {
            this.events = events;
            thread.setDaemon(true);
            thread.start();
        }

        /**
         * Events read until now, a second.
         *
         * @throws IOException when the reader failed.
         */
        double eventsPerSecond() throws IOException {
            if (failure != null) {
                throw new IOException("the reader beside the writer: " + failure, failure);
            }
            return readCount.get() * 1e9 / Math.max(1, clock.nanoTime() - startNs);
        }

        @Override
        public void close() {
            closed = true;
            try {
                thread.join(STALL_NS / 1_000_000);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void read() {
            try {
                while (!closed) {
                    readOnce();
                }
            } catch (final IOException | RuntimeException e) {
                failure = e;
            }
        }

        /** It naps when there is nothing: on few cores a reader that looks all the time takes the writer's. */
        private void readOnce() throws IOException {
            try (CatchUpReader reader = system.openCatchUpReader()) {
                long count = 0;
                int looks = 0;
                while (!closed && count < events) {
                    final long read = reader.poll();
                    count += read;
                    readCount.addAndGet(read);
                    if (reader.failure() != null) {
                        throw new IOException(reader.failure());
                    }
                    looks = read == 0 ? looks + 1 : 0;
                    if (looks > LOOKS_BEFORE_A_NAP) {
                        LockSupport.parkNanos(NAP_NS);
                    } else if (looks > 0) {
                        YieldingIdleStrategy.INSTANCE.idle();
                    }
                }
            }
        }
    }
}
