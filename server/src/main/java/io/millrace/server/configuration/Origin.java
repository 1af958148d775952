package io.millrace.server.configuration;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlPosition;

/**
 * Where a value comes from.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param source file, option, {@code environment NAME} or {@code default}.
 * @param line in a file, from 1; 0 elsewhere.
 * @param column in a file, from 1; 0 elsewhere.
 */
public record Origin(String source, int line, int column) {
    /** Nobody has set it. */
    static final Origin DEFAULT = named("default");

    /** A place that has no lines. */
    static Origin named(final String source) {
        return new Origin(source, 0, 0);
    }

    /** A place in a file; null: the file as a whole. */
    static Origin of(final Path file, final @Nullable TomlPosition at) {
        return at == null ? named(file.toString()) : new Origin(file.toString(), at.line(), at.column());
    }

    @Override
    public String toString() {
        return line == 0 ? source : source + ":" + line + ":" + column;
    }
}
