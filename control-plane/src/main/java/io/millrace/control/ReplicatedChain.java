package io.millrace.control;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of one chain and its change: NORMAL → SEALING → INSTALLING → NORMAL. While a seal finds nobody to
 * go on it is blocked and waits; it never guesses. What a replica has not answered is said again at every Tick, so that
 * a new leader of the control plane, or a lost message, loses nothing.
 *
 * <p><b>Threading:</b> one thread. <b>Invariants:</b> epochs only rise; an epoch has one configuration, which never
 * changes once decided; the members of the installed epoch are those that may have acknowledged something.
 */
final class ReplicatedChain {
    private static final int PLACEMENT_RETRY_INTERVALS = 64;

    final int chain;
    final EpochHistory history = new EpochHistory();
    final List<Replica> members = new ArrayList<>();
    final TreeMap<ReplicaId, Replica> others = new TreeMap<>();
    List<ReplicaId> targets = List.of();
    long epoch;
    long sealEpoch;
    long startPosition;
    long floorPosition;
    long sinceNs;
    long lastOrderNumber;
    long forcedEpoch;

    /** Members below which the installed configuration takes no appends. */
    int minimum;

    ChainPhase phase = ChainPhase.NORMAL;
    SealCause cause = SealCause.NONE;
    int block = ReplicaChoice.NONE;

    private final ReconfigurationLimits limits;
    private final ControlRules rules;
    private final ClusterNodes nodes;
    private final MemberHealth health;
    private final ChainMessages messages;

    /**
     * Starts without configuration.
     *
     * @param chain data chain, from 1.
     * @param limits of times.
     * @param rules that hold.
     * @param nodes of the cluster.
     * @param messages to speak with.
     */
    ReplicatedChain(
            final int chain,
            final ReconfigurationLimits limits,
            final ControlRules rules,
            final ClusterNodes nodes,
            final ChainMessages messages) {
        this.chain = chain;
        this.limits = limits;
        this.rules = rules;
        this.nodes = nodes;
        health = new MemberHealth(limits);
        this.messages = messages;
    }

    /**
     * Installs the first epoch: there is nothing to seal.
     *
     * @param placed members from head to tail.
     * @param minimumMembers below which it takes no appends.
     * @param effects told.
     */
    void create(final List<ReplicaId> placed, final int minimumMembers, final Effects effects) {
        minimum = minimumMembers;
        targets = List.copyOf(placed);
        begin(1, placed, effects);
    }

    /**
     * Goes on with a replica that was never one of several, and a member since the first epoch: sealed as at a restart.
     *
     * @param replica the only one.
     * @param effects told.
     */
    void adopt(final ReplicaId replica, final Effects effects) {
        minimum = 1;
        targets = List.of(replica);
        epoch = 1;
        sealEpoch = 1;
        startPosition = 1;
        history.add(1, 1);
        final Replica member = new Replica(replica, 1, Replica.Role.MEMBER, 0);
        member.isInstalled = true;
        member.isComplete = true;
        members.add(member);
        seal(SealCause.RESTART, effects);
    }

    /** Installs an epoch before which nothing was. */
    private void begin(final long first, final List<ReplicaId> placed, final Effects effects) {
        epoch = first;
        sealEpoch = first;
        startPosition = 1;
        history.add(first, 1);
        members.clear();
        for (final ReplicaId replica : placed) {
            members.add(new Replica(replica, first, Replica.Role.MEMBER, nodes.incarnation(replica.node())));
        }
        enter(ChainPhase.INSTALLING);
        orderInstall(effects);
    }

    /**
     * Takes an answer to Seal.
     *
     * @param report the answer.
     * @param terms of the cluster.
     * @param effects told.
     * @return {@link ControlStatus#DONE}, or {@link ControlStatus#IGNORED}.
     */
    int onSealed(final SealedReport report, final ClusterTerms terms, final Effects effects) {
        final Replica replica = find(report.replica());
        if (replica == null || phase != ChainPhase.SEALING || replica.role == Replica.Role.RETIRING) {
            return ControlStatus.IGNORED;
        }
        final boolean isAsked = report.chainEpoch() == sealEpoch
                && report.incarnation() == nodes.incarnation(report.replica().node())
                && nodes.isPresent(report.replica());
        final boolean isRepair = replica.report != null && replica.report.isDamaged() && !report.isDamaged();
        if ((!isAsked && rules.lateReportIgnored()) || (replica.report != null && !isRepair)) {
            return ControlStatus.IGNORED;
        }
        replica.report = report;
        replica.orderNumber = 0;
        replica.basePosition = report.basePosition();
        tryDecide(terms, effects);
        return ControlStatus.DONE;
    }

    /**
     * Takes the news that a member has installed.
     *
     * @param id of the member.
     * @param incarnation of its node.
     * @param installedEpoch that it has installed.
     * @return {@link ControlStatus#DONE}, or {@link ControlStatus#IGNORED}.
     */
    int onInstalled(final ReplicaId id, final long incarnation, final long installedEpoch) {
        final Replica member = findMember(id);
        if (member == null
                || member.isInstalled
                || phase != ChainPhase.INSTALLING
                || installedEpoch != epoch
                || (member.incarnation != incarnation && rules.installBoundToIncarnation())) {
            return ControlStatus.IGNORED;
        }
        member.isInstalled = true;
        member.orderNumber = 0;
        for (final Replica other : members) {
            if (!other.isInstalled) {
                return ControlStatus.DONE;
            }
        }
        enter(ChainPhase.NORMAL);
        return ControlStatus.DONE;
    }

    /**
     * Takes the news that a learner is complete.
     *
     * @param id of the learner.
     * @param incarnation of its node.
     * @param chainEpoch in which it learnt.
     * @param last position of its log.
     * @return {@link ControlStatus#DONE}, or {@link ControlStatus#IGNORED}.
     */
    int onLearnerComplete(final ReplicaId id, final long incarnation, final long chainEpoch, final long last) {
        final Replica learner = others.get(id);
        if (learner == null
                || learner.role != Replica.Role.LEARNER
                || learner.isComplete
                || learner.incarnation != incarnation
                || chainEpoch != epoch
                || phase != ChainPhase.NORMAL) {
            return ControlStatus.IGNORED;
        }
        learner.isComplete = true;
        learner.lastPosition = last;
        learner.orderNumber = 0;
        return ControlStatus.DONE;
    }

    /**
     * Takes the news that a device has forgotten the chain.
     *
     * @param id of the replica.
     * @param sinceEpoch of the record of membership that is gone.
     * @return {@link ControlStatus#DONE}, or {@link ControlStatus#IGNORED}.
     */
    int onRetired(final ReplicaId id, final long sinceEpoch) {
        final Replica retiring = others.get(id);
        if (retiring == null || retiring.role != Replica.Role.RETIRING || retiring.sinceEpoch != sinceEpoch) {
            return ControlStatus.IGNORED;
        }
        others.remove(id);
        return ControlStatus.DONE;
    }

    /**
     * Takes what a heartbeat says of a replica.
     *
     * @param id of the replica.
     * @param beat what it says.
     */
    void onHeartbeat(final ReplicaId id, final ReplicaBeat beat) {
        final Replica replica = find(id);
        if (replica == null || replica.role == Replica.Role.RETIRING) {
            return;
        }
        replica.basePosition = Math.max(replica.basePosition, beat.basePosition());
        if (replica.role != Replica.Role.MEMBER || beat.chainEpoch() != epoch) {
            return;
        }
        replica.lastPosition = beat.lastPosition();
        replica.durablePosition = beat.durablePosition();
        replica.commitPosition = beat.commitPosition();
        replica.durableLagNs = beat.durableLagNs();
        replica.stallNs = beat.stallNs();
        replica.suspects = beat.suspects() | (replica.suspects & Replica.TOLD);
        replica.reportedNs = nodes.timeNs();
        if (phase == ChainPhase.NORMAL) {
            final int index = members.indexOf(replica);
            health.suspect(members, index - 1, beat.predecessorSilenceNs());
            health.suspect(members, index + 1, beat.successorSilenceNs());
        }
    }

    /**
     * Takes the news that a node has started anew, with the devices it has now.
     *
     * @param node its id.
     * @param effects told.
     */
    void onRestart(final UUID node, final Effects effects) {
        others.values().removeIf(other -> other.id.node().equals(node) && !nodes.isPresent(other.id));
        for (final Replica other : others.values()) {
            if (other.id.node().equals(node)) {
                other.incarnation = nodes.incarnation(node);
                other.isComplete = false;
                other.isSlow = false; // of its last start, which fell silent when it ended
                other.slowNs = 0;
                other.forgetHeartbeat();
                orderAnew(other, effects);
            }
        }
        for (final Replica member : List.copyOf(members)) {
            if (member.id.node().equals(node)) {
                member.forgetHeartbeat();
                if (phase == ChainPhase.SEALING) {
                    orderAnew(member, effects);
                } else if (!nodes.isPresent(member.id)) {
                    seal(SealCause.DEVICE, effects);
                } else if (rules.installBoundToIncarnation()) {
                    seal(SealCause.RESTART, effects);
                }
            }
        }
    }

    /**
     * Lets time pass: judges members, decides a seal whose time has come, plans, and says again what is not answered.
     *
     * @param stepNs by which the time moved.
     * @param terms of the cluster.
     * @param effects told.
     */
    void onTick(final long stepNs, final ClusterTerms terms, final Effects effects) {
        health.judge(members, others.values(), phase == ChainPhase.NORMAL, stepNs);
        switch (phase) {
            case SEALING -> tryDecide(terms, effects);
            case INSTALLING -> {
                final SealCause reason = causeOfMembers(terms);
                if (reason != SealCause.NONE) {
                    seal(reason, effects);
                } else if (nodes.timeNs() - sinceNs > limits.installTimeoutNs()) {
                    seal(SealCause.INSTALL_TIMEOUT, effects);
                }
            }
            case NORMAL -> {
                final SealCause reason = causeOfMembers(terms);
                if (reason != SealCause.NONE) {
                    seal(reason, effects);
                } else {
                    plan(terms, effects);
                }
            }
        }
        forEachPending(effects);
    }

    /**
     * Lets an operator name the members of the sealed epoch, whatever they hold.
     *
     * @param named from those that answered.
     * @param effects told.
     * @return false when one of them has not answered, or has forgotten what it held.
     */
    boolean force(final List<ReplicaId> named, final Effects effects) {
        final List<ReplicaChoice.Candidate> chosen = new ArrayList<>();
        for (final ReplicaChoice.Candidate candidate : candidates()) {
            final SealedReport report = candidate.report();
            if (named.contains(candidate.replica())
                    && candidate.isKnownSince()
                    && !report.isAmnesiac()
                    && candidate.validPosition() >= 0) {
                chosen.add(candidate);
            }
        }
        if (chosen.isEmpty() || chosen.size() != named.size()) {
            return false;
        }
        chosen.sort((a, b) -> {
            final int order = Long.compare(b.validPosition(), a.validPosition());
            return order == 0 ? a.replica().compareTo(b.replica()) : order;
        });
        forcedEpoch = sealEpoch;
        final long best = chosen.get(0).validPosition();
        install(chosen, best, best, Math.min(minimum, chosen.size()), effects);
        return true;
    }

    /**
     * Says again what is not answered.
     *
     * @param effects told.
     */
    void forEachPending(final Effects effects) {
        members.forEach(member -> send(member, effects));
        others.values().forEach(other -> send(other, effects));
    }

    /** Returns how many orders are not answered. */
    int pendingCount() {
        int count = 0;
        for (final Replica member : members) {
            count += member.orderNumber == 0 ? 0 : 1;
        }
        for (final Replica other : others.values()) {
            count += other.orderNumber == 0 ? 0 : 1;
        }
        return count;
    }

    /** Tells whether a seal waits for somebody to turn up. */
    boolean isBlocked() {
        return phase == ChainPhase.SEALING && block != ReplicaChoice.NONE;
    }

    /**
     * Tells whether a node carries or may still be asked for a replica of this chain.
     *
     * @param node its id.
     * @return true when it does.
     */
    boolean isOn(final UUID node) {
        for (final Replica member : members) {
            if (member.id.node().equals(node)) {
                return true;
            }
        }
        for (final Replica other : others.values()) {
            if (other.id.node().equals(node) && other.role != Replica.Role.RETIRING) {
                return true;
            }
        }
        return false;
    }

    /**
     * Forgets what is left of a node that is removed.
     *
     * @param node its id.
     */
    void forget(final UUID node) {
        others.values().removeIf(other -> other.id.node().equals(node));
    }

    private @Nullable Replica find(final ReplicaId id) {
        final Replica member = findMember(id);
        return member == null ? others.get(id) : member;
    }

    private @Nullable Replica findMember(final ReplicaId id) {
        for (final Replica member : members) {
            if (member.id.equals(id)) {
                return member;
            }
        }
        return null;
    }

    private void enter(final ChainPhase next) {
        phase = next;
        block = ReplicaChoice.NONE;
        sinceNs = nodes.timeNs();
    }

    /** Asks every replica it knows to promise the next epoch. */
    private void seal(final SealCause reason, final Effects effects) {
        sealEpoch = Math.max(epoch, sealEpoch) + 1;
        cause = reason;
        enter(ChainPhase.SEALING);
        for (final Replica member : members) {
            orderAnew(member, effects);
        }
        for (final Replica other : others.values()) {
            if (other.role != Replica.Role.RETIRING) {
                orderAnew(other, effects);
            }
        }
    }

    private void orderInstall(final Effects effects) {
        for (final Replica member : members) {
            orderAnew(member, effects);
        }
    }

    private void orderAnew(final Replica replica, final Effects effects) {
        replica.report = null;
        replica.orderNumber = isOwed(replica) ? ++lastOrderNumber : 0;
        send(replica, effects);
    }

    /** Tells whether something is to be said to a replica in this phase. */
    private boolean isOwed(final Replica replica) {
        return switch (replica.role) {
            case MEMBER ->
                (phase == ChainPhase.SEALING && replica.report == null)
                        || (phase == ChainPhase.INSTALLING && !replica.isInstalled);
            case LEARNER ->
                (phase == ChainPhase.SEALING && replica.report == null)
                        || (phase == ChainPhase.NORMAL && !replica.isComplete);
            case FORMER -> phase == ChainPhase.SEALING && replica.report == null;
            case RETIRING -> true;
        };
    }

    private void send(final Replica replica, final Effects effects) {
        if (replica.orderNumber == 0 || !nodes.isPresent(replica.id)) {
            return;
        }
        final long current = nodes.incarnation(replica.id.node());
        if (replica.role == Replica.Role.RETIRING) {
            messages.retire(this, replica, current, effects);
        } else if (phase == ChainPhase.SEALING) {
            messages.seal(this, replica, current, effects);
        } else if (replica.role == Replica.Role.MEMBER) {
            // D1: a node that has started anew since is not the one that was chosen.
            if (replica.incarnation == current || !rules.installBoundToIncarnation()) {
                messages.install(this, replica, current, rules.installBoundToIncarnation(), effects);
            }
        } else if (replica.role == Replica.Role.LEARNER && phase == ChainPhase.NORMAL) {
            messages.learn(this, replica, source(), effects);
        }
    }

    /** A learner follows the tail: what it has is committed. */
    private Replica source() {
        return members.get(members.size() - 1);
    }

    private void tryDecide(final ClusterTerms terms, final Effects effects) {
        final boolean isRestart = isRestartOfAll();
        int outstanding = 0;
        for (final Replica member : members) {
            if (member.report == null && (isRestart || (nodes.isReachable(member.id) && !isGivenUp(member)))) {
                outstanding++;
            }
        }
        for (final Replica other : others.values()) {
            if (other.report == null && other.isComplete && nodes.isReachable(other.id)) {
                outstanding++;
            }
        }
        final long waitNs = isRestart ? limits.restartGraceNs() : limits.graceNs();
        if (outstanding > 0 && nodes.timeNs() - sinceNs < waitNs) {
            return;
        }
        final ClusterTerms own = isAlone(terms) ? ClusterTerms.ALONE : terms;
        final ReplicaChoice choice = ReplicaChoice.decide(
                candidates(),
                new ReplicaChoice.Terms(
                        members.size(),
                        floorPosition,
                        own.minimum(),
                        own.replicationFactor(),
                        nodes.isSilenceTold(),
                        nodes.isSilenceTold() && cause == SealCause.ADMISSION,
                        rules));
        block = choice.block();
        if (block == ReplicaChoice.NOBODY_TO_TRUST && ReplicaChoice.hasNeverBegun(members, epoch)) {
            history.forgetDominated();
            begin(sealEpoch, members.stream().map(member -> member.id).toList(), effects);
        } else if (block == ReplicaChoice.NONE && !hasRoomForAnEpoch()) {
            block = ReplicaChoice.HISTORY_FULL;
        } else if (block == ReplicaChoice.NONE) {
            final int reached = choice.chosen().size() >= terms.minimum() ? terms.minimum() : own.minimum();
            install(choice.chosen(), choice.bestPosition(), choice.floorPosition(), reached, effects);
        }
    }

    /**
     * Tells whether the chain was sealed to go on without it: its neighbours have waited for it already. Whoever else
     * is slow is not chosen either when it answers, but when the others do not suffice; then they wait for it.
     */
    private boolean isGivenUp(final Replica member) {
        return nodes.isSilenceTold() && cause == SealCause.SUSPICION && member.isSlow;
    }

    /**
     * Tells whether nobody but the one member ever had a record of this chain, which is to grow: there is nobody to
     * wait for, nor to ask about an uncertain end.
     */
    private boolean isAlone(final ClusterTerms terms) {
        return members.size() == 1 && minimum < terms.minimum() && forcedEpoch == 0;
    }

    /** Tells whether no member lives in the incarnation it was installed with: a power cut, or a stop of all. */
    private boolean isRestartOfAll() {
        for (final Replica member : members) {
            if (nodes.isReachable(member.id) && nodes.incarnation(member.id.node()) == member.incarnation) {
                return false;
            }
        }
        return true;
    }

    private boolean hasRoomForAnEpoch() {
        if (history.count() >= limits.maxHistory()) {
            history.forgetDominated();
        }
        return history.count() < limits.maxHistory();
    }

    private List<ReplicaChoice.Candidate> candidates() {
        final List<ReplicaChoice.Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < members.size(); i++) {
            addCandidate(members.get(i), i, candidates);
        }
        for (final Replica other : others.values()) {
            addCandidate(other, -1, candidates);
        }
        return candidates;
    }

    private void addCandidate(
            final Replica replica, final int memberIndex, final List<ReplicaChoice.Candidate> candidates) {
        final SealedReport report = replica.report;
        if (report != null) {
            candidates.add(new ReplicaChoice.Candidate(
                    replica.id,
                    report,
                    report.validPosition(rules.historyKept() ? history : new EpochHistory()),
                    memberIndex,
                    report.sinceEpoch() == replica.sinceEpoch,
                    targets.indexOf(replica.id),
                    replica.isSlow,
                    replica.role == Replica.Role.LEARNER && replica.isComplete,
                    nodes.isReachable(replica.id)));
        }
    }

    /** Decides the configuration of the sealed epoch. */
    private void install(
            final List<ReplicaChoice.Candidate> chosen,
            final long bestPosition,
            final long floor,
            final int newMinimum,
            final Effects effects) {
        final List<Replica> next = new ArrayList<>();
        for (final ReplicaChoice.Candidate candidate : chosen) {
            final Replica replica = find(candidate.replica());
            if (replica == null) {
                throw new IllegalStateException("chain " + chain + " has no replica " + candidate.replica());
            }
            next.add(replica);
        }
        for (final Replica member : members) {
            if (!next.contains(member)) {
                onDropped(member);
            }
        }
        for (final Replica member : next) {
            others.remove(member.id);
            member.role = Replica.Role.MEMBER;
            member.incarnation = incarnationOf(member);
            member.isInstalled = false;
            member.isComplete = true;
            member.forgetHeartbeat();
            member.lastPosition = 0;
            member.durablePosition = 0;
            member.commitPosition = 0;
        }
        members.clear();
        members.addAll(next);
        epoch = sealEpoch;
        startPosition = bestPosition + 1;
        floorPosition = floor;
        minimum = newMinimum;
        forgetHistory();
        history.add(epoch, startPosition);
        for (final Replica other : others.values()) {
            other.report = null;
            other.isComplete = false;
            other.orderNumber = other.role == Replica.Role.RETIRING ? other.orderNumber : 0;
        }
        enter(ChainPhase.INSTALLING);
        orderInstall(effects);
    }

    private long incarnationOf(final Replica replica) {
        final SealedReport report = replica.report;
        return report == null ? replica.incarnation : report.incarnation();
    }

    /** A member that is dropped may be asked again; one that has forgotten what it held has nothing to say. */
    private void onDropped(final Replica member) {
        if (member.hasForgotten() || !nodes.isPresent(member.id)) {
            return;
        }
        member.role = Replica.Role.FORMER;
        member.isInstalled = false;
        member.isComplete = false;
        member.forgetHeartbeat();
        others.put(member.id, member);
        if (others.size() > limits.maxReplicas()) {
            forgetOne();
        }
    }

    private void forgetOne() {
        ReplicaId victim = others.firstKey();
        for (final Replica other : others.values()) {
            if (other.role == Replica.Role.RETIRING) {
                victim = other.id;
                break;
            }
            if (other.role == Replica.Role.FORMER) {
                victim = other.id;
            }
        }
        others.remove(victim);
    }

    /** What every replica has a checkpoint behind, no log has to be judged by any more. */
    private void forgetHistory() {
        long lowestBase = Long.MAX_VALUE;
        for (final Replica member : members) {
            lowestBase = Math.min(lowestBase, member.basePosition);
        }
        for (final Replica other : others.values()) {
            if (other.role != Replica.Role.RETIRING) {
                lowestBase = Math.min(lowestBase, other.basePosition);
            }
        }
        history.forgetUpTo(lowestBase);
    }

    /** Tells why the members cannot go on as they are. */
    private SealCause causeOfMembers(final ClusterTerms terms) {
        SealCause found = SealCause.NONE;
        for (final Replica member : members) {
            if (!nodes.isPresent(member.id)) {
                return SealCause.DEVICE;
            }
            if (nodes.incarnation(member.id.node()) != member.incarnation && rules.installBoundToIncarnation()) {
                return SealCause.RESTART;
            }
            if (!nodes.isAlive(member.id.node())) {
                found = SealCause.LEASE;
            }
        }
        // With as few members as the minimum, dropping one would only stop the chain.
        if (found == SealCause.NONE && phase == ChainPhase.NORMAL && members.size() > terms.minimum()) {
            found = health.causeOfWeakMember(members);
        }
        return found;
    }

    /** Brings the members to where they should be: learners first, then a planned change, then retirement. */
    private void plan(final ClusterTerms terms, final Effects effects) {
        makeLearners(effects);
        for (final Replica other : List.copyOf(others.values())) {
            planOther(other, terms, effects);
        }
        if (nodes.timeNs() - sinceNs < limits.planIntervalNs()) {
            return;
        }
        for (final Replica other : others.values()) {
            if (other.role == Replica.Role.LEARNER && other.isComplete && nodes.isReachable(other.id)) {
                seal(SealCause.ADMISSION, effects);
                return;
            }
        }
        if (isOutOfPlace(terms)) {
            seal(SealCause.PLACEMENT, effects);
        }
    }

    private void makeLearners(final Effects effects) {
        for (final ReplicaId target : targets) {
            final Replica known = find(target);
            final boolean isFree = known == null || known.role == Replica.Role.RETIRING;
            if (isFree && nodes.isReachable(target)) {
                final Replica learner =
                        new Replica(target, epoch, Replica.Role.LEARNER, nodes.incarnation(target.node()));
                others.put(target, learner);
                orderAnew(learner, effects);
            }
        }
    }

    private void planOther(final Replica other, final ClusterTerms terms, final Effects effects) {
        final boolean isTarget = targets.contains(other.id);
        switch (other.role) {
            case FORMER -> {
                if (isTarget && !other.isSlow && nodes.isReachable(other.id)) {
                    other.role = Replica.Role.LEARNER;
                    other.incarnation = nodes.incarnation(other.id.node());
                    orderAnew(other, effects);
                } else if (!isTarget && members.size() >= terms.replicationFactor()) {
                    retire(other, effects);
                }
            }
            case LEARNER -> {
                if (!isTarget) {
                    retire(other, effects);
                } else if (!other.isComplete && other.orderNumber == 0) {
                    orderAnew(other, effects);
                }
            }
            default -> {}
        }
    }

    private void retire(final Replica other, final Effects effects) {
        other.role = Replica.Role.RETIRING;
        orderAnew(other, effects);
    }

    /**
     * Tells whether members are elsewhere, or in another order, than they should be, and everything that should be a
     * member is one. The order is judged while nothing is on its way only, for the longest log must lead.
     */
    private boolean isOutOfPlace(final ClusterTerms terms) {
        if (members.size() > terms.replicationFactor()) {
            return true;
        }
        // An order that could not be had for want of a quiet moment is not asked for again and again.
        final boolean isRetry = cause == SealCause.PLACEMENT
                && nodes.timeNs() - sinceNs < PLACEMENT_RETRY_INTERVALS * limits.planIntervalNs();
        if (members.size() != targets.size() || isRetry) {
            return false;
        }
        boolean isOrdered = true;
        for (int i = 0; i < members.size(); i++) {
            final Replica member = members.get(i);
            if (!targets.contains(member.id)
                    || nodes.timeNs() - member.reportedNs > limits.leaseNs()
                    || member.reportedNs == 0
                    || member.durablePosition != members.get(0).durablePosition
                    || member.lastPosition != member.durablePosition) {
                return false;
            }
            isOrdered &= member.id.equals(targets.get(i));
        }
        return !isOrdered;
    }
}
