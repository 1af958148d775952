package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.JournalPlace;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
 * <p>Of several devices the identity names each in its order (journal.paths). All of them are there or none: a start
 * with some of them, with more, fewer, exchanged or reordered ones is refused.
 *
 * <p><b>Threading</b>: one thread; blocks.
 */
public final class DataDirectory {
    private final NodeConfiguration configuration;
    private final Path directory;
    private final List<Path> journals;

    /**
     * Looks at nothing yet.
     *
     * @param configuration names directory, journal and node.
     */
    public DataDirectory(final NodeConfiguration configuration) {
        this.configuration = configuration;
        directory = configuration.dataDirectory();
        journals = configuration.journalPaths();
    }

    /**
     * The node's id.
     *
     * @param configuration of the node.
     * @return it, which follows from the name.
     */
    static UUID nodeId(final NodeConfiguration configuration) {
        return NodeIds.ofName(configuration.text(Setting.NODE_NAME));
    }

    /**
     * Several devices belong together as one was first used with the others, in their order: the id of the set stands
     * in the control state (NodeStarted), so that no chain is ever looked for on a device that does not hold it.
     *
     * @param devices in their order.
     * @return the device's own id when there is one.
     */
    static UUID deviceSetId(final List<UUID> devices) {
        return devices.size() == 1
                ? devices.get(0)
                : UUID.nameUUIDFromBytes(devices.toString().getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Names a node's journal, for whoever opens it.
     *
     * @param configuration of the node.
     * @param device number of the device, from 0.
     * @return its file and its owner, everything else as it comes.
     */
    public static JournalContext journalContext(final NodeConfiguration configuration, final int device) {
        return new JournalContext()
                .file(configuration.journalPaths().get(device))
                .nodeId(nodeId(configuration));
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
        if (identity != null && identity.deviceUuids().size() != journals.size()) {
            throw new MillraceException(
                    ErrorCode.DEVICE_EXCHANGED,
                    directory + " has been used with "
                            + counted(identity.deviceUuids().size()) + " ("
                            + directory.resolve(Identity.FILE_NAME) + "), the configuration names "
                            + counted(journals.size()) + ": " + journals
                            + ". Name all of them, in the same order; the number of devices is fixed");
        }
        final List<Path> missing = new ArrayList<>();
        for (final Path journal : journals) {
            if (!JournalPlace.holdsJournal(journal)) {
                missing.add(journal);
            }
        }
        if (missing.isEmpty()) {
            return false;
        }
        final Path first = missing.get(0);
        if (identity != null) {
            throw missing(
                    first,
                    "it is device " + identity.deviceUuids().get(journals.indexOf(first)) + " of this data directory ("
                            + directory.resolve(Identity.FILE_NAME)
                            + "), and nothing was made in its place. Mount or restore it; only if what it holds is"
                            + " given up, remove that file and run: millrace journal format");
        }
        if (missing.size() < journals.size()) {
            throw missing(
                    first,
                    (journals.size() - missing.size()) + " of " + counted(journals.size()) + " are there, so it may be"
                            + " lost. Mount or restore it; if the node has never been started (a format was cut short),"
                            + " remove the others and run: millrace journal format");
        }
        refuseWhereNoneIsMade(missing, asked);
        return true;
    }

    private void refuseWhereNoneIsMade(final List<Path> missing, final boolean asked) {
        for (final Path journal : missing) {
            if (Files.isSymbolicLink(journal) && !Files.exists(journal)) {
                throw missing(journal, "it is a link to a missing file. Mount what it names, or remove the link");
            }
        }
        final Setting named = configuration.isSet(Setting.JOURNAL_PATHS) ? Setting.JOURNAL_PATHS : Setting.JOURNAL_PATH;
        if (!configuration.text(named).isEmpty() && !asked) {
            throw missing(
                    missing.get(0),
                    named.key() + " (" + configuration.origin(named)
                            + ") names it. Check the path and that its file system is mounted; a new journal is made"
                            + " by: millrace journal format, or start --format");
        }
    }

    private static String counted(final int devices) {
        return devices + (devices == 1 ? " device" : " devices");
    }

    private static MillraceException missing(final Path journal, final String why) {
        final String what = Files.exists(journal) ? " is a block device without a journal: " : " does not exist: ";
        return new MillraceException(ErrorCode.DEVICE_NOT_FOUND, journal + what + why);
    }

    /** Is told how far the making of journals is. */
    @FunctionalInterface
    public interface Progress {
        /**
         * Is called now and then.
         *
         * @param device number of the device, from 0.
         * @param doneBytes written of it so far.
         * @param totalBytes to be written of it.
         */
        void onProgress(int device, long doneBytes, long totalBytes);
    }

    /**
     * Makes the journals and notes their devices; nothing that is there is overwritten.
     *
     * @param progress is told how far it is.
     * @return the new devices' ids, in their order.
     * @throws MillraceException as the other one.
     */
    public List<UUID> format(final Progress progress) {
        return format(false, progress);
    }

    /**
     * Makes the journals and notes their devices; what was decided by {@link #mustFormat} is checked again. The
     * identity comes last: without it a start finds all journals, unused, or refuses.
     *
     * @param overwrite whether what raw block devices hold is given up; never for a file, nor for devices that this
     *     directory has been used with.
     * @param progress is told how far it is.
     * @return the new devices' ids, in their order.
     * @throws MillraceException MR-6001, MR-6002, MR-6009, MR-6010, MR-6011, MR-6013, MR-5012; for a block device also
     *     MR-6012, MR-6021, MR-6022.
     */
    public List<UUID> format(final boolean overwrite, final Progress progress) {
        final boolean mayOverwrite = overwrite
                && Identity.read(directory) == null
                && journals.stream().filter(JournalPlace::holdsJournal).allMatch(JournalPlace::isBlockDevice);
        if (!mayOverwrite && !mustFormat(true)) {
            throw notEmpty();
        }
        Identity.makeDirectory(directory);
        final List<UUID> devices = new ArrayList<>();
        for (final Path journal : journals) {
            final int number = devices.size();
            final UUID device = UUID.randomUUID();
            Journal.format(new FormatContext()
                    .file(journal)
                    .length(
                            JournalPlace.isBlockDevice(journal) && !configuration.isSet(Setting.JOURNAL_SIZE)
                                    ? FormatContext.WHOLE_DEVICE
                                    : configuration.number(Setting.JOURNAL_SIZE))
                    .overwrite(overwrite)
                    .zoneLength(configuration.number(Setting.JOURNAL_ZONE_SIZE))
                    .granule(configuration.integer(Setting.JOURNAL_GRANULE))
                    .nodeId(nodeId(configuration))
                    .deviceUuid(device)
                    .progress((done, total) -> progress.onProgress(number, done, total)));
            devices.add(device);
        }
        new Identity(nodeId(configuration), List.copyOf(devices)).write(directory);
        return List.copyOf(devices);
    }

    /** A file can be removed by hand; what a device holds cannot. */
    private MillraceException notEmpty() {
        final Path journal =
                journals.stream().filter(JournalPlace::holdsJournal).findFirst().orElse(journals.get(0));
        if (!JournalPlace.isBlockDevice(journal)) {
            return new MillraceException(
                    ErrorCode.DEVICE_NOT_EMPTY, journal + " exists. " + ErrorCode.DEVICE_NOT_EMPTY.remedy());
        }
        final boolean isKnown = Identity.read(directory) != null;
        return new MillraceException(
                ErrorCode.DEVICE_NOT_EMPTY,
                journal + " holds a journal" + (isKnown ? " of " + directory : "") + ". Use it; if it may go, "
                        + (isKnown ? "remove " + directory.resolve(Identity.FILE_NAME) + " and " : "")
                        + "give --overwrite");
    }

    /**
     * Admits the devices that were opened and locked, before anything is written to them. A directory without an
     * identity, as a crash behind the format leaves it, takes these devices'.
     *
     * @param deviceUuids of the devices, in their order.
     * @throws MillraceException MR-6015 when the directory has been used with another device or another order, MR-5012
     *     when the identity cannot be read or written.
     */
    void admit(final List<UUID> deviceUuids) {
        final @Nullable Identity identity = Identity.read(directory);
        if (identity == null) {
            new Identity(nodeId(configuration), List.copyOf(deviceUuids)).write(directory);
            return;
        }
        final List<UUID> known = identity.deviceUuids();
        for (int i = 0; i < deviceUuids.size(); i++) {
            final UUID found = deviceUuids.get(i);
            if (i >= known.size() || !known.get(i).equals(found)) {
                throw new MillraceException(
                        ErrorCode.DEVICE_EXCHANGED,
                        journals.get(i) + " is device " + found + ", " + directory + " has been used with device "
                                + (i < known.size() ? known.get(i).toString() : "none")
                                + (known.contains(found)
                                        ? " in its place: the order of journal.paths has changed, put it back"
                                        : ". Mount that one; only if what it holds is given up, remove "
                                                + directory.resolve(Identity.FILE_NAME)));
            }
        }
    }
}
