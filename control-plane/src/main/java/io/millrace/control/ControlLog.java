package io.millrace.control;

import io.millrace.codec.wire.RefusalCode;
import org.agrona.DirectBuffer;

/**
 * Port to chain 0: takes a command and commits it some time later, in order, through
 * {@link ControlService#onCommitted}.
 *
 * <p><b>Threading:</b> called on the device thread. An implementation must not call back into the service from within
 * {@link #tryAppend}.
 */
public interface ControlLog {
    /** The log cannot take the command now; the same one is offered again later. */
    long BACK_PRESSURED = -1;

    /** The journal has no room left (MR-4001). */
    long JOURNAL_FULL = -2;

    /** The device takes no writes any more (MR-4002). */
    long FENCED = -3;

    /**
     * Appends a command as the body of a CONTROL_COMMAND record.
     *
     * @param command buffer that holds an encoded message of {@code millrace-control.xml} from index 0, with its SBE
     *     header; valid during the call only.
     * @param length bytes of the message.
     * @return the position in chain 0 (≥ 1), or {@link #BACK_PRESSURED}, {@link #JOURNAL_FULL}, {@link #FENCED}.
     */
    long tryAppend(DirectBuffer command, int length);

    /**
     * Finds what a client is told of a command that was not taken.
     *
     * @param position what {@link #tryAppend} returned, negative.
     * @return the number of a RefusalCode.
     */
    static int refusalOf(final long position) {
        return position == JOURNAL_FULL ? RefusalCode.JOURNAL_FULL.value() : RefusalCode.DEVICE_FENCED.value();
    }
}
