package io.millrace.transport;

import io.aeron.driver.MediaDriver;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A media driver on threads of its own, for the duty cycles of one process: each connects to {@link #aeronDirectory()}
 * by a {@link Transport} that embeds no driver.
 *
 * <p>Once a duty cycle has stood still for longer than Aeron's time-outs, its {@link Transport} is closed; this driver
 * lives on, but sockets and ports of the lost client linger. Who wants the same port at once closes this driver, too,
 * and launches another.
 *
 * <p><b>Threading</b>: any thread; launching and closing block.
 */
public final class DedicatedDriver implements AutoCloseable {
    private final MediaDriver driver;
    private final String directory;
    private final AtomicLong errorCount = new AtomicLong();

    private DedicatedDriver(final Transport.Context context, final DriverThreads threads) {
        directory = context.concludedDirectory();
        final LogMemory logMemory = new LogMemory(context.logMemoryLimit());
        final ImageLimits limits = Transport.imageLimits(context, logMemory);
        final MediaDriver.Context settings = Transport.driverContext(context, error -> {
                    errorCount.incrementAndGet();
                    context.errorHandler().onError(error);
                })
                .receiveChannelEndpointSupplier((channel, dispatcher, status, driverContext) ->
                        new ObservedReceiveEndpoint(null, limits, channel, dispatcher, status, driverContext));
        threads.applyTo(settings);
        try {
            driver = MediaDriver.launch(settings);
            logMemory.start(driver.context().systemCounters());
        } catch (final RuntimeException e) {
            throw new MillraceException(
                    ErrorCode.MEDIA_DRIVER, "no media driver in " + directory + ": " + e.getMessage(), e);
        }
    }

    /**
     * Starts the driver.
     *
     * @param context of an embedded driver; concluded here. Its error handler is called on the driver's threads.
     * @param threads to run on.
     * @return the running driver.
     * @throws MillraceException when the directory has no space or is in use by a living process, or when the driver
     *     does not start.
     */
    public static DedicatedDriver launch(final Transport.Context context, final DriverThreads threads) {
        context.conclude();
        return new DedicatedDriver(context, threads);
    }

    /** Returns the driver's directory. */
    public String aeronDirectory() {
        return directory;
    }

    /** Returns the errors handed to the error handler. */
    public long errorCount() {
        return errorCount.get();
    }

    /** Ends the threads and deletes the directory; what a client has just published may not have been sent. */
    @Override
    public void close() {
        driver.close();
    }
}
