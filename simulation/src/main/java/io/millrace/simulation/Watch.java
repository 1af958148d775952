package io.millrace.simulation;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.chain.CommitDecoder;
import io.millrace.codec.chain.DurablePrefixDecoder;
import io.millrace.codec.chain.InstallDecoder;
import io.millrace.codec.chain.SealedDecoder;
import io.millrace.codec.wire.AppendAckDecoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.ReadCreditDecoder;
import io.millrace.codec.wire.ReadDataDecoder;
import io.millrace.codec.wire.ReadStartedDecoder;
import io.millrace.codec.wire.ReadSubscribeDecoder;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.codec.wire.WriterReadyDecoder;
import io.millrace.replication.ChainView;
import io.millrace.store.ChainState;
import io.millrace.store.WriterTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The checkers that watch while the world runs, from outside: what nodes say on their wires, and what they hold
 * committed, against what lies on the disks.
 *
 * <p><b>Threading</b>: the simulation's thread.
 *
 * <p><b>Invariants</b> checked here: I1, I2, I3, I4, I5, I6, I7, I8, I9, I10, I19, I21 and P2 (as far as a reply shows
 * it).
 */
final class Watch {
    private final World world;
    private final Truth[] truths;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final Map<SubscriptionKey, Truth.SegmentKey> subscriptions = new HashMap<>();
    private final Map<Truth.SegmentKey, Integer> chainsOfSegments = new HashMap<>();
    private final Map<Integer, long[]> seenCommits = new HashMap<>();
    private final Map<EpochKey, Configuration> configurations = new HashMap<>();
    private final Map<EpochKey, Long> sealedEpochs = new HashMap<>();
    private long reconfigurationCount;
    private long acknowledgementCount;

    /** A chain and an epoch, or a chain and a node. */
    private record EpochKey(int chain, long number) {}

    /** What an epoch is, and who is in it. */
    private record Configuration(String content, List<Member> members) {}

    /** A place and the number of the device in it. */
    record Member(int place, long device) {}

    private record SubscriptionKey(SimSession session, long id) {}

    /** Watches a world with so many data chains. */
    Watch(final World world, final int chainCount) {
        this.world = world;
        truths = new Truth[chainCount + 1];
        for (int i = 0; i <= chainCount; i++) {
            truths[i] = new Truth(i);
        }
    }

    /** Returns what a chain has committed. */
    Truth truth(final int chain) {
        return truths[chain];
    }

    /** Returns the chains, chain 0 included. */
    int chainCount() {
        return truths.length;
    }

    /** Returns the acknowledgements sent. */
    long acknowledgementCount() {
        return acknowledgementCount;
    }

    /** Finds the committed bytes of a segment. */
    Truth.@Nullable SegmentBytes segment(final long streamId, final long segmentId) {
        for (final Truth truth : truths) {
            final Truth.SegmentBytes bytes = truth.segment(streamId, segmentId);
            if (bytes != null) {
                return bytes;
            }
        }
        return null;
    }

    /** A node that starts may know less of the commit than before, never anything else. */
    void onStarted(final SimNode node) {
        seenCommits.put(node.place(), new long[truths.length]);
        observe(node);
        for (int chain = 0; chain < truths.length; chain++) {
            final ChainState state = node.state(chain);
            if (state == null) {
                continue;
            }
            final ChainView view = node.view(chain);
            final long snapshot = chain == 0 || view == null ? 0 : view.basePosition(); // may be all that there is
            final long held = Math.max(snapshot, node.disk().chain(chain).lastPosition());
            if (!node.disk().isExempt() && node.lastPosition(chain) != held) {
                throw new Violation(
                        "I10",
                        "node " + node.place() + " recovered chain " + chain + " up to " + node.lastPosition(chain)
                                + ", but its device holds it up to " + held);
            }
            final Truth truth = truths[chain];
            if (state.lastPosition() < truth.lastPosition() && world.mustRecoverAll()) {
                throw new Violation(
                        "I10",
                        "node " + node.place() + " recovered chain " + chain + " up to " + state.lastPosition()
                                + ", but " + truth.lastPosition() + " was committed");
            }
        }
    }

    /** Looks at what a node has committed. */
    void observe(final SimNode node) {
        final long[] seen = seenCommits.computeIfAbsent(node.place(), place -> new long[truths.length]);
        for (int chain = 0; chain < truths.length; chain++) {
            final long commit = node.commitPosition(chain);
            if (commit > truths[chain].lastPosition()) {
                onNewCommit(node, chain, commit);
            }
            final ChainState state = node.state(chain);
            if (state != null && state.lastPosition() > seen[chain]) {
                seen[chain] = state.lastPosition();
                onApplied(node, truths[chain], state);
            }
        }
    }

    private void onNewCommit(final SimNode node, final int chain, final long commit) {
        final Truth truth = truths[chain];
        final DiskWatch.ChainLog log = node.disk().chain(chain);
        final List<DiskWatch> members = world.membersOf(node, chain);
        for (long next = truth.lastPosition() + 1; next <= commit; next++) {
            LogRecord record = log.at(next);
            for (final DiskWatch member : node.disk().isExempt() ? members : List.<DiskWatch>of()) {
                record = record == null ? member.chain(chain).at(next) : record;
            }
            if (record == null) {
                throw new Violation(
                        "I1",
                        "node " + node.place() + " commits " + chain + ":" + next + ", but its device holds only "
                                + log.lastPosition());
            }
            for (final DiskWatch member : members) {
                final LogRecord held = member.chain(chain).at(next);
                if (!member.isExempt()
                        && member.chain(chain).knows(next)
                        && (held == null || held.hash != record.hash)) {
                    throw new Violation(
                            "I1",
                            "node " + node.place() + " commits " + record + ", but " + member + " holds " + held
                                    + ", last " + member.chain(chain).lastPosition());
                }
            }
            truth.add(record);
            world.trace().add(record.hash);
        }
    }

    private static void onApplied(final SimNode node, final Truth truth, final ChainState state) {
        final long position = state.lastPosition();
        if (position > truth.lastPosition() || truth.at(position).hash != state.lastHash()) {
            throw new Violation(
                    "I2",
                    "node " + node.place() + " has applied another record at " + state.chain() + ":" + position
                            + " than was committed, of " + truth.lastPosition());
        }
    }

    /** Checks what the control plane orders of a replica (I4, I6). */
    void onOrder(final byte[] frame) {
        final UnsafeBuffer buffer = new UnsafeBuffer(frame);
        if (ChainFrames.check(buffer, 0, frame.length) != InstallDecoder.TEMPLATE_ID) {
            return;
        }
        final InstallDecoder install =
                new InstallDecoder().wrapAndApplyHeader(buffer, 0, new io.millrace.codec.chain.MessageHeaderDecoder());
        final int chain = install.chain();
        final long epoch = install.chainEpoch();
        final long start = install.startPosition();
        final List<Member> members = new ArrayList<>();
        final StringBuilder content = new StringBuilder()
                .append("start ")
                .append(start)
                .append(" floor ")
                .append(install.floorPosition());
        for (final InstallDecoder.MembersDecoder member : install.members()) {
            members.add(new Member((int) member.nodeIdHigh(), member.deviceUuidLow()));
            content.append(" node ")
                    .append(member.nodeIdHigh())
                    .append('/')
                    .append(member.deviceUuidLow())
                    .append('/')
                    .append(member.incarnation());
            member.skipEndpoint();
        }
        final Configuration made = new Configuration(content.toString(), members);
        final Configuration known = configurations.putIfAbsent(new EpochKey(chain, epoch), made);
        if (known == null) {
            reconfigurationCount++;
            world.note(() -> "chain " + chain + ": epoch " + epoch + " " + made.content);
            if (start <= truths[chain].lastPosition()) {
                throw new Violation(
                        "I6",
                        "chain " + chain + ": epoch " + epoch + " begins at " + start + ", but "
                                + truths[chain].lastPosition() + " is committed");
            }
        } else if (!known.content.equals(made.content)) {
            throw new Violation(
                    "I4", "chain " + chain + ": epoch " + epoch + " is " + known.content + " and " + made.content);
        }
    }

    /** Finds the devices that are members of a chain in an epoch; nothing when nobody was told of it. */
    List<Member> membersOf(final int chain, final long epoch) {
        final Configuration known = configurations.get(new EpochKey(chain, epoch));
        return known == null ? List.of() : known.members;
    }

    /** Returns the epochs installed. */
    long reconfigurationCount() {
        return reconfigurationCount;
    }

    /** Takes note of what a node reports to the control plane. */
    void onReport(final SimNode node, final byte[] frame) {
        final UnsafeBuffer buffer = new UnsafeBuffer(frame);
        if (ChainFrames.check(buffer, 0, frame.length) == SealedDecoder.TEMPLATE_ID) {
            final SealedDecoder sealed = new SealedDecoder()
                    .wrapAndApplyHeader(buffer, 0, new io.millrace.codec.chain.MessageHeaderDecoder());
            final int chain = sealed.chain();
            final long epoch = sealed.chainEpoch();
            final long last = sealed.lastPosition();
            sealedEpochs.merge(new EpochKey(chain, node.place()), epoch, Math::max);
            world.note(() -> "node " + node.place() + ": sealed chain " + chain + " for epoch " + epoch + ", last "
                    + last + " commit " + sealed.commitPosition() + (sealed.amnesia() > 0 ? " AMNESIA" : "")
                    + (sealed.uncertainTail() > 0 ? " uncertain" : "") + (sealed.damaged() > 0 ? " damaged" : ""));
        }
    }

    /** Checks what a node says to another: nothing of an epoch lower than one it has sealed (I5). */
    void onPeerFrame(final SimNode node, final int to, final byte[] frame) {
        final UnsafeBuffer buffer = new UnsafeBuffer(frame);
        final int templateId = ChainFrames.check(buffer, 0, frame.length);
        if (templateId < 0) {
            throw new Violation("wire", "node " + node.place() + " sends a malformed frame: " + templateId);
        }
        if (templateId == DurablePrefixDecoder.TEMPLATE_ID) {
            final DurablePrefixDecoder prefix = new DurablePrefixDecoder()
                    .wrapAndApplyHeader(buffer, 0, new io.millrace.codec.chain.MessageHeaderDecoder());
            requireNotSealed(node, prefix.chain(), prefix.chainEpoch(), "DurablePrefix");
        } else if (templateId == CommitDecoder.TEMPLATE_ID) {
            final CommitDecoder commit = new CommitDecoder()
                    .wrapAndApplyHeader(buffer, 0, new io.millrace.codec.chain.MessageHeaderDecoder());
            requireNotSealed(node, commit.chain(), commit.chainEpoch(), "Commit");
        }
    }

    private void requireNotSealed(final SimNode node, final int chain, final long epoch, final String what) {
        final long sealed = sealedEpochs.getOrDefault(new EpochKey(chain, node.place()), 0L);
        if (epoch < sealed) {
            throw new Violation(
                    "I5",
                    "node " + node.place() + " says " + what + " of epoch " + epoch + " of chain " + chain
                            + " after it has sealed it for " + sealed);
        }
    }

    /** Takes note of what a client asks for. */
    void onClientFrame(final SimSession session, final int templateId, final DirectBuffer frame) {
        if (templateId == ReadCreditDecoder.TEMPLATE_ID) {
            final ReadCreditDecoder credit = new ReadCreditDecoder().wrapAndApplyHeader(frame, 0, header);
            final String text = credit.subscriptionId() + " to " + credit.creditOffset();
            world.note(() -> "client " + session.link().place() + ": credit " + text);
        }
        if (templateId == ReadSubscribeDecoder.TEMPLATE_ID) {
            final ReadSubscribeDecoder subscribe = new ReadSubscribeDecoder().wrapAndApplyHeader(frame, 0, header);
            final Truth.SegmentKey key = new Truth.SegmentKey(subscribe.streamId(), subscribe.segmentId());
            final long id = subscribe.subscriptionId();
            final String where = key + " at " + subscribe.startAt() + " " + subscribe.startOffset() + " credit "
                    + subscribe.creditBytes();
            world.note(() -> "client " + session.link().place() + ": subscribes " + id + " to " + where);
            subscriptions.put(new SubscriptionKey(session, subscribe.subscriptionId()), key);
            chainsOfSegments.put(key, subscribe.chain());
        }
    }

    /** Checks what a node says to a client. */
    void onNodeFrame(final SimNode node, final SimSession session, final byte[] bytes) {
        final UnsafeBuffer frame = new UnsafeBuffer(bytes);
        header.wrap(frame, 0);
        switch (header.templateId()) {
            case AppendAckDecoder.TEMPLATE_ID ->
                onAck(node, new AppendAckDecoder().wrapAndApplyHeader(frame, 0, header));
            case WriterReadyDecoder.TEMPLATE_ID ->
                onReady(node, new WriterReadyDecoder().wrapAndApplyHeader(frame, 0, header));
            case ReadStartedDecoder.TEMPLATE_ID ->
                onReadStarted(node, session, new ReadStartedDecoder().wrapAndApplyHeader(frame, 0, header));
            case ReadDataDecoder.TEMPLATE_ID ->
                onReadData(node, session, new ReadDataDecoder().wrapAndApplyHeader(frame, 0, header));
            case RefusalDecoder.TEMPLATE_ID -> {
                final RefusalDecoder refusal = new RefusalDecoder().wrapAndApplyHeader(frame, 0, header);
                final String text = refusal.code() + " " + refusal.correlationId() + " " + refusal.text();
                world.note(() -> "node " + node.place() + ": refuses client "
                        + session.link().place() + ": " + text);
            }
            default -> {
                // nothing that depends on state
            }
        }
    }

    private void onAck(final SimNode node, final AppendAckDecoder ack) {
        final Truth.WriterKey writer =
                new Truth.WriterKey(ack.writerIdHigh(), ack.writerIdLow(), ack.streamId(), ack.segmentId());
        final long committed = truths[ack.chain()].lastNumber(writer);
        if (ack.durability() == Durability.MEDIA && ack.lastEventNumber() > committed) {
            throw new Violation(
                    "I1",
                    "node " + node.place() + " acknowledges event " + ack.lastEventNumber() + " of " + writer
                            + ", but only " + committed + " is committed");
        }
        acknowledgementCount++;
        world.trace().add(ack.lastEventNumber());
    }

    private void onReady(final SimNode node, final WriterReadyDecoder ready) {
        final Truth.WriterKey writer =
                new Truth.WriterKey(ready.writerIdHigh(), ready.writerIdLow(), ready.streamId(), ready.segmentId());
        final long committed = truths[ready.chain()].lastNumber(writer);
        if (ready.lastEventNumber() > committed) {
            throw new Violation(
                    "P2",
                    "node " + node.place() + " tells " + writer + " that its last event is " + ready.lastEventNumber()
                            + ", but only " + committed + " is committed");
        }
    }

    private void onReadStarted(final SimNode node, final SimSession session, final ReadStartedDecoder started) {
        final Truth.SegmentKey key = subscriptions.get(new SubscriptionKey(session, started.subscriptionId()));
        final int length = key == null ? 0 : lengthOf(key);
        final long id = started.subscriptionId();
        world.note(() -> "node " + node.place() + ": begins " + id + " of client "
                + session.link().place() + " at " + started.segmentOffset());
        if (key != null && started.committedLength() > length) {
            throw new Violation(
                    "I19",
                    "node " + node.place() + " says that " + key + " is " + started.committedLength()
                            + " bytes long, but " + length + " are committed");
        }
    }

    private int lengthOf(final Truth.SegmentKey key) {
        final Truth.SegmentBytes bytes = segment(key.streamId(), key.segmentId());
        return bytes == null ? 0 : bytes.length();
    }

    private void onReadData(final SimNode node, final SimSession session, final ReadDataDecoder data) {
        final Truth.SegmentKey key = subscriptions.get(new SubscriptionKey(session, data.subscriptionId()));
        if (key == null) {
            throw new Violation("wire", "node " + node.place() + " sends data nobody asked for");
        }
        final Truth.SegmentBytes bytes = segment(key.streamId(), key.segmentId());
        final long offset = data.segmentOffset();
        final int length = data.bytesLength();
        final int committed = bytes == null ? 0 : bytes.length();
        if (bytes == null || offset + length > committed) {
            throw new Violation(
                    "I19",
                    "node " + node.place() + " shows " + key + " up to " + (offset + length) + ", but " + committed
                            + " bytes are committed");
        }
        final long id = data.subscriptionId();
        world.note(() -> "node " + node.place() + ": data " + id + " at " + offset + " +" + length);
        final int from = data.limit() + ReadDataDecoder.bytesHeaderLength();
        for (int i = 0; i < length; i++) {
            if (data.buffer().getByte(from + i) != bytes.buffer().getByte((int) offset + i)) {
                throw new Violation(
                        "I2", "node " + node.place() + " shows other bytes of " + key + " at " + (offset + i));
            }
        }
    }

    /** Compares neighbours of one epoch: what a successor has taken, its predecessor has or has under way (I7). */
    void compareNeighbours() {
        for (int chain = 1; chain < truths.length; chain++) {
            for (final SimNode node : world.nodes()) {
                final ChainView view = node.view(chain);
                if (view != null && !view.haltReason().isEmpty()) {
                    throw new Violation("I7", "node " + node.place() + " has stopped: " + view.haltReason());
                }
                if (view != null && view.chainEpoch() > 0 && !view.isSealed() && view.index() > 0) {
                    final List<Member> members = membersOf(chain, view.chainEpoch());
                    if (view.index() < members.size()) {
                        compareWithPredecessor(node, view, members.get(view.index() - 1));
                    }
                }
            }
        }
    }

    private void compareWithPredecessor(final SimNode node, final ChainView view, final Member member) {
        final SimNode before = world.nodeOf(member.place());
        final ChainView other = before.view(view.chain());
        if (other == null
                || other.chainEpoch() != view.chainEpoch()
                || other.isSealed()
                || before.medium().uuid().getLeastSignificantBits() != member.device()) {
            return;
        }
        final LogRecord held = before.disk().chain(view.chain()).at(view.lastPosition());
        final boolean isOther = held != null && !before.disk().isExempt() && held.hash != view.lastHash();
        if (view.lastPosition() > other.lastPosition() || isOther) {
            throw new Violation(
                    "I7",
                    "node " + node.place() + " has " + view + ", but its predecessor " + before.place() + " has "
                            + other + " and holds " + held);
        }
    }

    /** Compares a node's state with the fold of the committed log, and with other replicas' (I9). */
    void compareStates(final SimNode node) {
        for (int chain = 0; chain < truths.length; chain++) {
            final ChainState state = node.state(chain);
            if (state == null || state.lastPosition() == 0) {
                continue;
            }
            final Truth truth = truths[chain];
            final String who = "node " + node.place();
            truth.onStateHash(who, state.lastPosition(), state.stateHash());
            if (state.lastPosition() == truth.lastPosition()) {
                compareWriters(who, state, truth);
            }
        }
    }

    private static void compareWriters(final String who, final ChainState state, final Truth truth) {
        final WriterTable writers = state.writers();
        truth.lastNumbers().forEach((writer, number) -> {
            final int slot = writers.find(writer.idHigh(), writer.idLow(), writer.streamId(), writer.segmentId());
            final long held = slot < 0 ? -1 : writers.lastEventNumber(slot);
            if (held != number) {
                throw new Violation(
                        "I9", who + " holds " + held + " as last event of " + writer + ", the log says " + number);
            }
        });
    }
}
