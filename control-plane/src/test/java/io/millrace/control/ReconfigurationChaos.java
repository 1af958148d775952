package io.millrace.control;

import io.millrace.control.ClusterBed.Entry;
import io.millrace.control.ClusterBed.FakeNode;
import io.millrace.control.ClusterBed.FakeReplica;
import io.millrace.control.ClusterBed.Violation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/**
 * One chain under faults that a seed decides: messages and reports late, twice, never; nodes that crash and lose what
 * was not durable, come back at once or late, with torn or rotted tails, or with an empty device; ticks that jump.
 * Checks that what was acknowledged is in every log that is chosen (I6), that one epoch and position has one record
 * (I3), one epoch one content (I4), that two copies of the state agree at every step, and that all of it ends well when
 * faults end (I20).
 */
final class ReconfigurationChaos {
    private static final int CHAIN = 1;
    private static final long MS = ClusterBed.MS;

    private final Random random;
    private final ClusterBed bed;
    private final List<byte[]> reports = new ArrayList<>();
    private final List<Entry> acknowledged = new ArrayList<>();
    private final TreeMap<String, Long> written = new TreeMap<>();
    private final int nodeCount;
    private final int minimum;
    private long writers;
    private long lastEpoch = 1;
    private long forcedEpoch;
    private boolean isQuiet;
    int reconfigurations;
    int forced;

    ReconfigurationChaos(final long seed, final ControlRules rules) {
        random = new Random(seed);
        nodeCount = 3 + random.nextInt(2);
        minimum = 1 + random.nextInt(2);
        bed = ClusterBed.configured(nodeCount, 1, 3, minimum, rules);
    }

    int acknowledgedCount() {
        return acknowledged.size();
    }

    void run(final int steps) {
        for (int i = 0; i < steps; i++) {
            step();
            check();
            if (random.nextInt(8) == 0) {
                bed.checkSnapshot();
            }
        }
        heal();
    }

    private void step() {
        final int what = random.nextInt(100);
        if (what < 12) {
            time();
        } else if (what < 40) {
            deliver();
        } else if (what < 92) {
            data();
        } else if (what < 94) {
            crash(1 + random.nextInt(nodeCount));
        } else if (what < 98) {
            final FakeNode node = bed.node(1L + random.nextInt(nodeCount));
            if (!node.isUp) {
                bed.start(node.number());
            }
        } else if (what == 98 && random.nextInt(3) == 0) {
            wipe(1 + random.nextInt(nodeCount));
        } else if (what == 99 && random.nextInt(20) == 0) {
            for (long node = 1; node <= nodeCount; node++) {
                crash(node);
            }
        }
    }

    private void time() {
        for (final FakeNode node : bed.nodes.values()) {
            if (random.nextInt(4) != 0) {
                bed.heartbeat(node, 0, 0, 0);
            }
        }
        bed.tick(random.nextInt(20) == 0 ? (random.nextInt(4000) - 2000) * MS : 50 * MS + random.nextInt(100) * MS);
    }

    private void deliver() {
        for (int i = 0; i < 3 && !bed.outbox.isEmpty(); i++) {
            final int at = random.nextInt(bed.outbox.size());
            final byte[] message = random.nextInt(6) == 0 ? bed.outbox.get(at) : bed.outbox.remove(at);
            final byte[] answer = random.nextInt(10) == 0 ? null : bed.deliver(message);
            if (answer != null) {
                reports.add(answer);
            }
        }
        while (bed.outbox.size() > 40) {
            bed.outbox.remove(random.nextInt(bed.outbox.size()));
        }
        for (int i = 0; i < 2 && !reports.isEmpty(); i++) {
            final int at = random.nextInt(reports.size());
            bed.apply(random.nextInt(6) == 0 ? reports.get(at) : reports.remove(at));
            check();
        }
        while (reports.size() > 20) {
            reports.remove(random.nextInt(reports.size()));
        }
    }

    /** One step of the data path: append, replicate, sync or commit at some member. */
    private void data() {
        final FakeNode node = bed.node(1L + random.nextInt(nodeCount));
        final FakeReplica replica = node.replicas.get(CHAIN);
        if (replica == null || !node.isUp || replica.isSealed || replica.installed == 0) {
            return;
        }
        final int place = replica.members.indexOf(node.number());
        final int what = random.nextInt(4);
        if (what == 0 && place == 0 && replica.log.size() < acknowledged.size() + 6) {
            final Entry entry = new Entry(replica.installed, ++writers);
            replica.log.add(entry);
            final String key = entry.epoch() + "@" + replica.log.size();
            if (written.putIfAbsent(key, entry.writer()) != null) {
                throw new Violation("I3: two records " + key);
            }
        } else if (what == 1 && place + 1 < replica.members.size()) {
            replicate(replica, bed.node(replica.members.get(place + 1)));
        } else if (what == 2) {
            replica.durable = replica.log.size();
        } else if (what == 3 && place == replica.members.size() - 1) {
            commit(replica);
        }
    }

    private static void replicate(final FakeReplica from, final FakeNode to) {
        final FakeReplica next = to.replicas.get(CHAIN);
        if (next == null || !to.isUp || next.isSealed || next.installed != from.installed) {
            return;
        }
        final int size = next.log.size();
        if (size < from.log.size() && next.log.equals(from.log.subList(0, size))) {
            next.log.add(from.log.get(size));
        }
    }

    private void commit(final FakeReplica tail) {
        for (int p = tail.commit; p < tail.durable; p++) {
            final Entry entry = tail.log.get(p);
            for (final Long member : tail.members) {
                final FakeReplica other = bed.node(member).replicas.get(CHAIN);
                if (other == null || other.durable <= p || !other.log.get(p).equals(entry)) {
                    return;
                }
            }
            if (p < acknowledged.size()) {
                if (!acknowledged.get(p).equals(entry)) {
                    throw new Violation("I2: committed record " + (p + 1) + " changed");
                }
            } else {
                acknowledged.add(entry);
            }
            tail.commit = p + 1;
        }
    }

    private void crash(final long number) {
        final FakeNode node = bed.node(number);
        if (!node.isUp) {
            return;
        }
        bed.crash(number);
        final FakeReplica replica = node.replicas.get(CHAIN);
        if (replica != null && replica.since > 0 && random.nextInt(3) == 0) {
            replica.isUncertain = true;
            if (!replica.log.isEmpty() && random.nextInt(2) == 0 && isHeldElsewhere(number)) {
                replica.log.remove(replica.log.size() - 1);
                replica.durable = replica.log.size();
            }
        }
        if (random.nextBoolean()) {
            bed.start(number);
        }
    }

    private void wipe(final long number) {
        if (isHeldElsewhere(number)) {
            bed.crash(number);
            bed.wipe(number);
            bed.start(number);
        }
    }

    /** Loss beyond what replicas are for is not what is tested: two others must hold all, undamaged. */
    private boolean isHeldElsewhere(final long number) {
        int holders = 0;
        for (final ChainView.Member member : bed.view(CHAIN).members()) {
            final FakeNode node = bed.node(member.replica().node().getLeastSignificantBits());
            final FakeReplica replica = node.replicas.get(CHAIN);
            if (node.number() != number
                    && replica != null
                    && !replica.isUncertain
                    && node.device.equals(member.replica().device())
                    && replica.durable >= acknowledged.size()) {
                holders++;
            }
        }
        return holders >= 2;
    }

    private void check() {
        final ChainView view = bed.view(CHAIN);
        if (view.epoch() < lastEpoch) {
            throw new Violation("I4: epoch " + view.epoch() + " after " + lastEpoch);
        }
        checkHead(view);
        if (view.epoch() == lastEpoch) {
            return;
        }
        lastEpoch = view.epoch();
        reconfigurations++;
        if (view.members().size() < minimum && view.epoch() != forcedEpoch) {
            throw new Violation("P3: " + view.members().size() + " members");
        }
        if (view.startPosition() <= acknowledged.size()) {
            throw new Violation("I6: " + acknowledged.size() + " acknowledged, " + view);
        }
        final ChainView.Member head = view.members().get(0);
        final FakeNode node = bed.node(head.replica().node().getLeastSignificantBits());
        // One that has started anew since it answered is not the one that was chosen, and will not install (D1).
        if (node.isUp && node.incarnation == head.incarnation()) {
            checkHolds(node, head, view);
        }
    }

    /** Whoever leads holds all that was acknowledged, at every step. */
    private void checkHead(final ChainView view) {
        final ChainView.Member head = view.members().get(0);
        final FakeNode node = bed.node(head.replica().node().getLeastSignificantBits());
        final FakeReplica replica = node.replicas.get(CHAIN);
        if (replica != null && node.isUp && replica.installed == view.epoch()) {
            checkHolds(node, head, view);
        }
    }

    private void checkHolds(final FakeNode node, final ChainView.Member head, final ChainView view) {
        final FakeReplica replica = node.replicas.get(CHAIN);
        if (replica == null || !node.device.equals(head.replica().device())) {
            return;
        }
        for (int p = 0; p < acknowledged.size(); p++) {
            if (p >= replica.log.size() || !replica.log.get(p).equals(acknowledged.get(p))) {
                throw new Violation("I6: record " + (p + 1) + " is not in the chosen log, " + view);
            }
        }
    }

    /** Ends all faults: the chain must be whole again and acknowledge something new. */
    private void heal() {
        for (final FakeNode node : bed.nodes.values()) {
            if (!node.isUp) {
                bed.start(node.number());
            }
        }
        isQuiet = true;
        final int before = acknowledged.size();
        for (int i = 0; i < 400 && isQuiet; i++) {
            for (final FakeNode node : bed.nodes.values()) {
                bed.heartbeat(node, 0, 0, 0);
            }
            bed.tick(100 * MS);
            bed.deliverAll();
            check();
            for (int k = 0; k < 60; k++) {
                data();
            }
            final ChainView view = bed.view(CHAIN);
            if (i > 100 && isForTheOperator(view)) {
                force(view);
            }
            isQuiet = acknowledged.size() <= before || view.members().size() < 3 || !"NORMAL".equals(view.phase());
        }
        if (isQuiet) {
            throw new Violation("I20: not whole again: " + bed.view(CHAIN) + ", acknowledged " + before + " and then "
                    + acknowledged.size() + describe());
        }
        bed.checkSnapshot();
    }

    /**
     * Tells whether nobody but an operator may say how to go on: a member that will never answer again, or the lost
     * part of a torn tail, could have held what the others lack, and they are below the minimum or the floor (P3, P4).
     */
    private boolean isForTheOperator(final ChainView view) {
        final boolean isTorn = view.block() == ReplicaChoice.NOBODY_ELIGIBLE
                && Arrays.stream(survivors(view)).anyMatch(node -> bed.replica(node, CHAIN).isUncertain);
        final boolean isSole = view.members().size() == 1 && view.block() == ReplicaChoice.NOBODY_TO_TRUST;
        return "SEALING".equals(view.phase())
                && view.block() != ReplicaChoice.NONE
                && (isSole || isTorn || survivors(view).length < view.members().size());
    }

    /** Installs the survivors; the longest of their logs leads. */
    private void force(final ChainView view) {
        forcedEpoch = view.sealEpoch();
        forced++;
        if (bed.forceInstall(CHAIN, forcedEpoch, survivors(view)) != ControlStatus.DONE) {
            throw new Violation("an operator is refused: " + view + describe());
        }
    }

    private long[] survivors(final ChainView view) {
        return view.members().stream()
                .filter(member -> {
                    final FakeNode node = bed.node(member.replica().node().getLeastSignificantBits());
                    return node.device.equals(member.replica().device());
                })
                .mapToLong(member -> member.replica().node().getLeastSignificantBits())
                .toArray();
    }

    private String describe() {
        final StringBuilder text = new StringBuilder();
        for (final FakeNode node : bed.nodes.values()) {
            final FakeReplica replica = node.replicas.get(CHAIN);
            text.append("\n node ")
                    .append(node.number())
                    .append(" incarnation ")
                    .append(node.incarnation);
            if (replica != null) {
                text.append(" since ")
                        .append(replica.since)
                        .append(" promised ")
                        .append(replica.promised);
                text.append(" installed ").append(replica.installed).append(replica.isSealed ? " sealed" : "");
                text.append(" log ").append(replica.log.size()).append(replica.isUncertain ? " uncertain" : "");
                text.append(replica.isComplete ? " complete" : "")
                        .append(" members ")
                        .append(replica.members);
            }
        }
        return text.toString();
    }
}
