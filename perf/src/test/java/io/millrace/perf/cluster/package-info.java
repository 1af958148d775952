/** Tests of the cluster on this machine. */
@NullMarked
package io.millrace.perf.cluster;

import org.jspecify.annotations.NullMarked;
