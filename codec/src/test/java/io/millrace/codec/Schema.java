package io.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * A schema as its XML file says it, read without the generated code: what the flyweights and the checks are compared
 * with.
 */
final class Schema {
    /** The four schemas, by the name of their package. */
    static final List<String> NAMES = List.of("wire", "control", "chain", "log");

    final String name;
    final int id;
    final Map<String, Map<String, Integer>> enums = new LinkedHashMap<>();
    final Map<String, Message> messages = new LinkedHashMap<>();

    private Schema(final String name, final Element root) {
        this.name = name;
        id = Integer.parseInt(root.getAttribute("id"));
        for (final Element types : children(root, "types")) {
            children(types, "enum").forEach(e -> enums.put(e.getAttribute("name"), values(e, "validValue")));
            children(types, "set").forEach(e -> enums.put(e.getAttribute("name"), values(e, "choice")));
        }
        for (final Element message : children(root, "sbe:message")) {
            final Message made = new Message(this, message);
            messages.put(made.name, made);
        }
    }

    static Schema of(final String name) {
        try (InputStream in = Schema.class.getResourceAsStream("/millrace-" + name + ".xml")) {
            final DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            return new Schema(name, factory.newDocumentBuilder().parse(in).getDocumentElement());
        } catch (final IOException | ParserConfigurationException | SAXException e) {
            throw new IllegalStateException(name, e);
        }
    }

    static List<Message> allMessages() {
        return NAMES.stream().flatMap(n -> of(n).messages.values().stream()).toList();
    }

    /** Tells whether the messages of this schema carry an SBE header. */
    boolean hasHeaders() {
        return !"log".equals(name);
    }

    private static Map<String, Integer> values(final Element type, final String tag) {
        final Map<String, Integer> values = new LinkedHashMap<>();
        for (final Element value : children(type, tag)) {
            values.put(
                    value.getAttribute("name"),
                    Integer.parseInt(value.getTextContent().trim()));
        }
        return values;
    }

    private static List<Element> children(final Element parent, final String tag) {
        final List<Element> found = new ArrayList<>();
        for (Node n = parent.getFirstChild(); n != null; n = n.getNextSibling()) {
            if (n instanceof Element element && element.getTagName().equals(tag)) {
                found.add(element);
            }
        }
        return found;
    }

    /** A field of a fixed block; length in bytes. */
    record Field(String name, String type, int offset, int length) {
        boolean isPrimitive() {
            return Character.isLowerCase(type.charAt(0));
        }

        String capital() {
            return Schema.capital(name);
        }
    }

    /** A variable field: text or bytes. */
    record Data(String name, boolean text) {
        String capital() {
            return Schema.capital(name);
        }
    }

    /** A fixed block with what follows it: a message or the entry of a group. */
    static class Block {
        final String name;
        final List<Field> fields = new ArrayList<>();
        final List<Data> data = new ArrayList<>();
        int blockLength;

        Block(final Schema schema, final Element element) {
            name = element.getAttribute("name");
            int offset = 0;
            for (final Element field : children(element, "field")) {
                final String type = field.getAttribute("type");
                final int length = lengthOf(type);
                if (field.hasAttribute("offset")) {
                    offset = Integer.parseInt(field.getAttribute("offset"));
                }
                fields.add(new Field(field.getAttribute("name"), type, offset, length));
                offset += length;
            }
            blockLength = element.hasAttribute("blockLength")
                    ? Integer.parseInt(element.getAttribute("blockLength"))
                    : offset;
            for (final Element d : children(element, "data")) {
                data.add(new Data(d.getAttribute("name"), "varText".equals(d.getAttribute("type"))));
            }
        }

        private static int lengthOf(final String type) {
            return switch (type.replaceFirst("^u?int", "")) {
                case "64" -> 8;
                case "32" -> 4;
                case "16" -> 2;
                default -> "RefusalCode".equals(type) ? 2 : 1;
            };
        }
    }

    /** A message with at most one group. */
    static final class Message extends Block {
        final Schema schema;
        final int templateId;
        final List<Block> groups = new ArrayList<>();

        Message(final Schema schema, final Element element) {
            super(schema, element);
            this.schema = schema;
            templateId = Integer.parseInt(element.getAttribute("id"));
            children(element, "group").forEach(g -> groups.add(new Block(schema, g)));
        }

        @Override
        public String toString() {
            return schema.name + "/" + name;
        }
    }

    /**
     * Decides by the XML alone whether a frame is well-formed.
     *
     * @return template id, or -1
     */
    int judge(final byte[] frame) {
        final ByteBuffer in = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
        try {
            final int blockLength = Short.toUnsignedInt(in.getShort());
            final int templateId = Short.toUnsignedInt(in.getShort());
            final boolean known = Short.toUnsignedInt(in.getShort()) == id;
            final boolean newer = in.getShort() != 0;
            for (final Message m : messages.values()) {
                if (known && m.templateId == templateId) {
                    final boolean good = judge(m, in, blockLength, newer) && (newer || !in.hasRemaining());
                    return good ? templateId : -1;
                }
            }
            return -1;
        } catch (final BufferUnderflowException | IllegalArgumentException | ArithmeticException e) {
            return -1;
        }
    }

    private boolean judge(final Message message, final ByteBuffer in, final int blockLength, final boolean newer) {
        if (!judgeBlock(message, in, blockLength, newer)) {
            return false;
        }
        for (final Block group : message.groups) {
            final int entryLength = Short.toUnsignedInt(in.getShort());
            final int count = Short.toUnsignedInt(in.getShort());
            if (entryLength < group.blockLength || (!newer && entryLength > group.blockLength)) {
                return false;
            }
            for (int i = 0; i < count; i++) {
                if (!judgeBlock(group, in, entryLength, newer) || !judgeData(group, in)) {
                    return false;
                }
            }
        }
        return judgeData(message, in);
    }

    private boolean judgeBlock(final Block block, final ByteBuffer in, final int blockLength, final boolean newer) {
        if (blockLength < block.blockLength || (!newer && blockLength > block.blockLength)) {
            return false;
        }
        final int start = in.position();
        in.position(start + blockLength);
        for (final Field field : block.fields) {
            final boolean own =
                    List.of("Durability", "RefusalCode", "AppendFlags").contains(field.type);
            if (!field.isPrimitive() && !own) {
                final int value = Byte.toUnsignedInt(in.get(start + field.offset));
                if (!enums.getOrDefault(field.type, Map.of()).containsValue(value)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean judgeData(final Block block, final ByteBuffer in) {
        for (final Data data : block.data) {
            final int length = data.text ? Short.toUnsignedInt(in.getShort()) : in.getInt();
            if (length < 0 || (data.text && length > 4096)) {
                return false;
            }
            in.position(Math.addExact(in.position(), length));
        }
        return true;
    }

    /** Returns a name with a capital first letter. */
    static String capital(final String name) {
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    /** Returns the sample value of a variable field. */
    static byte[] sampleData(final Data data) {
        return switch (data.name) {
            case "scopeName" -> "plant".getBytes(UTF_8);
            case "streamName" -> "sensors".getBytes(UTF_8);
            case "head", "endpoint" -> "node-a:7700".getBytes(UTF_8);
            case "tail" -> "node-c:7700".getBytes(UTF_8);
            case "replyChannel" -> "aeron:udp?endpoint=10.0.0.9:40123".getBytes(UTF_8);
            case "events", "bytes" -> sampleEvents();
            default -> data.text ? data.name.getBytes(UTF_8) : new byte[] {1, 2, 3, 4, 5};
        };
    }

    private static byte[] sampleEvents() {
        final ByteBuffer out = ByteBuffer.allocate(29).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(3).putLong(KeyHash.of("a")).put("one".getBytes(UTF_8));
        return out.putInt(2).putLong(KeyHash.of("b")).put("II".getBytes(UTF_8)).array();
    }
}
