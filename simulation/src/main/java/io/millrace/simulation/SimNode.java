package io.millrace.simulation;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.WireFrames;
import io.millrace.control.ControlLimits;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.replication.ChainPlacement;
import io.millrace.replication.ChainView;
import io.millrace.replication.DeviceAgent;
import io.millrace.replication.ReplicationLimits;
import io.millrace.store.ChainState;
import io.millrace.store.StoreLimits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One machine: a device, the real {@link DeviceAgent} over the real journal, sessions, clocks; it starts, runs its duty
 * cycle when there is something to do, stalls, and dies.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class SimNode {
    private static final int FRAME_LIMIT = 64;
    private static final long SHORTEST_NAP_NS = 20_000;
    private static final long LONGEST_NAP_NS = 2_000_000;

    private final World world;
    private final int place;
    private final NodeClock clock;
    private final DeviceBehaviour behaviour;
    private final Randomness.Stream deviceRandom;
    private final Randomness.Stream secrets;
    private final UUID nodeId;
    private final List<SimSession> sessions = new ArrayList<>();
    private SimMedium medium;
    private final List<DiskWatch> disks = new ArrayList<>();
    private @Nullable SimDevice device;
    private @Nullable DeviceAgent agent;
    private @Nullable SimControl control;
    private @Nullable ClusterRole role;
    private int mediumCount = 1;
    private boolean isStartRecorded;
    private boolean isReady;
    private long lastSessionId;
    private long nextTurnNs = Long.MAX_VALUE;
    private long pausedUntilNs;
    private long napNs = SHORTEST_NAP_NS;
    private int startCount;

    /** Buys a machine with an empty device. */
    SimNode(final World world, final int place) {
        this.world = world;
        this.place = place;
        final Randomness.Stream random = world.randomness().stream("node " + place);
        clock = new NodeClock(
                world.scheduler(),
                random.between(1, 1L << 40),
                random.between(-200, 200),
                random.between(-50_000_000, 50_000_000));
        behaviour = new DeviceBehaviour(
                random.between(10_000, 200_000), random.between(1_000_000, 8_000_000), random.between(10_000, 100_000));
        deviceRandom = world.randomness().stream("device " + place);
        secrets = world.randomness().stream("secrets " + place);
        nodeId = new UUID(place, 0x4e4f4445);
        medium = format(1);
        disks.add(new DiskWatch("node " + place + " device 1"));
    }

    private SimMedium format(final int number) {
        final SimMedium made =
                new SimMedium(new UUID(place, number), world.scenario().deviceLength());
        final DeviceBehaviour healthy = new DeviceBehaviour(1, 1, 1); // whatever ails the one in the node
        final SimDevice blank =
                new SimDevice(made, world.scheduler(), deviceRandom, healthy, new DiskWatch("formatter"), () -> {});
        Journal.format(
                blank,
                new FormatContext()
                        .zoneLength(world.scenario().zoneLength())
                        .nodeId(nodeId)
                        .deviceUuid(made.uuid())
                        .epochClock(clock.epoch()));
        blank.close();
        return made;
    }

    /** Returns its number among the places of the network. */
    int place() {
        return place;
    }

    /** Returns its identity. */
    UUID nodeId() {
        return nodeId;
    }

    /** Tells whether the control plane knows this run of it. */
    boolean isRegistered() {
        final ClusterRole current = role;
        return current != null && current.isRegistered();
    }

    /** Returns what it does in a cluster, while it runs in one. */
    @Nullable
    ClusterRole role() {
        return role;
    }

    /** Gives it a new, empty device; it is down. */
    void replaceDevice() {
        if (agent != null) {
            throw new IllegalStateException("node " + place + " runs");
        }
        world.note(() -> "node " + place + ": a new device");
        medium = format(++mediumCount);
        disks.add(new DiskWatch("node " + place + " device " + mediumCount));
    }

    /** Takes everything from its device but its name, as an old image put back does; it is down. */
    void wipeDevice() {
        if (agent != null) {
            throw new IllegalStateException("node " + place + " runs");
        }
        world.note(() -> "node " + place + ": its device is wiped");
        medium = format(mediumCount);
        disks.set(disks.size() - 1, new DiskWatch("node " + place + " wiped"));
    }

    /** Returns its address. */
    String endpoint() {
        return "node" + place + ":7000";
    }

    /** Returns its clocks. */
    NodeClock clock() {
        return clock;
    }

    /** Returns how its device behaves. */
    DeviceBehaviour behaviour() {
        return behaviour;
    }

    /** Returns what its device holds. */
    DiskWatch disk() {
        return disks.get(disks.size() - 1);
    }

    /** Returns what one of the devices that it has had holds, or held when it was taken out. */
    DiskWatch disk(final long number) {
        return disks.get((int) number - 1);
    }

    /** Returns the bytes of its device. */
    SimMedium medium() {
        return medium;
    }

    /** Tells whether it runs. */
    boolean isUp() {
        return agent != null;
    }

    /** Tells whether it serves. */
    boolean isReady() {
        return isReady && agent != null;
    }

    /** Returns its agent while it runs. */
    @Nullable
    DeviceAgent agent() {
        return agent;
    }

    /** Returns its sessions. */
    List<SimSession> sessions() {
        return sessions;
    }

    /** Describes its device. */
    String deviceProgress() {
        final SimDevice current = device;
        return current == null ? "down" : current.readCount + " reads of " + current.readBytes + " bytes";
    }

    /** Returns how often it was started. */
    int startCount() {
        return startCount;
    }

    /**
     * Starts it: opens and recovers the journal.
     *
     * @param cutAfterRequests requests of the start after which the power goes again; {@link Long#MAX_VALUE}: never
     * @return false when it did not come up
     */
    boolean start(final long cutAfterRequests) {
        if (agent != null) {
            return true;
        }
        startCount++;
        final SimDevice opened = new SimDevice(
                medium, world.scheduler(), deviceRandom, behaviour, disk(), () -> wake(world.turnDelayNs()));
        opened.cutPowerWhileBlocked(cutAfterRequests);
        DeviceAgent started = null;
        final ClusterRole joining =
                world.scenario().isCluster() ? new ClusterRole(world, this, world.control(), secrets.next()) : null;
        try {
            started = newAgent(opened, joining);
            SimControl joined = null;
            if (joining == null) {
                joined = new SimControl(started, ControlLimits.DEFAULT);
            } else {
                joining.join(started);
            }
            started.endpoint(endpoint());
            started.recover();
            device = opened;
            agent = started;
            control = joined;
            role = joining;
        } catch (final SimDevice.PowerCut cut) {
            world.note(() -> "node " + place + ": the power goes while it starts");
            opened.cutPower();
            closeQuietly(started);
            return false;
        } catch (final MillraceException refused) {
            // a fault that it may be unable to survive alone: rot where only one copy is, as in a checkpoint
            final boolean isSpoilt = disk().isSpoilt() && refused.code() == ErrorCode.JOURNAL_CORRUPT;
            if (isSpoilt || refused.code() == ErrorCode.DEVICE_IO) {
                world.note(() -> "node " + place + ": does not start: " + refused.getMessage());
                opened.finishAll();
                closeQuietly(started);
                if (isSpoilt) {
                    replaceDevice(); // what an operator does
                }
                return false;
            }
            throw new Violation("I10", "node " + place + " does not start", refused);
        } catch (final RuntimeException stopped) {
            throw new Violation("I10", "node " + place + " does not start", stopped);
        }
        isStartRecorded = false;
        isReady = false;
        world.note(() -> "node " + place + ": started, incarnation "
                + running().journal().incarnation() + ", "
                + running().journal().recoveryReport());
        disk().resume(running().journal().recoveryReport().lastBatchSequence(), this::lastPosition);
        world.watch().onStarted(this);
        wake(0);
        return true;
    }

    private DeviceAgent newAgent(final SimDevice opened, final @Nullable ClusterRole joining) {
        final Scenario scenario = world.scenario();
        return new DeviceAgent(
                new JournalContext()
                        .device(opened)
                        .nodeId(nodeId)
                        .bufferLength(scenario.bufferLength())
                        .maxBatchLength(scenario.maxBatchLength())
                        .writesInFlight(scenario.writesInFlight())
                        .scrubBytesPerSecond(scenario.scrubBytesPerSecond())
                        .readerLimit(2)
                        .epochClock(clock.epoch())
                        .warnings(text -> world.note(() -> "node " + place + ": " + text)),
                ChainPlacement.single(scenario.chainCount()),
                new StoreLimits(ControlLimits.DEFAULT.maxSegments(), 4_096, 1_024, 64, 10_240, 1 << 20, 1 << 18),
                new ReplicationLimits(
                        64, 2, 1_024, 64, 64, 8, 1 << 20, Long.MAX_VALUE / 4, scenario.checkpointIntervalBytes()),
                clock,
                clock.epoch(),
                secrets::next,
                joining == null ? null : joining.cluster());
    }

    private static void closeQuietly(final @Nullable DeviceAgent started) {
        if (started != null) {
            started.close();
        }
    }

    private DeviceAgent running() {
        final DeviceAgent current = agent;
        if (current == null) {
            throw new IllegalStateException("node " + place + " is down");
        }
        return current;
    }

    /** Cuts its power. */
    void cutPower() {
        final SimDevice current = device;
        if (current != null) {
            world.note(() -> "node " + place + ": power cut");
            current.cutPower();
            die();
        }
    }

    /** Lets it die by itself: what its device was given gets done. */
    void die() {
        final DeviceAgent current = agent;
        if (current == null) {
            return;
        }
        for (final SimSession session : sessions) {
            session.end();
        }
        sessions.clear();
        final SimDevice last = device;
        agent = null;
        control = null;
        role = null;
        device = null;
        isReady = false;
        nextTurnNs = Long.MAX_VALUE;
        if (last != null) {
            last.finishAll();
        }
        current.close();
    }

    /** Flips a bit of what is on its device; it is down. */
    void rot(final Randomness.Stream random) {
        disk().exempt();
        final int address = medium.rot(random);
        world.note(() -> "node " + place + ": a bit at address " + address + " has flipped");
    }

    /** Tells whether rot, noticed or not, has taken a record of a chain from a node that runs. */
    boolean isRotten(final int chain) {
        final DeviceAgent current = agent;
        return current != null && medium.rot().isIn(current.journal(), chain);
    }

    /** Lets it do nothing for a while, as a stopped process does. */
    void pause(final long durationNs) {
        pausedUntilNs = Math.max(pausedUntilNs, world.scheduler().nowNs() + durationNs);
    }

    /** Wants a turn. */
    void wake(final long delayNs) {
        final long dueNs = world.scheduler().nowNs() + delayNs;
        if (agent != null && dueNs < nextTurnNs) {
            nextTurnNs = dueNs;
            world.scheduler().after(delayNs, () -> turnDue(dueNs));
        }
    }

    private void turnDue(final long dueNs) {
        if (dueNs != nextTurnNs || agent == null) {
            return; // an earlier one came between
        }
        nextTurnNs = Long.MAX_VALUE;
        final long nowNs = world.scheduler().nowNs();
        if (nowNs < pausedUntilNs) {
            wake(pausedUntilNs - nowNs);
            return;
        }
        final int work;
        try {
            work = turn(running(), nowNs);
        } catch (final Violation violation) {
            throw violation;
        } catch (final RuntimeException e) {
            throw new Violation("check", "node " + place + " stopped", e);
        }
        napNs = work > 0 ? SHORTEST_NAP_NS : Math.min(LONGEST_NAP_NS, 2 * napNs);
        wake(work > 0 ? world.turnDelayNs() : napNs);
    }

    private int turn(final DeviceAgent current, final long nowNs) {
        int work = 0;
        for (int i = sessions.size() - 1; i >= 0; i--) {
            final SimSession session = sessions.get(i);
            if (session.isOver(nowNs)) {
                sessions.remove(i);
                session.end();
                current.onClose(session);
            }
        }
        final long readNs = clock.nanoTime();
        for (int i = 0; i < sessions.size(); i++) {
            final SimSession session = sessions.get(i);
            work += takeFrames(current, session, readNs);
            if (session.heartbeat(nowNs)) {
                current.onHeartbeat(session);
            }
        }
        final SimControl joined = control;
        if (joined != null && !isReady) {
            work += becomeReady(joined, current);
        }
        final ClusterRole member = role;
        if (member != null) {
            work += member.work(nowNs);
            isReady = member.isRegistered();
        }
        work += current.doWork(clock.nanoTime());
        world.watch().observe(this);
        for (int i = 0; i < sessions.size(); i++) {
            sessions.get(i).flush();
        }
        if (member != null) {
            member.flush();
        }
        return work;
    }

    private int takeFrames(final DeviceAgent current, final SimSession session, final long readNs) {
        final ArrayDeque<byte[]> inbound = session.inbound();
        int count = 0;
        while (count < FRAME_LIMIT && !inbound.isEmpty()) {
            final byte[] frame = inbound.peek();
            final UnsafeBuffer buffer = new UnsafeBuffer(frame);
            final int templateId = WireFrames.check(buffer, 0, frame.length);
            if (templateId < 0) {
                throw new Violation("wire", "a client sent a malformed frame: " + templateId);
            }
            world.watch().onClientFrame(session, templateId, buffer);
            if (!current.onFrame(session, templateId, buffer, 0, frame.length, readNs)) {
                break;
            }
            inbound.poll();
            count++;
        }
        return count;
    }

    private int becomeReady(final SimControl joined, final DeviceAgent current) {
        if (!isStartRecorded) {
            isStartRecorded = joined.service()
                    .tryStartNode(
                            nodeId,
                            medium.uuid(),
                            current.journal().incarnation(),
                            world.scenario().chainCount(),
                            endpoint());
            return 1;
        }
        isReady = joined.service().isReady();
        if (isReady) {
            world.note(() -> "node " + place + ": serves");
        }
        return isReady ? 1 : 0;
    }

    /** Takes a frame of another node. */
    void onPeerFrame(final int from, final byte[] frame) {
        final ClusterRole current = role;
        if (current != null) {
            current.onArrival(from, frame);
            wake(world.turnDelayNs());
        }
    }

    /** Takes a message of the control plane. */
    void onControlFrame(final byte[] frame) {
        onPeerFrame(Wires.CONTROL, frame);
    }

    /** Takes the control plane's answer to a client. */
    void onReply(final SimSession session, final byte[] frame) {
        final ClusterRole current = role;
        if (current != null) {
            current.onReply(session, frame);
        }
    }

    /** Takes a client's wish for a session. */
    void onOpenRequest(final SimLink link, final long attempt) {
        final DeviceAgent current = agent;
        if (current == null || !isReady || world.scheduler().nowNs() < pausedUntilNs) {
            return;
        }
        SimSession session = null;
        for (int i = sessions.size() - 1; i >= 0; i--) {
            final SimSession known = sessions.get(i);
            if (known.isOf(link, attempt)) {
                session = known;
            } else if (known.link() == link) {
                sessions.remove(i);
                known.end();
                current.onClose(known);
            }
        }
        if (session == null) {
            session = new SimSession(++lastSessionId, link, attempt, this, world);
            sessions.add(session);
            world.note(() -> "node " + place + ": session of client " + link.place());
            current.onOpen(session);
        }
        final SimSession opened = session;
        world.wires().send(place, link.place(), () -> link.onSessionOpened(opened));
        wake(world.turnDelayNs());
    }

    /** Gives up to where the node knows a chain to be committed; -1 while it is down. */
    long commitPosition(final int chain) {
        final DeviceAgent current = agent;
        if (current == null) {
            return -1;
        }
        return role == null || chain == 0
                ? current.state(chain).lastPosition()
                : current.chainView(chain).commitPosition();
    }

    /** Gives the last position of a chain that it has, while it runs. */
    long lastPosition(final int chain) {
        return role == null || chain == 0
                ? running().state(chain).lastPosition()
                : running().chainView(chain).lastPosition();
    }

    /** Describes its replica of a chain, while the node runs. */
    @Nullable
    ChainView view(final int chain) {
        final DeviceAgent current = agent;
        return current == null ? null : current.chainView(chain);
    }

    /** Gives the committed state of a chain, while the node runs. */
    @Nullable
    ChainState state(final int chain) {
        final DeviceAgent current = agent;
        return current == null ? null : current.state(chain);
    }
}
