/**
 * JSON as this node and its command line write it.
 *
 * <p>Threads: none of its own. Messages: RFC 8259. Not here: reading JSON, and what is written. Start reading at
 * {@link io.millrace.server.json.JsonWriter}.
 */
@NullMarked
package io.millrace.server.json;

import org.jspecify.annotations.NullMarked;
