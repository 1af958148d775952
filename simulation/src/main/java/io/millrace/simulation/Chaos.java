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

    private final World world;
    private final Randomness.Stream random;
    private long faultCount;
    private boolean isOver;

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
            if (!isOver) {
                strike(world.scenario().faults().next(random));
                next();
            }
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
                node.cutPower();
                restartLater(node, random.hits(0.5) ? shortNs : longNs);
            }
            case POWER_CUT_AT_START -> {
                node.cutPower();
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
                    each.cutPower();
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
            case DEVICE_REPLACED -> {
                if (world.mayLose(node)) {
                    node.cutPower();
                    node.replaceDevice();
                    restartLater(node, shortNs);
                }
            }
            case RESTART_STORM -> {
                long atNs = 0;
                for (int i = 0; i < 5; i++) {
                    atNs += random.between(2 * MS, 60 * MS);
                    world.scheduler().after(atNs, () -> {
                        node.cutPower();
                        restartLater(node, random.between(MS, 10 * MS));
                    });
                }
            }
            default -> throw new IllegalStateException(fault + " is not known here");
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
