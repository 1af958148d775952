package io.millrace.peers.archive;

import io.aeron.FragmentAssembler;
import io.aeron.Subscription;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import io.millrace.perf.system.CatchUpReader;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.AgentInvoker;

/**
 * A bounded replay of all that is recorded.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class ArchiveCatchUpReader implements CatchUpReader, FragmentHandler {
    private static final int FRAGMENTS = 1024;

    private final Subscription replay;
    private final AgentInvoker conductor;
    private final FragmentHandler handler = new FragmentAssembler(this);
    private long count;
    private long lastIndex = -1;

    /**
     * Makes it.
     *
     * @param replay from the first event.
     * @param conductor Aeron's client.
     */
    ArchiveCatchUpReader(final Subscription replay, final AgentInvoker conductor) {
        this.replay = replay;
        this.conductor = conductor;
    }

    @Override
    public long poll() {
        count = 0;
        if (replay.poll(handler, FRAGMENTS) == 0) {
            conductor.invoke();
        }
        return count;
    }

    @Override
    public void onFragment(final DirectBuffer buffer, final int offset, final int length, final Header header) {
        lastIndex = Math.max(lastIndex, buffer.getLong(offset, ByteOrder.LITTLE_ENDIAN));
        count++;
    }

    @Override
    public void close() {
        replay.close();
    }
}
