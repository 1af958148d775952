/*
 * Seal, choose, Install: how one chain of Millrace changes its members, with crashes, replaced and rotten devices,
 * learners, and messages that come late, twice or never. README.md says which class and method each step stands for.
 *
 * Nothing that was sent is ever used up: an order, a record, an answer may arrive at any later time, again, or not at
 * all. A crash and the start after it are one step: a node that is down is a node to which nothing is delivered.
 *
 * Each -DNO_... removes one rule; Spin must then find a counter-example, or README.md says why there is none.
 */
#ifndef P
#define P 3 /* positions of the log */
#endif
#ifndef E
#define E 3 /* epochs */
#endif
#ifndef CRASHES
#define CRASHES 2 /* of all kinds */
#endif
#ifndef WIPES
#define WIPES 0 /* crashes that take the device along, at most */
#endif
#ifndef ROTS
#define ROTS 0 /* crashes that take something durable from the end of a log, at most; above 0 torn ends are marked, too */
#endif
#ifndef MIN
#define MIN 1 /* members below which nothing is installed */
#endif
#ifndef INITIAL
#define INITIAL 3 /* members of the first epoch; the others have nothing yet */
#endif
#ifndef LEARN
#define LEARN 0 /* 1: who is no member learns; 2: by a snapshot as well */
#endif
#define N 3
#define NONE 15

/* What a node has on its device. A record is the epoch that wrote it: one (epoch, position) is one record, or I3 fails. */
byte log[9];
byte length[N];
byte durable[N];
byte promised[N];
bool forgotten[N]; /* its record of membership is gone, or it never had one */
#if ROTS > 0
bool uncertain[N];
#define isUncertain(n) uncertain[n]
#define setUncertain(n, value) uncertain[n] = value
#else
#define isUncertain(n) false
#define setUncertain(n, value) skip
#endif

/* What it has in memory: the epoch in which it takes part, 0: sealed, or started anew. */
byte open[N];
#if LEARN > 0
byte learning[N]; /* epoch of the order to learn */
bool partial[N];  /* it has not said yet that it is complete */
bool lacks[N];    /* a snapshot's base is here, the live records that it lists are not */
bool fetches[N];  /* and they are being fetched */
#define isPartial(n) partial[n]
#else
#define isPartial(n) false
#endif

/* The wire: what the member at a place of an epoch has forwarded, and the durable prefix that it has told. */
byte wire[18];
byte told[6];
/* Orders that may still arrive at the run of a node that they name: bits. */
byte installs[E];
#if LEARN > 0
byte learns[E];
#endif
/* Answers to the seal of now. */
byte answer[N]; /* 0: none, 1: with a log, 2: amnesia */
byte answerValid[N];
byte answerFlags[N];
#define THIS_RUN 1
#define COMPLETE 2
#define UNCERTAIN 4

/* The control plane. */
byte epoch;
byte sealEpoch;
byte floor;
byte start[E];
byte members[E];
byte member[9];
byte hasInstalled; /* bits: members of the newest epoch that have said Installed */
#if LEARN > 0
bool isNormal; /* all of them have */
byte learnt; /* bits: learners that have said to be complete */
#endif

/* What a checker outside knows. */
byte acked[P];
byte chosenLog[P];
bool written[9];
byte crashes;
#if WIPES > 0
byte wipes;
#endif
#if ROTS > 0
byte rots;
#endif
#ifdef NO_PROMISE
byte kept[N];
#endif

/* Parameters of a step between its choice and its body. */
byte k;
byte x;
byte set;
byte left;

hidden byte n;
hidden byte e;
hidden byte i;
hidden byte p;
hidden byte y;
hidden byte c;
hidden byte s;
hidden byte valid;
hidden byte best;
hidden byte bound;
hidden byte lowest;
hidden byte next;
hidden byte count;
hidden byte sealedMembers;
hidden byte newFloor;
hidden byte ok;
hidden byte chosen[N];

#define L(n, p) log[(n) * 3 + (p) - 1]
#define M(e, i) member[((e) - 1) * 3 + (i)]
#define W(e, i, p) wire[((e) - 1) * 6 + (i) * 3 + (p) - 1]
#define T(e, i) told[((e) - 1) * 2 + (i)]
#define V(e, p) written[((e) - 1) * 3 + (p) - 1]
#define has(bits, n) (((bits) >> (n)) & 1)
#define isMember(e, n) \
    ((members[(e) - 1] > 0 && M(e, 0) == n) || (members[(e) - 1] > 1 && M(e, 1) == n) || (members[(e) - 1] > 2 && M(e, 2) == n))
#define placeOf(e, n) (M(e, 0) == n -> 0 : (M(e, 1) == n -> 1 : 2))
#define tailOf(e) M(e, members[(e) - 1] - 1)

/* --- judging a log: the longest prefix of which every record (x, p) has p < start(y) for every y in (x, upTo] --- */
inline judge(node, upTo, result) {
    result = 0;
    ok = 1;
    do
    :: ok && result < length[node] ->
        y = L(node, result + 1) + 1;
        do
        :: y <= upTo ->
#ifndef NO_HISTORY
            if
            :: result + 1 >= start[y - 1] -> ok = 0
            :: else
            fi;
#endif
            y++
        :: else -> break
        od;
        if
        :: ok -> result++
        :: else
        fi
    :: else -> break
    od
}

inline cut(node, to) {
    do
    :: length[node] > to -> L(node, length[node]) = 0; length[node]--
    :: else -> break
    od
}

/* --- Seal --- */
#define canSeal(k, x) \
    ((x <= epoch || x == sealEpoch) && x > open[k] && x >= promised[k] && (x > promised[k] || (x == sealEpoch && (answerFlags[k] & THIS_RUN) == 0)))
inline onSeal() {
    printf("node %d takes Seal(%d), with a log of %d records\n", k, x, length[k]);
    promised[k] = x;
#ifndef NO_FENCE
    open[k] = 0;
#endif
    durable[k] = length[k]; /* answered when everything issued is durable */
    if
    :: x == sealEpoch ->
        judge(k, epoch, valid);
        answer[k] = (forgotten[k] -> 2 : 1);
        answerValid[k] = valid;
        answerFlags[k] = THIS_RUN + (isPartial(k) -> 0 : COMPLETE) + (isUncertain(k) -> UNCERTAIN : 0)
    :: else
    fi
}

/* --- Install --- */
#define canInstall(k, x) (x <= epoch && has(installs[x - 1], k) && x > open[k] && x >= promised[k] && !forgotten[k])
inline onInstall() {
    printf("node %d takes Install(%d)\n", k, x);
    promised[k] = x;
#ifdef NO_PROMISE
    kept[k] = x;
#endif
    open[k] = x;
    setUncertain(k, false);
#if LEARN > 0
    learning[k] = 0;
    partial[k] = false;
    fetches[k] = false;
#endif
#ifndef NO_TRUNCATE
    judge(k, x, valid);
    cut(k, valid);
#endif
    durable[k] = length[k];
    if
    :: x == epoch && sealEpoch == 0 ->
        hasInstalled = hasInstalled | (1 << k);
#if LEARN > 0
        i = 0;
        ok = 1;
        do
        :: i < members[x - 1] ->
            ok = ok && has(hasInstalled, M(x, i));
            i++
        :: else -> break
        od;
        if
        :: ok && !isNormal ->
            isNormal = true;
            learns[x - 1] = 7;
            i = 0;
            do
            :: i < members[x - 1] -> learns[x - 1] = learns[x - 1] & ~(1 << M(x, i)); i++
            :: else -> break
            od
        :: else
        fi
#endif
    :: else
    fi
}

/* --- data --- */
#define canAppend(k) (open[k] != 0 && M(open[k], 0) == k && length[k] < P)
inline append() {
    e = open[k];
    /* The epochs of a log never fall. */
    assert(length[k] == 0 || L(k, length[k]) <= e);
    length[k]++;
    L(k, length[k]) = e;
    printf("node %d writes (%d, %d)\n", k, e, length[k]);
    /* I3: one record per epoch and position. */
    assert(!V(e, length[k]));
    V(e, length[k]) = true
}

#define canTake(k) (open[k] != 0 && M(open[k], 0) != k && length[k] < P && W(open[k], placeOf(open[k], k) - 1, length[k] + 1) != 0)
inline take() {
    e = open[k];
    i = placeOf(e, k) - 1;
    /* It follows the record that it names, or a replica would halt. */
    assert(length[k] == 0 || W(e, i, length[k]) == L(k, length[k]));
    length[k]++;
    L(k, length[k]) = W(e, i, length[k]);
    printf("node %d takes record (%d, %d)\n", k, L(k, length[k]), length[k])
}

#ifdef NO_FSYNC
#define settled(n) length[n]
#else
#define settled(n) durable[n]
#endif

/* --- crash and start --- */
inline forgetRun() {
    open[k] = 0;
    answerFlags[k] = answerFlags[k] & ~THIS_RUN;
#ifndef NO_INCARNATION
    e = 1;
    do
    :: e <= E ->
#ifdef NO_RESTART
        /* Resumes the epoch that it had installed. */
        if
        :: e == i -> skip
        :: else -> installs[e - 1] = installs[e - 1] & ~(1 << k)
        fi;
#else
        installs[e - 1] = installs[e - 1] & ~(1 << k);
#endif
        e++
    :: else -> break
    od;
#endif
#if LEARN > 0
    if
    :: answer[k] == 0 -> learnt = learnt & ~(1 << k)
    :: else
    fi;
    if
    :: lacks[k] -> cut(k, 0) /* the snapshot was in no checkpoint yet */
    :: else
    fi;
    learning[k] = 0;
    partial[k] = false;
    lacks[k] = false;
    fetches[k] = false;
    e = 1;
    do
    :: e <= E -> learns[e - 1] = learns[e - 1] & ~(1 << k); e++
    :: else -> break
    od;
    if
    :: isNormal && sealEpoch == 0 && !isMember(epoch, k) -> learns[epoch - 1] = learns[epoch - 1] | (1 << k)
    :: else
    fi;
#endif
    durable[k] = length[k];
    crashes++
}

#define canCrash(k, to) (crashes < CRASHES && to >= durable[k] && to <= length[k])
inline crash(to, mark) {
    printf("node %d crashes and starts with %d of %d records\n", k, to, length[k]);
    cut(k, to);
    if
    :: mark -> setUncertain(k, true)
    :: else
    fi;
#ifdef NO_PROMISE
#ifndef NO_I4
    /* I4: a promise outlives the process. */
    assert(kept[k] == promised[k]);
#endif
    promised[k] = kept[k];
#endif
    i = open[k];
    forgetRun()
}

inline wipe() {
    printf("node %d starts with another device\n", k);
    cut(k, 0);
    setUncertain(k, false);
    promised[k] = 0;
#ifdef NO_PROMISE
    kept[k] = 0;
#endif
    forgotten[k] = true;
    i = 0;
    forgetRun()
}

/* --- learning --- */
#if LEARN > 0
#define canLearn(k, x) (x <= epoch && has(learns[x - 1], k) && x > open[k] && x >= promised[k] && learning[k] != x)
inline onLearn() {
    printf("node %d takes Learn(%d)\n", k, x);
    open[k] = 0;
#ifndef NO_LEARN_PROMISE
    promised[k] = x;
#endif
#ifdef NO_PROMISE
    kept[k] = promised[k];
#endif
    learning[k] = x;
    partial[k] = true;
    fetches[k] = false;
    forgotten[k] = false;
    setUncertain(k, false);
    judge(k, x, valid);
#ifndef NO_SNAPSHOT_ANEW
    if
    :: lacks[k] -> valid = 0; lacks[k] = false
    :: else
    fi;
#endif
    cut(k, valid);
    durable[k] = length[k]
}

/* How much the source of a learner knows to be committed: at most all that is. */
inline committedAt(node) {
    c = 0;
    do
    :: c < length[node] && c < P && acked[c] != 0 && L(node, c + 1) == acked[c] -> c++
    :: else -> break
    od
}

#define canFetch(k) (learning[k] != 0 && promised[k] <= learning[k] && members[learning[k] - 1] > 0 && !fetches[k])
inline fetch() {
    s = tailOf(learning[k]);
    committedAt(s);
    printf("node %d, with %d records, hears that node %d has %d committed\n", k, length[k], s, c);
    ok = 0;
    if
#ifdef NO_HASH
    :: c > length[k] ->
#else
    :: c > length[k] && (length[k] == 0 || L(k, length[k]) == L(s, length[k])) ->
#endif
        do
        :: length[k] < c -> length[k]++; L(k, length[k]) = L(s, length[k])
        :: else -> break
        od;
        ok = 1
    :: else
    fi;
#ifdef NO_LEARN_PROOF
    ok = 1;
#endif
    durable[k] = length[k];
    /* I2: what it takes for committed now is what was committed. */
    p = 1;
    do
    :: ok && p <= c && p <= length[k] -> assert(L(k, p) == acked[p - 1]); p++
    :: else -> break
    od;
    if
    :: length[k] >= c ->
        partial[k] = false;
        if
        :: isNormal && sealEpoch == 0 && learning[k] == epoch -> learnt = learnt | (1 << k)
        :: else
        fi
    :: else
    fi
}

/* The records that come next are freed at the source: its state, then what the state lists. */
inline snapshot() {
    s = tailOf(learning[k]);
    committedAt(s);
    if
    :: c > length[k] ->
        cut(k, 0);
        do
        :: length[k] < c -> length[k]++; L(k, length[k]) = L(s, length[k])
        :: else -> break
        od;
        durable[k] = length[k];
        lacks[k] = true;
        printf("node %d restores a snapshot of %d records\n", k, c);
        fetches[k] = true
    :: else
    fi
}
#endif

/* --- the choice --- */
#ifdef NO_AMNESIA
#define remembers(n) true
#else
#define remembers(n) (answer[n] == 1)
#endif
#ifdef NO_COMPLETE
#define isWhole(n) remembers(n)
#else
#define isWhole(n) (remembers(n) && (answerFlags[n] & COMPLETE) != 0)
#endif
#ifdef NO_UNCERTAIN
#define decidesAlone(n) true
#else
#define decidesAlone(n) ((answerFlags[n] & UNCERTAIN) == 0)
#endif
#ifdef NO_K
#define holdsBound(n) isMember(epoch, n)
#else
#define holdsBound(n) (answerValid[n] >= bound)
#endif
#define isEligible(n) (has(set, n) && isWhole(n) && holdsBound(n))

/* What is known of the answers in set is decided on; who is in left is not wanted. */
inline choose() {
    sealedMembers = 0;
    lowest = NONE;
    bound = NONE; /* the lowest of the certain */
    next = NONE; /* the second lowest of the uncertain */
    n = 0;
    do
    :: n < N ->
        if
        :: has(set, n) && isMember(epoch, n) ->
            sealedMembers++;
            if
            :: isWhole(n) && decidesAlone(n) -> bound = (answerValid[n] < bound -> answerValid[n] : bound)
            :: isWhole(n) && !decidesAlone(n) && answerValid[n] < lowest -> next = lowest; lowest = answerValid[n]
            :: isWhole(n) && !decidesAlone(n) && answerValid[n] >= lowest -> next = (answerValid[n] < next -> answerValid[n] : next)
            :: else
            fi
        :: else
        fi;
        n++
    :: else -> break
    od;
    bound = (next < bound -> next : bound);
#ifdef NO_MEMBER_SEALED
    if
    :: sealedMembers == 0 -> sealedMembers = 1; bound = 0
    :: else
    fi;
#endif
#ifndef NO_FLOOR
    bound = (bound < floor -> floor : bound);
#endif
    /* The eligible, by the length of their logs. */
    count = 0;
    best = P + 1;
    do
    :: sealedMembers > 0 && bound != NONE && best > 0 ->
        best--;
        n = 0;
        do
        :: n < N ->
            if
            :: isEligible(n) && answerValid[n] == best ->
                /* I6: everything acknowledged is in the log of everyone eligible. One that has lost its log since cannot be looked at. */
                p = 1;
                do
                :: p <= P ->
                    assert(acked[p - 1] == 0 || forgotten[n] || length[n] < answerValid[n]
                        || (p <= answerValid[n] && L(n, p) == acked[p - 1]));
#if LEARN > 0
                    assert(acked[p - 1] == 0 || !lacks[n]);
#endif
                    p++
                :: else -> break
                od;
                if
                :: !has(left, n) -> chosen[count] = n; count++
                :: else
                fi
            :: else
            fi;
            n++
        :: else -> break
        od
    :: else -> break
    od;
    /* Up to the minimum with members that must catch up, when all members have answered. */
    if
    :: count > 0 && count < MIN && sealedMembers == members[epoch - 1] && left == 0 ->
        i = 0;
        do
        :: i < members[epoch - 1] ->
            n = M(epoch, i);
            if
            :: count < MIN && has(set, n) && !isEligible(n) && remembers(n) && (answerFlags[n] & COMPLETE) != 0 ->
                chosen[count] = n; count++
            :: else
            fi;
            i++
        :: else -> break
        od
    :: else
    fi;
#ifdef NO_MINIMUM
    if
    :: count > 0 ->
#else
    if
    :: count >= MIN ->
#endif
        e = sealEpoch;
        best = answerValid[chosen[0]];
        newFloor = best;
        i = 0;
        do
        :: i < count ->
            n = chosen[i];
            if
            :: answerValid[n] >= bound && answerValid[n] < newFloor -> newFloor = answerValid[n]
            :: else
            fi;
            i++
        :: else -> break
        od;
        bound = (bound < best -> bound : best);
        newFloor = (newFloor < bound -> bound : newFloor);
#if LEARN > 0
        /* Behind the tail, those that have learnt. */
        n = 0;
        do
        :: n < N ->
            ok = has(set, n) && !has(left, n) && has(learnt, n) && isWhole(n);
            i = 0;
            do
            :: i < count -> ok = ok && chosen[i] != n; i++
            :: else -> break
            od;
            if
            :: ok -> chosen[count] = n; count++
            :: else
            fi;
            n++
        :: else -> break
        od;
        learnt = 0;
        isNormal = false;
#endif
        n = chosen[0];
        p = 1;
        do
        :: p <= P ->
            chosenLog[p - 1] = (p > best -> 0 : (forgotten[n] || length[n] < best -> NONE : L(n, p)));
            p++
        :: else -> break
        od;
        i = 0;
        do
        :: i < count ->
            n = chosen[i];
            M(e, i) = n;
            if
#ifdef NO_INCARNATION
            :: true -> installs[e - 1] = installs[e - 1] | (1 << n)
#else
            :: (answerFlags[n] & THIS_RUN) != 0 -> installs[e - 1] = installs[e - 1] | (1 << n)
#endif
            :: else
            fi;
            i++
        :: else -> break
        od;
        printf("epoch %d is chosen: %d members, head %d, from position %d on, floor %d\n", e, count, chosen[0], best + 1, newFloor);
        members[e - 1] = count;
        start[e - 1] = best + 1;
        floor = newFloor;
        hasInstalled = 0;
        epoch = e;
        sealEpoch = 0;
#ifndef NO_LATE_REPORT
        n = 0;
        do
        :: n < N -> answer[n] = 0; answerValid[n] = 0; answerFlags[n] = 0; n++
        :: else -> break
        od
#endif
    :: else
    fi;
    chosen[0] = 0;
    chosen[1] = 0;
    chosen[2] = 0
}

/*
 * Behind every step. What goes by itself goes at once, because it enables nothing that it would forbid later: records
 * are forwarded, durable prefixes told, and the tail commits as soon as it may. To acknowledge later would only make
 * fewer of the checks fail. Then what nobody can read any more is forgotten, so that states which differ in it only are one.
 */
#define isIn(e, n) (open[n] == (e) || (has(installs[(e) - 1], n) && (e) > open[n] && (e) >= promised[n] && !forgotten[n]))
#if LEARN > 0
#define learnsIn(e, n) (learning[n] == (e) || (has(learns[(e) - 1], n) && (e) >= promised[n]))
#else
#define learnsIn(e, n) false
#endif
inline after() {
    e = 1;
    do
    :: e <= epoch ->
        i = 0;
        do
        :: i < members[e - 1] ->
            n = M(e, i);
            if
            :: open[n] == e && i + 1 < members[e - 1] ->
                p = 1;
                do
                :: p <= length[n] -> W(e, i, p) = L(n, p); p++
                :: else -> break
                od;
                c = settled(n);
                c = (i > 0 && T(e, i - 1) < c -> T(e, i - 1) : c);
                T(e, i) = (c > T(e, i) -> c : T(e, i))
            :: open[n] == e && i + 1 == members[e - 1] ->
                c = settled(n);
#ifndef NO_PREDECESSOR
                c = (i > 0 && T(e, i - 1) < c -> T(e, i - 1) : c);
#endif
                p = 1;
                do
                :: p <= c ->
                    if
                    :: acked[p - 1] != L(n, p) ->
                        /* I2: what is committed never changes. */
                        assert(acked[p - 1] == 0);
                        /* A commit in an epoch that is over is of a record of the chosen log. */
                        assert(e == epoch || chosenLog[p - 1] == NONE || chosenLog[p - 1] == L(n, p));
                        /* P3: nothing is committed by fewer than the minimum. */
                        assert(members[e - 1] >= MIN);
                        acked[p - 1] = L(n, p);
                        printf("node %d commits (%d, %d) in epoch %d\n", n, L(n, p), p, e)
                    :: else
                    fi;
                    p++
                :: else -> break
                od
            :: else
            fi;
            i++
        :: else -> break
        od;
        e++
    :: else -> break
    od;
    s = 0; /* whether anybody may still commit in an epoch that is over */
    e = 1;
    do
    :: e < epoch ->
        if
        :: members[e - 1] > 0 ->
            ok = 0;
            i = 0;
            do
            :: i < members[e - 1] ->
                n = M(e, i);
                if
                :: !isIn(e, n) ->
                    installs[e - 1] = installs[e - 1] & ~(1 << n);
                    if
                    :: i > 0 -> /* nobody takes anything from the place before it */
                        p = 1;
                        do
                        :: p <= P -> W(e, i - 1, p) = 0; p++
                        :: else -> break
                        od;
                        if
                        :: i + 1 == members[e - 1] -> T(e, i - 1) = 0
                        :: else
                        fi
                    :: else -> /* nobody writes */
                        p = 1;
                        do
                        :: p <= P -> V(e, p) = false; p++
                        :: else -> break
                        od
                    fi
                :: else -> ok = 1
                fi;
                i++
            :: else -> break
            od;
            s = (ok -> 1 : s);
            n = 0;
            do
            :: n < N -> ok = ok || learnsIn(e, n); n++
            :: else -> break
            od;
            if
            :: !ok ->
                i = 0;
                do
                :: i < N ->
                    M(e, i) = 0;
                    if
                    :: i < 2 -> T(e, i) = 0
                    :: else
                    fi;
                    i++
                :: else -> break
                od;
                members[e - 1] = 0
            :: else
            fi
        :: else
        fi;
        e++
    :: else -> break
    od;
    p = 1;
    do
    :: p <= P ->
        if
        :: s == 0 || acked[p - 1] != 0 -> chosenLog[p - 1] = 0
        :: else
        fi;
        p++
    :: else -> break
    od;
    k = 0;
    x = 0;
    set = 0;
    left = 0
}

#if E > 3
#define EPOCHS(can) \
    :: can(0, 1) -> k = 0; x = 1 :: can(0, 2) -> k = 0; x = 2 :: can(0, 3) -> k = 0; x = 3 :: can(0, 4) -> k = 0; x = 4 \
    :: can(1, 1) -> k = 1; x = 1 :: can(1, 2) -> k = 1; x = 2 :: can(1, 3) -> k = 1; x = 3 :: can(1, 4) -> k = 1; x = 4 \
    :: can(2, 1) -> k = 2; x = 1 :: can(2, 2) -> k = 2; x = 2 :: can(2, 3) -> k = 2; x = 3 :: can(2, 4) -> k = 2; x = 4
#elif E > 2
#define EPOCHS(can) \
    :: can(0, 1) -> k = 0; x = 1 :: can(0, 2) -> k = 0; x = 2 :: can(0, 3) -> k = 0; x = 3 \
    :: can(1, 1) -> k = 1; x = 1 :: can(1, 2) -> k = 1; x = 2 :: can(1, 3) -> k = 1; x = 3 \
    :: can(2, 1) -> k = 2; x = 1 :: can(2, 2) -> k = 2; x = 2 :: can(2, 3) -> k = 2; x = 3
#else
#define EPOCHS(can) \
    :: can(0, 1) -> k = 0; x = 1 :: can(0, 2) -> k = 0; x = 2 \
    :: can(1, 1) -> k = 1; x = 1 :: can(1, 2) -> k = 1; x = 2 \
    :: can(2, 1) -> k = 2; x = 1 :: can(2, 2) -> k = 2; x = 2
#endif
#define NODES(can) :: can(0) -> k = 0 :: can(1) -> k = 1 :: can(2) -> k = 2
#define ENDS(can) \
    :: can(0, 0) -> k = 0; x = 0 :: can(0, 1) -> k = 0; x = 1 :: can(0, 2) -> k = 0; x = 2 :: can(0, 3) -> k = 0; x = 3 \
    :: can(1, 0) -> k = 1; x = 0 :: can(1, 1) -> k = 1; x = 1 :: can(1, 2) -> k = 1; x = 2 :: can(1, 3) -> k = 1; x = 3 \
    :: can(2, 0) -> k = 2; x = 0 :: can(2, 1) -> k = 2; x = 1 :: can(2, 2) -> k = 2; x = 2 :: can(2, 3) -> k = 2; x = 3
#define canSettle(k) (durable[k] < length[k])
#define canWipe(k) (crashes < CRASHES && wipes < WIPES)
#define canTear(k, to) (crashes < CRASHES && to >= durable[k] && to < length[k])
#define canRot(k, to) (crashes < CRASHES && rots < ROTS && to < durable[k])
#define canSnapshot(k) (canFetch(k) && partial[k] && !lacks[k])
#define canFetchRest(k) (fetches[k] && promised[k] <= learning[k])
#define canChoose(s) (sealEpoch != 0 && (!has(s, 0) || answer[0] != 0) && (!has(s, 1) || answer[1] != 0) && (!has(s, 2) || answer[2] != 0))

active proctype world() {
    d_step {
        epoch = 1;
        start[0] = 1;
        members[0] = INITIAL;
        n = 0;
        do
        :: n < N ->
            if
            :: n < INITIAL -> M(1, n) = n; installs[0] = installs[0] | (1 << n)
            :: else -> forgotten[n] = true
            fi;
            n++
        :: else -> break
        od
    }
end:
    do
    /* The control plane seals the next epoch, for whatever reason. */
    :: d_step { sealEpoch == 0 && epoch < E -> sealEpoch = epoch + 1; printf("epoch %d is to be sealed\n", sealEpoch); after() }
    :: atomic { if EPOCHS(canSeal) fi; d_step { onSeal(); after() } }
    :: atomic {
            if
            :: canChoose(1) -> set = 1
            :: canChoose(2) -> set = 2
            :: canChoose(3) -> set = 3
            :: canChoose(4) -> set = 4
            :: canChoose(5) -> set = 5
            :: canChoose(6) -> set = 6
            :: canChoose(7) -> set = 7
            fi;
            if
            :: left = 0
            :: has(set, 0) && set != 1 -> left = 1
            :: has(set, 1) && set != 2 -> left = 2
            :: has(set, 2) && set != 4 -> left = 4
            fi;
            d_step { choose(); after() }
        }
    :: atomic { if EPOCHS(canInstall) fi; d_step { onInstall(); after() } }
    :: atomic { if NODES(canAppend) fi; d_step { append(); after() } }
    :: atomic { if NODES(canTake) fi; d_step { take(); after() } }
    :: atomic { if NODES(canSettle) fi; d_step { durable[k] = length[k]; printf("what node %d has is durable\n", k); after() } }
    :: atomic { if ENDS(canCrash) fi; d_step { crash(x, false); after() } }
#if WIPES > 0
    :: atomic { if NODES(canWipe) fi; d_step { wipes++; wipe(); after() } }
#endif
#if ROTS > 0
    :: atomic { if ENDS(canTear) fi; d_step { crash(x, true); after() } }
    :: atomic { if ENDS(canRot) fi; d_step { rots++; crash(x, true); after() } }
#endif
#if LEARN > 0
    :: atomic { if EPOCHS(canLearn) fi; d_step { onLearn(); after() } }
    :: atomic { if NODES(canFetch) fi; d_step { fetch(); after() } }
#endif
#if LEARN > 1
    :: atomic { if NODES(canSnapshot) fi; d_step { snapshot(); after() } }
    :: atomic { if NODES(canFetchRest) fi; d_step { fetches[k] = false; lacks[k] = false; printf("node %d has what its snapshot lists\n", k); after() } }
#endif
    od
}
