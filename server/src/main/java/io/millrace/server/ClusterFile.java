package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.cluster.ClusterMemory;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which cluster a data directory belongs to, and the newest incarnation of its node: the file {@code cluster} in it.
 * Whole or not at all: written under another name, then renamed.
 *
 * <p><b>Threading</b>: the device thread, while the node starts; reading and writing block.
 *
 * <p><b>Layout</b>: text, {@code cluster = UUID} and {@code incarnation = NUMBER}, each on a line.
 */
final class ClusterFile implements ClusterMemory {
    /** Name of the file in the data directory. */
    static final String FILE_NAME = "cluster";

    private static final String CLUSTER = "cluster";
    private static final String INCARNATION = "incarnation";
    private static final String COMMENT =
            "# Made by Millrace. Remove this file only together with the journals of this data directory.\n";

    private final Path directory;
    private @Nullable UUID clusterId;
    private long incarnation;

    /**
     * Reads the file.
     *
     * @param directory of the node.
     * @throws MillraceException MR-5012 when it is there and cannot be read or understood.
     */
    ClusterFile(final Path directory) {
        this.directory = directory;
        final Path file = directory.resolve(FILE_NAME);
        try {
            final Properties properties = new Properties();
            properties.load(new StringReader(Files.readString(file)));
            clusterId = UUID.fromString(text(properties, CLUSTER));
            incarnation = Long.parseLong(text(properties, INCARNATION));
        } catch (final NoSuchFileException e) {
            clusterId = null;
        } catch (final IOException | IllegalArgumentException e) {
            throw new MillraceException(
                    ErrorCode.DATA_DIRECTORY,
                    file + " cannot be read as the cluster of this data directory (" + e.getMessage()
                            + "). Restore it from a copy, or remove it: the control plane knows the incarnation",
                    e);
        }
    }

    private static String text(final Properties properties, final String key) {
        final String text = properties.getProperty(key);
        if (text == null) {
            throw new IllegalArgumentException("it has no line of " + key);
        }
        return text.strip();
    }

    /**
     * Refuses a node alone on a directory that belongs to a cluster.
     *
     * @param directory of the node.
     * @throws MillraceException MR-6017 when it does.
     */
    static void requireNone(final Path directory) {
        if (Files.exists(directory.resolve(FILE_NAME))) {
            throw new MillraceException(
                    ErrorCode.DEVICE_OF_CLUSTER,
                    directory + " belongs to a node of a cluster (" + directory.resolve(FILE_NAME)
                            + "), but cluster.members is empty. " + ErrorCode.DEVICE_OF_CLUSTER.remedy());
        }
    }

    @Override
    public @Nullable UUID clusterId() {
        return clusterId;
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    @Override
    public void remember(final UUID cluster, final long issued) {
        Identity.write(
                directory, FILE_NAME, COMMENT + CLUSTER + " = " + cluster + "\n" + INCARNATION + " = " + issued + "\n");
        clusterId = cluster;
        incarnation = issued;
    }
}
