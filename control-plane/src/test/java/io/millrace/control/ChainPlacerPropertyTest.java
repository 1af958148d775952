package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Where replicas are placed, and how few move. */
class ChainPlacerPropertyTest {
    private static List<ReplicaId> devices(final int nodes, final int perNode) {
        final List<ReplicaId> devices = new ArrayList<>();
        for (int node = 1; node <= nodes; node++) {
            for (int device = 1; device <= perNode; device++) {
                devices.add(new ReplicaId(new UUID(0, node), new UUID(node, device)));
            }
        }
        return devices;
    }

    private static List<List<ReplicaId>> nothing(final int chains) {
        final List<List<ReplicaId>> nothing = new ArrayList<>();
        for (int i = 0; i < chains; i++) {
            nothing.add(List.of());
        }
        return nothing;
    }

    private static int distinctNodes(final List<ReplicaId> targets) {
        final Set<UUID> nodes = new HashSet<>();
        targets.forEach(target -> nodes.add(target.node()));
        return nodes.size();
    }

    private static void checkEven(final List<List<ReplicaId>> placed, final List<ReplicaId> devices) {
        final TreeMap<ReplicaId, Integer> loads = new TreeMap<>();
        devices.forEach(device -> loads.put(device, 0));
        placed.forEach(targets -> targets.forEach(target -> loads.merge(target, 1, Integer::sum)));
        final int least = loads.values().stream().mapToInt(i -> i).min().orElse(0);
        final int most = loads.values().stream().mapToInt(i -> i).max().orElse(0);
        assertTrue(most - least <= 1, loads.toString());
    }

    /** All devices carry equally many, are heads and tails, and a chain is spread over nodes. */
    @Property(tries = 300)
    void shouldSpreadChainsWhenNodesAreAlike(
            @ForAll @IntRange(min = 3, max = 7) final int nodes,
            @ForAll @IntRange(min = 1, max = 3) final int perNode,
            @ForAll @IntRange(min = 1, max = 3) final int factor,
            @ForAll @IntRange(min = 1, max = 3) final int chainsPerDevice) {
        final List<ReplicaId> devices = devices(nodes, perNode);
        final int chains = chainsPerDevice * devices.size();
        final List<List<ReplicaId>> placed = ChainPlacer.place(nothing(chains), devices, factor);
        checkEven(placed, devices);
        final Set<ReplicaId> heads = new HashSet<>();
        final Set<ReplicaId> tails = new HashSet<>();
        for (final List<ReplicaId> targets : placed) {
            assertEquals(factor, targets.size());
            assertEquals(factor, Set.copyOf(targets).size());
            assertEquals(factor, distinctNodes(targets), targets.toString());
            heads.add(targets.get(0));
            tails.add(targets.get(factor - 1));
        }
        assertEquals(Set.copyOf(devices), heads);
        assertEquals(Set.copyOf(devices), tails);
    }

    /** A node that goes moves only what lay on it; one that comes gets its share. */
    @Property(tries = 200)
    void shouldMoveLittleWhenDevicesComeAndGo(
            @ForAll final long seed, @ForAll @IntRange(min = 1, max = 40) final int chains) {
        final Random random = new Random(seed);
        final List<ReplicaId> all = devices(6, 1);
        final List<ReplicaId> few = new ArrayList<>(all);
        few.remove(random.nextInt(6));
        final List<List<ReplicaId>> before = ChainPlacer.place(nothing(chains), all, 3);
        final List<List<ReplicaId>> without = ChainPlacer.place(before, few, 3);
        checkEven(without, few);
        int moved = 0;
        for (int i = 0; i < chains; i++) {
            assertEquals(3, distinctNodes(without.get(i)));
            final Set<ReplicaId> kept = new HashSet<>(without.get(i));
            kept.retainAll(before.get(i));
            moved += 3 - kept.size();
        }
        assertTrue(moved <= (chains * 3 + 5) / 6 + 6, "moved " + moved + " of " + chains * 3);
        checkEven(ChainPlacer.place(without, all, 3), all);
    }

    /** With fewer nodes than the factor, other devices of the same node are better than none. */
    @Property(tries = 50)
    void shouldShareANodeWhenThereAreTooFew(@ForAll @IntRange(min = 1, max = 12) final int chains) {
        final List<List<ReplicaId>> placed = ChainPlacer.place(nothing(chains), devices(2, 2), 3);
        placed.forEach(targets -> assertEquals(2, distinctNodes(targets)));
        placed.forEach(targets -> assertEquals(3, Set.copyOf(targets).size()));
        ChainPlacer.place(nothing(chains), devices(1, 2), 3).forEach(targets -> assertEquals(2, targets.size()));
    }
}
