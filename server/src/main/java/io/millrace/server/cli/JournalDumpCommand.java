package io.millrace.server.cli;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.journal.DumpSink;
import io.millrace.journal.DumpSummary;
import io.millrace.journal.JournalDump;
import io.millrace.journal.Superblock;
import io.millrace.server.json.JsonWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code millrace journal dump}: prints superblocks, batches and, if wanted, records; ends with 1 at damage.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "dump",
        description = "Print the batches and records of a journal file, without changing it.",
        mixinStandardHelpOptions = true)
final class JournalDumpCommand implements Callable<Integer> {
    private static final int FLUSH_LENGTH = 64 * 1024;

    private final Console console;

    @Parameters(
            index = "0",
            paramLabel = "FILE",
            converter = JournalPathConverter.class,
            description = "The journal: data/journal.millrace, a block device, or serial:NUMBER of a disk.")
    private Path file = Path.of("");

    @Option(names = "--records", description = "Print the records of each batch, too.")
    private boolean records;

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    JournalDumpCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        return output.isJson() ? dumpJson() : dumpText();
    }

    private int dumpText() {
        final TextSink sink = new TextSink();
        final DumpSummary summary = JournalDump.dump(file, sink);
        console.out().println(file + ": " + JournalDescription.summary(summary));
        final MillraceException fault = fault(summary);
        return fault == null ? 0 : Failures.tellInside(console, null, fault);
    }

    private int dumpJson() {
        final JsonSink sink = new JsonSink();
        int exitCode = 0;
        try {
            final DumpSummary summary = JournalDump.dump(file, sink);
            sink.endBatches();
            JournalDescription.summary(sink.json, summary);
            final MillraceException fault = fault(summary);
            exitCode = fault == null ? 0 : Failures.tellInside(console, sink.json, fault);
        } catch (final MillraceException e) {
            sink.endBatches();
            exitCode = Failures.tellInside(console, sink.json, e);
        }
        sink.json.end();
        console.out().println(sink.text);
        return exitCode;
    }

    /**
     * Turns what a summary says into what commands report.
     *
     * @param summary what was found.
     * @return null when the journal is sound.
     */
    static @Nullable MillraceException fault(final DumpSummary summary) {
        final ErrorCode fault = summary.fault();
        return fault == null || summary.isSound() ? null : new MillraceException(fault, summary.message());
    }

    /** Prints lines. */
    private final class TextSink implements DumpSink {
        private final JournalDescription description = new JournalDescription();

        @Override
        public void onSuperblock(final String name, final @Nullable Superblock superblock, final boolean current) {
            console.out().println(JournalDescription.superblock(name, superblock, current));
        }

        @Override
        public boolean onBatch(final BatchHeaderDecoder header) {
            console.out().println(JournalDescription.batch(header));
            return records;
        }

        @Override
        public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
            console.out().println(description.record(buffer, index, length));
        }
    }

    /** Writes one object. */
    private final class JsonSink implements DumpSink {
        private final JournalDescription description = new JournalDescription();
        private final StringBuilder text = new StringBuilder();
        private final JsonWriter json = new JsonWriter(text)
                .beginObject()
                .field("file", file.toString())
                .name("superblocks")
                .beginArray();
        private boolean isInBatches;
        private boolean isInBatch;

        @Override
        public void onSuperblock(final String name, final @Nullable Superblock superblock, final boolean current) {
            JournalDescription.superblock(json, name, superblock, current);
        }

        @Override
        public boolean onBatch(final BatchHeaderDecoder header) {
            beginBatches();
            endBatch();
            json.beginObject();
            JournalDescription.batch(json, header);
            isInBatch = true;
            if (records) {
                json.name("records").beginArray();
            }
            flush();
            return records;
        }

        @Override
        public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
            description.record(json, buffer, index, length);
            flush();
        }

        private void beginBatches() {
            if (!isInBatches) {
                isInBatches = true;
                json.end().name("batches").beginArray();
            }
        }

        private void endBatch() {
            if (isInBatch) {
                isInBatch = false;
                if (records) {
                    json.end();
                }
                json.end();
            }
        }

        void endBatches() {
            beginBatches();
            endBatch();
            json.end();
        }

        private void flush() {
            if (text.length() >= FLUSH_LENGTH) {
                console.out().print(text);
                text.setLength(0);
            }
        }
    }
}
