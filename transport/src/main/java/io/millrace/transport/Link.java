package io.millrace.transport;

import io.aeron.Aeron;
import io.aeron.Image;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import io.millrace.codec.ChainFrames;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.ProtocolVersion;
import io.millrace.codec.WireFrames;
import io.millrace.codec.wire.KeepAliveDecoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.codec.wire.SessionCloseDecoder;
import io.millrace.codec.wire.SessionOpenedDecoder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One session to one node, at the client: opened, watched, and opened again for ever.
 *
 * <p>Every attempt has a publication of its own, so that frames of an older session cannot mix with those of the new
 * one; the subscription for answers, and its port, stay. Answers count only when they come by the image that brought
 * SessionOpened.
 *
 * <p><b>Threading</b>: one thread calls everything.
 */
public final class Link implements AutoCloseable {
    private static final long REPEAT_OPEN_NS = 500_000_000L;
    private static final long CONNECT_TIMEOUT_NS = 10_000_000_000L;
    private static final long HEARTBEAT_MIN_NS = 1_000_000;
    private static final int PAUSE_PART_OF_TIMEOUT = 4;
    private static final int HEARTBEATS_PER_TIMEOUT = 4;
    private static final int CLOSE_TURNS = 8;

    /** Where a link stands. */
    public enum State {
        /** Trying to open a session. */
        CONNECTING,
        /** Frames can be sent. */
        OPEN,
        /** The session was lost or refused for now; waits before the next attempt. */
        LOST,
        /** The node refused for good; only {@link Link#close()} is left. */
        REFUSED,
        /** Closed by its owner. */
        CLOSED
    }

    private enum Step {
        WAITING,
        SUBSCRIBING,
        CONNECTING,
        OPENING,
        OPEN,
        ENDED
    }

    private final LinkContext context;
    private final LinkHandler handler;
    private final ControlledFragmentHandler fragmentHandler = this::onFragment;
    private final SessionFrames frames = new SessionFrames();
    private final FragmentAssembly assembly = new FragmentAssembly(Session.OFFER_LENGTH_MAX);
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[SessionFrames.FRAME_LENGTH_MAX]);
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final SessionOpenedDecoder openedDecoder = new SessionOpenedDecoder();
    private final KeepAliveDecoder keepAliveDecoder = new KeepAliveDecoder();
    private final RefusalDecoder refusalDecoder = new RefusalDecoder();
    private final int replyStreamId;

    private Transport transport;
    private State state = State.CONNECTING;
    private Step step = Step.WAITING;
    private long subscriptionId = Aeron.NULL_VALUE;
    private String replyHost = "";
    private String replyChannel = "";
    private String nodeChannel = "";
    private @Nullable Subscription subscription;
    private @Nullable ReplyPath path;
    private @Nullable Image nodeImage;
    private @Nullable Throwable handlerFailure;
    private boolean isInTurn;
    private boolean isCloseRequested;
    private boolean hasTurned;
    private boolean isEchoAwaited;
    private int protocolVersion = ProtocolVersion.CURRENT;
    private long generation;
    private long sessionId;
    private long correlationId;
    private long nodeIncarnation;
    private String nodeName = "";
    private String durabilityMode = "";
    private String lastFailure = "";
    private @Nullable String lostReason;
    private int maxEventLength;
    private long nowNs;
    private long attemptNs;
    private long nextOpenNs;
    private long openedNs;
    private long lastReceivedNs;
    private long nextHeartbeatNs;
    private long heartbeatNs;
    private long idleHeartbeatMaxNs;
    private long lastUsedNs;
    private long sentTimeNs;
    private long backoffNs;
    private long roundTripNs = -1;

    /**
     * Makes a link; the first {@link #doWork(long)} starts connecting.
     *
     * @param transport the media.
     * @param context settings.
     * @param handler of the session and its frames.
     * @throws io.millrace.codec.MillraceException when a setting is out of its range.
     */
    public Link(final Transport transport, final LinkContext context, final LinkHandler handler) {
        this.transport = transport;
        this.context = context.conclude();
        this.handler = handler;
        this.backoffNs = context.firstBackoffNs();
        int streamId = ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
        if (streamId == SessionAcceptor.NODE_STREAM_ID) {
            streamId++;
        }
        this.replyStreamId = streamId;
    }

    /**
     * Moves the session on, reads at most the limit of fragments, sends heartbeats. What the handler threw goes on to
     * the caller; what arrives from the network never throws.
     *
     * @param turnNs the turn's monotonic time.
     * @return work count.
     */
    public int doWork(final long turnNs) {
        if (step == Step.ENDED) {
            return 0;
        }
        if (!hasTurned) {
            hasTurned = true;
            attemptNs = turnNs;
        } else if (turnNs - nowNs >= context.linkTimeoutNs() / PAUSE_PART_OF_TIMEOUT) {
            // This client stood still: the node's heartbeats of that time are yet to be read.
            lastReceivedNs += turnNs - nowNs;
        }
        nowNs = turnNs;
        isInTurn = true;
        try {
            return transport.isClosed() ? onTransportClosed() : turn();
        } finally {
            isInTurn = false;
            if (isCloseRequested) {
                close();
            }
        }
    }

    /** Returns where the link stands. */
    public State state() {
        return state;
    }

    /** Returns the number of sessions opened so far; a new one means: set everything up again. */
    public long generation() {
        return generation;
    }

    /** Returns the node's number of the session, 0 when there is none. */
    public long sessionId() {
        return sessionId;
    }

    /** Returns the incarnation of the node of the newest session. */
    public long nodeIncarnation() {
        return nodeIncarnation;
    }

    /** Returns the name of the node of the newest session. */
    public String nodeName() {
        return nodeName;
    }

    /** Returns how the node of the newest session makes bytes durable, for people. */
    public String durabilityMode() {
        return durabilityMode;
    }

    /** Returns the node's address as configured. */
    public String endpoint() {
        return context.endpoint();
    }

    /** Returns the newest round trip measured by heartbeats, in nanoseconds of the client's clock; -1 when none. */
    public long roundTripNs() {
        return roundTripNs;
    }

    /** Returns why the newest attempt failed or the newest session was lost, in words; empty when none did. */
    public String lastFailure() {
        return lastFailure;
    }

    /** Returns the longest frame {@link #tryClaim(int, BufferClaim)} takes, in bytes; 0 when not open. */
    public int maxFrameLength() {
        return state == State.OPEN && path != null ? path.maxPayloadLength() : 0;
    }

    /** Returns the longest event the node takes, in bytes of payload; 0 before the first session. */
    public int maxEventLength() {
        return maxEventLength;
    }

    /**
     * Claims room for one frame to the node.
     *
     * @param length of the frame, ≤ {@link #maxFrameLength()}.
     * @param frame to be committed or aborted before anything else is sent.
     * @return &gt; 0, or a negative code of {@link Publication}: {@code BACK_PRESSURED}, {@code NOT_CONNECTED} (also
     *     when not open), {@code ADMIN_ACTION} (try again), {@code CLOSED}.
     */
    public long tryClaim(final int length, final BufferClaim frame) {
        lastUsedNs = nowNs;
        return state == State.OPEN && path != null ? path.tryClaim(length, frame) : Publication.NOT_CONNECTED;
    }

    /**
     * Sends one frame to the node, in pieces when it is longer than {@link #maxFrameLength()}.
     *
     * @param buffer holding the frame.
     * @param offset of the frame.
     * @param length of the frame, at most 16 KiB.
     * @return &gt; 0, or a negative code as {@link #tryClaim(int, BufferClaim)}.
     */
    public long offer(final DirectBuffer buffer, final int offset, final int length) {
        return state == State.OPEN && path != null ? path.offer(buffer, offset, length) : Publication.NOT_CONNECTED;
    }

    /**
     * Goes on over another transport after the old one closed. An open session counts as lost.
     *
     * @param newTransport the new media.
     */
    public void rebind(final Transport newTransport) {
        if (state == State.CLOSED || state == State.REFUSED) {
            return;
        }
        final boolean wasOpen = state == State.OPEN;
        releasePath();
        closeSubscription();
        transport = newTransport;
        state = State.CONNECTING;
        step = Step.WAITING;
        attemptNs = nowNs;
        if (wasOpen) {
            lose("the media driver was started again");
            attemptNs = nowNs;
        }
    }

    /** Tells the node and closes the session; idempotent. From within a callback it closes when the turn ends. */
    @Override
    public void close() {
        if (isInTurn) {
            isCloseRequested = true;
            return;
        }
        if (state == State.CLOSED) {
            return;
        }
        if (state == State.OPEN && path != null) {
            sendClose(path);
        }
        releasePath();
        closeSubscription();
        state = State.CLOSED;
        step = Step.ENDED;
    }

    /**
     * Pretends another protocol version, for tests of the refusal.
     *
     * @param version as on the wire.
     */
    void pretendProtocolVersion(final int version) {
        this.protocolVersion = version;
    }

    private int turn() {
        final int workCount = poll();
        if (lostReason != null) {
            lose(lostReason);
        }
        return workCount
                + switch (step) {
                    case WAITING -> nowNs - attemptNs >= 0 ? attempt() : 0;
                    case SUBSCRIBING -> awaitSubscription();
                    case CONNECTING -> awaitConnection();
                    case OPENING -> awaitOpened();
                    case OPEN -> keepOpen();
                    case ENDED -> 0;
                };
    }

    private int attempt() {
        state = State.CONNECTING;
        attemptNs = nowNs;
        try {
            if (context.isIpc()) {
                nodeChannel = ReplyChannel.IPC + "?term-length=" + termLength() + "|mtu="
                        + ReplyChannel.cut(transport.ipcMtuLength(), termLength());
                subscribe("");
            } else {
                resolve();
            }
        } catch (final IOException | AeronException e) {
            fail("cannot reach " + context.endpoint() + ": " + e.getMessage());
        }
        return 1;
    }

    // Asks the name server, if the endpoint is no literal: at most once an attempt, on the client's own thread.
    private void resolve() throws IOException {
        final HostPort endpoint = HostPort.parse(context.endpoint(), ErrorCode.BAD_ADDRESS);
        final InetAddress literal = endpoint.literal();
        final InetAddress address = literal == null ? InetAddress.getByName(endpoint.host()) : literal;
        nodeChannel = ReplyChannel.UDP_PREFIX + HostPort.text(address, endpoint.port()) + "|term-length=" + termLength()
                + "|mtu=" + ReplyChannel.cut(transport.mtuLength(address), termLength());
        String host = context.replyHost();
        if (host.isEmpty()) {
            try (DatagramChannel probe = DatagramChannel.open()) {
                // Connecting a UDP socket sends nothing: it only looks the route up.
                probe.connect(new InetSocketAddress(address, endpoint.port()));
                host = ((InetSocketAddress) probe.getLocalAddress())
                        .getAddress()
                        .getHostAddress();
            }
        }
        subscribe(host);
    }

    private void subscribe(final String host) {
        if (subscriptionId != Aeron.NULL_VALUE && !host.equals(replyHost)) {
            closeSubscription();
        }
        if (subscriptionId == Aeron.NULL_VALUE) {
            replyHost = host;
            final String bracketed = host.contains(":") ? "[" + host + "]" : host;
            final String channel = context.isIpc() ? ReplyChannel.IPC : ReplyChannel.UDP_PREFIX + bracketed + ":0";
            subscriptionId = transport.aeron().asyncAddSubscription(channel, replyStreamId);
        }
        step = Step.SUBSCRIBING;
    }

    private int awaitSubscription() {
        try {
            if (subscription == null) {
                subscription = transport.aeron().getSubscription(subscriptionId);
            }
            final String channel = subscription == null ? null : subscription.tryResolveChannelEndpointPort();
            if (channel == null) {
                return 0;
            }
            replyChannel = channel;
            path = new ReplyPath(transport, nodeChannel, SessionAcceptor.NODE_STREAM_ID);
            step = Step.CONNECTING;
        } catch (final AeronException e) {
            transport.onError(e);
            closeSubscription();
            fail("cannot listen for answers of " + context.endpoint() + ": " + e.getMessage());
        }
        return 1;
    }

    private int awaitConnection() {
        final ReplyPath current = path;
        if (current == null || current.failure() != null) {
            fail("cannot send to " + context.endpoint() + ": " + (current == null ? "" : current.failure()));
            return 1;
        }
        if (!current.isConnected()) {
            if (nowNs - attemptNs >= CONNECT_TIMEOUT_NS) {
                fail("no node answers at " + context.endpoint());
            } else if (nowNs - attemptNs >= context.linkTimeoutNs()) {
                lastFailure = "no node answers at " + context.endpoint();
            }
            return 0;
        }
        attemptNs = nowNs;
        nextOpenNs = nowNs;
        correlationId = transport.aeron().nextCorrelationId();
        step = Step.OPENING;
        return awaitOpened() + 1;
    }

    private int awaitOpened() {
        final ReplyPath current = path;
        if (current == null || nowNs - attemptNs >= context.linkTimeoutNs() + REPEAT_OPEN_NS) {
            fail("no answer to the opening of a session from " + context.endpoint());
            return 1;
        }
        if (nowNs - nextOpenNs < 0) {
            return 0;
        }
        final int length =
                frames.sessionOpen(scratch, protocolVersion, replyStreamId, correlationId, context, replyChannel);
        if (current.offer(scratch, 0, length) > 0) {
            nextOpenNs = nowNs + REPEAT_OPEN_NS;
        }
        return 1;
    }

    private int keepOpen() {
        final Image image = nodeImage;
        if (image == null || image.isClosed()) {
            lose("the node's frames ended");
            return 1;
        }
        if (nowNs - lastReceivedNs >= context.linkTimeoutNs()) {
            lose("the node was silent for " + context.linkTimeoutNs() / 1_000_000 + " ms");
            return 1;
        }
        if (path != null) {
            path.sendWaiting();
        }
        if (nowNs - nextHeartbeatNs >= 0 && path != null && path.tryClaim(SessionFrames.KEEP_ALIVE_LENGTH, claim) > 0) {
            frames.keepAlive(claim.buffer(), claim.offset(), sessionId, nowNs, true);
            claim.commit();
            sentTimeNs = nowNs;
            isEchoAwaited = true;
            nextHeartbeatNs = nowNs + Math.max(heartbeatNs, idleHeartbeatNs());
            return 1;
        }
        return 0;
    }

    // Nobody uses the session: a sign of life need not come as often as one that measures the round trip.
    private long idleHeartbeatNs() {
        return Math.min(idleHeartbeatMaxNs, (nowNs - lastUsedNs) / HEARTBEATS_PER_TIMEOUT);
    }

    private int poll() {
        if (subscription == null) {
            return 0;
        }
        final int fragmentCount = subscription.controlledPoll(fragmentHandler, context.fragmentLimit());
        final Throwable failure = handlerFailure;
        if (failure != null) {
            handlerFailure = null;
            if (failure instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failure;
        }
        return fragmentCount;
    }

    private Action onFragment(final DirectBuffer buffer, final int offset, final int length, final Header header) {
        if (handlerFailure != null) {
            return Action.ABORT;
        }
        try {
            return onChecked((Image) header.context(), buffer, offset, length, header.flags());
        } catch (final RuntimeException | Error e) {
            handlerFailure = e;
            return Action.ABORT;
        }
    }

    private Action onChecked(
            final Image image, final DirectBuffer buffer, final int offset, final int length, final byte flags) {
        if (length < 0 || length > buffer.capacity() - offset || lostReason != null) {
            return Action.CONTINUE;
        }
        final boolean isWhole = (flags & FrameDescriptor.UNFRAGMENTED) == FrameDescriptor.UNFRAGMENTED;
        if (step == Step.OPENING) {
            if (isWhole) {
                onAnswer(image, buffer, offset, length);
            }
            return Action.CONTINUE;
        }
        if (step != Step.OPEN || image != nodeImage) {
            return Action.CONTINUE;
        }
        if (isWhole) {
            return onFrame(buffer, offset, length) ? Action.CONTINUE : Action.ABORT;
        }
        if (!assembly.append(flags, buffer, offset, length) || (flags & FrameDescriptor.END_FRAG_FLAG) == 0) {
            return Action.CONTINUE;
        }
        return onAssembled(length) ? Action.CONTINUE : Action.ABORT;
    }

    private boolean onAssembled(final int lastLength) {
        boolean isConsumed = false;
        try {
            isConsumed = onFrame(assembly.buffer(), 0, assembly.length());
            return isConsumed;
        } finally {
            if (isConsumed) {
                assembly.reset();
            } else {
                assembly.undo(lastLength);
            }
        }
    }

    private boolean onFrame(final DirectBuffer buffer, final int offset, final int length) {
        final int templateId = WireFrames.check(buffer, offset, length);
        if (templateId < 0) {
            return !ChainFrames.isChainMessage(buffer, offset, length)
                    || handler.onChainFrame(this, buffer, offset, length);
        }
        lastReceivedNs = nowNs;
        switch (templateId) {
            case SessionOpenedDecoder.TEMPLATE_ID -> {
                return true;
            }
            case KeepAliveDecoder.TEMPLATE_ID -> {
                keepAliveDecoder.wrapAndApplyHeader(buffer, offset, headerDecoder);
                if (isEchoAwaited && keepAliveDecoder.timeNs() == sentTimeNs) {
                    isEchoAwaited = false;
                    roundTripNs = nowNs - sentTimeNs;
                }
                return true;
            }
            case SessionCloseDecoder.TEMPLATE_ID -> {
                lostReason = "the node closed the session";
                return true;
            }
            default -> {
                lastUsedNs = nowNs;
                return handler.onFrame(this, templateId, buffer, offset, length, nowNs);
            }
        }
    }

    private void onAnswer(final Image image, final DirectBuffer buffer, final int offset, final int length) {
        final int templateId = WireFrames.check(buffer, offset, length);
        if (templateId == SessionOpenedDecoder.TEMPLATE_ID) {
            openedDecoder.wrapAndApplyHeader(buffer, offset, headerDecoder);
            if (openedDecoder.correlationId() == correlationId) {
                onOpened(image);
            }
        } else if (templateId == RefusalDecoder.TEMPLATE_ID) {
            refusalDecoder.wrapAndApplyHeader(buffer, offset, headerDecoder);
            if (refusalDecoder.correlationId() == correlationId) {
                onRefused();
            }
        }
    }

    private void onOpened(final Image image) {
        nodeImage = image;
        assembly.reset();
        sessionId = openedDecoder.sessionId();
        nodeIncarnation = openedDecoder.nodeIncarnation();
        maxEventLength = openedDecoder.maxEventLength();
        heartbeatNs = Math.max(
                HEARTBEAT_MIN_NS,
                Math.min(context.heartbeatIntervalNs(), openedDecoder.sessionTimeoutNs() / HEARTBEATS_PER_TIMEOUT));
        idleHeartbeatMaxNs =
                Math.min(Session.IDLE_HEARTBEAT_NS, openedDecoder.sessionTimeoutNs() / HEARTBEATS_PER_TIMEOUT);
        lastUsedNs = nowNs;
        nodeName = openedDecoder.nodeName();
        durabilityMode = openedDecoder.durabilityMode();
        generation++;
        openedNs = nowNs;
        lastReceivedNs = nowNs;
        nextHeartbeatNs = nowNs;
        roundTripNs = -1;
        step = Step.OPEN;
        state = State.OPEN;
        handler.onOpened(this);
    }

    private void onRefused() {
        final int number = refusalDecoder.codeRaw();
        final String text = refusalDecoder.text();
        final RefusalCode code =
                ErrorCode.of(number) == ErrorCode.UNKNOWN ? RefusalCode.UNSUPPORTED : RefusalCode.get(number);
        final boolean isFinal =
                switch (code) {
                    case SESSION_LIMIT, SESSION_MEMORY, NOT_READY, THROTTLED -> false;
                    default -> true;
                };
        fail(ErrorCode.of(number).id() + " " + text);
        if (isFinal) {
            releasePath();
            state = State.REFUSED;
            step = Step.ENDED;
        }
        handler.onRefused(this, code, text, isFinal);
    }

    private int onTransportClosed() {
        if (state == State.OPEN) {
            lose("the media driver is closed");
        }
        return 0;
    }

    private void lose(final String reason) {
        if (nowNs - openedNs >= context.lastBackoffNs()) {
            backoffNs = context.firstBackoffNs();
        }
        fail(reason);
        handler.onLost(this, reason);
    }

    private void fail(final String reason) {
        lastFailure = reason;
        lostReason = null;
        releasePath();
        state = State.LOST;
        step = Step.WAITING;
        attemptNs = nowNs + backoffNs;
        backoffNs = Math.min(context.lastBackoffNs(), backoffNs * 2);
    }

    private void sendClose(final ReplyPath current) {
        if (!transport.isClosed() && current.tryClaim(SessionFrames.SESSION_CLOSE_LENGTH, claim) > 0) {
            frames.sessionClose(claim.buffer(), claim.offset(), sessionId);
            claim.commit();
            for (int i = 0; i < CLOSE_TURNS; i++) {
                transport.doWork();
            }
        }
    }

    private void releasePath() {
        if (path != null) {
            path.close();
            path = null;
        }
        nodeImage = null;
        sessionId = 0;
        assembly.reset();
    }

    private void closeSubscription() {
        final Subscription current = subscription;
        final long id = subscriptionId;
        subscription = null;
        subscriptionId = Aeron.NULL_VALUE;
        try {
            if (current != null) {
                current.close();
            } else if (id != Aeron.NULL_VALUE && !transport.isClosed()) {
                transport.aeron().asyncRemoveSubscription(id);
            }
        } catch (final AeronException e) {
            transport.onError(e);
        }
    }

    private int termLength() {
        return context.termLength() == 0 ? transport.termLength() : context.termLength();
    }
}
