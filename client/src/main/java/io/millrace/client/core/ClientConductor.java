package io.millrace.client.core;

import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.NodeInfo;
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamPosition;
import io.millrace.client.StreamState;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.ReadCreditDecoder;
import io.millrace.codec.wire.ReadSubscribeDecoder;
import io.millrace.codec.wire.ReadUnsubscribeDecoder;
import io.millrace.codec.wire.WriterBindDecoder;
import io.millrace.codec.wire.WriterSetupDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Owns all of one client: connections, writers, readers, requests; turns its duty cycle; and waits for those who block.
 *
 * <p><b>Threading</b>: public methods any thread (they take the guard); the others whoever holds the guard.
 *
 * <p><b>Invariants</b>: correlation ids of every kind come from one counter and are never used again.
 */
public final class ClientConductor implements AutoCloseable {
    private static final int SPIN_COUNT = 20;
    private static final int YIELD_COUNT = 300;
    private static final long MIN_PARK_NS = 20_000;
    private static final long MAX_PARK_NS = 500_000;

    /** How often writers are looked after that have nothing under way. */
    private static final long ROUND_NS = 5_000_000;

    private final Millrace.Context context;
    private final NanoClock clock;
    private final Guard guard;
    private final Completions completions;
    private final Counters counters = new Counters();
    private final SplitMix random;
    private final Network network;
    private final Addresses addresses;
    private final Connection bootstrap;
    private final Requests requests;
    private final ClusterRequests clusterRequests;
    private final List<Connection> connections = new ArrayList<>();
    private final List<String> endpoints = new ArrayList<>();
    private final List<WriterCore> writers = new ArrayList<>();
    private final List<SegmentWriter> awakeWriters = new ArrayList<>();
    private final List<ReaderCore> readers = new ArrayList<>();
    private final Long2ObjectHashMap<WriterCore> writersById = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<SegmentWriter> exchanges = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<SegmentReader> subscriptions = new Long2ObjectHashMap<>();
    private long lastCorrelationId;
    private long nowNs;
    private long lastWorkNs;
    private long nextRoundNs;
    private long turnCount;
    private @Nullable MillraceException fault;
    private boolean isClosed;

    /** Makes the media of a client, given its settings and identity. */
    @FunctionalInterface
    public interface NetworkFactory {
        /**
         * Makes the media.
         *
         * @param context settings
         * @param clientIdHigh upper half of the client's identity
         * @param clientIdLow lower half of the client's identity
         * @return launched
         */
        Network launch(Millrace.Context context, long clientIdHigh, long clientIdLow);
    }

    /**
     * Launches the media and begins to connect.
     *
     * @param context settings, checked by the caller
     * @param seed of random numbers
     * @param factory of the media
     */
    ClientConductor(final Millrace.Context context, final long seed, final NetworkFactory factory) {
        this.context = context;
        this.clock = context.nanoClock();
        this.guard = new Guard(!context.invoker());
        this.completions = new Completions(guard);
        this.random = new SplitMix(seed);
        this.nowNs = clock.nanoTime();
        this.lastWorkNs = nowNs;
        this.nextRoundNs = nowNs;
        this.network = factory.launch(context, random.next(), random.next());
        this.addresses = new Addresses(context.endpoint(), random);
        this.bootstrap = new Connection(this, network, addresses.first());
        this.requests = new Requests(this, bootstrap);
        this.clusterRequests = new ClusterRequests(requests);
        connections.add(bootstrap);
        endpoints.add(addresses.first());
    }

    /**
     * Launches a client over the real media.
     *
     * @param context settings, checked by the caller
     * @param seed of random numbers
     * @return connecting; {@link #awaitConnected(long)} is next
     */
    public static ClientConductor launch(final Millrace.Context context, final long seed) {
        return launch(context, seed, TransportNetwork::new);
    }

    /**
     * Launches a client over media of the caller's choice.
     *
     * @param context settings, checked by the caller
     * @param seed of random numbers
     * @param factory of the media
     * @return connecting, at each turn of {@link #work()}
     */
    public static ClientConductor launch(
            final Millrace.Context context, final long seed, final NetworkFactory factory) {
        return new ClientConductor(context, seed, factory);
    }

    /**
     * Waits for the first session.
     *
     * @param timeoutNs longest wait, 0 for none
     */
    public void awaitConnected(final long timeoutNs) {
        if (timeoutNs > 0 && !await(() -> requests.asked().isOpen(), timeoutNs)) {
            throw new MillraceException(
                    ErrorCode.UNREACHABLE,
                    context.endpoint() + " did not open a session within " + timeoutNs / 1_000_000 + " ms"
                            + why(requests.asked().link().lastFailure()));
        }
    }

    /**
     * Turns the duty cycle once, for a public call.
     *
     * @return work count
     */
    public int work() {
        guard.lock();
        try {
            checkUsable();
            return doWork();
        } finally {
            guard.unlock();
            completions.drain();
        }
    }

    /**
     * Turns the duty cycle for the housekeeping thread, unless a caller is inside or was until just now.
     *
     * @param quietNs how long no caller may have worked
     * @return work count; 0 when a caller works, −1 when closed
     */
    public int keepHouse(final long quietNs) {
        if (!guard.tryLock()) {
            return 0;
        }
        try {
            if (isClosed) {
                return -1;
            }
            if (clock.nanoTime() - lastWorkNs < quietNs) {
                return 0;
            }
            return doWork();
        } catch (final RuntimeException e) {
            final MillraceException failed = e instanceof MillraceException known
                    ? known
                    : new MillraceException(ErrorCode.INVARIANT_BROKEN, "the client's duty cycle failed", e);
            fault = failed;
            for (int i = 0; i < writers.size(); i++) {
                writers.get(i).failAll(-failed.code().number(), String.valueOf(failed.getMessage()));
            }
            return 0;
        } finally {
            guard.unlock();
            completions.drain();
        }
    }

    /**
     * Turns the duty cycle once.
     *
     * @return work count
     */
    int doWork() {
        nowNs = clock.nanoTime();
        turnCount++;
        int work = network.doWork(nowNs);
        for (int i = 0; i < connections.size(); i++) {
            work += connections.get(i).doWork(nowNs);
        }
        int sent = requests.doWork(nowNs) + turnWriters();
        for (int i = 0; i < readers.size(); i++) {
            sent += readers.get(i).doWork(nowNs);
        }
        if (sent > 0) {
            push(sent);
            work += sent;
        }
        counters.set(Counters.REBUILDS, network.rebuildCount());
        counters.set(Counters.NAKS, network.nakCount());
        counters.set(Counters.RETRANSMITS, network.retransmitCount());
        lastWorkNs = nowNs;
        return work;
    }

    /** A turn costs what is under way, not what is open: of a thousand writers most have nothing to do. */
    private int turnWriters() {
        int sent = 0;
        if (nowNs - nextRoundNs >= 0) {
            nextRoundNs = nowNs + ROUND_NS;
            for (int i = 0; i < writers.size(); i++) {
                sent += writers.get(i).doWork(nowNs);
            }
        }
        int kept = 0;
        for (int i = 0; i < awakeWriters.size(); i++) {
            final SegmentWriter writer = awakeWriters.get(i);
            sent += writer.doWork(nowNs);
            if (writer.stayAwake()) {
                awakeWriters.set(kept++, writer);
            }
        }
        for (int i = awakeWriters.size() - 1; i >= kept; i--) {
            awakeWriters.remove(i);
        }
        return sent;
    }

    /**
     * Has a writer's duty cycle turned in every turn from now on, until it has nothing to do.
     *
     * @param writer that is not awake
     */
    void wake(final SegmentWriter writer) {
        awakeWriters.add(writer);
    }

    /**
     * Turns the duty cycle for one of those that are polled one after the other, unless another one's poll has done so
     * since this one was polled last: a loop over many writers and readers turns it once, not once for each.
     *
     * @param seenTurn turn that this one's last poll saw
     * @return turn to be given the next time
     */
    long turnOnce(final long seenTurn) {
        if (seenTurn == turnCount) {
            doWork();
        }
        return turnCount;
    }

    /**
     * Lets what was just published leave this process now and not a duty cycle later.
     *
     * @param sent number of frames published
     */
    void push(final int sent) {
        if (sent > 0) {
            network.doWork(nowNs);
        }
    }

    /**
     * Turns duty cycles until a condition holds. The guard is free between them.
     *
     * @param condition evaluated under the guard
     * @param timeoutNs longest wait
     * @return whether the condition held in time
     */
    boolean await(final BooleanSupplier condition, final long timeoutNs) {
        final long beginNs = clock.nanoTime();
        int idleCount = 0;
        while (true) {
            final int work;
            guard.lock();
            try {
                checkUsable();
                work = doWork();
                if (condition.getAsBoolean()) {
                    return true;
                }
                if (nowNs - beginNs >= timeoutNs) {
                    return false;
                }
            } finally {
                guard.unlock();
                completions.drain();
            }
            idleCount = work > 0 ? 0 : idle(idleCount);
        }
    }

    /**
     * Waits until every future settled so far is completed; does not wait within the guard, nor within the completion
     * of a future.
     *
     * @param timeoutNs longest wait
     * @return whether they were completed in time
     */
    boolean awaitCompletions(final long timeoutNs) {
        if (guard.isHeld()) {
            return true;
        }
        completions.drain();
        guard.lock();
        final long count;
        try {
            count = completions.addedCount();
            if (completions.isCompleted(count)) {
                return true;
            }
        } finally {
            guard.unlock();
        }
        return await(() -> completions.isCompleted(count), timeoutNs);
    }

    /**
     * Idles once: spins, then yields, then parks, never under the guard.
     *
     * @param idleCount how often before without work
     * @return idleCount for the next time
     */
    @SuppressWarnings("ThreadPriorityCheck")
    public static int idle(final int idleCount) {
        if (Thread.interrupted()) {
            Thread.currentThread().interrupt();
            throw new MillraceException(ErrorCode.INTERRUPTED, "interrupted while waiting for the node");
        }
        if (idleCount < SPIN_COUNT) {
            Thread.onSpinWait();
        } else if (idleCount < YIELD_COUNT) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(Math.min(MAX_PARK_NS, MIN_PARK_NS * (idleCount - YIELD_COUNT + 1)));
        }
        return idleCount + 1;
    }

    /** Throws unless this client can still be used. */
    void checkUsable() {
        if (isClosed) {
            throw new MillraceException(ErrorCode.CLIENT_CLOSED, "the client is closed");
        }
        final MillraceException cause = fault;
        if (cause != null) {
            throw new MillraceException(cause.code(), String.valueOf(cause.getMessage()), cause);
        }
    }

    /**
     * Opens a writer.
     *
     * @param stream scope/stream
     * @param idHigh upper half of its identity; with {@code idLow} 0 for a random one
     * @param idLow lower half of its identity
     * @return open writer
     */
    public EventWriter openWriter(final String stream, final long idHigh, final long idLow) {
        return openWriter(requests.describe(stream), idHigh, idLow);
    }

    /**
     * Opens a writer without asking anybody.
     *
     * @param info the stream as described before; where its segments lie may have changed since
     * @param idHigh upper half of its identity; with {@code idLow} 0 for a random one
     * @param idLow lower half of its identity
     * @return open writer
     */
    public EventWriter openWriter(final StreamInfo info, final long idHigh, final long idLow) {
        final String stream = info.name();
        if (info.state() != StreamState.ACTIVE) {
            final boolean isGone = info.state() == StreamState.DELETING;
            throw new MillraceException(
                    isGone ? ErrorCode.STREAM_NOT_FOUND : ErrorCode.STREAM_SEALED,
                    "stream " + stream + " is " + info.state() + ": it takes no writer");
        }
        guard.lock();
        try {
            checkUsable();
            final boolean isRandom = idHigh == 0 && idLow == 0;
            final long high = isRandom ? random.next() : idHigh;
            final long low = isRandom ? random.next() : idLow;
            if (writersById.containsKey(low)) {
                throw new MillraceException(
                        ErrorCode.CLIENT_FENCED, "this client has an open writer with the same id on " + stream);
            }
            final WriterCore writer = new WriterCore(this, info, high, low, random.next());
            writers.add(writer);
            writersById.put(low, writer);
            return writer;
        } finally {
            guard.unlock();
        }
    }

    /**
     * Opens a reader.
     *
     * @param stream scope/stream
     * @param from where to begin
     * @return open reader
     */
    public EventReader openReader(final String stream, final StreamPosition from) {
        return openReader(requests.describe(stream), from);
    }

    /**
     * Opens a reader without asking anybody.
     *
     * @param info the stream as described before; HEAD and TAIL are where they were then
     * @param from where to begin
     * @return open reader
     */
    public EventReader openReader(final StreamInfo info, final StreamPosition from) {
        guard.lock();
        try {
            checkUsable();
            final ReaderCore reader = new ReaderCore(this, info);
            reader.goTo(from, info);
            readers.add(reader);
            return reader;
        } finally {
            guard.unlock();
        }
    }

    /**
     * Tells whether there is a session with the node that is asked.
     *
     * @return true within a session
     */
    public boolean isConnected() {
        guard.lock();
        try {
            return !isClosed && requests.asked().isOpen();
        } finally {
            guard.unlock();
        }
    }

    /**
     * Returns what the node said of itself.
     *
     * @return null before the first session
     */
    public @Nullable NodeInfo node() {
        guard.lock();
        try {
            return requests.asked().nodeInfo();
        } finally {
            guard.unlock();
        }
    }

    /**
     * Returns the counters.
     *
     * @return live
     */
    public Counters counters() {
        return counters;
    }

    /** Returns where settled futures go. */
    Completions completions() {
        return completions;
    }

    /** Returns the requests. */
    public Requests requests() {
        return requests;
    }

    /** Returns what operators order. */
    public ClusterRequests clusterRequests() {
        return clusterRequests;
    }

    @Override
    public void close() {
        guard.lock();
        try {
            if (isClosed) {
                return;
            }
            isClosed = true;
            for (int i = readers.size() - 1; i >= 0; i--) {
                readers.get(i).release();
            }
            for (int i = writers.size() - 1; i >= 0; i--) {
                writers.get(i).release();
            }
            for (int i = connections.size() - 1; i >= 0; i--) {
                connections.get(i).close();
            }
            network.close();
        } finally {
            guard.unlock();
            completions.drain();
        }
    }

    /**
     * Takes the node's final refusal of the session: nothing can work any more.
     *
     * @param code why
     * @param text in words
     */
    void onSessionRefused(final ErrorCode code, final String text) {
        fault = new MillraceException(code, "the node refused the session" + why(text));
        for (int i = 0; i < writers.size(); i++) {
            writers.get(i).failAll(-code.number(), text);
        }
    }

    /**
     * Takes the tidings of a new chain epoch.
     *
     * @param chain that changed
     * @param chainEpoch of the chain now
     * @param head host:port of the chain's head, empty when the node did not say
     */
    void onChainChanged(final int chain, final long chainEpoch, final String head) {
        for (int i = 0; i < writers.size(); i++) {
            writers.get(i).onChainChanged(chain, chainEpoch, head);
        }
    }

    /**
     * Takes the refusal of a request, an append or a subscription.
     *
     * @param from who refuses
     * @param code why
     * @param requestTemplateId of what was refused
     * @param correlationId of what was refused; of an append its first event number
     * @param writer named in the refusal, null when it names none of this client
     * @param text in words
     */
    void onRefusal(
            final Connection from,
            final ErrorCode code,
            final int requestTemplateId,
            final long correlationId,
            final @Nullable SegmentWriter writer,
            final String text) {
        switch (requestTemplateId) {
            case AppendDecoder.TEMPLATE_ID -> {
                if (writer != null) {
                    writer.onAppendRefused(code, correlationId, text, nowNs);
                }
            }
            case WriterSetupDecoder.TEMPLATE_ID, WriterBindDecoder.TEMPLATE_ID -> {
                final SegmentWriter asking = exchanges.get(correlationId);
                if (asking != null) {
                    asking.onExchangeRefused(code, correlationId, text, nowNs);
                }
            }
            case ReadSubscribeDecoder.TEMPLATE_ID,
                    ReadCreditDecoder.TEMPLATE_ID,
                    ReadUnsubscribeDecoder.TEMPLATE_ID -> {
                final SegmentReader reader = subscriptions.get(correlationId);
                if (reader != null) {
                    reader.onRefused(code, text, nowNs);
                }
            }
            default -> requests.onRefused(from, code, correlationId, text, nowNs);
        }
    }

    /**
     * Returns the connection to a node, made when there is none.
     *
     * @param endpoint host:port
     * @return shared connection
     */
    Connection connection(final String endpoint) {
        final int index = endpoints.indexOf(endpoint);
        if (index >= 0) {
            return connections.get(index);
        }
        final Connection made = new Connection(this, network, endpoint);
        connections.add(made);
        endpoints.add(endpoint);
        return made;
    }

    /**
     * Finds a writer of one segment.
     *
     * @param writerIdHigh upper half of its identity
     * @param writerIdLow lower half of its identity
     * @param streamId stream
     * @param segmentId segment
     * @return null when there is none
     */
    @Nullable
    SegmentWriter segmentWriter(
            final long writerIdHigh, final long writerIdLow, final long streamId, final long segmentId) {
        final WriterCore writer = writersById.get(writerIdLow);
        return writer == null ? null : writer.segment(writerIdHigh, streamId, segmentId);
    }

    /**
     * Registers a set-up or a bind.
     *
     * @param writer that asks
     * @return its correlation id
     */
    long beginExchange(final SegmentWriter writer) {
        final long correlationId = nextCorrelationId();
        exchanges.put(correlationId, writer);
        return correlationId;
    }

    /**
     * Forgets a set-up or a bind.
     *
     * @param correlationId of it
     */
    void endExchange(final long correlationId) {
        exchanges.remove(correlationId);
    }

    /**
     * Finds who set up or bound.
     *
     * @param correlationId of it
     * @return null when it is over
     */
    @Nullable
    SegmentWriter exchange(final long correlationId) {
        return exchanges.get(correlationId);
    }

    /**
     * Registers a subscription.
     *
     * @param reader that subscribes
     * @return its subscription id
     */
    long beginSubscription(final SegmentReader reader) {
        final long subscriptionId = nextCorrelationId();
        subscriptions.put(subscriptionId, reader);
        return subscriptionId;
    }

    /**
     * Forgets a subscription.
     *
     * @param subscriptionId of it
     */
    void endSubscription(final long subscriptionId) {
        subscriptions.remove(subscriptionId);
    }

    /**
     * Finds a subscription.
     *
     * @param subscriptionId of it
     * @return null when it is over
     */
    @Nullable
    SegmentReader subscription(final long subscriptionId) {
        return subscriptions.get(subscriptionId);
    }

    /**
     * Returns a new correlation id.
     *
     * @return 1, 2, 3 …
     */
    long nextCorrelationId() {
        return ++lastCorrelationId;
    }

    /**
     * Forgets a writer.
     *
     * @param writer closed
     */
    void remove(final WriterCore writer) {
        writers.remove(writer);
        writersById.remove(writer.idLow());
    }

    /**
     * Forgets a reader.
     *
     * @param reader closed
     */
    void remove(final ReaderCore reader) {
        readers.remove(reader);
    }

    /**
     * Returns the guard.
     *
     * @return the one lock
     */
    Guard guard() {
        return guard;
    }

    /**
     * Returns the settings.
     *
     * @return as given
     */
    Millrace.Context context() {
        return context;
    }

    /**
     * Returns the time of the newest duty cycle.
     *
     * @return nanoseconds
     */
    long nowNs() {
        return nowNs;
    }

    /**
     * Finds another node that can be asked: one with a session; else the next address that the client was given.
     *
     * @return null when there is none
     */
    @Nullable
    Connection anotherConnection() {
        for (int i = 0; i < connections.size(); i++) {
            if (connections.get(i).isOpen()) {
                return connections.get(i);
            }
        }
        return addresses.isOnlyOne() ? null : connection(addresses.another());
    }

    /** Returns the connection to the first address that the client was given. */
    Connection bootstrap() {
        return bootstrap;
    }

    /** Returns the addresses that the client was given. */
    Addresses addresses() {
        return addresses;
    }

    /** Closes the connections that no writer and no reader uses any more, after places have changed. */
    void closeUnused() {
        for (int i = connections.size() - 1; i >= 0; i--) {
            final Connection connection = connections.get(i);
            if (connection != bootstrap
                    && connection != requests.asked()
                    && writers.stream().noneMatch(writer -> writer.uses(connection))
                    && readers.stream().noneMatch(reader -> reader.uses(connection))) {
                connections.remove(i);
                endpoints.remove(i);
                connection.close();
            }
        }
    }

    /**
     * Says what a refusal means, and what the node has to add; it may begin with the meaning itself.
     *
     * @param code of the refusal
     * @param reason the node's words, may be empty
     * @return one phrase
     */
    static String why(final ErrorCode code, final String reason) {
        return reason.startsWith(code.summary()) ? reason : code.summary() + why(reason);
    }

    /**
     * Returns the words that follow a message when there is a reason.
     *
     * @param reason possibly empty
     * @return ": reason", or nothing
     */
    static String why(final String reason) {
        return reason.isEmpty() ? "" : ": " + reason;
    }
}
