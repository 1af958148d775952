package io.millrace.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every input of the kept corpus through its target, and random changes of each: no undocumented exception, no endless
 * loop, no allocation that a few bytes could ask for.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CorpusReplayTest {
    private static final long MOST_BYTES = 96L << 20;
    private static final long MOST_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int CHANGES = 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static Stream<String> targets() {
        return Targets.classes().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("targets")
    void shouldThrowOnlyWhatIsDocumentedWhenTheCorpusIsReplayed(final String target) throws Throwable {
        final MethodHandle handle = MethodHandles.lookup()
                .findStatic(
                        Class.forName(Targets.classes().get(target)),
                        "fuzzerTestOneInput",
                        MethodType.methodType(void.class, byte[].class));
        final List<Path> inputs = inputs(target);
        assertTrue(!inputs.isEmpty(), "no corpus for " + target);
        handle.invoke(new byte[0]); // what a class needs once
        final Random random = new Random(1);
        for (final Path file : inputs) {
            final byte[] input = Files.readAllBytes(file);
            run(handle, input, file.toString());
            for (int i = 0; i < CHANGES && input.length > 0; i++) {
                final byte[] changed = input.clone();
                for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                    changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
                }
                run(handle, changed, file + ", changed " + (i + 1) + " times");
            }
        }
    }

    private static void run(final MethodHandle handle, final byte[] input, final String name) throws Throwable {
        final long bytes =
                THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
        final long startNs = System.nanoTime();
        try {
            handle.invoke(input);
        } catch (final Throwable e) {
            throw new AssertionError(name + ": " + e, e);
        }
        final long tookNs = System.nanoTime() - startNs;
        final long allocated =
                THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - bytes;
        assertTrue(allocated < MOST_BYTES, () -> name + " allocated " + allocated + " bytes");
        assertTrue(tookNs < MOST_NS, () -> name + " took " + tookNs / 1_000_000 + " ms");
    }

    private static List<Path> inputs(final String target) {
        final Path folder = Path.of(System.getProperty("millrace.root"), "fuzz", "corpus", target);
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
