package io.millrace.client.core;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.KeyRange;
import io.millrace.codec.WireFrames;
import io.millrace.codec.wire.AckEchoDecoder;
import io.millrace.codec.wire.AppendAckEncoder;
import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.ChainChangedEncoder;
import io.millrace.codec.wire.CommandDoneEncoder;
import io.millrace.codec.wire.CommandOutcome;
import io.millrace.codec.wire.CreateStreamDecoder;
import io.millrace.codec.wire.DescribeStreamDecoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.ReadCreditDecoder;
import io.millrace.codec.wire.ReadDataEncoder;
import io.millrace.codec.wire.ReadEndEncoder;
import io.millrace.codec.wire.ReadStartedEncoder;
import io.millrace.codec.wire.ReadSubscribeDecoder;
import io.millrace.codec.wire.ReadUnsubscribeDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalEncoder;
import io.millrace.codec.wire.StreamDescriptionEncoder;
import io.millrace.codec.wire.StreamState;
import io.millrace.codec.wire.WriterBindDecoder;
import io.millrace.codec.wire.WriterBoundEncoder;
import io.millrace.codec.wire.WriterReadyEncoder;
import io.millrace.codec.wire.WriterSetupDecoder;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The node as a client sees it, in memory: orders, commits later, loses what is not committed at a restart, and errs as
 * {@link Faults} say. Its log is what the tests judge.
 */
final class FakeNode {
    static final long STREAM_ID = 7;

    final Random random;
    final Segment[] segments;
    Faults faults = Faults.NONE;
    FakeNetwork network = new FakeNetwork(this);
    boolean isUp = true;

    /** Where it says that its chain is served; elsewhere it is not. */
    String place = "";

    /** Where it says that its chain is read, when that is another place. */
    @Nullable
    String tailPlace;

    /** What cannot be read: address, blank, segment. */
    final List<String> unreadable = new ArrayList<>();

    /** What was asked to be read: address, blank, segment. */
    final List<String> subscribed = new ArrayList<>();

    /** Requests to create a stream: address, blank, id. */
    final List<String> created = new ArrayList<>();

    /** So many descriptions and answers to commands are lost. */
    int lostAnswers;

    Runnable onLostAnswer = () -> {};

    /** Descriptions are on their way for long. */
    boolean isHoldingDescriptions;

    private final List<Runnable> heldDescriptions = new ArrayList<>();

    /** Addresses where nobody listens. */
    final List<String> deadEndpoints = new ArrayList<>();

    @Nullable
    ErrorCode sessionRefusal;

    @Nullable
    RefusalCode nextMetadataRefusal;

    /** The only endpoint where streams are managed, alive again when another one was asked; empty: at each. */
    String managedAt = "";

    int managementRefusals;

    @Nullable
    RefusalCode nextAppendRefusal;

    @Nullable
    RefusalCode everyAppendRefusal;

    @Nullable
    RefusalCode nextSubscribeRefusal;

    @Nullable
    RefusalCode everySubscribeRefusal;

    int maxFrameLength = 1376;
    int maxEventLength = EventFrame.MAX_PAYLOAD;
    boolean isCommitting = true;
    boolean isSealed;
    long chainEpoch = 1;
    int appendFrames;
    int echoFrames;
    int subscribeFrames;
    int creditFrames;
    private final Map<String, Entry> writers = new LinkedHashMap<>();
    private final Map<Long, Subscription> subscriptions = new LinkedHashMap<>();
    private final List<FakeNetwork.FakeLink> toBeCut = new ArrayList<>();
    /** Sizes of the atomic lists in the log. */
    final List<Integer> listSizes = new ArrayList<>();

    private final List<Runnable> uncommitted = new ArrayList<>();
    private final ExpandableArrayBuffer out = new ExpandableArrayBuffer(1 << 16);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();

    /** Committed bytes of one segment, and the length with what is not committed yet. */
    static final class Segment {
        final long id;
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Segment(final long id) {
            this.id = id;
        }

        List<byte[]> payloads() {
            final List<byte[]> payloads = new ArrayList<>();
            final UnsafeBuffer buffer = new UnsafeBuffer(bytes.toByteArray());
            int index = 0;
            while (index < buffer.capacity()) {
                final int length = EventFrame.validate(buffer, index, buffer.capacity());
                if (length < 0) {
                    throw new IllegalStateException("the log holds half an event at " + index);
                }
                final byte[] payload = new byte[length - EventFrame.HEADER_LENGTH];
                buffer.getBytes(EventFrame.payloadIndex(index), payload);
                payloads.add(payload);
                index += length;
            }
            return payloads;
        }
    }

    private static final class Entry {
        long high;
        long low;
        Segment segment = new Segment(-1);
        long last;
        long committedLast;
        long committedOffset;
        long secret;
        long echoed;
        FakeNetwork.@Nullable FakeLink bound;
        long boundSession;
        ByteArrayOutputStream fragments = new ByteArrayOutputStream();
        long fragmentNumber;
    }

    private static final class Subscription {
        final FakeNetwork.FakeLink link;
        final long session;
        final Segment segment;
        long offset;
        long credit;

        Subscription(final FakeNetwork.FakeLink link, final Segment segment, final long offset, final long credit) {
            this.link = link;
            this.session = link.session;
            this.segment = segment;
            this.offset = offset;
            this.credit = credit;
        }
    }

    FakeNode(final long seed, final int segmentCount) {
        random = new Random(seed);
        segments = new Segment[segmentCount];
        for (int i = 0; i < segmentCount; i++) {
            segments[i] = new Segment(i);
        }
    }

    boolean hits(final int perMille) {
        return perMille > 0 && random.nextInt(1000) < perMille;
    }

    int below(final int bound) {
        return random.nextInt(bound);
    }

    /** One turn of the node: takes frames, commits some, repeats acknowledgements, pushes bytes, errs. */
    void step() {
        if (hits(faults.restart)) {
            restart();
        }
        for (final FakeNetwork.FakeLink link : network.links) {
            if (hits(faults.cut)) {
                link.cut();
            }
            if (link.isOpen) {
                takeFrames(link);
            }
        }
        if (hits(faults.chainChange)) {
            changeChain();
        }
        commit(isCommitting ? (faults == Faults.NONE ? uncommitted.size() : below(uncommitted.size() + 1)) : 0);
        for (final Entry entry : writers.values()) {
            if (entry.echoed < entry.committedLast) {
                acknowledge(entry);
            }
        }
        push();
        toBeCut.forEach(FakeNetwork.FakeLink::cut);
        toBeCut.clear();
    }

    /** Loses sessions and what is not committed; the log stays. */
    void restart() {
        network.cutAll();
        uncommitted.clear();
        subscriptions.clear();
        for (final Entry entry : writers.values()) {
            entry.last = entry.committedLast;
            entry.bound = null;
            entry.fragments.reset();
            entry.fragmentNumber = 0;
        }
    }

    /** Loses what it had acknowledged, as no honest node does. */
    void forget() {
        restart();
        for (final Entry entry : writers.values()) {
            entry.last = 1;
            entry.committedLast = 1;
        }
    }

    void changeChain() {
        chainEpoch++;
        uncommitted.clear();
        for (final Entry entry : writers.values()) {
            entry.last = entry.committedLast;
            entry.fragments.reset();
        }
        tellChain(chainEpoch, "fake:1");
    }

    /** Tells an epoch of the chain on every session. */
    void tellChain(final long epoch, final String head) {
        for (final FakeNetwork.FakeLink link : network.links) {
            if (link.isOpen) {
                final ChainChangedEncoder changed = new ChainChangedEncoder();
                changed.wrapAndApplyHeader(out, 0, header)
                        .chainEpoch(epoch)
                        .chain(1)
                        .head(head)
                        .tail(head);
                send(link, changed.encodedLength());
            }
        }
    }

    void commit(final int count) {
        for (int i = 0; i < count; i++) {
            uncommitted.remove(0).run();
        }
    }

    void seal() {
        commit(uncommitted.size());
        isSealed = true;
    }

    void takeFrames(final FakeNetwork.FakeLink link) {
        for (UnsafeBuffer frame = link.toNode.poll(); frame != null; frame = link.toNode.poll()) {
            onFrame(link, frame);
            if (hits(faults.duplicateIn)) {
                onFrame(link, frame);
            }
        }
    }

    private void onFrame(final FakeNetwork.FakeLink link, final UnsafeBuffer frame) {
        final int templateId = WireFrames.check(frame, 0, frame.capacity());
        final MessageHeaderDecoder head = new MessageHeaderDecoder().wrap(frame, 0);
        final int body = MessageHeaderDecoder.ENCODED_LENGTH;
        final int block = head.blockLength();
        switch (templateId) {
            case WriterSetupDecoder.TEMPLATE_ID -> onSetup(link, new WriterSetupDecoder().wrap(frame, body, block, 0));
            case WriterBindDecoder.TEMPLATE_ID -> onBind(link, new WriterBindDecoder().wrap(frame, body, block, 0));
            case AppendDecoder.TEMPLATE_ID -> onAppend(link, new AppendDecoder().wrap(frame, body, block, 0));
            case AckEchoDecoder.TEMPLATE_ID -> onEcho(new AckEchoDecoder().wrap(frame, body, block, 0));
            case ReadSubscribeDecoder.TEMPLATE_ID ->
                onSubscribe(link, new ReadSubscribeDecoder().wrap(frame, body, block, 0));
            case ReadCreditDecoder.TEMPLATE_ID -> {
                creditFrames++;
                final ReadCreditDecoder credit = new ReadCreditDecoder().wrap(frame, body, block, 0);
                final Subscription subscription = subscriptions.get(credit.subscriptionId());
                if (subscription != null) {
                    subscription.credit = Math.max(subscription.credit, credit.creditOffset());
                }
            }
            case ReadUnsubscribeDecoder.TEMPLATE_ID ->
                subscriptions.remove(
                        new ReadUnsubscribeDecoder().wrap(frame, body, block, 0).subscriptionId());
            case DescribeStreamDecoder.TEMPLATE_ID ->
                onDescribe(link, new DescribeStreamDecoder().wrap(frame, body, block, 0));
            case CreateStreamDecoder.TEMPLATE_ID ->
                onCreate(
                        link,
                        new CreateStreamDecoder().wrap(frame, body, block, 0).requestId());
            default -> throw new IllegalStateException("the client wrote a bad frame: " + templateId);
        }
    }

    private void onCreate(final FakeNetwork.FakeLink link, final long requestId) {
        created.add(link.endpoint + " " + requestId);
        if (losesAnswer() || refusesMetadata(link, CreateStreamDecoder.TEMPLATE_ID, requestId)) {
            return;
        }
        final CommandDoneEncoder done = new CommandDoneEncoder();
        done.wrapAndApplyHeader(out, 0, header)
                .requestId(requestId)
                .streamId(STREAM_ID)
                .outcome(CommandOutcome.DONE);
        send(link, done.encodedLength());
    }

    private boolean losesAnswer() {
        if (lostAnswers == 0) {
            return false;
        }
        lostAnswers--;
        onLostAnswer.run();
        return true;
    }

    private boolean refusesMetadata(final FakeNetwork.FakeLink link, final int templateId, final long requestId) {
        final boolean isManagedElsewhere = !managedAt.isEmpty() && !managedAt.equals(link.endpoint);
        final RefusalCode code = isManagedElsewhere ? RefusalCode.WRONG_NODE : nextMetadataRefusal;
        nextMetadataRefusal = null;
        if (isManagedElsewhere) {
            managementRefusals++;
            deadEndpoints.remove(managedAt);
        }
        if (code != null) {
            refuse(link, code, templateId, requestId, null);
        }
        return code != null;
    }

    private void onDescribe(final FakeNetwork.FakeLink link, final DescribeStreamDecoder describe) {
        if (losesAnswer() || refusesMetadata(link, DescribeStreamDecoder.TEMPLATE_ID, describe.requestId())) {
            return;
        }
        final long requestId = describe.requestId();
        final String scope = describe.scopeName();
        final String stream = describe.streamName();
        if (isHoldingDescriptions) {
            final long epoch = chainEpoch;
            final String head = place;
            heldDescriptions.add(() -> describe(link, requestId, scope, stream, epoch, head));
        } else {
            describe(link, requestId, scope, stream, chainEpoch, place);
        }
    }

    /** Sends what was asked for while descriptions were held, as it was then. */
    void releaseDescriptions() {
        isHoldingDescriptions = false;
        heldDescriptions.forEach(Runnable::run);
        heldDescriptions.clear();
    }

    private void describe(
            final FakeNetwork.FakeLink link,
            final long requestId,
            final String scope,
            final String stream,
            final long epoch,
            final String head) {
        final StreamDescriptionEncoder description = new StreamDescriptionEncoder();
        description
                .wrapAndApplyHeader(out, 0, header)
                .requestId(requestId)
                .streamId(STREAM_ID)
                .createdNs(1)
                .epoch(0)
                .state(isSealed ? StreamState.SEALED : StreamState.ACTIVE);
        final StreamDescriptionEncoder.SegmentsEncoder group = description.segmentsCount(segments.length);
        for (int i = 0; i < segments.length; i++) {
            group.next()
                    .segmentId(segments[i].id)
                    .keyLow(KeyRange.low(i, segments.length))
                    .keyHigh(KeyRange.high(i, segments.length))
                    .startOffset(0)
                    .length(segments[i].bytes.size())
                    .chain(1)
                    .segmentSealed((short) 0);
        }
        description
                .chainsCount(1)
                .next()
                .chainEpoch(epoch)
                .chain(1)
                .head(head)
                .tail(tailPlace == null ? head : tailPlace);
        description.scopeName(scope).streamName(stream).putHeader(new byte[0], 0, 0);
        send(link, description.encodedLength());
    }

    private Entry entry(final long high, final long low, final long segmentId) {
        return writers.computeIfAbsent(high + ":" + low + ":" + segmentId, key -> {
            final Entry entry = new Entry();
            entry.high = high;
            entry.low = low;
            entry.segment = segments[(int) segmentId];
            return entry;
        });
    }

    private void onSetup(final FakeNetwork.FakeLink link, final WriterSetupDecoder setup) {
        final long correlationId = setup.correlationId();
        if (isElsewhere(link)) {
            refuse(link, RefusalCode.WRONG_NODE, WriterSetupDecoder.TEMPLATE_ID, correlationId, null);
            return;
        }
        if (hits(faults.refuse)) {
            refuse(link, RefusalCode.NOT_READY, WriterSetupDecoder.TEMPLATE_ID, correlationId, null);
            return;
        }
        final boolean isKnown =
                writers.containsKey(setup.writerIdHigh() + ":" + setup.writerIdLow() + ":" + setup.segmentId());
        if (setup.resume() != 0 && !isKnown) {
            refuse(link, RefusalCode.WRITER_UNKNOWN, WriterSetupDecoder.TEMPLATE_ID, correlationId, null);
            return;
        }
        final Entry entry = entry(setup.writerIdHigh(), setup.writerIdLow(), setup.segmentId());
        final long session = link.session;
        final long secret = random.nextLong();
        uncommitted.add(() -> {
            entry.secret = secret;
            if (!link.isOpen || link.session != session || hits(faults.loseAnswer)) {
                return;
            }
            final WriterReadyEncoder ready = new WriterReadyEncoder();
            ready.wrapAndApplyHeader(out, 0, header)
                    .correlationId(correlationId)
                    .writerIdHigh(entry.high)
                    .writerIdLow(entry.low)
                    .streamId(STREAM_ID)
                    .segmentId(entry.segment.id)
                    .chainEpoch(chainEpoch)
                    .bindSecret(secret)
                    .lastEventNumber(entry.committedLast)
                    .segmentOffset(entry.committedOffset)
                    .chain(1)
                    .head("fake:1")
                    .tail("fake:1");
            send(link, ready.encodedLength());
        });
    }

    private void onBind(final FakeNetwork.FakeLink link, final WriterBindDecoder bind) {
        final Entry entry = entry(bind.writerIdHigh(), bind.writerIdLow(), bind.segmentId());
        if (bind.bindSecret() != entry.secret) {
            refuse(link, RefusalCode.BIND_SECRET, WriterBindDecoder.TEMPLATE_ID, bind.correlationId(), null);
            return;
        }
        entry.bound = link;
        entry.boundSession = link.session;
        if (hits(faults.loseAnswer)) {
            return;
        }
        final WriterBoundEncoder bound = new WriterBoundEncoder();
        bound.wrapAndApplyHeader(out, 0, header)
                .correlationId(bind.correlationId())
                .lastEventNumber(entry.committedLast);
        send(link, bound.encodedLength());
        acknowledge(entry);
    }

    private void onAppend(final FakeNetwork.FakeLink link, final AppendDecoder append) {
        appendFrames++;
        final Entry entry = entry(append.writerIdHigh(), append.writerIdLow(), append.segmentId());
        final long first = append.firstEventNumber();
        RefusalCode refusal = everyAppendRefusal != null ? everyAppendRefusal : nextAppendRefusal;
        nextAppendRefusal = null;
        if (refusal == null && isSealed) {
            refusal = RefusalCode.SEGMENT_SEALED;
        }
        if (refusal == null && append.chainEpoch() != chainEpoch) {
            refusal = RefusalCode.CHAIN_EPOCH;
        }
        if (refusal == null && first > entry.last + 1) {
            refusal = RefusalCode.EVENT_NUMBER_GAP;
        }
        if (refusal == null && hits(faults.refuse)) {
            refusal = below(2) == 0 ? RefusalCode.THROTTLED : RefusalCode.JOURNAL_FULL;
        }
        if (refusal != null) {
            refuse(link, refusal, AppendDecoder.TEMPLATE_ID, first, entry);
            return;
        }
        final byte[] bytes = new byte[append.eventsLength()];
        final boolean isFragment = append.flags().fragment();
        final boolean isLast = append.flags().lastFragment();
        final boolean isAtomic = append.flags().atomic();
        final int count = append.eventCount();
        final int fragmentOffset = append.fragmentOffset();
        final int fragmentedLength = append.fragmentedLength();
        append.getEvents(bytes, 0, bytes.length);
        if (!isFragment) {
            appendEvents(entry, first, count, bytes, append.flags().atomic());
            return;
        }
        if (fragmentOffset == 0) {
            entry.fragments.reset();
            entry.fragmentNumber = first;
        }
        if (entry.fragmentNumber != first || entry.fragments.size() != fragmentOffset) {
            refuse(link, RefusalCode.FRAGMENT_ORDER, AppendDecoder.TEMPLATE_ID, first, entry);
            return;
        }
        entry.fragments.write(bytes, 0, bytes.length);
        if (isLast) {
            final byte[] whole = entry.fragments.toByteArray();
            if (whole.length != fragmentedLength) {
                throw new IllegalStateException("fragments of " + whole.length + " for " + fragmentedLength);
            }
            entry.fragments.reset();
            appendEvents(entry, first, count, whole, isAtomic);
        }
    }

    private void appendEvents(
            final Entry entry, final long first, final int count, final byte[] bytes, final boolean isAtomic) {
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        if (EventFrame.validateAll(buffer, 0, bytes.length, count) != 0) {
            throw new IllegalStateException("not " + count + " events");
        }
        if (isAtomic) {
            appendList(entry, first, count, bytes);
            return;
        }
        int index = 0;
        for (int i = 0; i < count; i++) {
            final int length = EventFrame.validate(buffer, index, bytes.length);
            final long number = first + i;
            if (number > entry.last) {
                entry.last = number;
                final byte[] event = Arrays.copyOfRange(bytes, index, index + length);
                uncommitted.add(() -> {
                    if (number != entry.committedLast + 1) {
                        throw new IllegalStateException("the fake committed " + number + " out of order");
                    }
                    entry.segment.bytes.write(event, 0, event.length);
                    entry.committedLast = number;
                    entry.committedOffset = entry.segment.bytes.size();
                });
            }
            index += length;
        }
    }

    /** Takes all of a list or nothing; it must never come cut or with others. */
    private void appendList(final Entry entry, final long first, final int count, final byte[] bytes) {
        final long last = first + count - 1;
        if (last <= entry.last) {
            return;
        }
        if (first <= entry.last) {
            throw new IllegalStateException("a list from " + first + " straddles " + entry.last);
        }
        entry.last = last;
        uncommitted.add(() -> {
            entry.segment.bytes.write(bytes, 0, bytes.length);
            entry.committedLast = last;
            entry.committedOffset = entry.segment.bytes.size();
            listSizes.add(count);
        });
    }

    private void acknowledge(final Entry entry) {
        final FakeNetwork.FakeLink link = entry.bound;
        if (link == null || !link.isOpen || entry.boundSession != link.session || hits(faults.loseAnswer)) {
            return;
        }
        final AppendAckEncoder ack = new AppendAckEncoder();
        ack.wrapAndApplyHeader(out, 0, header)
                .writerIdHigh(entry.high)
                .writerIdLow(entry.low)
                .streamId(STREAM_ID)
                .segmentId(entry.segment.id)
                .lastEventNumber(entry.committedLast)
                .segmentOffset(entry.committedOffset)
                .queueNs(1)
                .journalNs(2)
                .chainNs(3)
                .chain(1)
                .durability(Durability.MEDIA);
        send(link, ack.encodedLength());
    }

    private void onEcho(final AckEchoDecoder echo) {
        echoFrames++;
        final Entry entry = entry(echo.writerIdHigh(), echo.writerIdLow(), echo.segmentId());
        entry.echoed = Math.max(entry.echoed, echo.lastEventNumber());
    }

    private boolean isElsewhere(final FakeNetwork.FakeLink link) {
        return !link.endpoint.equals(Places.resolve(place, network.links.get(0).endpoint));
    }

    private boolean isTail(final FakeNetwork.FakeLink link) {
        return tailPlace != null && link.endpoint.equals(Places.resolve(tailPlace, network.links.get(0).endpoint));
    }

    private void onSubscribe(final FakeNetwork.FakeLink link, final ReadSubscribeDecoder subscribe) {
        subscribeFrames++;
        final String asked = link.endpoint + " " + subscribe.segmentId();
        subscribed.add(asked);
        if ((isElsewhere(link) && !isTail(link)) || unreadable.contains(asked)) {
            refuse(link, RefusalCode.WRONG_NODE, ReadSubscribeDecoder.TEMPLATE_ID, subscribe.subscriptionId(), null);
            return;
        }
        RefusalCode refusal = everySubscribeRefusal != null ? everySubscribeRefusal : nextSubscribeRefusal;
        nextSubscribeRefusal = null;
        if (hits(faults.refuse)) {
            refusal = RefusalCode.NOT_READY;
        }
        if (refusal != null) {
            refuse(link, refusal, ReadSubscribeDecoder.TEMPLATE_ID, subscribe.subscriptionId(), null);
            return;
        }
        final long start = subscribe.startOffset();
        final Segment segment = segments[(int) subscribe.segmentId()];
        subscriptions.put(
                subscribe.subscriptionId(), new Subscription(link, segment, start, start + subscribe.creditBytes()));
        final ReadStartedEncoder started = new ReadStartedEncoder();
        started.wrapAndApplyHeader(out, 0, header)
                .subscriptionId(subscribe.subscriptionId())
                .segmentOffset(start)
                .committedLength(segment.bytes.size());
        send(link, started.encodedLength());
    }

    private void push() {
        subscriptions.values().removeIf(each -> !each.link.isOpen || each.link.session != each.session);
        final List<Long> ended = new ArrayList<>();
        subscriptions.forEach((id, each) -> {
            final byte[] bytes = each.segment.bytes.toByteArray();
            for (int i = 0; i < 8 && each.offset < Math.min(bytes.length, each.credit); i++) {
                final int most = (int) Math.min(maxFrameLength - 64, Math.min(bytes.length, each.credit) - each.offset);
                final int length = faults == Faults.NONE ? most : 1 + below(most);
                pushBytes(each, id, bytes, length);
            }
            if (isSealed && each.offset == bytes.length) {
                final ReadEndEncoder end = new ReadEndEncoder();
                end.wrapAndApplyHeader(out, 0, header)
                        .subscriptionId(id)
                        .segmentId(each.segment.id)
                        .finalOffset(each.offset);
                send(each.link, end.encodedLength());
                ended.add(id);
            }
        });
        ended.forEach(subscriptions::remove);
    }

    private void pushBytes(final Subscription each, final long id, final byte[] bytes, final int length) {
        final ReadDataEncoder data = new ReadDataEncoder();
        data.wrapAndApplyHeader(out, 0, header)
                .subscriptionId(id)
                .segmentId(each.segment.id)
                .segmentOffset(each.offset)
                .putBytes(bytes, (int) each.offset, length);
        if (hits(faults.loseAnswer)) {
            // Within a session nothing is lost: a gap announces the session's end.
            toBeCut.add(each.link);
        } else {
            send(each.link, data.encodedLength());
        }
        each.offset += length;
    }

    private void refuse(
            final FakeNetwork.FakeLink link,
            final RefusalCode code,
            final int templateId,
            final long correlationId,
            final @Nullable Entry entry) {
        final RefusalEncoder refusal = new RefusalEncoder();
        refusal.wrapAndApplyHeader(out, 0, header)
                .correlationId(correlationId)
                .streamId(STREAM_ID)
                .segmentId(entry == null ? 0 : entry.segment.id)
                .detail(0)
                .writerIdHigh(entry == null ? 0 : entry.high)
                .writerIdLow(entry == null ? 0 : entry.low)
                .code(code)
                .requestTemplateId(templateId)
                .text("as the test wants");
        send(link, refusal.encodedLength());
    }

    private void send(final FakeNetwork.FakeLink link, final int bodyLength) {
        final byte[] frame = new byte[MessageHeaderEncoder.ENCODED_LENGTH + bodyLength];
        ((DirectBuffer) out).getBytes(0, frame);
        link.toClient.add(frame);
    }
}
