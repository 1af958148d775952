package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.codec.Schema.Block;
import io.millrace.codec.Schema.Data;
import io.millrace.codec.Schema.Field;
import io.millrace.codec.Schema.Message;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Drives the generated encoders and decoders by the fields that the XML names, so that a new message or field is
 * covered without a line of test code.
 */
final class Flyweights {
    private static final int ENTRY_COUNT = 2;

    /** Sample values that a generic one would make senseless: by message and field. */
    private static final Map<String, Long> SPECIAL = Map.ofEntries(
            Map.entry("SessionOpen.protocolVersion", (long) ProtocolVersion.CURRENT),
            Map.entry("SessionOpened.protocolVersion", (long) ProtocolVersion.CURRENT),
            Map.entry("Append.expectedOffset", -1L),
            Map.entry("Append.eventCount", 2L),
            Map.entry("Append.fragmentOffset", 0L),
            Map.entry("Append.fragmentedLength", 0L),
            Map.entry("Append.flags", 0L),
            Map.entry("Superblock.magic", LogFormat.SUPERBLOCK_MAGIC),
            Map.entry("Superblock.formatVersion", (long) LogFormat.FORMAT_VERSION),
            Map.entry("Superblock.granule", (long) LogFormat.MIN_GRANULE),
            Map.entry("Superblock.dataAddress", LogFormat.DEFAULT_DATA_ADDRESS),
            Map.entry("Superblock.zoneLength", LogFormat.DEFAULT_ZONE_LENGTH),
            Map.entry("BatchHeader.magic", LogFormat.BATCH_MAGIC),
            Map.entry("BatchHeader.formatVersion", (long) LogFormat.FORMAT_VERSION),
            Map.entry("BatchHeader.flags", 0L),
            Map.entry("BatchHeader.batchLength", 4096L),
            Map.entry("RecordHeader.length", 136L),
            Map.entry("RecordHeader.bodyVersion", (long) LogFormat.BODY_VERSION),
            Map.entry("AppendBody.eventCount", 2L),
            Map.entry("AppendBody.fragmentOffset", 0L),
            Map.entry("AppendBody.fragmentedLength", 0L),
            Map.entry("TruncateBody.historyCount", 2L));

    private Flyweights() {}

    /** Returns the deterministic sample value of a field. */
    static long sample(final Message message, final Block block, final Field field) {
        final Long special = SPECIAL.get(message.name + "." + field.name());
        if (special != null) {
            return special;
        }
        final Map<String, Integer> values = message.schema.enums.get(field.type());
        if (values != null) {
            final List<Integer> all = new ArrayList<>(values.values());
            return "AppendFlags".equals(field.type()) ? 0 : all.get(all.size() - 1);
        }
        final int n = block.fields.indexOf(field) + 1;
        return switch (field.length()) {
            case 8 -> 0x0101_0101_0101_0100L * n + n;
            case 4 -> 0x0101_0100 * n + n;
            case 2 -> 0x0100 * n + n;
            default -> 1;
        };
    }

    /**
     * Encodes the sample of a message by its generated encoder.
     *
     * @return length in bytes, SBE header included where there is one
     */
    static int encode(final Message message, final MutableDirectBuffer buffer, final int offset) {
        final String base = "io.millrace.codec." + message.schema.name + ".";
        final Object encoder = make(base + message.name + "Encoder");
        int header = 0;
        if (message.schema.hasHeaders()) {
            final Object headerEncoder = make(base + "MessageHeaderEncoder");
            call(encoder, "wrapAndApplyHeader", buffer, offset, headerEncoder);
            header = 8;
        } else {
            call(encoder, "wrap", buffer, offset);
        }
        encodeFields(message, message, encoder);
        for (final Block group : message.groups) {
            final Object entries = call(encoder, group.name + "Count", ENTRY_COUNT);
            for (int i = 0; i < ENTRY_COUNT; i++) {
                call(entries, "next");
                encodeFields(message, group, entries);
                encodeData(group, entries);
            }
        }
        encodeData(message, encoder);
        return header + (int) call(encoder, "encodedLength");
    }

    private static void encodeFields(final Message message, final Block block, final Object encoder) {
        for (final Field field : block.fields) {
            final long value = sample(message, block, field);
            if ("AppendFlags".equals(field.type())) {
                call(call(encoder, field.name()), "clear");
            } else {
                put(encoder, field.name(), value);
            }
        }
    }

    private static void encodeData(final Block block, final Object encoder) {
        for (final Data data : block.data) {
            final byte[] bytes = Schema.sampleData(data);
            call(encoder, "put" + data.capital(), bytes, 0, bytes.length);
        }
    }

    /** Decodes a whole message and compares every field with its sample. */
    static void decodeAndCompare(final Message message, final DirectBuffer buffer, final int offset) {
        new Walk(message, true).decode(buffer, offset);
    }

    /** Decodes a whole message, reading every byte of every field: throws when one lies outside the buffer. */
    static void decodeAll(final Message message, final DirectBuffer buffer, final int offset) {
        new Walk(message, false).decode(buffer, offset);
    }

    private record Walk(Message message, boolean compare) {
        void decode(final DirectBuffer buffer, final int offset) {
            final String base = "io.millrace.codec." + message.schema.name + ".";
            final Object decoder = make(base + message.name + "Decoder");
            if (message.schema.hasHeaders()) {
                call(decoder, "wrapAndApplyHeader", buffer, offset, make(base + "MessageHeaderDecoder"));
            } else {
                call(decoder, "wrap", buffer, offset, message.blockLength, 0);
            }
            decodeFields(message, decoder);
            for (final Block group : message.groups) {
                final Object entries = call(decoder, group.name);
                int count = 0;
                while ((boolean) call(entries, "hasNext")) {
                    call(entries, "next");
                    decodeFields(group, entries);
                    decodeData(group, entries);
                    count++;
                }
                if (compare) {
                    assertEquals(ENTRY_COUNT, count, group.name);
                }
            }
            decodeData(message, decoder);
        }

        private void decodeFields(final Block block, final Object decoder) {
            for (final Field field : block.fields) {
                final boolean raw = List.of("Durability", "RefusalCode").contains(field.type());
                final Object value = call(decoder, raw ? field.name() + "Raw" : field.name());
                if (compare) {
                    assertEquals(sample(message, block, field), number(value), message.name + "." + field.name());
                }
            }
        }

        private void decodeData(final Block block, final Object decoder) {
            for (final Data data : block.data) {
                final int length = (int) call(decoder, data.name() + "Length");
                final UnsafeBuffer view = new UnsafeBuffer(0, 0);
                call(decoder, "wrap" + data.capital(), view);
                final byte[] bytes = new byte[length];
                view.getBytes(0, bytes);
                if (compare) {
                    assertArrayEquals(Schema.sampleData(data), bytes, message.name + "." + data.name());
                }
            }
        }
    }

    private static long number(final Object value) {
        if (value instanceof Number n) {
            return n.longValue();
        }
        return number(call(value, value instanceof Enum ? "value" : "getRaw"));
    }

    private static Object make(final String type) {
        try {
            return Class.forName(type).getConstructor().newInstance();
        } catch (final ReflectiveOperationException e) {
            throw new IllegalStateException(type, e);
        }
    }

    private static void put(final Object encoder, final String name, final long value) {
        for (final Method method : encoder.getClass().getMethods()) {
            if (method.getName().equals(name) && method.getParameterCount() == 1) {
                invoke(method, encoder, convert(value, method.getParameterTypes()[0]));
                return;
            }
        }
        throw new IllegalStateException(encoder.getClass() + " has no setter " + name);
    }

    private static Object convert(final long value, final Class<?> type) {
        if (type == long.class) {
            return value;
        }
        if (type == int.class) {
            return (int) value;
        }
        if (type == short.class) {
            return (short) value;
        }
        if (type == byte.class) {
            return (byte) value;
        }
        for (final Object constant : type.getEnumConstants()) {
            if (number(constant) == value) {
                return constant;
            }
        }
        throw new IllegalStateException(type + " has no " + value);
    }

    private static Object call(final Object target, final String name, final Object... arguments) {
        for (final Method method : target.getClass().getMethods()) {
            if (method.getName().equals(name) && fits(method, arguments)) {
                return invoke(method, target, arguments);
            }
        }
        throw new IllegalStateException(target.getClass() + " has no " + name);
    }

    private static boolean fits(final Method method, final Object... arguments) {
        final Class<?>[] types = method.getParameterTypes();
        boolean fits = types.length == arguments.length;
        for (int i = 0; fits && i < types.length; i++) {
            fits = types[i].isInstance(arguments[i]) || (types[i] == int.class && arguments[i] instanceof Integer);
        }
        return fits;
    }

    private static Object invoke(final Method method, final Object target, final Object... arguments) {
        try {
            final Object result = method.invoke(target, arguments);
            return result == null ? target : result;
        } catch (final InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e);
        } catch (final IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
