package io.millrace.perf.limit;

import io.aeron.Aeron;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.ControlledFragmentHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * Aeron with nothing around it: media driver and client in invoker mode on one thread, set like the product's transport
 * on loopback. Both ends of the measured round trip use it.
 *
 * <p><b>Threading:</b> one thread.
 */
public final class EchoMedia implements AutoCloseable {
    /** Where a media driver's files belong. */
    public static final Path SHARED_MEMORY = Path.of("/dev/shm");

    /** Stream towards the echo. */
    public static final int REQUEST_STREAM_ID = 1;
    /** Stream back. */
    public static final int REPLY_STREAM_ID = 2;

    private static final int MTU_LENGTH = 8192;
    private static final int WINDOW_LENGTH = 512 * 1024;
    private static final int TERM_LENGTH = 1024 * 1024;
    private static final int CONDUCTOR_EVERY_TURNS = 256;
    private static final int FRAGMENTS_PER_TURN = 64;

    private final MediaDriver driver;
    private final Aeron aeron;
    private final AgentInvoker driverInvoker;
    private final AgentInvoker conductorInvoker;
    private int turn;

    /**
     * Starts driver and client in a directory of their own.
     *
     * @param name part of the directory's name.
     * @param errorHandler takes Aeron's errors.
     */
    public EchoMedia(final String name, final ErrorHandler errorHandler) {
        final Path base =
                Files.isWritable(SHARED_MEMORY) ? SHARED_MEMORY : Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
        final String directory = base.resolve(
                        "millrace-" + name + "-" + ProcessHandle.current().pid())
                .toString();
        driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(directory)
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true)
                .threadingMode(ThreadingMode.INVOKER)
                .mtuLength(MTU_LENGTH)
                .ipcMtuLength(MTU_LENGTH)
                .initialWindowLength(WINDOW_LENGTH)
                .socketRcvbufLength(WINDOW_LENGTH)
                .socketSndbufLength(WINDOW_LENGTH)
                .publicationTermBufferLength(TERM_LENGTH)
                .termBufferSparseFile(false)
                .performStorageChecks(false)
                .errorHandler(errorHandler));
        driverInvoker = driver.sharedAgentInvoker();
        aeron = Aeron.connect(new Aeron.Context()
                .aeronDirectoryName(directory)
                .useConductorAgentInvoker(true)
                .driverAgentInvoker(driverInvoker)
                .errorHandler(errorHandler));
        conductorInvoker = aeron.conductorAgentInvoker();
    }

    /** The client. */
    public Aeron aeron() {
        return aeron;
    }

    /**
     * Runs one turn and polls.
     *
     * @param subscription polled for at most {@value #FRAGMENTS_PER_TURN} fragments.
     * @param handler takes them.
     * @return work count.
     */
    public int turn(final Subscription subscription, final ControlledFragmentHandler handler) {
        int work = driverInvoker.invoke();
        work += subscription.controlledPoll(handler, FRAGMENTS_PER_TURN);
        if (++turn % CONDUCTOR_EVERY_TURNS == 0) {
            conductorInvoker.invoke();
        }
        return work;
    }

    /** Runs driver and conductor once, without polling: for waiting on set-up. */
    public void setUpTurn() {
        driverInvoker.invoke();
        conductorInvoker.invoke();
        YieldingIdleStrategy.INSTANCE.idle();
    }

    /**
     * Waits until a subscription on port 0 has its port.
     *
     * @param subscription to an endpoint with port 0.
     * @param clock for the time-out.
     * @return host:port, or null after five seconds.
     */
    @Nullable
    public String boundEndpoint(final Subscription subscription, final NanoClock clock) {
        final long deadlineNs = clock.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        String endpoint = subscription.resolvedEndpoint();
        while (endpoint == null && clock.nanoTime() - deadlineNs < 0) {
            setUpTurn();
            endpoint = subscription.resolvedEndpoint();
        }
        return endpoint;
    }

    @Override
    public void close() {
        CloseHelper.quietCloseAll(aeron, driver);
    }
}
