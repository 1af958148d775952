/**
 * The formats: SBE flyweights of the wire ({@code codec.wire}), of a device ({@code codec.log}) and of the control
 * plane ({@code codec.control}), and the few rules above them that a schema cannot say.
 *
 * <p>Threads: none; flyweights belong to the thread that wraps them. No I/O, no clock. Start with
 * {@code docs/formats.md}.
 */
@NullMarked
package io.millrace.codec;

import org.jspecify.annotations.NullMarked;
