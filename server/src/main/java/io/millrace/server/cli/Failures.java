package io.millrace.server.cli;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.json.JsonWriter;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns what commands throw into one line on standard error, an exit code and, with {@code --output json}, one object.
 */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
    private static final int EXIT_FAILED = 1;

    private final Console console;

    /**
     * Creates the handler.
     *
     * @param console to print to.
     */
    Failures(final Console console) {
        this.console = console;
    }

    @Override
    public int handleExecutionException(
            final Exception failure, final CommandLine command, final @Nullable ParseResult parsed) {
        final boolean json = parsed != null && wantsJson(parsed.originalArgs().toArray(new String[0]));
        return tell(failure, json);
    }

    @Override
    public int handleParseException(final ParameterException failure, final String[] arguments) {
        final CommandLine command = failure.getCommandLine();
        final String message = String.valueOf(failure.getMessage());
        console.say("millrace: " + message);
        UnmatchedArgumentException.printSuggestions(failure, command.getErr());
        console.say(command.getUsageMessage(CommandLine.Help.Ansi.OFF).strip());
        if (wantsJson(arguments)) {
            printObject(null, message, MillraceCli.EXIT_USAGE);
        }
        return MillraceCli.EXIT_USAGE;
    }

    private int tell(final Exception failure, final boolean json) {
        final String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        final ErrorCode code = failure instanceof MillraceException named ? named.code() : null;
        final int exitCode = code == null ? EXIT_FAILED : code.exitCode();
        console.say("millrace: " + message);
        sayRemedy(console, code, message);
        if (json) {
            printObject(code, message, exitCode);
        }
        return exitCode;
    }

    /**
     * Tells of a failure inside of a report that is already begun.
     *
     * @param console to print to.
     * @param json the report's object, or null when there is none.
     * @param failure what happened.
     * @return the exit code.
     */
    static int tellInside(final Console console, final @Nullable JsonWriter json, final MillraceException failure) {
        final ErrorCode code = failure.code();
        final String message = String.valueOf(failure.getMessage());
        console.say("millrace: " + message);
        sayRemedy(console, code, message);
        if (json != null) {
            json.name("error");
            writeError(json, code, message, code.exitCode());
        }
        return code.exitCode();
    }

    private static void sayRemedy(final Console console, final @Nullable ErrorCode code, final String message) {
        if (code != null && !message.contains(code.remedy()) && !code.remedy().startsWith("None")) {
            console.say("  " + code.remedy());
        }
    }

    /**
     * Writes a failure as an object.
     *
     * @param json to write to, where a value is due.
     * @param code of it, null when it has none.
     * @param message for people.
     * @param exitCode of the process.
     */
    static void writeError(
            final JsonWriter json, final @Nullable ErrorCode code, final @Nullable String message, final int exitCode) {
        json.beginObject()
                .field("code", code == null ? null : code.id())
                .field("name", code == null ? null : code.name())
                .field("message", message)
                .field("exitCode", exitCode)
                .end();
    }

    private void printObject(final @Nullable ErrorCode code, final String message, final int exitCode) {
        final StringBuilder text = new StringBuilder();
        final JsonWriter json = new JsonWriter(text).beginObject().name("error");
        writeError(json, code, message, exitCode);
        json.end();
        console.out().println(text);
    }

    private static boolean wantsJson(final String[] arguments) {
        final String all = String.join(" ", Arrays.asList(arguments)).toLowerCase(Locale.ROOT);
        return all.contains("--output json") || all.contains("--output=json");
    }
}
