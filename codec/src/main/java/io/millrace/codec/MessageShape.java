package io.millrace.codec;

import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.DirectBuffer;

/**
 * The extent of one SBE message: its fixed block, its groups, its variable data in order, and the one-byte fields whose
 * values a decoder would choke on.
 *
 * <p><b>Threading</b>: immutable after the tables of {@link WireFrames}, {@link ControlFrames} and {@link ChainFrames}
 * are made.
 */
final class MessageShape {
    /** Variable data with a uint16 length of at most {@link #MAX_TEXT_LENGTH}. */
    static final byte TEXT = 2;

    /** Variable data with a uint32 length. */
    static final byte BYTES = 4;

    /** Longest text in bytes: {@code maxValue} of varText in the schemas. */
    static final int MAX_TEXT_LENGTH = 4096;

    private static final int HEADER_LENGTH = 8;
    private static final int GROUP_HEADER_LENGTH = 4;
    private static final int NO_VALUE = -1;
    private static final Group[] NO_GROUPS = {};

    private final int blockLength;
    private final byte[] data;
    private Group[] groups = NO_GROUPS;
    private int valueOffset = NO_VALUE;
    private int valueMin;
    private int valueMax;

    /** The extent of one group's entries. */
    private static final class Group {
        private final int blockLength;
        private final byte[] data;
        private int valueOffset = NO_VALUE;
        private int valueMax;

        Group(final int blockLength, final byte[] data) {
            this.blockLength = blockLength;
            this.data = data;
        }
    }

    /**
     * Makes the shape of a message without group.
     *
     * @param blockLength of the fixed block in bytes
     * @param data {@link #TEXT} or {@link #BYTES} for each variable field, in order
     */
    MessageShape(final int blockLength, final byte... data) {
        this.blockLength = blockLength;
        this.data = data.clone();
    }

    /**
     * Adds the next group; groups lie between block and variable data.
     *
     * @param entryBlockLength in bytes
     * @param entryData as of the message
     * @return this
     */
    MessageShape group(final int entryBlockLength, final byte... entryData) {
        groups = Arrays.copyOf(groups, groups.length + 1);
        groups[groups.length - 1] = new Group(entryBlockLength, entryData.clone());
        return this;
    }

    /**
     * Adds a one-byte enumeration of the fixed block that must hold a known value.
     *
     * @param offset in the block
     * @param min smallest known value
     * @param max largest known value
     * @return this
     */
    MessageShape value(final int offset, final int min, final int max) {
        valueOffset = offset;
        valueMin = min;
        valueMax = max;
        return this;
    }

    /**
     * Adds a one-byte enumeration of the last group's entries that must hold a known value, 0 or above.
     *
     * @param offset in the entry
     * @param max largest known value
     * @return this
     */
    MessageShape groupValue(final int offset, final int max) {
        final Group last = groups[groups.length - 1];
        last.valueOffset = offset;
        last.valueMax = max;
        return this;
    }

    /**
     * Checks a whole frame against the table of its schema.
     *
     * @param shapes by template id, with holes
     * @param schemaId expected
     * @param schemaVersion of this program
     * @param buffer to read from
     * @param offset of the SBE message header
     * @param length of the frame in bytes
     * @return template id, or a negative {@link FrameStatus}
     */
    static int check(
            final MessageShape[] shapes,
            final int schemaId,
            final int schemaVersion,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        if (offset < 0 || length < HEADER_LENGTH || length > buffer.capacity() - offset) {
            return FrameStatus.TRUNCATED;
        }
        if (unsignedShort(buffer, offset + 4) != schemaId) {
            return FrameStatus.SCHEMA;
        }
        final int templateId = unsignedShort(buffer, offset + 2);
        if (templateId >= shapes.length || shapes[templateId] == ABSENT) {
            return FrameStatus.TEMPLATE;
        }
        final int status = shapes[templateId].checkBody(buffer, offset, offset + length, schemaVersion);
        return status < 0 ? status : templateId;
    }

    /**
     * Reads which schema a frame says it is of.
     *
     * @param buffer to read from
     * @param offset of the SBE message header
     * @param length of the frame in bytes
     * @return schema id, or a negative {@link FrameStatus}
     */
    static int schemaId(final DirectBuffer buffer, final int offset, final int length) {
        return offset < 0 || length < HEADER_LENGTH || length > buffer.capacity() - offset
                ? FrameStatus.TRUNCATED
                : unsignedShort(buffer, offset + 4);
    }

    /** Stands in the tables where no message has the template id. */
    static final MessageShape ABSENT = new MessageShape(0);

    private int checkBody(final DirectBuffer buffer, final int offset, final int limit, final int schemaVersion) {
        final int actingBlockLength = unsignedShort(buffer, offset);
        final boolean newer = unsignedShort(buffer, offset + 6) > schemaVersion;
        if (actingBlockLength < blockLength || (!newer && actingBlockLength != blockLength)) {
            return FrameStatus.BLOCK_LENGTH;
        }
        final int block = offset + HEADER_LENGTH;
        if (actingBlockLength > limit - block) {
            return FrameStatus.TRUNCATED;
        }
        if (valueOffset >= 0) {
            final int value = buffer.getByte(block + valueOffset) & 0xFF;
            if (value < valueMin || value > valueMax) {
                return FrameStatus.VALUE;
            }
        }
        int next = block + actingBlockLength;
        for (int i = 0; i < groups.length && next >= 0; i++) {
            next = skipGroup(groups[i], buffer, next, limit, newer);
        }
        if (next >= 0) {
            next = skipData(data, buffer, next, limit);
        }
        return next >= 0 && next != limit && !newer ? FrameStatus.TRAILING : next;
    }

    private static int skipGroup(
            final Group group, final DirectBuffer buffer, final int index, final int limit, final boolean newer) {
        if (limit - index < GROUP_HEADER_LENGTH) {
            return FrameStatus.TRUNCATED;
        }
        final int entryLength = unsignedShort(buffer, index);
        final int count = unsignedShort(buffer, index + 2);
        if (entryLength < group.blockLength || (!newer && entryLength != group.blockLength)) {
            return FrameStatus.GROUP;
        }
        int next = index + GROUP_HEADER_LENGTH;
        for (int i = 0; i < count && next >= 0; i++) {
            if (entryLength > limit - next) {
                return FrameStatus.TRUNCATED;
            }
            if (group.valueOffset >= 0 && (buffer.getByte(next + group.valueOffset) & 0xFF) > group.valueMax) {
                return FrameStatus.VALUE;
            }
            next = skipData(group.data, buffer, next + entryLength, limit);
        }
        return next;
    }

    private static int skipData(final byte[] kinds, final DirectBuffer buffer, final int index, final int limit) {
        int next = index;
        for (int i = 0; i < kinds.length; i++) {
            final int prefixLength = kinds[i];
            if (limit - next < prefixLength) {
                return FrameStatus.TRUNCATED;
            }
            final int dataLength;
            if (prefixLength == TEXT) {
                dataLength = unsignedShort(buffer, next);
                if (dataLength > MAX_TEXT_LENGTH) {
                    return FrameStatus.LENGTH;
                }
            } else {
                dataLength = buffer.getInt(next, ByteOrder.LITTLE_ENDIAN);
                if (dataLength < 0) {
                    return FrameStatus.LENGTH;
                }
            }
            next += prefixLength;
            if (dataLength > limit - next) {
                return FrameStatus.TRUNCATED;
            }
            next += dataLength;
        }
        return next;
    }

    private static int unsignedShort(final DirectBuffer buffer, final int index) {
        return buffer.getShort(index, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
    }
}
