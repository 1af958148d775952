package io.millrace.simulation;

import java.util.EnumSet;
import java.util.Set;

/** Kinds of faults that the schedule lets strike. */
enum Fault {
    /** The power of one node goes: sectors in flight are old, new or torn. */
    POWER_CUT,
    /** As before, and it goes again while the node starts. */
    POWER_CUT_AT_START,
    /** A process dies; its device finishes what it was given. */
    PROCESS_DEATH,
    /** A process stands still. */
    PAUSE,
    /** A device completes nothing for a while. */
    DEVICE_STALL,
    /** A device is slow. */
    DEVICE_SLOW,
    /** A device's writes fail. */
    DEVICE_ERROR,
    /** Nothing gets through between two places. */
    CUT_OFF,
    /** Nothing gets through in one direction. */
    ONE_WAY,
    /** Datagrams are lost, doubled and overtaken. */
    WEATHER,
    /** A session is lost with what was under way. */
    SESSION_LOSS,
    /** A clock of the day steps. */
    CLOCK_STEP,
    /** A client dies and another comes in its place. */
    CLIENT_DEATH,
    /** A client stands still. */
    CLIENT_PAUSE,
    /** The power of every node goes. */
    CLUSTER_POWER_CUT,
    /** Nothing gets through between a node and the other nodes and the control plane, for a while. */
    NODE_CUT_OFF,
    /** Nothing gets through from a node to another or to the control plane. */
    NODE_ONE_WAY,
    /** Every session of a node to its peers is lost. */
    PEER_SESSION_LOSS,
    /** The control plane changes its leader. */
    LEADER_CHANGE,
    /** A node comes back with a new, empty device. */
    DEVICE_REPLACED,
    /** A bit of what is durable on a node flips, and the node starts anew. */
    BIT_ROT,
    /** A node is started over and over. */
    RESTART_STORM,
    /** A device says durable and is not, until the power goes. */
    LOST_FLUSH;

    /** Those that a node which stands alone must survive without a loss. */
    static final Set<Fault> SINGLE = EnumSet.range(POWER_CUT, CLIENT_PAUSE);

    /** Those that strike no node, no device and no way between nodes. */
    static final Set<Fault> OF_CLIENTS = EnumSet.of(CUT_OFF, ONE_WAY, SESSION_LOSS, CLIENT_DEATH, CLIENT_PAUSE);

    /** Those that a cluster must survive without a loss: all. */
    static final Set<Fault> CLUSTER = EnumSet.allOf(Fault.class);
}
