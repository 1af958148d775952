package io.millrace.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sockets the media driver has open, so that a duty cycle can sleep until one is readable: by descriptor where
 * {@code sun.nio.ch} is opened to this module, by a selector everywhere.
 *
 * <p><b>Threading</b>: the driver's thread, which is the duty cycle's.
 */
final class DriverSockets implements KernelWait, AutoCloseable {
    private static final long NS_PER_MS = 1_000_000;

    private final List<DatagramChannel> channels = new ArrayList<>();
    private final @Nullable Method descriptorOf = descriptorMethod();
    private int[] descriptors = new int[0];
    private long version;
    private @Nullable Selector selector;
    private long selectorVersion = -1;

    /** Made with the transport. */
    DriverSockets() {}

    /**
     * Notes an open socket.
     *
     * @param channel just opened.
     */
    void add(final DatagramChannel channel) {
        if (!channels.contains(channel)) {
            channels.add(channel);
            changed();
        }
    }

    /**
     * Forgets a socket, after it was closed.
     *
     * @param channel just closed.
     */
    void remove(final DatagramChannel channel) {
        if (channels.remove(channel)) {
            changed();
            if (selector != null) {
                flushClosed(selector);
            }
        }
    }

    /** Returns the number of known descriptors; 0 when they cannot be read. */
    int count() {
        return descriptors.length;
    }

    /**
     * Returns a descriptor.
     *
     * @param index below {@link #count()}.
     */
    int descriptor(final int index) {
        return descriptors[index];
    }

    /** Returns a number that changes with the set of sockets. */
    long version() {
        return version;
    }

    @Override
    public boolean await(final long timeoutNs) {
        if (timeoutNs < NS_PER_MS || channels.isEmpty()) {
            return false;
        }
        try {
            final Selector current = registered();
            current.select(DriverSockets::onReady, timeoutNs / NS_PER_MS);
            return true;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        if (selector != null) {
            try {
                selector.close();
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
            selector = null;
        }
        channels.clear();
        changed();
    }

    // Waking up is all that is asked of a ready key: the driver polls its sockets itself.
    private static void onReady(final SelectionKey key) {
        assert key.channel() != null;
    }

    private Selector registered() throws IOException {
        Selector current = selector;
        if (current == null) {
            current = Selector.open();
            selector = current;
        }
        if (selectorVersion != version) {
            for (final DatagramChannel channel : channels) {
                register(channel, current);
            }
            selectorVersion = version;
        }
        return current;
    }

    private static void register(final DatagramChannel channel, final Selector selector) {
        try {
            if (channel.keyFor(selector) == null) {
                channel.register(selector, SelectionKey.OP_READ);
            }
        } catch (final ClosedChannelException e) {
            // Closed between two turns: remove() follows, and there is nothing to wait for.
            assert !channel.isOpen();
        }
    }

    // A closed channel keeps its port until every selector has let go of it.
    private static void flushClosed(final Selector selector) {
        try {
            selector.selectNow(DriverSockets::onReady);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void changed() {
        version++;
        final Method method = descriptorOf;
        if (method == null) {
            return;
        }
        final int[] found = new int[channels.size()];
        try {
            for (int i = 0; i < found.length; i++) {
                found[i] = (Integer) method.invoke(channels.get(i));
            }
            descriptors = found;
        } catch (final IllegalAccessException | InvocationTargetException e) {
            descriptors = new int[0];
        }
    }

    private static @Nullable Method descriptorMethod() {
        try {
            final Method method = Class.forName("sun.nio.ch.SelChImpl").getMethod("getFDVal");
            return method.trySetAccessible() ? method : null;
        } catch (final ReflectiveOperationException e) {
            return null;
        }
    }
}
