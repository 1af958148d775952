/** Tests of what the rig and its systems share; no system runs here. */
@NullMarked
package io.millrace.perf.system;

import org.jspecify.annotations.NullMarked;
