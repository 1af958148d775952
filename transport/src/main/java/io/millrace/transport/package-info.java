/**
 * Aeron media, sessions and links: how a client and a node exchange frames of schema {@code millrace-wire}.
 *
 * <p>Threads: none of its own; the duty cycle's owner calls {@code doWork} of {@link io.millrace.transport.Transport},
 * {@link io.millrace.transport.SessionAcceptor} and {@link io.millrace.transport.Link}, all on one thread. Owns the
 * messages SessionOpen, SessionOpened, KeepAlive and SessionClose; hands every other one up unread. Everything that
 * arrives is untrusted. No blocking, no logging, no knowledge of streams here. Start with {@code SessionAcceptor}.
 */
@NullMarked
package io.millrace.transport;

import org.jspecify.annotations.NullMarked;
