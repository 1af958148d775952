package io.millrace.perf.node;

import io.millrace.perf.process.ProcessUse;
import io.millrace.perf.process.UseOverTime;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Kills a node (SIGKILL) again and again, at moments that nobody else knows, and starts it again; looks at what it
 * holds meanwhile.
 *
 * <p><b>Threading:</b> a thread of its own from {@link #start} to {@link #close}; the getters may be called from any
 * thread, those of times and use after {@link #close} only.
 *
 * <p><b>Invariants:</b> the node is looked at shortly before each kill, at the same age in each of its lives.
 */
public final class NodeSupervisor implements AutoCloseable {
    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long RECORD_LIMIT_NS = TimeUnit.MINUTES.toNanos(10);

    private final Terminal terminal;
    private final NanoClock clock;
    private final NodeProcess node;
    private final long killEveryNs;
    private final Random random;
    private final Thread thread = new Thread(this::run, "node-supervisor");
    private final Histogram recoveries = new Histogram(RECORD_LIMIT_NS, 3);
    private final UseOverTime use = new UseOverTime();
    private volatile boolean closing;
    private final AtomicInteger kills = new AtomicInteger();
    private final AtomicInteger lives = new AtomicInteger(1);
    private volatile @Nullable String failure;

    /**
     * Prepares it.
     *
     * @param terminal says what happens.
     * @param clock of its times.
     * @param node ready; from {@link #start} to {@link #close} nobody else may use it.
     * @param killEveryNs from one kill to the next on average; 0: never, it only looks.
     * @param seed of the moments.
     */
    public NodeSupervisor(
            final Terminal terminal,
            final NanoClock clock,
            final NodeProcess node,
            final long killEveryNs,
            final long seed) {
        this.terminal = terminal;
        this.clock = clock;
        this.node = node;
        this.killEveryNs = killEveryNs;
        this.random = new Random(seed);
    }

    /** Starts to kill. */
    public void start() {
        thread.start();
    }

    /** How often the node was killed. */
    public int kills() {
        return kills.get();
    }

    /** How often the node was ready; more than {@link #kills} while it runs. */
    public int lives() {
        return lives.get();
    }

    /** Why the node cannot be kept alive, or null. */
    @Nullable
    public String failure() {
        return failure;
    }

    /** Times from the start of a process to its readiness, in nanoseconds. */
    public Histogram recoveries() {
        return recoveries;
    }

    /** What the node held before each kill; without kills, as time passed. */
    public UseOverTime use() {
        return use;
    }

    /** Ends the killing; the node runs when this returns, unless there is a {@link #failure}. */
    @Override
    public void close() {
        closing = true;
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!closing) {
                final long lifeNs = killEveryNs == 0
                        ? TimeUnit.SECONDS.toNanos(10)
                        : killEveryNs / 2 + (long) (random.nextDouble() * killEveryNs);
                waitUntil(clock.nanoTime() + Math.min(lifeNs, killEveryNs == 0 ? lifeNs : killEveryNs / 2));
                if (!node.isAlive()) {
                    failure = "the node ended by itself: " + node.errors();
                    return;
                }
                if (closing) {
                    return;
                }
                use.add(ProcessUse.of(node.pid()));
                if (killEveryNs != 0) {
                    waitUntil(clock.nanoTime() + lifeNs - killEveryNs / 2);
                    killAndRestart();
                }
            }
        } catch (final IOException e) {
            failure = e.getMessage();
        }
    }

    private void killAndRestart() throws IOException {
        if (closing) {
            return;
        }
        final long pid = node.pid();
        node.kill();
        kills.incrementAndGet();
        node.startAndAwait();
        recoveries.recordValue(Math.min(RECORD_LIMIT_NS, node.readyAfterNs()));
        lives.incrementAndGet();
        terminal.say(String.format(
                Locale.ROOT,
                "kill -9 number %d (process %d): back after %.0f ms",
                kills.get(),
                pid,
                node.readyAfterNs() / 1e6));
    }

    private void waitUntil(final long deadlineNs) {
        while (!closing && clock.nanoTime() - deadlineNs < 0 && node.isAlive()) {
            LockSupport.parkNanos(LOOK_NS);
        }
    }
}
