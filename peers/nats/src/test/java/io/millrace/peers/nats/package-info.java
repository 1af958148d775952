/** Tests of the pure parts of the NATS adapter: no server runs here. */
@NullMarked
package io.millrace.peers.nats;

import org.jspecify.annotations.NullMarked;
