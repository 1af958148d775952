/** Tests of the checks of the host. */
@NullMarked
package io.millrace.server.host;

import org.jspecify.annotations.NullMarked;
