package io.millrace.transport;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * The threads that a {@link DedicatedDriver} runs on.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param factories one for each thread: one thread does all; two are the conductor and the network; three are the
 *     conductor, the sender and the receiver.
 * @param idlePolicy what the threads of the network do without work. With {@link IdlePolicy#KERNEL_WAIT} they back off
 *     to naps of {@value #NETWORK_NAP_NS} ns: long enough to leave the core to others, short enough for a quiet
 *     session. The conductor always backs off: nothing waits for it but set-ups.
 */
public record DriverThreads(List<ThreadFactory> factories, IdlePolicy idlePolicy) {
    /** Most threads that a driver has. */
    public static final int MOST = 3;

    private static final long NETWORK_NAP_NS = 200_000L;
    private static final long CONDUCTOR_NAP_NS = 1_000_000L;
    private static final long FIRST_NAP_NS = 1_000L;
    private static final int SPINS = 20;
    private static final int YIELDS = 50;

    /**
     * Checks the number of threads.
     *
     * @throws MillraceException when there are none, or more than three.
     */
    public DriverThreads {
        factories = List.copyOf(factories);
        if (factories.isEmpty() || factories.size() > MOST) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "a media driver runs on 1 to " + MOST + " threads, not on " + factories.size());
        }
    }

    /** Gives the threads and what they do without work to a driver that is about to start. */
    void applyTo(final MediaDriver.Context context) {
        final IdleStrategy conductorIdle = backOff(CONDUCTOR_NAP_NS);
        switch (factories.size()) {
            case 1 ->
                context.threadingMode(ThreadingMode.SHARED)
                        .sharedThreadFactory(factories.get(0))
                        .sharedIdleStrategy(networkIdle());
            case 2 ->
                context.threadingMode(ThreadingMode.SHARED_NETWORK)
                        .conductorThreadFactory(factories.get(0))
                        .conductorIdleStrategy(conductorIdle)
                        .sharedNetworkThreadFactory(factories.get(1))
                        .sharedNetworkIdleStrategy(networkIdle());
            default ->
                context.threadingMode(ThreadingMode.DEDICATED)
                        .conductorThreadFactory(factories.get(0))
                        .conductorIdleStrategy(conductorIdle)
                        .senderThreadFactory(factories.get(1))
                        .senderIdleStrategy(networkIdle())
                        .receiverThreadFactory(factories.get(2))
                        .receiverIdleStrategy(networkIdle());
        }
    }

    private IdleStrategy networkIdle() {
        return switch (idlePolicy) {
            case SPIN -> BusySpinIdleStrategy.INSTANCE;
            case YIELD -> YieldingIdleStrategy.INSTANCE;
            case KERNEL_WAIT -> backOff(NETWORK_NAP_NS);
        };
    }

    private static IdleStrategy backOff(final long longestNapNs) {
        return new BackoffIdleStrategy(SPINS, YIELDS, FIRST_NAP_NS, longestNapNs);
    }
}
