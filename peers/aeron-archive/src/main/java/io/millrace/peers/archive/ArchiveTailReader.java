package io.millrace.peers.archive;

import io.aeron.FragmentAssembler;
import io.aeron.Subscription;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import io.millrace.perf.system.TailReader;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A replay that follows the live recording: it passes what the archive has recorded, so with file sync level 1 what is
 * on the device.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class ArchiveTailReader implements TailReader, FragmentHandler {
    private static final int FRAGMENTS = 256;

    private final Subscription replay;
    private final NanoClock clock;
    private final FragmentHandler handler = new FragmentAssembler(this);
    private @Nullable Listener listener;
    private boolean wasConnected;

    /**
     * Makes it.
     *
     * @param replay connected.
     * @param clock of the times.
     */
    ArchiveTailReader(final Subscription replay, final NanoClock clock) {
        this.replay = replay;
        this.clock = clock;
        this.wasConnected = true;
    }

    @Override
    public int poll(final Listener newListener) {
        listener = newListener;
        final int fragments = replay.poll(handler, FRAGMENTS);
        if (fragments == 0) {
            wasConnected = replay.isConnected();
        }
        return fragments;
    }

    @Override
    public void onFragment(final DirectBuffer buffer, final int offset, final int length, final Header header) {
        final long index = buffer.getLong(offset, ByteOrder.LITTLE_ENDIAN);
        if (listener != null) {
            listener.onSeen(index, index, clock.nanoTime());
        }
    }

    @Override
    public @Nullable String failure() {
        return wasConnected ? null : "the replay was disconnected";
    }
}
