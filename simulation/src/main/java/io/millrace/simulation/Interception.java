package io.millrace.simulation;

/**
 * What a directed schedule lets through: asked for every frame between nodes, and between nodes and the control plane.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
@FunctionalInterface
interface Interception {
    /** Everything gets through. */
    Interception NONE = (from, to, templateId, frame) -> true;

    /**
     * Decides on a frame.
     *
     * @param from place
     * @param to place
     * @param templateId of the chain schema
     * @param frame with its header
     * @return false: it is lost
     */
    boolean passes(int from, int to, int templateId, byte[] frame);
}
