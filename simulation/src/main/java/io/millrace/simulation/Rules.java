package io.millrace.simulation;

import io.millrace.control.ControlRules;
import io.millrace.replication.ChainRules;

/**
 * The safety rules of one run: all, or all but one that the mutation gate has switched off.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param chain rules of replicas
 * @param control rules of reconfiguration
 */
record Rules(ChainRules chain, ControlRules control) {
    /** Every rule holds. */
    static final Rules ALL = new Rules(ChainRules.ALL, ControlRules.ALL);
}
