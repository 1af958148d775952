package io.millrace.perf;

import io.millrace.perf.process.ChildProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.CloseHelper;
import org.agrona.concurrent.NanoClock;

/**
 * Processes full of idle clients.
 *
 * <p><b>Threading:</b> the owner's thread; {@link #close} also from the shutdown hook.
 */
final class IdleClients implements AutoCloseable {
    /** Clients of one process. */
    private static final int PER_PROCESS = 500;

    /** They would run on machines of their own: here they yield to the node and to the client that is measured. */
    private static final List<String> NICE = List.of("nice", "-n", "10");

    private static final long LOOK_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long CONNECT_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);

    private final List<ChildProcess> processes = new ArrayList<>();
    private final int[] connected;
    private final int count;

    private IdleClients(final int count) {
        this.count = count;
        this.connected = new int[(count + PER_PROCESS - 1) / PER_PROCESS];
    }

    /**
     * Starts them and waits until every one has its session.
     *
     * @param endpoint of the node.
     * @param count of clients, &gt; 0.
     * @param termLength of their sessions, in bytes.
     * @param clock for the time-out.
     * @return connected.
     * @throws IOException when one does not connect within a minute.
     */
    static IdleClients connect(final String endpoint, final int count, final int termLength, final NanoClock clock)
            throws IOException {
        final IdleClients clients = new IdleClients(count);
        boolean isConnected = false;
        try {
            clients.start(endpoint, termLength);
            clients.await(clock);
            isConnected = true;
            return clients;
        } finally {
            if (!isConnected) {
                clients.close();
            }
        }
    }

    /** How many have a session now, as far as the processes have told. */
    int connectedCount() throws IOException {
        int sum = 0;
        for (int i = 0; i < connected.length; i++) {
            final ChildProcess process = processes.get(i);
            final boolean isAlive = process.isAlive();
            String line = process.pollLine();
            while (line != null) {
                if (line.startsWith(IdleClientsMain.CONNECTED)) {
                    connected[i] = Integer.parseInt(line.substring(IdleClientsMain.CONNECTED.length()));
                }
                line = process.pollLine();
            }
            if (!isAlive) {
                throw new IOException("a process of idle clients ended: " + process.errors());
            }
            sum += connected[i];
        }
        return sum;
    }

    /** Process ids. */
    Set<Long> pids() {
        final Set<Long> pids = new HashSet<>();
        processes.forEach(process -> pids.add(process.pid()));
        return pids;
    }

    @Override
    public void close() {
        CloseHelper.quietCloseAll(processes);
    }

    private void start(final String endpoint, final int termLength) throws IOException {
        for (int i = 0; i < connected.length; i++) {
            final int share = Math.min(PER_PROCESS, count - i * PER_PROCESS);
            final List<String> command = new ArrayList<>(NICE);
            command.addAll(ChildProcess.java(
                    System.getProperty("java.class.path"),
                    List.of("-Xmx512m"),
                    IdleClientsMain.class.getName(),
                    List.of(endpoint, Integer.toString(share), Integer.toString(termLength), "idle-" + i)));
            processes.add(new ChildProcess("idle-" + i, command, List.of()));
        }
    }

    private void await(final NanoClock clock) throws IOException {
        final long deadlineNs = clock.nanoTime() + CONNECT_TIMEOUT_NS;
        int now = connectedCount();
        while (now < count) {
            if (clock.nanoTime() - deadlineNs > 0) {
                throw new IOException("only " + now + " of " + count + " idle clients are connected after "
                        + CONNECT_TIMEOUT_NS / 1_000_000_000L + " s; the node's limits.sessions and"
                        + " limits.session-memory, or this machine's shared memory, may be too small");
            }
            LockSupport.parkNanos(LOOK_INTERVAL_NS);
            now = connectedCount();
        }
    }
}
