package io.millrace.replication;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.ChainChangedEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.transport.Session;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Tells the clients of a replica that its chain is in another epoch: who was set up or bound here sets up again, and so
 * hears of every event whose acknowledgement was lost (P13).
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ChainNews {
    private final BufferClaim claim = new BufferClaim();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ChainChangedEncoder changed = new ChainChangedEncoder();

    /**
     * Tells everybody who is still to be told.
     *
     * @param replica whose epoch was installed, or that is in none for long.
     * @return messages sent.
     */
    int tell(final ChainReplica replica) {
        final List<Session> sessions = replica.formerSessions();
        final Membership membership = replica.membership();
        final boolean isKnown = !membership.isSealed(); // else they are to ask where it goes on
        final byte[] head = (isKnown ? membership.headEndpoint() : "").getBytes(StandardCharsets.US_ASCII);
        final byte[] tail = (isKnown ? membership.tailEndpoint() : "").getBytes(StandardCharsets.US_ASCII);
        final int length = MessageHeaderEncoder.ENCODED_LENGTH
                + ChainChangedEncoder.BLOCK_LENGTH
                + ChainChangedEncoder.headHeaderLength()
                + ChainChangedEncoder.tailHeaderLength()
                + head.length
                + tail.length;
        int sent = 0;
        for (int i = sessions.size() - 1; i >= 0; i--) {
            final Session session = sessions.get(i);
            if (session.isOpen() && session.tryClaim(length, claim) < 0) {
                continue; // again in the next turn
            }
            if (session.isOpen()) {
                changed.wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                        .chainEpoch(replica.chainEpoch())
                        .chain(replica.chain())
                        .putHead(head, 0, head.length)
                        .putTail(tail, 0, tail.length);
                claim.commit();
                sent++;
            }
            sessions.remove(i);
        }
        replica.orders().changeDue = !sessions.isEmpty();
        return sent;
    }
}
