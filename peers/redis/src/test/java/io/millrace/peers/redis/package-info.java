/** Tests of the pure parts of the Redis adapter: no server runs here. */
@NullMarked
package io.millrace.peers.redis;

import org.jspecify.annotations.NullMarked;
