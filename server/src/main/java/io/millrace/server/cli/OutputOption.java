package io.millrace.server.cli;

import picocli.CommandLine.Option;

/** The option {@code --output} of every command that reports. <b>Threading:</b> one thread; picocli fills it. */
final class OutputOption {
    /** How a report is given. */
    enum Format {
        /** Words for people. */
        TEXT,
        /** Exactly one JSON object on standard output. */
        JSON
    }

    @Option(
            names = "--output",
            paramLabel = "text|json",
            description = "json: one object on standard output, words on standard error.")
    private Format format = Format.TEXT;

    /**
     * Tells whether one JSON object is wanted.
     *
     * @return true for json.
     */
    boolean isJson() {
        return format == Format.JSON;
    }
}
