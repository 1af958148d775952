package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.FormatContext;
import io.millrace.journal.FormatProgress;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.JournalPlace;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A node's data directory and the device that it has been used with. A node that has lost its device, or finds another
 * one in its place, must not go on with an empty journal (P5): a journal is made only where none is expected.
 *
 * <pre>
 *   identity  journal file  start                                  journal format
 *   --------  ------------  -------------------------------------  --------------------
 *   none      missing       formats; refuses a set journal.path    formats
 *                           (MR-6001) without --format
 *   none      there         starts, writes the identity            refuses (MR-6010)
 *   there     missing       refuses (MR-6001)                      refuses (MR-6001)
 *   there     there         starts, if it is that device           refuses (MR-6010)
 *                           (MR-6003, MR-6015)
 * </pre>
 *
 * <p>A raw block device without a valid superblock counts as missing; what it holds instead is kept, and named, unless
 * the operator gives it up ({@code journal format --overwrite}).
 *
 * <p><b>Threading</b>: one thread; blocks.
 */
public final class DataDirectory {
    private final NodeConfiguration configuration;
    private final Path directory;
    private final Path journal;

    /**
     * Looks at nothing yet.
     *
     * @param configuration names directory, journal and node.
     */
    public DataDirectory(final NodeConfiguration configuration) {
        this.configuration = configuration;
        directory = configuration.dataDirectory();
        journal = configuration.journalPath();
    }

    /**
     * The node's id follows from its name, so that a device of another node is told apart after any reinstallation.
     *
     * @param configuration of the node.
     * @return its id.
     */
    static UUID nodeId(final NodeConfiguration configuration) {
        return UUID.nameUUIDFromBytes(configuration.text(Setting.NODE_NAME).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Names a node's journal, for whoever opens it.
     *
     * @param configuration of the node.
     * @return its file and its owner, everything else as it comes.
     */
    public static JournalContext journalContext(final NodeConfiguration configuration) {
        return new JournalContext().file(configuration.journalPath()).nodeId(nodeId(configuration));
    }

    /**
     * Decides whether a journal is to be made.
     *
     * @param asked whether the operator asked for it, so that a set {@code journal.path} may be formatted, too.
     * @return false when there is a journal.
     * @throws MillraceException MR-6001 when a journal is missing where one is expected, MR-6003 when the directory is
     *     another node's, MR-5012 when it cannot be read.
     */
    public boolean mustFormat(final boolean asked) {
        final Identity identity = Identity.read(directory);
        if (identity != null && !identity.nodeId().equals(nodeId(configuration))) {
            throw new MillraceException(
                    ErrorCode.DEVICE_OTHER_NODE,
                    directory + " belongs to node " + identity.nodeId() + ", this is node " + nodeId(configuration)
                            + " (node.name = " + configuration.text(Setting.NODE_NAME)
                            + "). Start it with that node's name, or give this one a directory of its own");
        }
        if (JournalPlace.holdsJournal(journal)) {
            return false;
        }
        if (identity != null) {
            throw missing("it is device " + identity.deviceUuid() + " of this data directory ("
                    + directory.resolve(Identity.FILE_NAME)
                    + "), and nothing was made in its place. Mount or restore it; only if what it holds is given up,"
                    + " remove that file and run: millrace journal format");
        }
        if (Files.isSymbolicLink(journal)) {
            throw missing("it is a link to a missing file. Mount what it names, or remove the link");
        }
        if (!configuration.text(Setting.JOURNAL_PATH).isEmpty() && !asked) {
            throw missing("journal.path (" + configuration.origin(Setting.JOURNAL_PATH)
                    + ") names it. Check the path and that its file system is mounted; a new journal is made by:"
                    + " millrace journal format, or start --format");
        }
        return true;
    }

    private MillraceException missing(final String why) {
        final String what = Files.exists(journal) ? " is a block device without a journal: " : " does not exist: ";
        return new MillraceException(ErrorCode.DEVICE_NOT_FOUND, journal + what + why);
    }

    /**
     * Makes the journal and notes its device; nothing that is there is overwritten.
     *
     * @param progress is told how far it is.
     * @return the new device's id.
     * @throws MillraceException as the other one.
     */
    public UUID format(final FormatProgress progress) {
        return format(false, progress);
    }

    /**
     * Makes the journal and notes its device; what was decided by {@link #mustFormat} is checked again.
     *
     * @param overwrite whether what a raw block device holds is given up; never for a file, nor for a device that this
     *     directory has been used with.
     * @param progress is told how far it is.
     * @return the new device's id.
     * @throws MillraceException MR-6001, MR-6002, MR-6009, MR-6010, MR-6011, MR-6013, MR-5012; for a block device also
     *     MR-6012, MR-6021, MR-6022.
     */
    public UUID format(final boolean overwrite, final FormatProgress progress) {
        final boolean isBlock = JournalPlace.isBlockDevice(journal);
        if (!mustFormat(true) && (!overwrite || !isBlock || Identity.read(directory) != null)) {
            throw new MillraceException(
                    ErrorCode.DEVICE_NOT_EMPTY, journal + " exists. " + ErrorCode.DEVICE_NOT_EMPTY.remedy());
        }
        Identity.makeDirectory(directory);
        final Identity identity = new Identity(nodeId(configuration), UUID.randomUUID());
        Journal.format(new FormatContext()
                .file(journal)
                .length(
                        isBlock && !configuration.isSet(Setting.JOURNAL_SIZE)
                                ? FormatContext.WHOLE_DEVICE
                                : configuration.number(Setting.JOURNAL_SIZE))
                .overwrite(overwrite)
                .zoneLength(configuration.number(Setting.JOURNAL_ZONE_SIZE))
                .granule(configuration.integer(Setting.JOURNAL_GRANULE))
                .nodeId(identity.nodeId())
                .deviceUuid(identity.deviceUuid())
                .progress(progress));
        identity.write(directory);
        return identity.deviceUuid();
    }

    /**
     * Admits the device that was opened and locked, before anything is written to it. A directory without an identity,
     * as a crash behind the format leaves it, takes this device's.
     *
     * @param deviceUuid of the device.
     * @throws MillraceException MR-6015 when the directory has been used with another device, MR-5012 when the identity
     *     cannot be read or written.
     */
    void admit(final UUID deviceUuid) {
        final @Nullable Identity identity = Identity.read(directory);
        if (identity == null) {
            new Identity(nodeId(configuration), deviceUuid).write(directory);
        } else if (!identity.deviceUuid().equals(deviceUuid)) {
            throw new MillraceException(
                    ErrorCode.DEVICE_EXCHANGED,
                    journal + " is device " + deviceUuid + ", " + directory + " has been used with device "
                            + identity.deviceUuid() + ". Mount that one; only if what it holds is given up, remove "
                            + directory.resolve(Identity.FILE_NAME));
        }
    }
}
