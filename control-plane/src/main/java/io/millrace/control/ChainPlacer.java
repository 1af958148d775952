package io.millrace.control;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Places the replicas of chains on devices: evenly, no two of a chain on one node where that can be avoided, every
 * device head of some chains and tail of others; and moves as few as it can when devices come and go. A pure function.
 *
 * <p><b>Threading:</b> no state.
 */
final class ChainPlacer {
    private final List<ReplicaId> devices;
    private final int replicationFactor;
    private final TreeMap<ReplicaId, Integer> loads = new TreeMap<>();
    private final List<List<ReplicaId>> placed = new ArrayList<>();

    private ChainPlacer(final List<ReplicaId> devices, final int replicationFactor) {
        this.devices = devices;
        this.replicationFactor = replicationFactor;
        devices.forEach(device -> loads.put(device, 0));
    }

    /**
     * Places.
     *
     * @param current targets of each chain, from chain 1; empty lists at the first time.
     * @param devices that may be used, in order.
     * @param replicationFactor replicas of a chain.
     * @return targets of each chain from head to tail; shorter than the factor where devices are too few.
     */
    static List<List<ReplicaId>> place(
            final List<List<ReplicaId>> current, final List<ReplicaId> devices, final int replicationFactor) {
        final ChainPlacer placer = new ChainPlacer(devices, replicationFactor);
        placer.keep(current);
        placer.fill();
        placer.level();
        placer.order();
        return placer.placed;
    }

    /** Keeps what lies on devices that may be used. */
    private void keep(final List<List<ReplicaId>> current) {
        for (final List<ReplicaId> targets : current) {
            final List<ReplicaId> kept = new ArrayList<>();
            for (final ReplicaId target : targets) {
                if (loads.containsKey(target) && kept.size() < replicationFactor) {
                    kept.add(target);
                    loads.merge(target, 1, Integer::sum);
                }
            }
            placed.add(kept);
        }
    }

    /** Adds what is missing on the devices that carry least. */
    private void fill() {
        for (int chain = 0; chain < placed.size(); chain++) {
            final List<ReplicaId> targets = placed.get(chain);
            while (targets.size() < replicationFactor) {
                final ReplicaId best = leastLoaded(targets, chain);
                if (best == null) {
                    break;
                }
                targets.add(best);
                loads.merge(best, 1, Integer::sum);
            }
        }
    }

    /** Another node is worth more than an even load; of equals the next one round from the chain's number. */
    private @Nullable ReplicaId leastLoaded(final List<ReplicaId> targets, final int chain) {
        ReplicaId best = null;
        long bestCost = Long.MAX_VALUE;
        for (int i = 0; i < devices.size(); i++) {
            final ReplicaId device = devices.get((chain + i) % devices.size());
            final long cost = (sharesNode(targets, device) ? 1L << 32 : 0) + load(device);
            if (!targets.contains(device) && cost < bestCost) {
                best = device;
                bestCost = cost;
            }
        }
        return best;
    }

    /** Moves replicas from the device with most to the one with least until they differ by at most one. */
    private void level() {
        boolean isMoved = true;
        while (isMoved) {
            isMoved = false;
            for (final ReplicaId from : devices) {
                for (final ReplicaId to : devices) {
                    if (load(from) > load(to) + 1 && move(from, to)) {
                        isMoved = true;
                    }
                }
            }
        }
    }

    private boolean move(final ReplicaId from, final ReplicaId to) {
        for (final List<ReplicaId> targets : placed) {
            final int at = targets.indexOf(from);
            if (at < 0 || targets.contains(to)) {
                continue;
            }
            final List<ReplicaId> rest = new ArrayList<>(targets);
            rest.remove(at);
            if (sharesNode(rest, from) || !sharesNode(rest, to)) {
                targets.set(at, to);
                loads.merge(from, -1, Integer::sum);
                loads.merge(to, 1, Integer::sum);
                return true;
            }
        }
        return false;
    }

    /** Makes every device head of about as many chains as any other, and then tail. */
    private void order() {
        final int[] first = new int[placed.size()];
        assign(first, first, false);
        for (int chain = 0; chain < first.length; chain++) {
            Collections.swap(placed.get(chain), 0, first[chain]);
            first[chain] = 0;
        }
        final int[] last = new int[placed.size()];
        for (int chain = 0; chain < last.length; chain++) {
            last[chain] = placed.get(chain).size() - 1;
        }
        assign(last, first, true);
        for (int chain = 0; chain < last.length; chain++) {
            Collections.swap(placed.get(chain), placed.get(chain).size() - 1, last[chain]);
        }
    }

    /**
     * Picks one target of each chain so that devices are picked equally often: while a device is picked twice less than
     * another that can pass a chain on to it, directly or over others, it is passed on.
     */
    private void assign(final int[] picks, final int[] excluded, final boolean isExcluding) {
        final TreeMap<ReplicaId, Integer> counts = new TreeMap<>();
        devices.forEach(device -> counts.put(device, 0));
        for (int chain = 0; chain < picks.length; chain++) {
            if (!placed.get(chain).isEmpty()) {
                counts.merge(placed.get(chain).get(picks[chain]), 1, Integer::sum);
            }
        }
        boolean isChanged = true;
        while (isChanged) {
            isChanged = false;
            for (final ReplicaId device : devices) {
                isChanged |= passOn(device, counts, picks, excluded, isExcluding);
            }
        }
    }

    /** Searches breadth first from a device over the chains it could be picked for to one that is picked too often. */
    private boolean passOn(
            final ReplicaId poor,
            final Map<ReplicaId, Integer> counts,
            final int[] picks,
            final int[] excluded,
            final boolean isExcluding) {
        final TreeMap<ReplicaId, Integer> reachedBy = new TreeMap<>();
        final TreeMap<ReplicaId, ReplicaId> reachedFrom = new TreeMap<>();
        final ArrayDeque<ReplicaId> open = new ArrayDeque<>();
        open.add(poor);
        reachedFrom.put(poor, poor);
        while (!open.isEmpty()) {
            final ReplicaId device = open.remove();
            for (int chain = 0; chain < picks.length; chain++) {
                final List<ReplicaId> targets = placed.get(chain);
                final int at = targets.indexOf(device);
                if (at < 0 || at == picks[chain] || (isExcluding && at == excluded[chain] && targets.size() > 1)) {
                    continue;
                }
                final ReplicaId holder = targets.get(picks[chain]);
                if (reachedFrom.putIfAbsent(holder, device) != null) {
                    continue;
                }
                reachedBy.put(holder, chain);
                open.add(holder);
                if (counts.getOrDefault(holder, 0) > counts.getOrDefault(poor, 0) + 1) {
                    counts.merge(holder, -1, Integer::sum);
                    counts.merge(poor, 1, Integer::sum);
                    give(holder, poor, reachedBy, reachedFrom, picks);
                    return true;
                }
            }
        }
        return false;
    }

    private void give(
            final ReplicaId rich,
            final ReplicaId poor,
            final Map<ReplicaId, Integer> reachedBy,
            final Map<ReplicaId, ReplicaId> reachedFrom,
            final int[] picks) {
        ReplicaId holder = rich;
        while (!holder.equals(poor)) {
            final ReplicaId taker = reachedFrom.getOrDefault(holder, poor);
            final int chain = reachedBy.getOrDefault(holder, 0);
            picks[chain] = placed.get(chain).indexOf(taker);
            holder = taker;
        }
    }

    private int load(final ReplicaId device) {
        return loads.getOrDefault(device, 0);
    }

    private static boolean sharesNode(final List<ReplicaId> targets, final ReplicaId device) {
        final UUID node = device.node();
        for (final ReplicaId target : targets) {
            if (target.node().equals(node)) {
                return true;
            }
        }
        return false;
    }
}
