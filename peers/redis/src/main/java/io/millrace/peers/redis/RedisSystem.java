package io.millrace.peers.redis;

import io.millrace.perf.process.ChildProcess;
import io.millrace.perf.system.Ability;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.CatchUpReader;
import io.millrace.perf.system.ServerStart;
import io.millrace.perf.system.SkippedException;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * Redis Streams in an append-only file.
 *
 * <p><b>Threading:</b> the rig's thread, on which the client polls its sockets.
 */
abstract class RedisSystem implements BenchSystem {
    private static final String PROGRAM = "redis-server";
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(15);

    private final String name;
    private final String sync;
    private @Nullable SystemContext context;
    private @Nullable RedisTarget target;
    private @Nullable RedisReader tail;
    private int port;
    private String version = "";
    private List<String> command = List.of();

    /**
     * Makes a variant.
     *
     * @param name in rows.
     * @param sync value of {@code appendfsync}.
     */
    RedisSystem(final String name, final String sync) {
        this.name = name;
        this.sync = sync;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final boolean claimsDurable() {
        return sync.equals("always");
    }

    @Override
    public final Set<Ability> abilities() {
        return Set.of(
                Ability.APPEND,
                Ability.TAIL_READ,
                Ability.CATCH_UP_READ,
                Ability.READ_BESIDE_WRITE,
                Ability.WRITERS,
                Ability.STREAMS);
    }

    @Override
    public final void start(final SystemContext newContext) throws IOException, SkippedException {
        context = newContext;
        final Optional<String> missing = newContext.packages().ensure(PROGRAM, "redis-server");
        if (missing.isPresent()) {
            throw new SkippedException(missing.get());
        }
        port = newContext.freePort();
        command = List.of(
                PROGRAM,
                "--bind",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--dir",
                newContext.directory().toString(),
                "--save",
                "",
                "--appendonly",
                "yes",
                "--appendfsync",
                sync,
                "--auto-aof-rewrite-percentage",
                "0",
                "--daemonize",
                "no");
        final ChildProcess server = newContext.start(name, command, List.of());
        new ServerStart(name, server, newContext.clock()).await(TIMEOUT_NS, this::isReady);
    }

    @Override
    public final Target openTarget() throws IOException {
        final RedisTarget opened = started().add(new RedisTarget(started(), port));
        target = opened;
        return opened;
    }

    @Override
    public final TailReader openTailReader() throws IOException {
        final RedisReader opened = started().add(new RedisReader(port, started().clock(), true));
        tail = opened;
        return opened;
    }

    @Override
    public final CatchUpReader openCatchUpReader() throws IOException {
        return new RedisReader(port, started().clock(), false);
    }

    @Override
    public final boolean dropCaches() {
        return false; // a stream is read from the server's memory, always
    }

    @Override
    public final Map<String, String> describe() {
        final Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", "redis-server " + version);
        facts.put("appendfsync", sync);
        facts.put("acknowledged", "answer to XADD, pipelined");
        facts.put("server", String.join(" ", command));
        return facts;
    }

    @Override
    public final Set<Long> processIds() {
        return context == null ? Set.of() : context.processIds();
    }

    @Override
    public final void close() {
        CloseHelper.quietCloseAll(tail, target);
        if (context != null) {
            context.closeProcesses();
        }
    }

    /** Asks for the server's version, which is in {@code INFO}. */
    private boolean isReady() throws IOException {
        try (RedisConnection connection = RedisConnection.open(port, 1024)) {
            connection.out().put(RespCommand.of("INFO", "server"));
            connection.flush();
            final long deadlineNs = started().clock().nanoTime() + TimeUnit.SECONDS.toNanos(1);
            while (version.isEmpty() && started().clock().nanoTime() - deadlineNs < 0) {
                connection.receive(new VersionHandler());
                YieldingIdleStrategy.INSTANCE.idle();
            }
        }
        return !version.isEmpty();
    }

    private SystemContext started() {
        if (context == null) {
            throw new IllegalStateException(name + " was not started");
        }
        return context;
    }

    /** Finds the version in the answer to {@code INFO}. */
    private final class VersionHandler implements RespReplies.Handler {
        private static final String FIELD = "redis_version:";

        @Override
        public void onString(final ByteBuffer bytes, final int offset, final int length) {
            final byte[] text = new byte[Math.max(0, length)];
            bytes.get(offset, text);
            for (final String line : new String(text, StandardCharsets.US_ASCII).split("\r\n", -1)) {
                if (line.startsWith(FIELD)) {
                    version = line.substring(FIELD.length());
                }
            }
        }

        @Override
        public void onReplyEnd() {
            // one reply is all that was asked for
        }

        @Override
        public void onError(final String message) {
            throw new IllegalStateException(message);
        }
    }
}
