/**
 * A whole cluster in one thread and in virtual time: the real store, journal, recovery, replication, control state and
 * client logic over simulated bytes, wires and clocks, with faults; and checkers that watch disks and wires from
 * outside. The same seed gives the same run, event by event.
 *
 * <p><b>Threads</b>: one, whoever calls {@link io.millrace.simulation.Simulation#run}.
 *
 * <p><b>Not here</b>: real time, sockets, files, threads, randomness without a seed. Nobody imports this module.
 *
 * <p>Start reading at {@link io.millrace.simulation.World}.
 */
package io.millrace.simulation;
