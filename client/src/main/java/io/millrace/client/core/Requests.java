package io.millrace.client.core;

import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamManager;
import io.millrace.client.StreamPosition;
import io.millrace.client.StreamState;
import io.millrace.client.StreamSummary;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.Names;
import io.millrace.codec.wire.ClusterDescriptionDecoder;
import io.millrace.codec.wire.CommandDoneDecoder;
import io.millrace.codec.wire.CommandOutcome;
import io.millrace.codec.wire.CreateScopeEncoder;
import io.millrace.codec.wire.CreateStreamEncoder;
import io.millrace.codec.wire.DeleteScopeEncoder;
import io.millrace.codec.wire.DeleteStreamEncoder;
import io.millrace.codec.wire.DescribeStreamEncoder;
import io.millrace.codec.wire.ListStreamsEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.SealStreamEncoder;
import io.millrace.codec.wire.SetStreamHeaderEncoder;
import io.millrace.codec.wire.StreamDescriptionDecoder;
import io.millrace.codec.wire.StreamListDecoder;
import io.millrace.codec.wire.TruncateStreamEncoder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Metadata requests: sent, sent again under the same id in each new session until answered, and waited for.
 *
 * <p><b>Threading</b>: the methods of {@link StreamManager} any thread; the others whoever holds the conductor's guard.
 */
public final class Requests implements StreamManager {
    private static final int MAX_HEADER_LENGTH = 4096;
    private static final int PAGE_LENGTH = 100;
    private static final int CUT_SEGMENTS_PER_FRAME = 32;
    private static final long RETRY_INTERVAL_NS = 20_000_000L;

    private final ClientConductor conductor;
    private Connection connection;
    private final Long2ObjectHashMap<Request> pending = new Long2ObjectHashMap<>();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();

    /** One request on its way. */
    private static final class Request {
        private final ExpandableArrayBuffer frame = new ExpandableArrayBuffer(512);
        private long requestId;
        private int length;
        private long sentGeneration;
        private long retryAtNs;
        private boolean isDone;
        private boolean isAlready;
        private @Nullable ErrorCode refusal;
        private String refusalText = "";
        private @Nullable StreamInfo info;
        private @Nullable Page page;
        private ClusterRequests.@Nullable Page clusterPage;

        /** Who is told the description when nobody waits for it. */
        private @Nullable Consumer<@Nullable StreamInfo> taker;

        private boolean isDone() {
            return isDone;
        }

        private void succeed() {
            refusal = null;
            isDone = true;
        }
    }

    private record Page(List<StreamSummary> streams, boolean hasMore) {}

    /** Writes a request's frame; called under the guard. */
    @FunctionalInterface
    interface Form {
        /** Encodes behind and with the header; returns the length of the body. */
        int encode(ExpandableArrayBuffer frame, long requestId);
    }

    /**
     * Makes the table.
     *
     * @param conductor owner
     * @param connection to the node that is asked while it is there
     */
    Requests(final ClientConductor conductor, final Connection connection) {
        this.conductor = conductor;
        this.connection = connection;
    }

    @Override
    public boolean createStream(final String stream, final StreamConfiguration configuration) {
        final String[] name = split(stream);
        final byte[] note = checkHeader(stream, configuration.header());
        return !execute("create stream " + stream, (frame, id) -> new CreateStreamEncoder()
                        .wrapAndApplyHeader(frame, 0, header)
                        .requestId(id)
                        .segmentCount(configuration.segmentCount())
                        .createScope((short) 1)
                        .scopeName(name[0])
                        .streamName(name[1])
                        .putHeader(note, 0, note.length)
                        .encodedLength())
                .isAlready;
    }

    @Override
    public boolean createScope(final String scope) {
        checkName(scope);
        return !execute("create scope " + scope, (frame, id) -> new CreateScopeEncoder()
                        .wrapAndApplyHeader(frame, 0, header)
                        .requestId(id)
                        .scopeName(scope)
                        .encodedLength())
                .isAlready;
    }

    @Override
    public boolean deleteScope(final String scope) {
        checkName(scope);
        return !execute("delete scope " + scope, (frame, id) -> new DeleteScopeEncoder()
                        .wrapAndApplyHeader(frame, 0, header)
                        .requestId(id)
                        .scopeName(scope)
                        .encodedLength())
                .isAlready;
    }

    @Override
    public StreamInfo describe(final String stream) {
        final String[] name = split(stream);
        final StreamInfo info = execute("describe stream " + stream, (frame, id) -> new DescribeStreamEncoder()
                        .wrapAndApplyHeader(frame, 0, header)
                        .requestId(id)
                        .scopeName(name[0])
                        .streamName(name[1])
                        .encodedLength())
                .info;
        if (info == null) {
            throw new MillraceException(ErrorCode.MALFORMED, "the node did not answer with a description of " + stream);
        }
        return info;
    }

    @Override
    public Iterator<StreamSummary> list(final String scope) {
        if (!scope.isEmpty()) {
            checkName(scope);
        }
        return new StreamIterator(scope);
    }

    @Override
    public boolean seal(final String stream) {
        final String[] name = split(stream);
        return !execute("seal stream " + stream, (frame, id) -> new SealStreamEncoder()
                        .wrapAndApplyHeader(frame, 0, header)
                        .requestId(id)
                        .scopeName(name[0])
                        .streamName(name[1])
                        .encodedLength())
                .isAlready;
    }

    @Override
    public boolean delete(final String stream) {
        final String[] name = split(stream);
        return !execute("delete stream " + stream, (frame, id) -> new DeleteStreamEncoder()
                        .wrapAndApplyHeader(frame, 0, header)
                        .requestId(id)
                        .scopeName(name[0])
                        .streamName(name[1])
                        .encodedLength())
                .isAlready;
    }

    @Override
    public boolean truncate(final String stream, final StreamPosition position) {
        final String[] name = split(stream);
        if (position.isHead()) {
            return false;
        }
        final StreamPosition place = position.isTail() ? tail(describe(stream)) : position;
        final long[] segmentIds = place.segmentIds();
        boolean truncated = false;
        for (int from = 0; from < segmentIds.length; from += CUT_SEGMENTS_PER_FRAME) {
            final int first = from;
            final int count = Math.min(CUT_SEGMENTS_PER_FRAME, segmentIds.length - from);
            truncated |= !execute("truncate stream " + stream + " at " + place, (frame, id) -> {
                        final TruncateStreamEncoder request = new TruncateStreamEncoder();
                        final TruncateStreamEncoder.CutEncoder cut = request.wrapAndApplyHeader(frame, 0, header)
                                .requestId(id)
                                .streamId(place.streamId())
                                .cutCount(count);
                        for (int i = first; i < first + count; i++) {
                            cut.next().segmentId(segmentIds[i]).startOffset(place.offsetOf(segmentIds[i]));
                        }
                        return request.scopeName(name[0]).streamName(name[1]).encodedLength();
                    })
                    .isAlready;
        }
        return truncated;
    }

    @Override
    public void setHeader(final String stream, final byte[] note) {
        final String[] name = split(stream);
        checkHeader(stream, note);
        execute("set the header of stream " + stream, (frame, id) -> new SetStreamHeaderEncoder()
                .wrapAndApplyHeader(frame, 0, header)
                .requestId(id)
                .scopeName(name[0])
                .streamName(name[1])
                .putHeader(note, 0, note.length)
                .encodedLength());
    }

    /**
     * Sends what has not been sent in this session.
     *
     * @param nowNs the duty cycle's time
     * @return work count
     */
    int doWork(final long nowNs) {
        if (connection.isLostFor(nowNs, Places.LOST_NS)) {
            askAnother();
        }
        if (pending.isEmpty() || !connection.isOpen()) {
            return 0;
        }
        int work = 0;
        for (final Request request : pending.values()) {
            if (request.sentGeneration != connection.generation()
                    && nowNs - request.retryAtNs >= 0
                    && connection.link().offer(request.frame, 0, request.length) > 0) {
                request.sentGeneration = connection.generation();
                work++;
            }
        }
        return work;
    }

    /** Any node answers; a request that the lost one may have executed keeps its id, by which it is executed once. */
    private void askAnother() {
        final Connection other = conductor.anotherConnection();
        if (other != null && other != connection) {
            askAt(other);
        }
    }

    private void askAt(final Connection other) {
        connection = other;
        for (final Request request : pending.values()) {
            request.sentGeneration = 0;
        }
    }

    /**
     * Returns the connection to the node that is asked: the one that the client was given, or another one since that
     * has been silent for long.
     *
     * @return one of the conductor's
     */
    Connection asked() {
        return connection;
    }

    /**
     * Takes an answer.
     *
     * @param done of a command
     */
    void onCommandDone(final CommandDoneDecoder done) {
        final Request request = pending.get(done.requestId());
        if (request != null) {
            request.isAlready = done.outcome() == CommandOutcome.ALREADY;
            request.succeed();
        }
    }

    /**
     * Takes an answer.
     *
     * @param description of a stream
     * @param endpoint of the node that answered
     */
    void onStreamDescription(final StreamDescriptionDecoder description, final String endpoint) {
        final Request request = pending.get(description.requestId());
        if (request == null) {
            return;
        }
        final long streamId = description.streamId();
        final long createdNs = description.createdNs();
        final int epoch = description.epoch();
        final StreamState state = state(description.state());
        final List<SegmentInfo> segments = segments(description, endpoint);
        final String name = description.scopeName() + "/" + description.streamName();
        final byte[] note = new byte[description.headerLength()];
        description.getHeader(note, 0, note.length);
        final StreamInfo info = new StreamInfo(name, streamId, state, epoch, createdNs, segments, note);
        request.info = info;
        request.succeed();
        final Consumer<@Nullable StreamInfo> taker = request.taker;
        if (taker != null) {
            pending.remove(request.requestId);
            taker.accept(info);
        }
    }

    /**
     * Describes a stream without waiting.
     *
     * @param stream scope/stream
     * @param taker told the description, under the guard; told null when the node refuses
     * @return id of the request, for {@link #forget}
     */
    long describeLater(final String stream, final Consumer<@Nullable StreamInfo> taker) {
        final String[] name = split(stream);
        final Request request = new Request();
        request.taker = taker;
        request.requestId = conductor.nextCorrelationId();
        request.length = MessageHeaderEncoder.ENCODED_LENGTH
                + new DescribeStreamEncoder()
                        .wrapAndApplyHeader(request.frame, 0, header)
                        .requestId(request.requestId)
                        .scopeName(name[0])
                        .streamName(name[1])
                        .encodedLength();
        request.retryAtNs = conductor.nowNs();
        pending.put(request.requestId, request);
        return request.requestId;
    }

    /**
     * Waits for an answer no longer.
     *
     * @param requestId of a request
     */
    void forget(final long requestId) {
        pending.remove(requestId);
    }

    private static List<SegmentInfo> segments(final StreamDescriptionDecoder description, final String endpoint) {
        final List<SegmentInfo> segments = new ArrayList<>();
        for (final StreamDescriptionDecoder.SegmentsDecoder segment : description.segments()) {
            segments.add(new SegmentInfo(
                    segment.segmentId(),
                    segment.keyLow(),
                    segment.keyHigh(),
                    segment.startOffset(),
                    segment.length(),
                    segment.chain(),
                    0,
                    segment.segmentSealed() != 0,
                    endpoint,
                    endpoint));
        }
        for (final StreamDescriptionDecoder.ChainsDecoder chain : description.chains()) {
            final int number = chain.chain();
            final long chainEpoch = chain.chainEpoch();
            final String head = Places.resolve(chain.head(), endpoint);
            final String tail = Places.resolve(chain.tail(), endpoint);
            segments.replaceAll(
                    segment -> segment.chain() == number ? segment.servedAt(chainEpoch, head, tail) : segment);
        }
        segments.sort(Comparator.comparing(SegmentInfo::keyLow, Long::compareUnsigned));
        return segments;
    }

    /**
     * Takes an answer.
     *
     * @param list one page
     */
    void onStreamList(final StreamListDecoder list) {
        final Request request = pending.get(list.requestId());
        if (request == null) {
            return;
        }
        final boolean hasMore = list.more() != 0;
        final List<StreamSummary> streams = new ArrayList<>();
        for (final StreamListDecoder.StreamsDecoder stream : list.streams()) {
            final long streamId = stream.streamId();
            final int segmentCount = stream.segmentCount();
            final StreamState state = state(stream.state());
            final String scope = stream.scopeName();
            streams.add(new StreamSummary(scope + "/" + stream.streamName(), streamId, state, segmentCount));
        }
        request.page = new Page(streams, hasMore && !streams.isEmpty());
        request.succeed();
    }

    /**
     * Takes a refusal.
     *
     * @param from who refuses
     * @param code why
     * @param requestId of the request
     * @param text in words
     * @param nowNs the duty cycle's time
     */
    void onRefused(
            final Connection from, final ErrorCode code, final long requestId, final String text, final long nowNs) {
        final Request request = pending.get(requestId);
        if (request == null) {
            return;
        }
        request.refusal = code;
        request.refusalText = text;
        if (code == ErrorCode.NOT_READY || code == ErrorCode.THROTTLED || code == ErrorCode.SESSION_UNKNOWN) {
            // Refused without effect: ask again, until the caller's time is up.
            request.sentGeneration = 0;
            request.retryAtNs = nowNs + RETRY_INTERVAL_NS;
        } else if (code == ErrorCode.WRONG_NODE && from != conductor.bootstrap()) {
            // Asked because the one that the client was given was silent: it answers no such thing, ask that one again.
            if (from == connection) {
                askAt(conductor.bootstrap());
            }
        } else {
            request.isDone = true;
            final Consumer<@Nullable StreamInfo> taker = request.taker;
            if (taker != null) {
                pending.remove(requestId);
                taker.accept(null);
            }
        }
    }

    /**
     * Takes an answer.
     *
     * @param description one page of a cluster
     */
    void onClusterDescription(final ClusterDescriptionDecoder description) {
        final Request request = pending.get(description.requestId());
        if (request != null) {
            request.clusterPage = ClusterRequests.read(description);
            request.succeed();
        }
    }

    /**
     * Executes an order and waits for its answer.
     *
     * @param what it is, for messages
     * @param form writes it
     * @return true when it had been carried out before
     */
    boolean command(final String what, final Form form) {
        return execute(what, form).isAlready;
    }

    /**
     * Asks for a page of the cluster's description and waits for it.
     *
     * @param what it is, for messages
     * @param form writes the request
     * @return the page
     */
    ClusterRequests.Page clusterPage(final String what, final Form form) {
        final ClusterRequests.Page page = execute(what, form).clusterPage;
        if (page == null) {
            throw new MillraceException(ErrorCode.MALFORMED, "the node did not answer with a description");
        }
        return page;
    }

    private Request execute(final String what, final Form form) {
        final Request request = new Request();
        conductor.guard().lock();
        try {
            conductor.checkUsable();
            request.requestId = conductor.nextCorrelationId();
            request.length = MessageHeaderEncoder.ENCODED_LENGTH + form.encode(request.frame, request.requestId);
            request.retryAtNs = conductor.nowNs();
            pending.put(request.requestId, request);
        } finally {
            conductor.guard().unlock();
        }
        final long timeoutNs = conductor.context().requestTimeoutNs();
        try {
            if (conductor.await(request::isDone, timeoutNs) && request.refusal == null) {
                return request;
            }
        } finally {
            conductor.guard().lock();
            try {
                pending.remove(request.requestId);
            } finally {
                conductor.guard().unlock();
            }
        }
        final ErrorCode refusal = request.refusal;
        if (refusal != null) {
            throw new MillraceException(
                    refusal, "cannot " + what + ": " + ClientConductor.why(refusal, request.refusalText));
        }
        throw request.sentGeneration > 0 && connection.isOpen()
                ? new MillraceException(
                        ErrorCode.TIMED_OUT, "no answer to: " + what + ", within " + timeoutNs / 1_000_000 + " ms")
                : new MillraceException(
                        ErrorCode.UNREACHABLE,
                        "cannot " + what + ": no session with "
                                + conductor.context().endpoint() + " within "
                                + timeoutNs / 1_000_000 + " ms"
                                + ClientConductor.why(connection.link().lastFailure()));
    }

    private static StreamPosition tail(final StreamInfo info) {
        return StreamPosition.of(
                info.streamId(),
                info.segments().stream().mapToLong(SegmentInfo::segmentId).toArray(),
                info.segments().stream().mapToLong(SegmentInfo::length).toArray());
    }

    private static String[] split(final String stream) {
        final int slash = Names.slashIndex(stream);
        if (slash < 0) {
            throw new MillraceException(
                    ErrorCode.BAD_NAME, "not a stream's name, scope/stream of [A-Za-z0-9._-]: " + stream);
        }
        return new String[] {stream.substring(0, slash), stream.substring(slash + 1)};
    }

    private static void checkName(final String scope) {
        if (!Names.isValid(scope)) {
            throw new MillraceException(ErrorCode.BAD_NAME, "not a scope's name, [A-Za-z0-9._-]: " + scope);
        }
    }

    private static byte[] checkHeader(final String stream, final byte[] note) {
        if (note.length > MAX_HEADER_LENGTH) {
            throw new MillraceException(
                    ErrorCode.BAD_INPUT,
                    "the header of " + stream + " has " + note.length + " bytes, the limit is " + MAX_HEADER_LENGTH);
        }
        return note;
    }

    private static StreamState state(final io.millrace.codec.wire.StreamState state) {
        return switch (state) {
            case CREATING -> StreamState.CREATING;
            case ACTIVE -> StreamState.ACTIVE;
            case SEALING -> StreamState.SEALING;
            case SEALED -> StreamState.SEALED;
            case DELETING, NULL_VAL -> StreamState.DELETING;
        };
    }

    /** Fetches pages as they are needed. */
    private final class StreamIterator implements Iterator<StreamSummary> {
        private final String scope;
        private List<StreamSummary> page = List.of();
        private int index;
        private String after = "";
        private boolean hasMore = true;

        private StreamIterator(final String scope) {
            this.scope = scope;
        }

        @Override
        public boolean hasNext() {
            while (index == page.size() && hasMore) {
                final Page next = execute("list streams", (frame, id) -> new ListStreamsEncoder()
                                .wrapAndApplyHeader(frame, 0, header)
                                .requestId(id)
                                .maxStreams(PAGE_LENGTH)
                                .scopeName(scope)
                                .after(after)
                                .encodedLength())
                        .page;
                if (next == null) {
                    throw new MillraceException(ErrorCode.MALFORMED, "the node did not answer with a list");
                }
                page = next.streams();
                hasMore = next.hasMore();
                index = 0;
                if (!page.isEmpty()) {
                    after = page.get(page.size() - 1).name();
                }
            }
            return index < page.size();
        }

        @Override
        public StreamSummary next() {
            if (!hasNext()) {
                throw new NoSuchElementException("no more streams");
            }
            return page.get(index++);
        }
    }
}
