package io.millrace.control.consensus;

import io.aeron.Aeron;
import io.aeron.cluster.client.AeronCluster;
import io.aeron.cluster.client.EgressListener;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.Header;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A session with the leader of a group: made without blocking, made again whenever it breaks, moved with the leader.
 *
 * <p><b>Threading:</b> one thread, which calls {@link #doWork} again and again.
 *
 * <p><b>Invariant:</b> a message that was offered may be lost or, by who repeats it, come twice; it never comes
 * mutilated.
 */
final class GroupSession implements AutoCloseable {
    /** Terms of what goes in: a message may have an eighth of it. */
    private static final String INGRESS_CHANNEL = "aeron:udp?term-length=512k|alias=millrace-control-in";

    /** Terms of what comes out: the longest answer is 96 KiB. */
    private static final String EGRESS_PARAMETERS = "|term-length=1m|alias=millrace-control-out";

    /** A driver notices after so long that nobody is at the other end of a publication any more. */
    static final long CONNECTION_TIMEOUT_NS = TimeUnit.MILLISECONDS.toNanos(1_500);

    private static final long CONNECT_TIMEOUT_NS = TimeUnit.MILLISECONDS.toNanos(1_000);
    private static final long MIN_RETRY_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long MAX_RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);

    /** Takes what the leader sends. */
    @FunctionalInterface
    interface Listener {
        /**
         * Takes a message.
         *
         * @param buffer with it; valid during the call only.
         * @param offset of its first byte.
         * @param length in bytes.
         */
        void onMessage(DirectBuffer buffer, int offset, int length);
    }

    private final Aeron aeron;
    private final String name;
    private final String ingressEndpoints;
    private final String egressChannel;
    private final long newLeaderTimeoutNs;
    private final long keepAliveNs;
    private final EgressListener egress;
    private AeronCluster.@Nullable AsyncConnect connecting;
    private @Nullable AeronCluster cluster;
    private long nextConnectNs;
    private long retryNs = MIN_RETRY_NS;
    private long nextKeepAliveNs;
    private long sessionCount;
    private String reason = "no session yet";
    private boolean isStarted;

    /**
     * Prepares a session; {@link #doWork} makes it.
     *
     * @param aeron client, not closed here.
     * @param name of the session, for people.
     * @param addresses of the members.
     * @param egressHost where the members reach this process.
     * @param times of the group.
     * @param listener takes what comes.
     */
    GroupSession(
            final Aeron aeron,
            final String name,
            final GroupAddresses addresses,
            final String egressHost,
            final GroupTimes times,
            final Listener listener) {
        this.aeron = aeron;
        this.name = name;
        ingressEndpoints = addresses.ingressEndpoints();
        egressChannel = "aeron:udp?endpoint=" + egressHost + ":0" + EGRESS_PARAMETERS;
        newLeaderTimeoutNs = 2 * (times.heartbeatTimeoutNs() + times.electionTimeoutNs());
        keepAliveNs = times.keepAliveNs();
        egress = new EgressListener() {
            @Override
            public void onMessage(
                    final long clusterSessionId,
                    final long timestamp,
                    final DirectBuffer buffer,
                    final int offset,
                    final int length,
                    final Header header) {
                listener.onMessage(buffer, offset, length);
            }
        };
    }

    /**
     * Makes the session, takes what has come, keeps it alive.
     *
     * @param nowNs of a clock that never goes back.
     * @return work done.
     */
    int doWork(final long nowNs) {
        int work = 0;
        final AeronCluster current = cluster;
        if (current != null) {
            try {
                work += work(current, nowNs);
            } catch (final AeronException | IllegalStateException e) {
                lose(textOf(e));
                work++;
            }
        }
        // A session without a leader may be found by the next one; a new session does not wait for that.
        if (isWired()) {
            CloseHelper.quietClose(connecting);
            connecting = null;
            return work;
        }
        try {
            return work + connect(nowNs);
        } catch (final AeronException | IllegalStateException | IllegalArgumentException e) {
            // Nobody leads, or who led is gone: the reason is kept for people, and it is tried again.
            reason = textOf(e);
            CloseHelper.quietClose(connecting);
            connecting = null;
            nextConnectNs = nowNs + retryNs;
            retryNs = Math.min(MAX_RETRY_NS, 2 * retryNs);
            return work + 1;
        }
    }

    private static String textOf(final RuntimeException error) {
        return error.getMessage() == null ? error.toString() : error.getMessage();
    }

    /** Tells whether there is a session, and a leader at its other end. */
    boolean isConnected() {
        return isWired();
    }

    private boolean isWired() {
        final AeronCluster current = cluster;
        return current != null
                && !current.isClosed()
                && current.ingressPublication().isConnected();
    }

    /** Returns why there is no session. */
    String reason() {
        return reason;
    }

    /** Returns how often a session was made. */
    long sessionCount() {
        return sessionCount;
    }

    /** Returns the leadership term, -1: no session. */
    long leaderTerm() {
        final AeronCluster current = cluster;
        return current == null ? -1 : current.leadershipTermId();
    }

    /** Returns the index of the leader, -1: no session. */
    int leaderMember() {
        final AeronCluster current = cluster;
        return current == null ? -1 : current.leaderMemberId();
    }

    /**
     * Sends a message to the leader.
     *
     * @param buffer with it.
     * @param offset of its first byte.
     * @param length in bytes.
     * @return true when it is on its way.
     */
    boolean offer(final DirectBuffer buffer, final int offset, final int length) {
        final AeronCluster current = cluster;
        return current != null && !current.isClosed() && current.offer(buffer, offset, length) > 0;
    }

    @Override
    public void close() {
        CloseHelper.quietCloseAll(connecting, cluster);
        connecting = null;
        cluster = null;
    }

    private int work(final AeronCluster current, final long nowNs) {
        int work = current.pollEgress();
        if (nowNs - nextKeepAliveNs >= 0 && !current.isClosed()) {
            nextKeepAliveNs = nowNs + keepAliveNs;
            work += current.sendKeepAlive() ? 1 : 0;
        }
        if (current.isClosed()) {
            lose("the session with the control plane was closed");
            work++;
        }
        return work;
    }

    private int connect(final long nowNs) {
        AeronCluster.AsyncConnect attempt = connecting;
        if (attempt == null) {
            if (isStarted && nowNs - nextConnectNs < 0) {
                return 0;
            }
            isStarted = true;
            attempt = AeronCluster.asyncConnect(new AeronCluster.Context()
                    .aeron(aeron)
                    .ownsAeronClient(false)
                    .clientName(name)
                    .ingressEndpoints(ingressEndpoints)
                    .ingressChannel(INGRESS_CHANNEL)
                    .egressChannel(egressChannel)
                    .egressListener(egress)
                    .messageTimeoutNs(CONNECT_TIMEOUT_NS)
                    .newLeaderTimeoutNs(newLeaderTimeoutNs));
            connecting = attempt;
        }
        final int step = attempt.step();
        final AeronCluster made = attempt.poll();
        if (made != null) {
            connecting = null;
            CloseHelper.quietClose(cluster);
            cluster = made;
            sessionCount++;
            retryNs = MIN_RETRY_NS;
            nextKeepAliveNs = nowNs + keepAliveNs;
            return 1;
        }
        return attempt.step() == step ? 0 : 1;
    }

    private void lose(final String why) {
        reason = why;
        CloseHelper.quietClose(cluster);
        cluster = null;
    }
}
