package io.millrace.server.cli;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.JournalDamage;
import io.millrace.journal.JournalSurvey;
import io.millrace.server.json.JsonWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code millrace journal repair}: says what is damaged, what a repair would do and what it would lose. With one
 * replica there is nobody to fetch the damaged records from, so it changes nothing: a cut would lose acknowledged
 * events that lie unharmed behind the damage, and a journal with a hole would answer wrongly.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "repair",
        description = "Say what is damaged and what a repair would lose; a single replica cannot be repaired.",
        mixinStandardHelpOptions = true)
final class JournalRepairCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(
            index = "0",
            paramLabel = "FILE",
            converter = JournalPathConverter.class,
            description = "The journal: data/journal.millrace, a block device, or serial:NUMBER of a disk.")
    private Path file = Path.of("");

    @Option(names = "--dry-run", description = "Only say what would be done; nothing is written.")
    private boolean dryRun;

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    JournalRepairCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final JournalDamage damage = JournalSurvey.survey(file);
        final MillraceException fault = fault(damage);
        int exitCode = 0;
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            final JsonWriter json = new JsonWriter(text).beginObject().field("file", file.toString());
            json.field("dryRun", dryRun);
            JournalDescription.summary(json, damage.summary());
            write(json, damage);
            json.field("action", action(damage));
            exitCode = fault == null ? 0 : Failures.tellInside(console, json, fault);
            json.end();
            console.out().println(text);
        } else {
            print(damage);
            exitCode = fault == null ? 0 : Failures.tellInside(console, null, fault);
        }
        return exitCode;
    }

    private MillraceException damaged(final JournalDamage damage) {
        final ErrorCode code = damage.summary().fault();
        return new MillraceException(
                code == null ? ErrorCode.JOURNAL_CORRUPT : code,
                damage.summary().message());
    }

    private @Nullable MillraceException fault(final JournalDamage damage) {
        if (damage.summary().isSound()) {
            return null;
        }
        if (dryRun) {
            return damaged(damage);
        }
        return new MillraceException(
                ErrorCode.REPAIR_IMPOSSIBLE,
                file + ": nothing was changed. " + damage.summary().message());
    }

    private static String action(final JournalDamage damage) {
        if (damage.summary().isSound()) {
            return damage.summary().fault() == null
                    ? "nothing: the journal is sound"
                    : "nothing: the next start cuts off the incomplete batch, which was never acknowledged";
        }
        return "refuse: replication factor 1, no other replica holds the damaged records; restore the device from a copy";
    }

    private void print(final JournalDamage damage) {
        console.out()
                .println(file
                        + (damage.summary().isSound() ? " is sound: " : " is damaged: ")
                        + JournalDescription.summary(damage.summary()));
        for (final JournalDamage.Range range : damage.ranges()) {
            console.out()
                    .println("damaged: addresses " + range.address() + " to "
                            + (range.address() + range.lengthBytes()) + " (" + range.lengthBytes() + " bytes), batches "
                            + range.firstSequence() + " to " + range.lastSequence());
        }
        if (!damage.ranges().isEmpty()) {
            console.out()
                    .println("unharmed behind it: " + damage.survivingBatchCount() + " batches, "
                            + damage.survivingRecordCount() + " records, " + damage.survivingBytes() + " bytes");
        }
        for (final JournalDamage.ChainDamage chain : damage.chains()) {
            console.out()
                    .println("chain " + chain.chain() + ": whole up to position " + chain.lastPositionBefore() + ", "
                            + chain.missingPositionCount() + " positions are damaged, the last one is "
                            + chain.lastPosition() + "; a cut would lose " + chain.lostByCutCount());
        }
        console.out().println("a repair would do: " + action(damage));
    }

    private static void write(final JsonWriter json, final JournalDamage damage) {
        json.name("damaged").beginArray();
        for (final JournalDamage.Range range : damage.ranges()) {
            json.beginObject()
                    .field("address", range.address())
                    .field("bytes", range.lengthBytes())
                    .field("firstBatch", range.firstSequence())
                    .field("lastBatch", range.lastSequence())
                    .end();
        }
        json.end()
                .name("unharmedBehind")
                .beginObject()
                .field("batchCount", damage.survivingBatchCount())
                .field("recordCount", damage.survivingRecordCount())
                .field("bytes", damage.survivingBytes())
                .end()
                .name("chains")
                .beginArray();
        for (final JournalDamage.ChainDamage chain : damage.chains()) {
            json.beginObject()
                    .field("chain", chain.chain())
                    .field("lastPositionBefore", chain.lastPositionBefore())
                    .field("damagedPositions", chain.missingPositionCount())
                    .field("lastPosition", chain.lastPosition())
                    .field("lostByCut", chain.lostByCutCount())
                    .end();
        }
        json.end();
    }
}
