package io.millrace.fuzz;

import io.millrace.codec.wire.AppendDecoder;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.agrona.DirectBuffer;

/** Reads every field of a message by its generated decoder; a new message is found by itself. */
@SuppressWarnings("UnnecessaryStringBuilder") // the decoders append to one
public final class Decoders {
    /** Their one-byte enumerations have answers of their own, see {@code WireFrames}. */
    private static final Set<String> RAW = Set.of("Append", "AppendAck", "Refusal");

    private final Map<Integer, Class<?>> decoders = new HashMap<>();
    private final Class<?> header;

    /** Finds the decoders of a schema: {@code wire} or {@code control}. */
    public Decoders(final String schema) {
        try {
            header = Class.forName("io.millrace.codec." + schema + ".MessageHeaderDecoder");
            for (final String name : names(schema)) {
                final Class<?> decoder = Class.forName("io.millrace.codec." + schema + "." + name);
                if (Stream.of(decoder.getFields())
                        .anyMatch(field -> field.getName().equals("TEMPLATE_ID"))) {
                    decoders.put(decoder.getField("TEMPLATE_ID").getInt(null), decoder);
                }
            }
        } catch (final ReflectiveOperationException | IOException e) {
            throw new IllegalStateException(e);
        }
        if (decoders.size() < 15) {
            throw new IllegalStateException("only " + decoders.size() + " decoders of schema " + schema);
        }
    }

    private static List<String> names(final String schema) throws IOException {
        final Path source = Path.of(URI.create(AppendDecoder.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString()));
        if (Files.isDirectory(source)) {
            return list(source.resolve("io/millrace/codec/" + schema));
        }
        try (FileSystem jar = FileSystems.newFileSystem(source)) {
            return list(jar.getPath("/io/millrace/codec/" + schema));
        }
    }

    private static List<String> list(final Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith("Decoder.class") && !name.contains("$"))
                    .map(name -> name.substring(0, name.length() - ".class".length()))
                    .toList();
        }
    }

    /** Reads all there is in a message that was found well-formed. */
    public int readAll(final int templateId, final DirectBuffer buffer, final int offset) {
        final Class<?> type = decoders.get(templateId);
        if (type == null) {
            throw new AssertionError("accepted template " + templateId + ", which has no decoder");
        }
        final StringBuilder text = new StringBuilder();
        try {
            final Object decoder = type.getConstructor().newInstance();
            type.getMethod("wrapAndApplyHeader", DirectBuffer.class, int.class, header)
                    .invoke(decoder, buffer, offset, header.getConstructor().newInstance());
            type.getMethod("appendTo", StringBuilder.class).invoke(decoder, text);
        } catch (final InvocationTargetException e) {
            final String name = type.getSimpleName().replace("Decoder", "");
            if (e.getCause() instanceof IllegalArgumentException && RAW.contains(name)) {
                return 0;
            }
            throw new AssertionError(name + " was accepted and cannot be read", e.getCause());
        } catch (final ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        return text.length();
    }
}
