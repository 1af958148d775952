/*
 * Seal, choose, Install: how one chain of Millrace changes its members, with crashes, a wiped device, and messages that
 * come late and twice. README.md says which class and method each transition stands for.
 *
 * Messages are never lost for good and never used up: what was sent may arrive at any later time, any number of times.
 * Not delivering something for ever is one of the runs. A crash and the start after it are one step: a node that is
 * down is a node to which nothing is delivered.
 *
 * Sizes: -DN=3 nodes, of which -DINITIAL=3 are members at first, -DP=3 records, -DE=3 epochs, -DCRASHES=2, -DWIPES=1 of them with loss of the device, -DMIN=1.
 * Each -DNO_... removes one rule; Spin must then find a counter-example.
 */
#ifndef N
#define N 3
#endif
#ifndef P
#define P 3
#endif
#ifndef E
#define E 3
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef WIPES
#define WIPES 1
#endif
#ifndef MIN
#define MIN 1
#endif
#ifndef INITIAL
#define INITIAL N
#endif
#define NONE 15
#define L(n, p) log[(n) * P + (p) - 1]
#define M(e, i) member[((e) - 1) * N + (i)]
#define MI(e, n) memberIncarnation[((e) - 1) * N + (n)]
#define W(e, i, p) wire[(((e) - 1) * N + (i)) * P + (p) - 1]
#define DP(e, i) durablePrefix[((e) - 1) * N + (i)]
#define isMember(e, n) ((members[(e) - 1] > 0 && M(e, 0) == n) || (members[(e) - 1] > 1 && M(e, 1) == n) || (members[(e) - 1] > 2 && M(e, 2) == n))
#define placeOf(e, n) (M(e, 0) == n -> 0 : (M(e, 1) == n -> 1 : 2))
#define isOpen(n) (installed[n] != 0 && !isSealed[n])
#define R(e, n) replied[((e) - 1) * N + (n)]
#define RV(e, n) replyValid[((e) - 1) * N + (n)]
#define RI(e, n) replyIncarnation[((e) - 1) * N + (n)]

/* Nodes. A record is the epoch that wrote it: one epoch and position have one record, or append() fails. */
byte log[N * P];
byte length[N];
byte durable[N];
byte promised[N];
byte installed[N];
bool isSealed[N];
byte incarnation[N];
bool hasForgotten[N];

/* The wire: what was forwarded, and which durable prefix was told, by the member at place i of epoch e. */
byte wire[E * N * P];
byte durablePrefix[E * N];

/* Sealed messages that were sent. 0: none, 1: with a log, 2: amnesia. */
byte replied[E * N];
byte replyValid[E * N];
byte replyIncarnation[E * N];

/* The control plane. */
byte epoch;
byte sealEpoch;
byte start[E];
byte members[E];
byte member[E * N];
byte memberIncarnation[E * N];
byte floor;

/* What a checker outside knows. */
byte acked[P];
bool written[E * P];
byte chosenLog[P];
byte crashes;
byte wipes;

#ifdef NO_LATE_IGNORED
/* Any Sealed ever sent is taken, the oldest first. */
#define answered(n) (R(2, n) != 0 || (E > 2 && sealEpoch > 2 && R(3, n) != 0) || (E > 3 && sealEpoch > 3 && R(E, n) != 0))
#define answerEpoch(n) (R(2, n) != 0 -> 2 : sealEpoch)
#else
#define answered(n) (R(sealEpoch, n) != 0)
#define answerEpoch(n) (sealEpoch)
#endif
#define value(n) RV(answerEpoch(n), n)
#define incarnationOf(n) RI(answerEpoch(n), n)
#ifdef NO_AMNESIA
#define isWhole(n) (true)
#else
#define isWhole(n) (R(answerEpoch(n), n) == 1)
#endif
#ifdef NO_INCARNATION
#define isChosenStart(e, n) (true)
#else
#define isChosenStart(e, n) (MI(e, n) == incarnation[n])
#endif
#ifdef NO_K
#define isEligible(n) (isWhole(n))
#else
#define isEligible(n) (isWhole(n) && bound != NONE && value(n) >= bound)
#endif

/* Scratch of one atomic step, cleared at its end so that it adds no states. */
hidden byte n;
hidden byte e;
hidden byte i;
hidden byte p;
hidden byte y;
hidden byte place;
hidden byte node;
hidden byte best;
hidden byte bound;
hidden byte count;
hidden byte sealedMembers;
hidden byte valid;
hidden byte seen;
hidden byte ok;
hidden byte chosen[N];

/* The longest prefix of which every record (x, p) has p < start(y) for every later epoch y up to upTo. */
inline judge(n, upTo, result) {
    result = 0;
    ok = true;
    do
    :: ok && result < length[n] ->
        y = L(n, result + 1) + 1;
        do
        :: y <= upTo ->
#ifndef NO_HISTORY
            if
            :: start[y - 1] != 0 && result + 1 >= start[y - 1] -> ok = false
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

/* Who has answered the seal, as a set of bits that the choice may have seen; the rest is still on its way. */
inline choose(seen) {
    bound = NONE;
    sealedMembers = 0;
    n = 0;
    do
    :: n < N ->
        if
        :: (seen >> n) & 1 ->
            if
            :: isMember(epoch, n) ->
                sealedMembers++;
                if
#ifdef NO_AMNESIA
                :: value(n) < bound -> bound = value(n)
#else
                :: isWhole(n) && value(n) < bound -> bound = value(n)
#endif
                :: else
                fi
            :: else
            fi
        :: else
        fi;
        n++
    :: else -> break
    od;
#ifdef NO_MEMBER_SEALED
    if
    :: sealedMembers == 0 -> bound = floor; sealedMembers = 1
    :: else
    fi;
#endif
#ifndef NO_FLOOR
    if
    :: bound != NONE && bound < floor -> bound = floor
    :: else
    fi;
#endif
    /* The eligible, by how long their logs are. */
    count = 0;
    best = P + 1;
    do
    :: best > 0 ->
        best--;
        n = 0;
        do
        :: n < N ->
            if
            :: ((seen >> n) & 1) && isEligible(n) && value(n) == best -> chosen[count] = n; count++
            :: else
            fi;
            n++
        :: else -> break
        od
    :: else -> break
    od;
    if
    :: sealedMembers > 0 && bound != NONE && count >= MIN ->
        best = value(chosen[0]);
        e = sealEpoch;
        /* I6: what was acknowledged is in the chosen log. */
        p = 1;
        do
        :: p <= P ->
            /* A device that was lost since its answer cannot be looked at; the others of the set hold what it held. */
            assert(acked[p - 1] == 0 || (p <= best && (hasForgotten[chosen[0]] || L(chosen[0], p) == acked[p - 1])));
            chosenLog[p - 1] = (p <= best -> (hasForgotten[chosen[0]] -> NONE : L(chosen[0], p)) : 0);
            p++
        :: else -> break
        od;
        start[e - 1] = best + 1;
        floor = value(chosen[count - 1]);
        /* Behind the eligible, whoever is whole and has still to catch up. */
        n = 0;
        do
        :: n < N ->
            if
            :: ((seen >> n) & 1) && isWhole(n) && value(n) < bound && !isEligible(n) -> chosen[count] = n; count++
            :: else
            fi;
            n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < count ->
            M(e, n) = chosen[n];
            MI(e, chosen[n]) = incarnationOf(chosen[n]);
            n++
        :: else -> break
        od;
        members[e - 1] = count;
        epoch = e;
        sealEpoch = 0
    :: else
    fi
}

#ifdef NO_FSYNC
#define settled(n) length[n]
#else
#define settled(n) durable[n]
#endif
#define tailOf(e) M(e, members[(e) - 1] - 1)
#ifdef NO_PREDECESSOR
#define committable(n) settled(n)
#else
#define committable(n) ((members[installed[n] - 1] == 1 || DP(installed[n], members[installed[n] - 1] - 2) > settled(n)) -> settled(n) : DP(installed[n], members[installed[n] - 1] - 2))
#endif

/* Tells the durable prefix down the chain as soon as it grows; when it arrives is the tail's choice of a moment. */
inline tell(x) {
    i = 0;
    do
    :: i + 1 < members[x - 1] ->
        node = M(x, i);
        if
        :: installed[node] == x && !isSealed[node] ->
            place = settled(node);
            if
            :: i > 0 && DP(x, i - 1) < place -> place = DP(x, i - 1)
            :: else
            fi;
            if
            :: place > DP(x, i) -> DP(x, i) = place
            :: else
            fi
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    place = 0;
    node = 0
}

/* Seal(x) arrives at k: the one of now, or an old one once more. */
#define canSeal(k, x) ((x <= epoch || x == sealEpoch) && x > installed[k] && x >= promised[k] && (promised[k] != x || R(x, k) == 0 || RI(x, k) != incarnation[k]))
inline onSeal(k, x) {
    promised[k] = x;
#ifndef NO_FENCE
    isSealed[k] = true;
#endif
    durable[k] = length[k];
    judge(k, x - 1, valid);
    R(x, k) = (hasForgotten[k] -> 2 : 1);
    RV(x, k) = valid;
    RI(x, k) = incarnation[k];
    clear()
}

/* Install(x) arrives at k, now or once more. */
#define canInstall(k, x) (x <= epoch && isMember(x, k) && x > installed[k] && x >= promised[k] && !hasForgotten[k] && isChosenStart(x, k))
inline onInstall(k, x) {
    promised[k] = x;
    installed[k] = x;
    isSealed[k] = false;
    judge(k, x, valid);
    do
    :: length[k] > valid -> L(k, length[k]) = 0; length[k]--
    :: else -> break
    od;
    durable[k] = length[k];
    /* What its successor asks for (Nak) it forwards again, whatever the epoch of the record. */
    place = placeOf(x, k);
    p = 1;
    do
    :: p <= length[k] -> W(x, place, p) = L(k, p); p++
    :: else -> break
    od;
    tell(x);
    clear()
}

/* The head writes a record and forwards it. */
#define canAppend(k) (isOpen(k) && M(installed[k], 0) == k && length[k] < P)
inline append(k) {
    e = installed[k];
    length[k]++;
    L(k, length[k]) = e;
    /* I3: one record per epoch and position. */
    assert(!written[(e - 1) * P + length[k] - 1]);
    written[(e - 1) * P + length[k] - 1] = true;
    W(e, 0, length[k]) = e;
    clear()
}

/* A successor takes the next record and forwards it. */
#define canTake(k) (isOpen(k) && M(installed[k], 0) != k && length[k] < P && W(installed[k], placeOf(installed[k], k) - 1, length[k] + 1) != 0)
inline take(k) {
    e = installed[k];
    place = placeOf(e, k);
    length[k]++;
    L(k, length[k]) = W(e, place - 1, length[k]);
    W(e, place, length[k]) = L(k, length[k]);
    clear()
}

/* The device is done with what was issued. */
inline settle(k) {
    durable[k] = length[k];
    if
    :: isOpen(k) -> e = installed[k]; tell(e)
    :: else
    fi;
    clear()
}

/* The tail commits and acknowledges. */
#define canCommit(k) (isOpen(k) && tailOf(installed[k]) == k && committable(k) > 0 && acked[committable(k) - 1] != L(k, committable(k)))
inline commit(k) {
    e = installed[k];
    valid = committable(k);
    /* I5: nobody commits in an epoch below the one it has promised. */
    assert(promised[k] <= e);
    p = 1;
    do
    :: p <= valid ->
        /* I2: what is committed never changes. */
        assert(acked[p - 1] == 0 || acked[p - 1] == L(k, p));
        /* A commit in an epoch that is over is of a record of the chosen log. */
        assert(e == epoch || chosenLog[p - 1] == NONE || chosenLog[p - 1] == L(k, p));
        acked[p - 1] = L(k, p);
        p++
    :: else -> break
    od;
    clear()
}

/* A crash and the next start: what was not durable is gone, all of it or what lies behind position to. */
#define canCrash(k, to) (crashes < CRASHES && to >= durable[k] && to <= length[k])
inline crash(k, to) {
    do
    :: length[k] > to -> L(k, length[k]) = 0; length[k]--
    :: else -> break
    od;
    durable[k] = length[k];
    installed[k] = 0;
    isSealed[k] = true;
    incarnation[k]++;
    crashes++;
    clear()
}

/* A crash after which the device is another one, empty. */
#define canWipe(k) (crashes < CRASHES && wipes < WIPES)
inline wipe(k) {
    do
    :: length[k] > 0 -> L(k, length[k]) = 0; length[k]--
    :: else -> break
    od;
    durable[k] = 0;
    promised[k] = 0;
    installed[k] = 0;
    isSealed[k] = true;
    hasForgotten[k] = true;
    incarnation[k]++;
    crashes++;
    wipes++;
    clear()
}

/* A node that is no member learns all that is durable at a member of the epoch of now. */
#define canLearn(k, j) (sealEpoch == 0 && !isMember(epoch, k) && isMember(epoch, j) && installed[j] == epoch && !isSealed[j] && promised[k] <= epoch && (length[k] != durable[j] || hasForgotten[k]))
inline learn(k, j) {
    p = 1;
    do
    :: p <= P -> L(k, p) = (p <= durable[j] -> L(j, p) : 0); p++
    :: else -> break
    od;
    length[k] = durable[j];
    durable[k] = length[k];
    hasForgotten[k] = false;
#ifndef NO_LEARN_FENCE
    /* Who learns in an epoch has left all below it: a head that was dropped and not yet sealed would write a position again. */
    isSealed[k] = true;
    promised[k] = epoch;
#endif
    clear()
}

/* The control plane chooses from some of the answers it may have got. */
#define canChoose(set) (sealEpoch != 0 && (((set) & 1) == 0 || answered(0)) && (((set) & 2) == 0 || answered(1)) && (((set) & 4) == 0 || answered(2)))
inline chooseFrom(set) {
    seen = set;
    choose(seen);
    seen = 0;
    clear()
}

inline clear() {
    n = 0;
    e = 0;
    i = 0;
    p = 0;
    y = 0;
    ok = 0;
    valid = 0;
    place = 0;
    node = 0;
    best = 0;
    bound = 0;
    count = 0;
    sealedMembers = 0;
    chosen[0] = 0;
    chosen[1] = 0;
    chosen[2] = 0
}

#if E > 3
#define SEALS(k) :: d_step { canSeal(k, 2) -> onSeal(k, 2) } :: d_step { canSeal(k, 3) -> onSeal(k, 3) } :: d_step { canSeal(k, 4) -> onSeal(k, 4) }
#define INSTALLS(k) :: d_step { canInstall(k, 1) -> onInstall(k, 1) } :: d_step { canInstall(k, 2) -> onInstall(k, 2) } :: d_step { canInstall(k, 3) -> onInstall(k, 3) } :: d_step { canInstall(k, 4) -> onInstall(k, 4) }
#elif E > 2
#define SEALS(k) :: d_step { canSeal(k, 2) -> onSeal(k, 2) } :: d_step { canSeal(k, 3) -> onSeal(k, 3) }
#define INSTALLS(k) :: d_step { canInstall(k, 1) -> onInstall(k, 1) } :: d_step { canInstall(k, 2) -> onInstall(k, 2) } :: d_step { canInstall(k, 3) -> onInstall(k, 3) }
#else
#define SEALS(k) :: d_step { canSeal(k, 2) -> onSeal(k, 2) }
#define INSTALLS(k) :: d_step { canInstall(k, 1) -> onInstall(k, 1) } :: d_step { canInstall(k, 2) -> onInstall(k, 2) }
#endif
#if P > 2
#define CRASHES_OF(k) :: d_step { canCrash(k, 0) -> crash(k, 0) } :: d_step { canCrash(k, 1) -> crash(k, 1) } :: d_step { canCrash(k, 2) -> crash(k, 2) } :: d_step { canCrash(k, 3) -> crash(k, 3) }
#else
#define CRASHES_OF(k) :: d_step { canCrash(k, 0) -> crash(k, 0) } :: d_step { canCrash(k, 1) -> crash(k, 1) } :: d_step { canCrash(k, 2) -> crash(k, 2) }
#endif
#define DATA(k) :: d_step { canAppend(k) -> append(k) } :: d_step { canTake(k) -> take(k) } :: d_step { durable[k] < length[k] -> settle(k) } :: d_step { canCommit(k) -> commit(k) }
#define LEARNS(k, a, b) :: d_step { canLearn(k, a) -> learn(k, a) } :: d_step { canLearn(k, b) -> learn(k, b) }
#define WIPES_OF(k) :: d_step { canWipe(k) -> wipe(k) }
#define CHOICE(set) :: d_step { canChoose(set) -> chooseFrom(set) }

active proctype world() {
    d_step {
        epoch = 1;
        start[0] = 1;
        members[0] = INITIAL;
        n = 0;
        do
        :: n < N ->
            if
            :: n < INITIAL -> M(1, n) = n
            :: else
            fi;
            isSealed[n] = true;
            n++
        :: else -> break
        od;
        n = 0
    }
end:
    do
    /* The control plane seals the next epoch, for whatever reason. */
    :: d_step { sealEpoch == 0 && epoch < E -> sealEpoch = epoch + 1 }
    CHOICE(1) CHOICE(2) CHOICE(3) CHOICE(4) CHOICE(5) CHOICE(6) CHOICE(7)
    SEALS(0) SEALS(1) SEALS(2)
    INSTALLS(0) INSTALLS(1) INSTALLS(2)
    DATA(0) DATA(1) DATA(2)
    CRASHES_OF(0) CRASHES_OF(1) CRASHES_OF(2)
    WIPES_OF(0) WIPES_OF(1) WIPES_OF(2)
    LEARNS(0, 1, 2) LEARNS(1, 0, 2) LEARNS(2, 0, 1)
    od
}
