/**
 * The io_uring backend: one ring per device thread, registered file and buffer, {@code RWF_DSYNC} writes.
 *
 * <p>Threads: the device thread only; the ring is made on the first thread that uses it and moves when another one
 * comes while nothing is in flight. Native calls: up to five integer arguments by jnr-ffi; six by jffi, because jnr-ffi
 * 2.2.17 passes a wrong sixth one; seven by a prepared jffi call whose arguments never change. A self-test proves all
 * three at start. Nothing here knows batches or superblocks.
 *
 * <p>Start with {@code UringDevice}, then {@code Ring}.
 */
@NullMarked
package io.millrace.journal.uring;

import org.jspecify.annotations.NullMarked;
