package io.millrace.control.consensus;

import static org.agrona.concurrent.ringbuffer.RingBuffer.INSUFFICIENT_CAPACITY;

import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.exceptions.AeronException;
import io.millrace.codec.ChainFrames;
import io.millrace.codec.WireFrames;
import io.millrace.codec.chain.ForwardedReplyDecoder;
import io.millrace.codec.chain.ForwardedRequestEncoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.control.ControlPlaneLink;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.ControlledMessageHandler;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * A node's session with the control plane's group: a thread of its own that makes the session again whenever it breaks
 * and follows the leader, and bounded rings to and from the node's threads.
 *
 * <p><b>Threading:</b> as {@link ControlPlaneLink} says; nothing here blocks a caller but {@link #close}.
 *
 * <p><b>Invariant:</b> while there is no session nothing is kept to be sent: what was said then is old when there is
 * one again.
 */
public final class ControlClient implements ControlPlaneLink {
    private static final int OUTBOUND_CAPACITY = 512 * 1024;
    private static final int INBOUND_CAPACITY = 1024 * 1024;
    private static final int OUTBOUND_LIMIT = 64;
    private static final int MESSAGE = 1;
    private static final int REPLY = 2;
    private static final int TERM_LENGTH = 512 * 1024;
    private static final long RESTART_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long LIVENESS_NS = TimeUnit.SECONDS.toNanos(30);
    private static final int FORWARD_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH
            + ForwardedRequestEncoder.BLOCK_LENGTH
            + ForwardedRequestEncoder.frameHeaderLength();

    private final ControlClientContext context;
    private final UUID nodeId;
    private final ManyToOneRingBuffer outbound = new ManyToOneRingBuffer(ring(OUTBOUND_CAPACITY));
    private final OneToOneRingBuffer inbound = new OneToOneRingBuffer(ring(INBOUND_CAPACITY));
    private final AtomicLong droppedCount = new AtomicLong();
    private final Delivery delivery = new Delivery();
    private final AgentRunner runner;

    // ORDER: written by the session's thread, read by any.
    private volatile boolean isConnected;
    private volatile long leaderTerm = -1;
    private volatile int leaderMember = -1;
    private volatile long sessionCount;
    private volatile String reason = "no session yet";

    /**
     * Starts the thread.
     *
     * @param context of the session.
     */
    public ControlClient(final ControlClientContext context) {
        this.context = context;
        nodeId = context.nodeId();
        runner = new AgentRunner(
                new RestingIdleStrategy(context.times()), context.errorHandler(), null, new SessionAgent());
        final Thread thread = AgentRunner.startOnThread(runner, body -> {
            final Thread made = new Thread(body, "control-client");
            made.setDaemon(true);
            return made;
        });
        assert thread.isDaemon();
    }

    @Override
    public boolean report(final DirectBuffer buffer, final int offset, final int length) {
        requireFits(length);
        return isConnected && outbound.write(MESSAGE, buffer, offset, length);
    }

    @Override
    public boolean request(
            final long token,
            final long clientIdHigh,
            final long clientIdLow,
            final DirectBuffer frame,
            final int offset,
            final int length) {
        requireFits(length);
        if (!isConnected) {
            return false;
        }
        final int index = outbound.tryClaim(MESSAGE, FORWARD_LENGTH + length);
        if (index == INSUFFICIENT_CAPACITY) {
            return false;
        }
        // Metadata only: an encoder for each call, so that any thread may call.
        new ForwardedRequestEncoder()
                .wrapAndApplyHeader(outbound.buffer(), index, new MessageHeaderEncoder())
                .nodeIdHigh(nodeId.getMostSignificantBits())
                .nodeIdLow(nodeId.getLeastSignificantBits())
                .token(token)
                .clientIdHigh(clientIdHigh)
                .clientIdLow(clientIdLow)
                .putFrame(frame, offset, length);
        outbound.commit(index);
        return true;
    }

    @Override
    public int poll(final Inbox inbox, final int limit) {
        delivery.inbox = inbox;
        try {
            return inbound.read(delivery, limit);
        } finally {
            delivery.inbox = null;
        }
    }

    @Override
    public boolean isConnected() {
        return isConnected;
    }

    @Override
    public long leaderTerm() {
        return leaderTerm;
    }

    @Override
    public int leaderMember() {
        return leaderMember;
    }

    @Override
    public long sessionCount() {
        return sessionCount;
    }

    @Override
    public long droppedCount() {
        return droppedCount.get();
    }

    /** Returns why the last session could not be made or was lost, for people. */
    public String reason() {
        return reason;
    }

    @Override
    public void close() {
        runner.close();
    }

    private static void requireFits(final int length) {
        if (length > MAX_OUTBOUND_LENGTH) {
            throw new IllegalArgumentException(
                    length + " bytes to the control plane, at most " + MAX_OUTBOUND_LENGTH + " fit");
        }
    }

    private static UnsafeBuffer ring(final int capacity) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(capacity + RingBufferDescriptor.TRAILER_LENGTH));
    }

    /** Hands messages of the inbound ring to who polls. */
    private static final class Delivery implements MessageHandler {
        private @Nullable Inbox inbox;

        @Override
        public void onMessage(
                final int messageType, final MutableDirectBuffer buffer, final int index, final int length) {
            final Inbox taker = inbox;
            if (taker == null) {
                return;
            }
            if (messageType == REPLY) {
                taker.onReply(buffer.getLong(index), buffer, index + Long.BYTES, length - Long.BYTES);
            } else {
                taker.onMessage(buffer, index, length);
            }
        }
    }

    /** The session's thread: driver and client when they are its own, then the session. */
    private final class SessionAgent implements Agent, ControlledMessageHandler {
        private final ForwardedReplyDecoder forwardedReply = new ForwardedReplyDecoder();
        private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
        private final UnsafeBuffer frame = new UnsafeBuffer(0, 0);
        private @Nullable MediaDriver driver;
        private @Nullable Aeron aeron;
        private @Nullable GroupSession session;
        private long sessionsBefore;
        private long nextStartNs = context.nanoClock().nanoTime();

        @Override
        public int doWork() {
            final long nowNs = context.nanoClock().nanoTime();
            final Aeron client = aeron;
            final GroupSession current = session;
            if (client == null || current == null || client.isClosed()) {
                if (nowNs - nextStartNs < 0) {
                    return 0;
                }
                nextStartNs = nowNs + RESTART_NS;
                release();
                return start() ? 1 : 0;
            }
            int work = 0;
            try {
                work += client.conductorAgentInvoker().invoke();
                if (client.isClosed()) {
                    return 1;
                }
                work += current.doWork(nowNs);
            } catch (final AeronException e) {
                // The driver is gone, with the member it belongs to: both come back.
                reason = String.valueOf(e.getMessage());
                release();
                return 1;
            }
            observe(current);
            work += outbound.controlledRead(this, OUTBOUND_LIMIT);
            return work;
        }

        @Override
        public void onClose() {
            release();
        }

        @Override
        public String roleName() {
            return "control-client";
        }

        @Override
        public Action onMessage(
                final int messageType, final MutableDirectBuffer buffer, final int index, final int length) {
            final GroupSession current = session;
            if (current == null || !current.isConnected()) {
                droppedCount.incrementAndGet();
                return Action.CONTINUE;
            }
            return current.offer(buffer, index, length) ? Action.CONTINUE : Action.ABORT;
        }

        private boolean start() {
            try {
                if (context.ownsDriver()) {
                    driver = MediaDriver.launch(new MediaDriver.Context()
                            .aeronDirectoryName(context.aeronDirectory().toString())
                            .dirDeleteOnStart(true)
                            .dirDeleteOnShutdown(true)
                            .threadingMode(ThreadingMode.SHARED)
                            .sharedIdleStrategy(new RestingIdleStrategy(context.times()))
                            .asyncExecutorIdleStrategy(new RestingIdleStrategy(context.times()))
                            .termBufferSparseFile(true)
                            .publicationTermBufferLength(TERM_LENGTH)
                            .ipcTermBufferLength(TERM_LENGTH)
                            .counterValuesBufferLength(RunningMember.COUNTERS_LENGTH)
                            .clientLivenessTimeoutNs(LIVENESS_NS)
                            .publicationConnectionTimeoutNs(GroupSession.CONNECTION_TIMEOUT_NS)
                            .publicationUnblockTimeoutNs(2 * LIVENESS_NS)
                            .errorHandler(context.errorHandler()));
                }
                final Aeron made = Aeron.connect(new Aeron.Context()
                        .aeronDirectoryName(context.aeronDirectory().toString())
                        .clientName("control-client")
                        .useConductorAgentInvoker(true)
                        .errorHandler(this::onError));
                aeron = made;
                session = new GroupSession(
                        made, "node-" + nodeId, context.addresses(), context.host(), context.times(), this::onEgress);
                return true;
            } catch (final AeronException | IllegalStateException e) {
                // Mostly: the member's driver has not started yet, or starts again.
                reason = String.valueOf(e.getMessage());
                release();
                return false;
            }
        }

        private void onError(final Throwable error) {
            // A driver that is gone closes this client: it is made again, and that is no error of the node.
            reason = String.valueOf(error.getMessage());
        }

        private void observe(final GroupSession current) {
            final boolean connected = current.isConnected();
            if (connected) {
                leaderTerm = current.leaderTerm();
                leaderMember = current.leaderMember();
                sessionCount = sessionsBefore + current.sessionCount();
            } else {
                reason = current.reason();
            }
            isConnected = connected;
        }

        private void release() {
            isConnected = false;
            final GroupSession current = session;
            if (current != null) {
                sessionsBefore += current.sessionCount();
            }
            CloseHelper.quietCloseAll(session, aeron, driver);
            session = null;
            aeron = null;
            driver = null;
        }

        private void onEgress(final DirectBuffer buffer, final int offset, final int length) {
            final int templateId = ChainFrames.check(buffer, offset, length);
            if (templateId < 0) {
                droppedCount.incrementAndGet();
            } else if (templateId == ForwardedReplyDecoder.TEMPLATE_ID) {
                forwardedReply.wrapAndApplyHeader(buffer, offset, messageHeader);
                final long token = forwardedReply.token();
                forwardedReply.wrapFrame(frame);
                final int frameLength = frame.capacity();
                if (WireFrames.check(frame, 0, frameLength) < 0 || !putReply(token, frameLength)) {
                    droppedCount.incrementAndGet();
                }
            } else if (!inbound.write(MESSAGE, buffer, offset, length)) {
                droppedCount.incrementAndGet();
            }
        }

        private boolean putReply(final long token, final int frameLength) {
            final int index = inbound.tryClaim(REPLY, Long.BYTES + frameLength);
            if (index == INSUFFICIENT_CAPACITY) {
                return false;
            }
            inbound.buffer().putLong(index, token);
            inbound.buffer().putBytes(index + Long.BYTES, frame, 0, frameLength);
            inbound.commit(index);
            return true;
        }
    }
}
