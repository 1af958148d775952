package io.millrace.server.cli;

import io.millrace.codec.MillraceException;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.journal.DumpSink;
import io.millrace.journal.DumpSummary;
import io.millrace.journal.JournalVerify;
import io.millrace.journal.Superblock;
import io.millrace.server.json.JsonWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * {@code millrace journal verify}: ends with 0 when a node would take the journal without loss, else names the place.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "verify",
        description = "Check every checksum and every rule of a journal file, without changing it.",
        mixinStandardHelpOptions = true)
final class JournalVerifyCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(
            index = "0",
            paramLabel = "FILE",
            converter = JournalPathConverter.class,
            description = "The journal: data/journal.millrace, a block device, or serial:NUMBER of a disk.")
    private Path file = Path.of("");

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    JournalVerifyCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final Progress progress = new Progress(console, console.terminal(), "verifying " + file, "records", -1);
        final DumpSummary summary;
        try {
            summary = JournalVerify.verify(file, new ProgressSink(progress));
        } finally {
            progress.end();
        }
        final MillraceException fault = JournalDumpCommand.fault(summary);
        int exitCode = 0;
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            final JsonWriter json = new JsonWriter(text).beginObject().field("file", file.toString());
            JournalDescription.summary(json, summary);
            exitCode = fault == null ? 0 : Failures.tellInside(console, json, fault);
            json.end();
            console.out().println(text);
        } else {
            console.out()
                    .println(file
                            + (fault == null ? " is sound: " : " is damaged: ")
                            + JournalDescription.summary(summary));
            exitCode = fault == null ? 0 : Failures.tellInside(console, null, fault);
        }
        if (fault == null && summary.fault() != null) {
            console.say("millrace: " + summary.fault().id() + ": " + summary.message());
        }
        return exitCode;
    }

    /** Counts. */
    private static final class ProgressSink implements DumpSink {
        private final Progress progress;
        private long recordCount;
        private long bytes;

        ProgressSink(final Progress progress) {
            this.progress = progress;
        }

        @Override
        public void onSuperblock(final String name, final @Nullable Superblock superblock, final boolean current) {}

        @Override
        public boolean onBatch(final BatchHeaderDecoder header) {
            recordCount += header.recordCount();
            bytes += header.batchLength();
            progress.update(recordCount, bytes);
            return false;
        }

        @Override
        public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {}
    }
}
