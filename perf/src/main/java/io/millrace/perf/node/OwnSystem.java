package io.millrace.perf.node;

import io.millrace.perf.load.AckShares;
import io.millrace.perf.system.BenchSystem;
import org.jspecify.annotations.Nullable;

/**
 * A system of ours: its acknowledgements say where their time went.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
public interface OwnSystem extends BenchSystem {
    /** Forgets the shares of acknowledgements taken until now. */
    void resetShares();

    /** The shares of all acknowledgements since {@link #resetShares()}. */
    AckShares shares();

    /** Why a node ended, when it ended by itself, else null. */
    @Nullable
    String death();
}
