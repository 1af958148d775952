/**
 * The pwritev2 backend: durable writes by {@code pwritev2} with {@code RWF_DSYNC} on a second thread, for kernels that
 * deny io_uring and devices on which calibration prefers it.
 *
 * <p>Threads: the device thread submits and polls; the worker makes the blocking calls, one after the other. They share
 * one ring of requests without locks; the device thread never blocks but in await. Nothing is allocated per request.
 *
 * <p>Start with {@code PwritevDevice}, then {@code RequestRing}.
 */
@NullMarked
package io.millrace.journal.pwritev2;

import org.jspecify.annotations.NullMarked;
