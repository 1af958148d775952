package io.millrace.server.cli;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds one field of a CSV record and takes its quotes off. Lenient where RFC 4180 is silent, in the same way as
 * {@link RecordSplitter}: a quote inside of a plain field is a character, and so is what follows a closing quote.
 *
 * <p><b>Threading:</b> one thread.
 */
final class CsvFields {
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private byte[] value = new byte[256];
    private int valueLength;

    /** Creates it. */
    CsvFields() {}

    /**
     * Finds a field.
     *
     * @param record holds the record.
     * @param offset of its first byte.
     * @param length in bytes, without LF; a CR at its end is not part of the last field.
     * @param column from 0.
     * @return false when the record has fewer fields; the value is empty then.
     */
    boolean select(final byte[] record, final int offset, final int length, final int column) {
        if (value.length < length) {
            value = new byte[length];
        }
        valueLength = 0;
        final int end = length > 0 && record[offset + length - 1] == '\r' ? offset + length - 1 : offset + length;
        int field = 0;
        boolean isQuoted = false;
        boolean isFieldStart = true;
        for (int at = offset; at < end; at++) {
            final byte b = record[at];
            if (isQuoted) {
                if (b != '"') {
                    put(b, field == column);
                } else if (at + 1 < end && record[at + 1] == '"') {
                    put(b, field == column);
                    at++;
                } else {
                    isQuoted = false;
                }
            } else if (b == ',') {
                if (field == column) {
                    return true;
                }
                field++;
                isFieldStart = true;
                continue;
            } else if (b == '"' && isFieldStart) {
                isQuoted = true;
            } else {
                put(b, field == column);
            }
            isFieldStart = false;
        }
        return field == column;
    }

    private void put(final byte b, final boolean isWanted) {
        if (isWanted) {
            value[valueLength++] = b;
        }
    }

    /**
     * Returns the field found last.
     *
     * @return holds {@link #valueLength()} bytes; reused.
     */
    byte[] value() {
        return value;
    }

    /**
     * Returns the length of the field found last.
     *
     * @return bytes.
     */
    int valueLength() {
        return valueLength;
    }

    /**
     * Reads the names of the columns.
     *
     * @param header record, without LF.
     * @return in order, without a byte order mark.
     */
    List<String> columns(final byte[] header) {
        final String text = new String(header, StandardCharsets.UTF_8);
        final byte[] record =
                text.startsWith(BYTE_ORDER_MARK) ? text.substring(1).getBytes(StandardCharsets.UTF_8) : header;
        final List<String> names = new ArrayList<>();
        while (select(record, 0, record.length, names.size())) {
            names.add(new String(value, 0, valueLength, StandardCharsets.UTF_8));
        }
        return names;
    }
}
