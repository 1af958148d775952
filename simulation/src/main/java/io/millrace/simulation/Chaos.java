package io.millrace.simulation;

import io.millrace.replication.DeviceAgent;
import java.util.List;

/**
 * The schedule of faults: one after the other strikes somebody, until the world is healed.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class Chaos {
    private static final long MS = 1_000_000;
    private static final long WELL_STEP_NS = 50 * MS;
    private static final long LONGEST_FAULT_NS = 2_200 * MS;
    private static final int PATIENCE = 100;
    private static final int MOST_LIES = 3; // each holds up what else may strike

    private final World world;
    private final Randomness.Stream random;
    private long faultCount;
    private boolean isOver;
    private boolean isHeld;
    private int lieCount;
    private long quietFromNs;

    /** Waits for {@link #begin}. */
    Chaos(final World world) {
        this.world = world;
        random = world.randomness().stream("chaos");
    }

    /** Begins to strike. */
    void begin() {
        next();
    }

    /** Strikes no more. */
    void end() {
        isOver = true;
    }

    /** Returns the faults that struck. */
    long faultCount() {
        return faultCount;
    }

    private void next() {
        final long typicalNs = world.scenario().faultIntervalNs();
        world.scheduler().after(random.between(typicalNs / 4, 2 * typicalNs), () -> {
            if (isOver) {
                return;
            }
            final Fault fault = world.scenario().faults().next(random);
            if (!isHeld || Fault.OF_CLIENTS.contains(fault)) {
                strike(fault);
            }
            next();
        });
    }

    private void strike(final Fault fault) {
        final List<SimNode> nodes = world.nodes();
        final SimNode node = nodes.get(random.below(nodes.size()));
        final SimClient client =
                world.clients().get(random.below(world.clients().size()));
        final long shortNs = random.between(MS, 100 * MS);
        final long longNs = random.between(50 * MS, 2_000 * MS);
        faultCount++;
        world.trace().add(fault.name().hashCode());
        world.note(() -> "fault " + fault + " at node " + node.place() + " or client " + client.place());
        switch (fault) {
            case POWER_CUT -> {
                cutPower(node);
                restartLater(node, random.hits(0.5) ? shortNs : longNs);
            }
            case POWER_CUT_AT_START -> {
                cutPower(node);
                final long requests = random.below(40);
                world.scheduler().after(shortNs, () -> {
                    if (!node.start(requests)) {
                        restartLater(node, shortNs);
                    }
                });
            }
            case PROCESS_DEATH -> {
                node.die();
                restartLater(node, shortNs);
            }
            case PAUSE -> node.pause(random.hits(0.5) ? shortNs : longNs);
            case DEVICE_STALL -> node.behaviour().stallUntil(world.scheduler().nowNs() + longNs);
            case DEVICE_SLOW -> {
                node.behaviour().slowBy(1 + 30 * random.share());
                world.scheduler().after(longNs, () -> node.behaviour().slowBy(1));
            }
            case DEVICE_ERROR -> failDevice(node, longNs);
            case CUT_OFF -> {
                cut(node.place(), client.place(), longNs);
                cut(client.place(), node.place(), longNs);
            }
            case ONE_WAY -> {
                final boolean isInward = random.hits(0.5);
                cut(isInward ? client.place() : node.place(), isInward ? node.place() : client.place(), longNs);
            }
            case WEATHER -> {
                world.wires().weather(random.share() * 0.2, random.share() * 0.1, random.share() * 0.2);
                world.scheduler().after(longNs, () -> world.wires().weather(0, 0, 0));
            }
            case SESSION_LOSS -> loseSession(node, client);
            case CLOCK_STEP -> node.clock().step(random.between(-5_000 * MS, 5_000 * MS));
            case CLIENT_DEATH -> client.restart();
            case CLIENT_PAUSE -> client.pause(longNs);
            default -> strikeCluster(fault, node, shortNs, longNs);
        }
    }

    private void strikeCluster(final Fault fault, final SimNode node, final long shortNs, final long longNs) {
        switch (fault) {
            case CLUSTER_POWER_CUT -> {
                for (final SimNode each : world.nodes()) {
                    cutPower(each);
                    restartLater(each, random.between(MS, longNs));
                }
            }
            case NODE_CUT_OFF -> {
                for (final SimNode other : world.nodes()) {
                    if (other != node && random.hits(0.8)) {
                        cut(node.place(), other.place(), longNs);
                        cut(other.place(), node.place(), longNs);
                    }
                }
                if (random.hits(0.5)) {
                    cut(node.place(), Wires.CONTROL, longNs);
                    cut(Wires.CONTROL, node.place(), longNs);
                }
            }
            case NODE_ONE_WAY -> {
                final int to = random.below(world.nodes().size() + 1); // 0: the control plane
                if (to != node.place()) {
                    cut(node.place(), to, longNs);
                }
            }
            case PEER_SESSION_LOSS -> {
                final ClusterRole role = node.role();
                if (role != null) {
                    role.loseSessions();
                }
            }
            case LEADER_CHANGE -> world.control().changeLeader(longNs / 2);
            case RESTART_STORM -> {
                long atNs = 0;
                for (int i = 0; i < 5; i++) {
                    atNs += random.between(2 * MS, 60 * MS);
                    world.scheduler().after(atNs, () -> {
                        cutPower(node);
                        restartLater(node, random.between(MS, 10 * MS));
                    });
                }
            }
            default -> strikeMedium(fault, node, shortNs);
        }
    }

    private void strikeMedium(final Fault fault, final SimNode node, final long shortNs) {
        switch (fault) {
            case DEVICE_REPLACED -> {
                if (world.mayLose(node)) {
                    cutPower(node);
                    node.replaceDevice();
                    restartLater(node, shortNs);
                } else {
                    faultCount--;
                }
            }
            case BIT_ROT -> {
                if (world.mayLose(node)) {
                    node.die();
                    node.rot(random);
                    restartLater(node, shortNs);
                } else {
                    faultCount--;
                }
            }
            case LOST_FLUSH -> {
                faultCount--; // until it strikes
                if (!isHeld && lieCount < MOST_LIES) {
                    lieCount++;
                    isHeld = true;
                    quietFromNs = world.scheduler().nowNs() + LONGEST_FAULT_NS;
                    lieWhenWell(node, PATIENCE);
                }
            }
            default -> throw new IllegalStateException(fault + " is not known here");
        }
    }

    /** The power goes; where the end of a log must not be torn the process dies instead. */
    private void cutPower(final SimNode node) {
        if (world.mayTear(node)) {
            node.cutPower();
        } else {
            node.die();
        }
    }

    /**
     * A device lies while everybody is well, then its power goes: what it had promised is in the others' logs alone, so
     * nothing else strikes nodes, devices and the ways between them until they have told each other: were the liar
     * asked alone, its log would end too early and nothing in it would show that. Clients may be struck.
     */
    private void lieWhenWell(final SimNode node, final int patience) {
        if (isOver || patience == 0) {
            isHeld = false;
        } else if (world.scheduler().nowNs() < quietFromNs || !world.isWell() || !world.mayLose(node)) {
            world.scheduler().after(WELL_STEP_NS, () -> lieWhenWell(node, patience - 1));
        } else {
            world.note(() -> "node " + node.place() + ": its device lies from now on");
            node.behaviour().lie(0.2 + 0.8 * random.share());
            world.scheduler().after(random.between(20 * MS, 400 * MS), () -> {
                if (isOver) {
                    return;
                }
                faultCount++;
                node.disk().exempt();
                node.behaviour().lie(0);
                node.cutPower();
                restartLater(node, random.between(MS, 100 * MS));
                holdUntilWell(PATIENCE);
            });
        }
    }

    private void holdUntilWell(final int patience) {
        isHeld = !isOver && patience > 0 && (patience == PATIENCE || !world.isWell());
        if (isHeld) {
            world.scheduler().after(WELL_STEP_NS, () -> holdUntilWell(patience - 1));
        }
    }

    /** Starts a node, again and again until it is up. */
    void restart(final SimNode node) {
        if (!node.start(Long.MAX_VALUE)) {
            restartLater(node, 10 * MS);
        }
    }

    private void restartLater(final SimNode node, final long delayNs) {
        world.scheduler().after(delayNs, () -> {
            if (!node.start(Long.MAX_VALUE)) {
                restartLater(node, Math.max(delayNs, 10 * MS));
            }
        });
    }

    private void cut(final int from, final int to, final long durationNs) {
        world.wires().cut(from, to);
        world.scheduler().after(durationNs, () -> world.wires().mend(from, to));
    }

    /** Some writes fail: the journal fences, and an operator starts the node again. */
    private void failDevice(final SimNode node, final long durationNs) {
        if (!world.mayTear(node)) {
            faultCount--;
            return;
        }
        node.behaviour().failWrites(0.5);
        world.scheduler().after(durationNs, () -> {
            node.behaviour().failWrites(0);
            final DeviceAgent agent = node.agent();
            if (agent != null && agent.fencedReason() != null) {
                node.die();
                restartLater(node, 10 * MS);
            }
        });
    }

    private void loseSession(final SimNode node, final SimClient client) {
        if (random.hits(0.5) && !node.sessions().isEmpty()) {
            node.sessions().get(random.below(node.sessions().size())).sever();
        } else if (!client.links().isEmpty()) {
            client.links().get(random.below(client.links().size())).lose("the schedule wants it");
        }
    }
}
