package io.millrace.server;

import io.millrace.codec.AllowedHere;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.host.Budget;
import io.millrace.transport.DedicatedDriver;
import io.millrace.transport.DriverThreads;
import io.millrace.transport.IdlePolicy;
import io.millrace.transport.Transport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.agrona.ErrorHandler;
import org.jspecify.annotations.Nullable;

/**
 * The media driver of a node. {@code threading = single}: none of its own, the device's {@link Transport} embeds it.
 * {@code dedicated}: one on its own threads, that the transports of all devices connect to.
 *
 * <p>When Aeron has given a device's transport up (the process stood still), the driver is made anew, too: the old one
 * would keep the port for seconds. The first device to notice does it; the others see that the generation has changed
 * and connect again.
 *
 * <p><b>Threading</b>: device threads connect and renew, none of it in a duty cycle that goes well; the generation may
 * be read at any turn.
 */
final class NodeMedia implements AutoCloseable {
    /** What a device has just published is still to be sent by the driver's own thread. */
    private static final long FLUSH_NS = 20_000_000L;

    private final NodeConfiguration configuration;
    private final ThreadPlan plan;
    private final BoundThreads threads;
    private final IdlePolicy idlePolicy;
    private final ErrorHandler errors;
    private final Consumer<String> warnings;
    private final AtomicInteger generation = new AtomicInteger();
    private final AtomicLong endedErrorCount = new AtomicLong();
    private volatile @Nullable DedicatedDriver driver;
    private boolean isClosed;

    /**
     * Starts the driver, if it has threads of its own.
     *
     * @throws io.millrace.codec.MillraceException when it does not start, or a thread cannot be bound.
     */
    NodeMedia(
            final NodeConfiguration configuration,
            final ThreadPlan plan,
            final BoundThreads threads,
            final IdlePolicy idlePolicy,
            final ErrorHandler errors,
            final Consumer<String> warnings) {
        this.configuration = configuration;
        this.plan = plan;
        this.threads = threads;
        this.idlePolicy = idlePolicy;
        this.errors = errors;
        this.warnings = warnings;
        if (plan.isDedicated()) {
            launch(warnings);
        }
    }

    /** Returns a number that changes when the driver was made anew: whoever was connected must connect again. */
    int generation() {
        return generation.get();
    }

    /**
     * Connects the calling device's thread.
     *
     * @return its transport.
     */
    synchronized Transport connect() {
        if (isClosed) {
            throw new IllegalStateException("the media are closed");
        }
        final Transport.Context context = context(plan.isDedicated() ? text -> {} : warnings);
        final DedicatedDriver running = driver;
        if (running != null) {
            context.aeronDirectory(running.aeronDirectory()).embeddedDriver(false);
        }
        return Transport.launch(context);
    }

    /**
     * Makes the driver anew, unless another device has done so already.
     *
     * @param seen generation that the caller was connected to.
     */
    synchronized void renew(final int seen) {
        if (plan.isDedicated() && seen == generation.get() && !isClosed) {
            closeDriver();
            launch(text -> {});
            generation.incrementAndGet();
        }
    }

    /** Returns the errors of drivers on threads of their own; any thread, without waiting. */
    long errorCount() {
        final DedicatedDriver running = driver;
        return endedErrorCount.get() + (running == null ? 0 : running.errorCount());
    }

    private void launch(final Consumer<String> warningsOfDriver) {
        final DedicatedDriver launched = DedicatedDriver.launch(
                context(warningsOfDriver), new DriverThreads(threads.factories(plan.media()), idlePolicy));
        try {
            threads.awaitPlaced();
        } catch (final RuntimeException e) {
            launched.close();
            throw e;
        }
        driver = launched;
    }

    @AllowedHere("the driver's own threads send what is left")
    @Override
    public synchronized void close() {
        if (!isClosed) {
            isClosed = true;
            if (driver != null) {
                LockSupport.parkNanos(FLUSH_NS);
            }
            closeDriver();
        }
    }

    private void closeDriver() {
        final DedicatedDriver ended = driver;
        if (ended != null) {
            driver = null;
            ended.close();
            endedErrorCount.addAndGet(ended.errorCount());
        }
    }

    private Transport.Context context(final Consumer<String> warningSink) {
        final Transport.Context context = new Transport.Context()
                .aeronDirectory(aeronDirectory(configuration))
                .windowLength(configuration.integer(Setting.TRANSPORT_WINDOW))
                .termLength(configuration.integer(Setting.TRANSPORT_TERM_LENGTH))
                .maxImageTermLength(Budget.imageTermBytes(configuration))
                .imageLimit(Budget.imageLimit(configuration))
                .logMemoryLimit(configuration.journalPaths().size() * Budget.logBytesLimit(configuration))
                .errorHandler(errors)
                .warning(warningSink);
        if (configuration.number(Setting.TRANSPORT_MTU) != NodeConfiguration.AUTO) {
            context.loopbackMtuLength(configuration.integer(Setting.TRANSPORT_MTU))
                    .networkMtuLength(configuration.integer(Setting.TRANSPORT_MTU));
        }
        return context;
    }

    /**
     * Names the media driver's directory: the same at each start, so that what a killed process left is taken away by
     * the next.
     *
     * @param configuration of the node.
     * @return its path.
     */
    static String aeronDirectory(final NodeConfiguration configuration) {
        final String configured = configuration.text(Setting.AERON_DIRECTORY);
        final Path journal = configuration.journalPath();
        return configured.isEmpty()
                ? "/dev/shm/millrace-"
                        + UUID.nameUUIDFromBytes(
                                journal.toAbsolutePath().normalize().toString().getBytes(StandardCharsets.UTF_8))
                : configured;
    }
}
