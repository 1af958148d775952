/**
 * Holds what ARCHITECTURE.md, STYLE and docs/dependencies.md promise against the classes, the poms and the files of the
 * tree. Ordinary tests, one thread; nothing here is shipped. Start reading in
 * {@link io.millrace.architecture.ModuleDirectionTest}.
 */
@NullMarked
package io.millrace.architecture;

import org.jspecify.annotations.NullMarked;
