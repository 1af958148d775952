/**
 * What the tests of all modules share: nothing may be left open behind a test class.
 *
 * <p>Threads: the test's. Never on the class path of a product. Start with {@code LeakWatch}.
 */
@NullMarked
package io.millrace.testsupport;

import org.jspecify.annotations.NullMarked;
