/**
 * The client: what users import. Start with {@link io.millrace.client.Millrace}, then
 * {@link io.millrace.client.EventWriter} and {@link io.millrace.client.EventReader}.
 *
 * <p>Threads: by default every method may be called from every thread (one lock around all), and a daemon thread keeps
 * sessions alive; with {@link io.millrace.client.Millrace.Context#invoker(boolean)} there is no lock and no thread, and
 * the user's duty cycle calls {@link io.millrace.client.Millrace#doWork()}. The client logs nothing and prints nothing:
 * it throws {@link io.millrace.codec.MillraceException}, returns {@link io.millrace.client.Result} codes and counts in
 * {@link io.millrace.client.ClientCounters}. Only types of the public API here; how they work is in
 * {@code client.core}.
 */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;
