/** Tests of JSON as it is written. */
@NullMarked
package io.millrace.server.json;

import org.jspecify.annotations.NullMarked;
