package io.millrace.transport;

import io.aeron.driver.DriverConductor;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.NetworkPublication;
import io.aeron.driver.PublicationImage;
import io.aeron.driver.Receiver;
import io.aeron.driver.Sender;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.CompositeAgent;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.ringbuffer.RingBuffer;

/**
 * Keeps the turn of an embedded driver short however many sessions are idle. Aeron's three agents look after every
 * publication and every image in every turn; with a thousand idle sessions that is a fifth of a millisecond which each
 * event waits for several times. Here they see, each turn, those that were touched in the last milliseconds (something
 * arrived, or was sent) and the next few of all others, so that every one has its turn within {@link #ROUND_NS}; one in
 * which nothing has moved for {@link #WARM_NS} is at rest and has it in one of twenty rounds.
 *
 * <p>Nothing of Aeron is replaced: its agents run as they are, over a part of their arrays. What they add to or take
 * from that part in their turn is carried over to the whole. Aeron's own intervals (heartbeats and status messages of
 * 100 and 200 ms) are longer than a round, and its time-outs, of seconds, than twenty: at rest a session beats once a
 * second instead of ten times.
 *
 * <p>The fields are Aeron's private ones. Where they are not found, in another version, every turn is a whole one and
 * the operator is told.
 *
 * <p><b>Threading</b>: the thread that invokes the driver.
 *
 * <p><b>Invariants</b>: between turns the agents hold their whole arrays; with few sessions every turn is a whole one.
 */
final class DriverTurns {
    /** Publications, or images, up to which every turn looks after all of them. */
    static final int WHOLE_MAX = 24;

    /** How long it takes at most until each one has had its turn, when the driver is invoked often enough. */
    static final long ROUND_NS = TimeUnit.MILLISECONDS.toNanos(50);

    /** How long one that was touched is looked after in every turn. */
    private static final long TOUCHED_NS = TimeUnit.MILLISECONDS.toNanos(5);

    /** The same of a publication that has sent all it holds: each turn costs it a look at the liveness of receivers. */
    private static final long SETTLED_NS = TimeUnit.MICROSECONDS.toNanos(200);

    /** How long one that was touched has every round: until its heartbeat has told what was sent last (a lost end). */
    static final long WARM_NS = TimeUnit.MILLISECONDS.toNanos(200);

    /** How long a new one has every round: until it is connected. */
    private static final long NEW_NS = TimeUnit.SECONDS.toNanos(2);

    private static final long CONDUCTOR_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(10);

    /**
     * While a thousand sessions are opened, the receiver is to have most of the time: the socket's buffer is finite.
     */
    private static final long COMMAND_INTERVAL_NS = TimeUnit.MICROSECONDS.toNanos(500);

    /**
     * Datagrams in one turn at most: sent while they are full, for then there are more; received where the turn before
     * brought some, too. What else a turn of a busy node does costs more than a datagram.
     */
    private static final int BURST = 8;

    private static final String WARNING = "this version of Aeron does not let idle sessions be looked after less often:"
            + " each of them adds to the latency of all";

    private final DriverPart<NetworkPublication> publications = new DriverPart<>(
            NetworkPublication[]::new,
            DriverTurns::key,
            publication -> fields().isDrained(publication),
            ROUND_NS,
            TOUCHED_NS,
            SETTLED_NS,
            WARM_NS,
            NEW_NS);
    private final DriverPart<PublicationImage> images = new DriverPart<>(
            PublicationImage[]::new,
            DriverTurns::key,
            image -> false, // who reads it decides when its window is told
            ROUND_NS,
            TOUCHED_NS,
            SETTLED_NS,
            WARM_NS,
            NEW_NS);
    private NanoClock clock = SystemNanoClock.INSTANCE;
    private boolean isInstalled;
    private boolean isPartial;
    private int smallFullLength;
    private int largeFullLength;
    private long nowNs;

    /** One per transport; does nothing until it is installed. */
    DriverTurns() {}

    /**
     * Puts itself between the driver's invoker and its agents.
     *
     * @param driver just launched, in invoker mode.
     * @param networkMtuLength longest datagram on the network, in bytes.
     * @param loopbackMtuLength longest datagram on loopback, in bytes.
     * @param warning told when this version of Aeron does not allow it.
     */
    void install(
            final MediaDriver driver,
            final int networkMtuLength,
            final int loopbackMtuLength,
            final Consumer<String> warning) {
        smallFullLength = Math.min(networkMtuLength, loopbackMtuLength);
        largeFullLength = Math.max(networkMtuLength, loopbackMtuLength);
        final DriverFields fields = DriverFields.FOUND;
        if (fields == null || !(driver.sharedAgentInvoker().agent() instanceof CompositeAgent all)) {
            warning.accept(WARNING);
            return;
        }
        clock = driver.context().nanoClock();
        final Agent[] agents = fields.agents(all);
        final RingBuffer commands = fields.commands(driver.context());
        if (agents.length == 3
                && agents[0] instanceof Sender sender
                && agents[1] instanceof Receiver receiver
                && agents[2] instanceof DriverConductor conductor) {
            agents[0] = new SenderTurn(sender, receiver);
            agents[1] = new ReceiverTurn(receiver);
            agents[2] = new ConductorTurn(conductor, commands);
            isInstalled = true;
        } else {
            warning.accept(WARNING);
        }
    }

    /** Returns whether turns can be partial ones. */
    boolean isInstalled() {
        return isInstalled;
    }

    /**
     * Notes that something is sent by a publication, or wanted of it.
     *
     * @param registrationId of it.
     */
    void touchPublication(final long registrationId) {
        if (isInstalled) {
            publications.touch(registrationId, nowNs);
        }
    }

    /**
     * Notes that something arrived for an image.
     *
     * @param sessionId of it.
     * @param streamId of it.
     */
    void touchImage(final int sessionId, final int streamId) {
        if (isInstalled) {
            images.touch(key(sessionId, streamId), nowNs);
        }
    }

    private void decide(final int publicationCount, final int imageCount) {
        isPartial = publicationCount > WHOLE_MAX || imageCount > WHOLE_MAX;
        if (!isPartial) {
            publications.forget();
            images.forget();
        }
    }

    /** Tells whether a turn's bytes were those of a datagram that was as long as it may be: the next one waits then. */
    private boolean isFull(final int workCount) {
        return workCount <= smallFullLength
                ? workCount > smallFullLength - (smallFullLength >> 3)
                : workCount > largeFullLength - (largeFullLength >> 3);
    }

    /** Read from the static field each time: so the compiler takes the handles in it for constants. */
    private static DriverFields fields() {
        return Objects.requireNonNull(DriverFields.FOUND);
    }

    private static long key(final int sessionId, final int streamId) {
        return ((long) streamId << 32) | (sessionId & 0xFFFF_FFFFL);
    }

    private static long key(final PublicationImage image) {
        return key(image.sessionId(), image.streamId());
    }

    private static long key(final NetworkPublication publication) {
        return fields().registrationId(publication);
    }

    /** The sender over a part of the publications. */
    private final class SenderTurn implements Agent {
        private final Sender sender;
        private final Receiver receiver;

        SenderTurn(final Sender sender, final Receiver receiver) {
            this.sender = sender;
            this.receiver = receiver;
        }

        @Override
        public void onStart() {
            sender.onStart();
        }

        @Override
        public int doWork() {
            nowNs = clock.nanoTime();
            final NetworkPublication[] whole = fields().publications(sender);
            decide(whole.length, fields().images(receiver).length);
            if (!isPartial) {
                return send();
            }
            fields().publications(sender, publications.begin(whole, nowNs));
            try {
                return send();
            } finally {
                final NetworkPublication[] after = fields().publications(sender);
                fields().publications(sender, publications.end(after));
            }
        }

        private int send() {
            int workCount = sender.doWork();
            int sum = workCount;
            for (int i = 1; i < BURST && isFull(workCount); i++) {
                workCount = sender.doWork();
                sum += workCount;
            }
            return sum;
        }

        @Override
        public void onClose() {
            sender.onClose();
        }

        @Override
        public String roleName() {
            return sender.roleName();
        }
    }

    /** The receiver over a part of the images. */
    private final class ReceiverTurn implements Agent {
        private final Receiver receiver;
        private boolean hasReceived;

        ReceiverTurn(final Receiver receiver) {
            this.receiver = receiver;
        }

        @Override
        public void onStart() {
            receiver.onStart();
        }

        @Override
        public int doWork() {
            if (!isPartial) {
                return receive();
            }
            fields().images(receiver, images.begin(fields().images(receiver), nowNs));
            try {
                return receive();
            } finally {
                final PublicationImage[] after = fields().images(receiver);
                fields().images(receiver, images.end(after));
            }
        }

        /** More than one datagram where the last turn brought some, too: a single one is to be handled at once. */
        private int receive() {
            int workCount = receiver.doWork();
            int sum = workCount;
            for (int i = 1; i < BURST && hasReceived && workCount > 0; i++) {
                workCount = receiver.doWork();
                sum += workCount;
            }
            hasReceived = sum > 0;
            return sum;
        }

        @Override
        public void onClose() {
            receiver.onClose();
        }

        @Override
        public String roleName() {
            return receiver.roleName();
        }
    }

    /** The conductor, whole when it is time or a client wants something; else positions of what was touched. */
    private final class ConductorTurn implements Agent {
        private final DriverConductor conductor;
        private final RingBuffer commands;
        private long lastWholeNs;

        ConductorTurn(final DriverConductor conductor, final RingBuffer commands) {
            this.conductor = conductor;
            this.commands = commands;
        }

        @Override
        public void onStart() {
            lastWholeNs = clock.nanoTime();
            conductor.onStart();
        }

        @Override
        public int doWork() {
            if (!isPartial
                    || nowNs - lastWholeNs >= CONDUCTOR_INTERVAL_NS
                    || (nowNs - lastWholeNs >= COMMAND_INTERVAL_NS
                            && commands.producerPosition() != commands.consumerPosition())
                    || fields().hasIpcPublications(conductor)) {
                lastWholeNs = nowNs;
                return conductor.doWork();
            }
            int workCount = 0;
            for (int i = 0; i < images.touchedCount(); i++) {
                workCount += fields().track(images.touched(i), nowNs);
            }
            for (int i = 0; i < publications.touchedCount(); i++) {
                workCount += fields().update(publications.touched(i));
            }
            return workCount;
        }

        @Override
        public void onClose() {
            conductor.onClose();
        }

        @Override
        public String roleName() {
            return conductor.roleName();
        }
    }
}
