/** Tests of the device thread, over real loopback sessions stepped by hand. */
@NullMarked
package io.millrace.replication;

import org.jspecify.annotations.NullMarked;
