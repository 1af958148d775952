package io.millrace.transport;

import io.aeron.logbuffer.ControlledFragmentHandler;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * Asks those senders for frames that have some, and all others once in {@link DriverTurns#ROUND_NS}: to ask a thousand
 * in every turn would cost more than the turn.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 *
 * <p><b>Invariants</b>: a sender with a readable frame is active, unless its arrival was missed; then its round finds
 * it.
 */
final class ImagePoll {
    private final List<ClientImage> images;
    private final ControlledFragmentHandler handler;
    private final int fragmentLimit;
    private final Int2ObjectHashMap<ClientImage> bySessionId = new Int2ObjectHashMap<>();
    private final List<ClientImage> active = new ArrayList<>();
    private int first;
    private int next;
    private long roundCredit;
    private long lastNs;

    /**
     * Made by the acceptor.
     *
     * @param images all senders, changed by the acceptor.
     * @param handler takes frames.
     * @param fragmentLimit of one turn.
     */
    ImagePoll(final List<ClientImage> images, final ControlledFragmentHandler handler, final int fragmentLimit) {
        this.images = images;
        this.handler = handler;
        this.fragmentLimit = fragmentLimit;
    }

    /**
     * Takes a new sender; it is active.
     *
     * @param image by UDP.
     */
    void add(final ClientImage image) {
        bySessionId.put(image.sessionId(), image);
        activate(image);
    }

    /**
     * Forgets a sender that is gone.
     *
     * @param image known or not.
     */
    void remove(final ClientImage image) {
        if (bySessionId.get(image.sessionId()) == image) {
            bySessionId.remove(image.sessionId());
        }
        if (image.isActive()) {
            image.active(false);
            active.remove(image);
        }
    }

    /** Forgets all. */
    void clear() {
        bySessionId.clear();
        active.clear();
    }

    /**
     * Notes that data arrived.
     *
     * @param sessionId of the sender's image.
     * @return whether the sender is known.
     */
    boolean activate(final int sessionId) {
        final ClientImage image = bySessionId.get(sessionId);
        if (image == null) {
            return false;
        }
        activate(image);
        return true;
    }

    /**
     * Reads at most the limit of fragments, beginning with another sender every time.
     *
     * @param nowNs the turn's time.
     * @return fragments read.
     */
    int poll(final long nowNs) {
        activateRound(nowNs);
        int fragmentCount = 0;
        final int count = active.size();
        first = first >= count ? 0 : first;
        for (int i = 0; i < count && fragmentCount < fragmentLimit; i++) {
            final int index = first + i < count ? first + i : first + i - count;
            fragmentCount += read(active.get(index), fragmentLimit - fragmentCount);
        }
        first++;
        for (int i = active.size() - 1; i >= 0; i--) {
            if (!active.get(i).isActive()) {
                final ClientImage last = active.remove(active.size() - 1);
                if (i < active.size()) {
                    active.set(i, last);
                }
            }
        }
        return fragmentCount;
    }

    // One that gave nothing is done with, unless what it has was not taken: then it comes again without arriving again.
    private int read(final ClientImage image, final int limit) {
        final int fragmentCount = image.poll(handler, limit);
        if (fragmentCount == 0 && !image.isAborted()) {
            image.active(false);
        }
        return fragmentCount;
    }

    private void activate(final ClientImage image) {
        if (!image.isActive()) {
            image.active(true);
            active.add(image);
        }
    }

    private void activateRound(final long nowNs) {
        roundCredit += Math.min(nowNs - lastNs, DriverTurns.ROUND_NS) * images.size();
        lastNs = nowNs;
        final int due = (int) Math.min(images.size(), roundCredit / DriverTurns.ROUND_NS);
        roundCredit -= due * DriverTurns.ROUND_NS;
        for (int i = 0; i < due; i++) {
            next = next >= images.size() ? 0 : next;
            final ClientImage image = images.get(next++);
            if (!image.isIpc()) {
                activate(image);
            }
        }
    }
}
