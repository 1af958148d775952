package io.millrace.client.core;

import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamPosition;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;

/** One client in invoker mode, one fake node, one clock, stepped together. */
final class ClientFixture {
    static final long TURN_NS = 100_000;

    final ManualClock clock = new ManualClock();
    final FakeNode node;
    final FakeNetwork network;
    final ClientConductor conductor;

    ClientFixture(final long seed, final int segmentCount) {
        this(seed, segmentCount, 64, 2 * 1024 * 1024);
    }

    ClientFixture(final long seed, final int segmentCount, final int maxPendingEvents, final int bufferLength) {
        this(seed, segmentCount, context -> context.writerBufferLength(bufferLength)
                .readerWindowLength(bufferLength)
                .writerMaxPendingEvents(maxPendingEvents));
    }

    ClientFixture(final long seed, final int segmentCount, final Consumer<Millrace.Context> settings) {
        node = new FakeNode(seed, segmentCount);
        network = new FakeNetwork(node);
        final Millrace.Context context =
                new Millrace.Context().invoker(true).nanoClock(clock).writerMaxPendingEvents(64);
        settings.accept(context);
        conductor = new ClientConductor(context, seed + 1, (concluded, high, low) -> network);
        network.steps = this::turnNode;
    }

    private void turnNode() {
        clock.advanceNs(TURN_NS);
        node.step();
    }

    /** One duty cycle of the client; the node steps once with it. */
    void turn() {
        conductor.doWork();
    }

    void turns(final int count) {
        for (int i = 0; i < count; i++) {
            turn();
        }
    }

    EventWriter writer() {
        return conductor.openWriter("test/stream", 0, 0);
    }

    EventReader reader(final StreamPosition from) {
        return conductor.openReader("test/stream", from);
    }

    static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static UnsafeBuffer buffer(final String text) {
        return new UnsafeBuffer(bytes(text));
    }

    static String text(final byte[] payload) {
        return new String(payload, StandardCharsets.UTF_8);
    }
}
