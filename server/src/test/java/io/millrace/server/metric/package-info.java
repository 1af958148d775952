/** Tests of metrics and their texts. */
@NullMarked
package io.millrace.server.metric;

import org.jspecify.annotations.NullMarked;
