/** The example of README.md as a user would write it: compiled by the build, run against a node by a test. */
@NullMarked
package io.millrace.example;

import org.jspecify.annotations.NullMarked;
