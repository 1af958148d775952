package io.millrace.server.cli;

import io.millrace.client.ClusterInfo;
import io.millrace.server.json.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A cluster's description for people and machines. <b>Threading:</b> one thread. */
final class ClusterReport {
    private static final String[] BLOCKS = {
        "",
        "no member has answered the seal",
        "the members that answered may lack what was acknowledged",
        "no replica that answered is whole",
        "fewer replicas than the minimum have answered",
        "its history of epochs is full"
    };
    private static final String[] CAUSES = {
        "",
        "a lost lease",
        "a restart",
        "a lost device",
        "a silent neighbour",
        "a slow member",
        "a late install",
        "an admission",
        "a new placement"
    };
    private static final long MILLIS = 1_000_000L;
    private static final double SECOND = 1e9;

    private final ClusterInfo info;
    private final @Nullable ClusterInfo earlier;
    private final long sampleNs;

    /**
     * Makes a report.
     *
     * @param info the newest description.
     * @param earlier one of before, for speeds; null: none.
     * @param sampleNs how long before.
     */
    ClusterReport(final ClusterInfo info, final @Nullable ClusterInfo earlier, final long sampleNs) {
        this.info = info;
        this.earlier = earlier;
        this.sampleNs = sampleNs;
    }

    /** Returns it for people. */
    String text() {
        final StringBuilder out = new StringBuilder();
        if (info.leaderMember() < 0) {
            return out.append("a node alone, no cluster: ")
                    .append(info.chainCount())
                    .append(" chains, one replica each")
                    .toString();
        }
        out.append("cluster ").append(info.clusterId());
        out.append("\ncontrol plane: member ").append(info.leaderMember());
        out.append(" leads, term ").append(info.leaderTerm());
        out.append(", feature level ").append(info.featureLevel()).append('\n');
        addNodes(out);
        if (info.chains().isEmpty()) {
            return out.append("no chains yet: millrace cluster init").toString();
        }
        out.append(info.chains().size()).append(" chains of ").append(info.replicationFactor());
        out.append(" replicas, ").append(info.minimum()).append(" at least\n");
        for (final ClusterInfo.Chain chain : info.chains()) {
            add(out, chain);
        }
        final long lacking = underReplicated();
        return out.append(lacking == 0 ? "all chains are whole" : lacking + " chains are short of replicas")
                .toString();
    }

    private void addNodes(final StringBuilder out) {
        for (final ClusterInfo.Node node : info.nodes()) {
            out.append("node ").append(node.endpoint().isEmpty() ? "(never seen)" : node.endpoint());
            out.append("  ").append(node.nodeId()).append("  ").append(word(node.standing()));
            if (node.incarnation() == 0) {
                out.append(", has not come yet");
            } else {
                out.append(", ").append(node.isAlive() ? "alive" : "silent for " + seconds(node.silentNs()));
                out.append(", incarnation ").append(node.incarnation());
                out.append(", ")
                        .append(ClusterNodes.replicaCount(info, node.nodeId()))
                        .append(" replicas");
            }
            for (final ClusterInfo.Device device : node.devices()) {
                if (!device.isPresent()) {
                    out.append(", device ").append(device.device()).append(" is missing");
                }
            }
            out.append('\n');
        }
    }

    private void add(final StringBuilder out, final ClusterInfo.Chain chain) {
        out.append("chain ").append(chain.chain());
        out.append("  epoch ").append(chain.chainEpoch()).append("  ");
        switch (chain.phase()) {
            case NORMAL -> out.append(chain.isUnderReplicated() ? "short of replicas" : "whole");
            case SEALING -> out.append("sealing for ").append(seconds(chain.phaseNs()));
            case INSTALLING -> out.append("installing for ").append(seconds(chain.phaseNs()));
            case UNKNOWN -> out.append("in an unknown phase");
        }
        if (chain.phase() != ClusterInfo.Phase.NORMAL && chain.cause() > 0) {
            out.append(" because of ").append(of(CAUSES, chain.cause()));
        }
        if (chain.block() > 0) {
            out.append(", BLOCKED: ").append(of(BLOCKS, chain.block()));
        }
        String separator = "  ";
        for (final ClusterInfo.Replica replica : members(chain)) {
            out.append(separator).append(place(replica));
            separator = " > ";
        }
        out.append('\n');
        for (final ClusterInfo.Replica replica : chain.replicas()) {
            if (replica.role() == ClusterInfo.Role.LEARNER) {
                out.append("         ")
                        .append(place(replica))
                        .append(" learns, at ")
                        .append(replica.lastPosition());
                out.append(" of ")
                        .append(last(chain))
                        .append(whole(chain, replica))
                        .append('\n');
            } else if (replica.role() == ClusterInfo.Role.RETIRING) {
                out.append("         ").append(place(replica)).append(" gives its records free\n");
            }
        }
    }

    private String whole(final ClusterInfo.Chain chain, final ClusterInfo.Replica learner) {
        final double remaining = remainingSeconds(chain, learner);
        if (remaining < 0) {
            return earlier == null ? "" : ", does not come closer";
        }
        return ", whole in about " + Math.max(1, Math.round(remaining)) + " s";
    }

    /** From how much closer it has come: the chain's end moves, too; −1 unknown. */
    private double remainingSeconds(final ClusterInfo.Chain chain, final ClusterInfo.Replica learner) {
        final ClusterInfo before = earlier;
        if (before == null) {
            return -1;
        }
        for (final ClusterInfo.Chain known : before.chains()) {
            for (final ClusterInfo.Replica replica : known.replicas()) {
                if (known.chain() == chain.chain() && replica.replica().equals(learner.replica())) {
                    final long gapBefore = last(known) - replica.lastPosition();
                    final long gap = last(chain) - learner.lastPosition();
                    return gap <= 0 ? 0 : gapBefore > gap ? gap * (sampleNs / SECOND) / (gapBefore - gap) : -1;
                }
            }
        }
        return -1;
    }

    private static List<ClusterInfo.Replica> members(final ClusterInfo.Chain chain) {
        final List<ClusterInfo.Replica> members = new ArrayList<>();
        for (final ClusterInfo.Replica replica : chain.replicas()) {
            if (replica.role() == ClusterInfo.Role.MEMBER) {
                members.add(replica);
            }
        }
        return members;
    }

    private static long last(final ClusterInfo.Chain chain) {
        long last = 0;
        for (final ClusterInfo.Replica member : members(chain)) {
            last = Math.max(last, member.lastPosition());
        }
        return last;
    }

    private long underReplicated() {
        return info.chains().stream()
                .filter(ClusterInfo.Chain::isUnderReplicated)
                .count();
    }

    private String place(final ClusterInfo.Replica replica) {
        final String state = replica.role() == ClusterInfo.Role.MEMBER
                        && !isAlive(replica.replica().nodeId())
                ? " (silent)"
                : replica.isSlow() ? " (slow)" : "";
        return (replica.endpoint().isEmpty() ? replica.replica().nodeId().toString() : replica.endpoint()) + state;
    }

    private boolean isAlive(final UUID nodeId) {
        return info.nodes().stream().anyMatch(node -> node.nodeId().equals(nodeId) && node.isAlive());
    }

    private static String of(final String[] words, final int number) {
        return number < words.length ? words[number] : "number " + number;
    }

    private static String word(final Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static String seconds(final long durationNs) {
        return Math.round(durationNs / SECOND * 1_000) / 1_000.0 + " s";
    }

    /** Returns it for machines. */
    String json() {
        final StringBuilder text = new StringBuilder();
        final JsonWriter json = new JsonWriter(text)
                .beginObject()
                .field("cluster", info.clusterId().toString())
                .field("leader", info.leaderMember())
                .field("leaderTerm", info.leaderTerm())
                .field("featureLevel", info.featureLevel())
                .field("chainCount", info.chainCount())
                .field("replicationFactor", info.replicationFactor())
                .field("minimum", info.minimum())
                .field("underReplicated", underReplicated())
                .field("whole", !info.chains().isEmpty() && underReplicated() == 0)
                .name("nodes")
                .beginArray();
        for (final ClusterInfo.Node node : info.nodes()) {
            json.beginObject()
                    .field("node", node.nodeId().toString())
                    .field("endpoint", node.endpoint())
                    .field("standing", node.standing().name())
                    .field("alive", node.isAlive())
                    .field("incarnation", node.incarnation())
                    .field("silentMillis", node.silentNs() / MILLIS)
                    .field("replicas", ClusterNodes.replicaCount(info, node.nodeId()))
                    .name("devices")
                    .beginArray();
            for (final ClusterInfo.Device device : node.devices()) {
                json.beginObject()
                        .field("device", device.device().toString())
                        .field("endpoint", device.endpoint())
                        .field("capacityBytes", device.capacityBytes())
                        .field("present", device.isPresent())
                        .end();
            }
            json.end().end();
        }
        json.end().name("chains").beginArray();
        for (final ClusterInfo.Chain chain : info.chains()) {
            write(json, chain);
        }
        json.end().end();
        return text.toString();
    }

    private void write(final JsonWriter json, final ClusterInfo.Chain chain) {
        json.beginObject()
                .field("chain", chain.chain())
                .field("epoch", chain.chainEpoch())
                .field("sealEpoch", chain.sealEpoch())
                .field("phase", chain.phase().name())
                .field("phaseMillis", chain.phaseNs() / MILLIS)
                .field("cause", of(CAUSES, chain.cause()))
                .field("blocked", of(BLOCKS, chain.block()))
                .field("minimum", chain.minimum())
                .field("whole", !chain.isUnderReplicated());
        writePlaces(json, "members", chain, ClusterInfo.Role.MEMBER);
        writePlaces(json, "learners", chain, ClusterInfo.Role.LEARNER);
        json.name("replicas").beginArray();
        for (final ClusterInfo.Replica replica : chain.replicas()) {
            json.beginObject()
                    .field("node", replica.replica().nodeId().toString())
                    .field("device", replica.replica().device().toString())
                    .field("endpoint", replica.endpoint())
                    .field("role", replica.role().name())
                    .field("lastPosition", replica.lastPosition())
                    .field("durablePosition", replica.durablePosition())
                    .field("commitPosition", replica.commitPosition())
                    .field("installed", replica.isInstalled())
                    .field("complete", replica.isComplete())
                    .field("slow", replica.isSlow())
                    .field("target", replica.isTarget());
            final double remaining = replica.role() == ClusterInfo.Role.LEARNER ? remainingSeconds(chain, replica) : -1;
            if (remaining >= 0) {
                json.field("wholeInSeconds", remaining);
            }
            json.end();
        }
        json.end().end();
    }

    /** Addresses in the order of the chain. */
    private static void writePlaces(
            final JsonWriter json, final String name, final ClusterInfo.Chain chain, final ClusterInfo.Role role) {
        json.name(name).beginArray();
        for (final ClusterInfo.Replica replica : chain.replicas()) {
            if (replica.role() == role) {
                json.value(replica.endpoint());
            }
        }
        json.end();
    }
}
