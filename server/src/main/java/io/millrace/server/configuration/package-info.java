/**
 * The settings of a node: the list of them, their units, and how {@code millrace.toml}, the environment and
 * {@code --set} give them values.
 *
 * <p>Threads: the main thread at the start, immutable afterwards. Files: reads {@code millrace.toml};
 * {@code docs/configuration.md} is generated from {@link io.millrace.server.configuration.Setting}. Not here: what a
 * setting does; the environment itself, the command line passes it. Start reading at
 * {@link io.millrace.server.configuration.NodeConfiguration}.
 */
@NullMarked
package io.millrace.server.configuration;

import org.jspecify.annotations.NullMarked;
