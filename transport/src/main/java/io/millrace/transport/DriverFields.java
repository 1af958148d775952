package io.millrace.transport;

import io.aeron.driver.DriverConductor;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.NetworkPublication;
import io.aeron.driver.PublicationImage;
import io.aeron.driver.Receiver;
import io.aeron.driver.Sender;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Method;
import java.util.ArrayList;
import org.agrona.LangUtil;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.CompositeAgent;
import org.agrona.concurrent.ringbuffer.RingBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What {@link DriverTurns} needs of Aeron's driver and is not public there. A record in a static field: the compiler
 * takes its handles for constants and the calls through them for plain ones.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param agents of a composite agent.
 * @param publications of a sender.
 * @param images of a receiver.
 * @param ipcPublications of a conductor.
 * @param registrationId of a publication.
 * @param track positions of an image.
 * @param update position and limit of a publication.
 * @param produced up to where a publication holds frames.
 * @param sent up to where a publication has sent them.
 * @param commands ring of clients' commands of a driver.
 */
record DriverFields(
        VarHandle agents,
        VarHandle publications,
        VarHandle images,
        VarHandle ipcPublications,
        MethodHandle registrationId,
        MethodHandle track,
        MethodHandle update,
        MethodHandle produced,
        MethodHandle sent,
        MethodHandle commands) {
    /** Those of the Aeron in use; {@code null} when one is not there: another version. */
    static final @Nullable DriverFields FOUND = find();

    /**
     * Returns the agents that one invoker runs; what is put there is run.
     *
     * @param all in one.
     */
    Agent[] agents(final CompositeAgent all) {
        return (Agent[]) agents.get(all);
    }

    /**
     * Returns the publications that a sender looks after.
     *
     * @param sender of the driver.
     */
    NetworkPublication[] publications(final Sender sender) {
        return (NetworkPublication[]) publications.get(sender);
    }

    /**
     * Gives a sender the publications to look after.
     *
     * @param sender of the driver.
     * @param values not changed by the sender, but replaced.
     */
    void publications(final Sender sender, final NetworkPublication[] values) {
        publications.set(sender, values);
    }

    /**
     * Returns the images that a receiver looks after.
     *
     * @param receiver of the driver.
     */
    PublicationImage[] images(final Receiver receiver) {
        return (PublicationImage[]) images.get(receiver);
    }

    /**
     * Gives a receiver the images to look after.
     *
     * @param receiver of the driver.
     * @param values not changed by the receiver, but replaced.
     */
    void images(final Receiver receiver, final PublicationImage[] values) {
        images.set(receiver, values);
    }

    /**
     * Returns a publication's registration id.
     *
     * @param publication of the driver.
     */
    long registrationId(final NetworkPublication publication) {
        try {
            return (long) registrationId.invokeExact(publication);
        } catch (final Throwable e) {
            throw unchecked(e);
        }
    }

    /**
     * Does the conductor's part for one image.
     *
     * @param image of the driver.
     * @param nowNs the turn's time.
     * @return work count.
     */
    int track(final PublicationImage image, final long nowNs) {
        try {
            return (int) track.invokeExact(image, nowNs);
        } catch (final Throwable e) {
            throw unchecked(e);
        }
    }

    /**
     * Does the conductor's part for one publication.
     *
     * @param publication of the driver.
     * @return work count.
     */
    int update(final NetworkPublication publication) {
        try {
            return (int) update.invokeExact(publication);
        } catch (final Throwable e) {
            throw unchecked(e);
        }
    }

    /**
     * Tells whether a publication has sent all it holds.
     *
     * @param publication of the driver.
     */
    boolean isDrained(final NetworkPublication publication) {
        try {
            return (long) produced.invokeExact(publication) == (long) sent.invokeExact(publication);
        } catch (final Throwable e) {
            throw unchecked(e);
        }
    }

    /**
     * Returns whether there are publications in shared memory: only the conductor itself looks after those.
     *
     * @param conductor of the driver.
     */
    boolean hasIpcPublications(final DriverConductor conductor) {
        return !((ArrayList<?>) ipcPublications.get(conductor)).isEmpty();
    }

    /**
     * Returns the ring of clients' commands.
     *
     * @param context of the driver, concluded.
     */
    RingBuffer commands(final MediaDriver.Context context) {
        try {
            return (RingBuffer) commands.invokeExact(context);
        } catch (final Throwable e) {
            throw unchecked(e);
        }
    }

    private static @Nullable DriverFields find() {
        try {
            return new DriverFields(
                            field(CompositeAgent.class, "agents", Agent[].class),
                            field(Sender.class, "networkPublications", NetworkPublication[].class),
                            field(Receiver.class, "publicationImages", PublicationImage[].class),
                            field(DriverConductor.class, "ipcPublications", ArrayList.class),
                            method(NetworkPublication.class, "registrationId", MethodType.methodType(long.class)),
                            method(
                                    PublicationImage.class,
                                    "trackRebuild",
                                    MethodType.methodType(int.class, long.class)),
                            method(
                                    NetworkPublication.class,
                                    "updatePublisherPositionAndLimit",
                                    MethodType.methodType(int.class)),
                            method(NetworkPublication.class, "producerPosition", MethodType.methodType(long.class)),
                            method(NetworkPublication.class, "consumerPosition", MethodType.methodType(long.class)),
                            method(
                                    MediaDriver.Context.class,
                                    "toDriverCommands",
                                    MethodType.methodType(RingBuffer.class)))
                    .checked();
        } catch (final ReflectiveOperationException | SecurityException e) {
            return null;
        }
    }

    // The conductor's part is known to be what stands in DriverTurns; a conductor without it is another version's.
    private @Nullable DriverFields checked() throws ReflectiveOperationException {
        final Method tracking = DriverConductor.class.getDeclaredMethod("trackStreamPositions", int.class, long.class);
        return int.class.equals(tracking.getReturnType()) ? this : null;
    }

    private static VarHandle field(final Class<?> type, final String name, final Class<?> of)
            throws ReflectiveOperationException {
        return MethodHandles.privateLookupIn(type, MethodHandles.lookup()).findVarHandle(type, name, of);
    }

    private static MethodHandle method(final Class<?> type, final String name, final MethodType of)
            throws ReflectiveOperationException {
        return MethodHandles.privateLookupIn(type, MethodHandles.lookup()).findVirtual(type, name, of);
    }

    private static IllegalStateException unchecked(final Throwable thrown) {
        LangUtil.rethrowUnchecked(thrown);
        return new IllegalStateException(thrown);
    }
}
