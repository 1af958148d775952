package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whose a data directory is: the file {@code identity} in it. Written once, whole or not at all, after the device was
 * formatted and before its first record.
 *
 * <p><b>Threading</b>: immutable; reading and writing block.
 *
 * <p><b>Layout</b>: text, {@code node = UUID} and {@code device = UUID}, each on a line; of further devices
 * {@code device.1 = UUID} and so on.
 *
 * @param nodeId of the node.
 * @param deviceUuids of its devices in their order, made at format (P5).
 */
record Identity(UUID nodeId, List<UUID> deviceUuids) {
    /** Name of the file in the data directory. */
    static final String FILE_NAME = "identity";

    private static final String NODE = "node";
    private static final String DEVICE = "device";
    private static final String COMMENT =
            "# Made by Millrace. Remove this file only to give up the device it names and what is stored there.\n";

    /**
     * Reads the identity of a data directory.
     *
     * @param directory that may not exist.
     * @return null when it has never been used.
     * @throws MillraceException MR-5012 when the file cannot be read or understood.
     */
    static @Nullable Identity read(final Path directory) {
        final Path file = directory.resolve(FILE_NAME);
        try {
            final Properties properties = new Properties();
            properties.load(new StringReader(Files.readString(file)));
            final List<UUID> devices = new ArrayList<>();
            devices.add(uuid(properties, DEVICE));
            while (properties.containsKey(DEVICE + "." + devices.size())) {
                devices.add(uuid(properties, DEVICE + "." + devices.size()));
            }
            if (properties.size() != devices.size() + 1) {
                throw new IllegalArgumentException("it has lines that are no device's, or devices are left out");
            }
            return new Identity(uuid(properties, NODE), List.copyOf(devices));
        } catch (final NoSuchFileException e) {
            return null;
        } catch (final IOException | IllegalArgumentException e) {
            throw new MillraceException(
                    ErrorCode.DATA_DIRECTORY,
                    file + " cannot be read as the node and devices of this data directory (" + e.getMessage()
                            + "). Restore it; if every journal is there and is this node's, remove it: the next start"
                            + " writes it again",
                    e);
        }
    }

    private static UUID uuid(final Properties properties, final String key) {
        final String text = properties.getProperty(key);
        if (text == null) {
            throw new IllegalArgumentException("it has no line '" + key + " = UUID'");
        }
        return UUID.fromString(text.strip());
    }

    /**
     * Writes it durably: under another name, then renamed.
     *
     * @param directory existing.
     * @throws MillraceException MR-5012 when it cannot be written.
     */
    void write(final Path directory) {
        final StringBuilder lines = new StringBuilder(COMMENT);
        lines.append(NODE).append(" = ").append(nodeId).append('\n');
        for (int i = 0; i < deviceUuids.size(); i++) {
            lines.append(DEVICE)
                    .append(i == 0 ? "" : "." + i)
                    .append(" = ")
                    .append(deviceUuids.get(i))
                    .append('\n');
        }
        write(directory, FILE_NAME, lines.toString());
    }

    /**
     * Writes a file durably: under another name, then renamed.
     *
     * @param directory existing.
     * @param name of the file.
     * @param lines all of it.
     * @throws MillraceException MR-5012 when it cannot be written.
     */
    static void write(final Path directory, final String name, final String lines) {
        final Path fresh = directory.resolve(name + ".new");
        final ByteBuffer text = StandardCharsets.UTF_8.encode(lines);
        try {
            try (FileChannel channel = FileChannel.open(
                    fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                while (text.hasRemaining()) {
                    channel.write(text);
                }
                channel.force(true);
            }
            Files.move(fresh, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            sync(directory);
        } catch (final IOException e) {
            throw new MillraceException(
                    ErrorCode.DATA_DIRECTORY, directory.resolve(name) + " cannot be written: " + e, e);
        }
    }

    /**
     * Makes a directory and its ancestors, each durable in its parent: a journal is not more durable than its path.
     *
     * @param directory to make when it is missing.
     * @throws MillraceException MR-5012 when it cannot be made.
     */
    static void makeDirectory(final Path directory) {
        final Path parent = directory.getParent();
        if (Files.isDirectory(directory) || parent == null) {
            return;
        }
        makeDirectory(parent);
        try {
            Files.createDirectory(directory);
            sync(parent);
        } catch (final FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw new MillraceException(ErrorCode.DATA_DIRECTORY, directory + " is not a directory", e);
            }
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DATA_DIRECTORY, directory + " cannot be made: " + e, e);
        }
    }

    private static void sync(final Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
