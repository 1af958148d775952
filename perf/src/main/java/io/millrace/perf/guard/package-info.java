/**
 * {@code bench guard}: is this working tree slower than an earlier commit? Both run in turns on the same machine in the
 * same minutes; no figure of another day is ever compared with.
 *
 * <p>Threads: the command's. Every run is a process of the side it belongs to.
 *
 * <p>Owns: {@code target/guard} below the checkout: the build of a base, kept for the next time, and while it is built
 * a worktree of git.
 *
 * <p>May not: touch the working tree, the index or a branch. Start with {@link io.millrace.perf.guard.GuardCommand},
 * then {@link io.millrace.perf.guard.Pairs}.
 */
@NullMarked
package io.millrace.perf.guard;

import org.jspecify.annotations.NullMarked;
