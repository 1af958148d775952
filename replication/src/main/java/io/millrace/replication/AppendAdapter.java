package io.millrace.replication;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.EventFrame;
import io.millrace.codec.KeyRange;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.AppendBodyEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.WriterSetupBodyEncoder;
import io.millrace.codec.wire.AckEchoDecoder;
import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.WriterBindDecoder;
import io.millrace.codec.wire.WriterBoundEncoder;
import io.millrace.codec.wire.WriterReadyEncoder;
import io.millrace.codec.wire.WriterSetupDecoder;
import io.millrace.journal.JournalStatus;
import io.millrace.replication.HeldAnswers.HeldAnswer;
import io.millrace.store.AppendRequest;
import io.millrace.store.PendingOverlay;
import io.millrace.store.Segment;
import io.millrace.store.StoreStatus;
import io.millrace.store.WriterTable;
import io.millrace.transport.Session;
import java.util.function.LongSupplier;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An event's way in: checks the frames of writers and turns them into records of their chain.
 *
 * <p>Every method returns {@code false} when the frame is to come again: that is back-pressure, and it loses nothing.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class AppendAdapter implements HeldAnswers.Release {
    /** What a client is told that asks the wrong device. */
    static final String ELSEWHERE = "another device serves the chain: describe the stream again";

    /** What a client is told that asks a replica that is not the head of its chain, or not in service. */
    static final String NO_HEAD = "not the head of the chain, or sealed: look the chain up again";

    private static final String TOO_FEW = "no members are in force here for long: start those that are down";

    private static final String NO_TEXT = "";
    private static final int BOUND_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + WriterBoundEncoder.BLOCK_LENGTH;

    private final DeviceChains chains;
    private final AckProxy acks;
    private final LongSupplier secrets;
    private final int maxWritersPerSession;
    private final ChainRules rules;
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final AppendDecoder append = new AppendDecoder();
    private final AppendRequest request = new AppendRequest();

    /** For fragments of those who did not set up; the overlay refuses them. */
    private final ListFraming strangersList = new ListFraming();

    private final AppendBodyEncoder appendBody = new AppendBodyEncoder();
    private final WriterSetupDecoder setup = new WriterSetupDecoder();
    private final WriterSetupBodyEncoder setupBody = new WriterSetupBodyEncoder();
    private final WriterReadyEncoder ready = new WriterReadyEncoder();
    private final WriterBindDecoder bind = new WriterBindDecoder();
    private final WriterBoundEncoder bound = new WriterBoundEncoder();
    private final AckEchoDecoder echo = new AckEchoDecoder();
    private byte[] endpointAscii = new byte[0];

    /** Serves all chains of the device. */
    AppendAdapter(
            final DeviceChains chains,
            final AckProxy acks,
            final LongSupplier secrets,
            final ReplicationLimits limits,
            final ChainRules rules) {
        this.rules = rules;
        this.chains = chains;
        this.acks = acks;
        this.secrets = secrets;
        this.maxWritersPerSession = limits.maxWritersPerSession();
    }

    /** Sets the address that set-ups answer as head and tail of every chain of this device. */
    void endpoint(final String endpoint) {
        endpointAscii = endpoint.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    /** Takes events into their chain. */
    boolean onAppend(final Session session, final DirectBuffer buffer, final int offset) {
        append.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final ChainReplica replica = chains.findData(append.chain());
        if (replica == null) {
            return chains.isElsewhere(append.chain())
                    ? refuseAppend(session, RefusalCode.WRONG_NODE, append.chain(), ELSEWHERE)
                    : refuseAppend(
                            session, RefusalCode.MALFORMED, chains.placement().chainCount(), "no such chain");
        }
        if (!isInService(replica)) {
            return refuseOutOfService(session, replica);
        }
        if (append.durabilityRaw() != Durability.MEDIA.value()) {
            return refuseAppend(session, RefusalCode.DURABILITY_UNSUPPORTED, 0, "only MEDIA is taken");
        }
        if (replica.isFenced()) {
            return refuseAppend(session, RefusalCode.DEVICE_FENCED, 0, journalText(JournalStatus.FENCED));
        }
        if (!replica.takesRecords()) {
            return false;
        }
        final int slot = replica.state()
                .writers()
                .find(append.writerIdHigh(), append.writerIdLow(), append.streamId(), append.segmentId());
        final WriterBinding binding = replica.binding(slot);
        final long secret = binding != null && binding.headSession == session ? binding.bindSecret : 0;
        request.wrap(append, secret, (int) session.id());
        final boolean fragment = append.flags().fragment();
        final int length = append.eventsLength();
        final int index = append.limit() + AppendDecoder.eventsHeaderLength();
        final Segment segment = replica.state().segment(append.streamId(), append.segmentId());
        final long keyLow = segment == null ? KeyRange.ALL.low() : segment.keyLow();
        final long keyHigh = segment == null ? KeyRange.ALL.high() : segment.keyHigh();
        final ListFraming list = binding == null ? strangersList : binding.list;
        final int framing = fragment
                ? fragmentStatus(list, buffer, index, length, keyLow, keyHigh)
                : EventFrame.validateAll(buffer, index, index + length, append.eventCount(), keyLow, keyHigh);
        if (framing < 0 && framing != ListFraming.OUT_OF_ORDER) {
            return refuseEvents(session, framing, list, buffer, index, keyLow, keyHigh);
        }
        final PendingOverlay overlay = replica.overlay();
        final int status = overlay.checkAppend(request);
        if (status < 0) {
            return holdRefusal(
                    replica,
                    session,
                    StoreStatus.refusalCode(status),
                    AppendDecoder.TEMPLATE_ID,
                    append.firstEventNumber(),
                    overlay.answerDetail());
        }
        if (status == StoreStatus.DUPLICATE && rules.deduplicate) {
            if (binding != null && overlay.writerSlot() == binding.slot) {
                // What is committed of it is said again now, the rest when it commits: both are the cumulative number.
                acks.mark(binding);
            }
            return true;
        }
        if (framing == ListFraming.OUT_OF_ORDER) {
            return refuseAppend(session, RefusalCode.FRAGMENT_ORDER, 0, "the fragment continues no list");
        }
        final int skipEvents = status == StoreStatus.APPEND_SUFFIX ? (int) overlay.answerDetail() : 0;
        final int skipBytes = bytesOf(buffer, index, skipEvents);
        return sequenceAppend(session, replica, list, buffer, index + skipBytes, length - skipBytes, skipEvents);
    }

    /** Tells whether the frame in hand is for the epoch that this replica is the head of, with enough members. */
    private boolean isInService(final ChainReplica replica) {
        final Membership membership = replica.membership();
        return append.chainEpoch() == membership.epoch()
                && membership.isHead()
                && membership.isActive()
                && membership.hasMinimum();
    }

    private boolean refuseOutOfService(final Session session, final ChainReplica replica) {
        final Membership membership = replica.membership();
        if (append.chainEpoch() != membership.epoch()) {
            return refuseAppend(session, RefusalCode.CHAIN_EPOCH, membership.epoch(), "not the chain's epoch");
        }
        final boolean isHead = membership.isHead() && membership.isActive();
        return (isHead || replica.lacksMembers())
                ? refuseAppend(session, RefusalCode.REPLICAS_TOO_FEW, append.chain(), TOO_FEW)
                : refuseAppend(session, RefusalCode.WRONG_NODE, append.chain(), NO_HEAD);
    }

    private boolean sequenceAppend(
            final Session session,
            final ChainReplica replica,
            final ListFraming list,
            final DirectBuffer buffer,
            final int eventsIndex,
            final int eventsLength,
            final int skipEvents) {
        final long segmentOffset = replica.overlay().appendOffset();
        final boolean fragment = append.flags().fragment();
        final int bodyLength = AppendBodyEncoder.BLOCK_LENGTH + eventsLength;
        final int index = replica.begin(fragment ? RecordKind.APPEND_FRAGMENT : RecordKind.APPEND, bodyLength, 0);
        if (index < 0) {
            return index != JournalStatus.BACK_PRESSURED
                    && refuseAppend(session, journalRefusal(index), 0, journalText(index));
        }
        final MutableDirectBuffer journal = replica.buffer();
        final int bodyIndex = index + LogFormat.RECORD_HEADER_LENGTH;
        appendBody
                .wrap(journal, bodyIndex)
                .streamId(append.streamId())
                .segmentId(append.segmentId())
                .segmentOffset(segmentOffset)
                .writerIdHigh(append.writerIdHigh())
                .writerIdLow(append.writerIdLow())
                .firstEventNumber(append.firstEventNumber() + skipEvents)
                .writerEpoch(append.writerEpoch())
                .eventCount(append.eventCount() - skipEvents)
                .durability(append.durabilityRaw())
                .flags(append.flags().getRaw())
                .fragmentOffset(append.fragmentOffset())
                .fragmentedLength(append.fragmentedLength())
                .fragmentSession((int) session.id());
        journal.putBytes(bodyIndex + AppendBodyEncoder.BLOCK_LENGTH, buffer, eventsIndex, eventsLength);
        replica.sequence(index, bodyLength);
        if (fragment && append.flags().atomic()) {
            list.accept(append);
        } else {
            list.reset();
        }
        return true;
    }

    /** Makes or renews a writer's entry by a record; answered when that is committed (P11, P13). */
    boolean onWriterSetup(final Session session, final DirectBuffer buffer, final int offset) {
        setup.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final ChainReplica replica = chains.findData(setup.chain());
        if (replica == null && chains.isElsewhere(setup.chain())) {
            return refuseSetup(session, RefusalCode.WRONG_NODE, setup.chain());
        }
        if (replica != null
                && (!replica.membership().isHead() || !replica.membership().isActive())) {
            return refuseSetup(
                    session,
                    replica.lacksMembers() ? RefusalCode.REPLICAS_TOO_FEW : RefusalCode.WRONG_NODE,
                    setup.chain());
        }
        if (replica == null || replica.state().segment(setup.streamId(), setup.segmentId()) == null) {
            return refuseSetup(session, RefusalCode.SEGMENT_NOT_FOUND, 0);
        }
        if (replica.isFenced()) {
            return refuseSetup(session, RefusalCode.DEVICE_FENCED, 0);
        }
        if (!replica.membership().hasMinimum()) {
            return refuseSetup(session, RefusalCode.REPLICAS_TOO_FEW, setup.chain());
        }
        if (!replica.takesRecords()) {
            return false;
        }
        final ClientSession client = client(session);
        if (client.bindings.size() + client.pendingSetups >= maxWritersPerSession) {
            return refuseSetup(session, RefusalCode.WRITER_LIMIT, maxWritersPerSession);
        }
        if (replica.heldAnswers().isFull()) {
            return false;
        }
        final PendingOverlay overlay = replica.overlay();
        final int status = overlay.checkWriterSetup(
                setup.writerIdHigh(),
                setup.writerIdLow(),
                setup.streamId(),
                setup.segmentId(),
                setup.writerEpoch(),
                setup.resume() != 0);
        if (status < 0) {
            return holdSetupRefusal(replica, session, StoreStatus.refusalCode(status), overlay.answerDetail());
        }
        final int index = replica.begin(RecordKind.WRITER_SETUP, WriterSetupBodyEncoder.BLOCK_LENGTH, 0);
        if (index < 0) {
            return index != JournalStatus.BACK_PRESSURED && refuseSetup(session, journalRefusal(index), 0);
        }
        final long secret = nextSecret();
        setupBody
                .wrap(replica.buffer(), index + LogFormat.RECORD_HEADER_LENGTH)
                .streamId(setup.streamId())
                .segmentId(setup.segmentId())
                .writerIdHigh(setup.writerIdHigh())
                .writerIdLow(setup.writerIdLow())
                .bindSecret(secret)
                .writerEpoch(setup.writerEpoch());
        final long position = replica.sequence(index, WriterSetupBodyEncoder.BLOCK_LENGTH);
        final HeldAnswer answer = replica.heldAnswers().add(HeldAnswers.Kind.WRITER_READY, position, session);
        answer.correlationId = setup.correlationId();
        answer.streamId = setup.streamId();
        answer.segmentId = setup.segmentId();
        answer.writerIdHigh = setup.writerIdHigh();
        answer.writerIdLow = setup.writerIdLow();
        answer.bindSecret = secret;
        client.pendingSetups++;
        return true;
    }

    /** Acknowledges a writer to this session from now on, if it shows the secret of its set-up (P13). */
    boolean onWriterBind(final Session session, final DirectBuffer buffer, final int offset) {
        bind.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final ChainReplica replica = chains.findData(bind.chain());
        if (replica == null && chains.isElsewhere(bind.chain())) {
            return refuseBind(session, RefusalCode.WRONG_NODE);
        }
        if (replica != null
                && (!replica.membership().isTail() || !replica.membership().isActive())) {
            return refuseBind(session, RefusalCode.WRONG_NODE);
        }
        final WriterTable writers = replica == null ? null : replica.state().writers();
        final int slot = writers == null
                ? WriterTable.ABSENT
                : writers.find(bind.writerIdHigh(), bind.writerIdLow(), bind.streamId(), bind.segmentId());
        if (replica == null || writers == null || slot == WriterTable.ABSENT) {
            return refuseBind(session, RefusalCode.WRITER_UNKNOWN);
        }
        if (writers.bindSecret(slot) != bind.bindSecret() && rules.bindSecretChecked) {
            return refuseBind(session, RefusalCode.BIND_SECRET);
        }
        if (session.tryClaim(BOUND_LENGTH, claim) < 0) {
            return !session.isOpen();
        }
        bound.wrapAndApplyHeader(claim.buffer(), claim.offset(), headerEncoder)
                .correlationId(bind.correlationId())
                .lastEventNumber(writers.lastEventNumber(slot));
        claim.commit();
        final WriterBinding binding = replica.bind(slot);
        binding.tailSession = session;
        client(session).add(binding);
        acks.mark(binding);
        return true;
    }

    /** Notes what the client has heard of. */
    boolean onAckEcho(final Session session, final DirectBuffer buffer, final int offset) {
        echo.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final ChainReplica replica = findReplica(echo.streamId(), echo.segmentId());
        if (replica == null) {
            return true;
        }
        final int slot = replica.state()
                .writers()
                .find(echo.writerIdHigh(), echo.writerIdLow(), echo.streamId(), echo.segmentId());
        final WriterBinding binding = replica.binding(slot);
        if (binding != null && (binding.tailSession == session || binding.headSession == session)) {
            binding.echoedNumber = Math.max(binding.echoedNumber, echo.lastEventNumber());
            binding.hasEchoed |= binding.headSession == session;
        }
        return true;
    }

    /** Repeats what a client has not echoed (P13). */
    void onHeartbeat(final Session session) {
        final ClientSession client = client(session);
        for (int i = client.bindings.size() - 1; i >= 0; i--) {
            final WriterBinding binding = client.bindings.get(i);
            if (binding.tailSession == session && binding.echoedNumber < binding.sentNumber) {
                acks.mark(binding);
            }
        }
    }

    /** Lets go of a session's writers; their entries stay. */
    void onClose(final ClientSession client, final Session session) {
        for (int i = client.bindings.size() - 1; i >= 0; i--) {
            client.bindings.get(i).forget(session);
        }
        client.bindings.clear();
    }

    @Override
    public boolean release(final HeldAnswer answer) {
        final Session session = answer.session;
        if (session == null) {
            return true;
        }
        if (answer.kind == HeldAnswers.Kind.REFUSAL) {
            return session.refuse(
                    answer.code,
                    answer.requestTemplateId,
                    answer.correlationId,
                    answer.streamId,
                    answer.segmentId,
                    answer.detail,
                    answer.writerIdHigh,
                    answer.writerIdLow,
                    NO_TEXT);
        }
        return releaseReady(answer, session);
    }

    private boolean releaseReady(final HeldAnswer answer, final Session session) {
        final ChainReplica replica = findReplica(answer.streamId, answer.segmentId);
        if (replica == null) {
            return true;
        }
        // What is not committed is told nobody (P2). With the rule off, a writer that the chain knows is answered at
        // once, out of the overlay; a new one still waits until the tail can know it.
        final WriterTable committed = replica.state().writers();
        final WriterTable writers =
                rules.answersHeld ? committed : replica.overlay().writers();
        final int slot = writers.find(answer.writerIdHigh, answer.writerIdLow, answer.streamId, answer.segmentId);
        final ClientSession client = client(session);
        if (slot != WriterTable.ABSENT && !committed.isUsed(slot)) {
            return false;
        }
        if (slot == WriterTable.ABSENT || writers.bindSecret(slot) != answer.bindSecret) {
            // A later set-up of the same writer has committed in the meantime: that one is answered.
            client.pendingSetups--;
            return true;
        }
        final byte[] tail = tailOf(replica);
        final int length = MessageHeaderEncoder.ENCODED_LENGTH
                + WriterReadyEncoder.BLOCK_LENGTH
                + WriterReadyEncoder.headHeaderLength()
                + WriterReadyEncoder.tailHeaderLength()
                + endpointAscii.length
                + tail.length;
        if (session.tryClaim(length, claim) < 0) {
            return false;
        }
        ready.wrapAndApplyHeader(claim.buffer(), claim.offset(), headerEncoder)
                .correlationId(answer.correlationId)
                .writerIdHigh(answer.writerIdHigh)
                .writerIdLow(answer.writerIdLow)
                .streamId(answer.streamId)
                .segmentId(answer.segmentId)
                .chainEpoch(replica.chainEpoch())
                .bindSecret(answer.bindSecret)
                .lastEventNumber(writers.lastEventNumber(slot))
                .segmentOffset(writers.endOffset(slot))
                .chain(replica.chain())
                .putHead(endpointAscii, 0, endpointAscii.length)
                .putTail(tail, 0, tail.length);
        claim.commit();
        final WriterBinding binding = replica.bind(slot);
        binding.list.reset();
        binding.headSession = session;
        binding.hasEchoed = false;
        binding.bindSecret = answer.bindSecret;
        client.pendingSetups--;
        client.add(binding);
        return true;
    }

    /** Gives where a chain acknowledges: here, or at its tail. Set-up only, so that it may allocate. */
    private byte[] tailOf(final ChainReplica replica) {
        final String elsewhere = replica.membership().tailEndpoint();
        return elsewhere.isEmpty() ? endpointAscii : elsewhere.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    private boolean holdRefusal(
            final ChainReplica replica,
            final Session session,
            final RefusalCode code,
            final int requestTemplateId,
            final long correlationId,
            final long detail) {
        if (replica.heldAnswers().isFull()) {
            return false;
        }
        final HeldAnswer answer = replica.heldAnswers()
                .add(HeldAnswers.Kind.REFUSAL, replica.overlay().holdPosition(), session);
        answer.code = code;
        answer.requestTemplateId = requestTemplateId;
        answer.correlationId = correlationId;
        answer.detail = detail;
        if (requestTemplateId == AppendDecoder.TEMPLATE_ID) {
            answer.streamId = append.streamId();
            answer.segmentId = append.segmentId();
            answer.writerIdHigh = append.writerIdHigh();
            answer.writerIdLow = append.writerIdLow();
        } else {
            answer.streamId = setup.streamId();
            answer.segmentId = setup.segmentId();
            answer.writerIdHigh = setup.writerIdHigh();
            answer.writerIdLow = setup.writerIdLow();
        }
        return true;
    }

    private boolean holdSetupRefusal(
            final ChainReplica replica, final Session session, final RefusalCode code, final long detail) {
        return holdRefusal(replica, session, code, WriterSetupDecoder.TEMPLATE_ID, setup.correlationId(), detail);
    }

    private boolean refuseAppend(final Session session, final RefusalCode code, final long detail, final String text) {
        return session.refuse(
                code,
                AppendDecoder.TEMPLATE_ID,
                append.firstEventNumber(),
                append.streamId(),
                append.segmentId(),
                detail,
                append.writerIdHigh(),
                append.writerIdLow(),
                text);
    }

    private boolean refuseSetup(final Session session, final RefusalCode code, final long detail) {
        return session.refuse(
                code,
                WriterSetupDecoder.TEMPLATE_ID,
                setup.correlationId(),
                setup.streamId(),
                setup.segmentId(),
                detail,
                setup.writerIdHigh(),
                setup.writerIdLow(),
                NO_TEXT);
    }

    private boolean refuseBind(final Session session, final RefusalCode code) {
        return session.refuse(
                code,
                WriterBindDecoder.TEMPLATE_ID,
                bind.correlationId(),
                bind.streamId(),
                bind.segmentId(),
                0,
                bind.writerIdHigh(),
                bind.writerIdLow(),
                NO_TEXT);
    }

    /** Returns the device's chains. */
    DeviceChains chains() {
        return chains;
    }

    /** Finds the chain of this device that holds a segment. */
    private @Nullable ChainReplica findReplica(final long streamId, final long segmentId) {
        for (final ChainReplica replica : chains.held()) {
            if (replica.state().segment(streamId, segmentId) != null) {
                return replica;
            }
        }
        return null;
    }

    private long nextSecret() {
        long secret = secrets.getAsLong();
        while (secret == 0) {
            secret = secrets.getAsLong();
        }
        return secret;
    }

    /** Gives what the device thread keeps with a session. */
    static ClientSession client(final Session session) {
        final Object attachment = session.attachment();
        if (attachment instanceof ClientSession client) {
            return client;
        }
        throw new IllegalStateException("session " + session.id() + " was never opened to the device thread");
    }

    /** Gives the refusal for a journal's negative status. */
    static RefusalCode journalRefusal(final int journalStatus) {
        return switch (journalStatus) {
            case JournalStatus.FULL -> RefusalCode.JOURNAL_FULL;
            case JournalStatus.FENCED -> RefusalCode.DEVICE_FENCED;
            default -> RefusalCode.EVENT_TOO_LARGE;
        };
    }

    private static String journalText(final int journalStatus) {
        return switch (journalStatus) {
            case JournalStatus.FULL ->
                "the journal is full; nothing acknowledged is lost; give it a larger journal.size";
            case JournalStatus.FENCED ->
                "a write of the device failed; the node takes no appends until it is restarted";
            default -> "the record exceeds a batch";
        };
    }

    /**
     * Judges a fragment; of an event only the first one has the header.
     *
     * @return 0, {@link ListFraming#OUT_OF_ORDER} or a code of {@link EventFrame}
     */
    private int fragmentStatus(
            final ListFraming list,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final long keyLow,
            final long keyHigh) {
        if (append.flags().atomic()) {
            return list.check(append, buffer, index, length, keyLow, keyHigh);
        }
        if (append.fragmentOffset() != 0) {
            // What began as a list goes on as one: else nobody would have checked the rest of its frames.
            return list.isOpen() ? ListFraming.OUT_OF_ORDER : 0;
        }
        if (length < EventFrame.HEADER_LENGTH) {
            return EventFrame.INCOMPLETE;
        }
        final int payloadLength = EventFrame.payloadLength(buffer, index);
        if (payloadLength < 0
                || payloadLength > EventFrame.MAX_PAYLOAD
                || payloadLength + EventFrame.HEADER_LENGTH != append.fragmentedLength()) {
            return EventFrame.BAD_LENGTH;
        }
        return KeyRange.contains(keyLow, keyHigh, EventFrame.keyHash(buffer, index)) ? 0 : EventFrame.BAD_KEY_HASH;
    }

    /**
     * Refuses events for what they are. It goes at once: framing depends on no state, and a committed segment's key
     * range never changes (P2).
     */
    private boolean refuseEvents(
            final Session session,
            final int framing,
            final ListFraming list,
            final DirectBuffer buffer,
            final int index,
            final long keyLow,
            final long keyHigh) {
        if (framing == EventFrame.BAD_KEY_HASH
                && append.flags().fragment()
                && append.flags().atomic()) {
            return refuseAppend(
                    session, RefusalCode.KEY_RANGE, list.badKeyHash(), "a key hash outside the segment's range");
        }
        if (framing == EventFrame.BAD_KEY_HASH) {
            int at = index;
            while (KeyRange.contains(keyLow, keyHigh, EventFrame.keyHash(buffer, at))) {
                at += EventFrame.frameLength(EventFrame.payloadLength(buffer, at));
            }
            final long keyHash = EventFrame.keyHash(buffer, at);
            return refuseAppend(session, RefusalCode.KEY_RANGE, keyHash, "a key hash outside the segment's range");
        }
        final String text = append.flags().fragment()
                ? "the fragment contradicts its length or count"
                : "the events are not framed as counted";
        return refuseAppend(session, RefusalCode.MALFORMED, append.eventsLength(), text);
    }

    private static int bytesOf(final DirectBuffer buffer, final int index, final int eventCount) {
        int at = 0;
        for (int i = 0; i < eventCount; i++) {
            at += EventFrame.HEADER_LENGTH + EventFrame.payloadLength(buffer, index + at);
        }
        return at;
    }
}
