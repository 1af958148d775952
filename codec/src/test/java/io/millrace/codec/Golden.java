package io.millrace.codec;

import io.millrace.codec.Schema.Block;
import io.millrace.codec.Schema.Data;
import io.millrace.codec.Schema.Field;
import io.millrace.codec.Schema.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/**
 * Golden files: {@code src/test/resources/golden/<schema>/<name>.hex}. A line is {@code offset: bytes | what they are};
 * what stands behind the bar is for people. {@code -Dmillrace.update-golden=true} writes files that are missing or
 * differ: a difference means that the format has changed, and devices and peers of the version before will not
 * understand it.
 */
final class Golden {
    private static final int BYTES_PER_LINE = 16;
    private static final int COLUMN = 8 + BYTES_PER_LINE * 3;

    private final StringBuilder text = new StringBuilder();
    private final byte[] bytes;
    private int at;

    private Golden(final byte[] bytes) {
        this.bytes = bytes;
    }

    static Path path(final String name) {
        return Path.of(System.getProperty("millrace.root"), "codec/src/test/resources/golden", name + ".hex");
    }

    static boolean isUpdating() {
        return Boolean.getBoolean("millrace.update-golden");
    }

    static void update(final String name, final String text) {
        try {
            final Path path = path(name);
            Files.createDirectories(path.resolve("..").normalize());
            Files.writeString(path, text);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String readText(final String name) {
        try {
            return Files.readString(path(name));
        } catch (final IOException e) {
            throw new UncheckedIOException("no golden file; see Golden", e);
        }
    }

    static byte[] read(final String name) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (final String line : readText(name).lines().toList()) {
            if (!line.startsWith("#")) {
                final int colon = line.indexOf(':');
                final int offset = Integer.parseInt(line.substring(0, colon).trim());
                if (offset < out.size()) {
                    throw new IllegalStateException(name + ": offset " + offset + " does not follow " + out.size());
                }
                out.writeBytes(new byte[offset - out.size()]);
                final String hex = line.substring(colon + 1, line.indexOf('|'));
                out.writeBytes(HexFormat.of().parseHex(hex.replace(" ", "")));
            }
        }
        return out.toByteArray();
    }

    /** Describes a message with the field names of the XML. */
    static String describe(final Message message, final byte[] bytes) {
        final Golden golden = new Golden(bytes);
        golden.text.append("# ").append(message.name).append(", schema ").append(message.schema.name);
        golden.text
                .append(" (")
                .append(message.schema.id)
                .append("), template ")
                .append(message.templateId);
        golden.text.append(", version 0\n");
        if (message.schema.hasHeaders()) {
            golden.number("blockLength", 2);
            golden.number("templateId", 2);
            golden.number("schemaId", 2);
            golden.number("version", 2);
        }
        golden.block(message);
        for (final Block group : message.groups) {
            golden.number(group.name + " blockLength", 2);
            final int count = golden.number(group.name + " numInGroup", 2);
            for (int i = 0; i < count; i++) {
                golden.block(group);
                golden.data(group);
            }
        }
        golden.data(message);
        return golden.text.toString();
    }

    /** Describes blocks that follow each other; the rest is shown as bytes, without lines of zeros. */
    static String describe(final String title, final List<Message> blocks, final String rest, final byte[] bytes) {
        final Golden golden = new Golden(bytes);
        golden.text.append("# ").append(title).append('\n');
        for (final Message block : blocks) {
            golden.text.append("# ").append(block.name).append('\n');
            golden.block(block);
        }
        if (golden.at < bytes.length) {
            golden.text.append("# ").append(rest).append('\n');
            golden.rest(bytes.length);
        }
        return golden.text.toString();
    }

    private void block(final Block block) {
        final int start = at;
        for (final Field field : block.fields) {
            reserved(start + field.offset());
            number(field.name(), field.length());
        }
        reserved(start + block.blockLength);
    }

    private void data(final Block block) {
        for (final Data data : block.data) {
            final int length = number(data.name() + " length", data.text() ? 2 : 4);
            rest(at + length);
        }
    }

    private void reserved(final int end) {
        while (at < end) {
            line(Math.min(BYTES_PER_LINE, end - at), "reserved");
        }
    }

    private void rest(final int end) {
        while (at < end) {
            final int length = Math.min(BYTES_PER_LINE, end - at);
            final StringBuilder printable = new StringBuilder();
            boolean zero = end < bytes.length || at + length < end;
            for (int i = at; i < at + length; i++) {
                zero &= bytes[i] == 0;
                printable.append(bytes[i] > ' ' && bytes[i] < 127 && bytes[i] != '|' ? (char) bytes[i] : '.');
            }
            if (zero && length == BYTES_PER_LINE) {
                at += length;
            } else {
                line(length, printable.toString());
            }
        }
    }

    private int number(final String name, final int length) {
        final ByteBuffer wide = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        wide.put(bytes, at, length);
        final long value = wide.getLong(0);
        line(length, name + " = " + (length == 8 ? "0x" + Long.toHexString(value) : Long.toString(value)));
        return (int) value;
    }

    private void line(final int length, final String what) {
        final StringBuilder line = new StringBuilder(String.format("%5d: ", at));
        line.append(HexFormat.ofDelimiter(" ").formatHex(bytes, at, at + length));
        line.append(" ".repeat(Math.max(0, COLUMN - line.length())));
        text.append(line).append(" | ").append(what).append('\n');
        at += length;
    }
}
