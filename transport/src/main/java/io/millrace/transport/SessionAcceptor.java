package io.millrace.transport;

import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import io.millrace.codec.ChainFrames;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.ProtocolVersion;
import io.millrace.codec.WireFrames;
import io.millrace.codec.wire.KeepAliveDecoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.SessionCloseDecoder;
import io.millrace.codec.wire.SessionOpenDecoder;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The node's side of all sessions: listens, opens, watches and closes them, and hands their frames up.
 *
 * <p>A client sends SessionOpen by a publication of its own and names the channel for answers; the image of that
 * publication stands for the client from then on. A second SessionOpen of the same client by another image replaces the
 * session. Senders without a session are not answered, and rejected after the session time-out.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 *
 * <p><b>Invariants</b>: whatever arrives, {@link #doWork(long)} throws nothing but what the handler threw; memory stays
 * within {@link #memoryBudget()}; at most one session per image and per client id.
 */
public final class SessionAcceptor implements AutoCloseable {
    /** The stream that carries frames from clients to a node. */
    public static final int NODE_STREAM_ID = 7701;

    private static final long TICK_NS = 1_000_000;
    private static final int PAUSE_PART_OF_TIMEOUT = 4;
    private static final long BIND_TIMEOUT_NS = 10_000_000_000L;
    private static final int ROUND_TICKS_MAX = 10;
    private static final int TICKS_PER_HEARTBEAT = 4;
    private static final long NOTE_NS = 50_000_000;

    private final AcceptorContext context;
    private final SessionHandler handler;
    private final ControlledFragmentHandler fragmentHandler = this::onFragment;
    private final SessionFrames frames = new SessionFrames();
    private final OpenRequest openRequest = new OpenRequest();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final KeepAliveDecoder keepAliveDecoder = new KeepAliveDecoder();
    private final BufferClaim claim = new BufferClaim();
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[SessionFrames.FRAME_LENGTH_MAX]);
    private final Long2ObjectHashMap<ClientImage> imagesById = new Long2ObjectHashMap<>();
    private final List<ClientImage> images = new ArrayList<>();
    private final ImagePoll imagePoll;
    private final int roundTicks;
    private final List<Session> sessions = new ArrayList<>();
    private final List<Session> urgentSessions = new ArrayList<>();
    private final List<RefusedOpen> refusedOpens = new ArrayList<>();

    private Transport transport;
    private @Nullable Subscription udpSubscription;
    private @Nullable Subscription ipcSubscription;
    private String boundEndpoint = "";
    private @Nullable Throwable handlerFailure;
    private boolean isUrgent;
    private boolean isClosed;
    private boolean hasTurned;
    private long nowNs;
    private long nextTickNs;
    private long nextNoteNs;
    private int notedImageCount;
    private int nextImage;
    private int nextSession;
    private int passedTicks = 1;
    private int ipcSessionCount;
    private long sessionBytes;
    private long lastSessionId;
    private long droppedFrameCount;
    private long refusedSessionCount;

    /**
     * Starts listening.
     *
     * @param transport the media.
     * @param context settings.
     * @param handler of sessions and their frames.
     * @throws MillraceException when the endpoint cannot be listened on, or a setting is out of its range.
     */
    public SessionAcceptor(final Transport transport, final AcceptorContext context, final SessionHandler handler) {
        this.transport = transport;
        this.context = context.conclude();
        this.handler = handler;
        this.imagePoll = new ImagePoll(images, fragmentHandler, context.fragmentLimit());
        this.roundTicks = (int)
                Math.max(1, Math.min(ROUND_TICKS_MAX, context.heartbeatIntervalNs() / TICK_NS / TICKS_PER_HEARTBEAT));
        final String endpoint = context.listenEndpoint();
        if (!endpoint.isEmpty()) {
            HostPort.parse(endpoint, ErrorCode.LISTEN_ADDRESS);
        }
        listen(endpoint);
    }

    /**
     * Reads at most the limit of fragments, sends what is due, and closes what is overdue. Never throws because of what
     * arrived; what the handler threw goes on to the caller.
     *
     * @param turnNs the turn's monotonic time.
     * @return work count.
     */
    public int doWork(final long turnNs) {
        if (isClosed) {
            return 0;
        }
        if (transport.isClosed()) {
            endAll();
            return 0;
        }
        forgiveOwnPause(turnNs);
        nowNs = turnNs;
        int workCount = pollUdp() + poll(ipcSubscription);
        if (isUrgent || turnNs - nextTickNs >= 0) {
            passedTicks = (int) Math.max(1, Math.min(ROUND_TICKS_MAX, (turnNs - nextTickNs) / TICK_NS + 1));
            nextTickNs = turnNs + TICK_NS;
            isUrgent = false;
            workCount += tick();
        }
        return workCount;
    }

    /** Returns host:port as bound; the port is the one taken when 0 was asked for. Empty when ipc alone. */
    public String boundEndpoint() {
        return boundEndpoint;
    }

    /** Returns the number of sessions, those being opened included. */
    public int sessionCount() {
        return sessions.size();
    }

    /** Returns whether a session came by ipc: then nothing wakes a thread that waits on sockets. */
    public boolean hasIpcSession() {
        return ipcSessionCount > 0;
    }

    /** Returns the shared memory that the terms of all sessions take, in bytes; the limit is on this. */
    public long sessionBytes() {
        return sessionBytes;
    }

    /**
     * Returns the bytes that all sessions together can take at the limits in force: a publication and an image each,
     * fragments, queued refusals.
     */
    public long memoryBudget() {
        final long perSession =
                LogMemory.logBytes(sessionTermLength()) + LogMemory.logBytes(transport.maxImageTermLength());
        final long onHeap = ClientImage.FRAME_LENGTH_MAX
                + Session.OFFER_LENGTH_MAX
                + (long) RefusalQueue.CAPACITY * SessionFrames.REFUSAL_LENGTH_MAX;
        return Math.min(context.sessionLimit() * perSession, context.sessionMemory())
                + context.sessionLimit() * onHeap
                + RefusedOpen.LIMIT * LogMemory.logBytes(RefusedOpen.TERM_LENGTH);
    }

    /** Returns the frames dropped because they were malformed or belonged to no session. */
    public long droppedFrameCount() {
        return droppedFrameCount;
    }

    /** Returns the sessions refused. */
    public long refusedSessionCount() {
        return refusedSessionCount;
    }

    /**
     * Goes on over another transport after the old one closed: every session is closed, the same address listened on.
     *
     * @param newTransport the new media.
     * @throws MillraceException when the address cannot be listened on.
     */
    public void rebind(final Transport newTransport) {
        endAll();
        closeSubscriptions();
        transport = newTransport;
        listen(boundEndpoint);
    }

    /**
     * Closes every session and stops listening; idempotent. The driver keeps the port while images linger, for seconds:
     * it is free at once only when the transport closes as well.
     */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        endAll();
        closeSubscriptions();
    }

    private int poll(final @Nullable Subscription subscription) {
        if (subscription == null) {
            return 0;
        }
        final int fragmentCount = subscription.controlledPoll(fragmentHandler, context.fragmentLimit());
        throwHandlerFailure();
        return fragmentCount;
    }

    /** Asks everybody where there are few senders; else those that data arrived for, and the others now and then. */
    private int pollUdp() {
        final Subscription subscription = udpSubscription;
        final ArrivedImages arrived = transport.arrivedImages();
        if (subscription == null || arrived == null) {
            return poll(subscription);
        }
        if (arrived.isOverflown() || subscription.imageCount() <= DriverTurns.WHOLE_MAX) {
            arrived.clear();
            return poll(subscription);
        }
        for (int i = 0; i < arrived.count(); i++) {
            if (arrived.streamId(i) == NODE_STREAM_ID && !imagePoll.activate(arrived.sessionId(i))) {
                noteImages(subscription, false); // where it is among them it is active from the start
            }
        }
        arrived.clear();
        final int fragmentCount = imagePoll.poll(nowNs);
        throwHandlerFailure();
        return fragmentCount;
    }

    private void throwHandlerFailure() {
        final Throwable failure = handlerFailure;
        if (failure != null) {
            handlerFailure = null;
            if (failure instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failure;
        }
    }

    // Aeron would hand an exception to its error handler and go on behind the frame; the owner is to have it, and the
    // frame is to come again.
    @SuppressWarnings("checkstyle:IllegalCatch")
    private Action onFragment(final DirectBuffer buffer, final int offset, final int length, final Header header) {
        if (handlerFailure != null) {
            return Action.ABORT;
        }
        try {
            final ClientImage client = clientOf((Image) header.context());
            final Action action = onChecked(client, buffer, offset, length, header.flags());
            client.onAction(action);
            return action;
        } catch (final RuntimeException | Error e) {
            handlerFailure = e;
            return Action.ABORT;
        }
    }

    private Action onChecked(
            final ClientImage client, final DirectBuffer buffer, final int offset, final int length, final byte flags) {
        if (length < 0 || length > buffer.capacity() - offset) {
            droppedFrameCount++;
            return Action.CONTINUE;
        }
        if ((flags & FrameDescriptor.UNFRAGMENTED) == FrameDescriptor.UNFRAGMENTED) {
            return onFrame(client, buffer, offset, length) ? Action.CONTINUE : Action.ABORT;
        }
        final FragmentAssembly assembly = client.assembly();
        if (client.session() == null || !assembly.append(flags, buffer, offset, length)) {
            droppedFrameCount++;
            return Action.CONTINUE;
        }
        return (flags & FrameDescriptor.END_FRAG_FLAG) == 0 || onAssembled(client, assembly, length)
                ? Action.CONTINUE
                : Action.ABORT;
    }

    private boolean onAssembled(final ClientImage client, final FragmentAssembly assembly, final int lastLength) {
        boolean isConsumed = false;
        try {
            isConsumed = onFrame(client, assembly.buffer(), 0, assembly.length());
            return isConsumed;
        } finally {
            if (isConsumed) {
                assembly.reset();
            } else {
                assembly.undo(lastLength);
            }
        }
    }

    private boolean onFrame(final ClientImage client, final DirectBuffer buffer, final int offset, final int length) {
        final int templateId = WireFrames.check(buffer, offset, length);
        if (templateId < 0) {
            return onOtherFrame(client, buffer, offset, length);
        }
        if (templateId == SessionOpenDecoder.TEMPLATE_ID) {
            onSessionOpen(client, buffer, offset);
            return true;
        }
        final Session session = client.session();
        if (session == null || !session.isEstablished()) {
            droppedFrameCount++;
            return true;
        }
        session.onReceived(nowNs);
        switch (templateId) {
            case KeepAliveDecoder.TEMPLATE_ID -> {
                keepAliveDecoder.wrapAndApplyHeader(buffer, offset, headerDecoder);
                final boolean isEchoWanted = keepAliveDecoder.echo() == 1;
                session.onKeepAlive(keepAliveDecoder.timeNs(), isEchoWanted);
                if (isEchoWanted) {
                    hurry(session);
                }
                return true;
            }
            case SessionCloseDecoder.TEMPLATE_ID -> {
                session.close();
                hurry(session);
                return true;
            }
            default -> {
                session.onUsed(nowNs);
                return !session.isOpen() || handler.onFrame(session, templateId, buffer, offset, length, nowNs);
            }
        }
    }

    /** Of another schema: that of the chains, which other devices speak, or of none. */
    private boolean onOtherFrame(
            final ClientImage client, final DirectBuffer buffer, final int offset, final int length) {
        final Session session = client.session();
        if (session == null || !session.isEstablished() || !ChainFrames.isChainMessage(buffer, offset, length)) {
            onMalformed(client);
            return true;
        }
        session.onReceived(nowNs);
        session.onUsed(nowNs);
        return !session.isOpen() || handler.onChainFrame(session, buffer, offset, length);
    }

    private void onMalformed(final ClientImage client) {
        droppedFrameCount++;
        final Session session = client.session();
        if (session != null && client.mayAnswer(nowNs)) {
            session.refuse(RefusalCode.MALFORMED, 0, 0, 0, 0, 0, 0, 0, "a frame failed the checks of its bounds");
        }
    }

    private void onSessionOpen(final ClientImage client, final DirectBuffer buffer, final int offset) {
        if (!client.mayAnswer(nowNs)) {
            droppedFrameCount++;
            return;
        }
        final OpenRequest open = openRequest;
        open.read(buffer, offset);
        final Session current = client.session();
        if (current != null && current.isAnswerTo(open)) {
            current.repeatAnswer();
            hurry(current);
            return;
        }
        final ReplyChannel channel = open.replyChannel();
        if (channel == null
                || channel.isIpc() != client.isIpc()
                || (channel.isIpc() && open.replyStreamId() == NODE_STREAM_ID)) {
            refusedSessionCount++;
            return;
        }
        if (!ProtocolVersion.isCompatible(open.protocolVersion())) {
            refuseOpen(
                    open,
                    channel,
                    RefusalCode.PROTOCOL_VERSION,
                    ProtocolVersion.CURRENT,
                    "the node speaks protocol " + ProtocolVersion.toText(ProtocolVersion.CURRENT) + ", the client "
                            + ProtocolVersion.toText(open.protocolVersion()));
            return;
        }
        final DirectBuffer credentials = open.credentials();
        if (!context.authenticator().authenticate(open.clientName(), credentials, 0, credentials.capacity())) {
            refuseOpen(open, channel, RefusalCode.UNAUTHORIZED, 0, "the credentials are not accepted");
            return;
        }
        final int termLength = open.replyTermLength(sessionTermLength());
        if (termLength < 0) {
            refuseOpen(
                    open,
                    channel,
                    RefusalCode.MALFORMED,
                    sessionTermLength(),
                    "replyTermLength is no power of two from 64 KiB, or 0");
            return;
        }
        endPredecessor(open, current);
        if (isRefusedForLimits(open, channel, client, termLength)) {
            return;
        }
        final ReplyPath path = new ReplyPath(transport, channel.uri(transport, termLength), open.replyStreamId());
        final Session session = new Session(++lastSessionId, open, path, client, frames, nowNs);
        client.bind(session);
        sessions.add(session);
        sessionBytes += client.sessionBytes();
        ipcSessionCount += client.isIpc() ? 1 : 0;
        hurry(session);
    }

    private boolean isRefusedForLimits(
            final OpenRequest open, final ReplyChannel channel, final ClientImage client, final int termLength) {
        if (sessions.size() >= context.sessionLimit()) {
            refuseOpen(
                    open,
                    channel,
                    RefusalCode.SESSION_LIMIT,
                    context.sessionLimit(),
                    "the node has " + sessions.size() + " sessions, its limit is " + context.sessionLimit());
            return true;
        }
        client.sessionTerms(termLength);
        final long limitBytes = context.sessionMemory();
        if (sessionBytes + client.sessionBytes() > limitBytes
                || !transport.logMemory().hasRoom(termLength)) {
            refuseOpen(
                    open,
                    channel,
                    RefusalCode.SESSION_MEMORY,
                    limitBytes,
                    "terms of " + client.sessionBytes() + " bytes asked for; " + sessions.size() + " sessions take "
                            + sessionBytes + " of " + limitBytes + ", with those just ended "
                            + transport.logMemory().usedBytes());
            return true;
        }
        return false;
    }

    /** Looks after a session in this turn already; others have to wait for their round. */
    private void hurry(final Session session) {
        isUrgent = true;
        if (session.markUrgent()) {
            urgentSessions.add(session);
        }
    }

    private void endPredecessor(final OpenRequest open, final @Nullable Session current) {
        if (current != null) {
            end(current);
        }
        for (int i = sessions.size() - 1; i >= 0; i--) {
            final Session session = sessions.get(i);
            if (session.clientIdHigh() == open.clientIdHigh() && session.clientIdLow() == open.clientIdLow()) {
                end(session);
            }
        }
    }

    private void refuseOpen(
            final OpenRequest open,
            final ReplyChannel channel,
            final RefusalCode code,
            final long detail,
            final String text) {
        refusedSessionCount++;
        if (refusedOpens.size() >= RefusedOpen.LIMIT) {
            return;
        }
        frames.refusal(scratch, 0, code, SessionOpenDecoder.TEMPLATE_ID, text)
                .correlationId(open.correlationId())
                .detail(detail);
        final ReplyPath path =
                new ReplyPath(transport, channel.uri(transport, RefusedOpen.TERM_LENGTH), open.replyStreamId());
        refusedOpens.add(new RefusedOpen(path, scratch, frames.refusalLength(), nowNs + context.sessionTimeoutNs()));
    }

    private int tick() {
        int workCount = tickSessions();
        for (int i = refusedOpens.size() - 1; i >= 0; i--) {
            if (refusedOpens.get(i).send(nowNs)) {
                refusedOpens.remove(i);
                workCount++;
            }
        }
        if (nowNs - nextNoteNs >= 0 || imageCount() != notedImageCount) {
            nextNoteNs = nowNs + NOTE_NS;
            notedImageCount = imageCount();
            noteImages(udpSubscription, false);
            noteImages(ipcSubscription, true);
        }
        return workCount + tickImages();
    }

    /** The urgent ones, then all when they are few, or as many as make a round in a hundredth of a second. */
    private int tickSessions() {
        int workCount = 0;
        for (int i = urgentSessions.size() - 1; i >= 0; i--) {
            final Session session = urgentSessions.get(i);
            workCount += tick(session);
            if (!session.isUrgent()) {
                urgentSessions.remove(i);
                session.unmarkUrgent();
            }
        }
        for (int i = share(sessions.size(), roundTicks); i > 0 && !sessions.isEmpty(); i--) {
            nextSession = nextSession >= sessions.size() ? 0 : nextSession;
            final Session session = sessions.get(nextSession);
            workCount += tick(session);
            if (nextSession < sessions.size() && sessions.get(nextSession) == session) {
                nextSession++;
            }
        }
        return workCount;
    }

    private int tickImages() {
        int workCount = 0;
        for (int i = share(images.size(), ROUND_TICKS_MAX); i > 0 && !images.isEmpty(); i--) {
            nextImage = nextImage >= images.size() ? 0 : nextImage;
            final ClientImage client = images.get(nextImage);
            if (client.isClosed() && client.session() == null) {
                images.remove(nextImage);
                imagesById.remove(client.imageId());
                imagePoll.remove(client);
                continue;
            }
            nextImage++;
            if (client.isIdle(context.sessionTimeoutNs(), nowNs)) {
                client.reject(transport, nowNs);
                workCount++;
            }
        }
        return workCount;
    }

    private int share(final int count, final int ticks) {
        final int ofOneTick = count <= DriverTurns.WHOLE_MAX ? count : (count + ticks - 1) / ticks;
        return Math.min(count, ofOneTick * passedTicks);
    }

    private int imageCount() {
        final Subscription udp = udpSubscription;
        final Subscription ipc = ipcSubscription;
        return (udp == null ? 0 : udp.imageCount()) + (ipc == null ? 0 : ipc.imageCount());
    }

    private int tick(final Session session) {
        int workCount = 0;
        if (session.isAnswerDue()) {
            final int length = frames.sessionOpened(scratch, session.correlationId(), session.id(), context);
            if (session.answer(scratch, length, nowNs)) {
                handler.onOpen(session);
                workCount++;
            }
        }
        if (session.isEstablished() && session.sendDue(claim, context.heartbeatIntervalNs(), nowNs)) {
            handler.onHeartbeat(session);
            workCount++;
        }
        if (session.isOver(context.sessionTimeoutNs(), nowNs)) {
            end(session);
            workCount++;
        }
        return workCount;
    }

    private void noteImages(final @Nullable Subscription subscription, final boolean isIpc) {
        if (subscription != null) {
            for (int i = subscription.imageCount() - 1; i >= 0; i--) {
                final Image image = subscription.imageAtIndex(i);
                if (!imagesById.containsKey(image.correlationId())) {
                    note(image, isIpc);
                }
            }
        }
    }

    private ClientImage clientOf(final Image image) {
        final ClientImage known = imagesById.get(image.correlationId());
        return known != null ? known : note(image, image.subscription() == ipcSubscription);
    }

    private ClientImage note(final Image image, final boolean isIpc) {
        final ClientImage client = new ClientImage(image, isIpc, nowNs);
        imagesById.put(image.correlationId(), client);
        images.add(client);
        if (!isIpc) {
            imagePoll.add(client);
        }
        return client;
    }

    private void end(final Session session) {
        if (sessions.remove(session)) {
            sessionBytes -= session.image().sessionBytes();
            ipcSessionCount -= session.isIpc() ? 1 : 0;
        }
        session.image().unbind(nowNs);
        if (session.end(claim)) {
            handler.onClose(session);
        }
    }

    private void endAll() {
        for (int i = sessions.size() - 1; i >= 0; i--) {
            end(sessions.get(i));
        }
        for (int i = refusedOpens.size() - 1; i >= 0; i--) {
            refusedOpens.remove(i).close();
        }
        urgentSessions.clear();
        images.clear();
        imagesById.clear();
        imagePoll.clear();
    }

    // A node that stood still (SIGSTOP, collector) has not read what its clients sent in that time.
    private void forgiveOwnPause(final long turnNs) {
        final long pauseNs = turnNs - nowNs;
        if (hasTurned && pauseNs >= context.sessionTimeoutNs() / PAUSE_PART_OF_TIMEOUT) {
            for (int i = 0; i < sessions.size(); i++) {
                sessions.get(i).forgive(pauseNs);
            }
        }
        if (!hasTurned) {
            nextTickNs = turnNs;
        }
        hasTurned = true;
    }

    private int sessionTermLength() {
        return context.termLength() == 0 ? transport.termLength() : context.termLength();
    }

    private void listen(final String endpoint) {
        try {
            if (!endpoint.isEmpty()) {
                final Subscription subscription =
                        transport.aeron().addSubscription(ReplyChannel.UDP_PREFIX + endpoint, NODE_STREAM_ID);
                udpSubscription = subscription;
                boundEndpoint = bound(subscription);
            }
            if (context.isIpcListening()) {
                ipcSubscription = transport.aeron().addSubscription(ReplyChannel.IPC, NODE_STREAM_ID);
            }
        } catch (final AeronException e) {
            closeSubscriptions();
            throw listenFailure(endpoint, e);
        }
    }

    // A driver on threads of its own opens the socket behind our back, some naps later.
    @SuppressWarnings("ThreadPriorityCheck")
    private String bound(final Subscription subscription) {
        final NanoClock clock = transport.aeron().context().nanoClock();
        final long deadlineNs = clock.nanoTime() + BIND_TIMEOUT_NS;
        do {
            final String channel = subscription.tryResolveChannelEndpointPort();
            if (channel != null) {
                return channel.substring(ReplyChannel.UDP_PREFIX.length());
            }
            if (transport.doWork() == 0) {
                Thread.yield();
            }
        } while (clock.nanoTime() - deadlineNs < 0 && !transport.isClosed());
        throw new MillraceException(
                ErrorCode.MEDIA_DRIVER,
                "the media driver does not say which port it took for " + subscription.channel());
    }

    private static MillraceException listenFailure(final String endpoint, final AeronException cause) {
        final String reason = String.valueOf(cause.getMessage());
        final ErrorCode code = reason.contains("already in use")
                ? ErrorCode.PORT_IN_USE
                : reason.contains("assign requested address") || reason.contains("nresolved")
                        ? ErrorCode.LISTEN_ADDRESS
                        : ErrorCode.MEDIA_DRIVER;
        return new MillraceException(
                code, "cannot listen on " + endpoint + ": " + reason + "; " + code.remedy(), cause);
    }

    private void closeSubscriptions() {
        close(udpSubscription);
        close(ipcSubscription);
        udpSubscription = null;
        ipcSubscription = null;
    }

    private void close(final @Nullable Subscription subscription) {
        if (subscription != null) {
            try {
                subscription.close();
            } catch (final AeronException e) {
                transport.onError(e);
            }
        }
    }
}
