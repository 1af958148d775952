package io.millrace.replication;

import io.millrace.codec.chain.DigestDecoder;
import io.millrace.codec.chain.DigestEncoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Compares neighbours: a member says the hash of its log at what it has applied, which covers every record up to there;
 * the one behind it looks up its own. Two that differ have committed different things: the one that finds out halts,
 * and is reported.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated.
 */
final class Digests {
    /** Between two digests of a chain. */
    static final long INTERVAL_NS = TimeUnit.SECONDS.toNanos(1);

    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;

    private final RecordSource source;
    private final ChainCounters counters;
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[128]);
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final DigestEncoder encoder = new DigestEncoder();
    private final DigestDecoder digest = new DigestDecoder();

    /** Serves all chains of a device. */
    Digests(final RecordSource source, final ChainCounters counters) {
        this.source = source;
        this.counters = counters;
    }

    /** Says where this member stands, when it is due. */
    int doWork(final ChainReplica replica, final long nowNs) {
        final Membership membership = replica.membership();
        final PeerLink successor = membership.successor();
        if (successor == null || !membership.isActive() || nowNs - replica.flow().nextDigestNs < 0) {
            return 0;
        }
        replica.flow().nextDigestNs = nowNs + INTERVAL_NS;
        if (replica.appliedPosition() == 0) {
            return 0;
        }
        encoder.wrapAndApplyHeader(scratch, 0, headerEncoder)
                .chainEpoch(replica.chainEpoch())
                .position(replica.appliedPosition())
                .hash(replica.state().lastHash())
                .stateHash(0)
                .chain(replica.chain())
                .member(membership.index());
        return successor.offer(scratch, 0, HEADER + DigestEncoder.BLOCK_LENGTH) > 0 ? 1 : 0;
    }

    /** Compares what the predecessor has with what is here. */
    void onDigest(final ChainReplica replica, final DirectBuffer buffer, final int offset) {
        digest.wrapAndApplyHeader(buffer, offset, headerDecoder);
        final Membership membership = replica.membership();
        if (digest.chainEpoch() != membership.epoch()
                || !membership.isActive()
                || digest.member() != membership.index() - 1) {
            counters.otherEpochCount++;
            return;
        }
        final long position = digest.position();
        final long own;
        if (position == replica.appliedPosition()) {
            own = replica.state().lastHash();
        } else if (position > 0
                && position <= replica.sequencedPosition()
                && source.find(replica, position) == RecordSource.READY) {
            own = ChainReplica.recordHash(source.buffer(), source.index());
        } else {
            return; // not here yet, or not at hand: the next one will do
        }
        counters.digestCount++;
        if (own != digest.hash()) {
            counters.divergenceCount++;
            replica.halt("the predecessor's log is another one at position " + position);
        }
    }
}
