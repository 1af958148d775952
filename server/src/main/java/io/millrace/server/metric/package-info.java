/**
 * What a node counts, as its operator reads it: from the counters file beside the data, or as Prometheus' text.
 *
 * <p>Threads: the device thread sets values, any thread reads them. Files: reads {@code counters} and {@code errors} of
 * a data directory, whether their node lives or not. Not here: what is counted; sockets. Start reading at
 * {@link io.millrace.server.metric.MetricTable}.
 */
@NullMarked
package io.millrace.server.metric;

import org.jspecify.annotations.NullMarked;
