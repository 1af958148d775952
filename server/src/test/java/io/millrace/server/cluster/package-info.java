/** Tests of a node's role in a cluster. */
@NullMarked
package io.millrace.server.cluster;

import org.jspecify.annotations.NullMarked;
