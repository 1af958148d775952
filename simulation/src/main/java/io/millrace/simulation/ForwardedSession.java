package io.millrace.simulation;

/**
 * A client's session as the control plane knows it: at a node, which forwards requests and answers.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param node where the client is
 * @param session there
 */
record ForwardedSession(SimNode node, SimSession session) {}
