package io.millrace.control;

import org.agrona.DirectBuffer;

/**
 * The control plane as a pure function of the commands committed in chain 0.
 *
 * <p><b>Threading:</b> one thread.
 */
@SuppressWarnings("DoNotCallSuggester") // bodies follow with the next landing
public final class ControlState {
    /**
     * Starts empty.
     *
     * @param limits the same at every replay.
     */
    public ControlState(final ControlLimits limits) {}

    /**
     * Applies one committed command.
     *
     * @param command buffer with an encoded message of {@code millrace-control.xml}.
     * @param offset of its SBE header.
     * @param length bytes with the header.
     * @param timestampNs of the record, nanoseconds since 1970.
     * @param effects told what is to be done outside.
     * @return a code of {@link ControlStatus}, or the negated number of a RefusalCode.
     * @throws IllegalStateException when the bytes are no command this version knows: the log is corrupt or newer, and
     *     to skip a command would let replicas differ.
     */
    public int apply(
            final DirectBuffer command,
            final int offset,
            final int length,
            final long timestampNs,
            final Effects effects) {
        throw new UnsupportedOperationException();
    }

    /**
     * Says again which effects are not done.
     *
     * @param effects told by {@link Effects#onEffect}, per chain in order of their numbers.
     */
    public void forEachPendingEffect(final Effects effects) {
        throw new UnsupportedOperationException();
    }

    /** Returns the number of data chains, 0 before the first NodeStarted. */
    public int chainCount() {
        return 0;
    }

    /** Returns a hash of everything that decides what later commands do; equal on all members after the same log. */
    public long stateHash() {
        return 0;
    }
}
