package io.millrace.server.cli;

import io.millrace.journal.JournalPlace;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;

/** Finds the journal that an argument names. <b>Threading:</b> one thread. */
final class JournalPathConverter implements ITypeConverter<Path> {
    /** Creates it, for the parser. */
    JournalPathConverter() {}

    @Override
    public Path convert(final String value) {
        return value.startsWith(JournalPlace.SERIAL_PREFIX) ? JournalPlace.resolve(value) : Path.of(value);
    }
}
