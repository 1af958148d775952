/**
 * What a system under test is to the rig: started, loaded, read from and closed behind one small interface, so that
 * Millrace, its peers and the physical limit are measured by the same loop in the same minutes.
 *
 * <p>Threads: a run is a process of its own; everything here is called on its one rig thread, except where a class says
 * that a client's own threads may call it ({@link io.millrace.perf.system.RunQueue}).
 *
 * <p>Owns: what a system started through its {@link io.millrace.perf.system.SystemContext}, which ends exactly that.
 *
 * <p>May not: choose when to send (the loop does), take a time without the context's clock. Systems are found by
 * {@link java.util.ServiceLoader}; those of peers live in modules that the product never carries. Start with
 * {@link io.millrace.perf.system.BenchSystem}.
 */
@NullMarked
package io.millrace.perf.system;

import org.jspecify.annotations.NullMarked;
